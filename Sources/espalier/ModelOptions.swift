import ArgumentParser
import EspalierCompiler
import EspalierCore
import EspalierFiles
import EspalierSettings
import Foundation

/// The model argument and what may be said about it: shared by all commands that take a model.
struct ModelOptions: ParsableArguments {
    @Argument(help: OptionHelp.model)
    var model: String

    @OptionGroup var compiling: CompilingOptions

    /// Reads and compiles the model; the parameters are those of `CompilingOptions.compilation`.
    func compilation(
        defaultName: String? = nil, costs: CostModel? = nil, kernels: KernelSet? = nil,
        for reaction: ScoreKeys? = nil
    ) throws -> Compilation {
        try compiling.compilation(
            of: model, defaultName: defaultName, costs: costs, kernels: kernels, for: reaction)
    }

    /// The files that are read.
    var inputs: [String] { [model] + compiling.inputs }
}

/// All that may be said about how a model is compiled, in one place for every command that compiles, and for
/// cross/build, which passes it on to `espalier compile`.
struct CompilingOptions: ParsableArguments {
    @Option(help: "The model's name in C. Default: from the model's file name.")
    var name: String?

    @OptionGroup var meaning: ModelMeaning

    @OptionGroup var packing: PackingOptions

    @Flag(help: "Keep channels that are provably constant or that no output depends on.")
    var keepDead = false

    /// Reads and compiles a model.
    ///
    /// - Parameters:
    ///   - defaultName: overrides the name taken from the model's file, where no `--name` was given.
    ///   - costs: of every packing, in place of the options' own.
    ///   - kernels: what will run the model, where that is known: its costs decide unless `--cpu` names others.
    ///   - reaction: what the model is for, where that is known: its keys say how scores are read, unless the options do.
    /// - Throws: with a reaction, also where the model has no scores.
    func compilation(
        of model: String, defaultName: String? = nil, costs: CostModel? = nil, kernels: KernelSet? = nil,
        for reaction: ScoreKeys? = nil
    ) throws -> Compilation {
        let meaning = reaction.map(meaning.with) ?? meaning
        let url = URL(fileURLWithPath: model)
        let name =
            try name.map(checkedName)
            ?? ModelName.free(legalName(defaultName ?? url.deletingPathExtension().lastPathComponent))
        let chosen = try costs ?? packing.costs(for: kernels)
        let rows = try packing.calibration(for: meaning.compilation(of: model, name: name).plan)
        let compilation = try meaning.compilation(
            of: model, name: name, keepsDead: keepDead, costs: chosen, calibration: rows)
        if costs == nil { try packing.requireMeasured(compilation) }
        if reaction != nil { try meaning.requireScores(compilation, of: model) }
        return compilation
    }

    /// The files that are read, the model besides.
    var inputs: [String] {
        [meaning.labels.file, packing.tuned].compactMap { $0 }
            + (packing.calibration.map { [NumericArray.file(of: $0)] } ?? [])
    }

    /// The options that were given, as they are written.
    var given: [String] {
        let values: [(String, Any?)] = [
            ("--name", name), ("--label-names", meaning.labels.file), ("--pixel-mean", meaning.pixelMean),
            ("--pixel-deviation", meaning.pixelDeviation), ("--scores", meaning.scores),
            ("--score-output", meaning.scoreOutput), ("--cpu", packing.cpu), ("--tuned", packing.tuned),
            ("--calibration", packing.calibration), ("--keep-dead", keepDead ? true : nil),
        ]
        return values.filter { $0.1 != nil }.map(\.0)
    }

    private func checkedName(_ name: String) throws -> String {
        let isLegal = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard isLegal, let first = name.first, !first.isNumber else {
            throw CommandFailure("--name '\(name)' is no C name; use letters, digits and underscores.")
        }
        guard !ModelName.isReserved(name) else {
            throw CommandFailure(
                "--name \(name) is a name that Espalier's own C code has; choose another, such as "
                    + "\(ModelName.free(name)).")
        }
        return name
    }

    /// A file's name with what C does not allow replaced.
    private func legalName(_ fileName: String) -> String {
        let legal = String(fileName.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        guard let first = legal.first else { return "model" }
        return first.isNumber ? "model_\(legal)" : legal
    }
}

/// What a model's outputs and inputs mean to people.
struct ModelMeaning: ParsableArguments {
    @OptionGroup var labels: LabelOption

    @Option(
        help: "The pixel value (0...255) the model takes as 0: one, or one a channel, e.g. 123.7,116.3,103.5."
    )
    var pixelMean: String?

    @Option(help: "The pixel values that make 1.0 for the model: one, or one a channel, e.g. 58.4,57.1,57.4.")
    var pixelDeviation: String?

    @Option(
        help:
            """
            How the scores are read from the output that has them: softmax (logits of classes that exclude each other), \
            sigmoid (logits, each by itself) or probabilities (0 to 1 already). Default: as the model leaves no doubt.
            """)
    var scores: ScoreRule?

    @Option(help: "The name or number of the output with the scores, of a model with several; see inspect.")
    var scoreOutput: String?

    /// Reads and compiles the model of a path.
    func compilation(
        of path: String, name: String, keepsDead: Bool = false, costs: CostModel = CostModel(),
        calibration: [[Int8]] = []
    ) throws -> Compilation {
        var options = CompileOptions(name: name)
        options.labels = try labels.read()
        options.pixelMean = try numbers(pixelMean, "--pixel-mean")
        options.pixelDeviation = try numbers(pixelDeviation, "--pixel-deviation")
        options.scores = scores
        options.scoreOutput = scoreOutput
        options.keepsDead = keepsDead
        options.costs = costs
        options.calibration = calibration
        do {
            return try Compilation(
                tflite: ModelFile.read(path), sourceName: URL(fileURLWithPath: path).lastPathComponent,
                options: options)
        } catch let error as CompilerError {
            throw CommandFailure("\(path): \(error.description)")
        }
    }

    /// The same with what a reaction says of its model, where the options say nothing.
    func with(_ reaction: ScoreKeys) -> ModelMeaning {
        var meaning = self
        meaning.scores = scores ?? reaction.scores.flatMap(ScoreRule.init)
        meaning.scoreOutput = scoreOutput ?? reaction.output
        return meaning
    }

    /// - Throws: where a model has no scores, which a reaction needs.
    func requireScores(_ compilation: Compilation, of path: String) throws {
        do {
            try compilation.requirePictures()
            try compilation.requireScores()
        } catch {
            throw CommandFailure("\(path): \(error.description)")
        }
    }

    private func numbers(_ list: String?, _ option: String) throws -> [Double] {
        guard let list else { return [] }
        return try list.split(separator: ",").map { part in
            guard let number = Double(part), number.isFinite else {
                throw CommandFailure(
                    "\(option) has '\(part)', which is no number; write e.g. 127.5 or 123.7,116.3,103.5.")
            }
            return number
        }
    }
}

/// The labels of a model's classes: read in one way, wherever they are given.
struct LabelOption: ParsableArguments {
    @Option(name: .customLong("label-names"), help: "A text file with one class name a line.")
    var file: String?

    /// The labels by class; none without the option.
    func read() throws -> [String] {
        guard let file else { return [] }
        return try LabelFile.read(file)
    }
}

/// What stopped a command: one sentence, printed after "Error: ", exit status 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension ScoreRule: ExpressibleByArgument {}
