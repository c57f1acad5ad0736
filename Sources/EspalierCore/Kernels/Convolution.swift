import CEspalier

/// The reference convolution: the specification that every other convolution kernel must match bit for bit.
///
/// For each output, the bias plus the sum over the *kept* blocks of four weights times four inputs. Pruned blocks
/// are neither stored nor visited. Zero points cost nothing here: the input's is in the bias and, outside the
/// picture, in the halo; a weight zero point (legacy uint8 models) is one sum of the window for all outputs.
func convolution(_ step: Step) {
    let layer = step.layer.pointee
    let input = step.input(0)
    let output = step.output
    let rows = (output.channels &+ Int(layer.block_outputs) &- 1) / Int(layer.block_outputs)
    for y in 0..<output.height {
        for x in 0..<output.width {
            let window = Window(layer: step.layer, input: input, outputRow: y, outputPixel: x)
            let correction =
                layer.weight_zero_point == 0 ? 0 : layer.weight_zero_point &* window.sum(quads: input.quads)
            for row in 0..<rows {
                let firstOutput = row &* Int(layer.block_outputs)
                for lane in 0..<min(Int(layer.block_outputs), output.channels &- firstOutput) {
                    let channel = firstOutput &+ lane
                    let sum = window.dot(maskRow: row, lane: lane) &+ layer.bias[channel] &- correction
                    output.store(stored(sum, channel, layer, output.zeroPoint), y, x, channel)
                }
            }
        }
    }
}

/// An accumulator as one stored value.
@inline(__always)
private func stored(_ sum: Int32, _ channel: Int, _ layer: EspalierLayer, _ zeroPoint: Int32) -> Int8 {
    let multiplier = layer.multiplier[channel]
    let shift = Int32(layer.shift[channel])
    guard layer.rounds_once != 0 else {
        return requantise(
            sum, multiplier: multiplier, shift: shift, zeroPoint: zeroPoint, minimum: layer.activation_min,
            maximum: layer.activation_max)
    }
    let moved = requantiseRoundingOnce(sum, multiplier: multiplier, shift: shift) &+ zeroPoint
    return Int8(truncatingIfNeeded: min(max(moved, layer.activation_min), layer.activation_max))
}

/// The inputs under a convolution's kernel at one output pixel.
private struct Window {
    let layer: UnsafePointer<EspalierLayer>
    let corner: UnsafeMutablePointer<Int8>
    let flip: Int8
    let rowStep: Int
    let pixelStep: Int
    let quadStep: Int
    let quads: Int

    init(layer: UnsafePointer<EspalierLayer>, input: Tensor, outputRow: Int, outputPixel: Int) {
        self.layer = layer
        corner = input.quad(
            0, outputRow &* Int(layer.pointee.stride_height) &- Int(layer.pointee.pad_top),
            outputPixel &* Int(layer.pointee.stride_width) &- Int(layer.pointee.pad_left))
        flip = input.flip
        rowStep = Int(layer.pointee.dilation_height) &* input.rowBytes
        pixelStep = Int(layer.pointee.dilation_width) &* 4
        quadStep = input.planeBytes
        quads = input.quads
    }

    /// The four inputs of a block.
    @inline(__always)
    func quad(_ row: Int, _ column: Int, _ quad: Int) -> UnsafeMutablePointer<Int8> {
        corner + (row &* rowStep &+ column &* pixelStep &+ quad &* quadStep)
    }

    /// The weighted sum over the kept blocks of one output: `lane` of the outputs that share a mask row.
    @inline(__always)
    func dot(maskRow: Int, lane: Int) -> Int32 {
        let outputs = Int(layer.pointee.block_outputs)
        let blocks = Int(layer.pointee.row_blocks)
        let first = layer.pointee.row_start.map { Int($0[maskRow]) } ?? maskRow &* blocks
        let mask = layer.pointee.mask.map { $0 + maskRow &* Int(layer.pointee.mask_words) }
        var weights = layer.pointee.weights! + (first &* outputs &+ lane) &* 4
        var sum: Int32 = 0
        var block = 0
        for row in 0..<Int(layer.pointee.kernel_height) {
            for column in 0..<Int(layer.pointee.kernel_width) {
                for q in 0..<quads {
                    defer { block &+= 1 }
                    if let mask, mask[block &>> 5] &>> UInt32(block & 31) & 1 == 0 { continue }
                    sum &+= dotProduct(quad(row, column, q), weights, flip)
                    weights += outputs &* 4
                }
            }
        }
        return sum
    }

    /// The sum of all inputs under the kernel.
    func sum(quads: Int) -> Int32 {
        var sum: Int32 = 0
        for row in 0..<Int(layer.pointee.kernel_height) {
            for column in 0..<Int(layer.pointee.kernel_width) {
                for q in 0..<quads {
                    let inputs = quad(row, column, q)
                    for lane in 0..<4 { sum &+= Int32(inputs[lane] ^ flip) }
                }
            }
        }
        return sum
    }
}

/// Four inputs times four weights: the operand of one dot-product instruction.
@inline(__always)
private func dotProduct(_ inputs: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>, _ flip: Int8) -> Int32
{
    Int32(inputs[0] ^ flip) &* Int32(weights[0]) &+ Int32(inputs[1] ^ flip) &* Int32(weights[1])
        &+ Int32(inputs[2] ^ flip) &* Int32(weights[2]) &+ Int32(inputs[3] ^ flip) &* Int32(weights[3])
}
