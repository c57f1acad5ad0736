import CEspalier
import EspalierTestSupport
import Testing

@testable import EspalierCore

/// The engine around the kernels: what it refuses, the order of inputs and outputs, and the verdict.
@Suite struct EngineTests {
    /// A model without layers, whose output is its input.
    private func passThrough(
        _ height: Int, _ width: Int, _ channels: Int, channelsFirst: Bool = false
    ) -> (LayerBench, UnsafePointer<EspalierModel>, Arena) {
        let bench = LayerBench()
        let input = bench.tensor(height, width, channels, halo: Halo(top: 1, left: 2))
        let model = bench.model(input: input, outputs: [input], channelsFirst: channelsFirst)
        return (bench, model, Arena(bytes: Int(model.pointee.arena_bytes)))
    }

    private func output(of engine: Engine, set values: [Int8]) throws -> [Int8] {
        try values.withUnsafeBufferPointer { try engine.setInput($0) }
        var copied = [Int8](repeating: 0, count: values.count)
        try copied.withUnsafeMutableBufferPointer { try engine.copyOutput(0, to: $0) }
        return copied
    }

    private func code(_ body: () throws(Status) -> Void) -> Int32 {
        do {
            try body()
            return ESPALIER_OK
        } catch {
            return error.code
        }
    }

    @Test func swiftSeesTheContractWithTheSizesOfC() {
        #expect(contractSizesAgree())
    }

    // MARK: Order of values

    @Test(arguments: [(1, 1, 1), (2, 3, 4), (3, 2, 5), (4, 1, 9)])
    func valuesGoInAndComeOutInTheSameOrder(height: Int, width: Int, channels: Int) throws {
        let (bench, model, arena) = passThrough(height, width, channels)
        let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
        let values = (0..<height * width * channels).map { Int8(truncatingIfNeeded: $0 * 7) }
        #expect(try output(of: engine, set: values) == values)
        withExtendedLifetime(bench) {}
    }

    @Test func channelsFirstInputsAreTurned() throws {
        let (bench, model, arena) = passThrough(2, 3, 5, channelsFirst: true)
        let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
        let values = (0..<30).map { Int8($0) }  // [channel][row][pixel]
        let turned = (0..<30).map { values[$0 % 5 * 6 + $0 / 5] }
        #expect(try output(of: engine, set: values) == turned)
        var back = [Int8](repeating: 0, count: 30)
        back.withUnsafeMutableBufferPointer {
            engine.tensor(0).copy(to: $0.baseAddress!, channelsFirst: true)
        }
        #expect(back == values)
        withExtendedLifetime(bench) {}
    }

    // MARK: Verdict

    @Test func theVerdictIsTheFirstClassWithTheGreatestValueOfAnyCell() throws {
        let (bench, model, arena) = passThrough(2, 1, 5)
        let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
        for (values, index, score) in [
            ([Int8](repeating: -128, count: 10), 0, -128),
            ([-9, -3, -3, -7, -8, -100, -3, -4, -5, -6], 1, -3),
            ([1, 2, 3, 4, 5, 6, 7, 8, 9, 127], 4, 127), ([0, 1, 2, 3, 7, 7, 1, 2, 3, 4], 0, 7),
        ] {
            try values.withUnsafeBufferPointer { try engine.setInput($0) }
            let result = try engine.run()
            #expect(result.class_index == Int32(index))
            #expect(result.score == Int32(score))
            #expect(result.layers_run == 0)
        }
        withExtendedLifetime(bench) {}
    }

    @Test func theResultCountsKeptAndPrunedBlocks() throws {
        let bench = LayerBench()
        let input = bench.tensor(1, 1, 8)
        let target = bench.tensor(1, 1, 3)
        bench.convolution(
            input, NaiveWeights(values: [Int8](repeating: 1, count: 24), bias: [0, 0, 0]), Geometry(),
            Requantisation(multiplier: [1 << 30, 1 << 30, 1 << 30], shift: [0, 0, 0], zeroPoint: 0),
            keep: { row, block in row == 1 && block == 0 }, target)
        let model = bench.model(input: input, outputs: [target])
        let arena = Arena(bytes: Int(model.pointee.arena_bytes))
        let result = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count).run()
        #expect(result.layers_run == 1)
        #expect(result.blocks_kept == 1)
        #expect(result.blocks_pruned == 5)
        #expect(result.blocks_skipped == 0)
        withExtendedLifetime(bench) {}
    }

    // MARK: Surroundings

    @Test func theHaloAndUnusedLanesHoldTheZeroPoint() {
        let bench = LayerBench()
        let index = bench.tensor(
            2, 3, 5, zeroPoint: -9, halo: Halo(top: 2, bottom: 1, left: 3, right: 1), slack: 8)
        let arena = Arena(bytes: 4_096)
        arena.bytes.update(repeating: 55)
        var fields = bench.tensors[index]
        KernelSet.best.clearSurroundings(&fields, arena: arena.start)
        let tensor = Tensor(fields, arena: arena.start, flip: KernelSet.best.flip)
        for row in -2..<3 {
            for pixel in -3..<4 {
                for channel in 0..<8 {
                    let inside = (0..<2).contains(row) && (0..<3).contains(pixel) && channel < 5
                    let outsidePicture = !(0..<2).contains(row) || !(0..<3).contains(pixel)
                    if outsidePicture || channel >= 5 { #expect(tensor[row, pixel, channel] == -9) }
                    if inside { #expect(tensor[row, pixel, channel] == 55 ^ tensor.flip) }
                }
            }
        }
    }

    // MARK: Refusals

    @Test func modelsAndArenasThatDoNotFitAreRefused() {
        let (bench, model, arena) = passThrough(1, 1, 1)
        let bytes = arena.bytes.count
        var other = model.pointee
        other.abi_version += 1
        let otherModel = bench.keep([other])
        #expect(
            code { () throws(Status) in _ = try Engine(model: model, arena: arena.start, arenaBytes: bytes) }
                == 0)
        #expect(
            code { () throws(Status) in
                _ = try Engine(model: otherModel, arena: arena.start, arenaBytes: bytes)
            }
                == ESPALIER_ERROR_ABI)
        #expect(
            code { () throws(Status) in
                _ = try Engine(model: model, arena: arena.start, arenaBytes: bytes - 1)
            }
                == ESPALIER_ERROR_ARENA_SIZE)
        for offset in [1, 4, 32, 63] {
            #expect(
                code { () throws(Status) in
                    _ = try Engine(model: model, arena: arena.start + offset, arenaBytes: bytes)
                } == ESPALIER_ERROR_ARENA_ALIGNMENT)
        }
    }

    @Test func unknownOperationsAreRefused() throws {
        for operation in [Int32.min, -1, 0, 13, .max] {
            let bench = LayerBench()
            let input = bench.tensor(1, 1, 1)
            bench.append(operation, inputs: [input], output: input) { _ in }
            let model = bench.model(input: input, outputs: [input])
            let arena = Arena(bytes: Int(model.pointee.arena_bytes))
            let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
            #expect(code { () throws(Status) in _ = try engine.run() } == ESPALIER_ERROR_OPERATION)
            withExtendedLifetime(bench) {}
        }
    }

    @Test func wrongCountsAndIndicesAreRefused() throws {
        let (bench, model, arena) = passThrough(2, 2, 3)
        let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
        let values = UnsafeMutableBufferPointer(start: arena.start, count: 13)
        for count in [0, 1, 11, 13] {
            let some = UnsafeMutableBufferPointer(rebasing: values[..<count])
            #expect(
                code { () throws(Status) in try engine.setInput(UnsafeBufferPointer(some)) }
                    == ESPALIER_ERROR_COUNT)
            #expect(code { () throws(Status) in try engine.copyOutput(0, to: some) } == ESPALIER_ERROR_COUNT)
        }
        for index in [-1, 1, 7, Int.max] {
            #expect(
                code { () throws(Status) in try engine.copyOutput(index, to: values) } == ESPALIER_ERROR_INDEX
            )
        }
        withExtendedLifetime(bench) {}
    }
}
