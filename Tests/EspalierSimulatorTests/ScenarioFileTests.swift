import CEspalier
import EspalierFiles
import EspalierReaction
import EspalierSimulator
import EspalierTestSupport
import Foundation
import Testing

@Suite struct ScenarioFileTests {
    @Test func theShippedScenarioRunTwiceGivesTheSameTraceByteForByte() throws {
        let path = repository.appendingPathComponent("boards/simulator/scenario.toml").path
        let labels = ["empty", "person", "animal", "vehicle"]
        let traces = try (0..<2).map { _ in
            try Scenario(path: path).run(brightness, labels: labels).trace.text
        }
        #expect(traces[0] == traces[1])
        #expect(traces[0].split(separator: "\n").filter { $0.contains(" trigger ") }.count == 12)
        #expect(traces[0].split(separator: "\n").filter { $0.contains(" cooldown") }.count == 1)
    }

    @Test func everyKeyIsRead() throws {
        let scenario = try read(
            """
            duration_s = 2.5
            seed = 3
            [camera]
            width = 4
            height = 3
            fps = 20
            latency_ms = 1.5
            see = "empty"
            light = "night"
            seed = 9
            [[trigger]]
            line = "door"
            edge = "both"
            settle_ms = 1
            cooldown_ms = 5
            [[trigger]]
            line = "window"
            [[output]]
            line = "lamp"
            mode = "follow"
            labels = ["person", "animal"]
            threshold = 0.25
            [[output]]
            line = "alarm"
            triggers = [2]
            [frames]
            frame_age_ms = 30
            deadline_ms = 40
            [board]
            macs_per_microsecond = 10
            overhead_us = 6
            [faults]
            failing_captures = [1, 2]
            missing_frames = [3]
            [[event]]
            at_s = 0.5
            raise = "door"
            for_s = 0.25
            [[event]]
            at_s = 1
            lower = "window"
            """)
        #expect(scenario.durationNanoseconds == 2_500_000_000)
        #expect(scenario.inputs == ["door", VirtualLine("window", restsHigh: true)])
        #expect(scenario.outputs == ["lamp", "alarm"])
        #expect([scenario.reaction.triggers.0.line, scenario.reaction.triggers.1.line] == [0, 1])
        #expect([scenario.reaction.outputs.0.line, scenario.reaction.outputs.1.line] == [0, 1])
        #expect(scenario.reaction.outputs.1.trigger_mask == 0b10)
        #expect((scenario.camera.width, scenario.camera.height) == (4, 3))
        #expect(scenario.camera.periodNanoseconds == 50_000_000)
        #expect(scenario.camera.latencyNanoseconds == 1_500_000)
        #expect(scenario.camera.failingCaptures == [1, 2])
        #expect(scenario.camera.missingFrames == [3])
        #expect(scenario.reaction.triggers.0.edge == 3)
        #expect(scenario.reaction.triggers.0.settle_nanoseconds == 1_000_000)
        #expect(scenario.reaction.frame_age_nanoseconds == 30_000_000)
        #expect(scenario.reaction.deadline_nanoseconds == 40_000_000)
        #expect(scenario.reaction.outputs.0.mode == ESPALIER_OUTPUT_FOLLOW)
        #expect(scenario.reaction.triggers.0.cooldown_nanoseconds == 5_000_000)
        #expect(scenario.reaction.outputs.0.threshold_high_permille == 250)
        #expect(scenario.groups.map { $0?.labels } == [["person", "animal"], nil])
        #expect(scenario.speed.macsPerMicrosecond == 10)
        #expect(scenario.speed.overheadNanoseconds == 6000)
        #expect(
            scenario.changes == [
                LevelChange(time: 500_000_000, line: 0, high: true),
                LevelChange(time: 750_000_000, line: 0, high: false),
                LevelChange(time: 1_000_000_000, line: 1, high: false),
            ])
        #expect(scenario.camera.image(ofFrame: 0).pixels.count == 4 * 3 * 3)
    }

    @Test(arguments: [
        (
            "[[output]]\nmode = \"on\"",
            "line 2, [[output]] mode is \"on\"; "
                + "choose among pulse, hold, follow, toggle, heartbeat, fault."
        ),
        (
            "[[output]]\nthreshold_low = 0.6",
            "line 2, [[output]] threshold_low is above threshold, 0.5; make it that or less."
        ),
        ("duration_s = \"x\"", "line 1, duration_s is a text; give a number."),
        ("duration_s = -1", "line 1, duration_s is -1; give a number from 0.001 to 86400."),
        ("duration_s = nan", "line 1, duration_s is nan; give a number from 0.001 to 86400."),
        (
            "\nspeed = 1",
            "line 2, speed is not a known key; choose among "
                + "duration_s, seed, reaction, board, faults, event, trigger, output, frames, watchdog_ms, "
                + "dry_run, scores, score_output, camera, snapshots (seed?)."
        ),
        ("camera = 1", "line 1, camera is a number; write a table [camera]."),
        ("event = [1]", "line 1, event is an array; write tables [[event]], in two brackets each."),
        (
            "[camera]\nfps = 0.001",
            "line 2, [camera] fps is 0.001; give 0 or a number from 0.01 to 1000."
        ),
        (
            "[camera]\nwidth = 1.5",
            "line 2, [camera] width is 1.5; give a whole number from 1 to 4095."
        ),
        (
            "[camera]\nsee = \"nobody\"",
            "line 2, [camera] see is \"nobody\", which is not there; "
                + "name a PNG or JPEG file, a folder, or empty, person, animal, vehicle."
        ),
        (
            "[camera]\nlight = \"neon\"",
            "line 2, [camera] light is \"neon\"; choose among day, sun, dusk, night."
        ),
        (
            "[[trigger]]\nline = \"a\"\n[[output]]\nline = \"a\"",
            "line 4, [[output]] line is a trigger's line too; give the output a line of its own."
        ),
        (
            "[[trigger]]\nline = \"a b\"",
            "line 2, [[trigger]] line is no name for a line; "
                + "give up to 63 letters, digits or signs without spaces."
        ),
        (
            "[[trigger]]\nedge = \"up\"",
            "line 2, [[trigger]] edge is \"up\"; choose among rising, falling, both."
        ),
        (
            "[[trigger]]\nsettle_ms = -0.5",
            "line 2, [[trigger]] settle_ms is -0.5; "
                + "give 0 or a number from 1 to 600000."
        ),
        ("[[output]]\nlabels = [1]", "line 2, [[output]] labels is an array; give texts in brackets."),
        (
            "[faults]\nmissing_frames = [-1]",
            "line 2, [faults] missing_frames is an array; "
                + "give whole numbers from 0 in brackets."
        ),
        ("[[event]]\nraise = \"pir\"", "line 1, [[event]] has no at_s; say when it happens, in seconds."),
        (
            "[[event]]\nat_s = 1\nraise = \"pir\"\n[[event]]\nat_s = -1",
            "line 5, [[event]] at_s is -1; "
                + "give a number from 0 to 86400."
        ),
        (
            "[[event]]\nat_s = 1\nraise = \"pr\"",
            "line 3, [[event]] raise names \"pr\", which is no trigger's line; choose among pir."
        ),
    ])
    func whatIsWrongIsOneSentenceWithFileLineAndKey(text: String, sentence: String) {
        let error = #expect(throws: FileError.self) { try read(text) }
        #expect(error?.description == "\(file(text)) \(sentence)")
    }

    @Test(arguments: ["a = ", "[[event]\n", "a = 1\na = 2", "\u{1}", "x = \"\0\""])
    func whatIsNotTOMLIsOneSentence(text: String) throws {
        let error = try #require(throws: FileError.self) { try read(text) }
        #expect(error.description.hasPrefix(file(text)))
        #expect(error.description.hasSuffix("."))
        #expect(!error.description.contains("\n"))
    }

    @Test(arguments: 0..<2) func aDamagedScenarioIsReadOrOneSentence(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let path = repository.appendingPathComponent("boards/simulator/scenario.toml").path
        let shipped = try ByteFile.read(path)
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let damaged = folder.appendingPathComponent("scenario.toml").path
        let signs = Array("[]{}\"'#=.,\n -_0915aE".utf8)
        for number in 0..<250 {
            var bytes = shipped
            for _ in 0...2 {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let sign = signs[Int.random(in: 0..<signs.count, using: &random)]
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = sign
                case 1: bytes.insert(sign, at: place)
                default: bytes.remove(at: place)
                }
            }
            try Data(bytes).write(to: URL(fileURLWithPath: damaged))
            do { _ = try Scenario(path: damaged) } catch {
                let said = (error as FileError).description
                #expect(
                    said.hasPrefix(folder.path) && said.hasSuffix(".") && !said.contains("\n"),
                    "seed \(seed), \(number): \(said)")
            }
        }
    }

    @Test func anAbsentFileIsOneSentence() {
        let error = #expect(throws: FileError.self) { try Scenario(path: "/nowhere/scenario.toml") }
        #expect(
            error?.description
                == "/nowhere/scenario.toml cannot be read (no such file or directory); check the path.")
    }

    @Test func picturesComeFromFilesAndFoldersBesideTheScenario() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let pictures = folder.appendingPathComponent("frames")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: false)
        for value in 1...3 as ClosedRange<UInt8> {
            try PNG.write(
                Image(width: 2, height: 1, channels: 1, filledWith: value),
                to: pictures.appendingPathComponent("\(value).png").path)
        }
        let path = folder.appendingPathComponent("scenario.toml").path
        let text = """
            [camera]
            width = 2
            height = 1
            fps = 1
            see = "frames"
            [frames]
            deadline_ms = 1000
            [[event]]
            at_s = 4
            see = "frames/3.png"
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let camera = try Scenario(path: path).camera
        #expect((0..<6).map { camera.image(ofFrame: $0).pixels[0] } == [1, 2, 3, 1, 3, 3])
        try text.replacing("width = 2", with: "width = 3").write(
            toFile: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: FileError.self) { try Scenario(path: path) }
        #expect(error?.description.contains("has 2 x 1 pixels") == true)
    }

    @Test func jpegsAreSeenAndWhatIsCalledAPictureHasToBeOne() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let frames = folder.appendingPathComponent("frames")
        try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: false)
        let path = folder.appendingPathComponent("scenario.toml").path
        try "[camera]\nwidth = 19\nheight = 13\nfps = 2\nsee = \"frames\"\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        func put(_ fixture: String, _ name: String) throws {
            try FileManager.default.copyItem(
                at: Package.fixture("pictures/\(fixture)"), to: frames.appendingPathComponent(name))
        }
        func complaint() -> String {
            do {
                _ = try Scenario(path: path)
                return "nothing"
            } catch { return "\(error)" }
        }
        try put("gamma.png", "1.PNG")
        try put("progressive.jpg", "2.jpg")
        try put("grey.jpg", "3.JPEG")
        try Data("not a frame".utf8).write(to: frames.appendingPathComponent("notes.txt"))
        try Data([0]).write(to: frames.appendingPathComponent("._1.PNG"))
        let camera = try Scenario(path: path).camera
        #expect((0..<4).map { camera.image(ofFrame: $0).channels } == [3, 3, 1, 3])
        let plain = try Picture.read(Package.fixture("pictures/plain.png").path).image
        #expect(camera.image(ofFrame: 0) == plain)

        try Data("GIF89a".utf8).write(to: frames.appendingPathComponent("4.gif"))
        #expect(complaint().contains("4.gif is a GIF picture, not a PNG or JPEG file"))
        try FileManager.default.removeItem(at: frames.appendingPathComponent("4.gif"))
        try put("to_be_turned.jpg", "5.jpg")
        #expect(complaint().contains("5.jpg is to be turned, says its EXIF orientation"))
    }
}

// MARK: - Helpers

let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A verdict that depends on every pixel.
var brightness: ScriptedClassifier {
    ScriptedClassifier { frame in
        var sum = 0
        for index in 0..<Int(frame.image.row_bytes * frame.image.height) {
            sum += Int(frame.image.pixels[index])
        }
        return Verdict(classIndex: Int32(sum % 4), score: 100, permille: 900, macs: UInt64(sum))
    }
}

func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// Where `read` puts a text; the same text, the same file.
private func file(_ text: String) -> String {
    let name = text.utf8.reduce(UInt32(17)) { $0 &* 31 &+ UInt32($1) }
    return FileManager.default.temporaryDirectory.path + "/espalier-scenario-\(getpid())-\(name).toml"
}

private func read(_ text: String) throws -> Scenario {
    let path = file(text)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try Scenario(path: path)
}
