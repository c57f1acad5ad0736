import CEspalier
import EspalierFiles
import EspalierLinux
import EspalierReaction
import EspalierSettings
import EspalierSimulator
import EspalierTestSupport
import Foundation
import Testing

/// What a board takes the simulator takes, and what one refuses the other refuses with the same sentence.
@Suite struct OneValidationTests {
    private static let long = String(repeating: "n", count: 63)

    /// Values of every key of every table, good ones and bad ones, at the edges of what is allowed.
    private static let walk: [(table: String, key: String, values: [String])] = [
        ("", "watchdog_ms", ["0", "99", "100", "86400000", "86400001", "-1", "nan", "\"1 s\"", "\"x\""]),
        ("", "dry_run", ["true", "false", "1", "\"yes\""]),
        ("", "scores", ["\"softmax\"", "\"sigmoid\"", "\"probabilities\"", "\"soft-max\"", "1"]),
        ("", "score_output", ["\"boxes\"", "\"0\"", "0"]),
        (
            "[[trigger]]", "line",
            [
                "\"a\"", "\"trigger\"", "\"header 3\"", "\"header x\"", "{ chip = \"c\", offset = 1 }",
                "{ chip = \"c\", offset = 1024 }", "{ chip = \"c\", name = \"n\" }", "{ offset = 1 }",
                "{ chip = \"c\" }", "{ name = \"n\", offset = 1 }", "\"a b\"", "\"\"", "\"\(long)\"",
                "\"\(long)n\"", "3", "{ pin = 3 }",
            ]
        ),
        ("[[trigger]]", "edge", ["\"rising\"", "\"falling\"", "\"both\"", "\"up\"", "1"]),
        ("[[trigger]]", "bias", ["\"as-is\"", "\"disabled\"", "\"pull-up\"", "\"pull-down\"", "\"up\""]),
        ("[[trigger]]", "active_low", ["true", "false", "0"]),
        ("[[trigger]]", "debounce_ms", ["0", "0.5", "60000", "60001", "-1", "inf", "\"5ms\""]),
        ("[[trigger]]", "hold_off_ms", ["0", "1", "0.5", "86400000", "86400001"]),
        ("[[trigger]]", "settle_ms", ["0", "600000", "600001"]),
        ("[[trigger]]", "cooldown_ms", ["0", "1", "0.5", "86400000", "86400001"]),
        ("[[trigger]]", "period_ms", ["0", "10", "9", "86400000", "86400001"]),
        ("[[trigger]]", "stuck_ms", ["0", "100", "99", "86400000", "86400001"]),
        (
            "[[output]]", "line",
            [
                "\"a\"", "\"output\"", "\"trigger\"", "\"pir\"", "{ chip = \"c\", offset = 1 }", "\"a b\"",
                "[1]",
            ]
        ),
        (
            "[[output]]", "mode",
            ["\"pulse\"", "\"hold\"", "\"follow\"", "\"toggle\"", "\"heartbeat\"", "\"fault\"", "\"on\""]
        ),
        ("[[output]]", "labels", ["[\"a\"]", "[]", "\"a\"", "[1]"]),
        ("[[output]]", "score", ["\"max\"", "\"sum\"", "\"mean\""]),
        ("[[output]]", "threshold", ["0", "1", "0.0001", "60", "1.01", "-0.01", "nan", "\"0.6\""]),
        ("[[output]]", "threshold_low", ["0", "0.5", "0.51", "60", "-1"]),
        ("[[output]]", "duration_ms", ["1", "0", "0.5", "86400000", "86400001"]),
        ("[[output]]", "safe", ["\"low\"", "\"high\"", "true"]),
        ("[[output]]", "drive", ["\"push-pull\"", "\"open-drain\"", "\"open-source\"", "\"none\""]),
        ("[[output]]", "active_low", ["true", "false", "\"true\""]),
        ("[[output]]", "triggers", ["[1]", "[]", "[0]", "[2]", "1"]),
        ("[frames]", "pretrigger_ms", ["0", "1500", "1501", "600001", "-1"]),
        ("[frames]", "frame_age_ms", ["0", "600000", "600001"]),
        ("[frames]", "deadline_ms", ["0", "600000", "600001"]),
        ("[frames]", "burst", ["1", "16", "0", "17", "1.5", "\"3\""]),
        ("[frames]", "votes", ["1", "0", "2"]),
        (
            "[camera]", "device",
            ["\"/dev/video0\"", "\"\"", "\"\(String(repeating: "d", count: 256))\"", "1"]
        ),
        ("[camera]", "command", ["\"cat x\"", "\"\""]),
        ("[camera]", "pictures", ["\"p.png\"", "\"\""]),
        (
            "[camera]", "format",
            [
                "\"any\"", "\"grey\"", "\"yuyv\"", "\"uyvy\"", "\"nv12\"", "\"yu12\"", "\"rgb24\"",
                "\"bgr24\"",
                "\"mjpeg\"", "\"h264\"",
            ]
        ),
        ("[camera]", "width", ["1", "4095", "0", "4096", "1.5", "\"640\""]),
        ("[camera]", "height", ["1", "4095", "0", "4096"]),
        ("[camera]", "fps", ["0", "0.01", "2", "1000", "0.001", "1001", "30000", "-1", "\"30\""]),
        ("[camera]", "ring", ["1", "16", "0", "17"]),
        ("[camera]", "input", ["-1", "0", "31", "-2", "32"]),
        ("[camera]", "silence_ms", ["100", "101", "86400000", "99", "86400001"]),
        ("[snapshots]", "folder", ["\"f\"", "\"\"", "\"\(String(repeating: "f", count: 256))\"", "1"]),
        ("[snapshots]", "keep", ["1", "1000", "0", "1001"]),
        ("[snapshots]", "kinds", ["[\"clean\", \"annotated\"]", "[]", "[\"x\"]", "\"clean\""]),
        ("[snapshots]", "occasion", ["\"signals\"", "\"verdicts\"", "\"never\""]),
    ]

    /// What only several keys together decide.
    private static let together = [
        "", "[[trigger]]\n[[trigger]]\nbias = \"pull-up\"", "[[trigger]]\n[[trigger]]\nactive_low = true",
        "[[trigger]]\n[[trigger]]\nedge = \"falling\"\ndebounce_ms = 5",
        "[[trigger]]\nbias = \"pull-up\"\n[[trigger]]\nline = \"pir\"\nbias = \"pull-up\"",
        "[[trigger]]\nline = \"a\"\n[[output]]\nline = \"a\"", "[[output]]\n[[output]]",
        "[[output]]\n[[output]]\nline = \"buzzer\"", "[[output]]\n[[output]]\nline = \"b\"",
        "[[output]]\nline = \"x\"\n[[output]]\nline = { chip = \"c\", name = \"x\" }",
        String(repeating: "[[trigger]]\n", count: 8), String(repeating: "[[trigger]]\n", count: 9),
        (1...8).map { "[[output]]\nline = \"o\($0)\"\n" }.joined(),
        String(repeating: "[[output]]\n", count: 9),
        "[[trigger]]\nperiod_ms = 500\nline = \"a\"", "[[trigger]]\nperiod_ms = 500",
        "[[trigger]]\nstuck_ms = 500\nedge = \"both\"", "[[trigger]]\nstuck_ms = 500\ndebounce_ms = 500",
        "[[output]]\nmode = \"follow\"\nduration_ms = 0", "[[output]]\nmode = \"heartbeat\"\nduration_ms = 0",
        "[frames]\npretrigger_ms = 101\n[camera]\nring = 2",
        "[frames]\npretrigger_ms = 100\n[camera]\nring = 2",
        "[frames]\npretrigger_ms = 10\n[camera]\nfps = 0", "[frames]\nburst = 4\nvotes = 5",
        "[frames]\ndeadline_ms = 0\n[camera]\nfps = 4", "[camera]\nfps = 0.5\nsilence_ms = 1500",
        "[camera]\nwidth = 161\nformat = \"yuyv\"", "[camera]\nwidth = 160\nheight = 121\nformat = \"nv12\"",
        "[camera]\nwidth = 161\nformat = \"grey\"", "[camera]\ncommand = \"c\"\nformat = \"any\"",
        "[camera]\ncommand = \"c\"\nformat = \"yu12\"\nwidth = 321",
        "[camera]\ncommand = \"c\"\nformat = \"yu12\"",
        "[camera]\npictures = \"p\"\nformat = \"grey\"", "[camera]\npictures = \"p\"\ninput = 1",
        "[camera]\ndevice = \"a\"\ncommand = \"b\"", "[snapshots]\nkeep = 3", "[[trigger]]\nlien = \"a\"",
        "camera = 1", "trigger = 1", "[output]\nline = \"a\"", "x = 1\nx = 2", "[", "{}",
    ]

    @Test func everySettingMeansTheSameOnABoardAndInTheSimulator() throws {
        let folder = try TemporaryFolder()
        var cases = Self.together
        for (table, key, values) in Self.walk {
            let besides = table == "[snapshots]" && key != "folder" ? "folder = \"f\"\n" : ""
            cases += values.map { "\(table)\n\(besides)\(key) = \($0)\n" }
        }
        var accepted = 0
        for (number, text) in cases.enumerated() {
            let path = try folder.write(text, to: "\(number).toml")
            let deployed = try folder.write(
                "reaction = \"\(number).toml\"\nboard = \"\(board)\"\n", to: "\(number)-scenario.toml")
            let real = outcome { () throws(FileError) in try setup(path) }
            let ways = [
                outcome { () throws(FileError) in try Scenario(path: path).setup! },
                outcome { () throws(FileError) in try Scenario(path: deployed).setup! },
                outcome { () throws(FileError) in
                    let reaction = DeployedReaction(path: path, board: board)
                    return try Scenario(deployed: reaction).setup!
                },
            ]
            for way in ways { #expect(way == real, "\(text)") }
            if case .setup = real { accepted += 1 }
        }
        #expect(accepted > 80 && cases.count - accepted > 100)
    }

    @Test func theWalkLeavesNoKeyOut() throws {
        let text = try String(contentsOfFile: "\(boards)/generic/reaction.toml", encoding: .utf8)
        var table = ""
        var keys = 0
        for line in text.split(separator: "\n") {
            if line.hasPrefix("[") { table = String(line.prefix { $0 != " " }) }
            let words = line.hasPrefix("# ") ? line.dropFirst(2) : line
            guard let equals = words.range(of: " = ") else { continue }
            let key = words[..<equals.lowerBound]
            guard key.allSatisfy({ $0.isLetter || $0 == "_" }) else { continue }
            keys += 1
            #expect(Self.walk.contains { $0.table == table && $0.key == key }, "\(table) \(key)")
        }
        #expect(keys == Self.walk.count - 2)  // device stands for command and pictures, too
    }

    @Test func theBoardInTheCodeIsTheShippedOne() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("", to: "empty.toml")
        let scenario = try Scenario(path: path)
        #expect(
            try outcome { () throws(FileError) in try setup(path) } == .setup(bytes(#require(scenario.setup)))
        )
        #expect(scenario.inputs == ["pir"] && scenario.outputs == ["buzzer"])
        let camera = VirtualCamera()
        #expect((scenario.camera.width, scenario.camera.height) == (camera.width, camera.height))
        #expect(scenario.camera.framesPerSecond == camera.framesPerSecond)
        #expect(scenario.camera.ringFrames == camera.ringFrames)
    }

    @Test func aFirmwareOnASimulatedBoardIsGivenTheSameReaction() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "[[trigger]]\nactive_low = true\ndebounce_ms = 5\n[[output]]\nthreshold = 0.7", to: "s.toml")
        let scenario = try Scenario(path: path)
        #expect(bytes(scenario.reaction) == bytes(try setup(path).reaction))
    }

    // MARK: Helpers

    private enum Result: Equatable {
        case setup([UInt8])
        case refused(String)
    }

    private let boards = repository.appendingPathComponent("boards").path

    private var board: String { "\(boards)/simulator/board.toml" }

    private func setup(_ path: String) throws(FileError) -> EspalierSetup {
        try EspalierSetup(
            board: BoardFile(path: board), reaction: ReactionFile(path: path), labels: nil)
    }

    /// A scenario knows keys of its own: which of all to choose is not compared, nor is a setup's padding there.
    private func outcome(_ make: () throws(FileError) -> EspalierSetup) -> Result {
        do throws(FileError) {
            let setup = try make()
            // What the firmware checks once more.
            #expect(setup.isValid)
            return .setup(bytes(setup))
        } catch {
            let said = error.description
            return .refused(
                said.contains("is not a known key") ? String(said.prefix { $0 != ";" }) : said)
        }
    }

    private func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
