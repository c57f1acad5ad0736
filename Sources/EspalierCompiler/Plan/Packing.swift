/// Turns weights from the source's order into the contract's: blocks, static masks, folded biases.
enum Packing {
    /// A convolution's kept blocks, [row][block][output of the row][4], and the mask that says which they are.
    static func convolution(
        _ convolution: Convolution, input: GraphTensor, output: Shape, into layer: inout PlannedLayer
    ) throws(CompilerError) {
        let source = BlockSource(convolution, inputs: input.shape.channels, outputs: output.channels)
        guard source.blocksPerOutput <= Planner.blockLimit / output.channels else {
            throw CompilerError(
                "it has more than \(Planner.blockLimit >> 18) MiB of weights; use a smaller model.")
        }
        let kept = (0..<output.channels).map { output in
            (0..<source.blocksPerOutput).map { source.isKept(output: output, block: $0) }
        }
        let outputsPerRow = widestRow(kept)
        let rows = (output.channels + outputsPerRow - 1) / outputsPerRow
        let words = (source.blocksPerOutput + 31) / 32
        var mask = [UInt32](repeating: 0, count: rows * words)
        var rowStart: [UInt32] = []
        var stored = 0
        for row in 0..<rows {
            rowStart.append(UInt32(stored))
            let outputs = (row * outputsPerRow..<(row + 1) * outputsPerRow)
            for block in 0..<source.blocksPerOutput where kept[outputs.lowerBound][block] {
                mask[row * words + block / 32] |= 1 << UInt32(block % 32)
                for output in outputs {
                    let weights = source.weights(output: output, block: block)
                    for lane in 0..<4 { layer.weights.append(weights[lane]) }
                }
                stored += 1
            }
        }
        if stored < rows * source.blocksPerOutput {
            layer.mask = mask
            layer.rowStart = rowStart
        }
        layer.setWindow(convolution.window)
        layer.setActivation(convolution.activation)
        layer.fields.weight_zero_point = convolution.weightZeroPoint
        layer.fields.rounds_once = convolution.roundsOnce ? 1 : 0
        layer.fields.block_outputs = Int32(outputsPerRow)
        layer.fields.row_blocks = Int32(source.blocksPerOutput)
        layer.fields.mask_words = layer.mask.isEmpty ? 0 : Int32(words)
        layer.multipliers = convolution.multipliers
        layer.bias = (0..<output.channels).map { channel in
            convolution.bias[channel] &- input.zeroPoint &* source.sum(output: channel)
        }
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

    /// The most outputs (4, 2 or 1) that can share mask rows without storing a single pruned block.
    private static func widestRow(_ kept: [[Bool]]) -> Int {
        for width in [4, 2] {
            let shared = stride(from: 0, to: kept.count, by: width).allSatisfy { first in
                kept[first..<min(first + width, kept.count)].allSatisfy { $0 == kept[first] }
            }
            if shared { return width }
        }
        return 1
    }

    /// Weights [output quad][tap][4]: unused lanes of the last quad are zero.
    static func depthwise(
        _ convolution: Convolution, input: GraphTensor, output: Shape, into layer: inout PlannedLayer
    ) {
        let window = convolution.window
        let taps = window.kernelHeight * window.kernelWidth
        layer.weights = [Int8](repeating: 0, count: output.quads * taps * 4)
        layer.bias = convolution.bias
        for channel in 0..<output.channels {
            var sum: Int32 = 0
            for tap in 0..<taps {
                let weight = convolution.weights[tap * output.channels + channel]
                layer.weights[(channel / 4 * taps + tap) * 4 + channel % 4] = weight
                sum &+= Int32(weight) - convolution.weightZeroPoint
            }
            layer.bias[channel] = convolution.bias[channel] &- input.zeroPoint &* sum
        }
        layer.setWindow(window)
        layer.setActivation(convolution.activation)
        layer.fields.weight_zero_point = convolution.weightZeroPoint
        layer.fields.depth_multiplier = Int32(output.channels / input.shape.channels)
        layer.multipliers = convolution.multipliers
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
