import EspalierCompiler
import EspalierFiles
import Foundation

/// The rows of an array of inputs, for commands whose results are not about them: what is doubtful about the array is said
/// on the standard error.
func inputRows(_ path: String, for plan: Plan) throws -> [[Int8]] {
    var warnings: [String] = []
    let samples = try SampleSet(NumericArray.read(path), source: path, plan: plan, warnings: &warnings)
    for warning in warnings {
        complain("warning: \(warning)")
    }
    return samples.rows
}
