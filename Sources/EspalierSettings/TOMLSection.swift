public import EspalierFiles
import TOMLKit

// Reading TOML so that whatever is wrong with it becomes one sentence with the file, the line and the key.

/// One table of a document: typed values, with bounds. Every getter is nil for a key that is not there.
public struct TOMLSection {
    private let document: TOMLDocument
    private let table: TOMLTable
    private let header: String
    private let occurrence: Int
    /// The key an inline table belongs to.
    private var owner: String?

    /// The keys above all headers.
    public init(root document: TOMLDocument) {
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

    /// The keys of this table, in order.
    public var keys: [String] { table.keys.sorted() }

    /// The table `[key]`.
    public func section(_ key: String) throws(FileError) -> TOMLSection? {
        guard let value = table[key] else { return nil }
        guard let table = value.table else { throw wrong(key, value, "write a table [\(key)]") }
        return TOMLSection(document, table, header: "[\(key)]", occurrence: 1)
    }

    /// The tables `[[key]]`.
    public func sections(_ key: String) throws(FileError) -> [TOMLSection] {
        guard let value = table[key] else { return [] }
        guard let array = value.array else { throw wrong(key, value, "write tables [[\(key)]]") }
        var sections: [TOMLSection] = []
        for index in 0..<array.count {
            guard let table = array[index].table else { throw wrong(key, value, "write tables [[\(key)]]") }
            sections.append(TOMLSection(document, table, header: "[[\(key)]]", occurrence: index + 1))
        }
        return sections
    }

    /// The inline table `key = { ... }`; nil where the key's value is something else.
    public func inlineTable(_ key: String) -> TOMLSection? {
        guard let table = table[key]?.table else { return nil }
        var section = TOMLSection(document, table, header: header, occurrence: occurrence)
        section.owner = key
        return section
    }

    /// - Throws: for a key that is none of these.
    public func allowOnly(_ keys: [String]) throws(FileError) {
        for key in table.keys.sorted() where !keys.contains(key) {
            throw error(key, "is not a known key", do: "choose among \(keys.joined(separator: ", "))")
        }
    }

    // MARK: Values

    public func number(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
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

    public func integer(_ key: String, in range: ClosedRange<Int>) throws(FileError) -> Int? {
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
    public func nanoseconds(_ key: String, unit: Double) throws(FileError) -> Int64? {
        let number = try number(key, in: 0...(86_400_000_000_000 / unit))
        return number.map { Int64(($0 * unit).rounded()) }
    }

    /// Milliseconds, 0 to a day, into nanoseconds, if the key is there.
    public func read(_ key: String, _ nanoseconds: inout Int64) throws(FileError) {
        nanoseconds = try self.nanoseconds(key, unit: 1e6) ?? nanoseconds
    }

    public func flag(_ key: String) throws(FileError) -> Bool? {
        guard let value = table[key] else { return nil }
        guard let flag = value.bool else { throw wrong(key, value, "give true or false") }
        return flag
    }

    public func text(_ key: String) throws(FileError) -> String? {
        guard let value = table[key] else { return nil }
        guard let text = value.string else { throw wrong(key, value, "give a text in quotes") }
        return text
    }

    /// A text of at most so many bytes.
    public func text(_ key: String, bytes: Int) throws(FileError) -> String? {
        guard let text = try text(key) else { return nil }
        guard text.utf8.count <= bytes else {
            throw error(key, "has \(text.utf8.count) bytes", do: "give a text of at most \(bytes)")
        }
        return text
    }

    /// One of several words, as what it stands for.
    public func choice<Value>(_ key: String, _ choices: [(String, Value)]) throws(FileError) -> Value? {
        guard let word = try text(key) else { return nil }
        return try choice(key, word, choices)
    }

    /// Several of several words, as what they stand for.
    public func choices<Value>(_ key: String, _ choices: [(String, Value)]) throws(FileError) -> [Value]? {
        guard let words = try texts(key) else { return nil }
        var values: [Value] = []
        for word in words { values.append(try choice(key, word, choices)) }
        return values
    }

    private func choice<Value>(
        _ key: String, _ word: String, _ choices: [(String, Value)]
    ) throws(FileError) -> Value {
        if let choice = choices.first(where: { $0.0 == word }) { return choice.1 }
        throw error(
            key, "is \"\(word)\"", do: "choose among \(choices.map(\.0).joined(separator: ", "))")
    }

    public func texts(_ key: String) throws(FileError) -> [String]? {
        guard let value = table[key] else { return nil }
        let texts = value.array.map { array in (0..<array.count).compactMap { array[$0].string } }
        guard let texts, texts.count == value.array?.count else {
            throw wrong(key, value, "give texts in brackets")
        }
        return texts
    }

    public func integers(_ key: String) throws(FileError) -> [Int]? {
        guard let value = table[key] else { return nil }
        let numbers = value.array.map { array in (0..<array.count).compactMap { array[$0].int } }
        guard let numbers, numbers.count == value.array?.count, numbers.allSatisfy({ $0 >= 0 }) else {
            throw wrong(key, value, "give whole numbers from 0 in brackets")
        }
        return numbers
    }

    // MARK: Errors

    /// Where a key is, or would be; without one, where the table is.
    public func place(_ key: String? = nil) -> Place {
        let line =
            (owner ?? key).flatMap { document.line(of: $0, header: header, occurrence: occurrence) }
            ?? document.line(ofHeader: header, occurrence: occurrence)
        var words: [String] = []
        if let line { words.append("line \(line),") }
        if !header.isEmpty {
            words.append(line == nil && occurrence > 1 ? "\(header) \(occurrence)" : header)
        }
        let path = [owner, key].compactMap { $0 }
        if !path.isEmpty { words.append(path.joined(separator: ".")) }
        return Place(path: document.path, words: words.joined(separator: " "))
    }

    /// A sentence about a key.
    public func error(_ key: String, _ problem: String, do remedy: String) -> FileError {
        place(key).error(problem, do: remedy)
    }

    /// A sentence about a key that has to be there.
    public func missing(_ key: String, do remedy: String) -> FileError {
        place().error("has no \(key)", do: remedy)
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
