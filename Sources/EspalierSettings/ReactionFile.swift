public import CEspalier
public import EspalierFiles

/// A reaction file: what to react to, how, with which camera. `boards/generic/reaction.toml` explains every key.
public struct ReactionFile: Sendable {
    public let path: String
    public let tables: ReactionTables
    let camera: CameraTable?
    let snapshots: EspalierSnapshots

    /// - Throws: one sentence, with file, line and key, for whatever is wrong with it.
    public init(path: String) throws(FileError) {
        self.path = path
        let root = TOMLSection(root: try TOMLDocument(path: path))
        try root.allowOnly(ReactionTables.keys + ["camera", "snapshots"])
        tables = try ReactionTables(root)
        camera = try root.section("camera").map(CameraTable.init)
        snapshots = try root.section("snapshots")?.snapshots() ?? .standard
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
        try file.tables.checkPretrigger(camera)
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

extension ReactionTables {
    /// - Throws: where the ring may have let go of the frame before the pre-trigger.
    fileprivate func checkPretrigger(_ camera: EspalierCamera) throws(FileError) {
        guard settings.pretrigger_nanoseconds > 0 else { return }
        guard camera.millihertz > 0 else {
            throw pretrigger.error(
                "needs a camera of known frame rate", do: "give [camera] fps, or no pretrigger_ms")
        }
        // The newest frame may just have come: n frames reach back n - 1 periods.
        let held = Int64(camera.ring_frames - 1) * 1_000_000_000_000 / Int64(camera.millihertz)
        guard held < settings.pretrigger_nanoseconds else { return }
        throw pretrigger.error(
            "is \(settings.pretrigger_nanoseconds / 1_000_000), but \(camera.ring_frames) frames at "
                + "\(Double(camera.millihertz) / 1000) fps reach back \(held / 1_000_000) ms",
            do: "raise [camera] ring, at most 16, or lower fps")
    }
}
