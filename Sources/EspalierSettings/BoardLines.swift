public import CEspalier
import EspalierFiles

// What a file may call a GPIO line, and which line that is on a board.

/// A GPIO line in the words of a file.
public enum LineName: Equatable, Sendable {
    /// A role or a line of the board; on a board that lists no lines, any line of that name.
    case named(String)
    /// The number on the board's header: "header 11".
    case header(Int)
    /// `{ chip = "mcp23017", name = "..." }`
    case onChip(String, name: String)
    /// `{ chip = "mcp23017", offset = 3 }`; without a chip, on the board's own.
    case offset(Int, chip: String?)
}

/// A line a reaction asks for.
struct LineRequest: Sendable {
    /// Nil: the line that plays `role` on the board.
    var name: LineName?
    var role: String
    /// Bias, drive and active-low; the rest is the board's to say.
    var line = EspalierLine()
    var place: Place
}

/// The GPIO lines of a board.
public struct BoardLines: Equatable, Sendable {
    /// The board's name, for messages.
    public var board: String
    /// Label of the GPIO chip; nil where lines are found by name on any chip.
    public var chip: String?
    /// Names by offset on `chip`; empty: the board does not list them.
    public var names: [String] = []
    /// Numbers on the board's header: the line's name.
    public var header: [Int: String] = [:]
    /// What a line is for, by default: the line's name. "trigger" and "output" are those of a reaction that
    /// names no line.
    public var roles: [String: String] = [:]

    public init(board: String, chip: String? = nil) {
        self.board = board
        self.chip = chip
    }

    /// The sentence for a line that neither the reaction nor this board names; nil where one of them does.
    ///
    /// - Parameter takesOptions: an option may name it, too.
    func missing(_ request: LineRequest, takesOptions: Bool = true) -> FileError? {
        guard request.name == nil, roles[request.role] == nil else { return nil }
        let option = request.role == "trigger" ? "--input" : "--output"
        return request.place.error(
            "names no line, and \(board) has none for the role \(request.role)",
            do: "add line = \"...\"" + (takesOptions ? ", or give \(option)" : ""))
    }

    /// - Throws: for a line this board does not have.
    func resolve(_ request: LineRequest) throws(FileError) -> EspalierLine {
        var line = request.line
        switch request.name {
        case nil:
            guard let name = roles[request.role] else { throw missing(request)! }
            set(name, on: &line)
        case .named(let word):
            let name = roles[word] ?? word
            guard names.isEmpty || names.contains(name) else {
                let choices = roles.keys.sorted() + names
                let hint = suggestion(for: word, among: choices).map { " (\($0)?)" } ?? ""
                throw request.place.error(
                    "is \"\(word)\", which \(board) does not have",
                    do: "choose among \(choices.joined(separator: ", "))\(hint)")
            }
            set(name, on: &line)
        case .header(let number):
            guard let name = header[number] else { throw noHeader(number, request.place) }
            set(name, on: &line)
        case .onChip(let chip, let name) where chip == self.chip && names.contains(name):
            set(name, on: &line)
        case .onChip(let chip, let name):
            setText(&line.chip, chip)
            setText(&line.name, name)
        case .offset(let offset, let chip):
            guard let chip = chip ?? self.chip else {
                throw request.place.error(
                    "has no chip, and \(board) has no GPIO chip of its own", do: "add chip = \"...\"")
            }
            guard chip != self.chip || names.isEmpty || offset < names.count else {
                throw request.place.error(
                    "is offset \(offset), but \(chip) of \(board) has \(names.count) lines",
                    do: "choose an offset from 0 to \(names.count - 1)")
            }
            setText(&line.chip, chip)
            line.offset = Int32(offset)
        }
        return line
    }

    /// An option's words for a line, as `setup` has them: a name, a role, "header 11", CHIP:NAME or CHIP:OFFSET.
    ///
    /// - Returns: NAME, CHIP:NAME or CHIP:OFFSET.
    /// - Throws: for a line this board does not have.
    func resolve(option: String, words: String) throws(FileError) -> String {
        let name: LineName
        if words.hasPrefix("header "), let number = Int(words.dropFirst("header ".count)) {
            name = .header(number)
        } else if let colon = words.lastIndex(of: ":") {
            let (chip, rest) = (String(words[..<colon]), String(words[words.index(after: colon)...]))
            name = Int(rest).map { .offset($0, chip: chip) } ?? .onChip(chip, name: rest)
        } else {
            name = .named(words)
        }
        let line = try resolve(LineRequest(name: name, role: "", place: Place(path: option, words: "")))
        let (chip, own) = (text(line.chip), text(line.name))
        return chip.isEmpty ? own : "\(chip):\(own.isEmpty ? String(line.offset) : own)"
    }

    /// Listed lines are asked for by their offset: kernels differ in what they call them.
    private func set(_ name: String, on line: inout EspalierLine) {
        if let chip { setText(&line.chip, chip) }
        if let offset = names.firstIndex(of: name) {
            line.offset = Int32(offset)
        } else {
            setText(&line.name, name)
        }
    }

    private func noHeader(_ number: Int, _ place: Place) -> FileError {
        let numbers = header.keys.sorted().map(String.init).joined(separator: ", ")
        return place.error(
            "is header \(number), which is no GPIO line of \(board)",
            do: numbers.isEmpty ? "name the line, or its chip and offset" : "choose among \(numbers)")
    }
}

extension TOMLSection {
    /// A key that names a line: a name, "header 11", or `{ chip = ..., offset = ... }`. Nil where it is not there.
    public func lineName(_ key: String = "line") throws(FileError) -> LineName? {
        if let table = inlineTable(key) {
            try table.allowOnly(["chip", "name", "offset"])
            let chip = try table.plainName("chip")
            let name = try table.plainName("name")
            let offset = try table.integer("offset", in: 0...1023)
            switch (chip, name, offset) {
            case (let chip?, let name?, nil): return .onChip(chip, name: name)
            case (nil, let name?, nil): return .named(name)
            case (let chip, nil, let offset?): return .offset(offset, chip: chip)
            default: throw error(key, "is not one line", do: "give either a name or an offset")
            }
        }
        if let text = try text(key), text.hasPrefix("header ") {
            guard let number = Int(text.dropFirst("header ".count)) else {
                throw error(key, "is \"\(text)\"", do: "write a number, as in \"header 11\"")
            }
            return .header(number)
        }
        return try plainName(key).map { .named($0) }
    }

    /// The name of a line or chip: it fits the setup's field, and stands in traces without quotes.
    func plainName(_ key: String) throws(FileError) -> String? {
        guard let name = try text(key) else { return nil }
        let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isPlain, !name.isEmpty, name.utf8.count < Int(ESPALIER_SETUP_NAME_BYTES) else {
            throw error(
                key, "is no name for a \(key == "chip" ? "chip" : "line")",
                do: "give up to 63 letters, digits or signs without spaces")
        }
        return name
    }
}
