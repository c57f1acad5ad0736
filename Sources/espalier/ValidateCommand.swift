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
            stores them, uint8 pixels, or float32 real values. The exit status is 0 only if everything asked for holds: \
            with --expected every row bit-identical (or --minimum-agreement), with --layers every activation, with \
            --labels the --minimum-top1.
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: "Inputs: an array, or a folder with the PNGs of each class in a folder of its own.")
    var inputs: String?

    @Option(help: "Expected outputs, one row an input: int8, uint8 or float32.")
    var expected: String?

    @Option(help: "The class of each input, as integers; negative ones are left out.")
    var labels: String?

    @Option(help: "An .npz with recorded activations t<tensor index>, the input among them.")
    var layers: String?

    @Option(
        help: "With --expected: the share of rows (0...1) that must have the same class, instead of all bits."
    )
    var minimumAgreement: Double?

    @Option(help: "With labels: the share of labelled rows (0...1) that must be correct.")
    var minimumTop1: Double?

    @Flag(help: "Print JSON for scripts.")
    var json = false

    func validate() throws {
        guard inputs != nil || layers != nil else {
            throw ValidationError("Pass --inputs, --layers or both.")
        }
        guard expected == nil || inputs != nil, labels == nil || inputs != nil else {
            throw ValidationError("--expected and --labels need --inputs.")
        }
        guard minimumAgreement == nil || expected != nil else {
            throw ValidationError("--minimum-agreement needs --expected.")
        }
        for share in [minimumAgreement, minimumTop1].compactMap({ $0 }) where !(0...1).contains(share) {
            throw ValidationError("A minimum is a share between 0 and 1, not \(share).")
        }
    }

    func run() throws {
        let compilation = try options.compilation()
        let model = compilation.model()
        var report = Report()
        if let inputs { try runInputs(inputs, compilation, model, &report) }
        if let layers { report.layers = try LayerValidation(compilation, model).run(recording: layers) }
        report.holds =
            report.expectedHolds(minimumAgreement) && report.labelsHold(minimumTop1)
            && report.layers?.allSatisfy(\.holds) ?? true
        if json {
            try printJSON(report)
        } else {
            print(report.text, terminator: "")
        }
        if !report.holds { throw ExitCode(1) }
    }

    private func runInputs(
        _ inputs: String, _ compilation: Compilation, _ model: CompiledModel, _ report: inout Report
    ) throws {
        let plan = compilation.plan
        let validation = Validation(model)
        let samples: SampleSet
        var classes: [Int]?
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: inputs, isDirectory: &isFolder), isFolder.boolValue {
            let outputs = plan.tensors[Int(plan.outputs[0])].shape.count
            (samples, classes) = try SampleSet.pictures(folder: inputs, labels: plan.labels, classes: outputs)
        } else {
            samples = try SampleSet(NumericArray.read(inputs), source: inputs, plan: plan)
        }
        if let labels {
            guard let integers = try NumericArray.read(labels).asIntegers() else {
                throw CommandFailure("\(labels) holds no integers; pass the class index of each input.")
            }
            classes = integers
        }
        guard minimumTop1 == nil || classes != nil else {
            throw CommandFailure("--minimum-top1 needs --labels or inputs in class folders.")
        }
        let outputs = try validation.run(samples)
        report.rows = outputs.count
        if let expected {
            report.expected = try validation.agreement(
                outputs, expected: NumericArray.read(expected), source: expected)
        }
        if let classes {
            report.labels = try validation.accuracy(outputs, classes: classes, source: labels ?? inputs)
        }
    }
}

/// What validation found; its fields are the JSON output's.
private struct Report: Encodable {
    var holds = false
    var rows = 0
    var expected: Validation.Agreement?
    var labels: Validation.Accuracy?
    var layers: [LayerValidation.Row]?

    enum CodingKeys: String, CodingKey {
        case holds, rows, rowsBitIdentical, agreement, rowsLabelled, rowsCorrect, top1, layers
    }

    func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(holds, forKey: .holds)
        try container.encode(rows, forKey: .rows)
        try container.encodeIfPresent(expected?.rowsBitIdentical, forKey: .rowsBitIdentical)
        try container.encodeIfPresent(expected?.agreement, forKey: .agreement)
        try container.encodeIfPresent(labels?.rowsLabelled, forKey: .rowsLabelled)
        try container.encodeIfPresent(labels?.rowsCorrect, forKey: .rowsCorrect)
        try container.encodeIfPresent(labels?.top1, forKey: .top1)
        try container.encodeIfPresent(layers, forKey: .layers)
    }

    func expectedHolds(_ minimumAgreement: Double?) -> Bool {
        guard let expected else { return true }
        if let minimumAgreement { return expected.agreement >= minimumAgreement }
        return expected.rowsBitIdentical == expected.rows
    }

    func labelsHold(_ minimumTop1: Double?) -> Bool {
        guard let labels, let minimumTop1 else { return true }
        return labels.top1 >= minimumTop1
    }

    var text: String {
        var lines: [String] = []
        if rows > 0 { lines.append("\(rows) rows run") }
        if let expected {
            lines.append(
                "\(expected.rowsBitIdentical) of \(expected.rows) rows bit-identical to those expected")
            lines.append(
                "agreement \(percent(expected.agreement)) (\(expected.rowsSameClass) rows of the same class)")
        }
        if let labels {
            lines.append(
                "top-1 \(percent(labels.top1)) (\(labels.rowsCorrect) of \(labels.rowsLabelled) labelled rows)"
            )
        }
        for layer in layers ?? [] {
            let state =
                layer.isFolded
                ? "folded into another layer"
                : "\(layer.valuesIdentical) of \(layer.values) values identical, greatest difference "
                    + "\(layer.greatestDifference)" + removed(layer)
            lines.append("\(layer.tensor)  \(state)  \(layer.name.prefix(60))")
        }
        lines.append(holds ? "Everything asked for holds." : "Not everything asked for holds.")
        return lines.joined(separator: "\n") + "\n"
    }

    private func removed(_ layer: LayerValidation.Row) -> String {
        guard layer.channelsConstant + layer.channelsDead > 0 else { return "" }
        return ", removed channels: \(layer.channelsConstant) constant (compared), \(layer.channelsDead) dead"
            + " (not compared)"
    }

    private func percent(_ share: Double) -> String {
        String(format: "%.2f %%", share * 100)
    }
}
