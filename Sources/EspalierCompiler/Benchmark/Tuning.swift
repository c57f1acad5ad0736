public import EspalierCore

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
