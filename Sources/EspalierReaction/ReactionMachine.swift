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
    private enum Phase {
        case idle, settling, capturing, awaiting, preparing, running, deciding, stopping
    }

    public let settings: EspalierReaction
    public private(set) var counters = ReactionCounters()
    /// The record to report; valid with the action `.report`.
    public private(set) var record = EspalierReactionRecord(trigger: 0, edgeTime: -1)

    private var inputs: InlineArray<8, TriggerInput>
    private var drivers: InlineArray<8, OutputDriver>
    private let inputCount: Int
    private let outputCount: Int
    private var phase = Phase.idle
    private var reporting = false
    /// The output being written, and those still to be written because of the verdict.
    private var written = 0
    private var decided: UInt32 = 0
    /// The last trigger failed, or a line could not be set.
    private var isFaulty = false
    /// The board says that something of its is being mended.
    private var isTroubled = false
    private var feedTime = Int64.max
    /// The trigger in flight, outside of `idle` and `stopping`.
    private var current = EspalierReactionRecord(trigger: 0, edgeTime: -1)
    private var currentStopwatch: Int64 = 0
    private var vote = Vote()
    private var captureTime: Int64 = 0
    private var frameDeadline: Int64 = 0
    private var lastTrigger: Int64 = 0
    /// The newest frame this trigger was offered, and the last one classified; -1 for none.
    private var lastSequence: Int64 = -1
    private var usedSequence: Int64 = -1
    private var frameTime: Int64 = -1
    /// Triggers with an edge before this were busy ones.
    private var busyEnd = Int64.min

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

    private mutating func next(_ now: Int64) -> Action {
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
    private mutating func nextWrite(_ now: Int64) -> Action? {
        if phase == .deciding {
            for index in 0..<outputCount where decided & bit(index) != 0 { return write(index) }
        }
        for index in 0..<outputCount {
            drivers[index].advance(now)
            if drivers[index].isDue { return write(index) }
        }
        return nil
    }

    private mutating func write(_ index: Int) -> Action {
        written = index
        return .setLine(drivers[index].settings.line, high: drivers[index].target)
    }

    private var capture: Action {
        settings.pretrigger_nanoseconds == 0
            ? .capture : .captureNearest(time: captureTime, after: usedSequence)
    }

    /// When anything is due without an edge or a frame.
    private var wakeTime: Int64 {
        var time = feedTime
        for index in 0..<outputCount { time = min(time, drivers[index].wakeTime) }
        for index in 0..<inputCount { time = min(time, inputs[index].wakeTime) }
        return time
    }

    private func bit(_ index: Int) -> UInt32 { 1 &<< UInt32(index) }

    // MARK: Trigger

    private mutating func take(_ edge: Edge, _ stopwatch: Int64) {
        for index in 0..<inputCount {
            let wasActive = inputs[index].isActive
            inputs[index].take(edge, stopwatch)
            noteInput(index, wasActive, inputs[index].isStuck, edge.time)
        }
    }

    private mutating func passInputs(_ now: Int64) {
        for index in 0..<inputCount {
            let wasActive = inputs[index].isActive
            let wasStuck = inputs[index].isStuck
            inputs[index].pass(now)
            noteInput(index, wasActive, wasStuck, now)
        }
    }

    /// Follows up what a line's new level means for outputs that hold, and for the fault line.
    private mutating func noteInput(_ index: Int, _ wasActive: Bool, _ wasStuck: Bool, _ now: Int64) {
        if inputs[index].isStuck && !wasStuck { counters.stuck &+= 1 }
        showFaults()
        guard wasActive && !inputs[index].isActive else { return }
        for output in 0..<outputCount where !isHeld(output) { drivers[output].release(now) }
    }

    private func isHeld(_ output: Int) -> Bool {
        for index in 0..<inputCount {
            if inputs[index].isActive && drivers[output].settings.trigger_mask & bit(index) != 0 {
                return true
            }
        }
        return false
    }

    private var firedInput: Int? {
        var first: Int?
        for index in 0..<inputCount where inputs[index].firedTime != .max {
            if let first, inputs[first].firedTime <= inputs[index].firedTime { continue }
            first = index
        }
        return first
    }

    private mutating func fire(_ index: Int) {
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

    private mutating func take(frameTime time: Int64, _ sequence: Int64, _ now: Int64) {
        lastSequence = sequence
        let isUsed = vote.frames > 0 && sequence <= usedSequence
        if isUsed || time < captureTime - settings.frame_age_nanoseconds { return awaitFrame(now) }
        usedSequence = sequence
        frameTime = time
        if vote.frames == 0 { noteFrame() }
        phase = .preparing
    }

    /// The record tells of this frame.
    private mutating func noteFrame() {
        current.frame_time = frameTime
        current.frame_sequence = usedSequence
    }

    private mutating func awaitFrame(_ now: Int64) {
        if now >= frameDeadline { endWithoutFrame(now) } else { phase = .awaiting }
    }

    private mutating func endWithoutFrame(_ now: Int64) {
        let isOld = lastSequence > usedSequence
        endWithoutVerdict(isOld ? ESPALIER_OUTCOME_FRAME_TOO_OLD : ESPALIER_OUTCOME_NO_FRAME, now)
    }

    // MARK: Decide and signal

    private mutating func decide(_ verdict: Verdict, _ nanoseconds: Int64, _ now: Int64) {
        current.real_inference_nanoseconds &+= nanoseconds
        count(verdict)
        if isVoteOpen {
            frameDeadline = now + settings.deadline_nanoseconds
            phase = .capturing
            return
        }
        current.verdict_time = now
        isFaulty = false
        showFaults()
        let trigger = Int(current.trigger_index)
        inputs[trigger].cooldownEnd = now + inputs[trigger].settings.cooldown_nanoseconds
        decided = 0
        for output in 0..<outputCount where concerns(output) {
            if drivers[output].decide(vote.votes(output) >= settings.burst_votes) { decided |= bit(output) }
        }
        if decided == 0 { endCurrent(ESPALIER_OUTCOME_VERDICT, now) } else { phase = .deciding }
    }

    /// Adds a frame's verdict to the vote, and to the record if it is the best so far.
    private mutating func count(_ verdict: Verdict) {
        var best = Int32.min
        vote.addFrame()
        for output in 0..<outputCount where concerns(output) {
            let score = verdict.permille(of: drivers[output].settings)
            best = max(best, score)
            if drivers[output].passes(score) { vote.add(output) }
            current.votes = max(current.votes, vote.votes(output))
        }
        current.frames = vote.frames
        if vote.frames > 1 && best <= current.group_permille { return }
        noteFrame()
        current.group_permille = best
        current.class_index = verdict.classIndex
        current.score = verdict.score
        current.permille = verdict.permille
        current.blocks_kept = verdict.blocksKept
        current.blocks_pruned = verdict.blocksPruned
        current.blocks_skipped = verdict.blocksSkipped
    }

    /// True where another frame could still change what an output does.
    private var isVoteOpen: Bool {
        for output in 0..<outputCount where concerns(output) && vote.isOpen(output, settings) { return true }
        return false
    }

    /// True for an output that the trigger in flight decides.
    private func concerns(_ output: Int) -> Bool {
        drivers[output].settings.isDecidedByVerdicts
            && drivers[output].settings.trigger_mask & bit(Int(current.trigger_index)) != 0
    }

    private mutating func lineWasSet(_ stopwatch: Int64, _ now: Int64) {
        drivers[written].wasWritten(now, held: isHeld(written))
        guard phase == .deciding, decided & bit(written) != 0 else { return }
        if drivers[written].isHigh { current.signalled |= Int32(bitPattern: bit(written)) }
        if current.signal_time < 0 {
            current.signal_time = now
            if stopwatch != 0 && currentStopwatch != 0 {
                current.real_edge_to_signal_nanoseconds = stopwatch - currentStopwatch
            }
        }
        endDecision(now)
    }

    private mutating func lineFailed(_ now: Int64) {
        counters.lineFailures &+= 1
        if phase == .stopping { return drivers[written].giveUp() }
        let afterVerdict = phase == .deciding && decided & bit(written) != 0
        drivers[written].failed(now, afterVerdict: afterVerdict)
        isFaulty = true
        showFaults()
        if afterVerdict { endDecision(now) }
    }

    private mutating func endDecision(_ now: Int64) {
        decided &= ~bit(written)
        if decided == 0 { endCurrent(ESPALIER_OUTCOME_VERDICT, now) }
    }

    private mutating func showFaults() {
        var isStuck = false
        for index in 0..<inputCount where inputs[index].isStuck { isStuck = true }
        for output in 0..<outputCount where drivers[output].settings.mode == ESPALIER_OUTPUT_FAULT {
            drivers[output].show(isFaulty || isTroubled || isStuck)
        }
    }

    // MARK: The end of a trigger

    private mutating func stop(_ now: Int64) {
        if phase != .idle && phase != .stopping { endCurrent(ESPALIER_OUTCOME_STOPPED, now) }
        phase = .stopping
        for index in 0..<inputCount { inputs[index].stop() }
        for index in 0..<outputCount { drivers[index].stop() }
        countInputs()
    }

    private mutating func endWithoutVerdict(_ outcome: Int32, _ now: Int64) {
        isFaulty = true
        showFaults()
        for output in 0..<outputCount where concerns(output) { drivers[output].lowerWithoutVerdict() }
        endCurrent(outcome, now)
    }

    private mutating func endCurrent(_ outcome: Int32, _ now: Int64) {
        busyEnd = now
        phase = .idle
        end(current, outcome)
    }

    private mutating func end(_ ended: EspalierReactionRecord, _ outcome: Int32) {
        record = ended
        record.outcome = outcome
        if outcome != ESPALIER_OUTCOME_VERDICT { forgetVerdict() }
        counters.add(record)
        countInputs()
        reporting = true
    }

    /// A burst that broke off has no verdict, whatever its first frames said.
    private mutating func forgetVerdict() {
        record.class_index = -1
        record.score = 0
        record.permille = 0
        record.group_permille = 0
    }

    private mutating func countInputs() {
        counters.bounces = 0
        counters.missedBeats = 0
        for index in 0..<inputCount {
            counters.bounces &+= inputs[index].bounces
            counters.missedBeats &+= inputs[index].missedBeats
        }
    }
}
