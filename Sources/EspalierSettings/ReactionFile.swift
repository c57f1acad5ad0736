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
        self = try SetupDraft(board: board, reaction: file, labels: labels).finished(nil)
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
