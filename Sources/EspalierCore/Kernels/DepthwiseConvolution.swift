import CEspalier

/// The reference depthwise convolution: output channel o sees input channel o / depth_multiplier only.
func depthwiseConvolution(_ step: Step) {
    let layer = step.layer.pointee
    let input = step.input(0)
    let output = step.output
    let taps = Int(layer.kernel_height) &* Int(layer.kernel_width)
    for channel in 0..<output.channels {
        let weights = layer.weights! + ((channel &>> 2) &* taps &* 4 &+ (channel & 3))
        let source = channel / Int(layer.depth_multiplier)
        for y in 0..<output.height {
            let top = y &* Int(layer.stride_height) &- Int(layer.pad_top)
            for x in 0..<output.width {
                let left = x &* Int(layer.stride_width) &- Int(layer.pad_left)
                var sum = layer.bias[channel]
                var tap = 0
                for row in 0..<Int(layer.kernel_height) {
                    for column in 0..<Int(layer.kernel_width) {
                        let value = input[
                            top &+ row &* Int(layer.dilation_height),
                            left &+ column &* Int(layer.dilation_width),
                            source]
                        let weight = Int32(weights[tap &* 4]) &- layer.weight_zero_point
                        sum &+= Int32(value) &* weight
                        tap &+= 1
                    }
                }
                let value = requantise(
                    sum, multiplier: layer.multiplier[channel], shift: Int32(layer.shift[channel]),
                    zeroPoint: output.zeroPoint, minimum: layer.activation_min, maximum: layer.activation_max)
                output.store(value, y, x, channel)
            }
        }
    }
}
