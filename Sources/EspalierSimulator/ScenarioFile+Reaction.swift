import CEspalier
import EspalierFiles
import EspalierReaction

// The table [reaction] of a scenario file: the settings of its one trigger and its one output.

extension Scenario {
    mutating func readReaction(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(
            [
                "edge", "debounce_ms", "hold_off_ms", "settle_ms", "cooldown_ms", "period_ms", "stuck_ms",
                "pretrigger_ms", "frame_age_ms", "deadline_ms", "burst", "votes", "labels", "score",
                "threshold", "threshold_low", "output", "pulse_ms", "safe", "dry_run",
            ])
        try readTrigger(section)
        try readFrames(section)
        try readOutput(section)
        if let number = try section.integer("dry_run", in: 0...1) { reaction.dry_run = Int32(number) }
        guard !reaction.isValid else { return }
        throw section.error(
            "output", "cannot go with the other keys",
            do: "give a pulse a length, and stuck_ms an edge that is rising or falling, without a period")
    }

    private mutating func readTrigger(_ section: TOMLSection) throws(FileError) {
        var trigger = reaction.triggers.0
        let edges = [
            ("rising", ESPALIER_EDGE_RISING), ("falling", ESPALIER_EDGE_FALLING),
            ("both", ESPALIER_EDGE_BOTH),
        ]
        trigger.edge = try section.choice("edge", edges) ?? trigger.edge
        try section.read("debounce_ms", &trigger.debounce_nanoseconds)
        try section.read("hold_off_ms", &trigger.hold_off_nanoseconds)
        try section.read("settle_ms", &trigger.settle_nanoseconds)
        try section.read("cooldown_ms", &trigger.cooldown_nanoseconds)
        try section.read("period_ms", &trigger.period_nanoseconds)
        try section.read("stuck_ms", &trigger.stuck_nanoseconds)
        reaction.triggers.0 = trigger
    }

    private mutating func readFrames(_ section: TOMLSection) throws(FileError) {
        try section.read("pretrigger_ms", &reaction.pretrigger_nanoseconds)
        try section.read("frame_age_ms", &reaction.frame_age_nanoseconds)
        try section.read("deadline_ms", &reaction.deadline_nanoseconds)
        let longest = Int(ESPALIER_LONGEST_BURST)
        reaction.burst_frames = Int32(try section.integer("burst", in: 1...longest) ?? 1)
        let votes = try section.integer("votes", in: 1...Int(reaction.burst_frames))
        reaction.burst_votes = Int32(votes ?? Int(reaction.burst_frames) / 2 + 1)
    }

    private mutating func readOutput(_ section: TOMLSection) throws(FileError) {
        var output = reaction.outputs.0
        signalLabels = try section.texts("labels")
        let rules = [("max", ESPALIER_SCORE_MAX), ("sum", ESPALIER_SCORE_SUM)]
        output.score_rule = try section.choice("score", rules) ?? output.score_rule
        if let threshold = try section.number("threshold", in: -1000...1000) {
            output.threshold_high_permille = Int32((threshold * 1000).rounded())
        }
        let high = Double(output.threshold_high_permille) / 1000
        let low = try section.number("threshold_low", in: -1000...high) ?? high
        output.threshold_low_permille = Int32((low * 1000).rounded())
        try section.read("pulse_ms", &output.duration_nanoseconds)
        // A pulse of no length is how an output that follows was written before it had a name.
        if output.duration_nanoseconds == 0 { output.mode = ESPALIER_OUTPUT_FOLLOW }
        let modes = [
            ("pulse", ESPALIER_OUTPUT_PULSE), ("hold", ESPALIER_OUTPUT_HOLD),
            ("follow", ESPALIER_OUTPUT_FOLLOW), ("toggle", ESPALIER_OUTPUT_TOGGLE),
            ("heartbeat", ESPALIER_OUTPUT_HEARTBEAT), ("fault", ESPALIER_OUTPUT_FAULT),
        ]
        output.mode = try section.choice("output", modes) ?? output.mode
        output.safe_high = try section.choice("safe", [("low", 0), ("high", 1)]) ?? output.safe_high
        reaction.outputs.0 = output
    }
}

extension TOMLSection {
    /// Milliseconds, if the key is there.
    fileprivate func read(_ key: String, _ nanoseconds: inout Int64) throws(FileError) {
        nanoseconds = try self.nanoseconds(key, unit: 1e6) ?? nanoseconds
    }

    fileprivate func choice(_ key: String, _ choices: [(String, Int32)]) throws(FileError) -> Int32? {
        guard let word = try text(key) else { return nil }
        if let choice = choices.first(where: { $0.0 == word }) { return choice.1 }
        throw error(
            key, "is \"\(word)\"", do: "choose among \(choices.map(\.0).joined(separator: ", "))")
    }
}
