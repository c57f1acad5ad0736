import EspalierCore

// ADD, MUL, stand-alone activations, LOGISTIC, QUANTIZE, DEQUANTIZE, SOFTMAX. What maps one int8 to another becomes a
// table of 256 values.

extension TFLiteImporter {
    mutating func importAdd(_ node: TFLiteOperator) throws(CompilerError) {
        let inputs = try elementwiseInputs(node)
        let output = try activation(node.outputs[0])
        let first = graph.tensors[inputs[0]]
        let second = graph.tensors[inputs[1]]
        let twiceGreatest = 2 * Double(max(first.scale, second.scale))
        let leftShift: Int32 = 20
        let multipliers = [
            QuantizedMultiplier(Double(first.scale) / twiceGreatest),
            QuantizedMultiplier(Double(second.scale) / twiceGreatest),
            QuantizedMultiplier(twiceGreatest / (Double(1 << leftShift) * Double(output.scale))),
        ]
        let range = try activationRange(node.options?.scalar(0, default: 0) ?? 0, output)
        append(node, .add(multipliers, leftShift: leftShift, range), inputs: inputs)
    }

    mutating func importMultiply(_ node: TFLiteOperator) throws(CompilerError) {
        let inputs = try elementwiseInputs(node)
        let output = try activation(node.outputs[0])
        // In single precision, as the reference does it.
        let factor = graph.tensors[inputs[0]].scale * graph.tensors[inputs[1]].scale / output.scale
        let range = try activationRange(node.options?.scalar(0, default: 0) ?? 0, output)
        append(node, .multiply(QuantizedMultiplier(Double(factor)), range), inputs: inputs)
    }

    /// Both operands, constants included, each side of which equals the output's or is 1.
    private mutating func elementwiseInputs(_ node: TFLiteOperator) throws(CompilerError) -> [Int] {
        let output = try activation(node.outputs[0])
        var inputs: [Int] = []
        for position in 0..<2 {
            let tensor = try requiredOperand(node, position)
            let index = try input(node, position)
            if tensor.isConstant { graph.tensors[index].constant = try int8Values(tensor) }
            inputs.append(index)
        }
        let shapes = inputs.map { graph.tensors[$0].shape }
        for axis in 0..<3 {
            let sides = [shapes[0][axis], shapes[1][axis]]
            guard sides.allSatisfy({ $0 == 1 || $0 == output.shape[axis] }), sides.max() == output.shape[axis]
            else {
                throw CompilerError(
                    "its inputs \(shapes[0].text) and \(shapes[1].text) do not give \(output.shape.text).")
            }
        }
        guard inputs.contains(where: { graph.tensors[$0].constant == nil }) else {
            throw CompilerError("both its inputs are constants; fold them when exporting the model.")
        }
        return inputs
    }

    // MARK: Tables

    mutating func importActivation(_ node: TFLiteOperator) throws(CompilerError) {
        let codes: [String: Int8] = ["RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3]
        try importRescaling(node, activationRange(codes[node.name] ?? 0, activation(node.outputs[0])))
    }

    mutating func importQuantize(_ node: TFLiteOperator) throws(CompilerError) {
        let source = try requiredOperand(node, 0)
        if source.type == .float32, source.index == graph.input {
            graph.input = node.outputs[0]
            graph.aliases[source.index] = node.outputs[0]
            _ = try activation(node.outputs[0])
            return
        }
        try importRescaling(node, ActivationRange())
    }

    mutating func importDequantize(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        guard model.outputs.contains(node.outputs[0]) else {
            throw CompilerError("it stands inside the model; only at a model's output is it supported.")
        }
        graph.replace(node.outputs[0], by: input)
    }

    /// Another scale and zero point, and a cut.
    private mutating func importRescaling(_ node: TFLiteOperator, _ range: ActivationRange)
        throws(CompilerError)
    {
        let index = try input(node, 0)
        let input = graph.tensors[index]
        let output = try activation(node.outputs[0])
        guard input.shape == output.shape else {
            throw CompilerError(
                "its input \(input.shape.text) and output \(output.shape.text) differ in shape.")
        }
        let factor = QuantizedMultiplier(Double(input.scale) / Double(output.scale))
        appendTable(node, index) { value in
            let moved = factor.apply(value - input.zeroPoint) &+ output.zeroPoint
            return min(max(moved, range.minimum), range.maximum)
        }
    }

    /// Source: TensorFlow Lite `reference/integer_ops/logistic.h`: Q4.27 in, Q0.31 out, cut to 8 bits.
    mutating func importLogistic(_ node: TFLiteOperator) throws(CompilerError) {
        let index = try probabilityInput(node)
        let input = graph.tensors[index]
        let factor = QuantizedMultiplier(Double(input.scale) * Double(1 << 27))
        let radius = inputRadius(integerBits: 4, leftShift: Int(factor.shift))
        appendTable(node, index) { value in
            let centred = value - input.zeroPoint
            if centred <= -radius { return -128 }
            if centred >= radius { return 127 }
            let result = logistic(factor.apply(centred), integerBits: 4)
            return min(max(roundingShiftRight(result, 23) - 128, -128), 127)
        }
    }

    private mutating func appendTable(_ node: TFLiteOperator, _ input: Int, _ map: (Int32) -> Int32) {
        let table = (Int32(-128)...127).map { Int8(truncatingIfNeeded: map($0)) }
        append(node, .table(table), inputs: [input])
    }

    /// The input of an operator whose output is a probability, in the one quantisation TFLite gives those.
    private func probabilityInput(_ node: TFLiteOperator) throws(CompilerError) -> Int {
        let index = try input(node, 0)
        let output = try activation(node.outputs[0])
        guard output.zeroPoint == -128, output.scale == 1.0 / 256, graph.tensors[index].shape == output.shape
        else {
            throw CompilerError(
                "its output should have scale 1/256 and zero point -128, as TFLite specifies.")
        }
        return index
    }

    // MARK: Softmax

    /// Source: TensorFlow Lite `PreprocessSoftmaxScaling`: differences become Q5.26.
    mutating func importSoftmax(_ node: TFLiteOperator) throws(CompilerError) {
        let index = try probabilityInput(node)
        let input = graph.tensors[index]
        let beta = Double(try node.options?.float(0, default: 0) ?? 0)
        let factor = QuantizedMultiplier(min(beta * Double(input.scale) * Double(1 << 26), Double(Int32.max)))
        guard beta > 0, factor.shift >= 0 else {
            throw CompilerError("its beta \(beta) times the input's scale \(input.scale) is too small.")
        }
        let minimum = 0 - inputRadius(integerBits: 5, leftShift: Int(factor.shift))
        append(node, .softmax(factor, differenceMinimum: minimum), inputs: [index])
    }
}

extension Shape {
    /// "32 x 32 x 16", for messages.
    var text: String { "\(height) x \(width) x \(channels)" }
}
