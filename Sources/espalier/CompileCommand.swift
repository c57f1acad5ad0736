import ArgumentParser
import EspalierCompiler
import EspalierFiles
import EspalierSettings

/// `espalier compile`: a model into a C weight header.
struct Compile: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compiles a model into a C weight header.",
        discussion:
            """
            The same model and options give the same bytes. Pruned (all-zero) 1x4 blocks are stored nowhere. With \
            --reaction the model has to have scores, and its keys scores and score_output count where no option does.
            """
    )

    @OptionGroup var options: ModelOptions

    @Option(name: .shortAndLong, help: "The header to write.")
    var output: String

    @Option(help: OptionHelp.reaction)
    var reaction: String?

    @OptionGroup var writing: ForceOption

    func run() throws {
        InputFiles.note(options.inputs + [reaction].compactMap { $0 })
        let header = try Destination(output, of: .header, force: writing.force)
        let stem = output.split(separator: "/").last.map { String($0.prefix { $0 != "." }) }
        let tables = try reaction.map { try ReactionFile(path: $0).tables }
        let compilation = try options.compilation(
            defaultName: header.isFile ? stem : nil, for: tables?.scoreKeys)
        if let tables {
            _ = try tables.settings.signalling(for: tables.groups, among: compilation.plan.labels)
        }
        if let tables, let highest = compilation.highestScore {
            try tables.checkReach(of: tables.settings, highest: highest)
        }
        try header.write(Array(compilation.header.utf8))
        let plan = compilation.plan
        header.note(
            "\(output): \(plan.flashBytes) bytes of flash, \(plan.arenaBytes) bytes of arena, "
                + "\(plan.macsKept) of \(plan.macs) MACs and \(plan.blocksKept) of \(plan.blocks) blocks kept"
        )
    }
}
