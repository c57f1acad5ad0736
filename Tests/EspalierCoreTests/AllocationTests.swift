import CAllocationProbe
import CEspalier
import EspalierCompiler
import EspalierCore
import EspalierTestSupport
import Foundation
import Testing

/// Nothing on the way from a frame to a verdict touches the heap. Refusals cannot be measured here: the test
/// library watches for errors and boxes each on the heap; that they do not allocate is proved by the Embedded
/// build.
@Suite(.enabled(if: allocation_probe_works() != 0, "The allocation probe needs glibc."))
struct AllocationTests {
    /// Heap calls of this thread while `body` runs.
    private func heapCalls(_ body: () throws -> Void) rethrows -> UInt64 {
        allocation_probe_begin()
        try body()
        let counts = allocation_probe_end()
        return counts.allocations + counts.frees
    }

    // MARK: The probe

    @Test func theProbeSeesSwiftsAllocations() {
        var kept: [[Int]] = []
        kept.reserveCapacity(1)
        #expect(heapCalls { kept.append(Array(repeating: 1, count: Int.random(in: 100...200))) } >= 1)
        #expect(kept[0].count >= 100)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 64)
        #expect(heapCalls { memory.deallocate() } == 1)
        #expect(
            heapCalls { UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 4096).deallocate() } == 2)
    }

    @Test func theProbeCountsNothingOfArithmetic() {
        var sum: UInt64 = 0
        #expect(heapCalls { for value in 0..<1_000 { sum &+= UInt64(value) } } == 0)
        #expect(sum == 499_500)
    }

    @Test func theProbeIsOffOutsideItsSpan() {
        _ = heapCalls {}
        let kept = Array(repeating: 1, count: Int.random(in: 100...200))
        #expect(heapCalls {} == 0)
        #expect(kept.count >= 100)
    }

    // MARK: The engine

    /// Sets the input, sets a frame where the model takes one, runs and reads the outputs: once to warm up,
    /// once counted.
    private func heapCallsOfARun(_ model: UnsafePointer<EspalierModel>) throws -> UInt64 {
        let arena = Arena(bytes: Int(model.pointee.arena_bytes))
        let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
        let input = engine.tensor(Int(model.pointee.input))
        let values = UnsafeMutableBufferPointer<Int8>.allocate(capacity: input.count)
        values.initialize(repeating: 3)
        let output = UnsafeMutableBufferPointer<Int8>.allocate(
            capacity: engine.tensor(Int(model.pointee.outputs[0])).count)
        output.initialize(repeating: 0)
        let pixels = [UInt8](repeating: 77, count: 160 * 120 * 3)
        defer {
            values.deallocate()
            output.deallocate()
        }
        return try pixels.withUnsafeBufferPointer { pixels in
            let frame = EspalierFrame(
                pixels: pixels.baseAddress, pixel_format: ESPALIER_PIXELS_RGB24, width: 160, height: 120,
                row_bytes: 480)
            let takesFrames = input.channels == 1 || input.channels == 3
            func once() throws {
                let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
                if takesFrames { try engine.setFrame(frame) }
                try engine.setInput(UnsafeBufferPointer(values))
                _ = try engine.run()
                try engine.copyOutput(0, to: output)
            }
            try once()
            return try heapCalls(once)
        }
    }

    @Test func everyOperationRunsWithoutTheHeap() throws {
        let (bench, model) = everyOperation()
        #expect(model.pointee.layer_count == 12)
        #expect(try heapCallsOfARun(model) == 0)
        withExtendedLifetime(bench) {}
    }

    @Test(
        .needsReference,
        arguments: [
            "resnet8_cifar10_int8", "vww_96_int8", "person_detect_int8", "person_detect_int8_qdimfix",
            "kws_dscnn_int8",
            "ad01_int8", "mobilenet_v1_0.25_128_uint8", "mobilenet_v2_1.0_224_int8_nchw",
        ])
    func realModelsRunWithoutTheHeap(name: String) throws {
        let bytes = try [UInt8](Data(contentsOf: Reference.url("models/tflite/\(name).tflite")))
        let model = try Compilation(
            tflite: bytes, sourceName: name, options: CompileOptions(name: "model")
        ).model()
        #expect(try heapCallsOfARun(model.pointer) == 0)
        withExtendedLifetime(model) {}
    }

    /// One layer of each of the contract's twelve operations, in a row.
    private func everyOperation() -> (LayerBench, UnsafePointer<EspalierModel>) {
        let bench = LayerBench()
        let halo = Halo(top: 1, bottom: 1, left: 1, right: 1)
        var window = Geometry(kernelHeight: 3, kernelWidth: 3)
        window.pad(.same, height: 8, width: 8)
        var pool = Geometry(kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2)
        pool.pad(.valid, height: 8, width: 8)
        let scale = Requantisation(
            multiplier: [Int32](repeating: 1 << 30, count: 6), shift: [Int32](repeating: -5, count: 6),
            zeroPoint: 0)
        let input = bench.tensor(8, 8, 3, zeroPoint: -128, halo: halo)
        let body = [6, 6, 6, 6, 6].map { bench.tensor(8, 8, $0, halo: halo) }
        let small = bench.tensor(4, 4, 6)
        let smaller = bench.tensor(2, 2, 6)
        let padded = bench.tensor(3, 3, 6)
        let means = bench.tensor(1, 1, 6)
        let reshaped = bench.tensor(1, 1, 6)
        let joined = bench.tensor(1, 1, 12)
        let scores = bench.tensor(1, 1, 12, zeroPoint: -128)
        bench.convolution(
            input,
            NaiveWeights(values: [Int8](repeating: 3, count: 6 * 9 * 3), bias: [0, 1, 2, 3, 4, 5]), window,
            scale,
            keep: { row, block in (row + block) % 2 == 0 }, body[0])
        bench.depthwiseConvolution(
            body[0], NaiveWeights(values: [Int8](repeating: 5, count: 9 * 6), bias: [0, 1, 2, 3, 4, 5]),
            window, scale,
            multiplier: 1, body[1])
        bench.add(
            body[0], body[1], AddFactors(multiplier: [1 << 30, 1 << 30, 1 << 30], shift: [0, 0, -19]),
            -128...127,
            body[2])
        bench.multiply(body[2], body[1], scale, body[3])
        bench.table(body[3], (0..<256).map { Int8(truncatingIfNeeded: 127 - $0) }, body[4])
        bench.maxPool(body[4], pool, -128...127, small)
        pool.pad(.valid, height: 4, width: 4)
        bench.averagePool(small, pool, -128...127, smaller)
        bench.pad(smaller, top: 1, left: 0, front: 0, value: 7, padded)
        bench.mean(padded, scale, means)
        bench.reshape(means, reshaped)
        bench.concatenate([means, reshaped], axis: 2, joined)
        bench.softmax(joined, multiplier: 1_717_986_918, leftShift: 23, differenceMinimum: -248, scores)
        return (bench, bench.model(input: input, outputs: [scores]))
    }
}
