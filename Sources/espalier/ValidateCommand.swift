import ArgumentParser
import EspalierCompiler
import EspalierFiles
import Foundation

/// `espalier validate`: does the compiled model say what it should say?
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a model over recorded inputs and compares the results.",
        discussion: """
            Arrays are .npy files, or arrays of an .npz as FILE.npz:NAME. Inputs have shape [N, ...]: int8 as the model \
            stores them, uint8 pixels, or float32 real values; arrays that cannot be meant for the model are refused, and \
            what is doubtful is said. Pictures are PNG or JPEG files of any size, prepared as camera frames are; their \
            pixels are taken as stored, as Pillow does it: colour profiles, alpha and EXIF orientation are not applied. \
            What of a folder is left out is listed.

            The exit status is 0 only if everything asked for holds: with --expected every row bit-identical (or \
            --minimum-agreement), with --layers every activation and weight, with labels or class folders the \
            --minimum-top1. It is 1 if something does not, which is named, and if there is nothing to compare with.
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "Inputs: an array, or a folder with the pictures of each class in a folder of its own.")
    var inputs: String?

    @Option(
        help: ArgumentHelp(
            "Expected values of an output, one row an input: int8, uint8 or float32. NAME=FILE or NUMBER=FILE, repeated, "
                + "for each of several outputs; FILE alone is for the one with the scores, or the first where none is known.",
            valueName: "[output=]file"))
    var expected: [String] = []

    @Option(help: "The class of each input, as integers; negative ones are left out.")
    var labels: String?

    @Option(
        help: """
            An .npz with recorded activations t<tensor index>, the input among them; recorded weights are compared with the \
            model's.
            """)
    var layers: String?

    @Option(
        help: """
            With --expected: the share of rows (0...1) in which the output with the scores must have the same class, instead \
            of all bits of every output.
            """)
    var minimumAgreement: Double?

    @Option(help: "With labels: the share of labelled rows (0...1) that must be correct.")
    var minimumTop1: Double?

    @Flag(help: "Print JSON for scripts.")
    var json = false

    func validate() throws {
        guard inputs != nil || layers != nil else {
            throw ValidationError("Pass --inputs, --layers or both.")
        }
        guard expected.isEmpty || inputs != nil, labels == nil || inputs != nil else {
            throw ValidationError("--expected and --labels need --inputs.")
        }
        guard minimumAgreement == nil || !expected.isEmpty else {
            throw ValidationError("--minimum-agreement needs --expected.")
        }
        for share in [minimumAgreement, minimumTop1].compactMap({ $0 }) where !(0...1).contains(share) {
            let hint = (1...100).contains(share) ? " (\(share / 100)?)" : ""
            throw ValidationError("A minimum is a share between 0 and 1, not \(share)\(hint).")
        }
    }

    func run() throws {
        let compilation = try options.compilation()
        let model = compilation.model()
        var report = ValidationReport()
        if let inputs { try runInputs(inputs, compilation, model, &report) }
        if let layers {
            let validation = try LayerValidation(
                compilation, model, tflite: ByteFile.read(options.model))
            report.layers = try validation.run(recording: layers)
            report.demandLayers()
        }
        if json {
            try printJSON(report)
        } else {
            print(report.text, terminator: "")
        }
        if !report.holds { throw ExitCode(1) }
    }

    private func runInputs(
        _ inputs: String, _ compilation: Compilation, _ model: CompiledModel, _ report: inout ValidationReport
    ) throws {
        let plan = compilation.plan
        let validation = Validation(model)
        if minimumAgreement != nil {
            try requireClasses(
                compilation, validation, "--minimum-agreement is about the output with the scores")
        }
        if labels != nil {
            try requireClasses(compilation, validation, "--labels are classes of the output with the scores")
        }
        let wanted = try expectedFiles(validation)
        var folder: PictureFolder?
        let samples: SampleSet
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: inputs, isDirectory: &isFolder), isFolder.boolValue {
            try requireClasses(
                compilation, validation, "class folders are classes of the output with the scores")
            (samples, folder) = try pictures(inputs, plan, validation, &report)
        } else {
            samples = try SampleSet(
                NumericArray.read(inputs), source: inputs, plan: plan, warnings: &report.warnings)
        }
        guard minimumTop1 == nil || labels != nil || folder != nil else {
            throw CommandFailure("--minimum-top1 needs --labels or inputs in class folders.")
        }
        let outcome = try validation.run(samples)
        report.rows = outcome.rows
        report.leftOut = (folder?.leftOut ?? []) + outcome.leftOut
        report.toBeTurned = outcome.toBeTurned
        if let first = outcome.leftOut.first, !wanted.isEmpty || labels != nil {
            throw CommandFailure(
                "\(first.path) \(first.reason), and arrays of labels or outputs have one row for each picture; make the file "
                    + "again or remove it with its row.")
        }
        for (output, file) in wanted {
            let agreement = try validation.agreement(
                outcome, output: output, expected: NumericArray.read(file), source: file,
                warnings: &report.warnings)
            report.outputs.append(agreement)
            report.demand(
                agreement, hasScores: output == validation.scoreOutput, minimumAgreement: minimumAgreement)
        }
        if let labels {
            let classes = try validation.classes(
                NumericArray.read(labels), rows: outcome.rows, source: labels)
            report.labels = try validation.accuracy(outcome, classes: classes, source: labels)
        } else if let folder {
            report.labels = try validation.accuracy(
                outcome, classes: outcome.samples.map { folder.classes[$0] }, source: inputs, byName: true)
        }
        if let minimumTop1 { report.demandTop1(minimumTop1) }
    }

    /// - Throws: where no output of the model is known to have the scores that something is compared with.
    private func requireClasses(
        _ compilation: Compilation, _ validation: Validation, _ need: String
    ) throws {
        guard validation.scoreOutput == nil else { return }
        do {
            try compilation.requireScores(need)
        } catch {
            throw CommandFailure("\(options.model): \(error.description)")
        }
    }

    private func pictures(
        _ folder: String, _ plan: Plan, _ validation: Validation, _ report: inout ValidationReport
    ) throws -> (SampleSet, PictureFolder) {
        let input = plan.tensors[plan.input].shape
        guard [1, 3].contains(input.channels) else {
            throw CommandFailure(
                "The model's input of \(input.height) x \(input.width) x \(input.channels) values is no picture, and \(folder) "
                    + "is a folder of pictures; pass an array.")
        }
        report.warnings += plan.doubtsAboutPixels(of: "\(folder) holds pictures, whose pixels are")
        let pictures = try PictureFolder(
            folder, labels: plan.labels, classes: validation.classCount())
        return (.pictures(pictures.pictures), pictures)
    }

    /// The outputs that --expected names, each with its file.
    private func expectedFiles(_ validation: Validation) throws -> [(output: Int, file: String)] {
        var files: [(output: Int, file: String)] = []
        for text in expected {
            let found = try outputAndFile(text, validation)
            guard !files.contains(where: { $0.output == found.output }) else {
                throw CommandFailure(
                    "--expected \(text) is for an output that another --expected is for; the outputs are "
                        + "\(validation.outputList).")
            }
            files.append(found)
        }
        if minimumAgreement != nil, let scores = validation.scoreOutput,
            !files.contains(where: { $0.output == scores })
        {
            throw CommandFailure(
                "--minimum-agreement needs --expected for output \(scores), the one with the scores; the outputs are "
                    + "\(validation.outputList).")
        }
        return files
    }

    /// `NAME=FILE`, of which either may have equals signs in it, `NUMBER=FILE`, or `FILE`.
    private func outputAndFile(
        _ text: String, _ validation: Validation
    ) throws -> (output: Int, file: String) {
        for index in text.indices where text[index] == "=" {
            if let output = validation.output(named: String(text[..<index])) {
                return (output, String(text[text.index(after: index)...]))
            }
        }
        if let index = text.firstIndex(of: "="), !FileManager.default.fileExists(atPath: text) {
            throw CommandFailure(
                "--expected \(text) names the output '\(text[..<index])', which there is not; the outputs are "
                    + "\(validation.outputList).")
        }
        return (validation.scoreOutput ?? 0, text)
    }
}
