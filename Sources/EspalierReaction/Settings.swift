public import CEspalier

// The contract's structures in Swift: sensible settings, what makes settings valid, an empty record.

extension EspalierTrigger {
    /// A rising edge on the first line, and two seconds of cooldown.
    public static var standard: EspalierTrigger {
        var trigger = EspalierTrigger()
        trigger.edge = ESPALIER_EDGE_RISING
        trigger.cooldown_nanoseconds = 2_000_000_000
        return trigger
    }

    var isValid: Bool {
        line >= 0 && edge >= ESPALIER_EDGE_RISING && edge <= ESPALIER_EDGE_BOTH
            && isDuration(debounce_nanoseconds) && isDuration(hold_off_nanoseconds)
            && isDuration(settle_nanoseconds) && isDuration(cooldown_nanoseconds)
            && isDuration(period_nanoseconds) && isDuration(stuck_nanoseconds)
            && (stuck_nanoseconds == 0 || period_nanoseconds == 0 && edge != ESPALIER_EDGE_BOTH)
    }

    /// True where an edge in this direction is a trigger.
    func fires(onRising rising: Bool) -> Bool {
        edge & (rising ? ESPALIER_EDGE_RISING : ESPALIER_EDGE_FALLING) != 0
    }
}

extension EspalierOutput {
    /// A pulse of one second on the first line, for any class from one half on, at any trigger.
    public static var standard: EspalierOutput {
        var output = EspalierOutput()
        output.mode = ESPALIER_OUTPUT_PULSE
        output.label_mask = .max
        output.duration_nanoseconds = 1_000_000_000
        output.threshold_high_permille = 500
        output.threshold_low_permille = 500
        output.score_rule = ESPALIER_SCORE_MAX
        output.trigger_mask = .max
        return output
    }

    var isValid: Bool {
        line >= 0 && mode >= ESPALIER_OUTPUT_PULSE && mode <= ESPALIER_OUTPUT_FAULT
            && isDuration(duration_nanoseconds) && threshold_low_permille >= 0
            && threshold_low_permille <= threshold_high_permille && threshold_high_permille <= 1000
            && (score_rule == ESPALIER_SCORE_MAX || score_rule == ESPALIER_SCORE_SUM)
            && (safe_high == 0 || safe_high == 1)
            && (duration_nanoseconds > 0
                || mode != ESPALIER_OUTPUT_PULSE && mode != ESPALIER_OUTPUT_HEARTBEAT)
    }

    /// True where verdicts decide its level.
    var isDecidedByVerdicts: Bool { mode < ESPALIER_OUTPUT_HEARTBEAT }
}

extension EspalierReaction {
    /// One trigger, one output, one frame at most 200 ms old, half a second to wait for it.
    public static var standard: EspalierReaction {
        var settings = EspalierReaction()
        settings.abi_version = ESPALIER_REACTION_ABI_VERSION
        settings.trigger_count = 1
        settings.output_count = 1
        settings.frame_age_nanoseconds = 200_000_000
        settings.deadline_nanoseconds = 500_000_000
        settings.burst_frames = 1
        settings.burst_votes = 1
        settings.triggers.0 = .standard
        settings.outputs.0 = .standard
        return settings
    }

    /// True for settings the machine accepts: of this ABI version, with known edges and modes, counts and
    /// durations (0 to a day) and thresholds (0 to 1000) in bounds, and no output line named twice.
    public var isValid: Bool {
        guard abi_version == ESPALIER_REACTION_ABI_VERSION, MemoryLayout<EspalierReaction>.size == 888,
            MemoryLayout<EspalierReactionRecord>.size == 120,
            trigger_count >= 1, trigger_count <= ESPALIER_MOST_TRIGGERS,
            output_count >= 1, output_count <= ESPALIER_MOST_OUTPUTS,
            burst_frames >= 1, burst_frames <= ESPALIER_LONGEST_BURST,
            burst_votes >= 1, burst_votes <= burst_frames, dry_run == 0 || dry_run == 1,
            isDuration(frame_age_nanoseconds), isDuration(deadline_nanoseconds),
            isDuration(pretrigger_nanoseconds), isDuration(watchdog_nanoseconds)
        else { return false }
        for index in 0..<Int(trigger_count) where !trigger(index).isValid { return false }
        for index in 0..<Int(output_count) {
            guard output(index).isValid else { return false }
            for other in 0..<index where output(other).line == output(index).line { return false }
        }
        return true
    }

    /// The trigger at an index, 0 ..< 8.
    public func trigger(_ index: Int) -> EspalierTrigger {
        switch index {
        case 0: triggers.0
        case 1: triggers.1
        case 2: triggers.2
        case 3: triggers.3
        case 4: triggers.4
        case 5: triggers.5
        case 6: triggers.6
        default: triggers.7
        }
    }

    /// The output at an index, 0 ..< 8.
    public func output(_ index: Int) -> EspalierOutput {
        switch index {
        case 0: outputs.0
        case 1: outputs.1
        case 2: outputs.2
        case 3: outputs.3
        case 4: outputs.4
        case 5: outputs.5
        case 6: outputs.6
        default: outputs.7
        }
    }
}

private func isDuration(_ nanoseconds: Int64) -> Bool {
    let longest: Int64 = 86_400_000_000_000  // ESPALIER_REACTION_LONGEST_NANOSECONDS
    return nanoseconds >= 0 && nanoseconds <= longest
}

extension EspalierReactionRecord {
    /// A trigger of which nothing is known but its number and its edge.
    public init(trigger: Int64, edgeTime: Int64, index: Int32 = 0) {
        self.init()
        self.trigger = trigger
        trigger_index = index
        edge_time = edgeTime
        frame_time = -1
        frame_sequence = -1
        run_time = -1
        verdict_time = -1
        signal_time = -1
        class_index = -1
    }
}

/// How many triggers came to their end, and to which: `triggers` is the sum of all outcomes.
public struct ReactionCounters: Equatable, Sendable {
    public var triggers = 0
    public var verdicts = 0
    /// Verdicts that set an output high.
    public var signals = 0
    public var cooldown = 0
    public var busy = 0
    public var holdOff = 0
    public var noFrame = 0
    public var frameTooOld = 0
    public var cameraFailures = 0
    public var classifierFailures = 0
    public var stopped = 0
    // What follows is no outcome of a trigger.

    /// Writes to an output line that the board refused.
    public var lineFailures = 0
    /// Edges whose level did not last for the debounce time, or had not yet at the stop.
    public var bounces = 0
    /// Times a trigger line was found stuck.
    public var stuck = 0
    /// Beats of periodic triggers that passed while the model ran, beyond the one that then counts.
    public var missedBeats: Int64 = 0

    public init() {}

    /// Counts a trigger with its outcome, as the machine does; a host sums records of another process with
    /// it.
    public mutating func add(_ record: EspalierReactionRecord) {
        triggers &+= 1
        if record.signalled != 0 { signals &+= 1 }
        switch record.outcome {
        case ESPALIER_OUTCOME_VERDICT: verdicts &+= 1
        case ESPALIER_OUTCOME_COOLDOWN: cooldown &+= 1
        case ESPALIER_OUTCOME_BUSY: busy &+= 1
        case ESPALIER_OUTCOME_HOLD_OFF: holdOff &+= 1
        case ESPALIER_OUTCOME_NO_FRAME: noFrame &+= 1
        case ESPALIER_OUTCOME_FRAME_TOO_OLD: frameTooOld &+= 1
        case ESPALIER_OUTCOME_CAMERA_FAILED: cameraFailures &+= 1
        case ESPALIER_OUTCOME_CLASSIFIER_FAILED: classifierFailures &+= 1
        default: stopped &+= 1
        }
    }
}
