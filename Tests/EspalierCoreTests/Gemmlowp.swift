// The oracle of the arithmetic tests: gemmlowp's definitions word for word, in 64-bit arithmetic. Shares
// nothing with the core.

/// `SaturatingRoundingDoublingHighMul`: a nudge that depends on the sign, then a division that cuts towards
/// zero.
func oracleDoublingHighProduct(_ a: Int32, _ b: Int32) -> Int32 {
    if a == .min && b == .min { return .max }
    let product = Int64(a) * Int64(b)
    let nudge: Int64 = product >= 0 ? 1 << 30 : 1 - (1 << 30)
    return Int32((product + nudge) / (1 << 31))
}

/// `RoundingDivideByPOT` by its meaning: the magnitude plus one half, cut, with the sign put back.
func oracleRoundingShiftRight(_ value: Int32, _ exponent: Int32) -> Int32 {
    let half: Int64 = exponent == 0 ? 0 : 1 << Int64(exponent - 1)
    let magnitude = (abs(Int64(value)) + half) / (1 << Int64(exponent))
    return Int32(value < 0 ? -magnitude : magnitude)
}

/// `MultiplyByQuantizedMultiplier` with double rounding.
func oracleRequantise(_ value: Int32, _ multiplier: Int32, _ shift: Int32) -> Int32 {
    let shifted = shift > 0 ? Int32(truncatingIfNeeded: Int64(value) << Int64(shift)) : value
    return oracleRoundingShiftRight(oracleDoublingHighProduct(shifted, multiplier), shift > 0 ? 0 : -shift)
}

/// The rule of fully connected layers only: one rounding of the whole product, as in TFLite's
/// `TFLITE_SINGLE_ROUNDING`.
func singlyRounded(_ value: Int32, _ multiplier: Int32, _ shift: Int32) -> Int32 {
    let totalShift = Int64(31 - shift)
    let sum = Int64(value) * Int64(multiplier) + (1 << (totalShift - 1))
    return Int32(truncatingIfNeeded: sum >> totalShift)
}

/// `requantise` to a stored value, with wide sums in between.
func oracleStored(
    _ accumulator: Int64, _ multiplier: Int32, _ shift: Int32, zeroPoint: Int32, range: ClosedRange<Int32>,
    rounding: (Int32, Int32, Int32) -> Int32 = oracleRequantise
) -> Int8 {
    let scaled = Int64(rounding(Int32(accumulator), multiplier, shift)) + Int64(zeroPoint)
    return Int8(min(max(scaled, Int64(range.lowerBound)), Int64(range.upperBound)))
}
