import CEspalier
import CLinux
import EspalierFiles
import EspalierReaction
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

/// Files and options laid over each other, and the whole checked then.
@Suite struct SetupDraftTests {
    private let boards = Package.root.appendingPathComponent("boards").path

    /// - Throws: `FileError` with the sentence a user would see.
    private func setup(
        _ board: String, _ toml: String, _ options: [(String, String)] = [], isDry: Bool = false
    ) throws -> EspalierSetup {
        let folder = try TemporaryFolder()
        let file = try ReactionFile(path: try folder.write(toml, to: "reaction.toml"))
        let draft = try SetupDraft(
            board: BoardFolder.board(board, in: [boards]), reaction: file, labels: ["empty", "person"])
        return try Overrides(options, isDry: isDry).use { try draft.finished($0) }
    }

    private func refusal(
        _ board: String, _ toml: String, _ options: [(String, String)] = [], isDry: Bool = false
    ) -> String {
        do {
            _ = try setup(board, toml, options, isDry: isDry)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    private func command(_ setup: EspalierSetup) -> String {
        var camera = setup.camera
        var problem = EspalierProblem()
        var bytes = [CChar](repeating: 0, count: 512)
        guard espalier_camera_command(&camera, &bytes, 512, &problem) == 0 else {
            return text(problem.sentence)
        }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: One fact in one place

    @Test(arguments: [
        "raspberry-pi-3b", "raspberry-pi-4b", "raspberry-pi-5", "raspberry-pi-zero", "raspberry-pi-zero-2w",
    ])
    func aBoardsCommandTakesTheSizeAndTheRateOfTheReaction(board: String) throws {
        let small = try setup(board, "[camera]\nwidth = 320\nheight = 240\nfps = 12.5")
        #expect(command(small).contains("--width 320 --height 240 --framerate 12.5 "))
        #expect(small.camera.width == 320 && small.camera.height == 240)
        let option = try setup(board, "", [("--size", "800x600"), ("--fps", "5")])
        #expect(command(option).contains("--width 800 --height 600 --framerate 5 "))
        let own = try setup(board, "")
        #expect(
            command(own).contains(
                "--width \(own.camera.width) --height \(own.camera.height) --framerate \(own.camera.millihertz / 1000) "
            ))
        #expect(
            refusal(board, "[camera]\nformat = \"nv12\"").contains(
                "line 2, [camera] format cannot be changed"))
        #expect(
            refusal(board, "", [("--format", "NV12")]).hasPrefix(
                "--format is \"NV12\", but the camera's command"))
    }

    @Test func aReactionDoesNotContradictACommandWithoutPlaceholders() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            """
            name = "bench"
            [roles]
            trigger = "a"
            output = "b"
            [camera]
            command = "cam -s 640x480 -r 15"
            format = "nv12"
            fps = 15
            """, to: "board.toml")
        for (key, value, now) in [("width", "320", "640"), ("height", "240", "480"), ("fps", "30", "15")] {
            let said = refusal(path, "[camera]\n\(key) = \(value)")
            #expect(
                said.hasSuffix(
                    "line 2, [camera] \(key) cannot be changed: the board's command has no {\(key)}, and is for \(now); "
                        + "leave it out, or give a command of your own with {\(key)}."), "\(said)")
        }
        let same = try setup(path, "[camera]\nwidth = 640\nfps = 15\nring = 5\nsilence_ms = 900")
        #expect(same.camera.ring_frames == 5 && same.camera.silence_milliseconds == 900)
        // A source of its own is another camera, and what it declares is its own.
        let own = try setup(path, "[camera]\ncommand = \"other\"\nformat = \"grey\"\nwidth = 320")
        #expect(own.camera.width == 320 && own.camera.millihertz == 30_000)
    }

    @Test func optionsAreLaidOverTheFilesBeforeAnythingIsChecked() throws {
        // Each file is wrong by itself, and right with the option.
        let cases: [(toml: String, option: (String, String), sentence: String)] = [
            ("[frames]\npretrigger_ms = 60", ("--fps", "10"), "pretrigger_ms is 60"),
            ("[camera]\nwidth = 641", ("--size", "640x480"), "[camera] width is 641"),
            ("[camera]\ncommand = \"a\"", ("--format", "grey"), "has to name the raw format"),
            ("[camera]\ncommand = \"a {x}\"\nformat = \"grey\"", ("--camera", "/dev/video0"), "has {x}"),
            (
                "[camera]\npictures = \"a\"\nformat = \"grey\"", ("--camera", "/dev/video0"),
                "cannot go with pictures"
            ),
            (
                "[camera]\ncommand = \"a\"\nformat = \"grey\"\ninput = 1", ("--camera", "/dev/video0"),
                "is for a device"
            ),
            ("[[output]]\nline = \"trigger\"", ("--output", "0=GPIO27"), "is a trigger's line too"),
            ("[[output]]\nline = \"trigger\"", ("--input", "GPIO5"), "is a trigger's line too"),
            ("[[output]]\n[[output]]", ("--output", "1=GPIO5"), "is the line of [[output]] 1 too"),
        ]
        for (toml, option, sentence) in cases {
            #expect(refusal("raspberry-pi-5", toml).contains(sentence), "\(refusal("raspberry-pi-5", toml))")
            #expect(throws: Never.self, "\(toml)") { try setup("raspberry-pi-5", toml, [option]) }
        }
        // And the other way round: right by itself, wrong with the option.
        for (toml, option, sentence) in [
            (
                "[frames]\npretrigger_ms = 30", ("--fps", "60"),
                "[frames] pretrigger_ms is 30, but 2 frames at 60 fps"
            ),
            (
                "", ("--size", "641x480"),
                "[camera] width is 641, but the format shares colours in pairs; make it even."
            ),
            ("", ("--camera", "pipe:cam"), "[camera] format has to name the raw format"),
            ("", ("--camera", "pipe:cam {withd}"), "[camera] format has to name"),
        ] as [(String, (String, String), String)] {
            let said = refusal("raspberry-pi-5", toml, [option])
            #expect(said.hasPrefix(sentence), "\(said)")
        }
    }

    // MARK: What options fill in

    @Test func optionsFillInWhatReactionAndBoardLeaveOut() throws {
        let filled = try setup(
            "generic", "", [("--input", "GPIO17"), ("--output", "chip:4"), ("--camera", "/dev/video0")])
        #expect(text(filled.inputs.0.name) == "GPIO17" && filled.input_count == 1)
        #expect(text(filled.outputs.0.chip) == "chip" && filled.outputs.0.offset == 4)
        #expect(text(filled.camera.source) == "/dev/video0" && filled.camera.kind == ESPALIER_CAMERA_V4L2)

        let keys = try setup(
            "generic",
            """
            [[trigger]]
            bias = "pull-up"
            active_low = true
            [[trigger]]
            line = "B"
            [[output]]
            drive = "open-drain"
            [camera]
            ring = 9
            silence_ms = 700
            width = 320
            height = 240
            """,
            [("--input", "0=A"), ("--output", "C"), ("--camera", "pipe:cam {width}"), ("--format", "grey")])
        #expect(keys.inputs.0.bias == ESPALIER_BIAS_PULL_UP && keys.inputs.0.active_low == 1)
        #expect(text(keys.inputs.0.name) == "A" && text(keys.inputs.1.name) == "B" && keys.input_count == 2)
        #expect(keys.outputs.0.drive == ESPALIER_DRIVE_OPEN_DRAIN && text(keys.outputs.0.name) == "C")
        #expect(keys.camera.ring_frames == 9 && keys.camera.silence_milliseconds == 700)
        #expect(command(keys) == "cam 320")
    }

    @Test func whatIsStillMissingThenIsNamedInTheFile() {
        let none = [("--camera", "/dev/video0")]
        #expect(
            refusal("generic", "", none).hasSuffix(
                "trigger names no line, and generic has none for the role trigger; add line = \"...\", or give --input."
            ))
        #expect(
            refusal("generic", "[[trigger]]\nedge = \"both\"", none + [("--output", "A")]).contains(
                "line 1, [[trigger]] names no line"))
        #expect(
            refusal("generic", "[[trigger]]\nline = \"A\"\n[[output]]\nmode = \"hold\"", none).contains(
                "line 3, [[output]] names no line, and generic has none for the role output; add line"))
        #expect(
            refusal("generic", "", [("--input", "A"), ("--output", "B")]).contains(
                "has no [camera], and generic has none of its own; add [camera] with a device, a command or pictures, or "
                    + "give --camera."))
        #expect(
            refusal("generic", "[camera]\nring = 3", [("--input", "A"), ("--output", "B")]).contains(
                "line 1, [camera] names no source of frames, and the board has no camera; give one of"))
        #expect(
            refusal("generic", "", none + [("--input", "A"), ("--output", "A")]).contains(
                "a trigger's line too"))
        #expect(
            refusal("raspberry-pi-5", "", [("--output", "1=A")]).hasPrefix(
                "--output is \"1=A\"; the setup has no"))
        // A line that is named and is not there is wrong, whatever options say of others.
        #expect(
            refusal("raspberry-pi-5", "[[trigger]]\nline = \"GPIO99\"").contains(
                "raspberry-pi-5 does not have"))
    }

    @Test func aDryRunNeedsNoOutputLine() throws {
        let camera = [("--camera", "/dev/video0")]
        let period = "[[trigger]]\nperiod_ms = 500"
        let dry = try setup("generic", period, camera, isDry: true)
        #expect(dry.input_count == 0 && dry.output_count == 1 && dry.reaction.isValid)
        #expect(try setup("generic", "dry_run = true\n" + period, camera).reaction.dry_run == 1)
        let several = try setup(
            "generic", "dry_run = true\n[[trigger]]\nline = \"A\"\n[[output]]\n[[output]]\nmode = \"fault\"",
            camera)
        #expect(several.output_count == 2)
        #expect(refusal("generic", period, camera).contains("output names no line"))
        #expect(refusal("generic", "dry_run = true", camera).contains("trigger names no line"))
        let said = refusal("generic", period, camera + [("--input", "A")], isDry: true)
        #expect(said.hasPrefix("--input is \"A\"; the reaction has no such line, its triggers are periods"))
    }

    @Test func anOptionMayNameTheFolderATableOfSnapshotsLeavesOut() throws {
        let toml = "[snapshots]\nkeep = 3"
        #expect(refusal("raspberry-pi-5", toml).contains("line 1, [snapshots] has no folder; say where"))
        let named = try setup("raspberry-pi-5", toml, [("--snapshots", "/run")])
        #expect(named.snapshots.keep == 3 && text(named.snapshots.folder) == "/run")
    }

    // MARK: The firmware

    /// Options come to the same in `espalier run`, over the files, and in the firmware, over what was baked of them.
    @Test func optionsMeanTheSameInTheFirmware() throws {
        let reactions = [
            "", "[camera]\nring = 5\nwidth = 320\nheight = 240\nsilence_ms = 800",
            "[camera]\ndevice = \"/dev/video1\"\nformat = \"yuyv\"\ninput = 2\nfps = 15",
            "[camera]\ncommand = \"cam\"\nformat = \"grey\"\n[frames]\npretrigger_ms = 30",
            "[camera]\npictures = \"frames\"\nwidth = 1280\nheight = 960",
            "[[trigger]]\nline = \"GPIO5\"\n[[trigger]]\nperiod_ms = 400\n[[output]]\nthreshold = 0.9\nline = \"GPIO6\"\n"
                + "[snapshots]\nfolder = \"/tmp\"",
        ]
        let options: [[(String, String)]] = [
            [], [("--camera", "/dev/video0")], [("--camera", "pipe:a {width} {fps}"), ("--format", "RGB24")],
            [("--camera", "shown.png")], [("--size", "320x240")], [("--size", "321x240")], [("--fps", "10")],
            [("--fps", "100")], [("--format", "GREY")], [("--format", "yuyv"), ("--size", "640x360")],
            [("--input", "GPIO9"), ("--output", "0=chip:7")], [("--output", "GPIO5")],
            [("--threshold", "0.2")],
            [("--snapshots", "/run")], [("--camera", "pipe:{nothing}"), ("--format", "GREY")],
        ]
        var accepted = 0
        for toml in reactions {
            for option in options {
                let baked = try setup("raspberry-pi-5", toml)
                let said = refusal("raspberry-pi-5", toml, option)
                try Overrides(option, isDry: false).use { overrides in
                    var overrides = overrides
                    var firmware = baked
                    var problem = EspalierProblem()
                    let isRefused = espalier_setup_override(&firmware, &overrides, &problem) != 0
                    #expect(
                        isRefused == (said != "accepted"),
                        "\(toml) \(option): \(said), \(text(problem.sentence))")
                    if isRefused { return }
                    accepted += 1
                    let tool = try setup("raspberry-pi-5", toml, option)
                    #expect(bytes(tool) == bytes(firmware), "\(toml) \(option)")
                }
            }
        }
        #expect(accepted > 50)
    }

    private func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}

/// Options in the form the C rooms take.
private struct Overrides {
    let options: [(String, String)]
    let isDry: Bool

    init(_ options: [(String, String)], isDry: Bool) {
        self.options = options
        self.isDry = isDry
    }

    func use<Result>(_ body: (EspalierOverrides) throws -> Result) throws -> Result {
        var overrides = EspalierOverrides()
        overrides.dry_run = isDry ? 1 : 0
        let values = options.map { strdup($0.1)! }
        defer { for value in values { free(value) } }
        var problem = EspalierProblem()
        for (option, value) in zip(options.map(\.0), values) {
            guard espalier_override_note(&overrides, option, value, &problem) == 0 else {
                throw FileError(option, text(problem.sentence), do: "")
            }
        }
        return try body(overrides)
    }
}
