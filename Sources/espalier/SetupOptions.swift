import ArgumentParser
import CEspalier
import CLinux
import EspalierFiles
import EspalierSettings

/// Board, reaction, and what is to be otherwise than they say: shared by the commands that use devices.
struct SetupOptions: ParsableArguments {
    @Option(help: "The board: a name `espalier boards` lists, or the path of a board file.")
    var board = "generic"

    @Option(help: "The reaction, a TOML file; boards/generic/reaction.toml explains its keys.")
    var reaction: String

    @Option(
        help:
            "Line of trigger input N (0): NAME, CHIP:NAME or CHIP:OFFSET, after N= or alone. May be repeated."
    )
    var input: [String] = []

    @Option(help: "Line of output N (0), likewise.")
    var output: [String] = []

    @Option(help: "/dev/video0, a card's name, 'pipe:COMMAND', a PNG file or a folder of them.")
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

    /// Reads the files and applies the options, as the firmware does.
    ///
    /// - Parameter labels: the model's, by class; nil: without a model, every output signals for all.
    func setup(labels: [String]?) throws -> EspalierSetup {
        var setup = try EspalierSetup(
            board: BoardFolder.board(board), reaction: ReactionFile(path: reaction), labels: labels)
        let single = [
            ("--camera", camera), ("--format", format), ("--size", size), ("--fps", fps),
            ("--threshold", threshold), ("--snapshots", snapshots),
        ]
        let options =
            input.map { ("--input", $0) } + output.map { ("--output", $0) }
            + single.compactMap { option, value in value.map { (option, $0) } }
        for (option, value) in options {
            var problem = EspalierProblem()
            if espalier_setup_override(&setup, option, value, &problem) != 0 {
                throw CommandFailure(text(problem.sentence) + ".")
            }
        }
        if dryRun { setup.reaction.dry_run = 1 }
        return setup
    }
}
