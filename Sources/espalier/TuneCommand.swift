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

    @OptionGroup var measuring: MeasuringOptions
    @OptionGroup var writing: ForceOption

    func run() throws {
        InputFiles.note(options.inputs)
        let file = try Destination(output, of: .tuning, force: writing.force)
        let set = try kernels.set()
        let inputs = [try options.compilation(kernels: set).plan.noise()]
        let tuning = try Tuning(kernels: set, inputs: inputs, seconds: measuring.seconds) { costs in
            try options.compilation(costs: costs)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try file.write([UInt8](try encoder.encode(tuning)))
        file.note("\(output): \(tuning.layers.count) different convolutions measured with \(tuning.isa).")
    }
}
