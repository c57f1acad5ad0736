import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Dead-work removal on the reference models: how much goes, and that nobody can tell.
@Suite(.needsReference) struct DeadWorkReferenceTests {
    private static func compilation(_ name: String, keepsDead: Bool = false) throws -> Compilation {
        var options = CompileOptions(name: "model")
        options.keepsDead = keepsDead
        let path = try Reference.url("models/tflite/\(name).tflite").path
        return try Compilation(tflite: ByteFile.read(path), sourceName: "\(name).tflite", options: options)
    }

    @Test func halfOfTheVisualWakeWordsNetworkGoes() throws {
        let kept = try Self.compilation("vww_96_int8", keepsDead: true).plan
        let plan = try Self.compilation("vww_96_int8").plan
        #expect(kept.macsLive == kept.macs && kept.weightBytesLive == kept.weightBytes)
        #expect(plan.macs == kept.macs && plan.macs == 7_489_664 && plan.weightBytes == kept.weightBytes)
        #expect(plan.blocks == kept.blocks)
        #expect(plan.macsLive * 100 <= plan.macs * 51)
        #expect(plan.weightBytesLive * 100 <= plan.weightBytes * 51)
        #expect(plan.macsKept <= plan.macsLive && plan.macsKept < kept.macsKept)
    }

    @Test func networksWithoutDeadWorkAreLeftAsTheyAre() throws {
        for name in ["resnet8_cifar10_int8", "kws_dscnn_int8", "ad01_int8"] {
            let kept = try Self.compilation(name, keepsDead: true)
            let compilation = try Self.compilation(name)
            #expect(compilation.removal.tensors.isEmpty && compilation.removal.leftBecause == nil)
            let tables = [kept, compilation].map { $0.header.drop { $0 != "#" } }
            #expect(tables[0] == tables[1], "\(name)")
        }
    }

    @Test func aboutOnePercentOfPersonDetectGoes() throws {
        let plan = try Self.compilation("person_detect_int8").plan
        #expect((985...992).contains(plan.macsLive * 1000 / plan.macs))
    }

    @Test func headersAndInspectionSayWhatWentAndWhy() throws {
        let compilation = try Self.compilation("vww_96_int8")
        let removal = compilation.removal
        let line = compilation.header.split(separator: "\n").first { $0.hasPrefix(" * Dead work: ") }
        #expect(line == " * Dead work: \(removal.text); \(compilation.plan.macsLive) MACs live.")
        #expect(removal.channelsConstant > 1000 && removal.channelsDead > 0)
        let report = Inspection(compilation)
        #expect(report.text.contains("dead work: \(removal.text)\n"))
        #expect(report.macsLive == compilation.plan.macsLive)
        #expect(report.layers.reduce(0) { $0 + $1.channelsConstant } == removal.channelsConstant)
        #expect(report.layers.reduce(0) { $0 + $1.macsLive } == report.macsLive)
        for tensor in removal.tensors {
            #expect(
                tensor.channelsKept + tensor.constantChannels.count + tensor.deadChannels.count
                    == tensor.channels)
            #expect(tensor.constantChannels.count == tensor.constantValues.count)
        }
        let kept = try Self.compilation("vww_96_int8", keepsDead: true)
        #expect(kept.header.contains(" * Options: keep dead\n * "))
        #expect(
            kept.header.contains(" * Dead work: nothing removed: --keep-dead was given; 7489664 MACs live.\n")
        )
    }

    /// Removed constants are compared with the recording, too.
    @Test func layerValidationKnowsRemovedChannels() throws {
        let recording = try Reference.url("golden/layers_vww_96_int8.npz").path
        let kept = try Self.compilation("vww_96_int8", keepsDead: true)
        let compilation = try Self.compilation("vww_96_int8")
        let before = try LayerValidation(kept, kept.model()).run(recording: recording)
        let after = try LayerValidation(compilation, compilation.model()).run(recording: recording)
        var constants = 0
        for (whole, row) in zip(before, after) {
            #expect(row.holds && !row.isFolded && row.valuesIdentical == row.values, "\(row)")
            let selection = compilation.graph.tensors[
                compilation.graph.resolved(try #require(Int(row.tensor.dropFirst())))
            ].selection
            let channels = selection?.sourceChannels ?? 1
            #expect(row.values == whole.values / channels * (channels - row.channelsDead), "\(row)")
            constants += row.channelsConstant
        }
        #expect(constants >= compilation.removal.channelsConstant)
    }

    // MARK: Every bit

    @Test(arguments: ["vww_96_int8", "person_detect_int8"])
    func framesGiveTheSameBitsWithAndWithoutDeadWork(_ name: String) throws {
        let frames =
            name.hasPrefix("vww")
            ? NumericArray(
                shape: [349, 96, 96, 3],
                values: .uint8(
                    try ByteFile.read(Reference.url("data/video/onebyone_vww96_rgb_every4.u8").path)))
            : try ReferenceModel.golden("onebyone_outputs", "gray96")
        let outputs = try [true, false].map { keepsDead in
            let compilation = try Self.compilation(name, keepsDead: keepsDead)
            let samples = try SampleSet(frames, source: "frames", plan: compilation.plan)
            return try Validation(compilation.model()).run(samples).outputs[0]
        }
        #expect(outputs[0] == outputs[1])
        #expect(outputs[0].count == 349)
    }

    /// The long run: `ESPALIER_RANDOM_INPUTS=100000 swift test --filter randomInputs`, the first model on all of them.
    @Test(arguments: [("vww_96_int8", 1), ("person_detect_int8", 10), ("mobilenet_v1_0.25_128_uint8", 10)])
    func randomInputsGiveTheSameBitsWithAndWithoutDeadWork(_ name: String, _ divisor: Int) throws {
        let asked = ProcessInfo.processInfo.environment["ESPALIER_RANDOM_INPUTS"].flatMap { Int($0) }
        let count = (asked ?? 300) / divisor
        let models = try [true, false].map { try Self.compilation(name, keepsDead: $0).model() }
        let batch = 60
        for start in stride(from: 0, to: count, by: batch) {
            let shape = models[0].plan.tensors[models[0].plan.input].shape
            let values = (start..<min(start + batch, count)).flatMap {
                RandomPicture.values(shape, seed: UInt64($0))
            }
            let samples = SampleSet.rows(values: values, perRow: shape.count)
            let outputs = try models.map { try Validation($0).run(samples).outputs[0] }
            let wrong = outputs[0].indices.filter { outputs[0][$0] != outputs[1][$0] }
            #expect(wrong.isEmpty, "seeds \(wrong.map { $0 + start })")
        }
    }
}

/// Inputs that drive activations far: noise, both extremes, flat areas, stripes, and mixtures of them.
private enum RandomPicture {
    static func values(_ shape: Shape, seed: UInt64) -> [Int8] {
        var random = SeededGenerator(seed: seed)
        let side = [1, 2, 4, 8, 16, 96][Int(seed / 3) % 6]
        let columns = (shape.width + side - 1) / side
        let rows = (shape.height + side - 1) / side
        let range: ClosedRange<Int8> = -128...127
        let patches = (0..<rows * columns * shape.channels).map { _ -> Int8 in
            switch seed % 3 {
            case 0: Int8.random(in: range, using: &random)
            case 1: Bool.random(using: &random) ? -128 : 127
            default:
                Int8.random(in: 0...3, using: &random) == 0
                    ? 127 : Int8.random(in: -128 ... -100, using: &random)
            }
        }
        var values: [Int8] = []
        values.reserveCapacity(shape.count)
        for row in 0..<shape.height {
            for column in 0..<shape.width {
                let patch = row / side * columns + column / side
                for channel in 0..<shape.channels { values.append(patches[patch * shape.channels + channel]) }
            }
        }
        return values
    }
}
