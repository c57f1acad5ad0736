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

    @Test func otherFilesAndUnclearOnesAreRefusedInASentence() {
        let cases: [(String, String)] = [
            ("", "has no class names"), ("\n \n", "has no class names"),
            ("car\n\ntruck\n", "line 2 of"), ("car\n\"\"\ntruck", "line 2 of"),
            ("item {\n  id: 1\n  name: 'car'\n}\n", "label map"), ("names:\n  0: car\n", "YAML"),
            ("path: x\nnames: [car, truck]\n", "YAML"), ("{\"0\": \"car\"}", "JSON"), ("[1, 2]", "JSON"),
            ("<!DOCTYPE html>\n<html>", "HTML"), ("version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
            ("car\u{1}x\ntruck", "control character"),
            ("car\n" + String(repeating: "x", count: 201), "201 bytes"), ("[\"a\\nb\"]", "control character"),
        ]
        for (text, part) in cases {
            let sentence = refusal(text)
            #expect(sentence?.contains(part) == true, "\(text): \(sentence ?? "taken")")
            #expect(sentence?.hasSuffix(".") == true && sentence?.contains("\n") == false)
        }
        #expect(refusal([0x63, 0xE9, 0x0A])?.contains("line 1 has a byte") == true)
        #expect(refusal([0x63, 0x0A, 0x0A, 0xFC])?.contains("line 3 has a byte") == true)
        #expect(
            refusal(Array("car\ntruck".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }))?
                .contains("UTF-16") == true)
    }
}
