/// A step from a table to what is in it.
enum TOMLStep: Hashable, Sendable {
    case key(String)
    /// Of an array, from 0.
    case index(Int)
}

/// Where a TOML file says what: the line, from 1, of every key and table.
///
/// The parser keeps no positions. This reads keys, brackets and quotes only, and leaves it to the parser to say what
/// is wrong with a file, but for what the parser cannot be given: assertions of toml++ 3.4 end the process at a header
/// without a name, at an array's element that begins as no value does and at a date with half a time behind it; so
/// would keys of thousands of parts, by their depth.
struct TOMLOutline {
    private(set) var lines: [[TOMLStep]: Int] = [:]
    /// The first line that the parser cannot be given, and why.
    private(set) var unparsable: (line: Int, problem: String, remedy: String)?

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// How many tables an array of tables has so far.
    private var counts: [[TOMLStep]: Int] = [:]

    /// More parts than any key has, and more levels than any value.
    private static let mostParts = 16

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        var table: [TOMLStep] = []
        while skipSpace() {
            if byte == UInt8(ascii: "[") {
                readHeader(&table)
            } else {
                readPair(in: table, depth: 0)
            }
            skipLine()
        }
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isNext(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return bytes[position...].starts(with: wanted)
    }

    private mutating func advance() {
        if byte == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func note(_ path: [TOMLStep]) { if lines[path] == nil { lines[path] = line } }

    private mutating func refuse(_ problem: String, _ remedy: String) {
        if unparsable == nil { unparsable = (line, problem, remedy) }
    }

    // MARK: Space

    private mutating func skipBlanks() {
        while byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
    }

    /// Blanks, ends of lines and comments; false at the end of the file.
    @discardableResult
    private mutating func skipSpace() -> Bool {
        while let next = byte {
            switch next {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): advance()
            case UInt8(ascii: "#"): skipLine()
            default: return true
            }
        }
        return false
    }

    /// To the next line.
    private mutating func skipLine() {
        while let next = byte, next != UInt8(ascii: "\n") { advance() }
        if byte != nil { advance() }
    }

    // MARK: Headers and pairs

    private mutating func readHeader(_ table: inout [TOMLStep]) {
        advance()
        let isArray = byte == UInt8(ascii: "[")
        if isArray { advance() }
        guard let keys = readKey() else {
            return refuse("has a header without a name", "write for example [camera] or [[trigger]]")
        }
        table = []
        for (number, key) in keys.enumerated() {
            table.append(.key(key))
            note(table)
            let isLast = number == keys.count - 1
            if isLast && isArray { counts[table, default: 0] += 1 }
            guard let count = counts[table] else { continue }
            table.append(.index(count - 1))
            note(table)
        }
    }

    /// `key = value`.
    private mutating func readPair(in table: [TOMLStep], depth: Int) {
        guard let keys = readKey(), byte == UInt8(ascii: "=") else { return }
        var path = table
        for key in keys {
            path.append(.key(key))
            note(path)
        }
        advance()
        readValue(path, depth: depth)
    }

    /// A key's parts, dotted, and the blanks behind it; nil where there is none.
    private mutating func readKey() -> [String]? {
        var parts: [String] = []
        while true {
            skipBlanks()
            guard let part = readPart() else { return nil }
            parts.append(part)
            skipBlanks()
            guard byte == UInt8(ascii: ".") else { return parts }
            advance()
            guard parts.count < Self.mostParts else {
                refuse("has a key of more than \(Self.mostParts) parts", "write the tables it is to be in")
                return nil
            }
        }
    }

    private mutating func readPart() -> String? {
        let start = position
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            skipText()
            return position < start + 2
                ? nil : String(decoding: bytes[start + 1..<position - 1], as: UTF8.self)
        }
        while let next = byte, isBare(next) { advance() }
        return position == start ? nil : String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    // MARK: Values

    private mutating func readValue(_ path: [TOMLStep], depth: Int) {
        skipBlanks()
        guard depth < Self.mostParts else {
            return refuse("nests values more than \(Self.mostParts) deep", "write tables with headers")
        }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): skipText()
        case UInt8(ascii: "["): readArray(path, depth: depth)
        case UInt8(ascii: "{"): readTable(path, depth: depth)
        default:
            let start = position
            while let next = byte, !isEnd(next) { advance() }
            if isDateWithMore(bytes[start..<position]) {
                refuse("has a date and more, which no key takes", "put texts in quotes")
            }
        }
    }

    /// True for `1979-05-27 7`, underscores aside, whatever follows.
    private func isDateWithMore(_ text: ArraySlice<UInt8>) -> Bool {
        let words = text.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, let next = words[1].first, isDigit(next) else { return false }
        let date = words[0].filter { $0 != UInt8(ascii: "_") }
        let dash = UInt8(ascii: "-")
        return date.count == 10 && date[4] == dash && date[7] == dash
            && date.allSatisfy { isDigit($0) || $0 == dash }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\n"), UInt8(ascii: "#"):
            true
        default: false
        }
    }

    private mutating func readArray(_ path: [TOMLStep], depth: Int) {
        advance()
        var index = 0
        while skipSpace(), byte != UInt8(ascii: "]") {
            let start = position
            guard let first = byte, (0x21...0x7E).contains(first), first != UInt8(ascii: "}") else {
                return refuse("has something in an array that is no value", "write values between commas")
            }
            note(path + [.index(index)])
            readValue(path + [.index(index)], depth: depth + 1)
            skipSpace()
            if byte == UInt8(ascii: ",") { advance() }
            if position == start { return }
            index += 1
        }
        if byte != nil { advance() }
    }

    private mutating func readTable(_ path: [TOMLStep], depth: Int) {
        advance()
        while skipSpace(), byte != UInt8(ascii: "}") {
            let start = position
            readPair(in: path, depth: depth + 1)
            skipSpace()
            if byte == UInt8(ascii: ",") { advance() }
            if position == start { return }
        }
        if byte != nil { advance() }
    }

    /// A text with its quotes, one or three; one that does not end, to the end of its line or of the file.
    private mutating func skipText() {
        let quote = bytes[position]
        let isLong = isNext("\"\"\"") || isNext("'''")
        position += isLong ? 3 : 1
        while let next = byte, isLong || next != UInt8(ascii: "\n") {
            if next == quote, !isLong || isNext("\"\"\"") || isNext("'''") {
                position += isLong ? 3 : 1
                // Quotes that end with one or two more belong to the text.
                while isLong, byte == quote { position += 1 }
                return
            }
            advance()
            if next == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), byte != nil { advance() }
        }
    }
}
