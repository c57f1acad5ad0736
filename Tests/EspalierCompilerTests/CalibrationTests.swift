import EspalierCore
import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Calibration decides what is skipped and in which order channels lie; no output bit may depend on it.
@Suite struct CalibrationTests {
    private func outputs(_ compilation: Compilation, _ inputs: [[Int8]], _ kernels: KernelSet) throws
        -> [[Int8]]
    {
        let arena = try EspalierCompiler.Arena(compilation.model(), kernels: kernels)
        return try inputs.map { try arena.run($0) }
    }

    @Test func theShippedModelSaysTheSameOnEverySet() throws {
        let path = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path
        var options = CompileOptions(name: "doorway")
        let plain = try Compilation(
            tflite: ByteFile.read(path), sourceName: "doorway.tflite", options: options)
        var random = SeededGenerator(seed: 1)
        let count = plain.plan.tensors[plain.plan.input].shape.count
        var inputs = (0..<3).map { _ in random.bytes(count) }
        for value: Int8 in [-128, 0, 90] { inputs.append([Int8](repeating: value, count: count)) }
        options.calibration = inputs
        let calibrated = try Compilation(
            tflite: ByteFile.read(path), sourceName: "doorway.tflite", options: options)
        #expect(calibrated.header != plain.header)
        // Another order of channels would break up its pruned blocks: it is declined.
        #expect(calibrated.plan.blocksKept == plain.plan.blocksKept)
        let expected = try outputs(plain, inputs, KernelSet.all.last!)
        for kernels in KernelSet.all {
            #expect(try outputs(calibrated, inputs, kernels) == expected, "\(kernels.name)")
        }
    }

    @Test(.needsReference) func silenceIsFoundAndLeftOutOfTheVisualWakeWordsNetwork() throws {
        let path = try Reference.url("models/tflite/vww_96_int8.tflite").path
        let video = try ByteFile.read(Reference.url("data/video/onebyone_vww96_rgb_every4.u8").path)
        let pixels = 96 * 96 * 3
        var frames: [[Int8]] = []
        for frame in stride(from: 0, to: video.count / pixels, by: 16) {
            let bytes = video[(frame * pixels)..<((frame + 1) * pixels)]
            frames.append(bytes.map { Int8(bitPattern: $0 ^ 0x80) })
        }
        var options = CompileOptions(name: "vww")
        options.keepsDead = true
        let plain = try Compilation(tflite: ByteFile.read(path), sourceName: "vww", options: options)
        options.calibration = frames
        let calibrated = try Compilation(tflite: ByteFile.read(path), sourceName: "vww", options: options)
        #expect(plain.plan.layers.allSatisfy { $0.fields.skips_silence == 0 })
        #expect(calibrated.plan.layers.count { $0.fields.skips_silence == 1 } >= 10)
        let expected = try outputs(plain, frames, KernelSet.all.last!)
        for kernels in KernelSet.all {
            #expect(try outputs(calibrated, frames, kernels) == expected, "\(kernels.name)")
        }
        let arena = try EspalierCompiler.Arena(calibrated.model())
        try frames[0].withUnsafeBufferPointer { try arena.engine.setInput($0) }
        let result = try arena.engine.run()
        #expect(result.blocks_skipped * 10 > result.blocks_kept && result.blocks_skipped < result.blocks_kept)
        // Layer by layer too: reordered channels are compared in the source's order.
        let recording = try Reference.url("golden/layers_vww_96_int8.npz").path
        let rows = try LayerValidation(calibrated, calibrated.model()).run(recording: recording)
        for row in rows { #expect(row.holds, "\(row)") }
    }

    @Test func familiesKeepTheOrderThatTheWorldSees() throws {
        let path = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path
        let compilation = try Compilation(
            tflite: ByteFile.read(path), sourceName: "doorway.tflite",
            options: CompileOptions(name: "doorway"))
        let inputs = [compilation.plan.noise()]
        let silence = try Silence(of: compilation.graph, plan: compilation.plan, inputs: inputs)
        let orders = ChannelOrders(compilation.graph, silence).orders
        #expect(orders[compilation.graph.input] == nil)
        for output in compilation.graph.outputs { #expect(orders[output] == nil) }
        for (tensor, order) in orders {
            #expect(order.sorted() == Array(0..<compilation.graph.tensors[tensor].shape.channels))
        }
    }
}
