public import CEspalier

/// The reaction as a pure state machine: trigger, capture, prepare, run, decide, signal.
///
/// It does nothing itself. `start` and `handle` return the one action to do next; whoever does it comes back
/// with the event that says how it went, and the time. Same events, same times: same actions, on every
/// machine.
///
///     idle ── edge ──► settling ──► capturing ──► preparing ──► running ──► deciding ──► idle
///                                    │  ▲  ▲                      │
///                          too old,  ▼  │  └── the burst goes on ─┘
///                          or none  awaiting
///
/// What holds at every step:
///  * Each trigger leaves exactly one record, in which no time of a later stage is before that of an earlier
///    one.
///  * A pulse goes low at its end, at the first event from then on. `wait` never sleeps past it; only a model
///    in the middle of its run can be in the way. A cooldown at least as long as the pulse excludes that.
///  * An output that follows goes low when a trigger ends without a verdict for want of a frame, of the camera
///    or of the model: what is not known to be there is not signalled.
///  * The last writes before `.finish` set every output to its safe level.
public struct ReactionMachine: Sendable {
    enum Phase {
        case idle, settling, capturing, awaiting, preparing, running, deciding, stopping
    }

    public let settings: EspalierReaction
    public internal(set) var counters = ReactionCounters()
    /// The record to report; valid with the action `.report`.
    public internal(set) var record = EspalierReactionRecord(trigger: 0, edgeTime: -1)

    var inputs: InlineArray<8, TriggerInput>
    var drivers: InlineArray<8, OutputDriver>
    let inputCount: Int
    let outputCount: Int
    var phase = Phase.idle
    var reporting = false
    /// The output being written, and those still to be written because of the verdict.
    var written = 0
    var decided: UInt32 = 0
    /// The last trigger failed, or a line could not be set.
    var isFaulty = false
    /// The board says that something of its is being mended.
    var isTroubled = false
    var feedTime = Int64.max
    /// The trigger in flight, outside of `idle` and `stopping`.
    var current = EspalierReactionRecord(trigger: 0, edgeTime: -1)
    var currentStopwatch: Int64 = 0
    var vote = Vote()
    var captureTime: Int64 = 0
    var frameDeadline: Int64 = 0
    var lastTrigger: Int64 = 0
    /// The newest frame this trigger was offered, and the last one classified; -1 for none.
    var lastSequence: Int64 = -1
    var usedSequence: Int64 = -1
    var frameTime: Int64 = -1
    /// Triggers with an edge before this were busy ones.
    var busyEnd = Int64.min

    /// Precondition: `settings.isValid`.
    public init(_ settings: EspalierReaction) {
        precondition(settings.isValid)
        self.settings = settings
        inputCount = Int(settings.trigger_count)
        outputCount = Int(settings.output_count)
        inputs = InlineArray { TriggerInput(settings.trigger($0)) }
        drivers = InlineArray { OutputDriver(settings.output($0)) }
    }

    /// The first action.
    public mutating func start(now: Int64) -> Action {
        for index in 0..<inputCount { inputs[index].start(now: now) }
        for index in 0..<outputCount { drivers[index].start(now: now) }
        if settings.watchdog_nanoseconds > 0 { feedTime = now }
        return next(now)
    }

    /// Takes what happened, returns what to do.
    public mutating func handle(_ event: Event, now: Int64) -> Action {
        switch event {
        case .edge(let edge, let stopwatch): take(edge, stopwatch)
        case .frameReady:
            passInputs(now)
            if phase == .awaiting { phase = .capturing }
        case .deadline:
            passInputs(now)
            if phase == .awaiting && now >= frameDeadline { endWithoutFrame(now) }
        case .trouble(let isPresent):
            passInputs(now)
            isTroubled = isPresent
            showFaults()
        case .stop: stop(now)
        case .frame(let time, let sequence): take(frameTime: time, sequence, now)
        case .noFrame: awaitFrame(now)
        case .cameraFailed: endWithoutVerdict(ESPALIER_OUTCOME_CAMERA_FAILED, now)
        case .prepared:
            if current.run_time < 0 { current.run_time = now }
            phase = .running
        case .verdict(let verdict, let nanoseconds): decide(verdict, nanoseconds, now)
        case .classifierFailed: endWithoutVerdict(ESPALIER_OUTCOME_CLASSIFIER_FAILED, now)
        case .lineSet(let stopwatch): lineWasSet(stopwatch, now)
        case .lineFailed: lineFailed(now)
        case .reported: reporting = false
        case .watchdogFed: feedTime = now + settings.watchdog_nanoseconds
        }
        return next(now)
    }

    // MARK: What to do next

    mutating func next(_ now: Int64) -> Action {
        if let write = nextWrite(now) { return write }
        while !reporting && phase != .stopping {
            guard let index = firedInput else { break }
            fire(index)
        }
        if reporting { return .report }
        if phase == .stopping { return .finish }
        if now >= feedTime { return .feedWatchdog }
        switch phase {
        case .idle: return .wait(until: wakeTime)
        case .settling:
            if now < captureTime { return .wait(until: min(captureTime, wakeTime)) }
            phase = .capturing
            return capture
        case .capturing: return capture
        case .awaiting:
            return .waitForFrame(after: lastSequence, until: min(frameDeadline, wakeTime))
        case .preparing: return .prepare
        case .running: return .run
        case .deciding, .stopping: return .finish
        }
    }

    /// Lines first: those of a verdict before those of a clock.
    mutating func nextWrite(_ now: Int64) -> Action? {
        if phase == .deciding {
            for index in 0..<outputCount where decided & bit(index) != 0 { return write(index) }
        }
        for index in 0..<outputCount {
            drivers[index].advance(now)
            if drivers[index].isDue { return write(index) }
        }
        return nil
    }

    mutating func write(_ index: Int) -> Action {
        written = index
        return .setLine(drivers[index].settings.line, high: drivers[index].target)
    }

    var capture: Action {
        settings.pretrigger_nanoseconds == 0
            ? .capture : .captureNearest(time: captureTime, after: usedSequence)
    }

    /// When anything is due without an edge or a frame.
    var wakeTime: Int64 {
        var time = feedTime
        for index in 0..<outputCount { time = min(time, drivers[index].wakeTime) }
        for index in 0..<inputCount { time = min(time, inputs[index].wakeTime) }
        return time
    }

    func bit(_ index: Int) -> UInt32 { 1 &<< UInt32(index) }

    // MARK: Trigger

    mutating func take(_ edge: Edge, _ stopwatch: Int64) {
        for index in 0..<inputCount {
            let wasActive = inputs[index].isActive
            inputs[index].take(edge, stopwatch)
            noteInput(index, wasActive, inputs[index].isStuck)
        }
    }

    mutating func passInputs(_ now: Int64) {
        for index in 0..<inputCount {
            let wasActive = inputs[index].isActive
            let wasStuck = inputs[index].isStuck
            inputs[index].pass(now)
            noteInput(index, wasActive, wasStuck)
        }
    }

    /// Follows up what a line's new level means for outputs that hold, and for the fault line.
    mutating func noteInput(_ index: Int, _ wasActive: Bool, _ wasStuck: Bool) {
        if inputs[index].isStuck && !wasStuck { counters.stuck &+= 1 }
        showFaults()
        guard wasActive && !inputs[index].isActive else { return }
        // From the edge on, whoever debounces: the kernel tells of it with the edge's own time, too.
        let time = inputs[index].changeTime
        for output in 0..<outputCount where !isHeld(output) { drivers[output].release(time) }
    }

    func isHeld(_ output: Int) -> Bool {
        for index in 0..<inputCount {
            if inputs[index].isActive && drivers[output].settings.trigger_mask & bit(index) != 0 {
                return true
            }
        }
        return false
    }

    var firedInput: Int? {
        var first: Int?
        for index in 0..<inputCount where inputs[index].firedTime != .max {
            if let first, inputs[first].firedTime <= inputs[index].firedTime { continue }
            first = index
        }
        return first
    }

    mutating func fire(_ index: Int) {
        let time = inputs[index].firedTime
        let stopwatch = inputs[index].firedStopwatch
        inputs[index].clearFired()
        lastTrigger += 1
        let trigger = EspalierReactionRecord(trigger: lastTrigger, edgeTime: time, index: Int32(index))
        if phase != .idle || time < busyEnd { return end(trigger, ESPALIER_OUTCOME_BUSY) }
        if time < inputs[index].cooldownEnd { return end(trigger, ESPALIER_OUTCOME_COOLDOWN) }
        if time < inputs[index].holdOffEnd { return end(trigger, ESPALIER_OUTCOME_HOLD_OFF) }
        let input = inputs[index].settings
        inputs[index].holdOffEnd = time + input.hold_off_nanoseconds
        current = trigger
        currentStopwatch = stopwatch
        vote = Vote()
        captureTime = time + input.settle_nanoseconds - settings.pretrigger_nanoseconds
        frameDeadline = max(captureTime, time) + settings.deadline_nanoseconds
        lastSequence = -1
        usedSequence = -1
        phase = .settling
    }

    // MARK: Capture

    mutating func take(frameTime time: Int64, _ sequence: Int64, _ now: Int64) {
        lastSequence = sequence
        let isUsed = vote.frames > 0 && sequence <= usedSequence
        if isUsed || time < captureTime - settings.frame_age_nanoseconds { return awaitFrame(now) }
        usedSequence = sequence
        frameTime = time
        if vote.frames == 0 { noteFrame() }
        phase = .preparing
    }

    /// The record tells of this frame.
    mutating func noteFrame() {
        current.frame_time = frameTime
        current.frame_sequence = usedSequence
    }

    mutating func awaitFrame(_ now: Int64) {
        if now >= frameDeadline { endWithoutFrame(now) } else { phase = .awaiting }
    }

    mutating func endWithoutFrame(_ now: Int64) {
        let isOld = lastSequence > usedSequence
        endWithoutVerdict(isOld ? ESPALIER_OUTCOME_FRAME_TOO_OLD : ESPALIER_OUTCOME_NO_FRAME, now)
    }
}
