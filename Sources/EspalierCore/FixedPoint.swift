// Exponential and reciprocal in 32-bit fixed point, as TFLite's reference softmax and logistic compute them.
//
// A number written Qm.n has m integer bits above the point and n = 31 - m below. The functions are polynomial and
// Newton-Raphson approximations whose every intermediate rounding is part of the specification: two programs agree
// bit for bit only if they round in the same places.
//
// Source: gemmlowp `fixedpoint.h` (`exp_on_interval_between_negative_one_quarter_and_0_excl`,
// `exp_on_negative_values`, `one_over_one_plus_x_for_x_in_0_1`).

/// `round((a + b) / 2)`, ties upwards, for a and b that are not negative.
@inline(__always)
func roundingHalfSum(_ a: Int32, _ b: Int32) -> Int32 {
    (a | b) &- ((a ^ b) &>> 1)
}

/// `value * 2^exponent`, saturating, for exponents 0 ... 30.
@inline(__always)
func saturatingShiftLeft(_ value: Int32, _ exponent: Int32) -> Int32 {
    let shifted = value &<< exponent
    if shifted &>> exponent == value { return shifted }
    return value < 0 ? .min : .max
}

/// e^a for a in [-1/4, 0), a and the result in Q0.31.
@inline(__always)
func exponentialOnQuarter(_ a: Int32) -> Int32 {
    let constantTerm: Int32 = 1_895_147_668  // exp(-1/8)
    let constantThird: Int32 = 715_827_883  // 1/3
    let x = a &+ (1 &<< 28)  // a + 1/8
    let x2 = doublingHighProduct(x, x)
    let x3 = doublingHighProduct(x2, x)
    let x4 = doublingHighProduct(x2, x2)
    let x4Over4 = roundingShiftRight(x4, 2)
    let sum = roundingShiftRight(doublingHighProduct(x4Over4 &+ x3, constantThird) &+ x2, 1)
    return constantTerm &+ doublingHighProduct(constantTerm, x &+ sum)
}

/// e^a for a <= 0 in Q`integerBits`, the result in Q0.31.
public func exponentialOfNegative(_ a: Int32, integerBits: Int32) -> Int32 {
    if a == 0 { return .max }
    let fractionBits = 31 &- integerBits
    let quarter = Int32(1) &<< (fractionBits &- 2)
    let inQuarter = (a & (quarter &- 1)) &- quarter  // a modulo 1/4, minus 1/4
    var result = exponentialOnQuarter(inQuarter &<< integerBits)
    let remainder = inQuarter &- a
    result = factor(result, remainder, fractionBits, -2, 1_672_461_947)
    result = factor(result, remainder, fractionBits, -1, 1_302_514_674)
    result = factor(result, remainder, fractionBits, 0, 790_015_084)
    result = factor(result, remainder, fractionBits, 1, 290_630_308)
    result = factor(result, remainder, fractionBits, 2, 39_332_535)
    result = factor(result, remainder, fractionBits, 3, 720_401)
    result = factor(result, remainder, fractionBits, 4, 242)
    if integerBits > 5 && a < 0 &- (Int32(1) &<< (fractionBits &+ 5)) { result = 0 }
    return result
}

/// Multiplies by e^-(2^exponent) where that bit of the remainder is set.
@inline(__always)
private func factor(
    _ result: Int32, _ remainder: Int32, _ fractionBits: Int32, _ exponent: Int32, _ multiplier: Int32
) -> Int32 {
    let bit = fractionBits &+ exponent
    guard bit >= 0, bit < 31, remainder & (Int32(1) &<< bit) != 0 else { return result }
    return doublingHighProduct(result, multiplier)
}

/// 1 / (1 + a) for a in [0, 1], a and the result in Q0.31.
public func reciprocalOfOnePlus(_ a: Int32) -> Int32 {
    let halfDenominator = roundingHalfSum(a, .max)
    let fortyEight17ths: Int32 = 1_515_870_810  // 48/17 in Q2.29
    let minusThirtyTwo17ths: Int32 = -1_010_580_540  // -32/17 in Q2.29
    var x = fortyEight17ths &+ doublingHighProduct(halfDenominator, minusThirtyTwo17ths)
    for _ in 0..<3 {
        let product = doublingHighProduct(halfDenominator, x)
        let oneMinus = (Int32(1) &<< 29) &- product
        x = x &+ saturatingShiftLeft(doublingHighProduct(x, oneMinus), 2)
    }
    return saturatingShiftLeft(x, 1)
}

/// 1 / (1 + e^-a) for any a in Q`integerBits`, the result in Q0.31.
public func logistic(_ a: Int32, integerBits: Int32) -> Int32 {
    if a == 0 { return 1 &<< 30 }
    let magnitude = a > 0 ? a : (a == .min ? Int32.max : 0 &- a)
    let positive = reciprocalOfOnePlus(exponentialOfNegative(0 &- magnitude, integerBits: integerBits))
    return a > 0 ? positive : Int32.max &- positive
}
