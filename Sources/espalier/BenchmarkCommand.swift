import ArgumentParser
import EspalierCompiler
import EspalierFiles

/// `espalier benchmark`: how fast a model runs on this machine, layer by layer.
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times a model on this machine, as a whole and layer by layer.",
        discussion: """
            One thread, one picture at a time, warm; what is timed is the run, with its input set. Pin it to a core \
            (taskset -c 1) for steady figures. Inputs are one seeded noise picture, or the rows of --inputs in turn.
            """)

    @OptionGroup var options: ModelOptions
    @OptionGroup var kernels: KernelOptions

    @Option(help: "Inputs: an array of shape [N, ...], as for validate.")
    var inputs: String?

    @OptionGroup var measuring: MeasuringOptions

    @Flag(help: "Print JSON for scripts.")
    var json = false

    func run() throws {
        let set = try kernels.set()
        let compilation = try options.compilation(kernels: set)
        let rows = try inputs.map { try inputRows($0, for: compilation.plan) }
        let benchmark = try EspalierCompiler.Benchmark(compilation, kernels: set)
        let report = try benchmark.run(inputs: rows ?? [compilation.plan.noise()], seconds: measuring.seconds)
        if json {
            try printJSON(report)
        } else {
            print(report.text, terminator: "")
        }
    }
}
