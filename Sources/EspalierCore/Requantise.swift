// TFLite's int8 requantisation, exactly as the reference kernels do it: *double rounding*.
//
// An accumulator becomes a stored value by a multiplication with a real number below one, written as
// multiplier * 2^shift / 2^31 with a 32-bit multiplier. The reference kernels round twice on the way: once when the
// 64-bit product is cut to its high half, once when that is shifted right. Rounding once differs by one unit in about
// one case of a hundred, so every kernel of this project, whatever its instruction set, gives the bits of this file.
//
// The one exception is FULLY_CONNECTED, whose reference goes through a matrix library (ruy) that rounds once.
//
// Source: gemmlowp `fixedpoint.h` and TensorFlow Lite `common.h`, `MultiplyByQuantizedMultiplier`.

/// The high half of the doubled product: `round(a * b / 2^31)`, ties away from zero for positive products and
/// towards zero for negative ones.
///
///     doublingHighProduct(1 << 30, 1 << 30) == 1 << 29
///
/// The one case that does not fit, both factors `Int32.min`, saturates to `Int32.max`.
///
/// Identity: equal to `floor((a * b + 2^30) / 2^31)`; the reference adds `1 - 2^30` to a negative product and then
/// cuts towards zero, which is the same.
@inlinable @inline(__always)
public func doublingHighProduct(_ a: Int32, _ b: Int32) -> Int32 {
    if a == .min && b == .min { return .max }
    // In two 32-bit halves: on 32-bit boards that is one instruction, and widening to `Int64` there counts as
    // allocating in Embedded Swift.
    let product = a.multipliedFullWidth(by: b)
    let (low, carry) = product.low.addingReportingOverflow(1 &<< 30)
    let high = product.high &+ (carry ? 1 : 0)
    return (high &<< 1) | Int32(bitPattern: low &>> 31)
}

/// `round(value / 2^exponent)`, ties away from zero, for exponents 0 ... 31.
///
///     roundingShiftRight(5, 1) == 3      roundingShiftRight(-5, 1) == -3
///
/// Trap: a plain `value >> exponent` rounds down, `(value + half) >> exponent` rounds -5/2 to -2.
@inlinable @inline(__always)
public func roundingShiftRight(_ value: Int32, _ exponent: Int32) -> Int32 {
    let mask = Int32(bitPattern: (1 &<< UInt32(bitPattern: exponent)) &- 1)
    let remainder = value & mask
    let threshold = (mask &>> 1) &+ (value < 0 ? 1 : 0)
    return (value &>> exponent) &+ (remainder > threshold ? 1 : 0)
}

/// `value * multiplier * 2^shift / 2^31`, rounded twice; `shift` is positive to the left, -31 ... 30.
///
///     requantise(1000, multiplier: 1 << 30, shift: -1) == 250
///
/// Trap: a left shift is applied to `value` *before* the product and wraps, as in the reference.
@inlinable @inline(__always)
public func requantise(_ value: Int32, multiplier: Int32, shift: Int32) -> Int32 {
    let left = shift > 0 ? shift : 0
    let right = shift > 0 ? 0 : 0 &- shift
    return roundingShiftRight(doublingHighProduct(value &<< left, multiplier), right)
}

/// `round(value * multiplier * 2^shift / 2^31)`, rounded once, ties upwards; `shift` is -31 ... 30.
///
///     requantiseRoundingOnce(5, multiplier: 1 << 30, shift: -1) == 1      where `requantise` gives 2
///
/// Source: ruy `apply_multiplier.cc`, TensorFlow Lite `common.h` with TFLITE_SINGLE_ROUNDING.
@inlinable @inline(__always)
public func requantiseRoundingOnce(_ value: Int32, multiplier: Int32, shift: Int32) -> Int32 {
    let product = value.multipliedFullWidth(by: multiplier)
    let total = UInt32(bitPattern: 31 &- shift)
    if total <= 32 {
        let (low, carry) = product.low.addingReportingOverflow(1 &<< (total &- 1))
        let high = product.high &+ (carry ? 1 : 0)
        return total == 32
            ? high : (high &<< Int32(bitPattern: 32 &- total)) | Int32(bitPattern: low &>> total)
    }
    let half = Int32(bitPattern: 1 &<< (total &- 33))
    return (product.high &+ half) &>> Int32(bitPattern: total &- 32)
}

/// `requantise`, moved to the output's zero point and cut to its activation range: what a kernel stores.
///
/// The sum wraps, as in the reference; the result is always inside `minimum ... maximum`.
@inlinable @inline(__always)
public func requantise(
    _ value: Int32, multiplier: Int32, shift: Int32, zeroPoint: Int32, minimum: Int32, maximum: Int32
) -> Int8 {
    let moved = requantise(value, multiplier: multiplier, shift: shift) &+ zeroPoint
    return Int8(truncatingIfNeeded: min(max(moved, minimum), maximum))
}
