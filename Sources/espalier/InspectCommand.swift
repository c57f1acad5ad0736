import ArgumentParser
import EspalierCompiler

/// `espalier inspect`: what a model becomes, layer by layer, before anything is written.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a model's layers, memory and pruned blocks.")

    @OptionGroup var options: ModelOptions

    @Flag(help: "Print JSON for scripts.")
    var json = false

    func run() throws {
        let compilation = try options.compilation()
        let report = Inspection(compilation)
        if json {
            try printJSON(report)
        } else {
            print(report.text, terminator: "")
        }
    }
}
