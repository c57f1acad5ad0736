public import EspalierFiles
import TOMLKit

// Reading TOML so that whatever is wrong with it becomes one sentence with the file, the line and the key.

/// One table of a document: typed values, with bounds. Every getter is nil for a key that is not there.
public struct TOMLSection {
    private let document: TOMLDocument
    private let table: TOMLTable
    private let steps: [TOMLStep]
    /// "[[trigger]]"; empty: the keys above all headers.
    private let header: String
    /// Of tables with this header, from 1.
    private let occurrence: Int
    /// The key an inline table belongs to.
    private let owner: String?

    /// The keys above all headers.
    public init(root document: TOMLDocument) {
        self.init(document, document.root, [], header: "")
    }

    private init(
        _ document: TOMLDocument, _ table: TOMLTable, _ steps: [TOMLStep], header: String,
        occurrence: Int = 1, owner: String? = nil
    ) {
        self.document = document
        self.table = table
        self.steps = steps
        self.header = header
        self.occurrence = occurrence
        self.owner = owner
    }

    /// The keys of this table, in order.
    public var keys: [String] { table.keys.sorted() }

    /// The table `[key]`.
    public func section(_ key: String) throws(FileError) -> TOMLSection? {
        guard let value = table[key] else { return nil }
        guard let table = value.table else {
            let isMany = value.array.map { $0.count > 0 && $0[0].table != nil } ?? false
            throw wrong(key, value, isMany ? "write it once, as [\(key)]" : "write a table [\(key)]")
        }
        return TOMLSection(document, table, steps + [.key(key)], header: "[\(key)]")
    }

    /// The tables `[[key]]`.
    public func sections(_ key: String) throws(FileError) -> [TOMLSection] {
        guard let value = table[key] else { return [] }
        let remedy = "write tables [[\(key)]], in two brackets each"
        guard let array = value.array else { throw wrong(key, value, remedy) }
        var sections: [TOMLSection] = []
        for index in 0..<array.count {
            guard let table = array[index].table else { throw wrong(key, value, remedy) }
            sections.append(
                TOMLSection(
                    document, table, steps + [.key(key), .index(index)], header: "[[\(key)]]",
                    occurrence: index + 1))
        }
        return sections
    }

    /// The inline table `key = { ... }`; nil where the key's value is something else.
    public func inlineTable(_ key: String) -> TOMLSection? {
        guard let table = table[key]?.table else { return nil }
        return TOMLSection(
            document, table, steps + [.key(key)], header: header, occurrence: occurrence, owner: key)
    }

    /// - Throws: for a key that is none of these.
    public func allowOnly(_ keys: [String]) throws(FileError) {
        for key in self.keys where !keys.contains(key) {
            let hint = suggestion(for: key, among: keys).map { " (\($0)?)" } ?? ""
            let home = hint.isEmpty ? home(of: key).flatMap { $0 == header ? nil : $0 } : nil
            throw error(
                key, "is not a known key",
                do: home.map { "move it to \($0)" }
                    ?? "choose among \(keys.joined(separator: ", "))\(hint)")
        }
    }

    // MARK: Numbers

    /// - Parameters:
    ///   - orZero: 0 is a number to give as well.
    ///   - units: what numbers in units that people use besides have to be multiplied by, for a hint.
    public func number(
        _ key: String, in range: ClosedRange<Double>, orZero: Bool = false, units: [Double] = []
    ) throws(FileError) -> Double? {
        let bounds = NumberBounds(range: range, orZero: orZero, units: units)
        guard let value = table[key] else { return nil }
        guard let number = value.double ?? value.int.map(Double.init) else {
            throw noNumber(key, value, "number", bounds)
        }
        guard bounds.contains(number) else { throw outOfBounds(key, number, "number", bounds) }
        return number
    }

    public func integer(
        _ key: String, in range: ClosedRange<Int>, units: [Double] = []
    ) throws(FileError) -> Int? {
        guard let value = table[key] else { return nil }
        let bounds = NumberBounds(
            range: Double(range.lowerBound)...Double(range.upperBound), units: units)
        if let number = value.double {
            let isMeant = number == number.rounded() && bounds.range.contains(number)
            throw error(
                key, "is \(number)",
                do: "give a whole number \(bounds.words)\(isMeant ? " (\(short(number))?)" : "")")
        }
        guard let number = value.int else { throw noNumber(key, value, "whole number", bounds) }
        guard range.contains(number) else {
            throw outOfBounds(key, Double(number), "whole number", bounds)
        }
        return number
    }

    /// A time in nanoseconds; `unit` is how many of them the key's unit has, in which its bounds are.
    public func nanoseconds(
        _ key: String, unit: Double, in range: ClosedRange<Double>? = nil, orZero: Bool = false
    ) throws(FileError) -> Int64? {
        let range = range ?? 0...(86_400_000_000_000 / unit)
        // Seconds in place of milliseconds are too few, and the other way round too many.
        let number = try number(key, in: range, orZero: orZero, units: [1e3, 1e-3])
        return number.map { Int64(($0 * unit).rounded()) }
    }

    /// Milliseconds, 0 to a day unless it says otherwise, into nanoseconds, if the key is there.
    public func read(
        _ key: String, _ nanoseconds: inout Int64, in range: ClosedRange<Double>? = nil,
        orZero: Bool = false
    ) throws(FileError) {
        nanoseconds = try self.nanoseconds(key, unit: 1e6, in: range, orZero: orZero) ?? nanoseconds
    }

    private func outOfBounds(
        _ key: String, _ number: Double, _ kind: String, _ bounds: NumberBounds
    ) -> FileError {
        let zero = bounds.orZero ? "0 or " : ""
        return error(
            key, "is \(short(number))",
            do: "give \(zero)a \(kind) \(bounds.words)\(bounds.hint(number))")
    }

    private func noNumber(
        _ key: String, _ value: any TOMLValueConvertible, _ kind: String, _ bounds: NumberBounds
    ) -> FileError {
        guard let text = value.string, let number = WrittenNumber(text, for: key)?.value,
            bounds.contains(number)
        else { return wrong(key, value, "give a \(kind)") }
        return error(
            key, "is the text \"\(text)\"", do: "give a \(kind) without quotes (\(short(number))?)")
    }

    // MARK: Other values

    public func flag(_ key: String) throws(FileError) -> Bool? {
        guard let value = table[key] else { return nil }
        guard let flag = value.bool else {
            throw wrong(key, value, "give true or false\(value.string == nil ? "" : " without quotes")")
        }
        return flag
    }

    public func text(_ key: String) throws(FileError) -> String? {
        guard let value = table[key] else { return nil }
        guard let text = value.string else { throw wrong(key, value, "give a text in quotes") }
        return text
    }

    /// What stands at a key, for a sentence about it.
    public func word(_ key: String) -> String { table[key].map { $0.string ?? $0.debugDescription } ?? "" }

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
        let words = choices.map(\.0)
        let hint = suggestion(for: word, among: words).map { " (\($0)?)" } ?? ""
        throw error(key, "is \"\(word)\"", do: "choose among \(words.joined(separator: ", "))\(hint)")
    }

    public func texts(_ key: String) throws(FileError) -> [String]? {
        guard let value = table[key] else { return nil }
        let texts = value.array.map { array in (0..<array.count).compactMap { array[$0].string } }
        guard let texts, texts.count == value.array?.count else {
            let hint = value.string.map { " ([\"\($0)\"]?)" } ?? ""
            throw wrong(key, value, "give texts in brackets\(hint)")
        }
        return texts
    }

    /// Whole numbers from the least on.
    public func integers(_ key: String, from least: Int = 0) throws(FileError) -> [Int]? {
        guard let value = table[key] else { return nil }
        let numbers = value.array.map { array in (0..<array.count).compactMap { array[$0].int } }
        guard let numbers, numbers.count == value.array?.count, numbers.allSatisfy({ $0 >= least }) else {
            let hint = value.int.map { $0 >= least ? " ([\($0)]?)" : "" } ?? ""
            throw wrong(key, value, "give whole numbers from \(least) in brackets\(hint)")
        }
        return numbers
    }

    // MARK: Errors

    /// Where a key is, or would be; without one, where the table is.
    public func place(_ key: String? = nil) -> Place {
        let line = key.flatMap { document.line(of: steps + [.key($0)]) } ?? document.line(of: steps)
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
