import CEspalier
import EspalierCore
import EspalierTestSupport
import Testing

@testable import EspalierCompiler

/// The proof that single precision is exact, against trying it.
@Suite struct SinglePrecisionTests {
    /// Sums beside every step and anywhere, for factors of all sizes that networks have.
    @Test(arguments: 0..<8, [false, true])
    func whatIsCalledExactIsExact(part: UInt64, inOneFloat: Bool) throws {
        var random = SeededGenerator(seed: part)
        var found = 0
        for _ in 0..<40 {
            let multiplier = QuantizedMultiplier(
                multiplier: Int32.random(in: (1 << 30)...Int32.max, using: &random),
                shift: Int8.random(in: -14...0, using: &random))
            let zeroPoint = Int32.random(in: -128...127, using: &random)
            let isRectified = Bool.random(using: &random)
            let range = ActivationRange(minimum: isRectified ? zeroPoint : -128, maximum: 127)
            let once = Bool.random(using: &random)
            guard zeroPoint < 127,
                let single = SinglePrecision(
                    multiplier, range: range, zeroPoint: zeroPoint, roundsOnce: once),
                let form = inOneFloat ? single.inOneFloat() : single.inTwoFloats()
            else { continue }
            found += 1
            func agrees(_ sum: Int32) -> Bool {
                let right = Int32(multiplier.shift)
                let exact =
                    once
                    ? requantiseRoundingOnce(sum, multiplier: multiplier.multiplier, shift: right)
                    : requantise(sum, multiplier: multiplier.multiplier, shift: right)
                func cut(_ value: Int) -> Int32 {
                    max(range.minimum, min(range.maximum, Int32(value) + zeroPoint))
                }
                return cut(single.value(sum, form)) == cut(Int(exact))
            }
            let step = Double(1 << (31 - Int(multiplier.shift))) / Double(multiplier.multiplier)
            for index in -300...300 {
                let near = Int32((Double(index) - 0.5) * step)
                for sum in (near - 2)...(near + 2) where !agrees(sum) {
                    Issue.record("\(multiplier), zero point \(zeroPoint), \(range), once \(once): sum \(sum)")
                }
            }
            for _ in 0..<2000 {
                let sum = Int32.random(in: -(1 << 26)...(1 << 26), using: &random)
                if !agrees(sum) {
                    Issue.record("\(multiplier), zero point \(zeroPoint), once \(once): sum \(sum)")
                }
            }
        }
        #expect(found > (inOneFloat ? 8 : 20))
    }

    @Test func factorsAboveOneAreLeftToIntegers() {
        let single = SinglePrecision(
            QuantizedMultiplier(multiplier: 1 << 30, shift: 2), range: ActivationRange(), zeroPoint: 0,
            roundsOnce: false)
        #expect(single == nil)
    }
}
