import CEspalier
import EspalierTestSupport
import Testing

@testable import EspalierCompiler
@testable import EspalierCore

/// An addition that writes over one of its inputs, the result of the convolution before it: kernels may run both in one
/// pass.
struct FollowingAddition: CustomStringConvertible {
    /// Whether the convolution's result is the addition's second input.
    var isSecond = false
    /// Of the other input, the convolution's result, and the sum.
    var otherZeroPoint: Int32 = 11
    var resultZeroPoint: Int32 = -5
    var zeroPoint: Int32 = -128
    var range: ClosedRange<Int32> = -128...127
    var halo = Halo()
    /// Bytes by which the other input's rows are longer than they need be.
    var slack = 0

    private let factors = AddFactors(
        multiplier: [1_431_655_765, 1_800_000_001, 1_600_000_003], shift: [0, -1, -19])

    var description: String { "added as \(isSecond ? "second" : "first") into halo \(halo), slack \(slack)" }

    private func inOrder<T>(_ result: T, _ other: T) -> (T, T) {
        isSecond ? (other, result) : (result, other)
    }

    /// Adds the layer and its other input, whose index it returns.
    func append(to bench: LayerBench, _ result: Int, _ sum: Int) -> Int {
        let shape = bench.tensors[sum]
        let other = bench.tensor(
            Int(shape.height), Int(shape.width), Int(shape.channels), zeroPoint: otherZeroPoint, slack: slack)
        let inputs = inOrder(result, other)
        bench.add(inputs.0, inputs.1, factors, range, inWholeFactors: true, sum)
        bench.endWithLast()
        return other
    }

    func expected(_ result: TestTensor, _ other: TestTensor) -> TestTensor {
        let inputs = inOrder(result, other)
        let zeroPoints = inOrder(resultZeroPoint, otherZeroPoint)
        return naiveAdd(
            inputs.0, zeroPoints.0, inputs.1, zeroPoints.1, factors, zeroPoint: zeroPoint, range: range)
    }
}

/// A pool over the whole picture that a convolution's result ends in, or the sum behind it.
enum FollowingPool: CaseIterable {
    case average
    case mean

    private var scale: Requantisation {
        Requantisation(multiplier: [1_600_000_003], shift: [-4], zeroPoint: -9, range: -128...127)
    }

    private func geometry(_ height: Int, _ width: Int) -> Geometry {
        Geometry(kernelHeight: height, kernelWidth: width)
    }

    /// Adds the layer; returns its output.
    func append(to bench: LayerBench, _ input: Int) -> Int {
        let shape = bench.tensors[input]
        let output = bench.tensor(1, 1, Int(shape.channels), zeroPoint: self == .mean ? scale.zeroPoint : 0)
        switch self {
        case .average:
            bench.averagePool(input, geometry(Int(shape.height), Int(shape.width)), -100...100, output)
        case .mean: bench.mean(input, scale, output)
        }
        bench.endWithLast()
        return output
    }

    func expected(_ input: TestTensor, zeroPoint: Int32) -> TestTensor {
        switch self {
        case .average: naiveAveragePool(input, geometry(input.height, input.width), range: -100...100)
        case .mean: naiveMean(input, zeroPoint: zeroPoint, scale)
        }
    }
}

/// Convolutions that end in an addition, a pool, or both, against each done after the other with plain loops.
@Suite struct EndingTests {
    @Test(arguments: [1, 2, 4, 16])
    func randomShapesAgree(blockOutputs: Int) {
        var random = SeededGenerator(seed: 90 + UInt64(blockOutputs))
        expectAgreement((0..<120).map { _ in randomCase(blockOutputs, &random) })
        expectAgreement(
            (0..<20).map { index in
                var large = randomCase(blockOutputs, &random)
                large.height = (index % 2 == 0 ? 16 : 9) * large.geometry.strideHeight
                large.width = (index % 3 == 0 ? 16 : 32) * large.geometry.strideWidth
                return large
            })
    }

    @Test(arguments: [1, 2, 4, 16], FollowingPool.allCases)
    func thoseThatEndInPoolsAgree(blockOutputs: Int, pool: FollowingPool) {
        var random = SeededGenerator(seed: 190 + UInt64(blockOutputs))
        expectAgreement(
            (0..<60).map { index in
                var ending = randomCase(blockOutputs, &random)
                ending.pool = pool
                if index % 2 == 0 { ending.addition = nil }
                if index % 15 == 0 { (ending.height, ending.width) = (33, 40) }
                return ending
            })
    }

    private func randomCase(
        _ blockOutputs: Int, _ random: inout SeededGenerator
    ) -> ConvolutionTests.Case {
        var geometry = Geometry()
        let kernel = Bool.random(using: &random) ? 1 : 3
        geometry.kernelHeight = kernel
        geometry.kernelWidth = kernel
        let stride = Int.random(in: 1...2, using: &random)
        geometry.strideHeight = stride
        geometry.strideWidth = stride
        let halo = Int.random(in: 0...1, using: &random)
        let rectifies = Bool.random(using: &random)
        let addition = FollowingAddition(
            isSecond: Bool.random(using: &random), zeroPoint: rectifies ? -128 : 7,
            range: Bool.random(using: &random) ? -128...127 : (rectifies ? -128 : -100)...90,
            halo: Halo(top: halo, bottom: halo, left: halo, right: halo),
            slack: Int.random(in: 0...1, using: &random) * 8)
        return ConvolutionTests.Case(
            geometry: geometry, height: Int.random(in: 1...9, using: &random),
            width: Int.random(in: 1...37, using: &random), channels: Int.random(in: 1...9, using: &random),
            outputs: Int.random(in: 1...37, using: &random), blockOutputs: blockOutputs,
            kept: Bool.random(using: &random) ? 0.5 : nil, addition: addition, seed: random.next())
    }

    /// The sets that have such kernels do run all layers in one step: without it the tests above show nothing.
    @Test(arguments: [(1, false), (16, false), (16, true)], [(true, false), (false, true), (true, true)])
    func allLayersAreOneStep(packing: (Int, Bool), ending: (adds: Bool, pools: Bool)) throws {
        let (blockOutputs, winograd) = packing
        for kernels in KernelSet.all where kernels.name == "avx512vnni" {
            let bench = LayerBench()
            let input = bench.tensor(8, 8, 4, halo: Halo(top: 1, bottom: 1, left: 1, right: 1))
            let sum = bench.tensor(8, 8, 4, zeroPoint: -128)
            let result = ending.adds ? bench.tensor(inPlaceOf: sum, zeroPoint: -5) : sum
            let weights = NaiveWeights(
                values: [Int8](repeating: 1, count: winograd ? 144 : 16), bias: [0, 0, 0, 0])
            var geometry = Geometry()
            if winograd { (geometry.kernelHeight, geometry.kernelWidth) = (3, 3) }
            geometry.pad(.same, height: 8, width: 8)
            bench.convolution(
                input, weights, geometry,
                Requantisation(
                    multiplier: Array(repeating: 1 << 30, count: 4), shift: [-7, -7, -7, -7], zeroPoint: -5),
                blockOutputs: blockOutputs, winograd: winograd, result)
            if ending.adds { _ = FollowingAddition().append(to: bench, result, sum) }
            let output = ending.pools ? FollowingPool.average.append(to: bench, sum) : sum
            let model = bench.model(input: input, outputs: [output])
            let arena = Arena(bytes: Int(model.pointee.arena_bytes))
            let engine = try Engine(
                model: model, arena: arena.start, arenaBytes: arena.bytes.count, kernels: kernels)
            #expect(try engine.runStep(0).layers == 1 + (ending.adds ? 1 : 0) + (ending.pools ? 1 : 0))
        }
    }
}
