import ArgumentParser
import CEspalier
import EspalierCompiler
import EspalierFiles
import EspalierSettings
import EspalierSimulator
import Foundation

/// `espalier setup`: board and reaction as a header for the firmware.
struct Setup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Writes board and reaction as a C header, for the firmware to bake in; cross/build calls it.")

    @OptionGroup var options: SetupOptions

    @Option(name: .customLong("label-names"), help: "A text file with one class name a line.")
    var labelNames: String?

    @Option(name: [.customShort("o"), .customLong("header")], help: "The header to write.")
    var header: String

    func run() throws {
        let labels = try labelNames.map(LabelFile.read) ?? []
        let setup = try options.setup(labels: labels)
        let sources = [options.board, URL(fileURLWithPath: options.reaction).lastPathComponent]
        let written = SetupHeader(setup, sources: sources, toolVersion: Compilation.toolVersion)
        try AtomicFile.write(Array(written.text.utf8), to: header)
    }
}
