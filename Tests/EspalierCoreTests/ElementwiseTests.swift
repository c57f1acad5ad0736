import EspalierTestSupport
import Testing

/// Addition, multiplication with every way to repeat a side, and tables, against plain loops.
@Suite struct ElementwiseTests {
    /// Which sides of an operand are 1: 3 bits, height, width and channels.
    private func operandShape(_ sides: Int, channels: Int) -> (Int, Int, Int) {
        (sides & 1 != 0 ? 1 : 3, sides & 2 != 0 ? 1 : 4, sides & 4 != 0 ? 1 : channels)
    }

    private enum Operation: String { case add, multiply }

    /// One seeded case: shapes, zero points and factors; `constant`: 0 none, 1 the first operand, 2 the
    /// second.
    private func mismatch(
        _ operation: Operation, _ first: (Int, Int, Int), _ second: (Int, Int, Int), constant: Int,
        seed: UInt64
    ) -> String? {
        var random = SeededGenerator(seed: seed)
        let zeroPoints = (0..<2).map { _ in Int32.random(in: -128...127, using: &random) }
        let operands = [first, second].map { shape in
            TestTensor(shape.0, shape.1, shape.2, random.bytes(shape.0 * shape.1 * shape.2))
        }
        let bench = LayerBench()
        let tensors = operands.indices.map { index in
            constant == index + 1
                ? bench.constant(operands[index], zeroPoint: zeroPoints[index])
                : bench.tensor(
                    operands[index].height, operands[index].width, operands[index].channels,
                    zeroPoint: zeroPoints[index], halo: Halo(top: 1, bottom: 0, left: 2, right: 1))
        }
        var scale = randomRequantisation(1, &random)
        let target = bench.tensor(
            max(first.0, second.0), max(first.1, second.1), max(first.2, second.2), zeroPoint: scale.zeroPoint
        )
        let expected: TestTensor
        switch operation {
        case .add:
            let factors = AddFactors(
                multiplier: (0..<3).map { _ in Int32.random(in: (1 << 30)...Int32.max, using: &random) },
                shift: [
                    Int32.random(in: -3...0, using: &random), Int32.random(in: -3...0, using: &random),
                    Int32.random(in: -20 ... -18, using: &random),
                ])
            bench.add(tensors[0], tensors[1], factors, scale.range, target)
            expected = naiveAdd(
                operands[0], zeroPoints[0], operands[1], zeroPoints[1], factors, zeroPoint: scale.zeroPoint,
                range: scale.range)
        case .multiply:
            scale.shift = [Int32.random(in: -8 ... -5, using: &random)]
            bench.multiply(tensors[0], tensors[1], scale, target)
            expected = naiveMultiply(operands[0], zeroPoints[0], operands[1], zeroPoints[1], scale)
        }
        let live = [0, 1].filter { constant != $0 + 1 }
        return firstMismatch("\(operation) \(first) \(second) constant \(constant) seed \(seed)", expected) {
            try bench.run(live.map { operands[$0] }, inputs: live.map { tensors[$0] }, outputs: [target])[0]
        }
    }

    private func expectAgreement(_ operation: Operation) {
        var mismatches: [String] = []
        var count = 0
        for channels in 1...5 {
            for sides in 0..<64 {
                for constant in 0...2 {
                    let first = operandShape(sides & 7, channels: channels)
                    let second = operandShape(sides >> 3, channels: channels)
                    let found = mismatch(operation, first, second, constant: constant, seed: UInt64(count))
                    if let found { mismatches.append(found) }
                    count += 1
                }
            }
        }
        expectNone(mismatches, of: count)
    }

    @Test func additionAgreesForEveryRepetitionAndConstantOperand() { expectAgreement(.add) }

    @Test func multiplicationAgreesForEveryRepetitionAndConstantOperand() { expectAgreement(.multiply) }

    @Test func additionAgreesOnAll65536Pairs() throws {
        let all = (0..<256).map { Int8(truncatingIfNeeded: $0 - 128) }
        let first = TestTensor(256, 1, 1, all)
        let second = TestTensor(1, 256, 1, all)
        let factors = AddFactors(multiplier: [1 << 30, 1_717_986_918, 1_431_655_765], shift: [0, -1, -18])
        let bench = LayerBench()
        let sources = [bench.tensor(256, 1, 1, zeroPoint: -3), bench.tensor(1, 256, 1, zeroPoint: 17)]
        let target = bench.tensor(256, 256, 1, zeroPoint: 5)
        bench.add(sources[0], sources[1], factors, -128...127, target)
        let sum = try bench.run([first, second], inputs: sources, outputs: [target])[0]
        #expect(sum == naiveAdd(first, -3, second, 17, factors, zeroPoint: 5, range: -128...127))
    }

    /// Equal shapes, which fast kernels take with whole factors; the compiler finds them for each.
    @Test(arguments: 0..<24)
    func additionOfEqualShapesAgreesOnAll65536Pairs(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let all = (0..<65_536).map { $0 }
        let first = TestTensor(16, 32, 128, all.map { Int8(truncatingIfNeeded: $0 & 255 - 128) })
        let second = TestTensor(16, 32, 128, all.map { Int8(truncatingIfNeeded: $0 >> 8 - 128) })
        let zeroPoints = (0..<3).map { _ in Int32.random(in: -128...127, using: &random) }
        // As TFLite makes them: that of the input with the wider scale is one half.
        let half = (multiplier: Int32(1 << 30), shift: Int32(0))
        let less = (
            multiplier: Int32.random(in: (1 << 30)...Int32.max, using: &random),
            shift: Int32.random(in: -4 ... -1, using: &random)
        )
        let inputs = Bool.random(using: &random) ? [half, less] : [less, half]
        let factors = AddFactors(
            multiplier: inputs.map(\.multiplier) + [Int32.random(in: (1 << 30)...Int32.max, using: &random)],
            shift: inputs.map(\.shift) + [Int32.random(in: -20 ... -17, using: &random)])
        let range = seed % 2 == 0 ? Int32(-128)...127 : zeroPoints[2]...127
        let expected = naiveAdd(
            first, zeroPoints[0], second, zeroPoints[1], factors, zeroPoint: zeroPoints[2], range: range)
        for inWholeFactors in [false, true] {
            let bench = LayerBench()
            let sources = [0, 1].map { bench.tensor(16, 32, 128, zeroPoint: zeroPoints[$0]) }
            let target = bench.tensor(16, 32, 128, zeroPoint: zeroPoints[2])
            bench.add(sources[0], sources[1], factors, range, inWholeFactors: inWholeFactors, target)
            #expect((bench.layers[0].whole_factors != nil) == inWholeFactors, "\(factors) \(zeroPoints)")
            let sum = try bench.run([first, second], inputs: sources, outputs: [target])[0]
            #expect(sum == expected)
        }
    }

    @Test func multiplicationAgreesOnAll65536Pairs() throws {
        let all = (0..<256).map { Int8(truncatingIfNeeded: $0 - 128) }
        let first = TestTensor(256, 1, 1, all)
        let second = TestTensor(1, 256, 1, all)
        let scale = Requantisation(multiplier: [1_431_655_765], shift: [-6], zeroPoint: -11)
        let bench = LayerBench()
        let sources = [bench.tensor(256, 1, 1, zeroPoint: -128), bench.tensor(1, 256, 1, zeroPoint: 127)]
        let target = bench.tensor(256, 256, 1, zeroPoint: -11)
        bench.multiply(sources[0], sources[1], scale, target)
        let product = try bench.run([first, second], inputs: sources, outputs: [target])[0]
        #expect(product == naiveMultiply(first, -128, second, 127, scale))
    }

    @Test func tablesAreReadForEveryValue() throws {
        var random = SeededGenerator(seed: 51)
        let entries = random.bytes(256)
        let values = (0..<256).map { Int8(truncatingIfNeeded: $0 - 128) }
        for channels in [1, 2, 4] {
            let input = TestTensor(256 / channels, 1, channels, values)
            let bench = LayerBench()
            let source = bench.tensor(input.height, 1, channels)
            let target = bench.tensor(input.height, 1, channels)
            bench.table(source, entries, target)
            #expect(try bench.run([input], inputs: [source], outputs: [target])[0].values == entries)
        }
    }
}
