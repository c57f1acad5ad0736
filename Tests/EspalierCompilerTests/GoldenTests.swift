import CEspalier
import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Real models against what TFLite's reference kernels gave for them: every bit.
@Suite(.needsReference) struct GoldenTests {
    @Test(arguments: [
        ("resnet8_cifar10_int8", "resnet8_cifar10_int8", 17), ("vww_96_int8", "vww_96_int8", 32),
        ("person_detect_int8", "person_detect_int8", 32),
        ("person_detect_int8_qdimfix", "person_detect_int8", 32),
        ("kws_dscnn_int8", "kws_dscnn_int8", 14), ("ad01_int8", "ad01_int8", 11),
    ])
    func everyLayerIsBitIdentical(_ model: String, _ golden: String, _ tensors: Int) throws {
        let compilation = try ReferenceModel.compilation(model)
        let rows = try LayerValidation(compilation, compilation.model())
            .run(recording: Reference.url("golden/layers_\(golden).npz").path)
        #expect(rows.count == tensors)
        for row in rows {
            #expect(!row.isFolded && row.values > 0 && row.valuesIdentical == row.values, "\(row)")
        }
    }

    /// What the planner packs for kernels that this machine may not have runs in those it has.
    @Test func everyLayerPackedForACortexA53IsBitIdentical() throws {
        let compilation = try ReferenceModel.compilation("resnet8_cifar10_int8", for: .cortexA53)
        let kernels = compilation.plan.layers.map(\.fields.kernel)
        #expect(kernels.count { $0 == ESPALIER_KERNEL_WINOGRAD } == 5)
        let rows = try LayerValidation(compilation, compilation.model())
            .run(recording: Reference.url("golden/layers_resnet8_cifar10_int8.npz").path)
        #expect(rows.count == 17)
        for row in rows { #expect(row.values > 0 && row.valuesIdentical == row.values, "\(row)") }
    }

    @Test func resnet8OnFiveThousandPicturesGivesTheReferenceRowsAndTop1() throws {
        let bytes = try ByteFile.read(Reference.url("data/cifar10/test_jpeg_even_5000.bin").path)
        var pixels: [UInt8] = []
        var labels: [Int] = []
        for row in 0..<5000 {
            let record = bytes[row * 3073..<(row + 1) * 3073]
            labels.append(Int(record[record.startIndex]))
            let planes = Array(record.dropFirst())  // 1024 red, 1024 green, 1024 blue
            for pixel in 0..<1024 { pixels += [planes[pixel], planes[1024 + pixel], planes[2048 + pixel]] }
        }
        let (agreement, accuracy) = try ReferenceModel.validate(
            ReferenceModel.compilation("resnet8_cifar10_int8"),
            NumericArray(shape: [5000, 32, 32, 3], values: .uint8(pixels)),
            expected: ReferenceModel.golden("cifar10_outputs", "resnet8_int8_ref"), classes: labels)
        #expect(agreement.rowsBitIdentical == 5000)
        #expect(accuracy == Validation.Accuracy(rowsLabelled: 5000, rowsCorrect: 3761))  // 75.22 %
    }

    @Test(arguments: [
        ("vww_96_int8", "vww_int8_ref", 239), ("person_detect_int8", "person_detect_int8_ref", 294),
        ("person_detect_int8_qdimfix", "person_detect_int8_ref", 294),
    ])
    func oneByOneFramesGiveTheReferenceRowsAndTop1(_ model: String, _ golden: String, _ correct: Int) throws {
        let labels = try #require(try ReferenceModel.golden("onebyone_outputs", "labels").asIntegers())
        let frames =
            model.hasPrefix("vww")
            ? NumericArray(
                shape: [349, 96, 96, 3],
                values: .uint8(
                    try ByteFile.read(Reference.url("data/video/onebyone_vww96_rgb_every4.u8").path)))
            : try ReferenceModel.golden("onebyone_outputs", "gray96")
        let (agreement, accuracy) = try ReferenceModel.validate(
            ReferenceModel.compilation(model), frames,
            expected: ReferenceModel.golden("onebyone_outputs", golden),
            classes: labels)
        #expect(agreement.rowsBitIdentical == 349)
        #expect(accuracy == Validation.Accuracy(rowsLabelled: 327, rowsCorrect: correct))
    }

    @Test(arguments: ["bird", "cat", "sunflower", "grace_hopper"])
    func legacyUint8MobileNetGivesTheReferenceBytes(_ picture: String) throws {
        let input = try ReferenceModel.golden("mobilenet_v1_0.25_images", "\(picture)_in")
        let output = try ReferenceModel.golden("mobilenet_v1_0.25_images", "\(picture)_out_ref")
        let (agreement, _) = try ReferenceModel.validate(
            ReferenceModel.compilation("mobilenet_v1_0.25_128_uint8"),
            NumericArray(shape: [1] + input.shape, values: input.values),
            expected: NumericArray(shape: [1] + output.shape, values: output.values))
        #expect(agreement.rows == 1 && agreement.rowsBitIdentical == 1 && agreement.rowsSameClass == 1)
        #expect(agreement.greatestDifference == 0)
    }

    /// Its graph has a channels-first input, folded pads, ten residual additions and a mean.
    @Test func mobileNetV2LoadsRunsAndKnowsGraceHoppersUniform() throws {
        let compilation = try ReferenceModel.compilation("mobilenet_v2_1.0_224_int8_nchw")
        #expect(compilation.plan.macs == 300_774_272)
        #expect(compilation.plan.inputChannelsFirst)
        let picture = try Bitmap.read(Reference.url("data/images/grace_hopper.bmp").path)
        let arena = try Arena(compilation.model())
        // Prepared as the network was trained: ImageNet's mean and deviation.
        var options = CompileOptions(name: "model")
        options.pixelMean = [123.675, 116.28, 103.53]
        options.pixelDeviation = [58.395, 57.12, 57.375]
        let path = try Reference.url("models/tflite/mobilenet_v2_1.0_224_int8_nchw.tflite").path
        let normalised = try Compilation(
            tflite: ByteFile.read(path), sourceName: "m.tflite", options: options)
        let output = try Arena(normalised.model()).run(picture)
        let labels = try String(
            contentsOf: Reference.url("data/images/imagenet_labels.txt"), encoding: .utf8
        ).split(separator: "\n")
        let best = output.indices.max { output[$0] < output[$1] }!
        #expect(labels[labels.count - 1000 + best].contains("military uniform"))
        #expect(try arena.run([Int8](repeating: 0, count: 3 * 224 * 224)).count == 1000)
    }
}
