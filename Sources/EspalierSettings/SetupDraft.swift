public import CEspalier
public import CLinux
public import EspalierFiles

/// A setup as board and reaction say it, before options have been laid over them. Nothing is refused here that an option
/// may still put right: `finished` lays them over it and checks the whole, as the firmware does.
public struct SetupDraft: Sendable {
    private let setup: EspalierSetup
    private let wiring: Wiring
    private let file: ReactionFile
    private let board: BoardFile
    private let takesOptions: Bool

    /// - Parameters:
    ///   - labels: the model's, by class; nil: there is no model, and every output signals for all.
    ///   - takesOptions: whether sentences may advise to give one.
    /// - Throws: one sentence, with file, line and key, for what the board or the model does not have.
    public init(
        board: BoardFile, reaction file: ReactionFile, labels: [String]?, takesOptions: Bool = true
    ) throws(FileError) {
        var setup = EspalierSetup()
        setup.abi_version = ESPALIER_SETUP_ABI_VERSION
        setText(&setup.board, board.name)
        wiring = try Wiring(unchecked: file.tables, on: board.lines, takesOptions: takesOptions)
        self.takesOptions = takesOptions
        setup.input_count = Int32(wiring.inputs.count)
        setup.output_count = Int32(wiring.outputs.count)
        for (index, line) in wiring.inputs.enumerated() { set(&setup.inputs, index, line) }
        for (index, line) in wiring.outputs.enumerated() { set(&setup.outputs, index, line) }
        setup.reaction = wiring.reaction
        if let labels {
            setup.reaction = try setup.reaction.signalling(for: file.tables.groups, among: labels)
        }
        setup.camera = board.camera ?? .standard
        setup.bare = file.camera?.bare ?? .standard
        setup.snapshots = file.snapshots
        self.setup = setup
        self.file = file
        self.board = board
    }

    /// The setup with options laid over it, checked.
    ///
    /// - Parameter overrides: nil: none are given.
    /// - Throws: one sentence, with file, line and key where a file is to be mended, for what cannot go together.
    public func finished(_ overrides: EspalierOverrides?) throws(FileError) -> EspalierSetup {
        var options = overrides ?? EspalierOverrides()
        if options.snapshots == nil, let fault = file.missingFolder { throw fault }
        var setup = setup
        let hasCamera = options.camera != nil
        if !hasCamera, let table = file.camera { setup.camera = try table.camera(over: board.camera) }
        var problem = EspalierProblem()
        if espalier_setup_override(&setup, &options, &problem) == 0 { return setup }
        throw fault(problem, setup, options)
    }

    /// The words of `--input` or `--output`, [N=]LINE, with the line as a setup has it.
    ///
    /// - Throws: for a line the board does not have.
    public func resolved(_ option: String, _ value: String) throws(FileError) -> String {
        let digits = value.prefix { $0.isASCII && $0.isNumber }
        let isNumbered = (1...3).contains(digits.count) && value.dropFirst(digits.count).first == "="
        let words = isNumbered ? value.dropFirst(digits.count + 1) : value[...]
        if words.isEmpty || words.hasSuffix(":") || words.hasPrefix(":") { return value }
        let line = try board.lines.resolve(option: option, words: String(words))
        return isNumbered ? "\(digits)=\(line)" : line
    }

    /// Puts a virtual camera in place of a setup's own, with what another file's [camera] says of its frames.
    ///
    /// - Parameter keys: of that table, that the caller reads.
    /// - Throws: for what cannot go together, as of a camera of the reaction's own.
    public func replaceCamera(
        of setup: inout EspalierSetup, by section: TOMLSection, besides keys: [String]
    ) throws(FileError) {
        try section.allowOnly(["width", "height", "fps", "ring"] + keys)
        // Its frames are what the section says, whatever the program in its place would write.
        let (kind, source) = (setup.camera.kind, setup.camera.source)
        setup.camera.kind = ESPALIER_CAMERA_V4L2
        setText(&setup.camera.source, "virtual")
        let table = try CameraTable(section, besides: keys)
        setup.camera = try table.camera(over: setup.camera)
        var problem = EspalierProblem()
        if espalier_setup_check(&setup, &problem) != 0 {
            let isCamera = problem.table.map { String(cString: $0) } == "[camera]"
            throw isCamera ? table.fault(problem) : fault(problem, setup, EspalierOverrides())
        }
        (setup.camera.kind, setup.camera.source) = (kind, source)
    }

    /// A problem as a sentence about the file, where it is about something the file says.
    private func fault(
        _ problem: EspalierProblem, _ setup: EspalierSetup, _ options: EspalierOverrides
    ) -> FileError {
        let sentence = text(problem.sentence)
        let words = String(decoding: sentence.utf8.dropFirst(Int(problem.subject_bytes)), as: UTF8.self)
        guard let table = problem.table.map({ String(cString: $0) }), !isGiven(problem, options) else {
            return FileError(sentence: sentence)
        }
        if table == "lines" {
            let isDry = setup.reaction.dry_run != 0
            return wiring.fault(in: setup, isDry: isDry) ?? FileError(sentence: sentence)
        }
        if table == "[frames]" {
            let isPretrigger = problem.key.map { String(cString: $0) } == "pretrigger_ms"
            return (isPretrigger ? file.tables.pretrigger : file.tables.frames).error(sentence: words)
        }
        if setup.camera.kind == 0, file.camera == nil {
            return FileError(
                file.path, "has no [camera], and \(board.name) has none of its own",
                do: "add [camera] with a device, a command or pictures"
                    + (takesOptions ? ", or give --camera" : ""))
        }
        return file.camera?.fault(problem) ?? FileError(board.path, sentence: sentence)
    }

    /// True where an option has said what is wrong.
    private func isGiven(_ problem: EspalierProblem, _ options: EspalierOverrides) -> Bool {
        guard let key = problem.key.map({ String(cString: $0) }) else { return false }
        switch key {
        case "width", "height": return options.size != nil
        case "format": return options.format != nil || options.camera != nil
        case "fps": return options.fps != nil
        case "pretrigger_ms", "deadline_ms", "silence_ms": return options.fps != nil || options.camera != nil
        default: return options.camera != nil
        }
    }
}

extension FileError {
    /// A sentence of the C rooms: "what; what to do". What it begins with, such as an option, takes the path's place.
    fileprivate init(sentence: String) {
        let start = sentence.firstIndex(of: " ") ?? sentence.endIndex
        let (problem, remedy) = parts(sentence[start...].dropFirst())
        self.init(String(sentence[..<start]), problem, do: remedy)
    }

    fileprivate init(_ path: String, sentence: String) {
        let (problem, remedy) = parts(sentence[...])
        self.init(path, problem, do: remedy)
    }
}

extension Place {
    /// The same for the rest of a sentence that the place begins.
    func error(sentence: String) -> FileError {
        let (problem, remedy) = parts(sentence[...])
        return error(problem, do: remedy)
    }
}

private func parts(_ sentence: Substring) -> (problem: String, remedy: String) {
    let parts = sentence.split(separator: "; ", maxSplits: 1).map(String.init)
    return (parts.first ?? "", parts.count > 1 ? parts[1] : "correct it")
}
