/// Turns a .tflite file into the typed graph: int8 as it is, legacy uint8 moved to int8.
///
/// TFLite left-pads shapes: a [1, n] activation is here 1 x 1 x n, and axis a of r dimensions is axis a + 4 - r.
public struct TFLiteImporter {
    var model: TFLiteModel
    var graph: Graph

    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: what to call the model; shows in the header.
    /// - Throws: a sentence for a damaged file; for one with operators, types or shapes that are not supported, a sentence
    ///   and a line for each further one.
    public static func graph(bytes: [UInt8], name: String) throws(CompilerError) -> Graph {
        var importer = TFLiteImporter(model: try TFLiteModel(bytes: bytes), graph: Graph(name: name))
        let survey = Survey(of: importer.model)
        let refusals = importer.importAll(after: survey)
        guard refusals.isEmpty else { throw refusals.error }
        return importer.graph
    }

    typealias OperatorImporter =
        @Sendable (inout TFLiteImporter, TFLiteOperator) throws(CompilerError) -> Void

    /// What is supported, by TFLite's name.
    static let importers: [String: OperatorImporter] = [
        "CONV_2D": { (this, node) throws(CompilerError) in try this.importConvolution(node) },
        "DEPTHWISE_CONV_2D": { (this, node) throws(CompilerError) in try this.importDepthwiseConvolution(node)
        },
        "FULLY_CONNECTED": { (this, node) throws(CompilerError) in try this.importFullyConnected(node) },
        "ADD": { (this, node) throws(CompilerError) in try this.importAdd(node) },
        "MUL": { (this, node) throws(CompilerError) in try this.importMultiply(node) },
        "MAX_POOL_2D": { (this, node) throws(CompilerError) in try this.importPool(node) },
        "AVERAGE_POOL_2D": { (this, node) throws(CompilerError) in try this.importPool(node) },
        "MEAN": { (this, node) throws(CompilerError) in try this.importMean(node) },
        "SOFTMAX": { (this, node) throws(CompilerError) in try this.importSoftmax(node) },
        "LOGISTIC": { (this, node) throws(CompilerError) in try this.importLogistic(node) },
        "RELU": { (this, node) throws(CompilerError) in try this.importActivation(node) },
        "RELU6": { (this, node) throws(CompilerError) in try this.importActivation(node) },
        "RELU_N1_TO_1": { (this, node) throws(CompilerError) in try this.importActivation(node) },
        "QUANTIZE": { (this, node) throws(CompilerError) in try this.importQuantize(node) },
        "DEQUANTIZE": { (this, node) throws(CompilerError) in try this.importDequantize(node) },
        "DENSIFY": { (this, node) throws(CompilerError) in try this.importDensify(node) },
        "PAD": { (this, node) throws(CompilerError) in try this.importPad(node) },
        "PADV2": { (this, node) throws(CompilerError) in try this.importPad(node) },
        "CONCATENATION": { (this, node) throws(CompilerError) in try this.importConcatenation(node) },
        "RESHAPE": { (this, node) throws(CompilerError) in try this.importReshape(node) },
        "SQUEEZE": { (this, node) throws(CompilerError) in try this.importReshape(node) },
        "EXPAND_DIMS": { (this, node) throws(CompilerError) in try this.importReshape(node) },
        "TRANSPOSE": { (this, node) throws(CompilerError) in try this.importTranspose(node) },
    ]

    /// Imports all operators that the survey left.
    ///
    /// - Returns: what the survey found and what else is wrong; the graph holds only where that is nothing.
    private mutating func importAll(after survey: Survey) -> Refusals {
        var refusals = survey.refusals
        model.expandSparse()
        for tensor in model.tensors { graph.tensors.append(placeholder(tensor)) }
        graph.input = model.inputs.first ?? -1
        graph.outputs = model.outputs
        graph.outputNames = model.outputs.map { $0 < 0 ? "" : model.tensors[$0].name }

        graph.inputType = model.inputs.first.map(storage) ?? .real

        var ready = Set(model.inputs)
        for node in model.operators {
            if !survey.blocked.contains(node.index) {
                do throws(CompilerError) {
                    try importOperator(node, ready: ready)
                } catch {
                    refusals.append(node, error.description)
                }
            }
            ready.formUnion(node.outputs)
        }
        guard refusals.isEmpty else { return refusals }
        for output in model.outputs where !ready.contains(output) || model.tensors[output].isConstant {
            let name = model.tensors[output].name
            refusals.append(
                "The model's output '\(name)' is computed by no operator; export the model again.")
        }
        for end in [graph.resolved(graph.input)] + graph.outputs {
            do throws(CompilerError) { _ = try activation(end) } catch { refusals.append(error.description) }
        }
        let (kept, mixed) = squashings()
        for (tensor, squashing) in kept { graph.tensors[tensor].squashing = squashing }
        for (tensor, squashing) in mixed { graph.tensors[tensor].mixedSquashing = squashing }
        return refusals
    }

    /// How the source's input tensor holds its values.
    private func storage(_ input: Int) -> InputType {
        switch input < 0 ? nil : model.tensors[input].type {
        case .uint8: .uint8
        case .int8: .int8
        default: .real
        }
    }

    private mutating func importOperator(_ node: TFLiteOperator, ready: Set<Int>) throws(CompilerError) {
        guard let output = node.outputs.first, node.outputs.count == 1, output >= 0 else {
            throw CompilerError(
                "it has \(node.outputs.count) outputs; only operators with one are supported.")
        }
        for input in node.inputs
        where input >= 0 && !ready.contains(input) && !model.tensors[input].isConstant {
            throw CompilerError(absence(of: model.tensors[input]))
        }
        guard !ready.contains(output), !model.tensors[output].isConstant else {
            throw CompilerError("it writes '\(model.tensors[output].name)', which already has a value.")
        }
        try TFLiteImporter.importers[node.name]?(&self, node)
    }

    /// Why a tensor that is read has no value.
    private func absence(of tensor: TFLiteTensor) -> String {
        if tensor.isVariable {
            return
                "it reads '\(tensor.name)', which keeps its value from one run to the next; export the model without state."
        }
        guard let writer = model.operators.first(where: { $0.outputs.contains(tensor.index) })?.index else {
            return
                "it reads '\(tensor.name)', which has no values and is computed by no operator; export the model again."
        }
        return
            "it reads '\(tensor.name)' before operator \(writer) computes it; export the model again."
    }

    mutating func append(_ node: TFLiteOperator, _ operation: Operation, inputs: [Int]) {
        graph.nodes.append(
            Node(
                label: label(node), operation: operation,
                inputs: inputs.map { graph.resolved($0) }, output: node.outputs[0]))
    }

    /// What people call an operator.
    func label(_ node: TFLiteOperator) -> String { "operator \(node.index) (\(node.name))" }

    // MARK: Operands

    /// The operand at a position, or nil where it is absent.
    func operand(_ node: TFLiteOperator, _ position: Int) -> TFLiteTensor? {
        guard node.inputs.indices.contains(position), node.inputs[position] >= 0 else { return nil }
        return model.tensors[node.inputs[position]]
    }

    func requiredOperand(_ node: TFLiteOperator, _ position: Int) throws(CompilerError) -> TFLiteTensor {
        guard let tensor = operand(node, position) else {
            throw CompilerError("it has no input \(position).")
        }
        return tensor
    }

    /// The index of an activation input after passes, checked.
    func input(_ node: TFLiteOperator, _ position: Int) throws(CompilerError) -> Int {
        let index = graph.resolved(try requiredOperand(node, position).index)
        _ = try activation(index)
        return index
    }

    /// A tensor of the graph as an int8 activation.
    ///
    /// - Throws: a sentence where it is of another type, is not quantised, or has a shape that does not fit.
    func activation(_ index: Int) throws(CompilerError) -> GraphTensor {
        let source = model.tensors[index]
        guard source.type == .int8 || source.type == .uint8 else {
            throw CompilerError(
                "tensor '\(source.name)' is \(source.type), and Espalier computes in int8; convert the model to full int8."
            )
        }
        guard source.scales.count >= 1, source.zeroPoints.count >= 1 else {
            throw CompilerError(
                "tensor '\(source.name)' has no quantisation; convert the model to full int8.")
        }
        let tensor = graph.tensors[index]
        guard tensor.scale > 0, tensor.scale.isFinite, (-128...127).contains(tensor.zeroPoint) else {
            throw CompilerError(
                "tensor '\(source.name)' has scale \(tensor.scale) and zero point \(tensor.zeroPoint), which no int8 "
                    + "tensor can have.")
        }
        guard Self.shape(source.shape) != nil else {
            throw CompilerError(
                "tensor '\(source.name)' has shape \(source.shape); supported are up to four dimensions, the first of "
                    + "four being 1, each 1 to 65535.")
        }
        return tensor
    }

    /// The graph's tensor for a tensor of the file; its validity is asked for with `activation` where it is used.
    private func placeholder(_ tensor: TFLiteTensor) -> GraphTensor {
        let scale = (try? tensor.scales.floats().first) ?? 0
        let zeroPoint = (try? tensor.zeroPoints.integer(0, as: Int64.self)) ?? 0
        let moved = tensor.type == .uint8 ? zeroPoint &- 128 : zeroPoint
        return GraphTensor(
            name: tensor.name, shape: Self.shape(tensor.shape) ?? Shape(0, 0, 0), scale: scale,
            zeroPoint: Int32(clamping: moved))
    }

    /// The picture a list of dimensions stands for, or nil where there is none.
    static func shape(_ dimensions: [Int]) -> Shape? {
        let padded = Array(repeating: 1, count: max(0, 4 - dimensions.count)) + dimensions
        guard padded.count == 4, padded[0] == 1, padded.allSatisfy({ (1...65_535).contains($0) }) else {
            return nil
        }
        return Shape(padded[1], padded[2], padded[3])
    }

    /// A constant's values as int8; uint8 is moved by 128.
    func int8Values(_ tensor: TFLiteTensor) throws(CompilerError) -> [Int8] {
        if let dense = tensor.dense { return try dense.get() }
        guard tensor.type.isEightBit else {
            throw CompilerError(
                "'\(tensor.name)' is \(tensor.type), and Espalier computes in int8; convert the model to full int8."
            )
        }
        guard let count = Self.elementCount(tensor.shape), count == tensor.data.count else {
            throw CompilerError(
                "'\(tensor.name)' has \(tensor.data.count) bytes for shape \(tensor.shape); export the model again."
            )
        }
        let flip: UInt8 = tensor.type == .uint8 ? 0x80 : 0
        return tensor.data.bytes.map { Int8(bitPattern: $0 ^ flip) }
    }

    func int32Values(_ tensor: TFLiteTensor) throws(CompilerError) -> [Int32] {
        guard tensor.type == .int32, tensor.data.count % 4 == 0, tensor.sparsity == nil else {
            throw CompilerError(
                "'\(tensor.name)' should be a dense constant of int32, but is \(tensor.sparsity == nil ? "" : "sparse ")"
                    + "\(tensor.type); export the model again.")
        }
        return try FlatVector(
            buffer: tensor.data.buffer, start: tensor.data.start, count: tensor.data.count / 4, stride: 4
        ).integers(as: Int32.self)
    }

    static func elementCount(_ dimensions: [Int]) -> Int? {
        var count = 1
        for dimension in dimensions {
            guard dimension >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow else { return nil }
            count = product
        }
        return count
    }

    // MARK: Common options

    /// The stored values a fused activation leaves (`CalculateActivationRangeQuantized`).
    func activationRange(_ code: Int8, _ output: GraphTensor) throws(CompilerError) -> ActivationRange {
        func stored(_ value: Float) -> Int32 {
            let quotient = (value / output.scale).rounded(.toNearestOrAwayFromZero)
            return output.zeroPoint &+ Int32(max(-65_536, min(65_536, quotient)))
        }
        switch code {
        case 0: return ActivationRange()
        case 1: return ActivationRange(minimum: max(-128, stored(0)))
        case 2: return ActivationRange(minimum: max(-128, stored(-1)), maximum: min(127, stored(1)))
        case 3: return ActivationRange(minimum: max(-128, stored(0)), maximum: min(127, stored(6)))
        default:
            throw CompilerError(
                "fused activation \(code) is not supported; only NONE, RELU, RELU6, RELU_N1_TO_1.")
        }
    }

    /// Completes a window with the padding that SAME (0) or VALID (1) means, and checks it against the output.
    func padded(_ window: Window, _ padding: Int8, input: Shape, output: Shape) throws(CompilerError)
        -> Window
    {
        let numbers = [
            window.kernelHeight, window.kernelWidth, window.strideHeight, window.strideWidth,
            window.dilationHeight,
            window.dilationWidth,
        ]
        guard numbers.allSatisfy({ (1...32_767).contains($0) }) else {
            throw CompilerError("its kernel, stride or dilation is not between 1 and 32767.")
        }
        func side(_ size: Int, _ span: Int, _ stride: Int) throws(CompilerError) -> (count: Int, before: Int)
        {
            switch padding {
            case 0:
                let count = (size + stride - 1) / stride
                return (count, max(0, (count - 1) * stride + span - size) / 2)
            case 1: return (size < span ? 0 : (size - span) / stride + 1, 0)
            default: throw CompilerError("padding \(padding) is neither SAME nor VALID.")
            }
        }
        let rows = try side(input.height, window.spanHeight, window.strideHeight)
        let pixels = try side(input.width, window.spanWidth, window.strideWidth)
        guard rows.count == output.height, pixels.count == output.width else {
            throw CompilerError(
                "its output is \(output.height) x \(output.width), but its window gives \(rows.count) x \(pixels.count)."
            )
        }
        var window = window
        window.padTop = rows.before
        window.padLeft = pixels.before
        return window
    }
}
