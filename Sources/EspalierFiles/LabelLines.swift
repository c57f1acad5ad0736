// What stands around class names in the lines of a label file: commas, numbers, quotes.

enum LabelLines {
    /// - Parameter lines: without blanks around them, and not empty at the end.
    static func names(in lines: [String], _ path: String) throws(FileError) -> [String] {
        let lines = withoutCommas(lines)
        let names: [String]
        if let bare = withoutNumbers(lines) {
            names = bare
        } else {
            try LabelFormats.refuseOtherNumbers(lines, path)
            names = lines
        }
        try LabelFormats.refuseTabs(names, path)
        for (index, name) in names.enumerated() {
            try LabelFormats.refuseColumns(name, "line \(index + 1) of \(path)")
        }
        return names.map(withoutQuotes)
    }

    /// As lists in programs have them: a comma after every name, the last one excepted.
    private static func withoutCommas(_ lines: [String]) -> [String] {
        guard lines.count > 1, lines.dropLast().allSatisfy({ $0.hasSuffix(",") }) else { return lines }
        return lines.map { $0.hasSuffix(",") ? LabelFile.trimmed(String($0.dropLast())) : $0 }
    }

    /// Nil unless the numbers are the classes' own and no part of the names.
    private static func withoutNumbers(_ lines: [String]) -> [String]? {
        guard lines.count > 1, let numbering = LabelNumbering(lines[...]),
            numbering.numbers == Array(lines.indices), numbering.tellsApart,
            numbering.separator != " " || !counts(numbering.names)
        else { return nil }
        return numbering.names
    }

    /// Whether the numbers before these names count what the names name: "0 cars", "1 car", "2 or more".
    private static func counts(_ names: [String]) -> Bool {
        let words = names.map { $0.lowercased() }
        if words.contains(where: { $0.hasPrefix("or ") || $0.hasPrefix("and ") }) { return true }
        let one = words[1]
        let irregular = ["person": "people", "man": "men", "woman": "women", "foot": "feet", "mouse": "mice"]
        let endings = ["s", "es", "n", "en", "ren", "e", "er", "x"]
        return words.indices.contains { index in
            guard index != 1 else { return false }
            let more = words[index]
            return more == irregular[one] || endings.contains { more == one + $0 }
        }
    }

    /// Quotes around the whole name, with none of their kind inside.
    private static func withoutQuotes(_ name: String) -> String {
        let pairs: [(Character, Character)] = [
            ("\"", "\""), ("'", "'"), ("\u{201C}", "\u{201D}"), ("\u{2018}", "\u{2019}"),
        ]
        guard name.count > 1, let first = name.first, let last = name.last,
            pairs.contains(where: { $0.0 == first && $0.1 == last })
        else { return name }
        let inner = name.dropFirst().dropLast()
        return inner.contains(first) || inner.contains(last) ? name : LabelFile.trimmed(String(inner))
    }
}

/// A number before every name, all with one separator.
struct LabelNumbering {
    private(set) var numbers: [Int] = []
    private(set) var names: [String] = []
    /// A sign, or " " or a tab.
    private(set) var separator = ""
    /// Whether no name has such a thing between a number and the rest: not one blank, as in "2 persons".
    private(set) var isClear = true

    /// Nil where a line has no number, its own separator, or a number that goes on behind it: "0,5", "0:00".
    init?(_ lines: ArraySlice<String>) {
        guard !lines.isEmpty else { return nil }
        for line in lines {
            guard let (number, separator, isClear, name) = Self.parts(of: line),
                numbers.isEmpty || separator == self.separator,
                ![",", ":"].contains(separator) || name.first?.isNumber != true
            else { return nil }
            numbers.append(number)
            names.append(name)
            self.separator = separator
            self.isClear = self.isClear && isClear
        }
    }

    /// Whether no two names are the same without their numbers.
    var tellsApart: Bool { Set(names).count == names.count }

    /// The longer ones first.
    private static let signs = ["->", "=>", "→", ",", ":", ";", "=", "|", ".", ")", "-", "–", "—"]
    private static let loose = [".", ")", "-", "–", "—"]

    private static func parts(of line: String) -> (Int, separator: String, isClear: Bool, name: String)? {
        let quote = line.prefix { "\"'".contains($0) }
        var rest = line.dropFirst(quote.count)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard let number = Int(digits), quote.count < 2, rest.hasPrefix(quote) else { return nil }
        rest = rest.dropFirst(quote.count)

        let before = rest.prefix { $0 == " " || $0 == "\t" }
        rest = rest.dropFirst(before.count)
        let sign = signs.first { rest.hasPrefix($0) }
        rest = rest.dropFirst(sign?.count ?? 0)
        let after = rest.prefix { $0 == " " || $0 == "\t" }
        let name = rest.dropFirst(after.count)
        guard let first = name.first, !",:;=|.)->–—→".contains(first) else { return nil }
        switch sign {
        case nil:
            guard !before.isEmpty else { return nil }
            let hasTab = before.contains("\t")
            return (number, hasTab ? "\t" : " ", hasTab || before.count > 1, String(name))
        case ".", ")":
            guard before.isEmpty, !after.isEmpty else { return nil }
        case "-", "–", "—":
            guard !before.isEmpty, !after.isEmpty else { return nil }
        default: break
        }
        return (number, sign ?? "", !loose.contains(sign ?? ""), String(name))
    }
}
