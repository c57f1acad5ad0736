import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// `espalier simulate` as a user meets it.
@Suite struct SimulateCommandTests {
    private let model = [
        "--model", Package.root.appendingPathComponent("models/doorway/doorway.tflite").path, "--label-names",
        Package.root.appendingPathComponent("models/doorway/labels.txt").path,
    ]
    private let boards = ["ESPALIER_BOARDS": Package.root.appendingPathComponent("boards").path]
    private let reaction = """
        [[trigger]]
        line = "header 11"
        bias = "pull-up"
        active_low = true
        [[output]]
        labels = ["person"]
        [camera]
        command = "rpicam-vid --output -"
        format = "yu12"
        width = 160
        height = 120
        """

    private func simulate(_ arguments: String...) throws -> Shell.Outcome {
        try Shell.run(Package.command, ["simulate"] + arguments + model, environment: boards)
    }

    @Test func aReactionRunsAsItIsDeployedWithAndWithoutAScenario() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(reaction, to: "reaction.toml")
        let alone = try simulate("--reaction", path, "--board", "raspberry-pi-5")
        #expect(alone.status == 0, "\(alone.errors)")
        #expect(alone.output.contains("1 trigger: 1 verdict"))
        #expect(
            alone.errors == """
                note: A virtual camera of 160 x 120 at 30 frames a second stands for the camera \
                "rpicam-vid --output -".
                note: Without a scenario there is a person in the doorway, and a change of level, at GPIO17 in turn.

                """)
        let scenario = try folder.write(
            """
            duration_s = 8
            reaction = "reaction.toml"
            board = "raspberry-pi-5"
            [[event]]
            at_s = 2
            see = "person"
            lower = "header 11"
            for_s = 0.5
            [[event]]
            at_s = 6
            lower = "trigger"
            """, to: "scenario.toml")
        let both = try simulate(scenario, "--output", folder.path("out"))
        #expect(both.status == 0, "\(both.errors)")
        #expect(both.output.contains("2 triggers: 2 verdicts"))
        let trace = try String(contentsOfFile: folder.path("out/trace.txt"), encoding: .utf8)
        #expect(trace.hasPrefix("0.000000000 line GPIO17 high\n0.000000000 line GPIO27 low\n"))
        let own = try simulate(scenario, "--reaction", path)
        #expect(own.status == 0, "\(own.errors)")  // on the scenario's board
        let generic = try simulate(scenario, "--reaction", path, "--board", "generic")
        #expect(generic.status != 0)
        #expect(generic.errors.contains("line is header 11, which is no GPIO line of generic;"))
    }

    @Test func whatIsMissingIsSaid() throws {
        let nothing = try simulate()
        #expect(nothing.status == 64)
        #expect(nothing.errors.contains("Say what is to happen: name a scenario, a --reaction, or both."))
        let board = try simulate("scenario.toml", "--board", "raspberry-pi-5")
        #expect(board.status == 64)
        #expect(board.errors.contains("--board goes with --reaction; a scenario names its board itself."))
    }

    @Test func aThresholdThatCannotBeMeantIsRefusedWithAHint() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("[[output]]\nthreshold = 60\n", to: "scenario.toml")
        let outcome = try simulate(path)
        #expect(outcome.status != 0)
        #expect(
            outcome.errors.hasSuffix(
                "\(path) line 2, [[output]] threshold is 60; give a number from 0 to 1 (0.6?).\n"))
    }

    @Test func aTornHeaderIsASentenceAndNoCrash() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("s=0\n[\n", to: "scenario.toml")
        let outcome = try simulate(path)
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.hasSuffix(
                "\(path) line 2 has a header without a name; write for example [camera] or [[trigger]].\n"))
    }
}
