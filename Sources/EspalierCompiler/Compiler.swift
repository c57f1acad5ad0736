import EspalierFiles

/// What a user may decide about a compilation.
public struct CompileOptions: Sendable {
    /// The model's name in C: letters, digits and underscores.
    public var name: String
    /// Names of the classes; none, or as many as the first output has values.
    public var labels: [String] = []
    /// What a pixel value (0 ... 255) means to the model: real value = (pixel - mean) / deviation, one of each per
    /// channel or one for all. Without them stored value = pixel - 128, right for models fed 0 ... 255, 0 ... 1 or -1 ... 1.
    public var pixelMean: [Double] = []
    public var pixelDeviation: [Double] = []
    /// How the stored values of the output with the scores are read; nil: as the source model leaves no doubt.
    public var scores: ScoreRule?
    /// The name or number of that output; nil: the only one that is sure to have them.
    public var scoreOutput: String?
    /// Leaves channels in that hold one value on every input, or that no output depends on.
    public var keepsDead = false
    /// Inputs typical of the model's use, as quantised rows: where looking for silent channels pays, and in which order
    /// channels are stored. Results do not depend on them.
    public var calibration: [[Int8]] = []
    /// What decides how each convolution's weights are packed.
    public var costs = CostModel()

    public init(name: String) {
        self.name = name
    }

    var text: String {
        var parts: [String] = []
        if !labels.isEmpty {
            let more = labels.count > 16 ? ", ... (\(labels.count))" : ""
            parts.append("labels \(labels.prefix(16).joined(separator: ","))\(more)")
        }
        if !pixelMean.isEmpty { parts.append("mean \(pixelMean) deviation \(pixelDeviation)") }
        if let scores { parts.append("scores \(scores.rawValue)") }
        if let scoreOutput { parts.append("score output \(scoreOutput)") }
        if keepsDead { parts.append("keep dead") }
        if !calibration.isEmpty { parts.append("calibrated on \(calibration.count) inputs") }
        return parts.isEmpty ? "none" : parts.joined(separator: "; ")
    }
}

/// The compiler from a model file's bytes to a plan, a header or a model in memory.
public struct Compilation: Sendable {
    public let graph: Graph
    public let plan: Plan
    /// What the model's outputs are taken for.
    public let outputs: [OutputMeaning]
    private let banner: Banner

    public static let toolVersion = "0.1.0"

    /// - Parameters:
    ///   - bytes: a whole .tflite file.
    ///   - sourceName: its name, for messages and the header; no folder.
    /// - Throws: one sentence: what is wrong, where, what to do.
    public init(tflite bytes: [UInt8], sourceName: String, options: CompileOptions) throws(CompilerError) {
        var graph = try TFLiteImporter.graph(bytes: bytes, name: options.name)
        let outputs = graph.outputMeanings
        Passes.run(&graph, keepsDead: options.keepsDead)
        var plan: Plan
        if options.calibration.isEmpty {
            plan = try Planner.plan(graph, costs: options.costs)
        } else {
            let silence = try Silence(of: graph, plan: Planner.plan(graph), inputs: options.calibration)
            plan = try Planner.plan(graph, costs: options.costs, silence: silence)
            try Compilation.order(&graph, by: silence, costs: options.costs, improving: &plan)
        }
        try plan.apply(options, outputs)
        self.outputs = outputs
        self.graph = graph
        self.plan = plan
        banner = Banner(
            toolVersion: Compilation.toolVersion, sourceName: sourceName, sourceSHA256: Digest.sha256(bytes),
            options: options.text, deadWork: Removal(graph).text)
    }

    /// Stores channels that are silent together side by side, where that is faster: another order breaks up pruned blocks.
    private static func order(
        _ graph: inout Graph, by silence: Silence, costs: CostModel, improving plan: inout Plan
    ) throws(CompilerError) {
        var (ordered, orderedSilence) = (graph, silence)
        let orders = ChannelOrders(graph, silence).orders
        ordered.reorder(orders)
        orderedSilence.reorder(orders)
        let other = try Planner.plan(ordered, costs: costs, silence: orderedSilence)
        guard other.estimatedMicroseconds < plan.estimatedMicroseconds else { return }
        (graph, plan) = (ordered, other)
    }

    /// What dead-work removal did.
    public var removal: Removal { Removal(graph) }

    /// The C header's text.
    public var header: String { HeaderWriter.text(of: plan, banner: banner) }

    /// The same structures in memory.
    public func model() -> CompiledModel { CompiledModel(plan) }
}

extension Plan {
    fileprivate mutating func apply(
        _ options: CompileOptions, _ meanings: [OutputMeaning]
    ) throws(CompilerError) {
        scoreChoice = try ScoreChoice(meanings, output: options.scoreOutput, rule: options.scores)
        scores = ScoreChoice.code(scoreChoice, meanings)
        if !options.labels.isEmpty { try name(options.labels, meanings) }
        try applyPixels(options)
    }

    private mutating func name(_ labels: [String], _ outputs: [OutputMeaning]) throws(CompilerError) {
        guard let output = scoreChoice?.output ?? (outputs.count == 1 ? 0 : nil) else {
            throw CompilerError(
                "the labels name the classes of an output, and there are \(outputs.count): "
                    + "\(ScoreChoice.list(outputs)); choose one with --score-output NAME.")
        }
        let classes = outputs[output].classes
        if classes == 1 && labels.count == 2 {
            throw CompilerError(
                "there are 2 labels, and output \(outputs[output].title) has one score, that of the second class, as models "
                    + "with one sigmoid have it; give that label alone, '\(labels[1])'.")
        }
        guard labels.count == classes else {
            let first =
                labels.count == classes + 1 ? ", without '\(labels[0])' if that is none of its classes" : ""
            throw CompilerError(
                "there are \(labels.count) labels for the \(classes) \(classes == 1 ? "class" : "classes") of output "
                    + "\(outputs[output].title); give one a line\(first).")
        }
        self.labels = labels
    }

    private mutating func applyPixels(_ options: CompileOptions) throws(CompilerError) {
        guard !options.pixelMean.isEmpty || !options.pixelDeviation.isEmpty else { return }
        let input = tensors[self.input]
        let channels = input.shape.channels
        func perChannel(_ values: [Double], default value: Double) throws(CompilerError) -> [Double] {
            if values.isEmpty { return Array(repeating: value, count: channels) }
            if values.count == 1 { return Array(repeating: values[0], count: channels) }
            guard values.count == channels else {
                throw CompilerError(
                    "There are \(values.count) pixel means or deviations for \(channels) channels; give one or \(channels)."
                )
            }
            return values
        }
        let means = try perChannel(options.pixelMean, default: 0)
        let deviations = try perChannel(options.pixelDeviation, default: 1)
        guard deviations.allSatisfy({ $0 > 0 }) else {
            throw CompilerError("A pixel deviation is not above 0; give positive ones.")
        }
        for channel in 0..<channels {
            let stored = (0..<256).map { pixel in
                let real = (Double(pixel) - means[channel]) / deviations[channel]
                let steps = (real / Double(input.fields.scale)).rounded(.toNearestOrAwayFromZero)
                return Int8(max(-128, min(127, steps + Double(input.fields.zero_point))))
            }
            guard Set(stored).count > 3, stored.count(where: { $0 == -128 || $0 == 127 }) <= 230 else {
                throw CompilerError(
                    "--pixel-mean and --pixel-deviation leave hardly one of the values 0 to 255 different from another; "
                        + "both are in these values, 255 times what they are for 0 to 1, and go together.")
            }
            pixelTable += stored
        }
    }
}
