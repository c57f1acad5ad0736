import ArgumentParser
import EspalierCompiler
import EspalierFiles
import Foundation

/// What decides how each convolution's weights are packed: shared by the commands that compile.
struct PackingOptions: ParsableArguments {
    @Option(help: "The processor whose costs decide how weights are packed: generic, avx512vnni, cortex-a76, cortex-a72.")
    var cpu: String = Processor.generic.name

    @Option(help: "A file that `espalier tune` wrote: measured costs go before estimated ones.")
    var tuned: String?

    func costs() throws -> CostModel {
        var costs = CostModel()
        guard let processor = Processor.named(cpu) else {
            let names = Processor.all.map(\.name).joined(separator: ", ")
            throw CommandFailure("--cpu \(cpu) is unknown; choose among \(names).")
        }
        costs.processor = processor
        guard let tuned else { return costs }
        do {
            let bytes = try ByteFile.read(tuned)
            costs.measured = try JSONDecoder().decode(Tuning.self, from: Data(bytes)).layers
        } catch is DecodingError {
            throw CommandFailure("--tuned \(tuned) is no file of `espalier tune`; run it anew.")
        }
        return costs
    }
}
