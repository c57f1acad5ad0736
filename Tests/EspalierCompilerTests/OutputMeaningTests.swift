import CEspalier
import EspalierCore
import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// What outputs are taken for, and which of them a reaction reads.
@Suite struct OutputMeaningTests {
    private static func compilation(
        _ path: String, output: String? = nil, rule: ScoreRule? = nil, labels: [String] = []
    ) throws -> Compilation {
        var options = CompileOptions(name: "m")
        options.scoreOutput = output
        options.scores = rule
        options.labels = labels
        return try Compilation(tflite: ByteFile.read(path), sourceName: "m.tflite", options: options)
    }

    private static func fixture(_ name: String) -> String {
        Package.root.appendingPathComponent("Tests/Fixtures/operators/\(name).tflite").path
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("float_fully_connected_softmax", OutputMeaning.Kind.scores), ("softmax_2_beta1.0_scale0.1", .scores),
        ("reshape_flat_softmax", .scores), ("uint8_softmax", .scores), ("logistic_wide", .scores),
        ("softmax_picture", .grid), ("logistic_c4", .grid), ("uint8_logistic", .grid),
    ])
    func valuesBehindSoftmaxAndLogisticAreScores(_ name: String, _ kind: OutputMeaning.Kind) throws {
        let compilation = try Self.compilation(Self.fixture(name))
        #expect(compilation.outputs.map(\.kind) == [kind])
        #expect(compilation.plan.scoreChoice?.rule == .probabilities)
        #expect(throws: Never.self) { try compilation.requireScores() }
    }

    @Test func everyFixtureWithoutThemIsRefusedWithItsOutputsNamed() throws {
        let folder = Package.root.appendingPathComponent("Tests/Fixtures/operators")
        var refused = 0
        for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where url.pathExtension == "tflite" {
            guard let compilation = try? Self.compilation(url.path) else { continue }
            guard !compilation.outputs.contains(where: \.isCertain) else { continue }
            refused += 1
            let sentence = refusal { try compilation.requireScores() }
            #expect(
                sentence.hasSuffix(".") && !sentence.contains("\n"), "\(url.lastPathComponent): \(sentence)")
            for output in compilation.outputs { #expect(sentence.contains(output.title)) }
            #expect(compilation.plan.scores >= ESPALIER_SCORES_LOGITS)
        }
        #expect(refused > 100)
    }

    @Test func ofSeveralOutputsTheOneWithScoresIsTaken() throws {
        let compilation = try Self.compilation(Self.fixture("graph_two_outputs"))
        #expect(compilation.outputs.map(\.kind) == [.scores, .other])
        #expect(compilation.plan.scoreChoice?.output == 0)
        let other = refusal { _ = try Self.compilation(Self.fixture("graph_two_outputs"), output: "t8") }
        #expect(other.contains("'t8' (2x2x3)") && other.contains("--scores softmax"))
        let chosen = try Self.compilation(Self.fixture("graph_two_outputs"), output: "1", rule: .sigmoid)
        #expect(chosen.plan.scoreChoice?.output == 1)
        #expect(chosen.model().pointer.pointee.score_output == 1)
        let unknown = refusal { _ = try Self.compilation(Self.fixture("graph_two_outputs"), output: "boxes") }
        #expect(unknown.contains("no output is called 'boxes'") && unknown.contains("0 't7'"))
    }

    @Test func theSoftmaxOfOneValueIsNoScore() throws {
        let compilation = try Self.compilation(Self.fixture("softmax_1_beta1.0_scale0.05"))
        #expect(compilation.outputs.map(\.kind) == [.constant] && compilation.plan.scoreChoice == nil)
        for rule in ScoreRule.allCases {
            let sentence = refusal {
                _ = try Self.compilation(Self.fixture("softmax_1_beta1.0_scale0.05"), output: "0", rule: rule)
            }
            #expect(sentence.contains("always gives 1") && sentence.contains("with a sigmoid"))
        }
        #expect(refusal { try compilation.requireScores() }.contains("which always gives 1"))
    }

    @Test func aSecondSoftmaxOrSigmoidIsRefused() {
        for rule in [ScoreRule.softmax, .sigmoid] {
            let sentence = refusal { _ = try Self.compilation(Self.fixture("logistic_wide"), rule: rule) }
            #expect(sentence.contains("LOGISTIC computes it") && sentence.contains("leave scores out"))
        }
    }

    @Test func numbersThatCannotBeProbabilitiesAreNotReadAsSuch() {
        let sentence = refusal {
            _ = try Self.compilation(Self.fixture("graph_two_outputs"), output: "1", rule: .probabilities)
        }
        #expect(sentence.contains("no probabilities"), "\(sentence)")
    }

    @Test func labelsNameTheClassesOfTheOutputWithScores() throws {
        let labels = ["a", "b", "c", "d"]
        #expect(try Self.compilation(Self.fixture("logistic_c4"), labels: labels).plan.labels == labels)
        let five = refusal {
            _ = try Self.compilation(Self.fixture("logistic_c4"), labels: ["none"] + labels)
        }
        #expect(five.contains("5 labels for the 4 classes") && five.contains("'none'"))
        let two = refusal {
            _ = try Self.compilation(Self.fixture("graph_output_used_inside"), labels: labels)
        }
        #expect(two.contains("--score-output"))
    }

    /// The core's channels are the classes that `inspect` names, whatever passes make of the shape.
    @Test func theCoreHasAsManyClassesAsTheOutput() throws {
        let folder = Package.fixture("operators")
        var seen = 0
        for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where url.pathExtension == "tflite" {
            guard let compilation = try? Self.compilation(url.path) else { continue }
            for (output, meaning) in zip(compilation.plan.outputs, compilation.outputs) {
                let channels = compilation.plan.tensors[Int(output)].shape.channels
                #expect(channels == meaning.classes, "\(url.lastPathComponent)")
                seen += 1
            }
        }
        #expect(seen > 100)
    }

    /// With a softmax in each cell the highest value need not be the best score: expected values are read as the core reads
    /// the model's.
    @Test func expectedGridsAreReadAsTheCoreReadsThem() throws {
        let compilation = try Self.compilation(
            Self.fixture("graph_two_outputs"), output: "1", rule: .softmax)
        let validation = Validation(compilation.model())
        #expect(try validation.classCount() == 3)
        // The first cell has the highest value, and its classes are close together; the second is sure of class 1.
        let sure: [Int8] = [100, 99, 99, -120, 60, -120, -120, -120, -120, -120, -120, -120]
        let other: [Int8] = [100, 99, 98, -120, 61, -120, -120, -120, -120, -120, -120, -120]
        let first: [Int8] = [100, -100, -100, -120, -120, -120, -120, -120, -120, -120, -120, -120]
        var outcome = Validation.Outcome()
        outcome.outputs = [[], [sure, sure]]
        outcome.samples = [0, 1]
        outcome.classes = try [sure, sure].map { try Arena(compilation.model()).classIndex(ofScores: $0) }
        #expect(outcome.classes == [1, 1])
        let tensor = compilation.plan.tensors[Int(compilation.plan.outputs[1])].fields
        let reals = (other + first).map { tensor.scale * Float(Int32($0) - tensor.zero_point) }
        for values in [NumericArray.Values.int8(other + first), .float32(reals)] {
            var warnings: [String] = []
            let agreement = try validation.agreement(
                outcome, output: 1, expected: NumericArray(shape: [2, 2, 2, 3], values: values), source: "e",
                warnings: &warnings)
            #expect(agreement.rowsSameClass == 1 && agreement.rowsBitIdentical == 0)
        }
    }

    @Test(.needsReference) func realModelsAreTakenForWhatTheyAre() throws {
        let cases: [(String, OutputMeaning.Kind, Int)] = [
            ("tflite/resnet8_cifar10_int8", .scores, 10), ("tflite/vww_96_int8", .scores, 2),
            ("tflite/mobilenet_v1_0.25_128_uint8", .scores, 1001), ("tflite/ad01_int8", .logits, 640),
            ("tflite/mobilenet_v2_1.0_224_int8_nchw", .logits, 1000), ("trained/r8_dense_int8", .logits, 10),
            ("field/rock_paper_scissors", .scores, 4),
        ]
        for (name, kind, classes) in cases {
            let compilation = try Self.compilation(Reference.url("models/\(name).tflite").path)
            #expect(compilation.outputs.map(\.kind) == [kind], "\(name)")
            #expect(compilation.outputs[0].classes == classes)
            #expect((compilation.plan.scoreChoice == nil) == (kind == .logits))
        }
        let path = try Reference.url("models/trained/r8_dense_int8.tflite").path
        let softmax = try Self.compilation(path, rule: .softmax)
        #expect(softmax.plan.scores == ESPALIER_SCORES_SOFTMAX)
        #expect(throws: Never.self) { try softmax.requireScores() }
    }
}
