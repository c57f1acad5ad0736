import Testing

/// A vector made runnable: through the core, and where the operator requantises, through the naive oracle
/// with a rounding rule of choice. Batches run one by one and are joined.
struct CMSISLayer {
    let run: () throws -> [Int8]
    var naive: ((Rounding) -> [Int8])?
}

extension CMSISVector {
    func layer() throws -> CMSISLayer {
        switch operation {
        case "conv2d", "grouped_conv2d": try convolutionLayer()
        case "depthwise_conv2d": try depthwiseLayer()
        case "fully_connected": try fullyConnectedLayer()
        case "avg_pool2d", "max_pool2d": try poolLayer()
        case "add", "mul": try elementwiseLayer()
        case "pad": try padLayer()
        case "softmax": try softmaxLayer()
        default: throw LayerBench.Misbehaviour(description: "\(name): unknown operator \(operation)")
        }
    }

    // MARK: Windows

    private func convolutionLayer() throws -> CMSISLayer {
        let channels = try number("IN_CH")
        let groups = try channels / number("FILTER_CH", default: channels)
        let weights = try weights(outputs: number("OUT_CH"))
        let geometry = try geometry()
        let scale = try requantisation(outputs: weights.outputs)
        let zeroPoint = try inputZeroPoint()
        let inputs = try pictures(number("INPUT_H"), number("INPUT_W"), channels)
        return CMSISLayer {
            try inputs.flatMap { input in
                let bench = LayerBench()
                let source = bench.tensor(
                    input.height, input.width, channels, zeroPoint: zeroPoint,
                    halo: geometry.halo(height: input.height, width: input.width))
                let target = bench.tensor(
                    geometry.outputHeight, geometry.outputWidth, weights.outputs, zeroPoint: scale.zeroPoint)
                bench.convolution(source, weights, geometry, scale, groups: groups, target)
                return try bench.run([input], inputs: [source], outputs: [target])[0].values
            }
        } naive: { rounding in
            inputs.flatMap {
                naiveConvolution(
                    $0, zeroPoint: zeroPoint, weights, geometry, scale, groups: groups, rounding: rounding
                ).values
            }
        }
    }

    private func depthwiseLayer() throws -> CMSISLayer {
        let channels = try number("IN_CH")
        let multiplier = try number("CH_MULT")
        let weights = try weights(outputs: number("OUT_CH"))
        let geometry = try geometry()
        let scale = try requantisation(outputs: weights.outputs)
        let zeroPoint = try inputZeroPoint()
        let inputs = try pictures(number("INPUT_H"), number("INPUT_W"), channels)
        return CMSISLayer {
            try inputs.flatMap { input in
                let bench = LayerBench()
                let source = bench.tensor(
                    input.height, input.width, channels, zeroPoint: zeroPoint,
                    halo: geometry.halo(height: input.height, width: input.width))
                let target = bench.tensor(
                    geometry.outputHeight, geometry.outputWidth, weights.outputs, zeroPoint: scale.zeroPoint)
                bench.depthwiseConvolution(source, weights, geometry, scale, multiplier: multiplier, target)
                return try bench.run([input], inputs: [source], outputs: [target])[0].values
            }
        } naive: { rounding in
            inputs.flatMap {
                naiveDepthwiseConvolution(
                    $0, zeroPoint: zeroPoint, weights, geometry, scale, multiplier: multiplier,
                    rounding: rounding
                ).values
            }
        }
    }

    /// A 1x1 convolution of a picture of one pixel.
    private func fullyConnectedLayer() throws -> CMSISLayer {
        let depth = try number("ACCUMULATION_DEPTH")
        var weights = try weights(outputs: number("OUT_CH"))
        weights.zeroPoint = try Int32(-number("FILTER_OFFSET", default: 0))
        let scale = try requantisation(outputs: weights.outputs)
        let zeroPoint = try inputZeroPoint()
        let inputs = try pictures(1, 1, depth)
        return CMSISLayer { [weights] in
            try inputs.flatMap { input in
                let bench = LayerBench()
                let source = bench.tensor(1, 1, depth, zeroPoint: zeroPoint)
                let target = bench.tensor(1, 1, weights.outputs, zeroPoint: scale.zeroPoint)
                bench.convolution(source, weights, Geometry(), scale, target)
                return try bench.run([input], inputs: [source], outputs: [target])[0].values
            }
        } naive: { [weights] rounding in
            inputs.flatMap {
                naiveConvolution($0, zeroPoint: zeroPoint, weights, Geometry(), scale, rounding: rounding)
                    .values
            }
        }
    }

    private func poolLayer() throws -> CMSISLayer {
        let channels = try number("INPUT_C")
        let geometry = try geometry()
        let range = try Int32(number("ACTIVATION_MIN"))...Int32(number("ACTIVATION_MAX"))
        let inputs = try pictures(number("INPUT_H"), number("INPUT_W"), channels)
        return CMSISLayer {
            try inputs.flatMap { input in
                let bench = LayerBench()
                let source = bench.tensor(input.height, input.width, channels)
                let target = bench.tensor(geometry.outputHeight, geometry.outputWidth, channels)
                if operation == "max_pool2d" {
                    bench.maxPool(source, geometry, range, target)
                } else {
                    bench.averagePool(source, geometry, range, target)
                }
                return try bench.run([input], inputs: [source], outputs: [target])[0].values
            }
        }
    }

    // MARK: Others

    private func elementwiseLayer() throws -> CMSISLayer {
        let firstValues = try bytes("input1")
        let secondValues = try bytes("input2")
        let firstZero = try Int32(-number("INPUT1_OFFSET"))
        let secondZero = try Int32(-number("INPUT2_OFFSET"))
        let scale = try requantisation(outputs: 1)
        let factors = operation == "add" ? try addFactors() : nil
        return CMSISLayer {
            let bench = LayerBench()
            let first = bench.tensor(1, 1, firstValues.count, zeroPoint: firstZero)
            let second = bench.tensor(1, 1, secondValues.count, zeroPoint: secondZero)
            let target = bench.tensor(1, 1, firstValues.count, zeroPoint: scale.zeroPoint)
            if let factors {
                bench.add(first, second, factors, scale.range, target)
            } else {
                bench.multiply(first, second, scale, target)
            }
            let inputs = [firstValues, secondValues].map { TestTensor(1, 1, $0.count, $0) }
            return try bench.run(inputs, inputs: [first, second], outputs: [target])[0].values
        }
    }

    private func addFactors() throws -> AddFactors {
        AddFactors(
            multiplier: try [number("INPUT1_MULT"), number("INPUT2_MULT"), number("OUTPUT_MULT")].map {
                Int32($0)
            },
            shift: try [number("INPUT1_SHIFT"), number("INPUT2_SHIFT"), number("OUTPUT_SHIFT")].map {
                Int32($0)
            },
            leftShift: try Int32(number("LEFT_SHIFT")))
    }

    private func padLayer() throws -> CMSISLayer {
        let (height, width, channels) = try (number("INPUT_H"), number("INPUT_W"), number("INPUT_C"))
        let (top, left, front) = try (number("PRE_PAD_H"), number("PRE_PAD_W"), number("PRE_PAD_C"))
        let (bottom, right, back) = try (number("POST_PAD_H"), number("POST_PAD_W"), number("POST_PAD_C"))
        let value = try Int8(number("PAD_VALUE"))
        let input = TestTensor(height, width, channels, try bytes("input_tensor"))
        return CMSISLayer {
            let bench = LayerBench()
            let source = bench.tensor(height, width, channels)
            let target = bench.tensor(top + height + bottom, left + width + right, front + channels + back)
            bench.pad(source, top: top, left: left, front: front, value: value, target)
            return try bench.run([input], inputs: [source], outputs: [target])[0].values
        }
    }

    private func softmaxLayer() throws -> CMSISLayer {
        let (rows, size) = try (number("NUM_ROWS"), number("ROW_SIZE"))
        let (multiplier, shift) = try (number("INPUT_MULT"), number("INPUT_LEFT_SHIFT"))
        let differenceMinimum = try number("DIFF_MIN")
        let input = TestTensor(1, rows, size, try bytes("input"))
        return CMSISLayer {
            let bench = LayerBench()
            let source = bench.tensor(1, rows, size)
            let target = bench.tensor(1, rows, size, zeroPoint: -128)
            bench.softmax(
                source, multiplier: Int32(multiplier), leftShift: Int32(shift),
                differenceMinimum: Int32(differenceMinimum), target)
            return try bench.run([input], inputs: [source], outputs: [target])[0].values
        }
    }

    // MARK: Parameters

    private func geometry() throws -> Geometry {
        try Geometry(
            kernelHeight: number("FILTER_Y", "FILTER_H"), kernelWidth: number("FILTER_X", "FILTER_W"),
            strideHeight: number("STRIDE_Y", "STRIDE_H"), strideWidth: number("STRIDE_X", "STRIDE_W"),
            dilationHeight: number("DILATION_Y", default: 1), dilationWidth: number("DILATION_X", default: 1),
            padTop: number("PAD_Y", "PADDING_H"), padLeft: number("PAD_X", "PADDING_W"),
            outputHeight: number("OUTPUT_H"), outputWidth: number("OUTPUT_W"))
    }

    private func weights(outputs: Int) throws -> NaiveWeights {
        NaiveWeights(
            values: try bytes("weights"),
            bias: array("biases", "bias") ?? [Int32](repeating: 0, count: outputs))
    }

    /// Factors per output, or one for all.
    private func requantisation(outputs: Int) throws -> Requantisation {
        let multiplier =
            try array("output_mult", "output_multiplier")
            ?? [Int32](repeating: Int32(number("OUTPUT_MULTIPLIER", "OUTPUT_MULT")), count: outputs)
        let shift =
            try array("output_shift")
            ?? [Int32](repeating: Int32(number("OUTPUT_SHIFT")), count: outputs)
        return Requantisation(
            multiplier: multiplier, shift: shift, zeroPoint: try Int32(number("OUTPUT_OFFSET")),
            range: try Int32(number("OUT_ACTIVATION_MIN"))...Int32(number("OUT_ACTIVATION_MAX")))
    }

    private func inputZeroPoint() throws -> Int32 { try Int32(-number("INPUT_OFFSET")) }

    /// The batches of the input, one picture each.
    private func pictures(_ height: Int, _ width: Int, _ channels: Int) throws -> [TestTensor] {
        let values = try bytes("input", "input_tensor")
        let count = height * width * channels
        try #require(values.count % count == 0)
        return stride(from: 0, to: values.count, by: count).map {
            TestTensor(height, width, channels, Array(values[$0..<$0 + count]))
        }
    }
}
