public import EspalierFiles
import TOMLKit

/// A parsed TOML file that still knows its lines.
public struct TOMLDocument {
    let path: String
    let root: TOMLTable
    private let outline: TOMLOutline

    /// - Throws: for a file that cannot be read, is longer than 1 MiB, is not UTF-8 or not TOML.
    public init(path: String) throws(FileError) {
        try self.init(path: path, bytes: try ByteFile.read(path, limit: 1 << 20))
    }

    /// - Parameter path: what to call it in messages.
    public init(path: String, bytes: [UInt8]) throws(FileError) {
        let unlike = UnlikeTOML(bytes)
        guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
            throw FileError(path, unlike.encoding, do: "save it as UTF-8")
        }
        if let format = unlike.format {
            throw FileError(path, "is \(format), not TOML", do: "write key = value under [table] headers")
        }
        self.path = path
        outline = TOMLOutline(bytes)
        if let (line, problem, remedy) = outline.unparsable {
            throw FileError(path, "line \(line) \(problem)", do: remedy)
        }
        do {
            root = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let line = error.source.begin.line
            let reason = Self.reason(error)
            let isTwice = reason.contains("redefine")
            throw FileError(
                path, "line \(line) is not TOML (\(reason))",
                do: isTwice ? "write each key and each [table] once" : printable(unlike.remedy(line: line)))
        } catch {
            throw FileError(path, "is not TOML", do: "correct it")
        }
    }

    private static func reason(_ error: TOMLParseError) -> String {
        let preamble = "Error while parsing "
        let words = error.description
        return printable(words.hasPrefix(preamble) ? String(words.dropFirst(preamble.count)) : words)
    }

    /// The line, from 1, of a key or table; nil where the file does not name it.
    func line(of steps: [TOMLStep]) -> Int? { outline.lines[steps] }
}

/// What people write or save in place of TOML, and what to tell them.
private struct UnlikeTOML {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var encoding: String {
        let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        return isWide || bytes.contains(0) ? "is UTF-16 text, or no text at all" : "is not UTF-8 text"
    }

    /// A format that begins as no TOML does.
    var format: String? {
        let start = bytes.first { $0 > 0x20 && $0 < 0x80 }
        if start == UInt8(ascii: "{") { return "JSON" }
        if start == UInt8(ascii: "<") { return "XML" }
        let first = lines.first { !$0.isEmpty && $0.first != "#" }
        return first == "---" || first?.hasPrefix("%YAML") == true ? "YAML" : nil
    }

    /// What to do about a line that is no TOML.
    func remedy(line: Int) -> String {
        let words = lines.indices.contains(line - 1) ? lines[line - 1] : ""
        let key = words.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        let rest = trimmed(words.dropFirst(key.count))
        if words.first == ";" || words.hasPrefix("//") { return "begin comments with #" }
        if words.first == "[" { return "close the brackets of [table] or [[table]]" }
        if !key.isEmpty, rest.first == ":" { return "write \(key) = value, not \(key): value" }
        guard rest.first == "=" else { return "write key = value, [table] or [[table]]" }
        return remedy(String(key), String(trimmed(trimmed(rest.dropFirst()).prefix { $0 != "#" })))
    }

    /// What to do about a value that is none.
    private func remedy(_ key: String, _ value: String) -> String {
        guard let first = value.first else { return "give \(key) a value" }
        if "\"'[{".contains(first) { return "close every quote and bracket" }
        if "\u{201C}\u{201D}\u{201E}\u{2018}\u{2019}\u{AB}\u{BB}`".contains(first) {
            return "use straight quotes: \""
        }
        if first.isNumber || "+-.".contains(first) {
            let number = WrittenNumber(value, for: key)?.value
            let hint = number.map { $0.magnitude < 1e9 ? " (\(short($0))?)" : "" } ?? ""
            return "write \(key) as a plain number, without a unit\(hint)"
        }
        let isFlag = ["true", "false", "yes", "no", "on", "off"].contains(value.lowercased())
        return isFlag ? "write true or false" : "put texts in quotes (\(key) = \"\(value.prefix(40))\"?)"
    }

    private var lines: [Substring] {
        String(decoding: bytes, as: UTF8.self)
            .split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(trimmed)
    }

    private func trimmed(_ text: Substring) -> Substring {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start }
        return start[...last]
    }
}

/// Where a file says something, kept for a sentence about it that can only be said later.
public struct Place: Equatable, Sendable {
    let path: String
    /// "line 7, [[output]] labels"; empty: the whole file.
    let words: String

    /// - Parameter problem: continues the sentence that the place begins.
    public func error(_ problem: String, do remedy: String) -> FileError {
        let problem = words.isEmpty ? problem : "\(words) \(problem)"
        return FileError(path, cut(printable(problem), 400), do: cut(printable(remedy), 4000))
    }
}

/// A sentence stays one line whatever a file's texts hold.
private func printable(_ text: String) -> String {
    guard
        text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control || $0 == "\u{2028}" })
    else { return text }
    return text.unicodeScalars.reduce(into: "") { line, scalar in
        let isControl = scalar.properties.generalCategory == .control || scalar == "\u{2028}"
        line += isControl ? scalar.escaped(asASCII: true) : String(scalar)
    }
}

private func cut(_ text: String, _ most: Int) -> String {
    text.count > most ? text.prefix(most) + "..." : text
}
