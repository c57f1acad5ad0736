import CEspalier
import EspalierFiles
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

/// The ways people write TOML, and what they hand over in its place: right, or one sentence with the right line.
@Suite struct TOMLStyleTests {
    // MARK: Right

    /// All say one thing.
    @Test(arguments: [
        plain,
        plain.replacing("\n", with: "\r\n"),
        "\u{FEFF}" + plain,
        plain.replacing(" = ", with: "="),
        plain.replacing(" = ", with: "\t=\t").replacing("\n", with: "\n\t"),
        plain.replacing("[camera]", with: "[ camera ]").replacing("[[output]]", with: "[[ output ]]"),
        plain.replacing("[camera]", with: "[camera] # what it sees").replacing("edge", with: "\"edge\""),
        plain.replacing("[camera]", with: "['camera']").replacing("[[trigger]]", with: "[[\"trigger\"]]"),
        plain.replacing("\"falling\"", with: "'falling'").replacing("320", with: "3_20"),
        plain.replacing("\"falling\"", with: "\"\"\"\nfalling\"\"\"").replacing("320", with: "0x140"),
        plain.replacing("\"falling\"", with: "\"f\\u0061lling\""),
        plain.replacing("[\"a\", \"b\"]", with: "[\n  \"a\", # one\n  'b',\n]"),
        String(plain.dropLast()),
        "# a comment\n\n" + plain + "\n\n# the end",
        """
        camera.width = 320
        camera.device = "cam"
        trigger = [{ edge = "falling", line = "door" }]
        output = [{ line = "lamp", labels = ["a", "b"], threshold = 0.75 }]
        """,
        """
        camera = { device = "cam", width = 320 }
        [[trigger]]
        line = "door"
        edge = "falling"
        [[output]]
        labels = ["a", "b"]
        line = "lamp"
        threshold = 75e-2
        """,
    ])
    func everyStyleOfTOMLSaysTheSame(text: String) throws {
        let setup = try setup(text)
        #expect(setup.camera.width == 320)
        #expect(setup.reaction.triggers.0.edge == ESPALIER_EDGE_FALLING)
        #expect(EspalierSettings.text(setup.inputs.0.name) == "door")
        #expect(EspalierSettings.text(setup.outputs.0.name) == "lamp")
        #expect(setup.reaction.outputs.0.label_mask == 0b11)
        #expect(setup.reaction.outputs.0.threshold_high_permille == 750)
    }

    // MARK: The right line

    @Test(arguments: [
        ("\n\ncamera.width = 0", "line 3, [camera] width is 0;"),
        ("camera = {\n}\n", "line 1 "),
        ("camera = { device = \"a\", width = 0 }", "line 1, [camera] width is 0;"),
        ("trigger = [\n  {},\n  { line = \"b\", edge = \"up\" },\n]", "line 3, [[trigger]] edge is \"up\";"),
        ("output = [{ threshold = 2 }]", "line 1, [[output]] threshold is 2;"),
        ("[ camera ]\nwidth = 0", "line 2, [camera] width is 0;"),
        ("[[ output ]]\n[[output]]\n[ [x] ]", "line 3 "),
        ("\"watchdog_ms\" = 1", "line 1, watchdog_ms is 1;"),
        ("[[trigger]]\r\nline = \"a\"\r\n\r\n[[trigger]]\r\nedge = \"up\"", "line 5, [[trigger]] edge"),
        ("\u{FEFF}dry_run = 3", "line 1, dry_run is a number;"),
        ("x = \"\"\"\n[[trigger]]\nedge = 1\n\"\"\"\n[camera]\nwidth = 0", "line 1, x is not a known key;"),
        ("[camera]\ndevice = \"\"\"\n[camera]\nwidth = 9\n\"\"\"\nwidth = 0", "line 6, [camera] width is 0;"),
        ("[camera] # width = 3\n# width = 4\n\twidth\t=\t0", "line 3, [camera] width is 0;"),
        ("[snapshots]\nfolder = \"width = 3\"\n[camera]\nwidth = 0", "line 4, [camera] width is 0;"),
        ("[[trigger]]\nline = { chip = \"a\",\toffset = -1 }", "line 2, [[trigger]] line.offset is -1;"),
        ("[[trigger]]\nline.chip = \"a\"\nline.offset = -1", "line 3, [[trigger]] line.offset is -1;"),
        ("[camera]\nwidth = 4\nwidth = 5", "line 3 is not TOML"),
        ("[camera]\n[frames]\n[camera]", "line 3 is not TOML"),
        ("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1", "line 1 has a key of more than 16 parts;"),
        ("a = 1\nx = " + String(repeating: "[", count: 400), "line 2 nests values more than 16 deep;"),
        ("s=0\n[", "line 2 has a header without a name; write for example [camera] or [[trigger]]."),
        ("s=0\n[\n", "line 2 has a header without a name;"),
        ("[[=a]]", "line 1 has a header without a name;"),
        ("[.a]", "line 1 has a header without a name;"),
        ("a = 1\n\n[ # camera ]", "line 3 has a header without a name;"),
        ("x = [\n1]\n[é]", "line 3 has a header without a name;"),
        ("[]", "line 1 has a header without a name;"),
        ("a = 1\nx = [ 1, }", "line 2 has something in an array that is no value;"),
        ("x = [\n\n\u{2028}1]", "line 3 has something in an array that is no value;"),
        ("x = { y = [ } ] }", "line 1 has something in an array that is no value;"),
        ("x = 1979-05-27 7\n", "line 1 has a date and more, which no key takes; put texts in quotes."),
        ("\nx = [19_79-05-27 0,1]", "line 2 has a date and more"),
    ])
    func whatIsWrongIsSaidWithItsLine(text: String, sentence: String) throws {
        let said = try refusal(text)
        #expect(said.hasPrefix("reaction.toml \(sentence)"), "\(said)")
    }

    // MARK: In place of TOML

    @Test(arguments: [
        (
            "{\n  \"trigger\": []\n}",
            "reaction.toml is JSON, not TOML; write key = value under [table] headers."
        ),
        ("---\ntrigger:\n  - line: a\n", "reaction.toml is YAML, not TOML;"),
        ("<reaction/>", "reaction.toml is XML, not TOML;"),
        ("camera:\n  width: 320", "line 1 is not TOML"),
        ("[camera]\nwidth: 320", "write width = value, not width: value."),
        ("; an INI file\n[camera]\nwidth=320", "begin comments with #."),
        ("// not a comment", "begin comments with #."),
        ("[[trigger]]\nline = GPIO17", "put texts in quotes (line = \"GPIO17\"?)."),
        ("[[trigger]]\nline = \u{201C}pir\u{201D}", "use straight quotes: \"."),
        ("[camera]\nwidth = 3\n[camera]", "write each key and each [table] once."),
        ("[[trigger]\nline = 1", "close the brackets of [table] or [[table]]."),
        ("[camera]\nwidth = 3\nwidth = 4", "write each key and each [table] once."),
        ("dry_run = yes", "write true or false."),
        ("dry_run = True", "write true or false."),
        ("[[output]]\nthreshold = 60%", "write threshold as a plain number, without a unit (0.6?)."),
        ("[[trigger]]\ndebounce_ms = 50ms", "write debounce_ms as a plain number, without a unit (50?)."),
        ("[[output]]\nthreshold = 0,6", "(0.6?)."),
        ("[[output]]\nthreshold =", "give threshold a value."),
        ("[[output]]\nlabels = [\"person\"", "close every quote and bracket"),
        ("[[output]]\nline = \"lamp", "close every quote and bracket"),
        ("trigger", "write key = value, [table] or [[table]]."),
        ("[[output]]\nthreshold .6", "line 2 is not TOML"),
    ])
    func whatPeopleWriteInItsPlaceIsRecognised(text: String, part: String) throws {
        let said = try refusal(text)
        #expect(said.contains(part), "\(said)")
    }

    @Test func otherEncodingsAreNamed() throws {
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16] {
            let bytes = try #require(plain.data(using: encoding))
            let said = try refusal(bytes: Array(bytes))
            #expect(said == "reaction.toml is UTF-16 text, or no text at all; save it as UTF-8.")
        }
        let latin = try refusal(bytes: Array("# \u{FC}ber".data(using: .isoLatin1)!))
        #expect(latin == "reaction.toml is not UTF-8 text; save it as UTF-8.")
    }

    @Test(arguments: [
        ("[[output]]\nThreshold = 0.6", "triggers (threshold?)."),
        ("[[output]]\nthresold = 0.6", "triggers (threshold?)."),
        ("[[output]]\nduration = 5", "triggers (duration_ms?)."),
        ("[[output]]\nduration_s = 5", "triggers (duration_ms?)."),
        ("[[output]]\nlabel = [\"a\"]", "triggers (labels?)."),
        ("[[trigger]]\ndebounce-ms = 5", "period_ms (debounce_ms?)."),
        ("[[trigger]]\nholdoff_ms = 5", "period_ms (hold_off_ms?)."),
        ("[[trigger]]\nactiveLow = true", "period_ms (active_low?)."),
        ("threshold = 0.5", "threshold is not a known key; move it to [[output]]."),
        ("[camera]\nfps = 3\ndry_run = true", "move it to the top, above all headers."),
        ("[[output]]\nburst = 3", "burst is not a known key; move it to [frames]."),
        ("[frames]\nfps = 3", "fps is not a known key; move it to [camera]."),
        ("[[outputs]]\nline = \"a\"", "snapshots (output?)."),
        ("[Camera]\nwidth = 1", "snapshots (camera?)."),
        ("[camera]\nheigth = 1", "silence_ms (height?)."),
        ("[camera]\nframes_per_second = 1", "input, silence_ms."),
        ("[[trigger]]\nedge = \"Rising\"", "rising, falling, both (rising?)."),
        ("[[trigger]]\nbias = \"pull_up\"", "pull-down (pull-up?)."),
        ("[[output]]\nmode = \"Pulse \"", "fault (pulse?)."),
        (
            "[output]\nline = \"a\"",
            "line 1, output is a table; write tables [[output]], in two brackets each."
        ),
        ("[[camera]]\nwidth = 1", "line 1, camera is an array; write it once, as [camera]."),
        ("[[output]]\nlabels = \"person\"", "give texts in brackets ([\"person\"]?)."),
        ("[[output]]\ntriggers = 1", "give whole numbers from 1 in brackets ([1]?)."),
        ("dry_run = \"true\"", "line 1, dry_run is a text; give true or false without quotes."),
    ])
    func aNearMissIsNamed(text: String, end: String) throws {
        let said = try refusal(text)
        #expect(said.hasSuffix(end), "\(said)")
    }

    @Test func whatAFileHoldsNeverBreaksASentence() throws {
        for text in [
            "\"a\\nb\" = 1", "[[output]]\nmode = \"\\u0000on\\n\"", "\"\\u001b[31m\" = 1",
            "[[trigger]]\nline = \"a\\u2028b\"",
        ] {
            let said = try refusal(text)
            #expect(!said.unicodeScalars.contains { $0.properties.generalCategory == .control })
            #expect(!said.contains("\u{2028}"))
        }
        let endless = try refusal("[[output]]\nmode = \"\(String(repeating: "x", count: 100_000))\"")
        #expect(endless.count < 600 && endless.hasPrefix("reaction.toml line 2, [[output]] mode is \"xxx"))
    }

    // MARK: Nothing ends the process

    /// Thousands of damaged files: each is read, or one sentence.
    @Test(arguments: 0..<4) func noDamagedFileEndsTheProcess(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let boards = Package.root.appendingPathComponent("boards")
        let files = try ["generic/reaction.toml", "simulator/scenario.toml", "raspberry-pi-5/board.toml"].map
        {
            try ByteFile.read(boards.appendingPathComponent($0).path)
        }
        for number in 0..<600 {
            var bytes = files[Int.random(in: 0..<files.count, using: &random)]
            for _ in 0...Int.random(in: 0...3, using: &random) { damage(&bytes, &random) }
            do {
                let root = TOMLSection(root: try TOMLDocument(path: "damaged.toml", bytes: bytes))
                _ = try? BoardFile(path: "damaged.toml", root)
                _ = try ReactionFile(root, path: "damaged.toml", besides: root.keys)
            } catch let error as FileError {
                let said = error.description
                #expect(said.hasSuffix(".") && !said.contains("\n"), "seed \(seed), \(number): \(said)")
            }
        }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let signs = Array("[]{}\"'#=.,\n\r\t \\-+_0aE:".utf8)
        let words = [
            "[ }", "\u{2028}", "\u{85}", "\u{A0}", "\u{B}", "1979-05-27 7", "07:32:00", "0x", "+i", "-nan",
            "1e",
            "[[", "]]", "\"\"\"", "{ a = [", "\\u12", "a.b", "= [", "= {", "inf", "1_", "0b2", "0xFp1", "#",
            "'",
        ]
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let sign = signs[Int.random(in: 0..<signs.count, using: &random)]
        let word = words[Int.random(in: 0..<words.count, using: &random)].utf8
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] = sign
        case 1: bytes.insert(sign, at: place)
        case 2: bytes.remove(at: place)
        case 3: bytes.removeSubrange(place...)
        case 4:
            let end = min(place + Int.random(in: 1...80, using: &random), bytes.count)
            bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0..<bytes.count, using: &random))
        case 5: bytes.insert(contentsOf: word, at: place)
        case 6:
            // A value or a header of another kind.
            let starts = bytes.indices.filter { bytes[$0] == 0x3D || bytes[$0] == 0x5B }
            if let start = starts.randomElement(using: &random) {
                bytes.insert(contentsOf: word, at: start + 1)
            }
        default: bytes[place] = UInt8.random(in: 0...255, using: &random)
        }
        if bytes.isEmpty { bytes = [0x0A] }
    }

    // MARK: Helpers

    private func setup(_ text: String) throws -> EspalierSetup {
        let document = try TOMLDocument(path: "reaction.toml", bytes: Array(text.utf8))
        let file = try ReactionFile(TOMLSection(root: document), path: "reaction.toml")
        let board = try TOMLDocument(path: "board.toml", bytes: Array("name = \"bench\"".utf8))
        return try EspalierSetup(
            board: BoardFile(path: "board.toml", TOMLSection(root: board)), reaction: file,
            labels: ["a", "b", "c"])
    }

    private func refusal(_ text: String) throws -> String { try refusal(bytes: Array(text.utf8)) }

    private func refusal(bytes: [UInt8]) throws -> String {
        let error = try #require(throws: FileError.self) {
            let document = try TOMLDocument(path: "reaction.toml", bytes: bytes)
            _ = try ReactionFile(TOMLSection(root: document), path: "reaction.toml")
        }
        #expect(error.description.hasSuffix(".") && !error.description.contains("\n"))
        return error.description
    }
}

private let plain = """
    [[trigger]]
    line = "door"
    edge = "falling"
    [[output]]
    line = "lamp"
    labels = ["a", "b"]
    threshold = 0.75
    [camera]
    device = "cam"
    width = 320

    """
