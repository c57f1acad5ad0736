import ArgumentParser
import EspalierCompiler

/// The host command: everything a user does before a board is involved.
@main
struct Espalier: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "espalier",
        abstract:
            "Prunes and compiles int8 networks into C weight headers, and runs them on simulated boards.",
        version: Compilation.toolVersion,
        subcommands: [
            Compile.self, Inspect.self, Validate.self, Benchmark.self, Tune.self, Simulate.self, Scenes.self,
            Boards.self, Doctor.self, Setup.self, Run.self,
        ])
}
