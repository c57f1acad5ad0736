import CEspalier
import EspalierCore

/// Turns weights from the source's order into the contract's: blocks, static masks, folded biases.
enum Packing {
    /// A convolution's kept blocks, [row][block][output of the row][4], and the mask that says which they are.
    static func convolution(
        _ convolution: Convolution, input: GraphTensor, output tensor: GraphTensor,
        silentShare: Double, costs: CostModel, into layer: inout PlannedLayer
    ) throws(CompilerError) {
        let output = tensor.shape
        let source = BlockSource(convolution, inputs: input.shape.channels, outputs: output.channels)
        guard source.blocksPerOutput <= Planner.blockLimit / output.channels else {
            throw CompilerError(
                "it has more than \(Planner.blockLimit >> 18) MiB of weights; use a smaller model.")
        }
        var kept = (0..<output.channels).map { output in
            (0..<source.blocksPerOutput).map { source.isKept(output: output, block: $0) }
        }
        var work = ConvolutionWork(convolution, input: input.shape, output: output, kept: kept)
        work.liveShare = 1 - silentShare
        let choice = costs.choice(work)
        layer.signature = work.signature
        let outputsPerRow = choice.kind.outputsPerRow
        let isDense = outputsPerRow == 16
        layer.choice = choice
        layer.fields.kernel = choice.kind.kernel
        let rows = (output.channels + outputsPerRow - 1) / outputsPerRow
        let words = (source.blocksPerOutput + 31) / 32
        var mask = [UInt32](repeating: 0, count: rows * words)
        var rowStart: [UInt32] = []
        var stored = 0
        for row in 0..<rows {
            rowStart.append(UInt32(stored))
            let outputs = row * outputsPerRow..<(row + 1) * outputsPerRow
            var visited = union(kept, outputs)
            // Channel lanes walk every block of 16 outputs, or none: a finer mask would hardly ever let one go.
            if isDense && visited.contains(true) { visited = visited.map { _ in true } }
            for block in 0..<source.blocksPerOutput where visited[block] {
                mask[row * words + block / 32] |= 1 << UInt32(block % 32)
                for output in outputs {
                    let weights = source.weights(output: output, block: block)
                    for lane in 0..<4 { layer.weights.append(weights[lane]) }
                }
                stored += 1
            }
            for output in outputs where output < kept.count {
                kept[output] = visited
            }
        }
        rowStart.append(UInt32(stored))
        if stored < rows * source.blocksPerOutput {
            layer.mask = mask
            layer.rowStart = rowStart
        }
        // Kernels take the table's address even where they will visit no block.
        if layer.weights.isEmpty { layer.weights = [0, 0, 0, 0] }
        layer.fields.pairs_fit = pairsFit(layer.weights)
        layer.setWindow(convolution.window)
        layer.setActivation(convolution.activation)
        layer.fields.weight_zero_point = convolution.weightZeroPoint
        layer.fields.rounds_once = convolution.roundsOnce ? 1 : 0
        layer.fields.block_outputs = Int32(outputsPerRow)
        layer.fields.row_blocks = Int32(source.blocksPerOutput)
        layer.fields.mask_words = layer.mask.isEmpty ? 0 : Int32(words)
        layer.weightSums = (0..<output.channels).map { source.sum(output: $0) }
        layer.setTables(
            convolution, input: input, output: tensor, entries: rows * outputsPerRow
        ) { source.allWeights(output: $0) }
        let pixels = UInt64(output.height * output.width)
        for channel in 0..<output.channels {
            for block in 0..<source.blocksPerOutput where source.isPresent(output: channel, block: block) {
                let macs = pixels * UInt64(source.lanes(output: channel, block: block))
                layer.macs += macs
                layer.fields.blocks += 1
                guard kept[channel][block] else { continue }
                layer.macsKept += macs
                layer.fields.blocks_kept += 1
            }
        }
    }

    /// `pairs_fit` of the contract: what 16 bits hold for any two neighbouring weights, which is what multiplication
    /// without a dot product needs. 2: products with 0 ... 255; 1: products with -128 ... 127; 0: neither.
    static func pairsFit(_ weights: [Int8]) -> Int32 {
        let fitUnsigned = stride(from: 0, to: weights.count, by: 2).allSatisfy { index in
            let (first, second) = (Int(weights[index]), Int(weights[index + 1]))
            return max(first, 0) + max(second, 0) <= 128 && min(first, 0) + min(second, 0) >= -128
        }
        return fitUnsigned ? 2 : weights.contains(-128) ? 0 : 1
    }

    /// `results_fit` of the contract: 16 bits hold every sum requantised, and outputs are shifted right. The greatest sum
    /// has each input at -128 or so.
    static func resultsFit(bias: [Int32], multipliers: [QuantizedMultiplier], weights: (Int) -> [Int8])
        -> Bool
    {
        zip(bias, multipliers).enumerated().allSatisfy { output, entry in
            let (bias, multiplier) = entry
            let magnitudes = weights(output).reduce(0) { $0 + Int($1.magnitude) }
            let most = Int32(clamping: Int(bias.magnitude) + 128 * magnitudes)
            return multiplier.multiplier == 0 || (multiplier.shift < 0 && multiplier.apply(most) < Int16.max)
        }
    }

    /// The blocks that any output of a mask row keeps.
    private static func union(_ kept: [[Bool]], _ outputs: Range<Int>) -> [Bool] {
        var union = kept[outputs.lowerBound]
        for output in outputs.dropFirst() where output < kept.count {
            for block in union.indices where kept[output][block] { union[block] = true }
        }
        return union
    }

    /// Weights [output quad][tap][4]: unused lanes of the last quad are zero.
    static func depthwise(
        _ convolution: Convolution, input: GraphTensor, output tensor: GraphTensor,
        into layer: inout PlannedLayer
    ) {
        let output = tensor.shape
        let window = convolution.window
        let taps = window.kernelHeight * window.kernelWidth
        layer.weights = [Int8](repeating: 0, count: output.quads * taps * 4)
        for channel in 0..<output.channels {
            var sum: Int32 = 0
            for tap in 0..<taps {
                let weight = convolution.weights[tap * output.channels + channel]
                layer.weights[(channel / 4 * taps + tap) * 4 + channel % 4] = weight
                sum &+= Int32(weight) - convolution.weightZeroPoint
            }
            layer.weightSums.append(sum)
        }
        layer.setWindow(window)
        layer.setActivation(convolution.activation)
        layer.fields.weight_zero_point = convolution.weightZeroPoint
        layer.fields.depth_multiplier = Int32(output.channels / input.shape.channels)
        layer.fields.pairs_fit = layer.weights.contains(-128) ? 0 : 1
        layer.setTables(convolution, input: input, output: tensor, entries: output.quads * 4) { channel in
            (0..<taps).map { convolution.weights[$0 * output.channels + channel] }
        }
        layer.macs = UInt64(output.count * taps)
        layer.macsKept = layer.macs
    }

    /// A constant operand in pack-4 order without halo.
    static func constant(_ values: [Int8], _ shape: Shape, zeroPoint: Int32) -> [Int8] {
        var packed = [Int8](
            repeating: Int8(clamping: zeroPoint), count: shape.quads * shape.height * shape.width * 4)
        for pixel in 0..<shape.height * shape.width {
            for channel in 0..<shape.channels {
                packed[(channel / 4 * shape.height * shape.width + pixel) * 4 + channel % 4] =
                    values[pixel * shape.channels + channel]
            }
        }
        return packed
    }
}

extension PackingKind {
    fileprivate var kernel: Int32 {
        switch self {
        case .channelLanes: ESPALIER_KERNEL_CHANNEL_LANES
        case .winograd: ESPALIER_KERNEL_WINOGRAD
        case .pixels4x4, .pixels2x4, .pixels1x4: ESPALIER_KERNEL_PIXEL_LANES
        }
    }
}

extension PlannedLayer {
    /// The tables with an entry for each output, filled up so that entries past the last output give the zero point.
    fileprivate mutating func setTables(
        _ convolution: Convolution, input: GraphTensor, output: GraphTensor, entries: Int,
        weights weightsPerOutput: (Int) -> [Int8]
    ) {
        let missing = entries - output.shape.channels
        let convolution = convolution.withPlainConstants(weightsPerOutput, zeroPoint: output.zeroPoint)
        multipliers = convolution.multipliers
        bias = zip(convolution.bias, weightSums).map { $0 &- input.zeroPoint &* $1 }
        if convolution.weightZeroPoint == 0 {
            let fit = Packing.resultsFit(bias: bias, multipliers: multipliers, weights: weightsPerOutput)
            fields.results_fit = fit ? 1 : 0
        }
        if convolution.weightZeroPoint == 0,
            let found = SinglePrecision.tables(
                multipliers, range: convolution.activation, zeroPoint: output.zeroPoint,
                roundsOnce: convolution.roundsOnce)
        {
            rounding = found.rounding + Array(repeating: 0.5, count: missing)
            factors = found.factors.isEmpty ? [] : found.factors + Array(repeating: 0, count: missing)
        }
        multipliers += Array(repeating: QuantizedMultiplier(multiplier: 0, shift: 0), count: missing)
        bias += Array(repeating: 0, count: missing)
        weightSums += Array(repeating: 0, count: missing)
    }
}

extension Convolution {
    /// The same with outputs whose weights are all zero, and so have one value, in a factor that one float holds.
    ///
    /// Networks with dead channels give them any factor; a layer with one that single precision cannot take would
    /// have to be requantised in integers as a whole.
    fileprivate func withPlainConstants(_ weights: (Int) -> [Int8], zeroPoint: Int32) -> Convolution {
        guard weightZeroPoint == 0 else { return self }
        var plain = self
        for output in bias.indices where weights(output).allSatisfy({ $0 == 0 }) {
            let multiplier = multipliers[output]
            let shift = Int32(multiplier.shift)
            let value =
                roundsOnce
                ? requantiseRoundingOnce(bias[output], multiplier: multiplier.multiplier, shift: shift)
                : requantise(bias[output], multiplier: multiplier.multiplier, shift: shift)
            let moved = value &+ zeroPoint
            let stored = min(max(moved, activation.minimum), activation.maximum)
            // The nearest sum: its result is less than a hundredth from the value.
            let factor = QuantizedMultiplier(multiplier: 1_500_000_001, shift: -6)
            let unit = Double(factor.multiplier) * 0x1p-37
            plain.bias[output] = Int32((Double(stored - zeroPoint) / unit).rounded())
            plain.multipliers[output] = factor
        }
        return plain
    }
}
