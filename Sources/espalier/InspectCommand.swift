import ArgumentParser
import EspalierCompiler
import Foundation

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
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            print(report.text, terminator: "")
        }
    }
}
