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

    @OptionGroup var labels: LabelOption

    @Option(name: [.customShort("o"), .customLong("header")], help: "The header to write.")
    var header: String

    @OptionGroup var writing: ForceOption

    func run() throws {
        let setup = try options.setup(labels: labels.read())
        let sources = [options.board, URL(fileURLWithPath: options.reaction).lastPathComponent]
        let written = SetupHeader(setup, sources: sources, toolVersion: Compilation.toolVersion)
        try Destination(header, of: .header, force: writing.force).write(Array(written.text.utf8))
    }
}
