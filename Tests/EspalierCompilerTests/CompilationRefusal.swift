@testable import EspalierCompiler

/// What a user reads of a model that cannot be compiled, or nil where it can.
func compilationRefusal(_ bytes: [UInt8]) -> String? {
    do throws(CompilerError) {
        _ = try Compilation(tflite: bytes, sourceName: "m.tflite", options: CompileOptions(name: "m"))
        return nil
    } catch {
        return error.description
    }
}
