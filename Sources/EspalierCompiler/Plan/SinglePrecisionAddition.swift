import EspalierCore

/// Addition in single precision that is exact: one multiply-add an input instead of three requantisations.
///
/// Kernels compute `floor(fma↓(a, first, fma(b, second, round)))` of inputs stored as value + 128. The compiler tries
/// all 65,536 pairs of inputs, and neighbours of `round` where some are wrong.
struct SinglePrecisionAddition {
    let multipliers: [QuantizedMultiplier]
    let leftShift: Int32
    let range: ActivationRange
    let zeroPoints: (first: Int32, second: Int32, output: Int32)

    /// The factors of both inputs and what is added; nil where none of the candidates is exact.
    func factors() -> [Float]? {
        guard (0..<31).contains(leftShift) else { return nil }
        let expected = references()
        let scale = factor(2) * Double(Int32(1) << leftShift)
        let first = Float(factor(0) * scale)
        let second = Float(factor(1) * scale)
        // A model may ask for any factor; where one step of an input passes the whole range, there is nothing to gain.
        guard max(first, second) < 256 else { return nil }
        let ideal =
            0.5 - Double(first) * Double(zeroPoints.first + 128)
            - Double(second) * Double(zeroPoints.second + 128)
        for step in 0..<33 {
            // Outwards from the ideal in steps far below any step of the result.
            let nudge = Double(step % 2 == 0 ? step / 2 : -(step + 1) / 2) * 0x1p-21
            let round = Float(ideal + nudge)
            if isExact(first, second, round, expected) { return [first, second, round] }
        }
        return nil
    }

    private func factor(_ index: Int) -> Double {
        let multiplier = multipliers[index]
        return Double(
            sign: .plus, exponent: Int(multiplier.shift) - 31, significand: Double(multiplier.multiplier))
    }

    /// The stored result of every pair, second input fastest.
    private func references() -> [Int8] {
        let first = scaled(0, zeroPoints.first)
        let second = scaled(1, zeroPoints.second)
        var results: [Int8] = []
        results.reserveCapacity(65_536)
        for a in first {
            for b in second {
                results.append(
                    requantise(
                        a &+ b, multiplier: multipliers[2].multiplier, shift: Int32(multipliers[2].shift),
                        zeroPoint: zeroPoints.output, minimum: range.minimum, maximum: range.maximum))
            }
        }
        return results
    }

    private func scaled(_ index: Int, _ zeroPoint: Int32) -> [Int32] {
        (Int32(-128)...127).map { value in
            requantise(
                (value - zeroPoint) &<< leftShift, multiplier: multipliers[index].multiplier,
                shift: Int32(multipliers[index].shift))
        }
    }

    private func isExact(_ first: Float, _ second: Float, _ round: Float, _ expected: [Int8]) -> Bool {
        let inner = (0..<256).map { Double(round.addingProduct(Float($0), second)) }
        for a in 0..<256 {
            let product = Double(a) * Double(first)
            for b in 0..<256 {
                let result = Int32(SinglePrecision.floor(product, plus: inner[b])) + zeroPoints.output
                guard max(range.minimum, min(range.maximum, result)) == Int32(expected[a * 256 + b]) else {
                    return false
                }
            }
        }
        return true
    }
}
