import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Models that cannot be compiled: each refusal is a sentence that says what, where and what to do, and a line for each
/// further thing in the way.
@Suite struct BadModelTests {
    private func isOneSentence(_ text: String?) -> Bool {
        guard let text else { return false }
        return text.hasSuffix(".") && !text.contains("\n") && text.count < 450
    }

    /// One sentence, or the first one and at most twelve lines.
    private func isToldInSentences(_ text: String?) -> Bool {
        guard let text else { return false }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1 else { return isOneSentence(text) }
        return lines[0].hasSuffix(". Also in the way:") && lines.count <= 13
            && lines.dropFirst().allSatisfy { $0.hasPrefix("  ") && $0.hasSuffix(".") && $0.count < 450 }
    }

    @Test func everyTruncationAtEvery64thByteIsRefusedInASentence() throws {
        let bytes = try ByteFile.read(HeaderTests.model)
        for length in stride(from: 0, to: bytes.count, by: 64) {
            #expect(isOneSentence(compilationRefusal(Array(bytes[..<length]))), "cut to \(length) bytes")
        }
    }

    @Test func thousandsOfSeededMutationsEndInSuccessOrASentence() throws {
        let bytes = try ByteFile.read(HeaderTests.model)
        for seed in UInt64(0)..<2000 {
            var random = SeededGenerator(seed: seed)
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int.random(in: max(0, bytes.count - 6000)..<bytes.count, using: &random)] =
                    UInt8.random(
                        in: 0...255, using: &random)
            }
            let text = compilationRefusal(damaged)
            #expect(text == nil || isToldInSentences(text), "seed \(seed): \(text ?? "")")
        }
    }

    @Test(.needsReference) func floatModelsAreToldToBeQuantised() throws {
        for name in ["ad01_float", "kws_dscnn_float", "resnet8_cifar10_float", "vww_96_float"] {
            let text = compilationRefusal(
                try ByteFile.read(Reference.url("models/tflite/\(name).tflite").path))
            let what = name == "kws_dscnn_float" ? "dynamic-range quantised" : "float32"
            #expect(
                text?.hasPrefix("This is a \(what) model") == true
                    && text?.contains("convert it with") == true)
            #expect(isOneSentence(text))
        }
    }

    @Test func anUnknownOperatorIsNamedWithItsPlace() throws {
        // The operator code table of the file: RELU (19) becomes ABS (101).
        let path = Package.fixture("operators").appendingPathComponent("relu_c5.tflite").path
        var bytes = try ByteFile.read(path)
        let model = try FlatBuffer(bytes: bytes).root()
        let codes = try model.vector(1, stride: 4)
        #expect(codes.count == 1)
        var changed = false
        for position in bytes.indices where !changed {
            let kept = bytes[position]
            bytes[position] = 101
            let text = compilationRefusal(bytes)
            changed = text?.hasPrefix("Operator 0 (ABS): this operator is not supported") == true
            if changed { #expect(isOneSentence(text)) }
            bytes[position] = kept
        }
        #expect(changed)
    }

    @Test func labelsMustBeAsManyAsClasses() throws {
        var options = CompileOptions(name: "m")
        options.labels = ["one"]
        #expect(throws: CompilerError.self) {
            try Compilation(tflite: ByteFile.read(HeaderTests.model), sourceName: "m", options: options)
        }
    }
}
