import CEspalier
import EspalierReaction
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierSimulator

/// Levels in a scenario and in its trace are what a meter at the line would show.
@Suite struct ElectricalLevelTests {
    @Test(arguments: ["bias = \"pull-up\"", "bias = \"as-is\"", "bias = \"disabled\""])
    func aButtonToGroundFiresWhenItIsPressed(bias: String) throws {
        let run = try run(
            "[[trigger]]\nline = \"button\"\nactive_low = true\n\(bias)\n"
                + "[[event]]\nat_s = 2\nlower = \"button\"\nfor_s = 0.5")
        #expect(run.trace.reactions.map(\.edgeTime) == [2_000_000_000])
        #expect(run.trace.levels(of: "button") == [.high(at: 0), .low(at: 2), .high(at: 2.5)])
    }

    @Test func aFallingEdgeIsTheSameAsARisingOneOfAnActiveLowLine() throws {
        let run = try run(
            "[[trigger]]\nline = \"button\"\nbias = \"pull-up\"\nedge = \"falling\"\n"
                + "[[event]]\nat_s = 2\nlower = \"button\"\nfor_s = 0.5")
        #expect(run.trace.reactions.map(\.edgeTime) == [2_000_000_000])
        let opposite = try self.run(
            "[[trigger]]\nline = \"button\"\nbias = \"pull-up\"\nactive_low = true\nedge = \"falling\"\n"
                + "[[event]]\nat_s = 2\nlower = \"button\"\nfor_s = 0.5")
        #expect(opposite.trace.reactions.map(\.edgeTime) == [2_500_000_000])
    }

    @Test func aLineThatIsActiveFromBeforeTheStartGivesNoEdge() throws {
        let text = """
            [[trigger]]
            line = "button"
            active_low = true
            cooldown_ms = 0
            [[event]]
            at_s = 0
            lower = "button"
            for_s = 1
            [[event]]
            at_s = 2
            lower = "button"
            for_s = 0.5
            """
        let scenario = try read(text)
        #expect(try run(text).trace.reactions.map(\.edgeTime) == [2_000_000_000])
        #expect(try run(text).trace.levels(of: "button").first == .low(at: 0))
        #expect(
            scenario.notes == [
                "button is low from before the start, the level that sets off; no edge comes of that."
            ])
    }

    @Test func whatChangesNothingIsSaid() throws {
        let scenario = try read(
            "[[trigger]]\nline = \"button\"\nbias = \"pull-up\"\nactive_low = true\n"
                + "[[event]]\nat_s = 2\nraise = \"button\"\nfor_s = 0.5")
        #expect(scenario.notes == ["At 2 s button is high already, so that nothing changes."])
        let debounced = try read(
            "[[trigger]]\nline = \"button\"\ndebounce_ms = 20\n"
                + "[[event]]\nat_s = 2\nraise = \"button\"\nfor_s = 0.01")
        #expect(
            debounced.notes == [
                "At 2 s button changes for 0.01 s, shorter than debounce_ms, so that no edge of it counts."
            ])
    }

    @Test func aPullDownAndALineNobodyPullsAreLow() throws {
        for bias in ["pull-down", "as-is", "disabled"] {
            let scenario = try read(
                "[[trigger]]\nline = \"a\"\nbias = \"\(bias)\"\n[[event]]\nat_s = 1\nraise = \"a\"")
            #expect(scenario.inputs == ["a"])
        }
        // Nothing is known of a line but that it is lowered: it was high.
        let lowered = try read("[[trigger]]\nline = \"a\"\n[[event]]\nat_s = 1\nlower = \"a\"")
        #expect(lowered.inputs == [VirtualLine("a", restsHigh: true)])
        let pulled = try read(
            "[[trigger]]\nline = \"a\"\nbias = \"pull-down\"\n[[event]]\nat_s = 1\nlower = \"a\"")
        #expect(pulled.inputs == ["a"])
    }

    @Test(arguments: [
        ("active_low = true", [Level.high(at: 0), .low(at: 2.0005), .high(at: 3.0005)]),
        ("active_low = true\ndrive = \"open-drain\"", [.high(at: 0), .low(at: 2.0005), .high(at: 3.0005)]),
        // A safe level is the reaction's, too: the start sets the line low for it, the end high again.
        (
            "active_low = true\nsafe = \"high\"",
            [.low(at: 0), .high(at: 0), .low(at: 2.0005), .high(at: 3.0005), .low(at: 4)]
        ),
        ("safe = \"low\"", [.low(at: 0), .high(at: 2.0005), .low(at: 3.0005)]),
    ])
    func anOutputShowsItsElectricalLevelFromBeforeTheStart(keys: String, levels: [Level]) throws {
        let text = "[[output]]\nline = \"lamp\"\n\(keys)\n[[event]]\nat_s = 2\nraise = \"pir\"\nfor_s = 0.5"
        let run = try run(text)
        #expect(run.trace.levels(of: "lamp") == levels)
        let report = SimulationReport(run, of: try read(text), tool: "test")
        // The first is the level before the start, in every file.
        #expect(
            report.vcd.contains("$dumpvars\n0!\n\(levels[0].high ? 1 : 0)\""), "\(report.vcd.prefix(900))")
        let lane = try #require(report.diagram.lanes.first { $0.name == "lamp" })
        #expect(lane.initialLevel == levels[0].high)
        #expect(lane.isActiveLow == keys.contains("active_low"))
        #expect(report.diagram.svg().contains("output, active low") == lane.isActiveLow)
    }

    @Test func triggersOfOneLineSeeItsLevelEachByItsOwnEdge() throws {
        let run = try run(
            """
            [[trigger]]
            line = "door"
            active_low = true
            cooldown_ms = 0
            [[trigger]]
            line = "door"
            active_low = true
            edge = "falling"
            cooldown_ms = 0
            [[event]]
            at_s = 1
            lower = "door"
            for_s = 1
            """)
        #expect(run.trace.reactions.map(\.edgeTime) == [1_000_000_000, 2_000_000_000])
        #expect(run.trace.reactions.map(\.triggerIndex) == [0, 1])
    }

    /// As the kernel debounces it: no edge comes of a level that does not last, whichever it was before the start.
    @Test func aGlitchOfALineThatIsActiveFromBeforeTheStartIsABounce() throws {
        let run = try run(
            """
            [[trigger]]
            line = "door"
            debounce_ms = 20
            cooldown_ms = 0
            [[event]]
            at_s = 0
            raise = "door"
            [[event]]
            at_s = 1
            lower = "door"
            for_s = 0.01
            [[event]]
            at_s = 2
            lower = "door"
            for_s = 0.03
            """)
        #expect(run.trace.reactions.map(\.edgeTime) == [2_030_000_000])
    }

    @Test func anOutputThatHoldsDoesSoWhileTheButtonIsDown() throws {
        let run = try run(
            """
            [[trigger]]
            line = "button"
            bias = "pull-up"
            active_low = true
            debounce_ms = 50
            [[output]]
            mode = "hold"
            duration_ms = 200
            [[event]]
            at_s = 1
            lower = "button"
            for_s = 1
            """)
        // Known 50 ms after its edge, and released 200 ms after its end.
        #expect(run.trace.levels(of: "buzzer") == [.low(at: 0), .high(at: 1.0505), .low(at: 2.2)])
    }

    @Test func aDryRunLeavesTheSafeLevel() throws {
        let run = try run(
            "dry_run = true\n[[output]]\nactive_low = true\n[[event]]\nat_s = 2\nraise = \"pir\"\nfor_s = 0.5"
        )
        #expect(run.trace.levels(of: "buzzer") == [.high(at: 0)])
        #expect(run.records.count == 1)
    }

    @Test(arguments: [
        (
            "at_s = 12\nraise = \"pir\"",
            "at_s is 12, but the scenario ends at 4 s; give an earlier time in seconds, or"
        ),
        ("at_s = 2000\nraise = \"pir\"", "give an earlier time in seconds (2?), or a longer duration_s."),
        ("at_s = 1\nfor_s = 1", "for_s is for raise or lower; add one of them, or leave it out."),
        ("at_s = 1\nraise = \"pir\"\nfor_s = 0", "for_s is 0; give a number from "),
        ("at_s = 1\nlight = \"day\"", "light is for see; add see, or leave it out."),
        ("at_s = 1\nraise = \"pir\"\nlead_s = 1", "lead_s is for see; add see, or leave it out."),
        ("at_s = 1\nraise = \"pir\"\nlower = \"pir\"", "lower names the line that raise names;"),
        (
            "at_s = 1\nraise = \"buzzer\"",
            "raise names \"buzzer\", which is no trigger's line; choose among pir."
        ),
        ("at_s = 1\nraise = 3", "raise names \"3\", which is no trigger's line; choose among pir."),
        ("at_s = 1\nraise = \"a b\"", "raise names \"a b\", which is no trigger's line; choose among pir."),
        ("at_s = \"1 s\"", "at_s is the text \"1 s\"; give a number without quotes (1?)."),
    ])
    func anEventThatCannotBeMeantIsRefused(keys: String, part: String) throws {
        let error = #expect(throws: (any Error).self) { try read("[[event]]\n\(keys)") }
        #expect("\(try #require(error))".contains(part), "\(error!)")
    }

    @Test(arguments: [
        ("[board]\noverhead_us = 60000001", "overhead_us is 60000001;"),
        ("[board]\nmacs_per_microsecond = 0", "macs_per_microsecond is 0;"),
        ("[camera]\nlatency_ms = 60001", "latency_ms is 60001;"),
        ("[faults]\nfailing_captures = [0]", "give whole numbers from 1 in brackets."),
        ("duration_s = 0", "duration_s is 0; give a number from 0.001 to 86400."),
        ("seed = -1", "seed is -1;"),
        ("board = \"raspberry-pi-5\"", "board names the board of a deployed reaction, but there is none;"),
        ("[board]\nname = \"raspberry-pi-5\"", "names the board of a deployed reaction, but there is none;"),
    ])
    func aSimulationThatCannotBeMeantIsRefused(text: String, part: String) throws {
        let path = try TemporaryFolder()
        let file = try path.write(text, to: "scenario.toml")
        let error = #expect(throws: (any Error).self) { try Scenario(path: file) }
        #expect("\(try #require(error))".contains(part), "\(error!)")
    }

    // MARK: Helpers

    private func read(_ text: String) throws -> Scenario {
        let folder = try TemporaryFolder()
        return try Scenario(path: try folder.write("duration_s = 4\n" + text, to: "scenario.toml"))
    }

    private func run(_ text: String) throws -> SimulationRun {
        let person = ScriptedClassifier { _ in Verdict(classIndex: 1, score: 120, permille: 970) }
        return try read(text).run(person, labels: ["empty", "person"])
    }
}
