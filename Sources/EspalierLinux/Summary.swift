public import CLinux
public import EspalierReaction

extension EspalierSummary {
    /// The reaction's counters; what only the board knows is 0.
    public init(_ counters: ReactionCounters) {
        self.init()
        triggers = wide(counters.triggers)
        verdicts = wide(counters.verdicts)
        signals = wide(counters.signals)
        cooldown = wide(counters.cooldown)
        busy = wide(counters.busy)
        hold_off = wide(counters.holdOff)
        no_frame = wide(counters.noFrame)
        frame_too_old = wide(counters.frameTooOld)
        camera_failed = wide(counters.cameraFailures)
        classifier_failed = wide(counters.classifierFailures)
        stopped = wide(counters.stopped)
        line_failures = wide(counters.lineFailures)
        bounces = wide(counters.bounces)
        stuck = wide(counters.stuck)
        missed_beats = counters.missedBeats
    }
}

private func wide(_ count: Int) -> Int64 { espalier_wide(count) }
