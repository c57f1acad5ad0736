import EspalierCore

/// Addition that is exact with one product an input, instead of three requantisations.
///
/// Kernels compute `(first * x + second * y + rest) >> shift` in 32 bits of inputs as stored, zero point included, and
/// cut the result to the activation's range (docs/requantisation.md). The compiler looks for such whole numbers, and
/// has then tried all 65,536 pairs of inputs.
struct WholeAddition {
    let multipliers: [QuantizedMultiplier]
    let leftShift: Int32
    let range: ActivationRange
    let zeroPoints: (first: Int32, second: Int32, output: Int32)

    /// Kernels that multiply bytes and 16-bit words make a factor of both.
    static let possibleFactors = 0..<(1 << 23)

    /// `[first, second, rest, shift]`; nil where none of the candidates is exact.
    func factors() -> [Int32]? {
        guard (0..<31).contains(leftShift) else { return nil }
        let first = scaled(0, zeroPoints.first)
        let second = scaled(1, zeroPoints.second)
        let results = first.map { x in second.map { Int(result(x &+ $0)) } }
        let bounds = bounds(results)
        let scale = factor(2) * Double(Int32(1) << leftShift)
        let ideal = (first: factor(0) * scale, second: factor(1) * scale)
        for shift in stride(from: 23, through: 16, by: -1) {
            let unit = Double(1 << shift)
            guard max(ideal.first, ideal.second) * unit < 0x1p24 else { continue }
            let first = Int((ideal.first * unit).rounded())
            let second = Int((ideal.second * unit).rounded())
            // Outwards from the nearest whole numbers.
            for distance in 0...3 {
                for one in -distance...distance {
                    for two in -distance...distance where max(abs(one), abs(two)) == distance {
                        let (first, second) = (first + one, second + two)
                        if let rest = rest(first, second, shift, bounds),
                            isExact(first, second, rest, shift, results)
                        {
                            return [Int32(first), Int32(second), Int32(rest), Int32(shift)]
                        }
                    }
                }
            }
        }
        return nil
    }

    private func factor(_ index: Int) -> Double {
        let multiplier = multipliers[index]
        return Double(
            sign: .plus, exponent: Int(multiplier.shift) - 31, significand: Double(multiplier.multiplier))
    }

    /// What to add so that every pair has its result, in the middle of what would do; nil where nothing does, and where
    /// a sum needs more than 32 bits.
    private func rest(_ first: Int, _ second: Int, _ shift: Int, _ bounds: [Bound]) -> Int? {
        guard Self.possibleFactors.contains(first), Self.possibleFactors.contains(second) else { return nil }
        var least = Int.min
        var most = Int.max
        for bound in bounds {
            let products = first * bound.x + second * bound.y
            if bound.isLowest {
                least = max(least, bound.result << shift - products)
            } else {
                most = min(most, (bound.result + 1) << shift - 1 - products)
            }
            if least > most { return nil }
        }
        let rest = least == .min ? most : most == .max ? least : least + (most - least) / 2
        guard rest > Int(Int32.min), rest < Int(Int32.max) else { return nil }
        let lowest = -128 * (first + second) + rest
        let highest = 127 * (first + second) + rest
        return lowest >= Int(Int32.min) && highest <= Int(Int32.max) ? rest : nil
    }

    /// A pair of inputs whose result must not be less, or not be more.
    private struct Bound {
        let x, y, result: Int
        let isLowest: Bool
    }

    /// Of every first input and every result inside the activation's range the two pairs at its ends, as results do not
    /// fall where the second input rises.
    private func bounds(_ results: [[Int]]) -> [Bound] {
        var bounds: [Bound] = []
        for x in 0..<256 {
            for y in 0..<256 {
                let result = results[x][y]
                if result > Int(range.minimum), y == 0 || results[x][y - 1] != result {
                    bounds.append(Bound(x: x - 128, y: y - 128, result: result, isLowest: true))
                }
                if result < Int(range.maximum), y == 255 || results[x][y + 1] != result {
                    bounds.append(Bound(x: x - 128, y: y - 128, result: result, isLowest: false))
                }
            }
        }
        return bounds
    }

    private func isExact(_ first: Int, _ second: Int, _ rest: Int, _ shift: Int, _ results: [[Int]]) -> Bool {
        (0..<256).allSatisfy { x in
            (0..<256).allSatisfy { y in
                let value = (first * (x - 128) + second * (y - 128) + rest) >> shift
                return max(Int(range.minimum), min(Int(range.maximum), value)) == results[x][y]
            }
        }
    }

    private func result(_ sum: Int32) -> Int8 {
        requantise(
            sum, multiplier: multipliers[2].multiplier, shift: Int32(multipliers[2].shift),
            zeroPoint: zeroPoints.output, minimum: range.minimum, maximum: range.maximum)
    }

    private func scaled(_ index: Int, _ zeroPoint: Int32) -> [Int32] {
        (Int32(-128)...127).map { value in
            requantise(
                (value - zeroPoint) &<< leftShift, multiplier: multipliers[index].multiplier,
                shift: Int32(multipliers[index].shift))
        }
    }
}
