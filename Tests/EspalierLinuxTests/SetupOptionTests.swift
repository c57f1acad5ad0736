import CEspalier
import CLinux
import EspalierReaction
import EspalierSettings
import Foundation
import Testing

/// The options of `espalier run` and of the firmware, and the checks after them.
@Suite struct SetupOptionTests {
    /// Lays options over a setup; the sentence where they are refused.
    private func override(_ setup: inout EspalierSetup, _ options: (String, String)...) -> String? {
        var overrides = EspalierOverrides()
        var problem = EspalierProblem()
        let values = options.map { strdup($0.1)! }
        defer { for value in values { free(value) } }
        for (option, value) in zip(options.map(\.0), values) {
            if espalier_override_note(&overrides, option, value, &problem) != 0 { return problem.text }
        }
        return espalier_setup_override(&setup, &overrides, &problem) == 0 ? nil : problem.text
    }

    /// Two inputs, one output, a camera that is a program.
    private func setup(_ command: String = "cam --size {width}x{height} --rate {fps}") -> EspalierSetup {
        var setup = EspalierSetup.bench
        setup.reaction.dry_run = 0
        setup.input_count = 2
        setup.inputs.0 = EspalierLine("A")
        setup.inputs.1 = EspalierLine("B")
        setup.camera.kind = ESPALIER_CAMERA_COMMAND
        setup.camera.format = ESPALIER_FORMAT_YU12
        setup.camera.millihertz = 30_000
        setText(&setup.camera.source, command)
        return setup
    }

    private func command(_ setup: EspalierSetup) -> String {
        var camera = setup.camera
        var problem = EspalierProblem()
        var bytes = [CChar](repeating: 0, count: Int(ESPALIER_COMMAND_BYTES))
        guard espalier_camera_command(&camera, &bytes, UInt32(bytes.count), &problem) == 0 else {
            return "refused: " + problem.text
        }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Options

    @Test func optionsChangeTheSetupInAnyOrder() {
        let options = [
            ("--size", "320x240"), ("--fps", "12.5"), ("--input", "1=pinctrl-rp1:GPIO17"),
            ("--output", "gpiochip0:12"), ("--format", "yu12"), ("--camera", "pipe:a | b"),
            ("--threshold", "0.25"), ("--snapshots", "/tmp"),
        ]
        for order in [options, options.reversed()] {
            var setup = setup()
            var overrides = EspalierOverrides()
            var problem = EspalierProblem()
            let values = order.map { strdup($0.1)! }
            defer { for value in values { free(value) } }
            for (option, value) in zip(order.map(\.0), values) {
                #expect(espalier_override_note(&overrides, option, value, &problem) == 0)
            }
            #expect(espalier_setup_override(&setup, &overrides, &problem) == 0, "\(problem.text)")
            #expect(text(setup.inputs.1.chip) == "pinctrl-rp1" && text(setup.inputs.1.name) == "GPIO17")
            #expect(text(setup.outputs.0.chip) == "gpiochip0" && setup.outputs.0.offset == 12)
            #expect(text(setup.outputs.0.name).isEmpty)
            #expect(setup.camera.kind == ESPALIER_CAMERA_COMMAND && text(setup.camera.source) == "a | b")
            #expect(setup.camera.format == ESPALIER_FORMAT_YU12 && setup.camera.width == 320)
            #expect(setup.camera.millihertz == 12_500 && setup.camera.height == 240)
            #expect(setup.reaction.outputs.0.threshold_high_permille == 250)
            #expect(setup.reaction.outputs.0.threshold_low_permille == 250)
            #expect(text(setup.snapshots.folder) == "/tmp" && setup.snapshots.keep == 100)
        }
    }

    @Test func aCameraOfAnOptionStartsFromTheReactionsKeysAndNotFromTheBoards() {
        var setup = setup()
        setup.bare.ring_frames = 7
        setup.bare.input = 3
        setup.bare.format = ESPALIER_FORMAT_YUYV
        var other = setup
        #expect(override(&other, ("--camera", "/dev/video0")) == nil)
        #expect(other.camera.kind == ESPALIER_CAMERA_V4L2 && other.camera.ring_frames == 7)
        #expect(other.camera.input == 3 && other.camera.format == ESPALIER_FORMAT_YUYV)
        // What is for devices only does not stay with another kind.
        other = setup
        #expect(override(&other, ("--camera", "x.png")) == nil)
        #expect(other.camera.kind == ESPALIER_CAMERA_PICTURES && other.camera.input == -1)
        #expect(other.camera.format == ESPALIER_FORMAT_ANY)
        other = setup
        #expect(override(&other, ("--camera", "pipe:x")) == nil)
        #expect(other.camera.input == -1 && other.camera.format == ESPALIER_FORMAT_YUYV)
    }

    @Test(arguments: [
        ("--input", "2=GPIO1"), ("--input", ""), ("--input", "0="), ("--output", "chip:"),
        ("--output", "1=A"),
        ("--size", "320"), ("--size", "0x5"), ("--size", "5x5x5"), ("--fps", "0.001"), ("--fps", "many"),
        ("--threshold", "1.1"), ("--threshold", "60"), ("--format", "H264"), ("--snapshots", ""),
        ("--camera", String(repeating: "a", count: 300)), ("--speed", "1"),
    ])
    func wrongOptionsAreOneSentence(option: String, value: String) {
        var setup = setup()
        let sentence = override(&setup, (option, value))
        #expect(sentence?.hasPrefix(option) == true, "\(sentence ?? "accepted")")
    }

    @Test func aThresholdTakesTheLowOneWithItWhereBothAreOne() {
        for (low, value, wanted) in [
            (500, "0.9", [900, 900]), (300, "0.9", [900, 300]), (300, "0.2", [200, 200]),
        ] {
            var setup = setup()
            setup.reaction.output_count = 1
            setup.reaction.outputs.0.threshold_high_permille = 500
            setup.reaction.outputs.0.threshold_low_permille = Int32(low)
            #expect(override(&setup, ("--threshold", value)) == nil)
            let output = setup.reaction.outputs.0
            #expect(
                [output.threshold_high_permille, output.threshold_low_permille] == wanted.map(Int32.init))
        }
        var setup = setup()
        #expect(override(&setup, ("--threshold", "0.0004")) == nil)
        #expect(setup.reaction.outputs.0.threshold_high_permille == 1)  // 0 is reached by every score
        #expect(override(&setup, ("--threshold", "60"))?.contains("(0.6?)") == true)
    }

    @Test func aLineFromAnOptionKeepsNothingOfTheOneBefore() {
        var setup = setup()
        setup.inputs.0.offset = 5
        #expect(override(&setup, ("--input", "X")) == nil)
        #expect(setup.inputs.0.offset == 0)
        let twice = override(&setup, ("--input", "0=X"), ("--input", "1=X"))
        #expect(twice?.contains("both line X") == true, "\(twice ?? "accepted")")
    }

    @Test func whatACommandDoesNotHearOfIsNotChangedByOptions() {
        for (option, value, placeholder) in [
            ("--size", "320x12", "{width}"), ("--size", "16x240", "{height}"), ("--fps", "10", "{fps}"),
            ("--format", "NV12", "{format}"),
        ] {
            var fixed = setup("cam")
            let sentence = override(&fixed, (option, value))
            #expect(sentence?.contains("has no \(placeholder)") == true, "\(sentence ?? "accepted")")
            // With the command given anew, the option declares what it writes.
            fixed = setup("cam")
            let isNew = ("--camera", "pipe:other")
            #expect(override(&fixed, isNew, ("--format", "YU12"), (option, value)) == nil)
        }
        var same = setup("cam")
        #expect(
            override(&same, ("--size", "16x12"), ("--fps", "30"), ("--format", "yu12")) == nil,
            "saying the same again changes nothing")
        var free = setup()
        #expect(override(&free, ("--size", "320x240"), ("--fps", "10")) == nil)
        #expect(command(free) == "cam --size 320x240 --rate 10")
    }

    @Test func whatOptionsMakeOfASetupIsChecked() {
        let cases: [([(String, String)], String)] = [
            ([("--size", "321x240")], "[camera] width is 321, but the format shares colours in pairs"),
            ([("--size", "320x241")], "[camera] height is 241"),
            ([("--camera", "pipe:x")], "[camera] format has to name the raw format"),
            ([("--camera", "pipe:x"), ("--format", "MJPEG")], "[camera] format has to name the raw format"),
            ([("--camera", "x.png"), ("--format", "GREY")], "[camera] format cannot go with pictures"),
            (
                [("--camera", "pipe:x {size}"), ("--format", "GREY")],
                "--camera has {size}, which is no"
            ),
            ([("--output", "B")], "output 0 is line B, which is a trigger's too"),
            ([("--input", "1=A")], "trigger inputs 0 and 1 are both line A"),
        ]
        for (options, expected) in cases {
            var overrides = EspalierOverrides()
            var problem = EspalierProblem()
            let values = options.map { strdup($0.1)! }
            defer { for value in values { free(value) } }
            for (option, value) in zip(options.map(\.0), values) {
                #expect(espalier_override_note(&overrides, option, value, &problem) == 0)
            }
            var setup = setup()
            #expect(espalier_setup_override(&setup, &overrides, &problem) == ESPALIER_PROBLEM_SETUP)
            #expect(problem.text.hasPrefix(expected), "\(problem.text)")
            #expect(problem.text.contains("; "), "\(problem.text)")
        }
    }

    @Test func thePretriggerIsCheckedAgainstTheRateThatCountsInTheEnd() {
        var setup = setup()
        setup.reaction.pretrigger_nanoseconds = 60_000_000
        setup.camera.ring_frames = 2
        var slow = setup
        #expect(override(&slow, ("--fps", "10")) == nil)
        #expect(
            override(&setup)
                == "[frames] pretrigger_ms is 60, but 2 frames at 30 fps reach back 33 ms; raise [camera] ring, at "
                + "most 16, or lower fps")
    }

    @Test func aDryRunNeedsNoOutputLine() {
        var setup = setup()
        setup.outputs.0 = EspalierLine()
        #expect(
            override(&setup)?.hasPrefix("output 0 has no line; give [[output]] line, or --output 0=LINE")
                == true)
        setup.reaction.dry_run = 1
        #expect(override(&setup) == nil)
        setup.inputs.1 = EspalierLine()
        #expect(override(&setup)?.hasPrefix("trigger input 1 has no line") == true)
        #expect(override(&setup, ("--input", "1=C")) == nil)
    }

    @Test func aReactionOfPeriodsHasNoInputToGive() {
        var setup = setup()
        setup.input_count = 0
        #expect(override(&setup, ("--input", "A"))?.contains("its triggers are periods") == true)
    }

    // MARK: Placeholders

    @Test(arguments: [
        ("{width}x{height}", "16x12"), ("{fps}", "30"), ("{format}", "yu12"), ("{pix_fmt}", "yuv420p"),
        ("{fourcc}", "YU12"), ("a{width}b{width}", "a16b16"), ("{{width}}", "{width}"), ("", ""),
        // What a shell and its programs write with braces is theirs.
        ("${width}", "${width}"), ("${X}", "${X}"), ("$X{width}", "$X16"), ("{ a; b; }", "{ a; b; }"),
        ("{}", "{}"),
        ("{1..3}", "{1..3}"), ("{a,b}", "{a,b}"), ("awk '{print $1}'", "awk '{print $1}'"), ("{", "{"),
        ("{{", "{{"),
        ("}{width", "}{width"), ("awk '{{print}}'", "awk '{print}'"), ("{{{width}}}", "{{width}}"),
        ("{9}", "{9}"), ("{-}", "{-}"),
        // What was meant to be one is not passed on.
        (
            "{widht}",
            "refused: [camera] command has {widht}, which is no placeholder; choose among {width}, {height}"
        ),
        ("{Width}", "refused: [camera] command has {Width}"),
        ("{ width }", "refused: [camera] command has { width }"),
        ("{print}", "refused: [camera] command has {print}"),
        ("{x} {width}", "refused: [camera] command has {x}"),
    ])
    func placeholdersAreFilledInAndOtherBracesLeftAlone(template: String, expected: String) {
        let written = command(setup(template))
        #expect(
            expected.hasPrefix("refused") ? written.hasPrefix(expected) : written == expected, "\(written)")
    }

    @Test func ratesAreWrittenAsPeopleWriteThem() {
        for (millihertz, expected) in [
            (30_000, "30"), (29_970, "29.97"), (12_500, "12.5"), (100, "0.1"), (1, "0.001"),
            (1_000_000, "1000"),
            (10_010, "10.01"), (100_000, "100"),
        ] as [(Int32, String)] {
            var setup = setup("{fps}")
            setup.camera.millihertz = millihertz
            #expect(command(setup) == expected)
        }
        var none = setup("{fps}")
        none.camera.millihertz = 0
        #expect(command(none).hasPrefix("refused: [camera] command has {fps}, but fps is 0; give"))
    }

    @Test func everyRawFormatHasItsNames() {
        let names = [
            "grey gray GREY", "yuyv yuyv422 YUYV", "uyvy uyvy422 UYVY", "nv12 nv12 NV12", "yu12 yuv420p YU12",
            "rgb24 rgb24 RGB3", "bgr24 bgr24 BGR3",
        ]
        for (index, expected) in names.enumerated() {
            var setup = setup("{format} {pix_fmt} {fourcc}")
            setup.camera.format = Int32(index + 1)
            #expect(command(setup) == expected)
        }
    }

    @Test func theLongestTemplateFits() {
        let template = String(repeating: "{fps}", count: 51)
        var setup = setup(template)
        setup.camera.millihertz = 999_999
        #expect(command(setup) == String(repeating: "999.999", count: 51))
    }
}
