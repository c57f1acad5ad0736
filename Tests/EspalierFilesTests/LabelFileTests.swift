import EspalierFiles
import Foundation
import Testing

/// Label files as editors, exporters and programs leave them: read right, or refused in a sentence.
@Suite struct LabelFileTests {
    private func read(_ bytes: [UInt8]) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".txt")
            .path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try LabelFile.read(path)
    }

    private func read(_ text: String) throws -> [String] { try read(Array(text.utf8)) }

    private func refusal(_ bytes: [UInt8]) -> String? {
        do {
            _ = try read(bytes)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func refusal(_ text: String) -> String? { refusal(Array(text.utf8)) }

    static let cleaned: [String] = [
        "car\ntruck", "car\ntruck\n", "car\r\ntruck\r\n", "car\rtruck\r", "\u{FEFF}car\ntruck",
        "car  \n\ttruck\t\n",
        "car\u{A0}\ntruck\u{200B}\n", "\"car\"\n\"truck\"\n", "'car'\n'truck'",
        "\u{201C}car\u{201D}\n\u{2018}truck\u{2019}",
        "\"car\",\n\"truck\"\n", "car,\ntruck,\n", "car\ntruck\n\n \n", "0 car\n1 truck\n",
        "0: car\n1: truck",
        "0,car\n1,truck\n", "0\tcar\n1\ttruck", "0  car\n1  truck", "[\"car\", \"truck\"]",
        "[\n  \"car\",\n  \"truck\"\n]\n",
        "0 - car\n1 - truck", "0 -> car\n1 -> truck", "0. car\n1. truck", "0) car\n1) truck",
        "0|car\n1|truck",
        "0 | car\n1 | truck", "0 => car\n1 => truck", "0 \u{2013} car\n1 \u{2013} truck",
        "0\u{A0}car\n1\u{A0}truck",
        "\"0\",\"car\"\n\"1\",\"truck\"", "0,\"car\"\n1,\"truck\"\n", "\"0\";\"car\"\n\"1\";\"truck\"",
        "0: 'car',\n1: 'truck',", "'0': 'car',\n'1': 'truck',\n",
        "\u{FEFF}car\n\u{FEFF}truck", "c\u{200B}ar\n\u{2066}truck\u{2069}",
        "\u{200E}car\u{200F}\ntr\u{2060}uck",
        "[\"c\\u200bar\", \"\\ufefftruck\\u00a0\"]",
    ]

    @Test(arguments: cleaned) func whatEditorsAndExportersLeaveIsTakenOff(_ text: String) throws {
        #expect(try read(text) == ["car", "truck"])
    }

    @Test func everyEncodingWithItsMarkIsRead() throws {
        let text = "chat é\ncamión 🚚"
        let encodings: [(String.Encoding, [UInt8])] = [
            (.utf8, [0xEF, 0xBB, 0xBF]), (.utf16LittleEndian, [0xFF, 0xFE]), (.utf16BigEndian, [0xFE, 0xFF]),
            (.utf32LittleEndian, [0xFF, 0xFE, 0, 0]), (.utf32BigEndian, [0, 0, 0xFE, 0xFF]),
        ]
        for (encoding, mark) in encodings {
            let bytes = try #require(text.data(using: encoding))
            #expect(try read(mark + bytes) == ["chat é", "camión 🚚"], "\(encoding)")
        }
    }

    @Test func namesKeepWhatBelongsToThem() throws {
        for names in [
            ["tench, Tinca tinca", "goldfish"], ["6\" pipe", "it's"], ["1 person", "2 persons"],
            ["0 eggs", "2 eggs"],
            ["???", "a"], ["a \"b\" c", "(d)"], ["car", "car"], ["3", "4"], ["0", "1"], ["C#", "# x"],
        ] {
            #expect(try read(names.joined(separator: "\n")) == names)
        }
    }

    @Test(arguments: [
        "0 fingers/1 finger/2 fingers/3 fingers", "0 people/1 person/2 people/3 or more",
        "0,5 V/1,5 V/2,5 V/3,5 V", "0:00/1:00/2:00", "0 -5 °C/1 -4 °C", "0 cars/1 car", "0 people/1 person",
        "0 no/1 one/2 or more", "0 children/1 child", "0, 5 bar/1, 5 bar", "0: 3/1: 2", "0.5/1.5",
        "0-3 years/1-4 years",
        "0 car/1: truck", "0 car/1\ttruck", "0) car/1. truck", "0-car/1-truck", "0car/1truck", "0 car/01 car",
        "0️⃣ a/1️⃣ b", "0 person", "1,5 V/2,5 V", "16:9/4:3", "1,4-dioxane/2,4-D",
    ]) func namesKeepANumberThatMayBePartOfThem(_ lines: String) throws {
        let names = lines.split(separator: "/").map(String.init)
        #expect(try read(names.joined(separator: "\n")) == names)
    }

    @Test func longerListsLoseTheirNumbers() throws {
        let names = (0..<12).map { "name \(Character(UnicodeScalar(UInt8(97 + $0))))" }
        let aligned = names.indices.map { "\($0 < 10 ? " " : "")\($0)\($0 < 10 ? "  " : " ")\(names[$0])" }
        #expect(try read(aligned.joined(separator: "\n")) == names)
        #expect(try read("0 0 fingers\n1 1 finger\n2 2 fingers") == ["0 fingers", "1 finger", "2 fingers"])
        #expect(try read("0 Cat\n1 Car\n2 Carrot") == ["Cat", "Car", "Carrot"])
        #expect(try read("0,\"tench, Tinca tinca\"\n1,goldfish") == ["tench, Tinca tinca", "goldfish"])
    }

    @Test func quotesInsideKeepTheOnesAround() throws {
        for names in [
            ["\"a\" or \"b\"", "c"], ["'n' or 'm'", "'x"], ["\u{201C}a\u{201D} and \u{201C}b\u{201D}", "c"],
            ["\"", "'"],
        ] {
            #expect(try read(names.joined(separator: "\n")) == names)
        }
        #expect(try read("'6\" pipe'\n\"it's\"") == ["6\" pipe", "it's"])
    }

    @Test func whatIsNotSeenIsNotInNames() throws {
        #expect(try read("traffic\u{A0}light\n10\u{202F}km\u{2007}h") == ["traffic light", "10 km h"])
        #expect(
            try read("\u{202B}a\u{202C}\u{202E}b\u{202A}\u{202D}\nc\u{2067}d\u{2068}\u{AD}e") == [
                "ab", "cde",
            ])
        let family = "👩\u{200D}👩\u{200D}👧"
        let england = "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}"
        let scotland = "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}"
        let kept = [family, england, scotland, "❤\u{FE0F}", "می\u{200C}خواهم"]
        let read = try read(kept.joined(separator: "\n"))
        #expect(read.map { Array($0.unicodeScalars) } == kept.map { Array($0.unicodeScalars) })
    }

    /// For names that the rules for lines would change or refuse.
    @Test func aListInJSONIsTakenAsItIs() throws {
        let names = ["0 car", "1 truck", "- a", "x;", "'q'", "person,0", "{", "b,", "\"a\",\"b\""]
        let text = String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
        #expect(try read(text) == names)
        #expect(refusal("[\"a\", \"\"]")?.contains("text 2 of") == true)
        #expect(refusal("[]")?.contains("has no class names") == true)
    }

    @Test func otherFilesAndUnclearOnesAreRefusedInASentence() {
        let cases: [(String, String)] = [
            ("", "has no class names"), ("\n \n", "has no class names"),
            ("car\n\ntruck\n", "line 2 of"), ("car\n\"\"\ntruck", "line 2 of"),
            ("item {\n  id: 1\n  name: 'car'\n}\n", "label map"), ("names:\n  0: car\n", "YAML"),
            ("path: x\nnames: [car, truck]\n", "YAML"), ("{\"0\": \"car\"}", "JSON"), ("[1, 2]", "JSON"),
            ("<!DOCTYPE html>\n<html>", "HTML"), ("version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
            ("car\u{1}x\ntruck", "control character"),
            ("car\n" + String(repeating: "x", count: 201), "201 bytes"), ("[\"a\\nb\"]", "control character"),
            ("person,0\ncar,1", "CSV"), ("person\t0\ncar\t1", "CSV"), ("name,id\nperson,0\ncar,1", "CSV"),
            ("'person': 0,\n'car': 1,", "CSV"), ("person,1\ncar,2", "CSV"),
            ("id,name\n0,person\n1,car", "header"),
            ("\"id\",\"name\"\n\"0\",\"person\"", "CSV"), ("\"person\",\"0\"\n\"car\",\"1\"", "CSV"),
            ("\"a\",\"b\"", "CSV"), ("('a', 'b')", "CSV"), ("\"6\"\" pipe\"\ncar", "CSV"),
            ("- person\n- car", "YAML or Markdown list"), ("* person\n* car", "YAML or Markdown list"),
            ("# classes\n- person", "YAML or Markdown list"),
            ("classes:\n  - a\n  - b", "YAML or Markdown list"),
            ("path: x\r\nnames:\r\n  0: a\r\n", "YAML"), ("classes:\n  0: person\n  1: car", "YAML"),
            ("person;\ncar;", "CSV"), ("0;person;\n1;car;", "CSV"), ("person,,\ncar,,", "CSV"),
            (",person\n,car", "CSV"),
            ("| 0 | person |\n| 1 | car |", "CSV"), ("car,\ntruck\nbus,", "ends in a comma"),
            ("car,", "ends in a comma"),
            ("a\tb\nc\td", "between tabs"),
            ("item\n{\n  id: 1\n  name: 'car'\n}", "label map"), ("# COCO\n\nitem {\n id: 1\n}", "label map"),
            ("item\n{ id: 1 }", "label map"), ("person\tred\ncar\n\nbus\tblue\nvan\tx", "between tabs"),
            ("\u{FEFF}\u{200B}item{\n}", "label map"),
            ("names = [\n\"car\",\n\"truck\"\n]", "code"), ("CLASSES = (\"car\", \"truck\")", "code"),
            ("char *names[] = {\"car\", \"truck\"};", "code"), ("(\ncar\ntruck\n)", "code"),
            ("[\ncar\n]", "code"),
            ("1: person\n2: car", "0, 1, 2"), ("0  person\n2  car", "0, 1, 2"),
            ("1,person\n0,car", "0, 1, 2"),
        ]
        for (text, part) in cases {
            let sentence = refusal(text)
            #expect(sentence?.contains(part) == true, "\(text): \(sentence ?? "taken")")
            #expect(sentence?.hasSuffix(".") == true && sentence?.contains("\n") == false)
        }
    }

    @Test func theLineThatIsNotUTF8IsNamed() {
        func line(_ bytes: [UInt8]) -> Substring? {
            refusal(bytes)?.split(separator: "(line ").last?.prefix { $0.isNumber }
        }
        let accented = Array("é\n".utf8)
        #expect(line([0x63, 0xE9, 0x0A]) == "1")
        #expect(line([0x63, 0x0A, 0x0A, 0xFC]) == "3")
        #expect(line(accented + [0x63, 0x0A, 0xE9, 0x0A]) == "3")
        #expect(line([0x63, 0x0D, 0x63, 0x0D, 0xE9, 0x0D]) == "3")
        #expect(line([0x63, 0x0D, 0x0A, 0x63, 0x0D, 0x0A, 0xE9, 0x0D, 0x0A]) == "3")
        #expect(line([0xEF, 0xBB, 0xBF] + accented + [0xE9, 0x0A]) == "2")
        #expect(line(Array("a\u{2028}b\u{85}".utf8) + [0xFF]) == "3")
        #expect(line(accented + [0xC3]) == "2")
        #expect(line(accented + accented + [0xED, 0xA0, 0x80]) == "3")
    }

    @Test func damagedWideTextIsNamed() {
        let cases: [([UInt8], String)] = [
            ([0xFF, 0xFE, 0x61, 0, 0x62], "UTF-16"), ([0xFE, 0xFF, 0xD8, 0, 0, 0x61], "UTF-16"),
            ([0xFF, 0xFE, 0x00, 0xDC], "UTF-16"), ([0xFF, 0xFE, 0, 0, 0x61, 0, 0], "UTF-32"),
            ([0, 0, 0xFE, 0xFF, 0, 0x11, 0, 0], "UTF-32"), ([0xFF, 0xFE, 0, 0, 0, 0xD8, 0, 0], "UTF-32"),
        ]
        for (bytes, encoding) in cases {
            let sentence = refusal(bytes)
            #expect(
                sentence?.contains("is damaged \(encoding) text") == true, "\(bytes): \(sentence ?? "taken")")
        }
        #expect(
            refusal(Array("car\ntruck".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }))?
                .contains("UTF-16") == true)
    }

    // MARK: Pipes

    private func pipe(_ use: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        try use(path)
    }

    private func refusal(at path: String) -> String? {
        do {
            _ = try LabelFile.read(path, patience: 100)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPipeIsReadWhileSomethingComes() throws {
        try pipe { path in
            let writer = Process()
            writer.executableURL = URL(fileURLWithPath: "/bin/sh")
            writer.arguments = ["-c", "exec > '\(path)'; printf 'car\\ntr'; sleep 0.3; printf 'uck\\n'"]
            try writer.run()
            defer { writer.waitUntilExit() }
            #expect(try LabelFile.read(path) == ["car", "truck"])
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatNeverEndsIsRefused() throws {
        try pipe { path in
            #expect(refusal(at: path)?.contains("no program writes to it") == true)
            let silent = open(path, O_RDWR)
            defer { close(silent) }
            #expect(refusal(at: path)?.contains("nothing comes") == true)
            _ = write(silent, "car\n", 4)
            #expect(refusal(at: path)?.contains("nothing comes") == true)
        }
        #expect(refusal(at: "/dev/zero")?.contains("is a device") == true)
        #expect(refusal(at: NSTemporaryDirectory())?.contains("pass a file and not a folder") == true)
    }
}
