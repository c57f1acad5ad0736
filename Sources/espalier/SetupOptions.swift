import ArgumentParser
import CEspalier
import CLinux
import EspalierCompiler
import EspalierFiles
import EspalierSettings
import Foundation

/// Board, reaction, and what is to be otherwise than they say: shared by the commands that use devices.
struct SetupOptions: ParsableArguments {
    @Option(help: OptionHelp.board)
    var board = "generic"

    @Option(help: OptionHelp.reaction)
    var reaction: String

    @Option(
        help:
            "Line of trigger input N (0), as a reaction names it, CHIP:NAME or CHIP:OFFSET, after N= or alone. May be repeated."
    )
    var input: [String] = []

    @Option(help: "Line of output N (0), likewise.")
    var output: [String] = []

    @Option(
        help: """
            /dev/video0, a card's name, 'pipe:COMMAND', a picture or a folder of them. COMMAND may have {width}, \
            {height}, {fps}, {format}, {pix_fmt}, {fourcc}.
            """)
    var camera: String?

    @Option(help: "GREY, YUYV, UYVY, NV12, YU12, RGB24, BGR24 or MJPEG.")
    var format: String?

    @Option(help: "Width x height of the camera's frames.")
    var size: String?

    @Option(help: "Frames a second.")
    var fps: String?

    @Option(help: "0...1, the score every output signals from.")
    var threshold: String?

    @Option(help: "A folder to write pictures to.")
    var snapshots: String?

    @Flag(help: "Set no output.")
    var dryRun = false

    /// The setup for a model, which has to be able to do what it is for.
    func setup(for model: Compilation) throws -> EspalierSetup {
        let setup = try setup(labels: model.plan.labels)
        let tables = try ReactionFile(path: reaction).tables
        if let highest = model.highestScore { try tables.checkReach(of: setup.reaction, highest: highest) }
        return setup
    }

    /// Reads the files, lays the options over them and checks what comes of it, as the firmware does.
    ///
    /// - Parameter labels: the model's, by class; nil: without a model, every output signals for all.
    func setup(labels: [String]?) throws -> EspalierSetup {
        let draft = try SetupDraft(
            board: BoardFolder.board(board), reaction: ReactionFile(path: reaction), labels: labels)
        let single = [
            ("--camera", camera), ("--format", format), ("--size", size), ("--fps", fps),
            ("--threshold", threshold), ("--snapshots", snapshots),
        ]
        let options =
            try input.map { ("--input", try draft.resolved("--input", $0)) }
            + output.map { ("--output", try draft.resolved("--output", $0)) }
            + single.compactMap { option, value in value.map { (option, $0) } }
        var overrides = EspalierOverrides()
        overrides.dry_run = dryRun ? 1 : 0
        var values: [UnsafeMutablePointer<CChar>] = []
        defer { for value in values { free(value) } }
        for (option, value) in options {
            var problem = EspalierProblem()
            guard let kept = strdup(value) else { throw CommandFailure("There is no memory left.") }
            values.append(kept)
            if espalier_override_note(&overrides, option, kept, &problem) != 0 {
                throw CommandFailure(text(problem.sentence) + ".")
            }
        }
        return try draft.finished(overrides)
    }
}

/// What an option means that several commands have.
enum OptionHelp {
    static let model: ArgumentHelp = "The model: an int8 or legacy uint8 .tflite file."
    static let board: ArgumentHelp = "The board: a name `espalier boards` lists, or the path of a board file."
    static let reaction: ArgumentHelp =
        "The reaction, a TOML file; boards/generic/reaction.toml explains its keys."
}
