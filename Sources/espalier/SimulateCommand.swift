import ArgumentParser
import EspalierCompiler
import EspalierCore
import EspalierFiles
import EspalierSimulator
import Foundation

/// `espalier simulate`: a scenario on the simulated board.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a scenario on a simulated board and shows what every trigger led to.",
        discussion: """
            With --firmware the firmware binary itself runs, as a process of its own; with --model the same \
            reaction and core run in this process. Both give the same trace, byte for byte.
            """)

    @Argument(help: "The scenario, a TOML file; boards/simulator/README.md explains its keys.")
    var scenario: String

    @Option(help: "The firmware to run, built by cross/build-node.")
    var firmware: String?

    @Option(help: "The model to run in this process: an int8 or legacy uint8 .tflite file.")
    var model: String?

    @OptionGroup var compiling: CompilingOptions

    @Option(name: .shortAndLong, help: "A folder for trace.txt, trace.vcd, timing.svg and the frames.")
    var output: String?

    @OptionGroup var writing: ForceOption

    func validate() throws {
        guard (firmware == nil) != (model == nil) else {
            throw ValidationError("Say what to run: either --firmware or --model.")
        }
        if model == nil, let option = compiling.given.first {
            throw ValidationError("\(option) goes with --model; a firmware was compiled before.")
        }
    }

    func run() throws {
        let scenario = try Scenario(path: scenario)
        InputFiles.note(compiling.inputs + [firmware, model].compactMap { $0 })
        if let output { try SimulationReport.check(folder: output, force: writing.force) }
        let tool = "espalier \(Compilation.toolVersion)"
        let report = SimulationReport(try simulate(scenario), of: scenario, tool: tool)
        for line in report.triggerLines + [""] + report.totalLines { print(line) }
        guard let output else { return }
        let written = try report.write(to: output, force: writing.force)
        print("wrote \(written.count) files to \(output): trace.txt, trace.vcd, timing.svg, frames/")
    }

    private func simulate(_ scenario: Scenario) throws -> SimulationRun {
        if let firmware { return try FirmwareProcess.run(firmware, scenario) }
        let compiled = try compiling.compilation(of: model ?? "", kernels: .best).model()
        return try withExtendedLifetime(compiled) {
            try scenario.run(model: compiled.pointer) { Int64(DispatchTime.now().uptimeNanoseconds) }
        }
    }
}
