import CEspalier
import Testing

@testable import EspalierCompiler
@testable import EspalierCore

/// Which sets there are, and that each runs plain layers itself: a set that declined everything would agree with the
/// reference kernels in every other test.
@Suite struct KernelSetTests {
    @Test func portableComesAfterTheOthersAndBeforeTheReferenceKernels() {
        let names = KernelSet.all.map(\.name)
        #expect(names.suffix(2) == ["portable", "reference"])
        #expect(Set(names).count == names.count)
        #expect(KernelSet.best.name == names[0])
        #if arch(x86_64) || arch(arm64)
            #expect(names.count > 2, "this processor has vectors")
        #endif
    }

    /// Expects every set but the reference kernels to run the bench's only layer.
    private func expectOwnKernels(_ bench: LayerBench, input: Int, output: Int) throws {
        let model = bench.model(input: input, outputs: [output])
        for kernels in KernelSet.all.dropLast() {
            let arena = Arena(bytes: Int(model.pointee.arena_bytes))
            let done = kernels.run(
                model.pointee.layers, tensors: model.pointee.tensors, arena: arena.start)
            #expect(done != nil, "\(kernels.name) declines")
        }
        withExtendedLifetime(bench) {}
    }

    private func scale(_ outputs: Int) -> Requantisation {
        Requantisation(
            multiplier: Array(repeating: 1_500_000_001, count: outputs),
            shift: Array(repeating: -7, count: outputs), zeroPoint: -128)
    }

    private func threeByThree() -> Geometry {
        var geometry = Geometry(kernelHeight: 3, kernelWidth: 3)
        geometry.pad(.same, height: 8, width: 8)
        return geometry
    }

    private let halo = Halo(top: 1, bottom: 1, left: 1, right: 1)

    @Test(arguments: [1, 2, 4, 16])
    func everySetRunsConvolutions(blockOutputs: Int) throws {
        let bench = LayerBench()
        let input = bench.tensor(8, 8, 4, halo: halo)
        let output = bench.tensor(8, 8, 16, zeroPoint: -128)
        let weights = NaiveWeights(
            values: [Int8](repeating: 3, count: 16 * 36), bias: Array(repeating: 5, count: 16))
        bench.convolution(input, weights, threeByThree(), scale(16), blockOutputs: blockOutputs, output)
        try expectOwnKernels(bench, input: input, output: output)
    }

    /// With a byte less than it takes a kernel leaves the layer to the reference kernel, and has written nothing.
    @Test(arguments: [(1, 0), (1, 1), (2, 0), (2, 1), (4, 0), (4, 1), (16, 0), (16, 1)])
    func everySetDeclinesWhatItsScratchIsTooSmallFor(blockOutputs: Int, silence: Int) throws {
        let bench = LayerBench()
        let input = bench.tensor(8, 8, 16, zeroPoint: -128, halo: halo)
        let output = bench.tensor(8, 8, 16, zeroPoint: -128)
        let weights = NaiveWeights(
            values: [Int8](repeating: 3, count: 16 * 144), bias: Array(repeating: 5, count: 16))
        bench.convolution(
            input, weights, threeByThree(), scale(16), blockOutputs: blockOutputs,
            skipsSilence: silence == 1, keep: { row, block in blockOutputs == 16 || (row + block) % 3 != 0 },
            output)
        let model = bench.model(input: input, outputs: [output])
        for kernels in KernelSet.all.dropLast() {
            for missing in 0...1 {
                let layer = bench.reserving(for: kernels, missing: missing, model).pointee.layers[0]
                guard layer.scratch_bytes > 0 else { continue }
                let arena = Arena(bytes: Int(model.pointee.arena_bytes))
                arena.bytes.update(repeating: 0x55)
                let done = withUnsafePointer(to: layer) {
                    kernels.run($0, tensors: model.pointee.tensors, arena: arena.start)
                }
                #expect((done == nil) == (missing == 1), "\(kernels.name)")
                #expect((missing == 0) != arena.bytes.allSatisfy { $0 == 0x55 }, "\(kernels.name)")
            }
        }
        withExtendedLifetime(bench) {}
    }

    /// Magnitudes of 255 together give sums of up to 32,640, of 256 up to 32,768, which 16 bits do not hold.
    @Test func foursAreListedWhereSixteenBitsHoldTheirProducts() {
        let bench = LayerBench()
        let input = bench.tensor(4, 4, 36)
        let output = bench.tensor(4, 4, 2)
        let fours = [64, -64, 63, 64].flatMap { [Int8](repeating: $0, count: 4) }
        let others = [64, 64, -64, 64].flatMap { [Int8](repeating: $0, count: 4) }
        let last = [Int8](repeating: 64, count: 4)
        let weights = NaiveWeights(
            values: fours + others + last + fours + fours + last, bias: [0, 0])
        bench.convolution(input, weights, Geometry(), scale(2), blockOutputs: 1, output)
        let model = bench.model(input: input, outputs: [output]).pointee
        func places(_ kind: Int32) -> [UInt16] {
            let count = KernelSet.listPlaces(kind, of: model.layers, tensors: model.tensors)
            var places = [UInt16](repeating: 0, count: count)
            KernelSet.listPlaces(kind, of: model.layers, tensors: model.tensors, places: &places)
            return places.dropLast(4)
        }
        let quads = (0..<9).map { UInt16($0 * 16) }
        #expect(places(ESPALIER_PLACES_NEON) == [1, 2] + quads + [2, 0] + quads)
        #expect(places(ESPALIER_PLACES_NEONDOT) == quads + quads)
        withExtendedLifetime(bench) {}
    }

    @Test func everySetRunsDepthwiseConvolutions() throws {
        let bench = LayerBench()
        let input = bench.tensor(8, 8, 4, halo: halo)
        let output = bench.tensor(8, 8, 4, zeroPoint: -128)
        let weights = NaiveWeights(values: [Int8](repeating: 3, count: 36), bias: [5, 5, 5, 5])
        bench.depthwiseConvolution(input, weights, threeByThree(), scale(4), multiplier: 1, output)
        try expectOwnKernels(bench, input: input, output: output)
    }

    @Test func everySetRunsAdditions() throws {
        let bench = LayerBench()
        let first = bench.tensor(8, 8, 4)
        let second = bench.tensor(8, 8, 4)
        let output = bench.tensor(8, 8, 4)
        let factors = AddFactors(multiplier: [1 << 30, 1_431_655_765, 1_600_000_003], shift: [0, -1, -19])
        bench.add(first, second, factors, -128...127, inWholeFactors: true, output)
        try expectOwnKernels(bench, input: first, output: output)
    }

    @Test(arguments: [2, 3])
    func everySetRunsPools(size: Int) throws {
        var geometry = Geometry(kernelHeight: size, kernelWidth: size)
        (geometry.strideHeight, geometry.strideWidth) = (2, 2)
        geometry.pad(.same, height: 8, width: 8)
        let bench = LayerBench()
        let input = bench.tensor(8, 8, 4)
        let output = bench.tensor(4, 4, 4)
        bench.maxPool(input, geometry, -128...127, output)
        try expectOwnKernels(bench, input: input, output: output)
        let averages = LayerBench()
        let from = averages.tensor(8, 8, 4)
        let to = averages.tensor(4, 4, 4)
        averages.averagePool(from, geometry, -128...127, roundingOrigin: 0, to)
        try expectOwnKernels(averages, input: from, output: to)
    }
}
