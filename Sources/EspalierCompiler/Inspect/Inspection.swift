import CEspalier

/// What `inspect` says about a compiled model. Encodable: its fields are the JSON output's.
public struct Inspection: Codable, Sendable {
    public struct Layer: Codable, Sendable {
        public var index: Int
        public var source: String
        public var operation: String
        /// [height, width, channels]
        public var output: [Int]
        /// Of the source layer; of what dead-work removal left, counted as if nothing were pruned; of kept blocks.
        public var macs: UInt64
        public var macsLive: UInt64
        public var macsKept: UInt64
        /// Weights of the source layer, and of what dead-work removal left.
        public var weightBytes: Int
        public var weightBytesLive: Int
        public var blocks: Int
        public var blocksLive: Int
        public var blocksKept: Int
        /// Channels of the output that dead-work removal took away.
        public var channelsConstant: Int
        public var channelsDead: Int
        /// Outputs that share a mask row: 1, 2, 4 or 16; 0 where the layer has no blocks.
        public var blockOutputs: Int
        /// How its weights are packed, and why; absent where the layer leaves no choice.
        public var packing: PackingChoice?
        public var flashBytes: Int
        public var arenaOffset: Int
    }

    public var name: String
    public var input: [Int]
    public var inputScale: Float
    public var inputZeroPoint: Int
    public var outputs: [[Int]]
    /// What each output is taken for, and why.
    public var outputMeanings: [OutputMeaning]
    /// Index of the output with the scores, and how they are read; absent where no output is known to have them.
    public var scoreOutput: Int?
    public var scores: String?
    /// The names of the classes; empty where none were given.
    public var labels: [String]
    public var flashBytes: Int
    public var arenaBytes: Int
    public var macs: UInt64
    public var macsLive: UInt64
    public var macsKept: UInt64
    public var weightBytes: Int
    public var weightBytesLive: Int
    public var blocks: Int
    public var blocksKept: Int
    public var removal: Removal
    public var layers: [Layer]

    public init(_ compilation: Compilation) {
        let plan = compilation.plan
        let source = plan.tensors[plan.input]
        name = plan.name
        input = source.shape.sides
        inputScale = source.fields.scale
        inputZeroPoint = Int(source.fields.zero_point)
        outputs = plan.outputs.map { plan.tensors[Int($0)].shape.sides }
        outputMeanings = compilation.outputs
        scoreOutput = plan.scoreChoice?.output
        scores = plan.scoreChoice?.rule.rawValue
        labels = plan.labels
        flashBytes = plan.flashBytes
        arenaBytes = plan.arenaBytes
        macs = plan.macs
        macsLive = plan.macsLive
        macsKept = plan.macsKept
        weightBytes = plan.weightBytes
        weightBytesLive = plan.weightBytesLive
        removal = compilation.removal
        blocks = plan.blocks
        blocksKept = plan.blocksKept
        // The planner makes one layer of each node, in the same order.
        layers = zip(compilation.graph.nodes, plan.layers).enumerated().map { index, pair in
            let (node, layer) = pair
            let selection = compilation.graph.tensors[node.output].selection
            let output = plan.tensors[Int(layer.fields.output)]
            return Layer(
                index: index, source: layer.label, operation: Self.name(of: layer.fields.operation),
                output: output.shape.sides, macs: layer.macs, macsLive: layer.live.macs,
                macsKept: layer.macsKept,
                weightBytes: layer.sourceWeightBytes, weightBytesLive: layer.live.weightBytes,
                blocks: Int(layer.fields.blocks), blocksLive: layer.live.blocks,
                blocksKept: Int(layer.fields.blocks_kept), channelsConstant: selection?.constants.count ?? 0,
                channelsDead: selection?.dead.count ?? 0,
                blockOutputs: Int(layer.fields.block_outputs), packing: layer.choice,
                flashBytes: layer.tableBytes,
                arenaOffset: Int(output.fields.offset))
        }
    }

    private static func name(of operation: Int32) -> String {
        switch operation {
        case ESPALIER_OPERATION_CONVOLUTION: "convolution"
        case ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION: "depthwise"
        case ESPALIER_OPERATION_ADD: "add"
        case ESPALIER_OPERATION_MULTIPLY: "multiply"
        case ESPALIER_OPERATION_PAD: "pad"
        case ESPALIER_OPERATION_MAX_POOL: "max pool"
        case ESPALIER_OPERATION_AVERAGE_POOL: "average pool"
        case ESPALIER_OPERATION_MEAN: "mean"
        case ESPALIER_OPERATION_RESHAPE: "reshape"
        case ESPALIER_OPERATION_CONCATENATION: "concatenation"
        case ESPALIER_OPERATION_SOFTMAX: "softmax"
        case ESPALIER_OPERATION_TABLE: "table"
        default: "unknown"
        }
    }

    // MARK: Text

    /// The report as a table for a terminal.
    public var text: String {
        var rows = [
            [
                "", "operation", "output", "constant", "dead", "MACs", "live", "kept", "blocks", "kept",
                "packing", "flash",
                "source", "why this packing",
            ]
        ]
        for layer in layers {
            rows.append([
                "\(layer.index)", layer.operation, layer.output.map(String.init).joined(separator: "x"),
                count(layer.channelsConstant), count(layer.channelsDead), "\(layer.macs)",
                percent(layer.macsLive, layer.macs), percent(layer.macsKept, layer.macs), "\(layer.blocks)",
                percent(UInt64(layer.blocksKept), UInt64(layer.blocks)), layer.packing?.kind.rawValue ?? "",
                "\(layer.flashBytes)",
                layer.source, layer.packing?.text ?? "",
            ])
        }
        var lines = [
            "\(name): input \(input.map(String.init).joined(separator: "x")), scale \(inputScale), "
                + "zero point \(inputZeroPoint)"
        ]
        lines += outputMeanings.enumerated().map { index, meaning in outputText(index, meaning) }
        if !labels.isEmpty {
            let names = labels.prefix(20).enumerated().map { "\($0) \($1)" }
            lines.append("labels: \(names.joined(separator: ", "))" + (labels.count > 20 ? ", ..." : ""))
        }
        lines += [
            "flash \(flashBytes) bytes, arena \(arenaBytes) bytes",
            "dead work: \(removal.text)",
            "weights \(weightBytes) bytes, live \(weightBytesLive) "
                + "(\(percent(UInt64(weightBytesLive), UInt64(weightBytes)))); MACs live \(macsLive) "
                + "(\(percent(macsLive, macs)))",
            "MACs \(macs), kept \(macsKept) (\(percent(macsKept, macs))); blocks \(blocks), kept \(blocksKept) "
                + "(\(percent(UInt64(blocksKept), UInt64(blocks))))",
            "",
        ]
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.indices.map { column in
                let fill = String(repeating: " ", count: widths[column] - row[column].count)
                let isText = [1, 2, 10, 12, 13].contains(column)
                return isText ? row[column] + fill : fill + row[column]
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// "output 0 'scores': 1x1x2, taken for scores of 2 classes, as SOFTMAX makes them; a reaction's scores"
    private func outputText(_ index: Int, _ meaning: OutputMeaning) -> String {
        let shape = meaning.shape.map(String.init).joined(separator: "x")
        var text =
            "output \(index) '\(meaning.name)': \(shape), taken for \(meaning.taken) because \(meaning.reason)"
        if index == scoreOutput, let scores {
            text += "; a reaction's scores, " + (scores == "probabilities" ? "as they are" : "by \(scores)")
        }
        return text
    }

    private func count(_ channels: Int) -> String {
        channels == 0 ? "-" : "\(channels)"
    }

    private func percent(_ part: UInt64, _ whole: UInt64) -> String {
        guard whole > 0 else { return "-" }
        let permille = part * 1000 / whole
        return "\(permille / 10).\(permille % 10)%"
    }
}

extension Shape {
    /// [height, width, channels]
    var sides: [Int] { [height, width, channels] }
}
