import CEspalier
public import EspalierFiles
import EspalierReaction
import EspalierSettings

// Scenario files. boards/simulator/README.md explains every key; boards/simulator/scenario.toml is the
// example.

extension Scenario {
    /// Reads a scenario file, and the pictures it names.
    ///
    /// - Throws: one sentence, with file, line and key, for whatever is wrong with it.
    public init(path: String) throws(FileError) {
        self.init()
        let root = TOMLSection(root: try TOMLDocument(path: path))
        name = path
        try root.allowOnly(
            ["duration_s", "seed", "camera", "board", "faults", "event"] + ReactionTables.keys)
        durationNanoseconds = try root.nanoseconds("duration_s", unit: 1e9) ?? durationNanoseconds
        let seed = try root.integer("seed", in: 0...Int.max) ?? 0
        let tables = try ReactionTables(root)
        try wire(tables)
        if let board = try root.section("board") { try readBoard(board) }
        if let faults = try root.section("faults") { try readFaults(faults) }
        var views = ViewReader(scenarioPath: path, seed: UInt64(seed))
        if let camera = try root.section("camera") { try readCamera(camera, &views) }
        for event in try root.sections("event") { try readEvent(event, &views) }
    }

    /// A simulated board has whatever lines a scenario names; their levels are those the reaction sees.
    private mutating func wire(_ tables: ReactionTables) throws(FileError) {
        var lines = BoardLines(board: "the simulated board")
        lines.roles = ["trigger": inputs[0], "output": outputs[0]]
        let wiring = try Wiring(tables, on: lines)
        for line in wiring.inputs + wiring.outputs where text(line.name).isEmpty {
            throw FileError(name, "names a line by its offset", do: "give it a name of its own: any will do")
        }
        reaction = wiring.reaction
        inputs = wiring.inputs.map { text($0.name) }
        outputs = wiring.outputs.map { text($0.name) }
        groups = tables.groups
        scoreKeys = tables.scoreKeys
    }

    private mutating func readBoard(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(["macs_per_microsecond", "overhead_us"])
        speed.macsPerMicrosecond =
            try section.number("macs_per_microsecond", in: 0.001...1e9) ?? speed.macsPerMicrosecond
        speed.overheadNanoseconds =
            try section.nanoseconds("overhead_us", unit: 1e3) ?? speed.overheadNanoseconds
    }

    private mutating func readFaults(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(["failing_captures", "missing_frames"])
        camera.failingCaptures = Set(try section.integers("failing_captures") ?? [])
        camera.missingFrames = Set(try section.integers("missing_frames") ?? [])
    }

    private mutating func readCamera(_ section: TOMLSection, _ views: inout ViewReader) throws(FileError) {
        try section.allowOnly(["width", "height", "fps", "latency_ms", "see", "light", "seed"])
        camera.width = try section.integer("width", in: 1...4095) ?? camera.width
        camera.height = try section.integer("height", in: 1...4095) ?? camera.height
        camera.framesPerSecond = try section.number("fps", in: 0.01...1000) ?? camera.framesPerSecond
        camera.latencyNanoseconds =
            try section.nanoseconds("latency_ms", unit: 1e6) ?? camera.latencyNanoseconds
        if let view = try views.generator(section, width: camera.width, height: camera.height, middle: 0) {
            camera.show(view, from: 0)
        }
    }

    private mutating func readEvent(_ section: TOMLSection, _ views: inout ViewReader) throws(FileError) {
        try section.allowOnly(["at_s", "see", "lead_s", "light", "seed", "raise", "lower", "for_s"])
        guard let time = try section.nanoseconds("at_s", unit: 1e9) else {
            throw section.missing("at_s", do: "say when it happens, in seconds")
        }
        let lead = try section.nanoseconds("lead_s", unit: 1e9) ?? 0
        let size = (width: camera.width, height: camera.height)
        if let view = try views.generator(section, width: size.width, height: size.height, middle: time) {
            camera.show(view, from: max(0, time - lead))
        }
        let length = try section.nanoseconds("for_s", unit: 1e9)
        try readChange(section, "raise", high: true, at: time, for: length)
        try readChange(section, "lower", high: false, at: time, for: length)
    }

    private mutating func readChange(
        _ section: TOMLSection, _ key: String, high: Bool, at time: Int64, for length: Int64?
    ) throws(FileError) {
        guard let line = try section.text(key) else { return }
        guard let index = inputs.firstIndex(of: line) else {
            throw section.error(
                key, "names \"\(line)\", which is no trigger's line",
                do: inputs.isEmpty ? "leave it out" : "choose among \(inputs.joined(separator: ", "))")
        }
        changes.append(LevelChange(time: time, line: index, high: high))
        if let length { changes.append(LevelChange(time: time + length, line: index, high: !high)) }
    }
}
