import EspalierCore

/// The stored values that a channel can take on any input and at any pixel, both ends included.
struct Interval: Equatable {
    var low: Int8
    var high: Int8

    static let full = Interval(low: .min, high: .max)

    /// The one value, where there is only one.
    var constant: Int8? { low == high ? low : nil }

    /// The smallest interval that holds both.
    func hull(_ other: Interval) -> Interval {
        Interval(low: min(low, other.low), high: max(high, other.high))
    }
}

extension ActivationRange {
    /// What is stored for values from one end to the other.
    ///
    /// - Parameter values: nil where the 32-bit value before the cut may have wrapped and so be anything.
    func interval(of values: ClosedRange<Int64>?) -> Interval {
        let values = values ?? Int64(Int32.min)...Int64(Int32.max)
        return Interval(low: cut(values.lowerBound), high: cut(values.upperBound))
    }

    private func cut(_ value: Int64) -> Int8 {
        Int8(clamping: min(max(value, Int64(minimum)), Int64(maximum)))
    }
}

extension QuantizedMultiplier {
    /// `requantise` over a range of 32-bit values. It never decreases where the multiplier is not negative and nothing
    /// wraps, so both ends are enough.
    ///
    /// - Returns: nil where a step of it can wrap for some value of the range.
    func apply(_ values: ClosedRange<Int64>?, roundingOnce: Bool = false) -> ClosedRange<Int64>? {
        guard let values, multiplier >= 0, let low = Int32(exactly: values.lowerBound),
            let high = Int32(exactly: values.upperBound)
        else { return nil }
        let fits = [low, high].allSatisfy { roundingOnce ? productFits($0) : shiftFits($0) }
        guard fits else { return nil }
        return Int64(apply(low, roundingOnce))...Int64(apply(high, roundingOnce))
    }

    private func apply(_ value: Int32, _ roundingOnce: Bool) -> Int32 {
        roundingOnce
            ? requantiseRoundingOnce(value, multiplier: multiplier, shift: Int32(shift))
            : requantise(value, multiplier: multiplier, shift: Int32(shift))
    }

    /// Rounding twice shifts left before the product, in 32 bits.
    private func shiftFits(_ value: Int32) -> Bool {
        Int32(exactly: Int64(value) << Int64(max(0, shift))) != nil
    }

    /// Rounding once cuts the shifted product to 32 bits.
    private func productFits(_ value: Int32) -> Bool {
        let right = Int64(31 - shift)
        return Int32(exactly: (Int64(value) * Int64(multiplier) + (1 << (right - 1))) >> right) != nil
    }
}

/// The range moved by a zero point, nil where that can wrap in 32 bits.
func moved(_ values: ClosedRange<Int64>?, by zeroPoint: Int32) -> ClosedRange<Int64>? {
    guard let values else { return nil }
    let low = values.lowerBound + Int64(zeroPoint)
    let high = values.upperBound + Int64(zeroPoint)
    return Int32(exactly: low) != nil && Int32(exactly: high) != nil ? low...high : nil
}
