import EspalierCore
import Foundation

/// A positive real factor as TFLite stores it: multiplier * 2^shift / 2^31, the multiplier in [2^30, 2^31).
///
/// Source: TensorFlow Lite `quantization_util.cc`.
public struct QuantizedMultiplier: Equatable, Sendable {
    public var multiplier: Int32
    /// Positive to the left.
    public var shift: Int8

    public init(multiplier: Int32, shift: Int8) {
        self.multiplier = multiplier
        self.shift = shift
    }

    /// `QuantizeMultiplier`: rounds to 31 bits; factors below 2^-31 become 0, above 2^30 the greatest.
    public init(_ factor: Double) {
        guard factor > 0, factor.isFinite else {
            self.init(multiplier: 0, shift: 0)
            return
        }
        var exponent = Int(factor.exponent) + 1
        var fraction = (factor.significand / 2 * Double(1 << 31)).rounded(.toNearestOrAwayFromZero)
        if fraction == Double(1 << 31) {
            fraction /= 2
            exponent += 1
        }
        if exponent < -31 {
            self.init(multiplier: 0, shift: 0)
        } else if exponent > 30 {
            self.init(multiplier: .max, shift: 30)
        } else {
            self.init(multiplier: Int32(fraction), shift: Int8(exponent))
        }
    }

    func apply(_ value: Int32) -> Int32 {
        requantise(value, multiplier: multiplier, shift: Int32(shift))
    }

    /// The multiplier for a mean over `count` values: the division is done here (`reduce.h`).
    public func dividedByCount(_ count: Int) -> QuantizedMultiplier {
        var down = 63 - count.leadingZeroBitCount
        down = min(down, 32)
        down = min(down, 31 + Int(shift))
        return QuantizedMultiplier(
            multiplier: Int32(truncatingIfNeeded: (Int64(multiplier) << Int64(down)) / Int64(count)),
            shift: shift - Int8(down))
    }
}

/// `CalculateInputRadius`: the greatest difference that stays in range once scaled.
func inputRadius(integerBits: Int, leftShift: Int) -> Int32 {
    let radius = Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits)) / pow(2, Double(leftShift))
    return Int32(max(-2_147_483_648, min(2_147_483_647, radius.rounded(.down))))
}
