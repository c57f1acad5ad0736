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
            reaction and core run in this process. Both give the same trace, byte for byte. With --reaction a \
            reaction file runs as it is deployed, its camera replaced by a virtual one; the scenario then gives \
            the events, and without one every trigger's line changes in turn.
            """)

    @Argument(help: "The scenario, a TOML file; boards/simulator/README.md explains its keys.")
    var scenario: String?

    @Option(help: OptionHelp.reaction)
    var reaction: String?

    @Option(help: OptionHelp.board)
    var board: String?

    @Option(help: "The firmware to run, built by cross/build-node.")
    var firmware: String?

    @Option(help: OptionHelp.model)
    var model: String?

    @OptionGroup var compiling: CompilingOptions

    @Option(name: .shortAndLong, help: "A folder for trace.txt, trace.vcd, timing.svg and the frames.")
    var output: String?

    @OptionGroup var writing: ForceOption

    func validate() throws {
        guard (firmware == nil) != (model == nil) else {
            throw ValidationError("Say what to run: either --firmware or --model.")
        }
        guard scenario != nil || reaction != nil else { throw nothingToRun }
        guard board == nil || reaction != nil else {
            throw ValidationError("--board goes with --reaction; a scenario names its board itself.")
        }
        if model == nil, let option = compiling.given.first {
            throw ValidationError("\(option) goes with --model; a firmware was compiled before.")
        }
    }

    func run() throws {
        let scenario = try readScenario()
        let dry = scenario.reaction.dry_run != 0 ? ["A dry run: no output is set."] : []
        for note in scenario.notes + dry { complain("note: \(note)") }
        InputFiles.note(compiling.inputs + [firmware, model].compactMap { $0 })
        if let output { try SimulationReport.check(folder: output, force: writing.force) }
        let tool = "espalier \(Compilation.toolVersion)"
        let report = SimulationReport(try simulate(scenario), of: scenario, tool: tool)
        for line in report.triggerLines + [""] + report.totalLines { print(line) }
        guard let output else { return }
        let written = try report.write(to: output, force: writing.force)
        print("wrote \(written.count) files to \(output): trace.txt, trace.vcd, timing.svg, frames/")
    }

    private func readScenario() throws -> Scenario {
        let deployed = reaction.map { DeployedReaction(path: $0, board: board) }
        if let scenario { return try Scenario(path: scenario, deployed: deployed) }
        guard let deployed else { throw nothingToRun }
        return try Scenario(deployed: deployed)
    }

    private var nothingToRun: ValidationError {
        ValidationError("Say what is to happen: name a scenario, a --reaction, or both.")
    }

    private func simulate(_ scenario: Scenario) throws -> SimulationRun {
        if let firmware { return try FirmwareProcess.run(firmware, scenario) }
        let compilation = try compiling.compilation(
            of: model ?? "", kernels: .best, for: scenario.scoreKeys)
        if let highest = compilation.highestScore { try scenario.checkReach(highest: highest) }
        let compiled = compilation.model()
        return try withExtendedLifetime(compiled) {
            try scenario.run(model: compiled.pointer) { Int64(DispatchTime.now().uptimeNanoseconds) }
        }
    }
}
