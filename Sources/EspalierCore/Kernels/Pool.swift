import CEspalier

/// The greatest value under each window; what lies outside the picture does not count.
func maxPool(_ step: Step) {
    pool(step, start: Int32(Int8.min)) {
        max($0, $1)
    } finish: { sum, _ in
        sum
    }
}

/// The mean under each window, of the values inside the picture only, ties away from the rounding origin.
func averagePool(_ step: Step) {
    let origin = step.layer.pointee.rounding_origin
    pool(step, start: 0) {
        $0 &+ $1
    } finish: { total, count in
        let sum = total &- origin &* count
        return origin &+ (sum > 0 ? sum &+ count / 2 : sum &- count / 2) / count
    }
}

@inline(__always)
private func pool(
    _ step: Step, start: Int32, combine: (Int32, Int32) -> Int32,
    finish: (_ sum: Int32, _ count: Int32) -> Int32
) {
    let layer = step.layer.pointee
    let input = step.input(0)
    let output = step.output
    for y in 0..<output.height {
        let top = y &* Int(layer.stride_height) &- Int(layer.pad_top)
        let rows = max(0, top)..<min(input.height, top &+ Int(layer.kernel_height))
        for x in 0..<output.width {
            let left = x &* Int(layer.stride_width) &- Int(layer.pad_left)
            let pixels = max(0, left)..<min(input.width, left &+ Int(layer.kernel_width))
            let count = Int32(truncatingIfNeeded: rows.count &* pixels.count)
            for channel in 0..<output.channels {
                var value = start
                for row in rows {
                    for pixel in pixels { value = combine(value, Int32(input[row, pixel, channel])) }
                }
                let pooled = finish(value, count)
                let cut = min(max(pooled, layer.activation_min), layer.activation_max)
                output.store(Int8(truncatingIfNeeded: cut), y, x, channel)
            }
        }
    }
}

/// The mean of each channel over the whole picture in the output's scale, TFLite's MEAN over rows and pixels.
///
/// The division by the count is inside the multiplier, as in the reference (`reduce.h`, `QuantizedMeanOrSum`).
func mean(_ step: Step) {
    let layer = step.layer.pointee
    let input = step.input(0)
    let output = step.output
    for channel in 0..<output.channels {
        var sum: Int32 = 0
        for row in 0..<input.height {
            for pixel in 0..<input.width { sum &+= Int32(input[row, pixel, channel]) &- input.zeroPoint }
        }
        let value = requantise(
            sum, multiplier: layer.multiplier[0], shift: Int32(layer.shift[0]), zeroPoint: output.zeroPoint,
            minimum: layer.activation_min, maximum: layer.activation_max)
        output.store(value, 0, 0, channel)
    }
}
