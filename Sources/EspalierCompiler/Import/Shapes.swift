// Pools, MEAN, and the operators that only move values: PAD, CONCATENATION, RESHAPE, TRANSPOSE.

extension TFLiteImporter {
    mutating func importPool(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let output = try activation(node.outputs[0])
        let source = graph.tensors[input]
        guard source.shape.channels == output.shape.channels else {
            throw CompilerError(
                "its input \(source.shape.text) and output \(output.shape.text) differ in channels.")
        }
        var window = Window(
            kernelHeight: Int(try node.options?.scalar(4, default: Int32(0)) ?? 0),
            kernelWidth: Int(try node.options?.scalar(3, default: Int32(0)) ?? 0))
        window.strideWidth = Int(try node.options?.scalar(1, default: Int32(0)) ?? 0)
        window.strideHeight = Int(try node.options?.scalar(2, default: Int32(0)) ?? 0)
        window = try padded(
            window, node.options?.scalar(0, default: 0) ?? 0, input: source.shape, output: output.shape)
        let range = try activationRange(node.options?.scalar(5, default: 0) ?? 0, output)
        if node.name == "MAX_POOL_2D" {
            append(node, .maxPool(window, range), inputs: [input])
        } else {
            // uint8 means are rounded half up; moved to int8 that is away from -128.
            let origin: Int32 = model.tensors[node.outputs[0]].type == .uint8 ? -128 : 0
            append(node, .averagePool(window, range, roundingOrigin: origin), inputs: [input])
        }
    }

    mutating func importMean(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let output = try activation(node.outputs[0])
        let source = graph.tensors[input]
        let rank = model.tensors[node.inputs[0]].shape.count
        let axes = try int32Values(requiredOperand(node, 1)).map { axis in
            (axis < 0 ? Int(axis) + rank : Int(axis)) + 4 - rank
        }
        guard Set(axes) == [1, 2], output.shape == Shape(1, 1, source.shape.channels) else {
            throw CompilerError("only the mean over height and width is supported, not over axes \(axes).")
        }
        let factor = QuantizedMultiplier(Double(source.scale) / Double(output.scale))
        append(node, .mean(factor.dividedByCount(source.shape.height * source.shape.width)), inputs: [input])
    }

    mutating func importPad(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let output = try activation(node.outputs[0])
        let source = graph.tensors[input]
        guard source.scale == output.scale, source.zeroPoint == output.zeroPoint else {
            throw CompilerError("its input and output are quantised differently; export the model again.")
        }
        let amounts = try paddings(node)
        for axis in 0..<3
        where source.shape[axis] + amounts[axis].before + amounts[axis].after != output.shape[axis] {
            throw CompilerError(
                "its input \(source.shape.text) and paddings do not give \(output.shape.text).")
        }
        var value = output.zeroPoint
        if let constant = operand(node, 2), constant.isConstant {
            guard let first = try int8Values(constant).first else {
                throw CompilerError("its pad value is empty.")
            }
            value = Int32(first)
        }
        append(
            node,
            .pad(top: amounts[0].before, left: amounts[1].before, front: amounts[2].before, value: value),
            inputs: [input])
    }

    /// Rows, pixels and channels before and after.
    private func paddings(_ node: TFLiteOperator) throws(CompilerError) -> [(before: Int, after: Int)] {
        let tensor = try requiredOperand(node, 1)
        let values = try tensor.type == .int64 ? int64Values(tensor) : int32Values(tensor).map(Int.init)
        let rank = model.tensors[node.inputs[0]].shape.count
        guard values.count == rank * 2, values.allSatisfy({ (0...65_535).contains($0) }) else {
            throw CompilerError("its paddings \(values.prefix(8)) do not fit \(rank) dimensions.")
        }
        let all = Array(repeating: 0, count: 8 - values.count) + values
        guard all[0] == 0, all[1] == 0 else {
            throw CompilerError("it pads the batch; only height, width, channels.")
        }
        return (1..<4).map { (before: all[$0 * 2], after: all[$0 * 2 + 1]) }
    }

    private func int64Values(_ tensor: TFLiteTensor) throws(CompilerError) -> [Int] {
        try FlatVector(
            buffer: tensor.data.buffer, start: tensor.data.start, count: tensor.data.count / 8, stride: 8
        )
        .integers(as: Int64.self).map { Int(clamping: $0) }
    }

    mutating func importConcatenation(_ node: TFLiteOperator) throws(CompilerError) {
        let output = try activation(node.outputs[0])
        let rank = model.tensors[node.outputs[0]].shape.count
        let raw = Int(try node.options?.scalar(0, default: Int32(0)) ?? 0)
        let axis = (raw < 0 ? raw + rank : raw) + 4 - rank - 1
        guard (0..<3).contains(axis), try node.options?.scalar(1, default: Int8(0)) ?? 0 == 0 else {
            throw CompilerError(
                "only height, width or channels can be concatenated, without a fused activation.")
        }
        var inputs: [Int] = []
        for position in node.inputs.indices {
            let index = try input(node, position)
            let tensor = graph.tensors[index]
            if try requiredOperand(node, position).isConstant {
                graph.tensors[index].constant = try int8Values(requiredOperand(node, position))
            }
            for other in 0..<3 where other != axis && tensor.shape[other] != output.shape[other] {
                throw CompilerError(
                    "'\(tensor.name)' (\(tensor.shape.text)) does not fit \(output.shape.text).")
            }
            inputs.append(try rescaled(index, to: output, for: node))
        }
        guard inputs.map({ graph.tensors[$0].shape[axis] }).reduce(0, +) == output.shape[axis] else {
            throw CompilerError("its inputs do not add up to \(output.shape.text).")
        }
        append(node, .concatenate(axis: axis), inputs: inputs)
    }

    /// An input of a concatenation in the scale of its output: TFLite's int8 kernel demands that it has that already, its
    /// uint8 kernel converts it.
    private mutating func rescaled(_ index: Int, to output: GraphTensor, for node: TFLiteOperator)
        throws(CompilerError)
        -> Int
    {
        let tensor = graph.tensors[index]
        if tensor.scale == output.scale, tensor.zeroPoint == output.zeroPoint { return index }
        guard model.tensors[node.outputs[0]].type == .uint8 else {
            throw CompilerError(
                "'\(tensor.name)' has scale \(tensor.scale) and zero point \(tensor.zeroPoint), the result \(output.scale) "
                    + "and \(output.zeroPoint), which TFLite takes in uint8 models only; convert the model again: "
                    + "TFLiteConverter gives them all one scale.")
        }
        guard try node.options?.flag(2) != true else {
            throw CompilerError(
                "it asks for fixed-point scaling, which is not supported; convert the model again.")
        }
        guard graph.tensors.count < 32_768 else {
            throw CompilerError("the model has too many concatenations of different scales; split it.")
        }
        let table = concatenationTable(tensor, output)
        var converted = GraphTensor(
            name: "\(tensor.name) rescaled", shape: tensor.shape, scale: output.scale,
            zeroPoint: output.zeroPoint)
        converted.constant = tensor.constant?.map { table[Int($0) + 128] }
        graph.tensors.append(converted)
        let new = graph.tensors.count - 1
        if converted.constant == nil {
            graph.nodes.append(
                Node(label: label(node), operation: .table(table), inputs: [index], output: new))
        }
        return new
    }

    /// Source: TensorFlow Lite `ConcatenationWithScaling`, uint8, in single precision.
    private func concatenationTable(_ input: GraphTensor, _ output: GraphTensor) -> [Int8] {
        let scale = input.scale * (1 / output.scale)
        let bias = Float(-(input.zeroPoint + 128)) * scale
        return (0...255).map { stored in
            let rounded = (Float(stored) * scale + bias).rounded(.toNearestOrAwayFromZero)
            let value = max(-1024, min(1024, rounded)) + Float(output.zeroPoint)
            return Int8(max(-128, min(127, value)))
        }
    }

    /// DENSIFY of a constant is another way to store it.
    mutating func importDensify(_ node: TFLiteOperator) throws(CompilerError) {
        let source = try requiredOperand(node, 0)
        let output = model.tensors[node.outputs[0]]
        guard source.isConstant else {
            throw CompilerError(
                "it makes '\(source.name)' dense, which is no constant; export the model without it.")
        }
        // What is wrong is said where the result is read.
        let fits = source.shape == output.shape && source.type == output.type
        do throws(CompilerError) {
            guard fits else {
                throw CompilerError(
                    "'\(output.name)' (\(output.type) \(output.shape)) is another than '\(source.name)' (\(source.type) "
                        + "\(source.shape)), which DENSIFY makes it of; export the model again.")
            }
            model.tensors[output.index].dense = .success(try int8Values(source))
        } catch {
            model.tensors[output.index].dense = .failure(error)
        }
    }

    mutating func importReshape(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let output = try activation(node.outputs[0])
        let source = graph.tensors[input]
        guard source.shape.count == output.shape.count else {
            throw CompilerError(
                "its input \(source.shape.text) and output \(output.shape.text) differ in size.")
        }
        guard source.scale == output.scale, source.zeroPoint == output.zeroPoint else {
            throw CompilerError("its input and output are quantised differently; export the model again.")
        }
        append(node, .reshape, inputs: [input])
    }

    /// Only the change of a channels-first input to channels-last is supported: it happens while the input is set.
    mutating func importTranspose(_ node: TFLiteOperator) throws(CompilerError) {
        let source = try requiredOperand(node, 0)
        let order = try int32Values(requiredOperand(node, 1))
        let output = try activation(node.outputs[0])
        guard source.index == graph.input, order == [0, 2, 3, 1], source.shape.count == 4,
            source.shape == [1, output.shape.channels, output.shape.height, output.shape.width]
        else {
            throw CompilerError(
                "only a transposition of the model's input from [1, channels, height, width] to [1, height, width, "
                    + "channels] is supported.")
        }
        guard graph.nodes.isEmpty else {
            throw CompilerError("the model's input is read before it is transposed; export it channels-last.")
        }
        graph.inputChannelsFirst = true
        graph.input = node.outputs[0]
        graph.aliases[source.index] = node.outputs[0]
    }
}
