// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED. A fully connected operator is a convolution whose kernel is as
// large as the picture.

extension TFLiteImporter {
    mutating func importConvolution(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let filter = try requiredOperand(node, 1)
        let output = try activation(node.outputs[0])
        let inputShape = graph.tensors[input].shape
        guard filter.shape.count == 4, let depth = filter.shape.last, depth > 0,
            inputShape.channels % depth == 0,
            filter.shape[0] == output.shape.channels
        else {
            throw CompilerError(
                "its filter \(filter.shape) does not fit \(inputShape.channels) input and \(output.shape.channels) "
                    + "output channels.")
        }
        let groups = inputShape.channels / depth
        guard output.shape.channels % groups == 0 else {
            throw CompilerError("its \(output.shape.channels) outputs do not divide into \(groups) groups.")
        }
        var window = Window(kernelHeight: filter.shape[1], kernelWidth: filter.shape[2])
        window.strideWidth = Int(try node.options?.scalar(1, default: Int32(0)) ?? 0)
        window.strideHeight = Int(try node.options?.scalar(2, default: Int32(0)) ?? 0)
        window.dilationWidth = Int(try node.options?.scalar(4, default: Int32(1)) ?? 1)
        window.dilationHeight = Int(try node.options?.scalar(5, default: Int32(1)) ?? 1)
        window = try padded(
            window, node.options?.scalar(0, default: 0) ?? 0, input: inputShape, output: output.shape)
        var convolution = try convolution(node, window: window, input: input, activationSlot: 3)
        convolution.groups = groups
        append(node, .convolution(convolution), inputs: [input])
    }

    mutating func importDepthwiseConvolution(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let filter = try requiredOperand(node, 1)
        let output = try activation(node.outputs[0])
        let inputShape = graph.tensors[input].shape
        guard filter.shape.count == 4, filter.shape[0] == 1, filter.shape[3] == output.shape.channels,
            output.shape.channels % inputShape.channels == 0
        else {
            throw CompilerError(
                "its filter \(filter.shape) does not fit \(inputShape.channels) input and \(output.shape.channels) "
                    + "output channels.")
        }
        var window = Window(kernelHeight: filter.shape[1], kernelWidth: filter.shape[2])
        window.strideWidth = Int(try node.options?.scalar(1, default: Int32(0)) ?? 0)
        window.strideHeight = Int(try node.options?.scalar(2, default: Int32(0)) ?? 0)
        window.dilationWidth = Int(try node.options?.scalar(5, default: Int32(1)) ?? 1)
        window.dilationHeight = Int(try node.options?.scalar(6, default: Int32(1)) ?? 1)
        window = try padded(
            window, node.options?.scalar(0, default: 0) ?? 0, input: inputShape, output: output.shape)
        let convolution = try convolution(node, window: window, input: input, activationSlot: 4)
        append(node, .depthwiseConvolution(convolution), inputs: [input])
    }

    mutating func importFullyConnected(_ node: TFLiteOperator) throws(CompilerError) {
        let input = try input(node, 0)
        let filter = try requiredOperand(node, 1)
        let output = try activation(node.outputs[0])
        let inputShape = graph.tensors[input].shape
        guard try node.options?.scalar(1, default: Int8(0)) ?? 0 == 0 else {
            throw CompilerError("its weights are in a shuffled format; export them in the default one.")
        }
        guard filter.shape.count == 2, filter.shape[0] == output.shape.channels else {
            throw CompilerError("its filter \(filter.shape) does not fit \(output.shape.channels) outputs.")
        }
        let window: Window
        if filter.shape[1] == inputShape.channels, output.shape.height == inputShape.height,
            output.shape.width == inputShape.width
        {
            window = Window(kernelHeight: 1, kernelWidth: 1)
        } else if filter.shape[1] == inputShape.count, output.shape.height == 1, output.shape.width == 1 {
            window = Window(kernelHeight: inputShape.height, kernelWidth: inputShape.width)
        } else {
            throw CompilerError(
                "its filter \(filter.shape) does not fit an input of \(inputShape.height) x \(inputShape.width) x "
                    + "\(inputShape.channels).")
        }
        var convolution = try convolution(node, window: window, input: input, activationSlot: 0)
        convolution.roundsOnce = true
        append(node, .convolution(convolution), inputs: [input])
    }

    /// Weights, bias and requantisation, which all three have alike.
    private func convolution(
        _ node: TFLiteOperator, window: Window, input: Int, activationSlot: Int
    ) throws(CompilerError) -> Convolution {
        let filter = try requiredOperand(node, 1)
        let output = try activation(node.outputs[0])
        let outputs = output.shape.channels
        let weights = try int8Values(filter)

        var bias = [Int32](repeating: 0, count: outputs)
        if let tensor = operand(node, 2), tensor.isConstant {
            bias = try int32Values(tensor)
            guard bias.count == outputs else {
                throw CompilerError("it has \(bias.count) biases for \(outputs) outputs.")
            }
        }
        let zeroPoints = try filter.zeroPoints.integers(as: Int64.self)
        let zeroPoint = (zeroPoints.first ?? 0) - (filter.type == .uint8 ? 128 : 0)
        guard zeroPoints.allSatisfy({ $0 == zeroPoints.first }), (-128...127).contains(zeroPoint) else {
            throw CompilerError(
                "its weights have zero points \(zeroPoints.prefix(4)); int8 weights have one, mostly 0.")
        }
        return Convolution(
            window: window, weights: weights, weightZeroPoint: Int32(zeroPoint), bias: bias,
            multipliers: try multipliers(node, filter, graph.tensors[input].scale, output),
            activation: try activationRange(node.options?.scalar(activationSlot, default: 0) ?? 0, output))
    }

    /// input scale x weight scale / output scale for each output.
    ///
    /// TFLite multiplies per-channel scales in double precision; a fully connected operator's single scale, and every
    /// legacy uint8 one, in single precision first. The difference reaches the bits.
    private func multipliers(
        _ node: TFLiteOperator, _ filter: TFLiteTensor, _ inputScale: Float, _ output: GraphTensor
    ) throws(CompilerError) -> [QuantizedMultiplier] {
        let outputs = output.shape.channels
        let scales = try filter.scales.floats()
        guard scales.count == 1 || scales.count == outputs, scales.allSatisfy({ $0 >= 0 && $0.isFinite })
        else {
            throw CompilerError("its weights have \(scales.count) scales for \(outputs) outputs.")
        }
        let single = scales.count == 1 && filter.type == .uint8
        let factors = scales.map { scale in
            let product = single ? Double(inputScale * scale) : Double(inputScale) * Double(scale)
            return QuantizedMultiplier(product / Double(output.scale))
        }
        return factors.count == 1 ? Array(repeating: factors[0], count: outputs) : factors
    }
}
