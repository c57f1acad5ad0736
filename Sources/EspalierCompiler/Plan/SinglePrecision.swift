import EspalierCore

/// Requantisation in single precision that is exact: what kernels with float units use instead of 64-bit products.
///
/// Doubly rounded requantisation is `floor(x * factor + round)` with `round` = 1/2 + 2^-(right + 1) for sums that are
/// not negative and 2^-right less for the others (docs/requantisation.md derives it). Kernels split the 31-bit
/// factor into two exact floats, `high` and `low`, and compute
///
///     floor(fma↓(x, high, fma(x, low, round)))        fma↓ rounds down, so the floor is that of the exact sum
///
/// The inner product is rounded, so the result can be wrong beside a step. Both sides are monotone in x; equal steps
/// therefore prove equality on all 2^32 sums. The compiler compares the at most 255 steps inside the activation range
/// and, where they differ, tries the neighbours of `round`.
///
/// For most outputs there is also one float near the factor, and a `round`, with all steps right: half the work. Where the
/// sign makes a difference, it is the magnitude that is rounded then: `sign(x) * floor(fma(|x|, factor, round))`.
struct SinglePrecision {
    /// What the kernels compute with.
    struct Form {
        var high: Float
        var low: Float
        var round: Float
        /// Of the magnitude.
        var isSymmetric = false
    }

    private let multiplier: QuantizedMultiplier
    private let high: Float
    private let low: Float
    private let roundsOnce: Bool
    /// Negative sums give the activation's lower end whatever they are.
    private let negativeIsCut: Bool
    private let steps: ClosedRange<Int>

    /// - Parameters:
    ///   - range: of stored values; `zeroPoint` of the output.
    ///   - roundsOnce: as FULLY_CONNECTED does.
    init?(_ multiplier: QuantizedMultiplier, range: ActivationRange, zeroPoint: Int32, roundsOnce: Bool) {
        guard multiplier.shift <= 0, multiplier.multiplier >= 0, range.minimum < range.maximum else {
            return nil
        }
        self.multiplier = multiplier
        self.roundsOnce = roundsOnce
        let unit = Float(sign: .plus, exponent: -31 + Int(multiplier.shift), significand: 1)
        let tail = multiplier.multiplier & 127
        high = Float(multiplier.multiplier - tail) * unit
        low = Float(tail) * unit
        negativeIsCut = range.minimum >= zeroPoint
        steps = Int(range.minimum - zeroPoint) + 1...Int(range.maximum - zeroPoint)
    }

    /// What every output of a layer adds before rounding down, and its factors where one float holds each of them; nil
    /// where an output cannot be exact at all.
    static func tables(
        _ multipliers: [QuantizedMultiplier], range: ActivationRange, zeroPoint: Int32, roundsOnce: Bool
    ) -> (rounding: [Float], factors: [Float])? {
        var outputs: [SinglePrecision] = []
        for multiplier in multipliers {
            guard
                let output = SinglePrecision(
                    multiplier, range: range, zeroPoint: zeroPoint, roundsOnce: roundsOnce)
            else { return nil }
            outputs.append(output)
        }
        let single = outputs.compactMap { $0.inOneFloat() }
        if single.count == outputs.count { return (single.map(\.round), single.map(\.high)) }
        let forms = outputs.compactMap { $0.inTwoFloats() }
        return forms.count == outputs.count ? (forms.map(\.round), []) : nil
    }

    /// The factor in two parts, and a value of `round` that makes every step right.
    func inTwoFloats() -> Form? {
        var form = Form(high: high, low: low, round: 0.5)
        if multiplier.multiplier == 0 { return form }
        let right = Int(-multiplier.shift)
        let roundsTwice = !roundsOnce && right > 0
        let ideal: Float = roundsTwice ? 0.5 + Float(sign: .plus, exponent: -right - 1, significand: 1) : 0.5
        let sums = steps.map { firstSum(reaching: $0) }
        var above = ideal
        var below = ideal
        for _ in 0..<64 {
            for candidate in [above, below] {
                form.round = candidate
                if isExact(form, sums) { return form }
            }
            above = above.nextUp
            below = below.nextDown
        }
        return nil
    }

    /// A factor and a value of `round` that make every step right: for each factor near the true one, the steps leave an
    /// interval for `round`.
    func inOneFloat() -> Form? {
        let isSymmetric = !negativeIsCut && !roundsOnce
        if multiplier.multiplier == 0 {
            return Form(high: 0, low: 0, round: 0.5, isSymmetric: isSymmetric)
        }
        let sums = steps.map { firstSum(reaching: $0) }
        var factor = Float(Double(high) + Double(low))
        for _ in 0..<8 { factor = factor.nextDown }
        for _ in 0...16 {
            var least = -Double.infinity
            var most = Double.infinity
            for (step, sum) in zip(steps, sums) {
                guard let sum else { continue }
                // Below zero, the magnitude that is too much for the step.
                let isMirrored = isSymmetric && step <= 0
                let reached = Double(isMirrored ? 1 - step : step)
                let first = isMirrored ? 1 - Double(sum) : Double(sum)
                least = max(least, reached - first * Double(factor))
                most = min(most, reached - (first - 1) * Double(factor))
            }
            let form = Form(
                high: factor, low: 0, round: Float((least + most) / 2), isSymmetric: isSymmetric)
            if least < most, isExact(form, sums) { return form }
            factor = factor.nextUp
        }
        return nil
    }

    /// The least sum whose requantised value is `step` or more.
    private func firstSum(reaching step: Int) -> Int32? {
        let factor = Double(high) + Double(low)
        let guess = (Double(step) - 0.5) / factor
        guard guess.magnitude < Double(Int32.max) - 16 else { return nil }
        var sum = Int32(guess.rounded())
        while reference(sum) >= step { sum -= 1 }
        while reference(sum) < step { sum += 1 }
        return sum
    }

    private func reference(_ sum: Int32) -> Int {
        let right = Int32(multiplier.shift)
        return Int(
            roundsOnce
                ? requantiseRoundingOnce(sum, multiplier: multiplier.multiplier, shift: right)
                : requantise(sum, multiplier: multiplier.multiplier, shift: right))
    }

    private func isExact(_ form: Form, _ sums: [Int32?]) -> Bool {
        for (step, sum) in zip(steps, sums) {
            guard let sum else { continue }
            // A step that negative sums alone tell from the lower end does not show.
            if sum > 0 || !negativeIsCut {
                guard value(sum, form) >= step, value(sum - 1, form) < step else { return false }
            } else if value(sum, form) < step {
                return false
            }
        }
        return true
    }

    /// What the kernels compute.
    func value(_ sum: Int32, _ form: Form) -> Int {
        let x = Float(sum)
        if form.isSymmetric {
            let magnitude = SinglePrecision.floor(
                Double(x.magnitude) * Double(form.high), plus: Double(form.round))
            return sum < 0 ? -magnitude : magnitude
        }
        let right = Int(-multiplier.shift)
        let negative = sum < 0 && !roundsOnce && !negativeIsCut && right > 0
        let added = negative ? form.round - Float(sign: .plus, exponent: -right, significand: 1) : form.round
        let inner = added.addingProduct(x, form.low)
        return SinglePrecision.floor(Double(x) * Double(form.high), plus: Double(inner))
    }

    /// floor(a + b), exactly: of the rounded sum, less one where what was rounded off is negative and matters.
    static func floor(_ a: Double, plus b: Double) -> Int {
        let sum = a + b
        let back = sum - a
        let lost = (a - (sum - back)) + (b - back)
        let down = sum.rounded(.down)
        return Int(down) - (down == sum && lost < 0 ? 1 : 0)
    }
}
