import Foundation

/// A file of class names, one a line: the first line is class 0.
///
/// What editors and exporters leave is taken off: byte order marks, line ends of any kind, blanks and
/// quotes around a name, commas at the ends of all lines, empty lines at the end. Blanks that do not break
/// become plain ones, and what nobody sees (blanks without width, marks of writing direction, soft hyphens)
/// is taken out.
///
/// Numbers before the names are taken off if they are the classes' own, from 0, on every line, with one
/// separator (blanks, `,` `:` `;` `=` `|` `->` `=>`, `. ` `) ` ` - `), and what is left tells the classes
/// apart. Where the number may be part of the name, as in "0 fingers", "1 finger" or "0,5 V", the names
/// stay whole.
///
/// UTF-8 and, with their marks, UTF-16 and UTF-32 are read; a JSON list of texts is too, its names as they
/// are. What would have to be guessed is refused: tables, lists with marks (`- person`), label maps, code.
/// A pipe is read like a file as long as something comes.
public enum LabelFile {
    /// The longest name, in bytes of UTF-8.
    public static let mostBytes = 200

    /// - Parameter patience: how many milliseconds a pipe may be silent.
    /// - Throws: one sentence, with the line, for a file that is not what it should be.
    public static func read(_ path: String, patience: Int32 = 10_000) throws(FileError) -> [String] {
        let bytes = try ByteFile.read(path, limit: 1 << 24, patience: patience)
        let text = visible(try decoded(bytes, path))
        var names = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            trimmed(String($0))
        }
        while names.last?.isEmpty == true { names.removeLast() }
        guard !names.isEmpty else {
            throw FileError(path, "has no class names", do: "give one a line")
        }
        try LabelFormats.refuseOthers(names, path)
        let body = trimmed(text)
        if body.first == "[" || body.first == "{" { return try listed(body, path) }
        names = try LabelLines.names(in: names, path)
        for (index, name) in names.enumerated() { try check(name, "line \(index + 1) of", path) }
        return names
    }

    // MARK: Text

    private enum Encoding: String {
        case utf8 = "UTF-8"
        case utf16 = "UTF-16"
        case utf32 = "UTF-32"
    }

    private static func decoded(_ bytes: [UInt8], _ path: String) throws(FileError) -> String {
        // UTF-32's mark begins as UTF-16's does.
        let marks: [([UInt8], Encoding, isBigEndian: Bool)] = [
            ([0xFF, 0xFE, 0, 0], .utf32, false), ([0, 0, 0xFE, 0xFF], .utf32, true),
            ([0xEF, 0xBB, 0xBF], .utf8, false), ([0xFF, 0xFE], .utf16, false), ([0xFE, 0xFF], .utf16, true),
        ]
        let mark = marks.first { bytes.starts(with: $0.0) }
        let body = bytes.dropFirst(mark?.0.count ?? 0)
        if let mark, mark.1 != .utf8 {
            let text = units(body, of: mark.1 == .utf32 ? 4 : 2, isBigEndian: mark.isBigEndian).flatMap {
                mark.1 == .utf32
                    ? String(validating: $0, as: UTF32.self)
                    : String(validating: $0.map { UInt16($0) }, as: UTF16.self)
            }
            if let text { return text }
            throw FileError(path, "is damaged \(mark.1.rawValue) text", do: "save it again, as UTF-8")
        }
        if mark == nil, bytes.contains(0) {
            throw FileError(
                path, "is no text, or is UTF-16 without a byte order mark",
                do: "save it as UTF-8, one name a line")
        }
        if let text = String(validating: body, as: UTF8.self) { return text }
        throw FileError(
            path, "is not UTF-8 text (line \(lineOfFirstInvalid(body)) has a byte that is none)",
            do: "save it as UTF-8; it may be Latin-1 or Windows-1252 now")
    }

    /// Nil where bytes are left over.
    private static func units(_ bytes: ArraySlice<UInt8>, of size: Int, isBigEndian: Bool) -> [UInt32]? {
        guard bytes.count.isMultiple(of: size) else { return nil }
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { start in
            let unit = bytes[start..<start + size]
            return (isBigEndian ? Array(unit) : unit.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// Line ends of every kind count, as they do where names are told apart.
    private static func lineOfFirstInvalid(_ bytes: ArraySlice<UInt8>) -> Int {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var before = String.UnicodeScalarView()
        while case .valid(let scalar) = parser.parseScalar(from: &iterator) {
            before.append(Unicode.UTF8.decode(scalar))
        }
        return String(before).count(where: \.isNewline) + 1
    }

    /// Without what cannot be seen or typed, so that a label typed by hand is the same text. Joiners stay:
    /// emojis and some scripts need them.
    private static func visible(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0xA0, 0x2007, 0x202F: scalars.append(" ")
            case 0xAD, 0x61C, 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060, 0x2066...0x2069, 0xFEFF:
                continue
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// Not every format character goes: the flags of England and Scotland end in some.
    private static let edge = CharacterSet.whitespacesAndNewlines.union(
        CharacterSet(charactersIn: "\u{0}"..."\u{1F}")
    ).union(CharacterSet(charactersIn: "\u{7F}"..."\u{9F}")).union(
        CharacterSet(charactersIn: "\u{200C}\u{200D}"))

    static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: edge) }

    // MARK: Names

    private static func listed(_ body: String, _ path: String) throws(FileError) -> [String] {
        guard let list = try? JSONDecoder().decode([String].self, from: Data(body.utf8)) else {
            throw FileError(
                path, "looks like JSON or code, but is no JSON list of texts", do: LabelFormats.remedy)
        }
        guard !list.isEmpty else {
            throw FileError(path, "has no class names", do: "give one a line")
        }
        let names = list.map { trimmed(visible($0)) }
        for (index, name) in names.enumerated() { try check(name, "text \(index + 1) of", path) }
        return names
    }

    private static func check(_ name: String, _ place: String, _ path: String) throws(FileError) {
        if name.isEmpty {
            throw FileError(
                "\(place) \(path)", "names no class",
                do: "name it, or delete it if there is no such class")
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
