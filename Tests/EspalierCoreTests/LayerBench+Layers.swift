import CEspalier

@testable import EspalierCompiler

// From TFLite's parameters and weight orders to the contract's, one function a kind of layer.

extension LayerBench {
    /// Adds a convolution. Groups become zeros of a dense convolution, as in the compiler.
    ///
    /// - Parameter keep: whether the block at (mask row, position) is stored and visited; nil: all, unmasked.
    ///   The weights of blocks that are not kept reach no memory at all.
    /// - Parameter winograd: for Winograd's kernels, where the window is theirs.
    func convolution(
        _ input: Int, _ weights: NaiveWeights, _ geometry: Geometry, _ scale: Requantisation, groups: Int = 1,
        blockOutputs: Int = 1, roundsOnce: Bool = false, skipsSilence: Bool = false,
        winograd: Bool = false, keep keepsBlock: ((Int, Int) -> Bool)? = nil,
        _ output: Int
    ) {
        let source = tensors[input]
        let quads = Int(source.quads)
        let dense = Ungrouped(weights, taps: geometry.taps, channels: Int(source.channels), groups: groups)
        let blocks = geometry.taps * quads
        let rows = (weights.outputs + blockOutputs - 1) / blockOutputs
        let words = (blocks + 31) / 32

        var packed: [Int8] = []
        var mask = [UInt32](repeating: 0, count: rows * words)
        var rowStart: [UInt32] = []
        for row in 0..<rows {
            rowStart.append(UInt32(packed.count / (blockOutputs * 4)))
            for block in 0..<blocks where keepsBlock?(row, block) ?? true {
                mask[row * words + block / 32] |= 1 << UInt32(block % 32)
                for output in (row * blockOutputs)..<((row + 1) * blockOutputs) {
                    for lane in 0..<4 {
                        packed.append(
                            dense.weight(output, tap: block / quads, channel: block % quads * 4 + lane))
                    }
                }
            }
        }
        rowStart.append(UInt32(packed.count / (blockOutputs * 4)))
        let sums = (0..<weights.outputs).map { Int32(truncatingIfNeeded: dense.effectiveSum($0)) }
        append(ESPALIER_OPERATION_CONVOLUTION, inputs: [input], output: output) { layer in
            set(&layer, geometry)
            set(&layer, scale)
            layer.weight_zero_point = weights.zeroPoint
            layer.rounds_once = roundsOnce ? 1 : 0
            setTables(
                &layer, weights.bias, sums, scale, zeroPoint: source.zero_point, entries: rows * blockOutputs)
            layer.kernel =
                winograd
                ? ESPALIER_KERNEL_WINOGRAD
                : blockOutputs == 16 ? ESPALIER_KERNEL_CHANNEL_LANES : ESPALIER_KERNEL_PIXEL_LANES
            layer.block_outputs = Int32(blockOutputs)
            layer.skips_silence = skipsSilence ? 1 : 0
            layer.pairs_fit = Packing.pairsFit(packed)
            layer.row_blocks = Int32(blocks)
            layer.mask_words = Int32(words)
            layer.blocks = Int32(blocks * weights.outputs)
            layer.blocks_kept = Int32(packed.count / 4)
            layer.weights = keepGuarded(packed)
            guard keepsBlock != nil else { return }
            layer.mask = keep(mask)
            layer.row_start = keep(rowStart)
        }
    }

    /// Adds a depthwise convolution.
    func depthwiseConvolution(
        _ input: Int, _ weights: NaiveWeights, _ geometry: Geometry, _ scale: Requantisation, multiplier: Int,
        skipsSilence: Bool = false, _ output: Int
    ) {
        let source = tensors[input]
        let taps = geometry.taps
        let quads = (weights.outputs + 3) / 4
        var packed = [Int8](repeating: Int8(weights.zeroPoint), count: quads * taps * 4)
        var sums = [Int32](repeating: 0, count: weights.outputs)
        for channel in 0..<weights.outputs {
            for tap in 0..<taps {
                let weight = weights.values[tap * weights.outputs + channel]
                packed[(channel / 4 * taps + tap) * 4 + channel % 4] = weight
                sums[channel] += Int32(weight) - weights.zeroPoint
            }
        }
        append(ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION, inputs: [input], output: output) { layer in
            set(&layer, geometry)
            set(&layer, scale)
            layer.weight_zero_point = weights.zeroPoint
            setTables(&layer, weights.bias, sums, scale, zeroPoint: source.zero_point, entries: quads * 4)
            layer.depth_multiplier = Int32(multiplier)
            layer.skips_silence = skipsSilence ? 1 : 0
            layer.pairs_fit = packed.contains(-128) ? 0 : 1
            layer.weights = keepGuarded(packed)
        }
    }

    /// - Parameter inWholeFactors: kernels may use them where the compiler finds exact ones.
    func add(
        _ first: Int, _ second: Int, _ factors: AddFactors, _ range: ClosedRange<Int32>,
        inWholeFactors: Bool = false, _ output: Int
    ) {
        var wholeFactors: [Int32] = []
        if inWholeFactors {
            let addition = WholeAddition(
                multipliers: zip(factors.multiplier, factors.shift).map {
                    QuantizedMultiplier(multiplier: $0, shift: Int8($1))
                },
                leftShift: factors.leftShift,
                range: ActivationRange(minimum: range.lowerBound, maximum: range.upperBound),
                zeroPoints: (
                    tensors[first].zero_point, tensors[second].zero_point, tensors[output].zero_point
                ))
            wholeFactors = addition.factors() ?? []
        }
        append(ESPALIER_OPERATION_ADD, inputs: [first, second], output: output) { layer in
            layer.left_shift = factors.leftShift
            if !wholeFactors.isEmpty { layer.whole_factors = keep(wholeFactors) }
            layer.multiplier = keep(factors.multiplier)
            layer.shift = keep(factors.shift.map { Int8($0) })
            set(&layer, range)
        }
    }

    func multiply(_ first: Int, _ second: Int, _ scale: Requantisation, _ output: Int) {
        append(ESPALIER_OPERATION_MULTIPLY, inputs: [first, second], output: output) { set(&$0, scale) }
    }

    func maxPool(_ input: Int, _ geometry: Geometry, _ range: ClosedRange<Int32>, _ output: Int) {
        append(ESPALIER_OPERATION_MAX_POOL, inputs: [input], output: output) { layer in
            set(&layer, geometry)
            set(&layer, range)
        }
    }

    func averagePool(
        _ input: Int, _ geometry: Geometry, _ range: ClosedRange<Int32>, roundingOrigin: Int32 = 0,
        _ output: Int
    ) {
        append(ESPALIER_OPERATION_AVERAGE_POOL, inputs: [input], output: output) { layer in
            layer.rounding_origin = roundingOrigin
            set(&layer, geometry)
            set(&layer, range)
        }
    }

    func mean(_ input: Int, _ scale: Requantisation, _ output: Int) {
        append(ESPALIER_OPERATION_MEAN, inputs: [input], output: output) { set(&$0, scale) }
    }

    func pad(_ input: Int, top: Int, left: Int, front: Int, value: Int8, _ output: Int) {
        append(ESPALIER_OPERATION_PAD, inputs: [input], output: output) { layer in
            layer.pad_top = Int32(top)
            layer.pad_left = Int32(left)
            layer.pad_front = Int32(front)
            layer.pad_value = Int32(value)
        }
    }

    func reshape(_ input: Int, _ output: Int) {
        append(ESPALIER_OPERATION_RESHAPE, inputs: [input], output: output) { _ in }
    }

    /// - Parameter axis: 0 rows, 1 pixels, 2 channels.
    func concatenate(_ inputs: [Int], axis: Int, _ output: Int) {
        append(ESPALIER_OPERATION_CONCATENATION, inputs: inputs, output: output) {
            $0.pad_front = Int32(axis)
        }
    }

    func softmax(_ input: Int, multiplier: Int32, leftShift: Int32, differenceMinimum: Int32, _ output: Int) {
        append(ESPALIER_OPERATION_SOFTMAX, inputs: [input], output: output) { layer in
            layer.multiplier = keep([multiplier])
            layer.shift = keep([0])
            layer.left_shift = leftShift
            layer.difference_min = differenceMinimum
        }
    }

    func table(_ input: Int, _ entries: [Int8], _ output: Int) {
        precondition(entries.count == 256)
        append(ESPALIER_OPERATION_TABLE, inputs: [input], output: output) {
            $0.weights = keepGuarded(entries)
        }
    }

    // MARK: Fields

    private func set(_ layer: inout EspalierLayer, _ geometry: Geometry) {
        layer.kernel_height = Int32(geometry.kernelHeight)
        layer.kernel_width = Int32(geometry.kernelWidth)
        layer.stride_height = Int32(geometry.strideHeight)
        layer.stride_width = Int32(geometry.strideWidth)
        layer.dilation_height = Int32(geometry.dilationHeight)
        layer.dilation_width = Int32(geometry.dilationWidth)
        layer.pad_top = Int32(geometry.padTop)
        layer.pad_left = Int32(geometry.padLeft)
    }

    private func set(_ layer: inout EspalierLayer, _ scale: Requantisation) {
        layer.multiplier = keep(scale.multiplier)
        layer.shift = keep(scale.shift.map { Int8($0) })
        set(&layer, scale.range)
    }

    /// The tables with an entry for each output, filled up to `entries` as the contract asks.
    private func setTables(
        _ layer: inout EspalierLayer, _ bias: [Int32], _ sums: [Int32], _ scale: Requantisation,
        zeroPoint: Int32, entries: Int
    ) {
        func filled<T: ExpressibleByIntegerLiteral>(_ values: [T]) -> UnsafePointer<T> {
            keep(values + Array(repeating: 0, count: entries - values.count))
        }
        layer.bias = filled(zip(bias, sums).map { $0 &- zeroPoint &* $1 })
        layer.weight_sum = filled(sums)
        layer.multiplier = filled(scale.multiplier)
        layer.shift = filled(scale.shift.map { Int8($0) })
        // As the compiler does: where single precision is exact, kernels may use it.
        guard layer.weight_zero_point == 0 else { return }
        guard
            let found = SinglePrecision.tables(
                zip(scale.multiplier, scale.shift).map {
                    QuantizedMultiplier(multiplier: $0, shift: Int8($1))
                }, range: ActivationRange(minimum: scale.range.lowerBound, maximum: scale.range.upperBound),
                zeroPoint: scale.zeroPoint, roundsOnce: layer.rounds_once != 0)
        else { return }
        layer.rounding = keep(found.rounding + Array(repeating: 0.5, count: entries - found.rounding.count))
        guard !found.factors.isEmpty else { return }
        layer.factor = filled(found.factors)
    }

    private func set(_ layer: inout EspalierLayer, _ range: ClosedRange<Int32>) {
        layer.activation_min = range.lowerBound
        layer.activation_max = range.upperBound
    }
}

/// A grouped convolution's weights seen as those of a dense one, with the unused lanes of the last quad:
/// outside its group and outside the channels a weight is worth zero, which is stored as the weight zero
/// point.
private struct Ungrouped {
    let weights: NaiveWeights
    let taps: Int
    let depth: Int
    let outputsPerGroup: Int

    init(_ weights: NaiveWeights, taps: Int, channels: Int, groups: Int) {
        self.weights = weights
        self.taps = taps
        depth = channels / groups
        outputsPerGroup = weights.outputs / groups
    }

    func weight(_ output: Int, tap: Int, channel: Int) -> Int8 {
        guard output < weights.outputs, channel / depth == output / outputsPerGroup else {
            return Int8(weights.zeroPoint)
        }
        return weights.values[(output * taps + tap) * depth + channel % depth]
    }

    /// The sum of an output's weights less their zero point.
    func effectiveSum(_ output: Int) -> Int64 {
        (output * taps * depth..<(output + 1) * taps * depth).reduce(0) {
            $0 + Int64(weights.values[$1]) - Int64(weights.zeroPoint)
        }
    }
}
