public import CEspalier

// The contract's structures in Swift: sensible settings, what makes settings valid, an empty record.

extension EspalierReaction {
    /// A rising edge, a frame at most 200 ms old, any class from one half on, a pulse of one second, and two
    /// seconds of cooldown.
    public static var standard: EspalierReaction {
        var settings = EspalierReaction()
        settings.abi_version = ESPALIER_REACTION_ABI_VERSION
        settings.trigger_edge = ESPALIER_EDGE_RISING
        settings.settle_nanoseconds = 0
        settings.frame_age_nanoseconds = 200_000_000
        settings.deadline_nanoseconds = 500_000_000
        settings.pulse_nanoseconds = 1_000_000_000
        settings.cooldown_nanoseconds = 2_000_000_000
        settings.label_mask = .max
        settings.threshold_permille = 500
        return settings
    }

    /// True for settings the machine accepts: of this ABI version, a known edge, durations of 0 to a day.
    public var isValid: Bool {
        abi_version == ESPALIER_REACTION_ABI_VERSION && MemoryLayout<EspalierReaction>.size == 64
            && MemoryLayout<EspalierReactionRecord>.size == 104
            && trigger_edge >= ESPALIER_EDGE_RISING && trigger_edge <= ESPALIER_EDGE_BOTH
            && isDuration(settle_nanoseconds) && isDuration(frame_age_nanoseconds)
            && isDuration(deadline_nanoseconds) && isDuration(pulse_nanoseconds)
            && isDuration(cooldown_nanoseconds)
    }

    private func isDuration(_ nanoseconds: Int64) -> Bool {
        let longest: Int64 = 86_400_000_000_000  // ESPALIER_REACTION_LONGEST_NANOSECONDS
        return nanoseconds >= 0 && nanoseconds <= longest
    }

    /// True where an edge in this direction is a trigger.
    func triggers(onRising rising: Bool) -> Bool {
        trigger_edge & (rising ? ESPALIER_EDGE_RISING : ESPALIER_EDGE_FALLING) != 0
    }

    /// True where a verdict sets the output high.
    func signals(_ verdict: Verdict) -> Bool {
        guard verdict.classIndex >= 0, verdict.classIndex < 64 else { return false }
        // Doubled, not shifted: on 32-bit boards a 64-bit shift by a variable counts as allocating in
        // Embedded Swift.
        var bit: UInt64 = 1
        for _ in 0..<verdict.classIndex { bit &+= bit }
        return label_mask & bit != 0 && verdict.permille >= threshold_permille
    }
}

extension EspalierReactionRecord {
    /// A trigger of which nothing is known but its number and its edge.
    public init(trigger: Int64, edgeTime: Int64) {
        self.init()
        self.trigger = trigger
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
    /// Verdicts that set the output high.
    public var signals = 0
    public var cooldown = 0
    public var busy = 0
    public var noFrame = 0
    public var frameTooOld = 0
    public var cameraFailures = 0
    public var classifierFailures = 0
    public var stopped = 0
    /// Writes to the output line that the board refused; these are no outcome of a trigger.
    public var lineFailures = 0

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
        case ESPALIER_OUTCOME_NO_FRAME: noFrame &+= 1
        case ESPALIER_OUTCOME_FRAME_TOO_OLD: frameTooOld &+= 1
        case ESPALIER_OUTCOME_CAMERA_FAILED: cameraFailures &+= 1
        case ESPALIER_OUTCOME_CLASSIFIER_FAILED: classifierFailures &+= 1
        default: stopped &+= 1
        }
    }
}
