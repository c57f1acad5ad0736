import CEspalier
import EspalierFiles
import EspalierReaction
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

/// From files to the setup.
@Suite struct SettingsTests {
    private let boards = Package.root.appendingPathComponent("boards").path

    // MARK: The shipped files

    @Test func everyDefaultOfTheExampleIsTheCodes() throws {
        var text = try String(contentsOfFile: "\(boards)/generic/reaction.toml", encoding: .utf8)
        let board = try board("[roles]\ntrigger = \"a\"\noutput = \"b\"")
        let example = try setup(text, board)
        let bare = try setup("[camera]\ndevice = \"/dev/video0\"", board)
        #expect(bytes(example) == bytes(bare))
        // And the bare one is what the contract's own defaults say.
        #expect(bytes(bare.reaction) == bytes(EspalierReaction.standard))
        #expect(bare.camera.millihertz == 30_000 && bare.snapshots.keep == 100)
        // No default is there by being left out: each key, set to a wrong type, is refused.
        let keys = text.split(separator: "\n").filter { $0.contains(" = ") && $0.first != "#" }
        #expect(keys.count == 38)
        for line in keys {
            let name = line.prefix { $0 != " " }
            text = try String(contentsOfFile: "\(boards)/generic/reaction.toml", encoding: .utf8)
            let wrong = text.replacing(line, with: "\(name) = 1979-05-27")
            #expect(throws: FileError.self, "\(name)") { try setup(wrong, board) }
        }
    }

    /// The standard of the 40-pin header: number = GPIO line of the processor.
    @Test func headersAreTheStandardsOnEveryRaspberryPi() throws {
        let standard = [
            3: 2, 5: 3, 7: 4, 8: 14, 10: 15, 11: 17, 12: 18, 13: 27, 15: 22, 16: 23, 18: 24, 19: 10, 21: 9,
            22: 25,
            23: 11, 24: 8, 26: 7, 27: 0, 28: 1, 29: 5, 31: 6, 32: 12, 33: 13, 35: 19, 36: 16, 37: 26, 38: 20,
            40: 21,
        ]
        let chips = [
            "raspberry-pi-3b": "pinctrl-bcm2835", "raspberry-pi-4b": "pinctrl-bcm2711",
            "raspberry-pi-5": "pinctrl-rp1", "raspberry-pi-zero": "pinctrl-bcm2835",
            "raspberry-pi-zero-2w": "pinctrl-bcm2835",
        ]
        let all = try BoardFolder.boards(in: [boards])
        for (name, chip) in chips {
            let board = try #require(all.first { $0.name == name })
            #expect(board.lines.chip == chip)
            #expect(board.lines.header == standard.mapValues { "GPIO\($0)" })
            for (number, offset) in standard {
                let setup = try setup(
                    "[[trigger]]\nline = \"header \(number)\"\n[[output]]\nline = \"fault\"", board,
                    ifTaken: number == 15)
                guard let setup else { continue }
                #expect(setup.inputs.0.offset == offset)
                #expect(text(setup.inputs.0.chip) == chip && text(setup.inputs.0.name).isEmpty)
            }
        }
    }

    @Test func everyShippedBoardIsNamedAsItsFolderAndHasAReadme() throws {
        let all = try BoardFolder.boards(in: ["/nowhere", boards])
        #expect(all.count == 8)
        for board in all {
            let folder = URL(fileURLWithPath: board.path).deletingLastPathComponent()
            #expect(folder.lastPathComponent == board.name)
            let readme = folder.appendingPathComponent("README.md").path
            #expect(FileManager.default.fileExists(atPath: readme))
            #expect(!board.tested.isEmpty)
        }
        let nowhere = #expect(throws: FileError.self) {
            try BoardFolder.boards(in: ["/nowhere", "/neither"])
        }
        #expect(
            nowhere?.description
                == "/nowhere, /neither has no board files; name a folder of boards in ESPALIER_BOARDS.")
        #expect(throws: FileError.self) { try BoardFolder.board("z80", in: [boards]) }
        #expect(BoardFolder.candidates(environment: ["ESPALIER_BOARDS": "/x"]) == ["/x"])
    }

    // MARK: From names to indices

    @Test func linesAndLabelsOfSeveralTriggersAndOutputs() throws {
        let pi = try BoardFolder.board("raspberry-pi-4b", in: [boards])
        let setup = try setup(
            """
            [[trigger]]
            line = "header 29"
            bias = "pull-up"
            active_low = true
            [[trigger]]
            period_ms = 1000
            [[trigger]]
            line = "GPIO5"
            bias = "pull-up"
            active_low = true
            edge = "falling"
            [[output]]
            labels = ["person", "animal"]
            triggers = [1, 3]
            drive = "open-drain"
            [[output]]
            line = { chip = "expander", offset = 3 }
            mode = "fault"
            [camera]
            ring = 8
            [frames]
            pretrigger_ms = 233
            [snapshots]
            folder = "seen"
            kinds = ["clean", "annotated"]
            """, pi)
        #expect(setup.input_count == 1 && setup.output_count == 2)
        #expect(setup.reaction.trigger_count == 3)
        #expect([setup.reaction.triggers.0.line, setup.reaction.triggers.2.line] == [0, 0])
        #expect([setup.inputs.0.offset, setup.inputs.0.bias, setup.inputs.0.active_low] == [5, 2, 1])
        #expect(setup.reaction.outputs.0.label_mask == 0b110)
        #expect(setup.reaction.outputs.0.trigger_mask == 0b101)
        #expect(setup.reaction.outputs.1.label_mask == .max && setup.reaction.outputs.1.line == 1)
        #expect([setup.outputs.0.offset, setup.outputs.0.drive, setup.outputs.1.offset] == [27, 1, 3])
        #expect(text(setup.outputs.1.chip) == "expander")
        #expect(setup.camera.kind == ESPALIER_CAMERA_COMMAND && setup.camera.ring_frames == 8)
        #expect(setup.snapshots.kinds == 3 && text(setup.snapshots.folder) == "seen")
        #expect(setup.reaction.isValid)
    }

    // MARK: What is wrong

    @Test(arguments: [
        ("[[trigger]]\nlien = 1", "line 2, [[trigger]] lien is not a known key; choose among line, edge,"),
        (
            "[[trigger]]\nline = \"GPIO99\"",
            "line 2, [[trigger]] line is \"GPIO99\", which raspberry-pi-5 does not"
        ),
        (
            "[[trigger]]\nline = \"header 9\"",
            "line 2, [[trigger]] line is header 9, which is no GPIO line of rasp"
        ),
        (
            "[[trigger]]\nline = { offset = 28 }",
            "line 2, [[trigger]] line is offset 28, but pinctrl-rp1 of rasp"
        ),
        (
            "[[trigger]]\nline = { chop = 2 }",
            "line 2, [[trigger]] line.chop is not a known key; choose among chip"
        ),
        (
            "[[trigger]]\nline = { chip = \"a\" }",
            "line 2, [[trigger]] line is not one line; give either a name or"
        ),
        (
            "[[output]]\nline = \"trigger\"",
            "line 2, [[output]] line is a trigger's line too; give the output a"
        ),
        (
            "[[output]]\n[[output]]\nline = \"header 13\"",
            "line 3, [[output]] line is the line of [[output]] 1 too; give each output a line of its own."
        ),
        (
            "[[trigger]]\n[[trigger]]\nbias = \"pull-up\"",
            "line 2, [[trigger]] is an earlier trigger's line, with another bias or active_low; give both the"
        ),
        (
            "[[trigger]]\nperiod_ms = 50\nedge = \"both\"",
            "line 3, [[trigger]] edge is for a line, but with period_ms"
        ),
        (
            "[[trigger]]\nstuck_ms = 500\nedge = \"both\"",
            "line 2, [[trigger]] stuck_ms cannot go with edge = \"both\""
        ),
        (
            "[[output]]\nduration_ms = 0",
            "line 2, [[output]] duration_ms is 0, no length for a pulse or a heartbeat"
        ),
        (
            "[[output]]\nmode = \"on\"",
            "line 2, [[output]] mode is \"on\"; choose among pulse, hold, follow, toggle,"
        ),
        (
            "[[output]]\nthreshold_low = 0.6",
            "line 2, [[output]] threshold_low is above threshold, 0.5; make it that or"
        ),
        (
            "[[output]]\ntriggers = [2]",
            "line 2, [[output]] triggers has 2, which is no [[trigger]] here; give numb"
        ),
        (
            "[[output]]\nlabels = [\"dog\"]",
            "line 2, [[output]] labels has \"dog\", which the model does not know;"
        ),
        (
            "[frames]\npretrigger_ms = 200",
            "line 2, [frames] pretrigger_ms is 200, but 2 frames at 30 fps reach back 33 ms; raise [camera]"
        ),
        ("[frames]\nburst = 2\nvotes = 3", "line 3, [frames] votes is 3; give a whole number from 1 to 2."),
        (
            "[camera]\nformat = \"any\"",
            "line 2, [camera] format cannot be changed: the board's command has no {format}, and is for \"yu12\";"
        ),
        (
            "[camera]\ncommand = \"cam\"",
            "line 1, [camera] format has to name the raw format that the command writes"
        ),
        (
            "[camera]\nwidth = 320\ncommand = \"cam {heigth}\"\nformat = \"grey\"",
            "line 3, [camera] command has {heigth}, which is no placeholder; choose among {width}, {height}, {fps}"
        ),
        (
            "[camera]\ncommand = \"cam {fps}\"\nformat = \"grey\"\nfps = 0",
            "line 2, [camera] command has {fps}, but fps is 0; give [camera] fps a rate above 0."
        ),
        (
            "[camera]\nwidth = 641",
            "line 2, [camera] width is 641, but the format shares colours in pairs; make it"
        ),
        (
            "[camera]\ndevice = \"a\"\npictures = \"b\"",
            "line 3, [camera] pictures is a second source of frames;"
        ),
        ("[camera]\ninput = 2", "line 2, [camera] input is for a device; leave it out."),
        (
            "[snapshots]\nkeep = 3",
            "line 1, [snapshots] has no folder; say where snapshots go, or leave the table"
        ),
        (
            "[snapshots]\nfolder = \"a\"\nkinds = []",
            "line 3, [snapshots] kinds is empty; give \"clean\", \"annot"
        ),
        ("dry_run = 1", "line 1, dry_run is a number; give true or false."),
        ("watchdog_ms = -1", "line 1, watchdog_ms is -1; give 0 or a number from 100 to 86400000."),
    ])
    func whatIsWrongIsOneSentenceWithFileAndLine(toml: String, sentence: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(toml, to: "reaction.toml")
        let pi = try BoardFolder.board("raspberry-pi-5", in: [boards])
        let error = #expect(throws: FileError.self) {
            try EspalierSetup(
                board: pi, reaction: ReactionFile(path: path), labels: ["empty", "person", "animal"])
        }
        let said = try #require(error).description
        #expect(said.hasPrefix("\(path) \(sentence)"))
        #expect(said.hasSuffix(".") && !said.contains("\n"))
    }

    @Test func aBoardWithoutLinesOrCameraSaysWhatTheReactionHasToName() throws {
        let generic = try BoardFolder.board("generic", in: [boards])
        let noLine = #expect(throws: FileError.self) { try setup("[[trigger]]\nedge = \"both\"", generic) }
        #expect(
            noLine?.description.contains("names no line, and generic has none for the role trigger") == true)
        let noCamera = #expect(throws: FileError.self) {
            try setup("[[trigger]]\nline = \"a\"\n[[output]]\nline = \"b\"", generic)
        }
        #expect(noCamera?.description.contains("has no [camera], and generic has none of its own") == true)
    }

    // MARK: Labels

    private func refusal(of label: String, among labels: [String]) throws -> String {
        let folder = try TemporaryFolder()
        let path = try folder.write("[[output]]\nlabels = [\"\(label)\"]", to: "reaction.toml")
        let pi = try BoardFolder.board("raspberry-pi-5", in: [boards])
        let error = #expect(throws: FileError.self) {
            try EspalierSetup(board: pi, reaction: ReactionFile(path: path), labels: labels)
        }
        return try #require(error).description
    }

    @Test func onlyALabelThatIsNearlyTheSameIsProposed() throws {
        #expect(
            try refusal(of: "Traffic-Light", among: ["car", "traffic light"]).contains(
                "write \"traffic light\""))
        #expect(try refusal(of: "c#", among: ["C++", "C#"]).contains("write \"C#\""))
        for (label, labels) in [
            ("🚗", ["🚚", "car"]), ("", ["???", "car"]), ("!", ["", "?"]), ("👩", ["👨"]), ("c", ["C++", "C#"]),
        ] {
            let said = try refusal(of: label, among: labels)
            #expect(said.contains("choose among \(labels.joined(separator: ", "))"), "\(said)")
        }
    }

    @Test func aNameOfSeveralClassesThatReachTooFarIsSaidToBeOne() throws {
        func among(_ classes: [Int]) -> [String] { (0..<80).map { classes.contains($0) ? "car" : "x\($0)" } }
        let said = try refusal(of: "car", among: among([0, 79]))
        #expect(
            said.contains("several classes have: class 0 is among the model's first 64, class 79 is not;"),
            "\(said)")
        #expect(said.hasSuffix(".") && !said.contains("\n"))
        #expect(try refusal(of: "car", among: among([3, 63, 64])).contains("class 64 is not"))
        #expect(
            try refusal(of: "car", among: among([64])).contains(
                "which is class 64; choose among the model's first"))
        #expect(try refusal(of: "car", among: among([64, 70])).contains("which is class 64; choose among"))
    }

    // MARK: The header

    @Test func theHeaderCompilesWithoutWarningsToTheSameBytes() throws {
        let pi = try BoardFolder.board("raspberry-pi-zero", in: [boards])
        let setup = try setup(
            """
            watchdog_ms = 86400000
            [[trigger]]
            line = "GPIO5"
            [[trigger]]
            line = "header 31"
            bias = "pull-down"
            [[output]]
            labels = ["animal"]
            [[output]]
            line = { chip = "gpio??/mcp", name = "x\\"*/y" }
            threshold = 0.25
            [camera]
            command = 'say "\\n ??/ ümlaut" 7'
            format = "grey"
            """, pi)
        let folder = try TemporaryFolder()
        let header = SetupHeader(setup, sources: ["board.toml", "reaction.toml"], toolVersion: "test").text
        #expect(
            header.hasPrefix(
                "/* Written by espalier test: do not edit.\n * Sources: board.toml, reaction.toml. */\n"))
        _ = try folder.write(header, to: "setup.h")
        let source = try folder.write(
            """
            #include <stdio.h>
            #include "setup.h"
            int main(void) { return fwrite(&espalier_setup, sizeof espalier_setup, 1, stdout) == 1 ? 0 : 1; }
            """, to: "main.c")
        let program = folder.path("main")
        let build = try Shell.run(
            "gcc",
            [
                "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I", folder.url.path, "-I",
                Package.root.appendingPathComponent("include").path, source, "-o", program,
            ])
        try #require(build.status == 0, "\(build.errors)")
        let dump = try Shell.run("sh", ["-c", "\"$0\" > \"$1\"", program, folder.path("bytes")])
        #expect(dump.status == 0)
        #expect(try ByteFile.read(folder.path("bytes")) == bytes(setup))
    }

    // MARK: Helpers

    private func board(_ text: String) throws -> BoardFile {
        let folder = try TemporaryFolder()
        return try BoardFile(path: try folder.write("name = \"bench\"\n" + text, to: "board.toml"))
    }

    private func setup(_ toml: String, _ board: BoardFile) throws -> EspalierSetup {
        let folder = try TemporaryFolder()
        let file = try ReactionFile(path: try folder.write(toml, to: "reaction.toml"))
        return try EspalierSetup(board: board, reaction: file, labels: ["empty", "person", "animal"])
    }

    /// Nil where the line is the output's own, which has to be refused.
    private func setup(_ toml: String, _ board: BoardFile, ifTaken: Bool) throws -> EspalierSetup? {
        guard ifTaken else { return try setup(toml, board) }
        #expect(throws: FileError.self) { try setup(toml, board) }
        return nil
    }

    private func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
