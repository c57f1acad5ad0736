import ArgumentParser
import EspalierCompiler
import EspalierCore
import EspalierFiles
import Foundation

/// What decides how each convolution's weights are packed: shared by the commands that compile.
struct PackingOptions: ParsableArguments {
    @Option(
        help:
            """
            The processor whose costs decide how weights are packed: \(Processor.all.map(\.name).joined(separator: ", ")). \
            Default: generic, or the one that the kernels are for where the command runs the model.
            """)
    var cpu: String?

    @Option(help: "A file that `espalier tune` wrote: measured costs go before estimated ones.")
    var tuned: String?

    @Option(
        help: """
            Inputs typical of the model's use, an array as for validate: finds the layers where leaving out silent \
            channels pays, and stores channels that are silent together side by side. Results do not change.
            """)
    var calibration: String?

    /// The most rows of a calibration array that are run.
    private static let mostRows = 256

    /// Calibration inputs, spread over the array; none without `--calibration`.
    func calibration(for plan: @autoclosure () throws -> Plan) throws -> [[Int8]] {
        guard let calibration else { return [] }
        let rows = try inputRows(calibration, for: plan())
        let step = max(1, rows.count / Self.mostRows)
        return stride(from: 0, to: rows.count, by: step).prefix(Self.mostRows).map { rows[$0] }
    }

    /// - Parameter kernels: what will run the model, where that is known.
    func costs(for kernels: KernelSet?) throws -> CostModel {
        var costs = CostModel()
        let name = cpu ?? (kernels.map(Processor.running) ?? .generic).name
        guard let processor = Processor.named(name) else {
            let names = Processor.all.map(\.name).joined(separator: ", ")
            throw CommandFailure("--cpu \(name) is unknown; choose among \(names).")
        }
        costs.processor = processor
        guard let tuned else { return costs }
        let tuning = try Tuning(bytes: ByteFile.read(tuned), source: "--tuned \(tuned)")
        try tuning.requireMeasured(on: processor, or: cpu == nil ? kernels : nil, source: "--tuned \(tuned)")
        costs.measured = tuning.layers
        return costs
    }

    /// - Throws: where there are measurements, and none of them is of this model.
    func requireMeasured(_ compilation: Compilation) throws {
        guard let tuned else { return }
        try Tuning(bytes: ByteFile.read(tuned), source: "--tuned \(tuned)")
            .requireAny(of: compilation.plan, source: "--tuned \(tuned)")
    }
}
