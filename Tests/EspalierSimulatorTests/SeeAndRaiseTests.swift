import EspalierFiles
import EspalierReaction
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierSimulator

/// An event that shows something and sets a line off: what it shows is what is classified.
@Suite struct SeeAndRaiseTests {
    @Test(arguments: [
        "", "fps = 4", "fps = 100\nlatency_ms = 0", "latency_ms = 400\n[frames]\nframe_age_ms = 500",
        "\n[frames]\nframe_age_ms = 10", "\n[frames]\npretrigger_ms = 350", "\n[frames]\nburst = 3",
        "fps = 3\nlatency_ms = 5\n[frames]\npretrigger_ms = 1000",
        "\n[faults]\nmissing_frames = [18, 19, 20]",
    ])
    func theFrameOfTheEdgeShowsTheEvent(keys: String) throws {
        let run = try run(keys + "\n[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"\nfor_s = 0.5")
        #expect(run.trace.reactions.map(\.classIndex) == [1])
        // And what came before it does not.
        let before = try self.run(
            keys + "\n[[event]]\nat_s = 1.2\nraise = \"pir\"\nfor_s = 0.1\n"
                + "[[event]]\nat_s = 2\nsee = \"bright.png\"")
        #expect(before.trace.reactions.map(\.classIndex) == [0])
    }

    @Test(arguments: [
        "settle_ms = 200", "debounce_ms = 50", "settle_ms = 70\ndebounce_ms = 20", "edge = \"both\"",
    ])
    func soItDoesWithATriggerThatTakesItsTime(keys: String) throws {
        let run = try run(
            "\n[[trigger]]\n\(keys)\n[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"\nfor_s = 0.5")
        #expect(run.trace.reactions.first?.classIndex == 1)
    }

    @Test func anEventsOwnPictureIsSeenAtItsOwnEdgeWhateverCameBefore() throws {
        // The lead reaches back to before another event: it begins there and no sooner.
        let run = try run(
            "\n[[trigger]]\ncooldown_ms = 0\n[[event]]\nat_s = 2\nsee = \"dark.png\"\nraise = \"pir\"\nfor_s = 0.2\n"
                + "[[event]]\nat_s = 2.5\nlead_s = 1.5\nsee = \"bright.png\"\nraise = \"pir\"\nfor_s = 0.2")
        #expect(run.trace.reactions.map(\.classIndex) == [0, 1])
    }

    @Test(arguments: [
        ("at_s = 1", "has no see, raise or lower; say what happens"),
        ("at_s = 2\nlead_s = 1500\nsee = \"bright.png\"", "lead_s is 1500, but the scenario begins 2 s away"),
        ("at_s = 2\nraise = \"pir\"\nfor_s = 800", "for_s is 800, but the scenario ends 2 s away"),
    ])
    func anEventThatDoesNothingOrTakesTooLongIsRefused(keys: String, part: String) {
        let error = #expect(throws: FileError.self) { try read("\n[[event]]\n" + keys) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func whatWouldBeatForADayIsRefused() {
        let error = #expect(throws: FileError.self) {
            try read("\n[[output]]\nmode = \"heartbeat\"\nduration_ms = 1\n", lasting: 86_400)
        }
        #expect(error?.description.contains("comes 86400000 times; shorten duration_s") == true)
    }

    @Test func itShowsNoSoonerThanTheFrameThatIsClassified() throws {
        let scenario = try read("\n[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"\nfor_s = 0.5")
        // Frames 100 ms apart that arrive 30 ms late: at 2 s the newest is that of 1.9 s.
        #expect((17...20).map { scenario.camera.image(ofFrame: $0).pixels[0] } == [10, 10, 200, 200])
        let run = try scenario.run(classifier, labels: [])
        #expect(run.trace.reactions.map(\.frameTime) == [1_900_000_000])
        #expect(run.trace.reactions.map(\.frameAgeNanoseconds) == [100_000_000])
        // With 200 ms to settle there is time enough, and nothing is moved.
        let settled = try read(
            "\n[[trigger]]\nsettle_ms = 200\n[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"")
        #expect((18...20).map { settled.camera.image(ofFrame: $0).pixels[0] } == [10, 10, 200])
    }

    @Test func aLeadOfItsOwnIsTakenAsItIsSaid() throws {
        let event = "\n[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"\nfor_s = 0.5\nlead_s = "
        #expect(try run(event + "0").trace.reactions.map(\.classIndex) == [0])
        #expect(try run(event + "0.1").trace.reactions.map(\.classIndex) == [1])
    }

    @Test func twoEventsOfOneTimeAreOne() throws {
        let run = try run(
            "\n[[event]]\nat_s = 2\nraise = \"pir\"\nfor_s = 0.5\n[[event]]\nat_s = 2\nsee = \"bright.png\"")
        #expect(run.trace.reactions.map(\.classIndex) == [1])
    }

    @Test func whatWasShownJustBeforeDoesNotComeBack() throws {
        let run = try run(
            "\n[[event]]\nat_s = 1.95\nsee = \"dark.png\"\n"
                + "[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"\n[frames]\nframe_age_ms = 20")
        #expect(run.trace.reactions.map(\.classIndex) == [1])
        let scenario = try read(
            "\n[[event]]\nat_s = 1.95\nsee = \"dark.png\"\n"
                + "[[event]]\nat_s = 2\nsee = \"bright.png\"\nraise = \"pir\"")
        #expect((18...22).map { scenario.camera.image(ofFrame: $0).pixels[0] } == [10, 200, 200, 200, 200])
    }

    @Test func aButtonToGroundShowsItToo() throws {
        let run = try run(
            "\n[[trigger]]\nline = \"button\"\nbias = \"pull-up\"\nactive_low = true\n"
                + "[[event]]\nat_s = 2\nsee = \"bright.png\"\nlower = \"button\"\nfor_s = 0.5")
        #expect(run.trace.reactions.map(\.classIndex) == [1])
    }

    // MARK: Helpers

    private func read(_ keys: String, lasting seconds: Int = 4) throws -> Scenario {
        let folder = try TemporaryFolder()
        for (name, value) in [("dark", UInt8(10)), ("bright", 200)] {
            try PNG.write(
                Image(width: 2, height: 2, channels: 1, filledWith: value), to: folder.path("\(name).png"))
        }
        let text = "duration_s = \(seconds)\n[camera]\nwidth = 2\nheight = 2\nsee = \"dark.png\"\n" + keys
        return try Scenario(path: try folder.write(text, to: "scenario.toml"))
    }

    private func run(_ keys: String) throws -> SimulationRun { try read(keys).run(classifier, labels: []) }

    private var classifier: ScriptedClassifier {
        ScriptedClassifier { frame in
            Verdict(classIndex: frame.image.pixels[0] > 100 ? 1 : 0, score: 120, permille: 970)
        }
    }
}
