import EspalierFiles
import TOMLKit

// Reading TOML so that whatever is wrong with it becomes one sentence with the file, the line and the key.

/// A parsed TOML file that still knows its lines.
struct TOMLDocument {
    let path: String
    let root: TOMLTable
    private let lines: [Substring]

    /// - Throws: for a file that cannot be read, is longer than 1 MiB, is not UTF-8 or not TOML.
    init(path: String) throws(FileError) {
        let bytes = try ByteFile.read(path, limit: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
            throw FileError(path, "is not UTF-8 text", do: "save it as UTF-8")
        }
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        do {
            root = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw FileError(
                path, "line \(error.source.begin.line) is not TOML (\(error.description))", do: "correct it")
        } catch {
            throw FileError(path, "is not TOML", do: "correct it")
        }
    }

    /// The line, from 1, a key is on: in the n-th table of a header, or above all headers. Nil where the file
    /// writes it in another way, as an inline table.
    func line(of key: String, header: String, occurrence: Int) -> Int? {
        var seen = 0
        var inside = header.isEmpty
        for (index, line) in lines.enumerated() {
            let words = line.drop { $0 == " " || $0 == "\t" }
            if words.first == "[" {
                let isHeader = words.hasPrefix(header) && !header.isEmpty
                if isHeader { seen += 1 }
                inside = isHeader && seen == occurrence
            } else if inside, words.hasPrefix(key) {
                let rest = words.dropFirst(key.count).drop { $0 == " " || $0 == "\t" }
                if rest.first == "=" { return index + 1 }
            }
        }
        return nil
    }
}

/// One table of a document: typed values, with bounds. Every getter is nil for a key that is not there.
struct TOMLSection {
    private let document: TOMLDocument
    private let table: TOMLTable
    private let header: String
    private let occurrence: Int

    /// The keys above all headers.
    init(root document: TOMLDocument) {
        self.document = document
        table = document.root
        header = ""
        occurrence = 0
    }

    private init(_ document: TOMLDocument, _ table: TOMLTable, header: String, occurrence: Int) {
        self.document = document
        self.table = table
        self.header = header
        self.occurrence = occurrence
    }

    /// The table `[key]`.
    func section(_ key: String) throws(FileError) -> TOMLSection? {
        guard let value = table[key] else { return nil }
        guard let table = value.table else { throw wrong(key, value, "write a table [\(key)]") }
        return TOMLSection(document, table, header: "[\(key)]", occurrence: 1)
    }

    /// The tables `[[key]]`.
    func sections(_ key: String) throws(FileError) -> [TOMLSection] {
        guard let value = table[key] else { return [] }
        guard let array = value.array else { throw wrong(key, value, "write tables [[\(key)]]") }
        var sections: [TOMLSection] = []
        for index in 0..<array.count {
            guard let table = array[index].table else { throw wrong(key, value, "write tables [[\(key)]]") }
            sections.append(TOMLSection(document, table, header: "[[\(key)]]", occurrence: index + 1))
        }
        return sections
    }

    /// - Throws: for a key that is none of these.
    func allowOnly(_ keys: [String]) throws(FileError) {
        for key in table.keys.sorted() where !keys.contains(key) {
            throw error(key, "is not a known key", do: "choose among \(keys.joined(separator: ", "))")
        }
    }

    // MARK: Values

    func number(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
        guard let value = table[key] else { return nil }
        guard let number = value.double ?? value.int.map(Double.init) else {
            throw wrong(key, value, "give a number")
        }
        guard range.contains(number) else {
            throw error(
                key, "is \(short(number))",
                do: "give a number from \(short(range.lowerBound)) to \(short(range.upperBound))")
        }
        return number
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(FileError) -> Int? {
        guard let value = table[key] else { return nil }
        guard let number = value.int else { throw wrong(key, value, "give a whole number") }
        guard range.contains(number) else {
            throw error(
                key, "is \(number)", do: "give a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// A time of 0 to a day, in nanoseconds; `unit` is how many of them the key's unit has.
    func nanoseconds(_ key: String, unit: Double) throws(FileError) -> Int64? {
        let number = try number(key, in: 0...(86_400_000_000_000 / unit))
        return number.map { Int64(($0 * unit).rounded()) }
    }

    func text(_ key: String) throws(FileError) -> String? {
        guard let value = table[key] else { return nil }
        guard let text = value.string else { throw wrong(key, value, "give a text in quotes") }
        return text
    }

    func texts(_ key: String) throws(FileError) -> [String]? {
        guard let value = table[key] else { return nil }
        let texts = value.array.map { array in (0..<array.count).compactMap { array[$0].string } }
        guard let texts, texts.count == value.array?.count else {
            throw wrong(key, value, "give texts in brackets")
        }
        return texts
    }

    func integers(_ key: String) throws(FileError) -> [Int]? {
        guard let value = table[key] else { return nil }
        let numbers = value.array.map { array in (0..<array.count).compactMap { array[$0].int } }
        guard let numbers, numbers.count == value.array?.count, numbers.allSatisfy({ $0 >= 0 }) else {
            throw wrong(key, value, "give whole numbers from 0 in brackets")
        }
        return numbers
    }

    // MARK: Errors

    /// A sentence about a key.
    func error(_ key: String, _ problem: String, do remedy: String) -> FileError {
        let line = document.line(of: key, header: header, occurrence: occurrence)
        var place: [String] = []
        if let line { place.append("line \(line),") }
        if !header.isEmpty {
            place.append(line == nil && occurrence > 1 ? "\(header) \(occurrence)" : header)
        }
        place.append(key)
        return FileError(document.path, "\(place.joined(separator: " ")) \(problem)", do: remedy)
    }

    /// A sentence about a key that has to be there.
    func missing(_ key: String, do remedy: String) -> FileError {
        let place = header.isEmpty ? "" : header.hasPrefix("[[") ? "\(header) \(occurrence) " : "\(header) "
        return FileError(document.path, "\(place)has no \(key)", do: remedy)
    }

    private func wrong(_ key: String, _ value: any TOMLValueConvertible, _ remedy: String) -> FileError {
        let type =
            switch value.type {
            case .table: "a table"
            case .array: "an array"
            case .string: "a text"
            case .int, .double: "a number"
            case .bool: "true or false"
            default: "a date or time"
            }
        return error(key, "is \(type)", do: remedy)
    }
}

/// 3.0 as "3".
private func short(_ number: Double) -> String {
    number.magnitude < 1e15 && number == number.rounded() ? String(Int(number)) : String(number)
}
