public import CEspalier
public import EspalierFiles

/// A reaction file: what to react to, how, with which camera. `boards/generic/reaction.toml` explains every key.
public struct ReactionFile: Sendable {
    public let path: String
    public let tables: ReactionTables
    let camera: CameraTable?
    let snapshots: EspalierSnapshots
    /// What is wrong with a table [snapshots] that names no folder, unless an option does.
    let missingFolder: FileError?

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
        if let section = try root.section("camera") {
            camera = try CameraTable(section, besides: cameraKeys)
        } else {
            camera = nil
        }
        let table = try root.section("snapshots")
        snapshots = try table?.snapshots() ?? .standard
        let isMissing = table.map { !$0.keys.contains("folder") } ?? false
        missingFolder =
            isMissing ? table?.missing("folder", do: "say where snapshots go, or leave the table out") : nil
    }

    /// The keys above all headers.
    public static let keys = ReactionTables.keys + ["camera", "snapshots"]
}

extension EspalierSetup {
    /// A reaction on a board, with a model.
    ///
    /// - Parameter labels: the model's, by class; nil: there is no model, and every output signals for all.
    /// - Throws: one sentence, with file, line and key, for what the board or the model does not have, and for
    ///   what cannot go together.
    public init(board: BoardFile, reaction file: ReactionFile, labels: [String]?) throws(FileError) {
        self = try SetupDraft(board: board, reaction: file, labels: labels, takesOptions: false).finished(nil)
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
