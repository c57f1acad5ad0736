import CEspalier

/// Softmax over the channels of each pixel, in fixed point as TFLite's reference kernel computes it (`softmax.h`).
///
/// Differences to the greatest value are Q5.26, their exponentials Q0.31, the sum Q12.19.
func softmax(_ step: Step) {
    let layer = step.layer.pointee
    let input = step.input(0)
    let output = step.output
    let accumulationBits: Int32 = 12
    // Those of the first channels need not be found twice.
    var known = InlineArray<16, Int32>(repeating: 0)
    for y in 0..<output.height {
        for x in 0..<output.width {
            var greatest = Int32(Int8.min)
            for channel in 0..<input.channels { greatest = max(greatest, Int32(input[y, x, channel])) }

            var sum: Int32 = 0
            for channel in 0..<input.channels {
                let exponential = exponential(Int32(input[y, x, channel]) &- greatest, layer)
                if channel < known.count { known[channel] = exponential }
                sum &+= roundingShiftRight(exponential, accumulationBits)
            }
            let headroom = Int32(truncatingIfNeeded: sum.leadingZeroBitCount)
            let excess = Int32(
                bitPattern: (UInt32(bitPattern: sum) &<< UInt32(bitPattern: headroom)) &- (1 &<< 31))
            let reciprocal = reciprocalOfOnePlus(excess)
            let shift = accumulationBits &- headroom &+ 31 &- 8

            for channel in 0..<input.channels {
                let difference = Int32(input[y, x, channel]) &- greatest
                var value = Int32(Int8.min)
                // Over 512 equal values the shift passes 31 and every share is below one half; the reference stops there.
                if difference >= layer.difference_min && shift <= 31 {
                    let exponential = channel < known.count ? known[channel] : exponential(difference, layer)
                    let product = doublingHighProduct(reciprocal, exponential)
                    value &+= roundingShiftRight(product, shift)
                }
                output.store(Int8(truncatingIfNeeded: min(max(value, -128), 127)), y, x, channel)
            }
        }
    }
}

/// e^(difference x scale x beta) in Q0.31, or 0 for a difference too great to matter.
@inline(__always)
private func exponential(_ difference: Int32, _ layer: EspalierLayer) -> Int32 {
    guard difference >= layer.difference_min else { return 0 }
    let scaled = doublingHighProduct(difference &<< layer.left_shift, layer.multiplier[0])
    return exponentialOfNegative(scaled, integerBits: 5)
}
