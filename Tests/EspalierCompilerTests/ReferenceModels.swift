import EspalierFiles
import EspalierTestSupport
import Foundation

@testable import EspalierCompiler

/// Models of the reference folder, compiled.
enum ReferenceModel {
    static func compilation(_ name: String, for processor: Processor = .generic) throws -> Compilation {
        let path = try Reference.url("models/tflite/\(name).tflite").path
        var options = CompileOptions(name: "model")
        options.costs.processor = processor
        return try Compilation(tflite: ByteFile.read(path), sourceName: "\(name).tflite", options: options)
    }

    /// An array of a golden file.
    static func golden(_ file: String, _ name: String) throws -> NumericArray {
        try NPZ.read(Reference.url("golden/\(file).npz").path, name: name)
    }

    static func validate(
        _ compilation: Compilation, _ inputs: NumericArray, expected: NumericArray, classes: [Int]? = nil
    ) throws -> (agreement: Validation.Agreement, accuracy: Validation.Accuracy?) {
        let validation = Validation(compilation.model())
        let outcome = try validation.run(SampleSet(inputs, source: "inputs", plan: compilation.plan))
        var warnings: [String] = []
        return (
            try validation.agreement(
                outcome, output: 0, expected: expected, source: "expected", warnings: &warnings),
            try classes.map { try validation.accuracy(outcome, classes: $0, source: "labels") }
        )
    }
}
