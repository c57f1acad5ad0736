import CEspalier
import EspalierFiles
import EspalierReaction
import EspalierScenes
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierSimulator

/// A reaction file runs in the simulator as it is deployed, its camera replaced.
@Suite struct DeployedReactionTests {
    private let boards = [repository.appendingPathComponent("boards").path]
    private static let reaction = """
        [[trigger]]
        line = "header 11"
        bias = "pull-up"
        active_low = true
        [[trigger]]
        line = { chip = "expander", offset = 3 }
        [[output]]
        labels = ["person"]
        [[output]]
        line = "GPIO22"
        mode = "fault"
        [camera]
        command = "cam --raw"
        format = "yu12"
        width = 64
        height = 48
        fps = 20
        ring = 8
        [frames]
        pretrigger_ms = 300
        [snapshots]
        folder = "/srv/seen"
        """

    @Test func aScenarioRunsTheFileAsItIsWithAVirtualCamera() throws {
        let scenario = try read("[[event]]\nat_s = 2\nlower = \"header 11\"\nfor_s = 0.5\nsee = \"person\"")
        #expect(
            scenario.inputs == [VirtualLine("GPIO17", restsHigh: true, isActiveLow: true), "expander:3"])
        #expect(scenario.outputs == ["GPIO27", "GPIO22"])
        #expect((scenario.camera.width, scenario.camera.height) == (64, 48))
        #expect(scenario.camera.framesPerSecond == 20 && scenario.camera.ringFrames == 8)
        #expect(
            scenario.notes == [
                "A virtual camera of 64 x 48 at 20 frames a second stands for the camera \"cam --raw\".",
                "No snapshots are written in a simulation; --output writes the frames.",
            ])
        let pi = try BoardFolder.board("raspberry-pi-5", in: boards)
        let folder = try TemporaryFolder()
        let file = try ReactionFile(path: try folder.write(Self.reaction, to: "reaction.toml"))
        let deployed = try EspalierSetup(board: pi, reaction: file, labels: nil)
        #expect(bytes(try #require(scenario.setup)) == bytes(deployed))
        let run = try scenario.run(person, labels: ["empty", "person"])
        #expect(run.trace.reactions.map(\.edgeTime) == [2_000_000_000])
        #expect(run.trace.levels(of: "GPIO27").map(\.high) == [false, true, false])
        #expect(run.trace.lines == ["GPIO17", "expander:3", "GPIO27", "GPIO22"])
    }

    @Test(arguments: [
        "\"header 11\"", "\"GPIO17\"", "{ offset = 17 }", "{ chip = \"pinctrl-rp1\", offset = 17 }",
        "\"trigger\"",
    ])
    func eventsNameALineByAnyOfItsNames(name: String) throws {
        let scenario = try read("[[event]]\nat_s = 2\nlower = \(name)\nfor_s = 0.5")
        #expect(scenario.changes.map(\.line) == [0, 0])
    }

    @Test(arguments: ["\"expander:3\"", "{ chip = \"expander\", offset = 3 }"])
    func andAnotherChipsLineToo(name: String) throws {
        #expect(try read("[[event]]\nat_s = 2\nraise = \(name)").changes.map(\.line) == [1])
    }

    @Test func theScenariosCameraCountsWhereItSaysSo() throws {
        let scenario = try read("[camera]\nwidth = 32\nheight = 32\nfps = 10\nring = 16\nsee = \"empty\"")
        #expect((scenario.camera.width, scenario.camera.height) == (32, 32))
        #expect(scenario.camera.framesPerSecond == 10 && scenario.camera.ringFrames == 16)
        #expect(scenario.setup?.camera.kind == ESPALIER_CAMERA_COMMAND)
        #expect(scenario.notes.first?.hasPrefix("A virtual camera of 32 x 32 at 10 frames a second") == true)
    }

    @Test(arguments: [
        (
            "[[trigger]]\nline = \"a\"",
            "trigger cannot go with reaction = \"reaction.toml\", which has its own;"
        ),
        (
            "[[output]]\nline = \"a\"",
            "line 3, output cannot go with reaction = \"reaction.toml\", which has its own;"
        ),
        ("[frames]\nburst = 2", "frames cannot go with reaction"),
        ("dry_run = true", "dry_run cannot go with reaction"),
        ("[snapshots]\nfolder = \"a\"", "snapshots cannot go with reaction"),
        (
            "[camera]\ndevice = \"a\"",
            "[camera] device is not a known key; choose among width, height, fps, ring,"
        ),
        ("[camera]\nring = 2", "pretrigger_ms is 300, but 2 frames at 20 fps reach back 50 ms;"),
        (
            "[camera]\nwidth = 63",
            "[camera] width is 63, but the format shares colours in pairs; make it even."
        ),
        (
            "[[event]]\nat_s = 1\nraise = \"header 9\"",
            "raise names \"header 9\", which is no trigger's line; choose"
        ),
        (
            "[[event]]\nat_s = 1\nraise = \"pir\"",
            "which is no trigger's line; choose among GPIO17, expander:3."
        ),
        ("[board]\nspeed = 2", "board"),
        ("speed = 2", "speed is not a known key;"),
    ])
    func whatCannotGoTogetherIsOneSentence(keys: String, part: String) throws {
        let error = try #require(throws: (any Error).self) { try read(keys) }
        #expect("\(error)".contains(part), "\(error)")
    }

    @Test func whatTheBoardDoesNotHaveIsRefusedAsOnTheBoard() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("reaction = \"reaction.toml\"", to: "scenario.toml")
        _ = try folder.write(Self.reaction, to: "reaction.toml")
        // Without a board the generic one, as for `espalier run`.
        let generic = try #require(throws: FileError.self) { try Scenario(path: path, boards: boards) }
        #expect(
            generic.description.contains(
                "reaction.toml line 2, [[trigger]] line is header 11, which is no GPIO line of generic;"))
        let unknown = try #require(throws: FileError.self) {
            try Scenario(
                path: path, deployed: DeployedReaction(path: folder.path("reaction.toml"), board: "z80"),
                boards: boards)
        }
        #expect(unknown.description.contains("z80 is no board that is known here"))
        let none = try #require(throws: FileError.self) {
            try Scenario(deployed: DeployedReaction(path: folder.path("none.toml")), boards: boards)
        }
        #expect(none.description.contains("none.toml cannot be read"))
    }

    @Test func theBoardStandsBesideItsSpeedInATable() throws {
        let scenario = try read(
            "[board]\nname = \"raspberry-pi-5\"\nmacs_per_microsecond = 7", board: nil)
        #expect(scenario.inputs.first?.name == "GPIO17")
        #expect(scenario.speed.macsPerMicrosecond == 7)
    }

    @Test func anOptionRunsAReactionInPlaceOfTheScenariosOwn() throws {
        let folder = try TemporaryFolder()
        let reaction = try folder.write(
            "[[trigger]]\nline = \"pir\"\n[camera]\ndevice = \"cam\"", to: "r.toml")
        let board = try folder.write("name = \"mine\"\n[roles]\noutput = \"relay\"", to: "board.toml")
        let deployed = DeployedReaction(path: reaction, board: board)
        let shipped = repository.appendingPathComponent("boards/simulator/scenario.toml").path
        let scenario = try Scenario(path: shipped, deployed: deployed)
        #expect(scenario.outputs == ["relay"])
        #expect(scenario.reaction.trigger(0).settle_nanoseconds == 0)
        #expect(scenario.changes.count == 24 && scenario.durationNanoseconds == 60_000_000_000)
        #expect(
            scenario.notes.first == "\(reaction) runs in place of the scenario's own trigger, output, frames."
        )
    }

    @Test func withoutAScenarioEveryTriggersLineChangesInTurn() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            """
            [[trigger]]
            line = "header 11"
            bias = "pull-up"
            active_low = true
            [[trigger]]
            line = "GPIO5"
            edge = "falling"
            debounce_ms = 400
            [[trigger]]
            line = "GPIO6"
            active_low = true
            [[trigger]]
            period_ms = 4000
            """, to: "reaction.toml")
        let scenario = try Scenario(
            deployed: DeployedReaction(path: path, board: "raspberry-pi-5"), boards: boards)
        let run = try scenario.run(person, labels: [])
        let edges = run.trace.reactions.filter { $0.triggerIndex < 3 }
        #expect(edges.map(\.triggerIndex) == [0, 1, 2])
        #expect(run.trace.reactions.contains { $0.triggerIndex == 3 })
        #expect(edges.map(\.outcome) == [.verdict, .verdict, .verdict])
        let frames = edges.compactMap(\.frameNumber)
        #expect(frames.count == 3 && !frames.contains { isEmpty(Int($0), of: scenario) })
        #expect(scenario.notes.last?.contains("GPIO17, GPIO5, GPIO6 in turn") == true)
    }

    /// Whatever moment's frame a reaction wants, a person stands in it.
    @Test(arguments: [
        "", "debounce_ms = 3000", "settle_ms = 5000", "debounce_ms = 2000\nsettle_ms = 4000",
        "[frames]\npretrigger_ms = 4000\n[camera]\nfps = 2\nring = 12",
        "settle_ms = 3000\n[frames]\npretrigger_ms = 4000\n[camera]\nfps = 2\nring = 12",
    ])
    func withoutAScenarioThePersonIsInTheFrame(keys: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("[[trigger]]\nline = \"GPIO5\"\n\(keys)", to: "reaction.toml")
        let scenario = try Scenario(
            deployed: DeployedReaction(path: path, board: "raspberry-pi-5"), boards: boards)
        let run = try scenario.run(person, labels: [])
        let first = try #require(run.trace.reactions.first)
        let frame = try #require(first.frameNumber)
        #expect(isEmpty(0, of: scenario) && !isEmpty(Int(frame), of: scenario))
    }

    // MARK: Helpers

    /// The scene without a figure, as drawn for a simulation without a scenario.
    private func isEmpty(_ frame: Int, of scenario: Scenario) -> Bool {
        let camera = scenario.camera
        let empty = RenderedScene(
            Scene(kind: .empty, seed: 1, light: .day, camera: 1), width: camera.width, height: camera.height,
            middle: 0)
        return camera.image(ofFrame: frame).pixels
            == empty.frame(at: camera.time(ofFrame: frame), number: frame).pixels
    }

    private func read(_ keys: String, board: String? = "raspberry-pi-5") throws -> Scenario {
        let folder = try TemporaryFolder()
        _ = try folder.write(Self.reaction, to: "reaction.toml")
        let head = board.map { "board = \"\($0)\"\n" } ?? "\n"
        let path = try folder.write(
            "reaction = \"reaction.toml\"\n\(head)\(keys)", to: "scenario.toml")
        return try Scenario(path: path, boards: boards)
    }

    private func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
