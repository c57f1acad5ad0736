import EspalierCore
import EspalierTestSupport
import Testing

/// The numerics contract against gemmlowp's definitions: every tie, every exponent, every power of two, the
/// extremes, and millions of seeded random cases. Sweeps report their first mismatch only.
@Suite struct RequantiseTests {
    /// Every power of two of both signs with its neighbours, and the ends of the range.
    static let edges: [Int32] = {
        var values: Set<Int32> = [.min, .min + 1, .max, .max - 1, 0]
        for bit in 0..<31 {
            for offset in Int32(-2)...2 {
                let value = (Int32(1) << bit).addingReportingOverflow(offset)
                if !value.overflow { values.formUnion([value.partialValue, 0 &- value.partialValue]) }
            }
        }
        return values.sorted()
    }()

    // MARK: doublingHighProduct

    @Test func doublingHighProductKeepsItsExamples() {
        #expect(doublingHighProduct(1 << 30, 1 << 30) == 1 << 29)
        #expect(doublingHighProduct(.min, .min) == .max)
        #expect(doublingHighProduct(.min, .max) == -.max)
        // Ties: a half goes away from zero above it and towards zero below it.
        #expect(doublingHighProduct(1 << 15, 1 << 15) == 1)
        #expect(doublingHighProduct(-(1 << 15), 1 << 15) == 0)
    }

    @Test func doublingHighProductAgreesOnAllPairsOfEdges() {
        var mismatch: (Int32, Int32)?
        for a in Self.edges {
            for b in Self.edges
            where mismatch == nil && doublingHighProduct(a, b) != oracleDoublingHighProduct(a, b) {
                mismatch = (a, b)
            }
        }
        #expect(mismatch == nil)
    }

    @Test func doublingHighProductAgreesOnAll16BitValuesTimesAllPowersOfTwo() {
        var mismatch: (Int32, Int32)?
        var ties = 0
        for value in Int32(Int16.min)...Int32(Int16.max) {
            for place in [Int32(0), 7, 16] {
                let a = value << place
                for bit in 0..<31 {
                    for b in [Int32(1) << bit, -(Int32(1) << bit)] {
                        if doublingHighProduct(a, b) != oracleDoublingHighProduct(a, b) { mismatch = (a, b) }
                        if Int64(a) * Int64(b) & 0x7fff_ffff == 0x4000_0000 { ties += 1 }
                    }
                }
            }
        }
        #expect(mismatch == nil)
        #expect(ties > 100_000, "the sweep must meet ties")
    }

    // MARK: roundingShiftRight

    @Test func roundingShiftRightKeepsItsExamples() {
        #expect(roundingShiftRight(5, 1) == 3)
        #expect(roundingShiftRight(-5, 1) == -3)
        #expect(roundingShiftRight(.min, 31) == -1)
        #expect(roundingShiftRight(.max, 31) == 1)
        #expect(roundingShiftRight(.min, 0) == .min)
    }

    @Test func roundingShiftRightAgreesOnAll16BitValuesAndEdgesForEveryExponent() {
        var mismatch: (Int32, Int32)?
        for exponent in Int32(0)...31 {
            for value in Self.edges
            where roundingShiftRight(value, exponent) != oracleRoundingShiftRight(value, exponent) {
                mismatch = (value, exponent)
            }
            for value in Int32(Int16.min)...Int32(Int16.max)
            where roundingShiftRight(value, exponent) != oracleRoundingShiftRight(value, exponent) {
                mismatch = (value, exponent)
            }
        }
        #expect(mismatch == nil)
    }

    @Test func roundingShiftRightAgreesOnTiesOfEveryExponentAndTheirNeighbours() {
        var mismatch: (Int32, Int32)?
        for exponent in Int32(1)...31 {
            let half = Int64(1) << Int64(exponent - 1)
            let quotients = Int64(1) << Int64(min(16, 31 - exponent))
            for quotient in -quotients..<quotients {
                for offset in Int64(-1)...1 {
                    guard let value = Int32(exactly: quotient << Int64(exponent) + half + offset) else {
                        continue
                    }
                    if roundingShiftRight(value, exponent) != oracleRoundingShiftRight(value, exponent) {
                        mismatch = (value, exponent)
                    }
                }
            }
        }
        #expect(mismatch == nil)
    }

    // MARK: requantise

    @Test func requantiseKeepsItsExamples() {
        #expect(requantise(1000, multiplier: 1 << 30, shift: -1) == 250)
        #expect(requantise(3, multiplier: 1 << 30, shift: 1) == 3)
        // The left shift wraps before the product.
        #expect(requantise(1 << 30, multiplier: 1 << 30, shift: 2) == 0)
    }

    @Test func requantiseAgreesOnEdgesTimesMultipliersTimesEveryShift() {
        let multipliers: [Int32] = [
            1 << 30, 1 << 30 + 1, 3 << 29, 1_431_655_765, 1_717_986_918, 2_040_109_465, .max - 1, .max, 1, 0,
        ]
        var mismatch: (Int32, Int32, Int32)?
        for value in Self.edges {
            for multiplier in multipliers {
                for shift in Int32(-31)...30
                where requantise(value, multiplier: multiplier, shift: shift)
                    != oracleRequantise(value, multiplier, shift)
                {
                    mismatch = (value, multiplier, shift)
                }
            }
        }
        #expect(mismatch == nil)
    }

    @Test func requantiseAgreesOnAll16BitAccumulatorsForUsualShifts() {
        var mismatch: (Int32, Int32, Int32)?
        for value in Int32(Int16.min)...Int32(Int16.max) {
            for multiplier in [Int32(1) << 30, 1_431_655_765, 1_610_612_736, .max] {
                for shift in Int32(-12)...0
                where requantise(value, multiplier: multiplier, shift: shift)
                    != oracleRequantise(value, multiplier, shift)
                {
                    mismatch = (value, multiplier, shift)
                }
            }
        }
        #expect(mismatch == nil)
    }

    @Test(arguments: [UInt64(1), 20_260_101])
    func allThreeAgreeOnMillionsOfRandomCases(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var mismatch: (Int32, Int32, Int32)?
        for _ in 0..<2_000_000 {
            let bits = random.next()
            // A random width makes small accumulators as frequent as great ones.
            let value = Int32(truncatingIfNeeded: bits) >> Int32(truncatingIfNeeded: bits >> 32 & 31)
            let multiplier = Int32(truncatingIfNeeded: random.next())
            let shift = Int32(truncatingIfNeeded: random.next() % 62) - 31
            if doublingHighProduct(value, multiplier) != oracleDoublingHighProduct(value, multiplier)
                || roundingShiftRight(value, abs(shift)) != oracleRoundingShiftRight(value, abs(shift))
                || requantise(value, multiplier: multiplier, shift: shift)
                    != oracleRequantise(value, multiplier, shift)
            {
                mismatch = (value, multiplier, shift)
            }
        }
        #expect(mismatch == nil, "seed \(seed)")
    }

    @Test func storedValuesAreMovedToTheZeroPointAndCutToTheActivationRange() {
        func stored(_ value: Int32, _ zeroPoint: Int32, _ range: ClosedRange<Int32>) -> Int8 {
            requantise(
                value, multiplier: 1 << 30, shift: 1, zeroPoint: zeroPoint, minimum: range.lowerBound,
                maximum: range.upperBound)
        }
        #expect(stored(5, 7, -128...127) == 12)
        #expect(stored(500, 7, -128...127) == 127)
        #expect(stored(-500, 7, -128...127) == -128)
        #expect(stored(-500, -128, -3...6) == -3)
        #expect(stored(500, -128, -3...6) == 6)
    }

    // MARK: requantiseRoundingOnce

    @Test func roundingOnceKeepsItsExamplesAndTies() {
        #expect(requantiseRoundingOnce(5, multiplier: 1 << 30, shift: -1) == 1)
        #expect(requantise(5, multiplier: 1 << 30, shift: -1) == 2)
        #expect(requantiseRoundingOnce(1, multiplier: 1 << 30, shift: 0) == 1)
        #expect(requantiseRoundingOnce(-1, multiplier: 1 << 30, shift: 0) == 0, "ties go upwards")
        #expect(requantiseRoundingOnce(-3, multiplier: 1 << 30, shift: 0) == -1)
    }

    @Test func roundingOnceAgreesOnEdgesTimesMultipliersTimesEveryShift() {
        var mismatch: (Int32, Int32, Int32)?
        for value in Self.edges {
            for multiplier in [
                Int32(1) << 30, 1 << 30 + 1, 3 << 29, 1_431_655_765, 2_040_109_465, .max, 1, 0,
            ] {
                for shift in Int32(-31)...30
                where requantiseRoundingOnce(value, multiplier: multiplier, shift: shift)
                    != singlyRounded(value, multiplier, shift)
                {
                    mismatch = (value, multiplier, shift)
                }
            }
        }
        #expect(mismatch == nil)
    }

    @Test(arguments: [UInt64(2), 20_260_102])
    func roundingOnceAgreesOnMillionsOfRandomCases(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var mismatch: (Int32, Int32, Int32)?
        for _ in 0..<2_000_000 {
            let bits = random.next()
            let value = Int32(truncatingIfNeeded: bits) >> Int32(truncatingIfNeeded: bits >> 32 & 31)
            let multiplier = Int32(truncatingIfNeeded: random.next())
            let shift = Int32(truncatingIfNeeded: random.next() % 62) - 31
            if requantiseRoundingOnce(value, multiplier: multiplier, shift: shift)
                != singlyRounded(value, multiplier, shift)
            {
                mismatch = (value, multiplier, shift)
            }
        }
        #expect(mismatch == nil, "seed \(seed)")
    }

    // MARK: The tests can fail

    @Test func singleRoundingDiffersInAboutOneCaseOfAHundred() {
        // 3 x 0.5 = 1.5 -> 2, then 2 / 4 = 0.5 -> 1; rounded once, 3/8 -> 0.
        #expect(requantise(3, multiplier: 1 << 30, shift: -2) == 1)
        #expect(singlyRounded(3, 1 << 30, -2) == 0)

        var random = SeededGenerator(seed: 3)
        var different = 0
        let cases = 200_000
        for _ in 0..<cases {
            let value = Int32.random(in: -60_000...60_000, using: &random)
            let multiplier = Int32.random(in: (1 << 30)...Int32.max, using: &random)
            let shift = Int32.random(in: -9 ... -5, using: &random)
            if requantise(value, multiplier: multiplier, shift: shift)
                != singlyRounded(value, multiplier, shift)
            {
                different += 1
            }
        }
        #expect((cases / 500...cases / 20).contains(different), "\(different) of \(cases) differ")
    }
}
