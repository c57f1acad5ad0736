public import EspalierCore
public import EspalierFiles
import Foundation

/// Measured costs of a model's convolutions in every packing: the file `espalier tune` writes and compilations take.
public struct Tuning: Codable, Sendable {
    public var model: String
    public var isa: String
    /// Microseconds by the convolution's signature.
    public var layers: [String: [PackingKind: Double]] = [:]

    /// Compiles and times the model once for each packing; keeps the least time of each layer.
    ///
    /// - Parameters:
    ///   - compile: a compilation with these costs.
    ///   - seconds: how long to measure each packing.
    public init(
        kernels: KernelSet, inputs: [[Int8]], seconds: Double,
        compile: (CostModel) throws -> Compilation
    ) throws {
        model = ""
        isa = kernels.name
        for kind in PackingKind.allCases where kind != .winograd || kernels.hasWinograd {
            var costs = CostModel()
            costs.forced = kind
            let compilation = try compile(costs)
            model = compilation.plan.name
            let report = try Benchmark(compilation, kernels: kernels).run(inputs: inputs, seconds: seconds)
            for (layer, times) in zip(compilation.plan.layers, report.layers) {
                guard let signature = layer.signature, layer.choice?.kind == kind else { continue }
                let known = layers[signature]?[kind] ?? .infinity
                layers[signature, default: [:]][kind] = min(known, times.minimumMicroseconds)
            }
        }
    }
}

// MARK: - The file

extension OwnFile {
    /// What `espalier tune` writes.
    public static let tuning = OwnFile { (try? Tuning(bytes: $0, source: "")) != nil }
}

extension Tuning {
    /// - Parameter source: the file's path, for the sentence.
    /// - Throws: a sentence for a file that `espalier tune` did not write, and for times that cannot have been measured.
    public init(bytes: [UInt8], source: String) throws(CompilerError) {
        guard let tuning = try? JSONDecoder().decode(Tuning.self, from: Data(bytes)) else {
            throw CompilerError("\(source) is no file of `espalier tune`, or a damaged one; write it anew.")
        }
        let times = tuning.layers.values.flatMap(\.values)
        guard times.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw CompilerError(
                "\(source) holds a time that nothing takes (not above 0 microseconds); write it anew with `espalier tune`."
            )
        }
        self = tuning
    }

    /// - Parameters:
    ///   - processor: whose costs decide.
    ///   - kernels: what will run the model, where that is known and the processor was not asked for by name.
    /// - Throws: a sentence that names both, where the times were measured with other instructions than those that will
    ///   run.
    public func requireMeasured(on processor: Processor, or kernels: KernelSet?, source: String)
        throws(CompilerError)
    {
        let wanted: String
        if let kernels {
            if kernels.name == isa { return }
            wanted = "the \(kernels.name) kernels that run it here"
        } else {
            if processor.kernels.isEmpty || processor.kernels.contains(isa) { return }
            wanted = "\(processor.name), which runs the \(processor.kernels.joined(separator: ", ")) kernels"
        }
        throw CompilerError(
            "\(source) was measured with the \(isa) kernels, and the model is compiled for \(wanted); run "
                + "`espalier tune` there, or leave the file out.")
    }

    /// - Throws: a sentence, where the model has layers to measure and none of them was.
    public func requireAny(of plan: Plan, source: String) throws(CompilerError) {
        let signatures = plan.layers.compactMap(\.signature)
        guard !signatures.isEmpty, signatures.allSatisfy({ layers[$0] == nil }) else { return }
        throw CompilerError(
            "\(source) has measurements of \(model), and none of its layers is in this model; run `espalier tune` "
                + "with this one, or leave the file out.")
    }
}
