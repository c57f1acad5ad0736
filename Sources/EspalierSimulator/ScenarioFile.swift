import CEspalier
public import EspalierFiles
import EspalierReaction

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
            ["duration_s", "seed", "camera", "lines", "reaction", "board", "faults", "event"])
        durationNanoseconds = try root.nanoseconds("duration_s", unit: 1e9) ?? durationNanoseconds
        let seed = try root.integer("seed", in: 0...Int.max) ?? 0
        if let lines = try root.section("lines") { try readLines(lines) }
        if let reaction = try root.section("reaction") { try readReaction(reaction) }
        if let board = try root.section("board") { try readBoard(board) }
        if let faults = try root.section("faults") { try readFaults(faults) }
        var views = ViewReader(scenarioPath: path, seed: UInt64(seed))
        if let camera = try root.section("camera") { try readCamera(camera, &views) }
        for event in try root.sections("event") { try readEvent(event, &views) }
    }

    private mutating func readLines(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(["trigger", "output"])
        trigger = try lineName(section, "trigger") ?? trigger
        output = try lineName(section, "output") ?? output
        if trigger == output {
            throw section.error(
                "output", "names the line \"\(output)\" twice", do: "give each line its own name")
        }
    }

    private func lineName(_ section: TOMLSection, _ key: String) throws(FileError) -> String? {
        guard let name = try section.text(key) else { return nil }
        let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isPlain, !name.isEmpty, name.utf8.count < Int(ESPALIER_LINK_NAME_BYTES) else {
            throw section.error(
                key, "is no name for a line", do: "give up to 63 letters, digits or signs without spaces")
        }
        return name
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
        guard line == trigger else {
            throw section.error(
                key, "names \"\(line)\", which is no input line", do: "name the trigger line, \"\(trigger)\"")
        }
        changes.append(LevelChange(time: time, line: 0, high: high))
        if let length { changes.append(LevelChange(time: time + length, line: 0, high: !high)) }
    }
}
