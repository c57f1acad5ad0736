import ArgumentParser
import CEspalier
import CLinux
import EspalierSettings
import Foundation

/// `espalier doctor`: whether this machine has what a reaction needs, and how to mend what it has not.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks chip, lines, camera, folder, clock and model for a reaction on this machine.",
        discussion: """
            With --model: whether it compiles, has scores, has the labels, and can reach the thresholds. \
            Lines are looked up and not requested. The camera is opened, or its program started, for three frames or as \
            many as it takes to see that they have the declared size. Exits with 1 when anything has to be mended.
            """)

    @OptionGroup var options: SetupOptions

    @Option(help: OptionHelp.model)
    var model: String?

    @OptionGroup var compiling: CompilingOptions

    func validate() throws {
        if model == nil, let option = compiling.given.first {
            throw ValidationError("\(option) goes with --model.")
        }
    }

    func run() throws {
        var checkUp = CheckUp()
        let board = try BoardFolder.board(options.board)
        let setup = try options.setup(labels: nil)
        checkUp.good("board \(board.name) (\(board.title)), reaction \(options.reaction)")
        if let model {
            checkUp.check(model, compiling, options)
        } else {
            checkUp.note("labels, thresholds and scores are looked at with --model")
        }
        checkUp.checkLines(setup)
        checkUp.checkCamera(setup)
        checkUp.checkSnapshots(setup)
        checkUp.checkClock()
        print(checkUp.faults == 0 ? "all is well" : "\(checkUp.faults) to mend")
        if checkUp.faults > 0 { throw ExitCode(1) }
    }
}

/// The checks, each a line: what is well, or what is not and how to mend it.
struct CheckUp {
    private(set) var faults = 0
    /// What each line found is for.
    private var roles: [String: String] = [:]

    func good(_ what: String) { print("ok    \(what)") }

    func note(_ what: String) { print("note  \(what)") }

    mutating func bad(_ what: String) {
        faults += 1
        print("MEND  \(what)")
    }

    mutating func check(_ model: String, _ compiling: CompilingOptions, _ options: SetupOptions) {
        do {
            let keys = try ReactionFile(path: options.reaction).tables.scoreKeys
            let compilation = try compiling.compilation(of: model, kernels: .best, for: keys)
            _ = try options.setup(for: compilation)
            let meaning = compilation.outputs[compilation.plan.scoreChoice?.output ?? 0]
            let labels = compilation.plan.labels.joined(separator: ", ")
            good("model \(model): \(meaning.taken)" + (labels.isEmpty ? ", without labels" : ": \(labels)"))
        } catch {
            let sentence = "\(error)"
            bad("model: " + (sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence))
        }
    }

    mutating func checkLines(_ setup: EspalierSetup) {
        let inputs = elements(setup.inputs, of: EspalierLine.self).prefix(Int(setup.input_count))
        let outputs = elements(setup.outputs, of: EspalierLine.self).prefix(Int(setup.output_count))
        for (index, line) in inputs.enumerated() { check(line, "input \(index)") }
        if setup.reaction.dry_run != 0 { return note("a dry run: no output is set") }
        for (index, line) in outputs.enumerated() { check(line, "output \(index)") }
    }

    private mutating func check(_ line: EspalierLine, _ role: String) {
        var line = line
        var place = EspalierPlace()
        var problem = EspalierProblem()
        if espalier_line_find(&line, &place, &problem) != 0 {
            return bad("\(role): \(text(problem.sentence))")
        }
        let spot = "\(text(place.path)) (\(text(place.label))) line \(place.offset)"
        if let other = roles.updateValue(role, forKey: spot) {
            return bad("\(role): \(spot) is the line of \(other), too; give each a line of its own")
        }
        if place.is_used == 0 { return good("\(role): \(spot), free") }
        let user = text(place.consumer)
        bad("\(role): \(spot) is in use by \(user.isEmpty ? "the kernel" : user); stop that program first")
    }

    mutating func checkSnapshots(_ setup: EspalierSetup) {
        let folder = text(setup.snapshots.folder)
        if folder.isEmpty { return }
        if FileManager.default.isWritableFile(atPath: folder) {
            good("snapshots: \(folder) can be written to")
        } else {
            bad("snapshots: \(folder) cannot be written to; make it, and give it to this user")
        }
    }

    mutating func checkClock() {
        var resolution = timespec()
        clock_getres(CLOCK_MONOTONIC, &resolution)
        let nanoseconds = resolution.tv_sec * 1_000_000_000 + resolution.tv_nsec
        if nanoseconds <= 1_000_000 {
            good("clock: \(nanoseconds) ns")
        } else {
            bad("clock: steps of \(nanoseconds) ns; use a kernel with high-resolution timers")
        }
        good("GPIO through libgpiod \(String(cString: espalier_line_library()))")
    }
}
