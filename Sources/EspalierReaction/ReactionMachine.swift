public import CEspalier

/// The reaction as a pure state machine: trigger, capture, prepare, run, decide, signal.
///
/// It does nothing itself. `start` and `handle` return the one action to do next; whoever does it comes back
/// with the event that says how it went, and the time. Same events, same times: same actions, on every
/// machine.
///
///     idle ── edge ──► settling ──► capturing ──► preparing ──► running ──► deciding ──► idle
///                                    │     ▲
///                          too old,  ▼     │  a newer frame
///                          or none  awaiting
///
/// What holds at every step:
///  * Each trigger leaves exactly one record, in which no time of a later stage is before that of an earlier
///    one.
///  * The output goes low at the end of its pulse, at the first event from then on. `wait` never sleeps past
///    it; only a model in the middle of its run can be in the way. A cooldown at least as long as the pulse
///    excludes that.
///  * An output that follows (pulse 0) goes low when a trigger ends without a verdict for want of a frame, of
///    the camera or of the model: what is not known to be there is not signalled.
public struct ReactionMachine: Sendable {
    /// An output line that the board refuses to lower is tried again after this long.
    static var retryNanoseconds: Int64 { 10_000_000 }

    private enum Phase {
        case idle, settling, capturing, awaiting, preparing, running, deciding, stopping
    }

    public let settings: EspalierReaction
    public private(set) var counters = ReactionCounters()
    /// The record to report; valid with the action `.report`.
    public private(set) var record = EspalierReactionRecord(trigger: 0, edgeTime: -1)

    private var phase = Phase.idle
    private var reporting = false
    /// The trigger in flight, outside of `idle` and `stopping`.
    private var current = EspalierReactionRecord(trigger: 0, edgeTime: -1)
    private var currentStopwatch: Int64 = 0
    private var captureTime: Int64 = 0
    private var lastTrigger: Int64 = 0
    /// The newest frame this trigger was offered, -1 for none.
    private var lastSequence: Int64 = -1
    /// Triggers with an edge before this were busy ones, before `cooldownEnd` ones in the cooldown.
    private var busyEnd = Int64.min
    private var cooldownEnd = Int64.min
    private var isHigh = false
    private var lowerTime = Int64.max

    /// Precondition: `settings.isValid`.
    public init(_ settings: EspalierReaction) {
        precondition(settings.isValid)
        self.settings = settings
    }

    /// The first action.
    public mutating func start(now: Int64) -> Action { next(now) }

    /// Takes what happened, returns what to do.
    public mutating func handle(_ event: Event, now: Int64) -> Action {
        switch event {
        case .edge(let edge, let stopwatch): take(edge, stopwatch)
        case .frameReady: if phase == .awaiting { phase = .capturing }
        case .deadline: if phase == .awaiting && now >= frameDeadline { endWithoutFrame(now) }
        case .stop: stop(now)
        case .frame(let time, let sequence): take(frameTime: time, sequence, now)
        case .noFrame: awaitFrame(now)
        case .cameraFailed: endWithoutVerdict(ESPALIER_OUTCOME_CAMERA_FAILED, now)
        case .prepared:
            current.run_time = now
            phase = .running
        case .verdict(let verdict, let nanoseconds): decide(verdict, nanoseconds, now)
        case .classifierFailed: endWithoutVerdict(ESPALIER_OUTCOME_CLASSIFIER_FAILED, now)
        case .lineSet(let stopwatch): lineWasSet(stopwatch, now)
        case .lineFailed: lineFailed(now)
        case .reported: reporting = false
        }
        return next(now)
    }

    // MARK: What to do next

    private mutating func next(_ now: Int64) -> Action {
        if phase == .deciding { return .setLine(high: current.signalled != 0) }
        if isHigh && now >= lowerTime { return .setLine(high: false) }
        if reporting { return .report }
        switch phase {
        case .idle: return .wait(until: lowerTime)
        case .settling:
            if now < captureTime { return .wait(until: min(captureTime, lowerTime)) }
            phase = .capturing
            return .capture
        case .capturing: return .capture
        case .awaiting:
            return .waitForFrame(after: lastSequence, until: min(frameDeadline, lowerTime))
        case .preparing: return .prepare
        case .running: return .run
        case .deciding, .stopping: return .finish
        }
    }

    private var frameDeadline: Int64 { captureTime + settings.deadline_nanoseconds }

    // MARK: Trigger

    private mutating func take(_ edge: Edge, _ stopwatch: Int64) {
        guard settings.triggers(onRising: edge.rising) else { return }
        lastTrigger += 1
        let trigger = EspalierReactionRecord(trigger: lastTrigger, edgeTime: edge.time)
        if phase != .idle || edge.time < busyEnd { return end(trigger, ESPALIER_OUTCOME_BUSY) }
        if edge.time < cooldownEnd { return end(trigger, ESPALIER_OUTCOME_COOLDOWN) }
        current = trigger
        currentStopwatch = stopwatch
        captureTime = edge.time + settings.settle_nanoseconds
        lastSequence = -1
        phase = .settling
    }

    // MARK: Capture

    private mutating func take(frameTime: Int64, _ sequence: Int64, _ now: Int64) {
        lastSequence = sequence
        if frameTime < captureTime - settings.frame_age_nanoseconds { return awaitFrame(now) }
        current.frame_time = frameTime
        current.frame_sequence = sequence
        phase = .preparing
    }

    private mutating func awaitFrame(_ now: Int64) {
        if now >= frameDeadline { endWithoutFrame(now) } else { phase = .awaiting }
    }

    private mutating func endWithoutFrame(_ now: Int64) {
        endWithoutVerdict(lastSequence >= 0 ? ESPALIER_OUTCOME_FRAME_TOO_OLD : ESPALIER_OUTCOME_NO_FRAME, now)
    }

    // MARK: Decide and signal

    private mutating func decide(_ verdict: Verdict, _ nanoseconds: Int64, _ now: Int64) {
        current.verdict_time = now
        current.real_inference_nanoseconds = nanoseconds
        current.class_index = verdict.classIndex
        current.score = verdict.score
        current.permille = verdict.permille
        current.blocks_kept = verdict.blocksKept
        current.blocks_pruned = verdict.blocksPruned
        current.blocks_skipped = verdict.blocksSkipped
        cooldownEnd = now + settings.cooldown_nanoseconds
        let follows = settings.pulse_nanoseconds == 0
        if settings.signals(verdict) {
            current.signalled = 1
            phase = .deciding
        } else if follows && isHigh {
            phase = .deciding
        } else {
            endCurrent(ESPALIER_OUTCOME_VERDICT, now)
        }
    }

    private mutating func lineWasSet(_ stopwatch: Int64, _ now: Int64) {
        guard phase == .deciding else {
            isHigh = false
            lowerTime = .max
            return
        }
        isHigh = current.signalled != 0
        let pulses = isHigh && settings.pulse_nanoseconds != 0
        lowerTime = pulses ? now + settings.pulse_nanoseconds : .max
        current.signal_time = now
        if stopwatch != 0 && currentStopwatch != 0 {
            current.real_edge_to_signal_nanoseconds = stopwatch - currentStopwatch
        }
        endCurrent(ESPALIER_OUTCOME_VERDICT, now)
    }

    /// The line's level is now unknown: it is lowered at once after a verdict, and otherwise after a while.
    /// Stopping does not wait for a line that cannot be set.
    private mutating func lineFailed(_ now: Int64) {
        counters.lineFailures &+= 1
        if phase == .deciding {
            current.signalled = 0
            isHigh = true
            lowerTime = now
            endCurrent(ESPALIER_OUTCOME_VERDICT, now)
        } else if phase == .stopping {
            isHigh = false
        } else {
            lowerTime = now + ReactionMachine.retryNanoseconds
        }
    }

    // MARK: The end of a trigger

    private mutating func stop(_ now: Int64) {
        if phase != .idle && phase != .stopping { endCurrent(ESPALIER_OUTCOME_STOPPED, now) }
        phase = .stopping
        lowerTime = now
    }

    private mutating func endWithoutVerdict(_ outcome: Int32, _ now: Int64) {
        if isHigh && settings.pulse_nanoseconds == 0 { lowerTime = now }
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
        counters.add(record)
        reporting = true
    }
}

/// What the machine asks for. Each is answered with one of the events named.
public enum Action: Sendable {
    /// Wait for an edge until a time. `.edge`, `.deadline` or `.stop`.
    case wait(until: Int64)
    /// The same, and for a frame with a higher sequence number: `.frameReady` as well.
    case waitForFrame(after: Int64, until: Int64)
    /// Look at the newest frame. `.frame`, `.noFrame` or `.cameraFailed`.
    case capture
    /// Give that frame to the classifier. `.prepared` or `.classifierFailed`.
    case prepare
    /// Classify it. `.verdict` or `.classifierFailed`.
    case run
    /// Set the output line. `.lineSet` or `.lineFailed`.
    case setLine(high: Bool)
    /// Pass on `record`. `.reported`.
    case report
    /// End. The output is low, every trigger reported.
    case finish
}

/// What came of an action.
public enum Event: Sendable {
    /// - stopwatch: real nanoseconds when the edge was read, 0 if unknown.
    case edge(Edge, stopwatch: Int64)
    case frameReady
    case deadline
    case stop
    case frame(time: Int64, sequence: Int64)
    case noFrame
    case cameraFailed
    case prepared
    /// - nanoseconds: real ones of the run, 0 if unknown.
    case verdict(Verdict, nanoseconds: Int64)
    case classifierFailed
    /// - stopwatch: real nanoseconds when the line had been written, 0 if unknown.
    case lineSet(stopwatch: Int64)
    case lineFailed
    case reported
}
