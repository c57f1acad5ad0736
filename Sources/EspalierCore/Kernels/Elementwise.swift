import CEspalier

/// Addition of two tensors in the wider scale of both, TFLite's ADD. A side of 1 is repeated (broadcast).
func add(_ step: Step) {
    let layer = step.layer.pointee
    elementwise(step) { first, second, zeroPoint in
        let scaledFirst = requantise(
            first &<< layer.left_shift, multiplier: layer.multiplier[0], shift: Int32(layer.shift[0]))
        let scaledSecond = requantise(
            second &<< layer.left_shift, multiplier: layer.multiplier[1], shift: Int32(layer.shift[1]))
        return requantise(
            scaledFirst &+ scaledSecond, multiplier: layer.multiplier[2], shift: Int32(layer.shift[2]),
            zeroPoint: zeroPoint, minimum: layer.activation_min, maximum: layer.activation_max)
    }
}

/// Multiplication of two tensors, TFLite's MUL. A side of 1 is repeated (broadcast).
func multiply(_ step: Step) {
    let layer = step.layer.pointee
    elementwise(step) { first, second, zeroPoint in
        requantise(
            first &* second, multiplier: layer.multiplier[0], shift: Int32(layer.shift[0]),
            zeroPoint: zeroPoint, minimum: layer.activation_min, maximum: layer.activation_max)
    }
}

/// Each value replaced by its entry in a table of 256: logistic, a stand-alone activation, a change of scale.
func table(_ step: Step) {
    let entries = step.layer.pointee.weights! + 128
    let input = step.input(0)
    let output = step.output
    for y in 0..<output.height {
        for x in 0..<output.width {
            for channel in 0..<output.channels {
                output.store(entries[Int(input[y, x, channel])], y, x, channel)
            }
        }
    }
}

/// Walks two inputs and the output together, handing over values less their zero points.
@inline(__always)
private func elementwise(_ step: Step, _ operation: (Int32, Int32, Int32) -> Int8) {
    let first = step.input(0)
    let second = step.input(1)
    let output = step.output
    for y in 0..<output.height {
        for x in 0..<output.width {
            for channel in 0..<output.channels {
                let value = operation(
                    broadcast(first, y, x, channel) &- first.zeroPoint,
                    broadcast(second, y, x, channel) &- second.zeroPoint, output.zeroPoint)
                output.store(value, y, x, channel)
            }
        }
    }
}

@inline(__always)
private func broadcast(_ tensor: Tensor, _ row: Int, _ pixel: Int, _ channel: Int) -> Int32 {
    Int32(
        tensor[
            tensor.height == 1 ? 0 : row, tensor.width == 1 ? 0 : pixel, tensor.channels == 1 ? 0 : channel])
}
