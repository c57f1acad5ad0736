import EspalierCore
import EspalierTestSupport
import Foundation
import Testing

/// The fixed-point functions: all bits against golden values of an independent transcription of gemmlowp
/// (Tests/Fixtures/make_fixed_point.py), their error against `Double`, and their shape.
@Suite struct FixedPointTests {
    /// Pairs of input and output.
    struct Golden: Decodable {
        let exponential: [String: [[Int32]]]
        let logistic: [String: [[Int32]]]
        let reciprocal: [[Int32]]

        static func read() throws -> Golden {
            try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Package.fixture("fixed_point.json")))
        }
    }

    static let one = 2_147_483_648.0  // 1 in Q0.31

    // MARK: Golden values

    @Test func exponentialHasTheGoldenBits() throws {
        let golden = try Golden.read().exponential
        #expect(golden.keys.sorted() == ["3", "4", "5", "6"])
        for (bits, pairs) in golden {
            let integerBits = try #require(Int32(bits))
            for pair in pairs {
                #expect(
                    exponentialOfNegative(pair[0], integerBits: integerBits) == pair[1],
                    "\(pair[0]) in Q\(bits)")
            }
        }
    }

    @Test func logisticHasTheGoldenBits() throws {
        let golden = try Golden.read().logistic
        #expect(golden.keys.sorted() == ["4", "5"])
        for (bits, pairs) in golden {
            let integerBits = try #require(Int32(bits))
            for pair in pairs {
                #expect(logistic(pair[0], integerBits: integerBits) == pair[1], "\(pair[0]) in Q\(bits)")
            }
        }
    }

    @Test func reciprocalHasTheGoldenBits() throws {
        let golden = try Golden.read().reciprocal
        #expect(golden.count > 100)
        for pair in golden { #expect(reciprocalOfOnePlus(pair[0]) == pair[1], "\(pair[0])") }
    }

    // MARK: Error

    /// The greatest difference from the real function over a grid, in units of the last place of Q0.31.
    private func greatestError(
        over inputs: StrideThrough<Int>, _ function: (Int32) -> Int32, _ real: (Int) -> Double
    ) -> Double {
        inputs.reduce(0.0) { worst, input in
            max(worst, abs(Double(function(Int32(input))) - real(input) * Self.one))
        }
    }

    @Test func exponentialIsRightToTwentyBits() {
        let error = greatestError(over: stride(from: Int(Int32.min), through: 0, by: 9_973)) {
            exponentialOfNegative($0, integerBits: 5)
        } _: {
            exp(Double($0) / Double(1 << 26))
        }
        #expect(error < 2048, "\(error)")
        #expect(error > 1, "an approximation, and not the function itself")
    }

    @Test func reciprocalIsWithinAFewUnits() {
        let error = greatestError(over: stride(from: 0, through: Int(Int32.max), by: 9_973)) {
            reciprocalOfOnePlus($0)
        } _: {
            1 / (1 + Double($0) / Self.one)
        }
        #expect(error < 64, "\(error)")
    }

    @Test func logisticIsRightToTwentyBits() {
        let error = greatestError(over: stride(from: Int(Int32.min) + 1, through: Int(Int32.max), by: 19_997))
        {
            logistic($0, integerBits: 4)
        } _: {
            1 / (1 + exp(-Double($0) / Double(1 << 27)))
        }
        #expect(error < 2048, "\(error)")
    }

    // MARK: Shape

    @Test func exponentialNeverFallsBackAsItsArgumentRises() {
        // Steps of 1/256, the finest a softmax of usual scale asks for.
        var last = Int32(-1)
        for input in stride(from: Int(Int32.min), through: 0, by: 1 << 18) {
            let value = exponentialOfNegative(Int32(input), integerBits: 5)
            #expect(value >= last, "at \(input)")
            last = value
        }
        #expect(last == .max)
    }

    @Test func reciprocalFallsFromOneToOneHalf() {
        var last = Int32.max
        for input in stride(from: 0, through: Int(Int32.max), by: 1 << 18) {
            let value = reciprocalOfOnePlus(Int32(input))
            #expect(value <= last, "at \(input)")
            last = value
        }
        #expect(reciprocalOfOnePlus(0) > Int32.max - 64)
        #expect(abs(reciprocalOfOnePlus(.max) - (1 << 30)) < 64)
    }

    @Test func logisticIsSymmetricAboutOneHalf() {
        #expect(logistic(0, integerBits: 4) == 1 << 30)
        for input in stride(from: Int32(1), through: .max - 1_000_003, by: 1_000_003) {
            #expect(logistic(input, integerBits: 4) == Int32.max - logistic(-input, integerBits: 4))
        }
        #expect(logistic(.min, integerBits: 4) == logistic(-.max, integerBits: 4))
    }
}
