public import CEspalier
public import EspalierFiles

/// A reaction file: what to react to, how, with which camera. `boards/generic/reaction.toml` explains every key.
public struct ReactionFile: Sendable {
    public let path: String
    public let tables: ReactionTables
    let camera: CameraTable?
    let snapshots: EspalierSnapshots
    private let silence: Place

    /// - Throws: one sentence, with file, line and key, for whatever is wrong with it.
    public init(path: String) throws(FileError) {
        try self.init(TOMLSection(root: try TOMLDocument(path: path)), path: path)
    }

    /// A file that holds more than a reaction.
    ///
    /// - Parameters:
    ///   - keys: the others, above all headers.
    ///   - cameraKeys: and those of [camera].
    public init(
        _ root: TOMLSection, path: String, besides keys: [String] = [], inCamera cameraKeys: [String] = []
    ) throws(FileError) {
        self.path = path
        try root.allowOnly(keys + Self.keys)
        tables = try ReactionTables(root)
        let section = try root.section("camera")
        if let section {
            camera = try CameraTable(section, besides: cameraKeys)
        } else {
            camera = nil
        }
        silence = (section ?? root).place("silence_ms")
        snapshots = try root.section("snapshots")?.snapshots() ?? .standard
    }

    /// Lays what another file's [camera] says of the frames over a setup of this reaction.
    ///
    /// - Parameter keys: of that table, that the caller reads.
    /// - Throws: for what cannot go together, as of a camera of this file's own.
    public func overlay(
        _ section: TOMLSection, on setup: inout EspalierSetup, besides keys: [String]
    ) throws(FileError) {
        try section.allowOnly(["width", "height", "fps", "ring"] + keys)
        setup.camera = try CameraTable(section, besides: keys).camera(over: setup.camera)
        try check(setup)
    }

    /// The keys above all headers.
    public static let keys = ReactionTables.keys + ["camera", "snapshots"]

    /// Checks what only a whole setup shows: to be called again for one of this file that was changed.
    ///
    /// - Throws: for times that cannot go with the camera's frame rate.
    public func check(_ setup: EspalierSetup) throws(FileError) {
        try FrameTimes(setup.reaction, setup.camera).check(
            pretrigger: tables.pretrigger, frames: tables.frames, silence: silence)
    }
}

extension EspalierSetup {
    /// A reaction on a board, with a model.
    ///
    /// - Parameter labels: the model's, by class; nil: there is no model, and every output signals for all.
    /// - Throws: one sentence, with file, line and key, for what the board or the model does not have, and for
    ///   what cannot go together.
    public init(board: BoardFile, reaction file: ReactionFile, labels: [String]?) throws(FileError) {
        self.init()
        abi_version = ESPALIER_SETUP_ABI_VERSION
        setText(&self.board, board.name)
        let wiring = try Wiring(file.tables, on: board.lines)
        input_count = Int32(wiring.inputs.count)
        output_count = Int32(wiring.outputs.count)
        for (index, line) in wiring.inputs.enumerated() { set(&inputs, index, line) }
        for (index, line) in wiring.outputs.enumerated() { set(&outputs, index, line) }
        reaction = wiring.reaction
        if let labels { reaction = try reaction.signalling(for: file.tables.groups, among: labels) }
        guard let camera = try file.camera?.camera(over: board.camera) ?? board.camera else {
            throw FileError(
                file.path, "has no [camera], and \(board.name) has none of its own",
                do: "add [camera] with a device, a command or pictures")
        }
        self.camera = camera
        snapshots = file.snapshots
        try file.check(self)
    }
}

extension EspalierReaction {
    /// The same with a label mask for each output.
    ///
    /// - Throws: for a label the model does not know.
    public func signalling(
        for groups: [LabelGroup?], among labels: [String]
    ) throws(FileError) -> EspalierReaction {
        var reaction = self
        for (index, group) in groups.enumerated() {
            guard let group else { continue }
            var output = reaction.output(index)
            output.label_mask = try group.mask(among: labels)
            set(&reaction.outputs, index, output)
        }
        return reaction
    }
}
