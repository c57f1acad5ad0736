public import CEspalier
public import EspalierFiles
import EspalierReaction
import EspalierSettings

// Scenario files. boards/simulator/README.md explains every key; boards/simulator/scenario.toml is the
// example.

/// A reaction file to simulate as it is deployed, and its board.
public struct DeployedReaction: Sendable {
    public var path: String
    /// The name or the path of a board file; nil: the scenario's, or else generic.
    public var board: String?

    public init(path: String, board: String? = nil) {
        self.path = path
        self.board = board
    }
}

extension Scenario {
    /// Reads a scenario file, and the pictures it names.
    ///
    /// - Parameters:
    ///   - deployed: runs in place of the scenario's own reaction.
    ///   - folders: where boards are looked for.
    /// - Throws: one sentence, with file, line and key, for whatever is wrong with it.
    public init(
        path: String, deployed: DeployedReaction? = nil,
        boards folders: [String] = BoardFolder.candidates()
    ) throws(FileError) {
        self.init()
        name = path
        let root = TOMLSection(root: try TOMLDocument(path: path))
        durationNanoseconds =
            try root.nanoseconds("duration_s", unit: 1e9, in: 0.001...86_400) ?? durationNanoseconds
        let seed = try root.integer("seed", in: 0...Int.max) ?? 0
        let reaction = try ReactionOfAScenario(root, path: path, deployed: deployed, folders)
        take(reaction.setup, reaction.board.lines, groups: reaction.file.tables.groups)
        tables = reaction.file.tables
        notes += reaction.notes
        if let board = reaction.speed { try readSpeed(board) }
        try checkBeats()
        if let faults = try root.section("faults") { try readFaults(faults) }
        let view = try root.section("camera")
        camera.latencyNanoseconds =
            try view?.nanoseconds("latency_ms", unit: 1e6, in: 0...60_000) ?? camera.latencyNanoseconds
        var reader = EventReader(
            self, lines: reaction.board.lines, views: ViewReader(scenarioPath: path, seed: UInt64(seed)))
        if let view { try reader.readCamera(view) }
        for event in try root.sections("event") { try reader.readEvent(event) }
        reader.finish(&self)
    }

    /// The setup's lines and camera, virtual.
    mutating func take(_ setup: EspalierSetup, _ lines: BoardLines, groups: [LabelGroup?]) {
        self.setup = setup
        self.groups = groups
        reaction = setup.reaction
        func virtual(_ field: some Any, _ count: Int32) -> [VirtualLine] {
            elements(field, of: EspalierLine.self).prefix(Int(count)).enumerated().map { index, line in
                // In a dry run an output needs no line.
                let isBlank = text(line.name).isEmpty && text(line.chip).isEmpty
                return VirtualLine(
                    isBlank ? "output\(index)" : lines.word(for: line),
                    restsHigh: line.bias == ESPALIER_BIAS_PULL_UP, isActiveLow: line.active_low != 0)
            }
        }
        inputs = virtual(setup.inputs, setup.input_count)
        outputs = virtual(setup.outputs, setup.output_count)
        camera.width = Int(setup.camera.width)
        camera.height = Int(setup.camera.height)
        camera.ringFrames = Int(setup.camera.ring_frames)
        // A rate that is left to the camera is this one's own.
        if setup.camera.millihertz > 0 {
            camera.framesPerSecond = Double(setup.camera.millihertz) / 1000
        }
    }

    /// What a simulation can be made to remember: beats of periods and heartbeats.
    private static let mostBeats: Int64 = 1_000_000

    /// - Throws: where a period or a heartbeat would come so often that the trace would not end.
    func checkBeats() throws(FileError) {
        let periods = (0..<Int(reaction.trigger_count)).map { reaction.trigger($0).period_nanoseconds }
        let heartbeats = (0..<Int(reaction.output_count)).map(reaction.output)
            .filter { $0.mode == ESPALIER_OUTPUT_HEARTBEAT }.map(\.duration_nanoseconds)
        guard let shortest = (periods + heartbeats).filter({ $0 > 0 }).min() else { return }
        let beats = durationNanoseconds / shortest
        guard beats > Self.mostBeats else { return }
        throw FileError(
            name,
            "lasts \(durationNanoseconds / 1_000_000_000) s, in which what comes every "
                + "\(NumberText.trimmed(Double(shortest) / 1e6)) ms comes \(beats) times",
            do: "shorten duration_s, or lengthen the period")
    }

    private mutating func readSpeed(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(["macs_per_microsecond", "overhead_us", "name"])
        speed.macsPerMicrosecond =
            try section.number("macs_per_microsecond", in: 0.001...1e9) ?? speed.macsPerMicrosecond
        speed.overheadNanoseconds =
            try section.nanoseconds("overhead_us", unit: 1e3, in: 0...60_000_000)
            ?? speed.overheadNanoseconds
    }

    private mutating func readFaults(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(["failing_captures", "missing_frames"])
        camera.failingCaptures = Set(try section.integers("failing_captures", from: 1) ?? [])
        camera.missingFrames = Set(try section.integers("missing_frames") ?? [])
    }
}

/// Which reaction a scenario runs, on which board.
private struct ReactionOfAScenario {
    let file: ReactionFile
    let board: BoardFile
    let setup: EspalierSetup
    /// The table [board].
    let speed: TOMLSection?
    var notes: [String] = []

    private static let ownKeys = ["duration_s", "seed", "reaction", "board", "faults", "event"]
    private static let cameraKeys = ["latency_ms", "see", "light", "seed"]

    init(
        _ root: TOMLSection, path: String, deployed option: DeployedReaction?, _ folders: [String]
    ) throws(FileError) {
        // board = "raspberry-pi-5", or [board] name beside the speed of its processor.
        speed = root.inlineTable("board") == nil ? nil : try root.section("board")
        let name = try speed == nil ? root.text("board") : speed?.text("name")
        let reaction = try root.text("reaction")
        guard option != nil || reaction != nil else {
            if name != nil {
                throw root.error(
                    "board", "names the board of a deployed reaction, but there is none",
                    do: "add reaction = \"reaction.toml\", or leave it out")
            }
            file = try ReactionFile(root, path: path, besides: Self.ownKeys, inCamera: Self.cameraKeys)
            board = try .simulator()
            setup = try EspalierSetup(board: board, reaction: file, labels: nil)
            if text(setup.camera.source) != text(board.camera?.source ?? setup.camera.source) {
                notes.append(replacement(of: setup.camera, by: setup.camera))
            }
            if !text(setup.snapshots.folder).isEmpty { notes.append(noSnapshots) }
            return
        }
        try root.allowOnly(Self.ownKeys + ReactionFile.keys)
        let own = (ReactionTables.keys + ["snapshots"]).filter(root.keys.contains)
        if option == nil, let key = own.first {
            throw root.error(
                key, "cannot go with reaction = \"\(reaction ?? "")\", which has its own",
                do: "leave one of them out")
        }
        file = try ReactionFile(path: option?.path ?? beside(path, reaction ?? ""))
        board = try BoardFolder.board(
            option?.board ?? name.map { $0.hasSuffix(".toml") ? beside(path, $0) : $0 } ?? "generic",
            in: folders)
        let draft = try SetupDraft(board: board, reaction: file, labels: nil)
        var setup = try draft.finished(nil)
        let deployed = setup.camera
        if let section = try root.section("camera") {
            try draft.replaceCamera(of: &setup, by: section, besides: Self.cameraKeys)
        }
        self.setup = setup
        if !own.isEmpty {
            notes.append(
                "\(file.path) runs in place of the scenario's own \(own.joined(separator: ", ")).")
        }
        notes.append(replacement(of: deployed, by: setup.camera))
        if !text(setup.snapshots.folder).isEmpty { notes.append(noSnapshots) }
    }
}

let noSnapshots = "No snapshots are written in a simulation; --output writes the frames."

/// A path relative to a scenario's folder.
private func beside(_ scenario: String, _ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = scenario.lastIndex(of: "/") else { return path }
    return scenario[...slash] + path
}

/// What became of the camera of a deployed reaction.
func replacement(of deployed: EspalierCamera, by camera: EspalierCamera) -> String {
    let rate =
        camera.millihertz == 0
        ? "at its own rate" : "at \(NumberText.trimmed(Double(camera.millihertz) / 1000)) frames a second"
    return "A virtual camera of \(camera.width) x \(camera.height) \(rate) stands for the camera "
        + "\"\(text(deployed.source))\"."
}
