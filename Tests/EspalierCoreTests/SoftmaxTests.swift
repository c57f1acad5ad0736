import EspalierTestSupport
import Foundation
import Testing

/// Softmax against `Double`: within one step of 1/256 of the real function. Its bits are checked by the
/// operator fixtures and the CMSIS-NN vectors.
@Suite struct SoftmaxTests {
    /// The multiplier, left shift and least difference TFLite prepares for an input scale.
    private func parameters(scale: Double) -> (multiplier: Int32, leftShift: Int32, differenceMinimum: Int32)
    {
        let real = min(scale * Double(1 << 26), 2_147_483_647)
        let leftShift = Int32(log2(real).rounded(.down)) + 1
        let multiplier = Int32(real / exp2(Double(leftShift)) * 2_147_483_648)
        let widest = 31.0 * Double(1 << 26) / exp2(Double(leftShift))
        return (multiplier, leftShift, -Int32(widest.rounded(.down)))
    }

    private func softmax(_ input: TestTensor, scale: Double) throws -> TestTensor {
        let (multiplier, leftShift, differenceMinimum) = parameters(scale: scale)
        let bench = LayerBench()
        let source = bench.tensor(input.height, input.width, input.channels, zeroPoint: 9)
        let target = bench.tensor(input.height, input.width, input.channels, zeroPoint: -128)
        bench.softmax(
            source, multiplier: multiplier, leftShift: leftShift, differenceMinimum: differenceMinimum, target
        )
        return try bench.run([input], inputs: [source], outputs: [target])[0]
    }

    @Test(arguments: [0.002, 0.05, 0.1, 0.4], [1, 2, 5, 17, 100])
    func everyValueIsWithinOneStepOfTheRealOne(scale: Double, size: Int) throws {
        var random = SeededGenerator(seed: UInt64(size))
        let input = TestTensor(2, 3, size, random.bytes(6 * size))
        let output = try softmax(input, scale: scale)
        for row in 0..<2 {
            for pixel in 0..<3 {
                let exponentials = (0..<size).map { exp(Double(input[row, pixel, $0]) * scale) }
                let sum = exponentials.reduce(0, +)
                for channel in 0..<size {
                    let real = min(exponentials[channel] / sum * 256, 255)
                    #expect(abs(Double(output[row, pixel, channel]) + 128 - real) <= 1)
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 128, 255, 256, 257, 512, 513, 600, 1001, 2048])
    func equalValuesShareOneEqually(size: Int) throws {
        let output = try softmax(TestTensor(1, 1, size, [Int8](repeating: 4, count: size)), scale: 0.1)
        let share = min((256 / Double(size)).rounded(), 255) - 128
        #expect(output.values.allSatisfy { abs(Double($0) - share) <= 1 }, "\(output.values[0])")
    }
}
