// The dictionary in a .npy header: Python literal syntax, of which three keys and four kinds of value matter.
//
//     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }

/// What a .npy header says.
struct NPYHeader: Equatable {
    /// The element type as NumPy spells it. A structured type (a list) is kept as its first bytes of text.
    var descr: String
    var fortranOrder: Bool
    /// At most `NPY.dimensionLimit` lengths, each 0 or more.
    var shape: [Int]

    /// Parses the dictionary; nil if it is not one, if a key is missing, twice there or unknown.
    init?(_ text: ArraySlice<UInt8>) {
        var reader = Literals(rest: text)
        var descr: String?
        var fortranOrder: Bool?
        var shape: [Int]?
        guard reader.take("{") else { return nil }
        while !reader.take("}") {
            guard let key = reader.string(), reader.take(":") else { return nil }
            switch key {
            case "descr" where descr == nil: descr = reader.string() ?? reader.structuredType()
            case "fortran_order" where fortranOrder == nil: fortranOrder = reader.boolean()
            case "shape" where shape == nil: shape = reader.tuple()
            default: return nil
            }
            guard reader.take(",") || reader.next == UInt8(ascii: "}") else { return nil }
        }
        guard reader.next == nil, let descr, let fortranOrder, let shape else { return nil }
        self.descr = descr
        self.fortranOrder = fortranOrder
        self.shape = shape
    }
}

/// Python literals, read one by one. Every reader skips white space before it and returns nil on anything
/// else.
private struct Literals {
    var rest: ArraySlice<UInt8>

    /// The next byte that is not white space.
    var next: UInt8? {
        mutating get {
            rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }
            return rest.first
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// A string without escapes, in either kind of quotes.
    mutating func string() -> String? {
        guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let body = rest.dropFirst().prefix { $0 != quote }
        guard body.endIndex < rest.endIndex, !body.contains(UInt8(ascii: "\\")) else { return nil }
        rest = rest[(body.endIndex + 1)...]
        return String(decoding: body, as: UTF8.self)
    }

    mutating func boolean() -> Bool? {
        guard next != nil else { return nil }
        for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
            rest = rest.dropFirst(word.utf8.count)
            return value
        }
        return nil
    }

    /// `()`, `(3,)`, `(3, 4)`; a trailing comma is fine, as is Python 2's `3L`.
    mutating func tuple() -> [Int]? {
        guard take("(") else { return nil }
        var lengths: [Int] = []
        while !take(")") {
            guard lengths.count < NPY.dimensionLimit, let length = integer() else { return nil }
            lengths.append(length)
            guard take(",") || next == UInt8(ascii: ")") else { return nil }
        }
        return lengths
    }

    private mutating func integer() -> Int? {
        guard next != nil else { return nil }
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let value = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        rest = rest[digits.endIndex...]
        _ = take("L")
        return value
    }

    /// A list of fields such as `[('x', '<f4')]`, skipped to its end; returned as text so that an error can
    /// quote it.
    mutating func structuredType() -> String? {
        guard next == UInt8(ascii: "[") else { return nil }
        var depth = 0
        for index in rest.indices {
            if rest[index] == UInt8(ascii: "[") { depth += 1 }
            if rest[index] == UInt8(ascii: "]") { depth -= 1 }
            if depth == 0 {
                defer { rest = rest[(index + 1)...] }
                return String(decoding: rest[...index], as: UTF8.self)
            }
        }
        return nil
    }
}
