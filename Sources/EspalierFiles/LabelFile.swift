import Foundation

/// A file of class names, one a line: the first line is class 0.
///
/// What editors and exporters leave is taken off: byte order marks, line ends of any kind, blanks and quotes around a
/// name, commas at the ends of all lines, numbers from 0 before all names, empty lines at the end. UTF-8 and, with
/// their marks, UTF-16 and UTF-32 are read, and a JSON list of texts. What would have to be guessed is refused.
public enum LabelFile {
    /// The longest name, in bytes of UTF-8.
    public static let mostBytes = 200

    /// - Throws: one sentence, with the line, for a file that is not what it should be.
    public static func read(_ path: String) throws(FileError) -> [String] {
        let text = try decoded(ByteFile.read(path, limit: 1 << 24), path)
        var names = try names(in: text, path)
        while names.last?.isEmpty == true { names.removeLast() }
        guard !names.isEmpty else {
            throw FileError(path, "has no class names", do: "give one a line")
        }
        names = withoutNumbers(withoutCommas(names)).map(withoutQuotes)
        for (index, name) in names.enumerated() { try check(name, "line \(index + 1) of", path) }
        return names
    }

    // MARK: Text

    private static func decoded(_ bytes: [UInt8], _ path: String) throws(FileError) -> String {
        let data = Data(bytes)
        // UTF-32's mark begins as UTF-16's does.
        let marks: [([UInt8], String.Encoding)] = [
            ([0xFF, 0xFE, 0, 0], .utf32LittleEndian), ([0, 0, 0xFE, 0xFF], .utf32BigEndian),
            ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
        ]
        if let (mark, encoding) = marks.first(where: { bytes.starts(with: $0.0) }) {
            if let text = String(data: data.dropFirst(mark.count), encoding: encoding) { return text }
        } else if bytes.contains(0) {
            throw FileError(
                path, "is no text, or is UTF-16 without a byte order mark",
                do: "save it as UTF-8, one name a line")
        } else if let text = String(validating: bytes, as: UTF8.self) {
            return text
        }
        let before = bytes.prefix { $0 < 0x80 }
        let line = before.count { $0 == 0x0A } + 1
        throw FileError(
            path, "is not UTF-8 text (line \(line) has a byte that is none)",
            do: "save it as UTF-8; it may be Latin-1 or Windows-1252 now")
    }

    private static func names(in text: String, _ path: String) throws(FileError) -> [String] {
        let body = text.trimmingCharacters(in: .whitespacesAndNewlines)
        try refuseOthers(body, path)
        if body.first == "[" || body.first == "{" {
            guard let list = try? JSONDecoder().decode([String].self, from: Data(body.utf8)) else {
                throw FileError(
                    path, "looks like JSON, but is no list of texts",
                    do: "give one class name a line, in the classes' order")
            }
            return list.map(trimmed)
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            trimmed(String($0))
        }
    }

    /// Other formats that hold class names: their numbers may begin at 1, leave some out, or be in another order.
    private static func refuseOthers(_ body: String, _ path: String) throws(FileError) {
        let first = body.prefix { !$0.isNewline }.trimmingCharacters(in: .whitespaces)
        let kinds: [(Bool, String)] = [
            (first.hasPrefix("item {") || first.hasPrefix("item{"), "a label map (.pbtxt)"),
            (first.hasPrefix("<"), "XML or HTML"),
            (first.hasPrefix("names:") || first == "---" || body.contains("\nnames:"), "YAML"),
            (
                first.hasPrefix("version https://git-lfs"),
                "a Git LFS pointer; fetch the file with git lfs pull"
            ),
        ]
        guard let (_, kind) = kinds.first(where: \.0) else { return }
        throw FileError(path, "is \(kind)", do: "give one class name a line, in the classes' order")
    }

    private static func trimmed(_ text: String) -> String {
        text.trimmingCharacters(
            in: .whitespacesAndNewlines.union(.controlCharacters).union(
                CharacterSet(charactersIn: "\u{FEFF}\u{200B}")))
    }

    // MARK: Names

    /// As lists in programs have them: a comma after every name, the last one excepted.
    private static func withoutCommas(_ names: [String]) -> [String] {
        guard names.count > 1, names.dropLast().allSatisfy({ $0.hasSuffix(",") }) else { return names }
        return names.map { $0.hasSuffix(",") ? trimmed(String($0.dropLast())) : $0 }
    }

    /// `0 person`, `1: car`: numbers from 0 in order before every name. Other numbers belong to the names.
    private static func withoutNumbers(_ names: [String]) -> [String] {
        var bare: [String] = []
        for (index, name) in names.enumerated() {
            let digits = name.prefix { $0.isASCII && $0.isNumber }
            let rest = name.dropFirst(digits.count)
            guard Int(digits) == index, let separator = rest.first, " \t:,;=".contains(separator) else {
                return names
            }
            bare.append(trimmed(String(rest.drop { " \t:,;=".contains($0) })))
        }
        return names.count > 1 && bare.allSatisfy { !$0.isEmpty } ? bare : names
    }

    private static func withoutQuotes(_ name: String) -> String {
        let pairs: [(Character, Character)] = [
            ("\"", "\""), ("'", "'"), ("\u{201C}", "\u{201D}"), ("\u{2018}", "\u{2019}"),
        ]
        guard name.count > 1, let first = name.first, let last = name.last,
            pairs.contains(where: { $0.0 == first && $0.1 == last })
        else { return name }
        return trimmed(String(name.dropFirst().dropLast()))
    }

    private static func check(_ name: String, _ place: String, _ path: String) throws(FileError) {
        if name.isEmpty {
            throw FileError(
                "\(place) \(path)", "names no class",
                do: "name it, or delete the line if there is no such class")
        }
        if name.utf8.count > mostBytes {
            throw FileError(
                "\(place) \(path)", "has \(name.utf8.count) bytes",
                do: "give names of at most \(mostBytes), one a line")
        }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }) {
            throw FileError("\(place) \(path)", "has a control character", do: "take it out")
        }
    }
}
