public import CEspalier
public import EspalierFiles
public import EspalierReaction

// The tables [[trigger]], [[output]] and [frames], the same in reaction.toml and in a scenario. boards/generic/
// reaction.toml explains every key.

/// What to react to and how, as a file says it: lines and labels still by name.
public struct ReactionTables: Sendable {
    /// The keys above all headers that belong here.
    public static let keys = ["trigger", "output", "frames", "watchdog_ms", "dry_run"] + ScoreKeys.keys

    /// Complete but for the lines' indices and the label masks.
    public internal(set) var settings = EspalierReaction.standard
    /// Line of each trigger; nil for a periodic one.
    var inputs: [LineRequest?] = []
    var outputs: [LineRequest] = []
    /// Where the file says how old a frame may be, and how long to wait for one.
    var pretrigger: Place
    var frames: Place
    /// Which labels each output signals for; nil: all.
    public internal(set) var groups: [LabelGroup?] = []
    /// Where each output's threshold is, or would be.
    private var thresholds: [Place] = []
    /// How the model's scores are read.
    public let scoreKeys: ScoreKeys

    /// - Throws: one sentence, with file, line and key, for whatever is wrong.
    public init(_ root: TOMLSection) throws(FileError) {
        pretrigger = root.place()
        scoreKeys = try ScoreKeys(root)
        frames = root.place("deadline_ms")
        let triggers = try root.sections("trigger")
        let outputs = try root.sections("output")
        settings.trigger_count = try count(triggers, Int(ESPALIER_MOST_TRIGGERS))
        settings.output_count = try count(outputs, Int(ESPALIER_MOST_OUTPUTS))
        for (index, section) in triggers.enumerated() { try readTrigger(section, index) }
        for (index, section) in outputs.enumerated() { try readOutput(section, index) }
        if triggers.isEmpty { inputs = [LineRequest(role: "trigger", place: root.place("trigger"))] }
        if outputs.isEmpty {
            self.outputs = [LineRequest(role: "output", place: root.place("output"))]
            groups = [nil]
            thresholds = [root.place("output")]
        }
        if let frames = try root.section("frames") { try readFrames(frames) }
        try root.read(
            "watchdog_ms", &settings.watchdog_nanoseconds, in: Limits.watchdog, orZero: true)
        settings.dry_run = try root.flag("dry_run") == true ? 1 : 0
    }

    private func count(_ sections: [TOMLSection], _ most: Int) throws(FileError) -> Int32 {
        if sections.count > most {
            throw sections[most].place().error("is one too many", do: "give at most \(most)")
        }
        return Int32(max(sections.count, 1))
    }

    /// Whether a model can make the outputs signal.
    ///
    /// - Parameters:
    ///   - reaction: of these tables; an option may have changed its thresholds.
    ///   - highest: the highest score the model can give, in thousandths.
    /// - Throws: for a threshold above that.
    public func checkReach(of reaction: EspalierReaction, highest: Int) throws(FileError) {
        for index in thresholds.indices {
            let output = reaction.output(index)
            let isForVerdicts = ![ESPALIER_OUTPUT_HEARTBEAT, ESPALIER_OUTPUT_FAULT].contains(output.mode)
            let limit = output.score_rule == ESPALIER_SCORE_SUM ? 1000 : highest
            guard isForVerdicts, output.threshold_high_permille > limit else { continue }
            let threshold = short(Double(output.threshold_high_permille) / 1000)
            let problem =
                "is \(threshold), and the highest score the model can give is \(short(Double(limit) / 1000))"
            let isOption = output.threshold_high_permille != settings.output(index).threshold_high_permille
            throw isOption
                ? FileError("--threshold", problem, do: "lower it")
                : thresholds[index].error(problem, do: "lower it")
        }
    }

    // MARK: Triggers

    private static let ofALine = [
        "line", "edge", "bias", "active_low", "debounce_ms", "hold_off_ms", "stuck_ms",
    ]
    static let triggerKeys = ofALine + ["settle_ms", "cooldown_ms", "period_ms"]
    static let outputKeys = [
        "line", "mode", "labels", "score", "threshold", "threshold_low", "duration_ms", "safe", "drive",
        "active_low", "triggers",
    ]
    static let frameKeys = ["pretrigger_ms", "frame_age_ms", "deadline_ms", "burst", "votes"]

    private mutating func readTrigger(_ section: TOMLSection, _ index: Int) throws(FileError) {
        try section.allowOnly(Self.triggerKeys)
        var trigger = EspalierTrigger.standard
        trigger.edge = try section.choice("edge", edges) ?? trigger.edge
        try section.read("debounce_ms", &trigger.debounce_nanoseconds, in: Limits.debounce, orZero: true)
        try section.read("hold_off_ms", &trigger.hold_off_nanoseconds, in: Limits.pause, orZero: true)
        try section.read("settle_ms", &trigger.settle_nanoseconds, in: Limits.capture, orZero: true)
        try section.read("cooldown_ms", &trigger.cooldown_nanoseconds, in: Limits.pause, orZero: true)
        try section.read("period_ms", &trigger.period_nanoseconds, in: Limits.period, orZero: true)
        try section.read("stuck_ms", &trigger.stuck_nanoseconds, in: Limits.stuck, orZero: true)
        set(&settings.triggers, index, trigger)
        if trigger.period_nanoseconds > 0 {
            if let key = section.keys.first(where: Self.ofALine.contains) {
                throw section.error(
                    key, "is for a line, but with period_ms the trigger has none", do: "leave one of them out"
                )
            }
            inputs.append(nil)
            return
        }
        if trigger.stuck_nanoseconds > 0, trigger.edge == ESPALIER_EDGE_BOTH {
            throw section.error(
                "stuck_ms", "cannot go with edge = \"both\"", do: "say which edge makes the line active")
        }
        if trigger.stuck_nanoseconds > 0, trigger.stuck_nanoseconds <= trigger.debounce_nanoseconds {
            throw section.error(
                "stuck_ms", "is over before a level has lasted for debounce_ms",
                do: "make it longer than debounce_ms")
        }
        var request = try line(section, role: "trigger")
        request.line.bias = try section.choice("bias", biases) ?? request.line.bias
        inputs.append(request)
    }

    private func line(_ section: TOMLSection, role: String) throws(FileError) -> LineRequest {
        let name = try section.lineName()
        var request = LineRequest(
            name: name, role: role, place: section.place(name == nil ? nil : "line"))
        request.line.active_low = try section.flag("active_low") == true ? 1 : 0
        return request
    }

    // MARK: Outputs

    private mutating func readOutput(_ section: TOMLSection, _ index: Int) throws(FileError) {
        try section.allowOnly(Self.outputKeys)
        var output = EspalierOutput.standard
        output.mode = try section.choice("mode", modes) ?? output.mode
        output.score_rule = try section.choice("score", scoreRules) ?? output.score_rule
        output.threshold_high_permille =
            try threshold(section, "threshold") ?? output.threshold_high_permille
        output.threshold_low_permille =
            try threshold(section, "threshold_low") ?? output.threshold_high_permille
        if output.threshold_low_permille > output.threshold_high_permille {
            throw section.error(
                "threshold_low",
                "is above threshold, \(short(Double(output.threshold_high_permille) / 1000))",
                do: "make it that or less")
        }
        try section.read("duration_ms", &output.duration_nanoseconds, in: Limits.pause, orZero: true)
        let needsLength = output.mode == ESPALIER_OUTPUT_PULSE || output.mode == ESPALIER_OUTPUT_HEARTBEAT
        if needsLength, output.duration_nanoseconds == 0 {
            throw section.error(
                "duration_ms", "is 0, no length for a pulse or a heartbeat",
                do: "give it a length, or choose another mode")
        }
        output.safe_high = try section.choice("safe", [("low", 0), ("high", 1)]) ?? output.safe_high
        output.trigger_mask = try triggerMask(section) ?? output.trigger_mask
        set(&settings.outputs, index, output)
        thresholds.append(section.place("threshold"))
        groups.append(try group(section))
        var request = try line(section, role: "output")
        request.line.drive = try section.choice("drive", drives) ?? request.line.drive
        outputs.append(request)
    }

    private func group(_ section: TOMLSection) throws(FileError) -> LabelGroup? {
        guard let labels = try section.texts("labels") else { return nil }
        if labels.isEmpty {
            throw section.error(
                "labels", "is empty, so that nothing would set the output",
                do: "name a label, or leave it out for all")
        }
        return LabelGroup(labels: labels, place: section.place("labels"))
    }

    /// A score in thousandths: people write it as a percentage, too. What is above 0 stays above it.
    private func threshold(_ section: TOMLSection, _ key: String) throws(FileError) -> Int32? {
        let score = try section.number(key, in: 0...1, units: [0.01, 0.001])
        return score.map { $0 > 0 ? max(Int32(($0 * 1000).rounded()), 1) : 0 }
    }

    private func triggerMask(_ section: TOMLSection) throws(FileError) -> UInt32? {
        guard let numbers = try section.integers("triggers", from: 1) else { return nil }
        if numbers.isEmpty {
            throw section.error(
                "triggers", "is empty, so that nothing would set the output",
                do: "name a trigger, or leave it out for all")
        }
        var mask: UInt32 = 0
        for number in numbers {
            guard (1...Int(settings.trigger_count)).contains(number) else {
                throw section.error(
                    "triggers", "has \(number), which is no [[trigger]] here",
                    do: "give numbers from 1 to \(settings.trigger_count), in the order of the file")
            }
            mask |= 1 << UInt32(number - 1)
        }
        return mask
    }

    // MARK: Frames

    private mutating func readFrames(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(Self.frameKeys)
        pretrigger = section.place("pretrigger_ms")
        frames = section.place("deadline_ms")
        try section.read("pretrigger_ms", &settings.pretrigger_nanoseconds, in: Limits.capture, orZero: true)
        try section.read("frame_age_ms", &settings.frame_age_nanoseconds, in: Limits.capture, orZero: true)
        try section.read("deadline_ms", &settings.deadline_nanoseconds, in: Limits.capture, orZero: true)
        let burst = try section.integer("burst", in: 1...Int(ESPALIER_LONGEST_BURST)) ?? 1
        settings.burst_frames = Int32(burst)
        settings.burst_votes = Int32(try section.integer("votes", in: 1...burst) ?? burst / 2 + 1)
    }
}

/// The milliseconds that can be meant; boards/generic/reaction.toml lists them for users.
private enum Limits {
    /// The kernel debounces in 32 bits of microseconds, and no switch bounces for a minute.
    static let debounce = 0.1...60_000
    /// A level that lasts, a pause, a pulse.
    static let pause = 1.0...86_400_000
    /// Between an edge and its frame.
    static let capture = 1.0...600_000
    static let period = 10.0...86_400_000
    static let stuck = 100.0...86_400_000
    static let watchdog = 100.0...86_400_000
}

/// The labels an output signals for.
public struct LabelGroup: Sendable {
    public let labels: [String]
    let place: Place

    /// Every class of a name belongs to the group: several may have one.
    ///
    /// - Parameter labels: the model's, by class.
    /// - Throws: for a label the model does not know, or knows too far back.
    public func mask(among labels: [String]) throws(FileError) -> UInt64 {
        var mask: UInt64 = 0
        for label in self.labels {
            let classes = labels.indices.filter { labels[$0] == label }
            guard let last = classes.last else { throw unknown(label, among: labels) }
            guard last < 64 else { throw tooFarBack(label, classes) }
            for index in classes { mask |= 1 << UInt64(index) }
        }
        return mask
    }

    private func tooFarBack(_ label: String, _ classes: [Int]) -> FileError {
        guard let first = classes.first, let last = classes.last, first < 64 else {
            return place.error(
                "has \"\(label)\", which is class \(classes[0])",
                do: "choose among the model's first 64 classes")
        }
        return place.error(
            "has \"\(label)\", which several classes have: class \(first) is among the model's first 64, "
                + "class \(last) is not",
            do: "give the classes different names, or choose another label")
    }

    private func unknown(_ label: String, among labels: [String]) -> FileError {
        let remedy: String
        if labels.isEmpty {
            remedy = "give the model labels, with --label-names"
        } else if let near = near(label, among: labels) {
            remedy = "write \"\(near)\", as the model has it"
        } else {
            let names = labels.prefix(20).joined(separator: ", ")
            remedy = "choose among \(names)" + (labels.count > 20 ? ", ... (\(labels.count) classes)" : "")
        }
        return place.error("has \"\(label)\", which the model does not know", do: remedy)
    }

    /// The one label that differs in case, blanks and signs alone; none for a text of signs only.
    private func near(_ label: String, among labels: [String]) -> String? {
        func plain(_ text: String) -> String { text.filter { $0.isLetter || $0.isNumber }.lowercased() }
        let sought = plain(label)
        guard !sought.isEmpty else { return nil }
        let near = labels.filter { plain($0) == sought }
        return near.first { $0.lowercased() == label.lowercased() } ?? (Set(near).count == 1 ? near[0] : nil)
    }
}

// MARK: - Words

private let edges = [
    ("rising", ESPALIER_EDGE_RISING), ("falling", ESPALIER_EDGE_FALLING), ("both", ESPALIER_EDGE_BOTH),
]
private let biases = [
    ("as-is", ESPALIER_BIAS_AS_IS), ("disabled", ESPALIER_BIAS_DISABLED),
    ("pull-up", ESPALIER_BIAS_PULL_UP), ("pull-down", ESPALIER_BIAS_PULL_DOWN),
]
private let drives = [
    ("push-pull", ESPALIER_DRIVE_PUSH_PULL), ("open-drain", ESPALIER_DRIVE_OPEN_DRAIN),
    ("open-source", ESPALIER_DRIVE_OPEN_SOURCE),
]
private let scoreRules = [("max", ESPALIER_SCORE_MAX), ("sum", ESPALIER_SCORE_SUM)]
private let modes = [
    ("pulse", ESPALIER_OUTPUT_PULSE), ("hold", ESPALIER_OUTPUT_HOLD), ("follow", ESPALIER_OUTPUT_FOLLOW),
    ("toggle", ESPALIER_OUTPUT_TOGGLE), ("heartbeat", ESPALIER_OUTPUT_HEARTBEAT),
    ("fault", ESPALIER_OUTPUT_FAULT),
]
