import EspalierCore
import EspalierTestSupport
import Testing

@testable import EspalierCompiler

/// The two pieces of arithmetic under the bounds, against plain loops: requantised ranges and a window's reach.
@Suite struct DeadWorkIntervalTests {
    /// Every value of a range, requantised as the kernels do it, lies in the range's image, and both ends are met.
    @Test(arguments: [false, true]) func rangesAreRequantisedExactly(roundingOnce: Bool) {
        var wrapped = 0
        for seed in UInt64(0)..<4000 {
            var random = SeededGenerator(seed: seed)
            let multiplier = QuantizedMultiplier(
                multiplier: Int32.random(in: 1 << 30 ... .max, using: &random),
                shift: Int8.random(in: -31...30, using: &random))
            let span = Int64(1) << Int64.random(in: 0...31, using: &random)
            let first = Int64.random(in: -span..<span, using: &random)
            let values = first...first + Int64.random(in: 0...200, using: &random)
            guard let image = multiplier.apply(values, roundingOnce: roundingOnce) else {
                wrapped += 1
                continue
            }
            let results = values.map { value in
                let value = Int32(value)
                return Int64(
                    roundingOnce
                        ? requantiseRoundingOnce(
                            value, multiplier: multiplier.multiplier, shift: Int32(multiplier.shift))
                        : requantise(value, multiplier: multiplier.multiplier, shift: Int32(multiplier.shift))
                )
            }
            #expect(results.min() == image.lowerBound && results.max() == image.upperBound, "seed \(seed)")
        }
        #expect(wrapped > 100 && wrapped < 2000)
    }

    @Test func whatMayWrapIsBoundedByTheActivationAlone() {
        let range = ActivationRange(minimum: -100, maximum: 50)
        #expect(range.interval(of: nil) == Interval(low: -100, high: 50))
        #expect(range.interval(of: -7...200) == Interval(low: -7, high: 50))
        #expect(QuantizedMultiplier(multiplier: 1 << 30, shift: 8).apply(0...(1 << 23)) == nil)
        #expect(QuantizedMultiplier(0.5).apply(0...Int64(Int32.max) + 1) == nil)
        #expect(moved(0...Int64(Int32.max), by: 1) == nil)
        #expect(moved(-3...4, by: -128) == -131 ... -124)
    }

    @Test func theReachOfEverySmallWindowIsThatOfAPlainLoop() {
        for taps in 1...4 {
            for (stride, dilation) in [(1, 1), (2, 1), (3, 1), (1, 2), (2, 3)] {
                for padding in 0...3 {
                    for (input, output) in [(1, 1), (2, 4), (5, 5), (6, 3), (9, 2)] {
                        let reach = SideReach(
                            taps: taps, stride: stride, dilation: dilation, padding: padding, input: input,
                            output: output)
                        let inside = (0..<output).map { position in
                            (0..<taps).filter { 0..<input ~= position * stride - padding + $0 * dilation }
                        }
                        #expect(Set(reach.classes.map(Array.init)) == Set(inside))
                        for tap in 0..<taps {
                            #expect(reach.always.contains(tap) == inside.allSatisfy { $0.contains(tap) })
                            // Never too small; taps in a gap between two positions may count as inside.
                            #expect(reach.ever.contains(tap) || !inside.contains { $0.contains(tap) })
                        }
                    }
                }
            }
        }
    }
}
