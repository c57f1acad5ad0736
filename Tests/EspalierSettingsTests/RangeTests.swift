import CEspalier
import EspalierFiles
import EspalierReaction
import EspalierSettings
import EspalierTestSupport
import Testing

/// Numbers that cannot be meant are refused, with the number that probably was.
@Suite struct RangeTests {
    @Test(arguments: [
        ("[[output]]\nthreshold = 60", "threshold is 60; give a number from 0 to 1 (0.6?)."),
        ("[[output]]\nthreshold = 600", "threshold is 600; give a number from 0 to 1 (0.6?)."),
        ("[[output]]\nthreshold = 1.5", "threshold is 1.5; give a number from 0 to 1."),
        ("[[output]]\nthreshold = -0.1", "threshold is -0.1; give a number from 0 to 1."),
        ("[[output]]\nthreshold = nan", "threshold is nan; give a number from 0 to 1."),
        ("[[output]]\nthreshold = inf", "threshold is inf; give a number from 0 to 1."),
        (
            "[[output]]\nthreshold = \"0.6\"",
            "threshold is the text \"0.6\"; give a number without quotes (0.6?)."
        ),
        ("[[output]]\nthreshold = \"60%\"", "without quotes (0.6?)."),
        ("[[output]]\nthreshold = \"0,6\"", "without quotes (0.6?)."),
        ("[[output]]\nthreshold = \"high\"", "threshold is a text; give a number."),
        ("[[output]]\nthreshold = true", "threshold is true or false; give a number."),
        ("[[output]]\nthreshold_low = 60", "threshold_low is 60; give a number from 0 to 1 (0.6?)."),
        (
            "[[output]]\nthreshold = 0.3\nthreshold_low = 0.6",
            "threshold_low is above threshold, 0.3; make it that or less."
        ),
        ("[[output]]\nduration_ms = 0.5", "give 0 or a number from 1 to 86400000 (500?)."),
        ("[[output]]\nduration_ms = -5", "duration_ms is -5; give 0 or a number from 1 to 86400000."),
        ("[[output]]\nduration_ms = \"2s\"", "without quotes (2000?)."),
        ("[[output]]\nlabels = []", "labels is empty, so that nothing would set the output;"),
        ("[[output]]\ntriggers = []", "triggers is empty, so that nothing would set the output;"),
        ("[[output]]\ntriggers = [0]", "triggers is an array; give whole numbers from 1 in brackets."),
        ("[[trigger]]\ndebounce_ms = 60001", "debounce_ms is 60001; give 0 or a number from 0.1 to 60000."),
        ("[[trigger]]\ndebounce_ms = 50000000", "give 0 or a number from 0.1 to 60000 (50000?)."),
        ("[[trigger]]\ndebounce_ms = \"50ms\"", "without quotes (50?)."),
        ("[[trigger]]\ndebounce_ms = \"0.05 s\"", "without quotes (50?)."),
        ("[[trigger]]\ncooldown_ms = 86400001", "cooldown_ms is 86400001; give 0 or a number from 1 to"),
        ("[[trigger]]\ncooldown_ms = 0.2", "(200?)."),
        ("[[trigger]]\nhold_off_ms = 1e300", "hold_off_ms is 1e+300; give 0 or a number from 1 to"),
        ("[[trigger]]\nsettle_ms = 600001", "settle_ms is 600001; give 0 or a number from 1 to 600000."),
        ("[[trigger]]\nperiod_ms = 1", "period_ms is 1; give 0 or a number from 10 to 86400000 (1000?)."),
        ("[[trigger]]\nstuck_ms = 5", "stuck_ms is 5; give 0 or a number from 100 to 86400000 (5000?)."),
        (
            "[[trigger]]\ndebounce_ms = 300\nstuck_ms = 200",
            "stuck_ms is over before a level has lasted for debounce_ms; make it longer than debounce_ms."
        ),
        ("watchdog_ms = 1", "watchdog_ms is 1; give 0 or a number from 100 to 86400000 (1000?)."),
        ("watchdog_ms = 9223372036854775807", "give 0 or a number from 100 to 86400000."),
        ("watchdog_ms = 92233720368547758080", "line 1 is not TOML"),
        ("[frames]\nburst = 17", "burst is 17; give a whole number from 1 to 16."),
        ("[frames]\nburst = 2.5", "burst is 2.5; give a whole number from 1 to 16."),
        ("[frames]\nburst = 2.0", "burst is 2.0; give a whole number from 1 to 16 (2?)."),
        ("[frames]\nburst = \"3\"", "give a whole number without quotes (3?)."),
        ("[frames]\nburst = 3\nvotes = 4", "votes is 4; give a whole number from 1 to 3."),
        ("[camera]\nfps = 30000", "fps is 30000; give 0 or a number from 0.01 to 1000 (30?)."),
        ("[camera]\nfps = \"30\"", "fps is the text \"30\"; give a number without quotes (30?)."),
        ("[camera]\nfps = \"30 fps\"", "without quotes (30?)."),
        ("[camera]\nfps = 0.0001", "fps is 0.0001; give 0 or a number from 0.01 to 1000."),
        ("[camera]\nwidth = 9223372036854775807", "give a whole number from 1 to 4095."),
        ("[camera]\nwidth = \"640px\"", "give a whole number without quotes (640?)."),
        ("[camera]\nsilence_ms = 5", "silence_ms is 5; give a whole number from 100 to 86400000 (5000?)."),
        ("[camera]\nring = 0", "ring is 0; give a whole number from 1 to 16."),
        (
            "[frames]\ndeadline_ms = 0\n[camera]\nfps = 1",
            "deadline_ms and frame_age_ms are 200 ms together, but a frame comes every 1000 ms at 1 fps, so that "
                + "some edges would find none; give a deadline_ms of at least 800."
        ),
        (
            "[frames]\nframe_age_ms = 0\ndeadline_ms = 30\n[camera]\nfps = 30",
            "deadline_ms and frame_age_ms are 30 ms together"
        ),
        (
            "[frames]\ndeadline_ms = 20000\n[camera]\nfps = 0.1",
            "silence_ms is 5000, but a frame comes every 10000 ms at 0.1 fps; make it longer, or raise fps."
        ),
        (
            "[frames]\ndeadline_ms = 1000\n[camera]\nfps = 2\nsilence_ms = 400",
            "line 5, [camera] silence_ms is 400, but a frame comes every 500 ms at 2 fps;"
        ),
        ("[frames]\npretrigger_ms = 100\n[camera]\nfps = 0", "needs a camera of known frame rate;"),
    ])
    func isRefusedWithWhatWasProbablyMeant(text: String, part: String) throws {
        let error = try #require(throws: FileError.self) { try setup(text) }
        #expect(error.description.contains(part), "\(error.description)")
    }

    @Test(arguments: [
        "[[output]]\nthreshold = 0", "[[output]]\nthreshold = 1", "[[output]]\nthreshold = 0.0004",
        "[[output]]\nthreshold_low = 0.5", "[[output]]\nduration_ms = 1",
        "[[output]]\nduration_ms = 86400000",
        "[[output]]\nmode = \"follow\"\nduration_ms = 0", "[[trigger]]\ndebounce_ms = 60000",
        "[[trigger]]\ndebounce_ms = 0.5", "[[trigger]]\ncooldown_ms = 0",
        "[[trigger]]\ncooldown_ms = 86400000",
        "[[trigger]]\nperiod_ms = 10", "[[trigger]]\nperiod_ms = 0", "[[trigger]]\nstuck_ms = 100",
        "watchdog_ms = 100", "watchdog_ms = 86400000", "[frames]\nframe_age_ms = 0",
        "[frames]\ndeadline_ms = 0", "[camera]\nfps = 1000", "[camera]\nfps = 0",
        "[frames]\ndeadline_ms = 99800\n[camera]\nfps = 0.01\nsilence_ms = 100001",
    ])
    func theEdgesOfEveryRangeAreTaken(text: String) throws {
        #expect(try setup(text).reaction.isValid)
    }

    @Test func aThresholdAboveNothingIsNotNothing() throws {
        #expect(try setup("[[output]]\nthreshold = 0.0004").reaction.outputs.0.threshold_high_permille == 1)
        #expect(try setup("[[output]]\nthreshold = 0.0016").reaction.outputs.0.threshold_high_permille == 2)
    }

    @Test func settingsBeyondTheFilesRangesAreNotValidForTheMachineEither() {
        var settings = EspalierReaction.standard
        settings.outputs.0.threshold_high_permille = 60_000
        #expect(!settings.isValid)
        settings.outputs.0.threshold_high_permille = 1000
        #expect(settings.isValid)
        settings.outputs.0.threshold_low_permille = -1
        #expect(!settings.isValid)
    }

    @Test func oneLineUnderTwoNamesIsOneLine() throws {
        let twice = try #require(throws: FileError.self) {
            try setup("[[output]]\nline = \"a\"\n[[output]]\nline = { chip = \"c\", name = \"a\" }")
        }
        #expect(twice.description.contains("line 4, [[output]] line is the line of [[output]] 1 too;"))
        let path = try #require(throws: FileError.self) {
            try setup(
                """
                [[trigger]]
                line = { chip = "gpiochip0", offset = 3 }
                [[output]]
                line = { chip = "/dev/gpiochip0", offset = 3 }
                """)
        }
        #expect(path.description.contains("line 4, [[output]] line is a trigger's line too;"))
        #expect(
            try setup(
                "[[output]]\nline = { chip = \"d\", name = \"a\" }\n[[output]]\nline = { chip = \"c\", name = \"a\" }"
            )
            .output_count == 2)
    }

    @Test func aListedLineIsOneLineUnderAllItsNames() throws {
        let boards = Package.root.appendingPathComponent("boards").path
        let pi = try BoardFolder.board("raspberry-pi-4b", in: [boards])
        for name in [
            "\"GPIO22\"", "\"header 15\"", "{ offset = 22 }", "{ chip = \"pinctrl-bcm2711\", offset = 22 }",
            "{ chip = \"pinctrl-bcm2711\", name = \"GPIO22\" }",
        ] {
            let text = "[[trigger]]\nline = \"header 15\"\n[[output]]\nline = \(name)"
            let document = try TOMLDocument(path: "reaction.toml", bytes: Array(text.utf8))
            let file = try ReactionFile(TOMLSection(root: document), path: "reaction.toml")
            let error = try #require(throws: FileError.self) {
                try EspalierSetup(board: pi, reaction: file, labels: nil)
            }
            #expect(error.description.contains("line 4, [[output]] line is a trigger's line too;"))
        }
    }

    private func setup(_ text: String) throws -> EspalierSetup {
        let document = try TOMLDocument(path: "reaction.toml", bytes: Array(text.utf8))
        let file = try ReactionFile(TOMLSection(root: document), path: "reaction.toml")
        let board = try TOMLDocument(
            path: "board.toml",
            bytes: Array(
                "name = \"bench\"\nroles.trigger = \"in\"\nroles.output = \"out\"\ncamera.device = \"cam\""
                    .utf8))
        return try EspalierSetup(
            board: BoardFile(path: "board.toml", TOMLSection(root: board)), reaction: file, labels: nil)
    }
}
