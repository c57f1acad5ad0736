import CEspalier

/// What `inspect` says about a compiled model. Encodable: its fields are the JSON output's.
public struct Inspection: Codable, Sendable {
    public struct Layer: Codable, Sendable {
        public var index: Int
        public var source: String
        public var operation: String
        /// [height, width, channels]
        public var output: [Int]
        public var macs: UInt64
        public var macsKept: UInt64
        public var blocks: Int
        public var blocksKept: Int
        /// Outputs that share a mask row: 1, 2 or 4; 0 where the layer has no blocks.
        public var blockOutputs: Int
        public var flashBytes: Int
        public var arenaOffset: Int
    }

    public var name: String
    public var input: [Int]
    public var inputScale: Float
    public var inputZeroPoint: Int
    public var outputs: [[Int]]
    public var flashBytes: Int
    public var arenaBytes: Int
    public var macs: UInt64
    public var macsKept: UInt64
    public var blocks: Int
    public var blocksKept: Int
    public var layers: [Layer]

    public init(_ compilation: Compilation) {
        let plan = compilation.plan
        let source = plan.tensors[plan.input]
        name = plan.name
        input = source.shape.sides
        inputScale = source.fields.scale
        inputZeroPoint = Int(source.fields.zero_point)
        outputs = plan.outputs.map { plan.tensors[Int($0)].shape.sides }
        flashBytes = plan.flashBytes
        arenaBytes = plan.arenaBytes
        macs = plan.macs
        macsKept = plan.macsKept
        blocks = plan.blocks
        blocksKept = plan.blocksKept
        layers = plan.layers.enumerated().map { index, layer in
            let output = plan.tensors[Int(layer.fields.output)]
            return Layer(
                index: index, source: layer.label, operation: Self.name(of: layer.fields.operation),
                output: output.shape.sides, macs: layer.macs, macsKept: layer.macsKept,
                blocks: Int(layer.fields.blocks), blocksKept: Int(layer.fields.blocks_kept),
                blockOutputs: Int(layer.fields.block_outputs), flashBytes: layer.tableBytes,
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
        var rows = [["", "operation", "output", "MACs", "kept", "blocks", "kept", "rows", "flash", "source"]]
        for layer in layers {
            rows.append([
                "\(layer.index)", layer.operation, layer.output.map(String.init).joined(separator: "x"),
                "\(layer.macs)", percent(layer.macsKept, layer.macs), "\(layer.blocks)",
                percent(UInt64(layer.blocksKept), UInt64(layer.blocks)), rowKind(layer), "\(layer.flashBytes)",
                layer.source,
            ])
        }
        var lines = [
            "\(name): input \(input.map(String.init).joined(separator: "x")), scale \(inputScale), "
                + "zero point \(inputZeroPoint)",
            "flash \(flashBytes) bytes, arena \(arenaBytes) bytes",
            "MACs \(macs), kept \(macsKept) (\(percent(macsKept, macs))); blocks \(blocks), kept \(blocksKept) "
                + "(\(percent(UInt64(blocksKept), UInt64(blocks))))",
            "",
        ]
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.indices.map { column in
                let fill = String(repeating: " ", count: widths[column] - row[column].count)
                let isText = [1, 2, 7, 9].contains(column)
                return isText ? row[column] + fill : fill + row[column]
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// How a layer's blocks are stored: dense, or masked with 1, 2 or 4 outputs to a mask row.
    private func rowKind(_ layer: Layer) -> String {
        guard layer.blockOutputs > 0 else { return "" }
        return layer.blocksKept == layer.blocks ? "dense" : "\(layer.blockOutputs)x4"
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
