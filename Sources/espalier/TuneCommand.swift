import ArgumentParser
import EspalierCompiler
import EspalierFiles
import Foundation

/// `espalier tune`: measures, on this machine, every packing of a model's convolutions.
struct Tune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how each of a model's convolutions is best packed on this machine.",
        discussion: "The file it writes goes to compile, inspect or benchmark as --tuned FILE.")

    @OptionGroup var options: ModelOptions
    @OptionGroup var kernels: KernelOptions

    @Option(name: .shortAndLong, help: "Where to write the measured costs (JSON).")
    var output: String

    @Option(help: "How long to measure each packing.")
    var seconds = 1.0

    func validate() throws {
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds \(seconds) is not above 0 and at most 3600.")
        }
    }

    func run() throws {
        let inputs = [try options.compilation().plan.noise()]
        let tuning = try Tuning(kernels: kernels.set(), inputs: inputs, seconds: seconds) { costs in
            try options.compilation(costs: costs)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write([UInt8](try encoder.encode(tuning)), to: output)
        print("\(output): \(tuning.layers.count) different convolutions measured with \(tuning.isa).")
    }
}
