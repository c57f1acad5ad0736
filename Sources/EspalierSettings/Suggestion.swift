// What somebody who wrote something else probably meant: the words in brackets at the end of a sentence.

/// The word of a list that another one is nearest to, if it is near: in another case, with other hyphens, in the
/// other number, without its unit, or with a letter or two wrong.
public func suggestion(for word: String, among choices: [String]) -> String? {
    let wanted = plain(word)
    if let same = choices.first(where: { plain($0) == wanted }) { return same }
    let stem = withoutUnit(wanted)
    if stem.count > 2, let same = choices.first(where: { withoutUnit(plain($0)) == stem }) { return same }
    let limit = wanted.count < 5 ? 1 : 2
    guard wanted.count > 2 else { return nil }
    return choices.map { ($0, distance(Array(wanted.utf8), Array(plain($0).utf8))) }
        .filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
}

/// The table a key belongs to that stands in another.
func home(of key: String) -> String? {
    let homes = [
        ("the top, above all headers", ["watchdog_ms", "dry_run"]),
        ("[[trigger]]", ReactionTables.triggerKeys), ("[[output]]", ReactionTables.outputKeys),
        ("[frames]", ReactionTables.frameKeys), ("[camera]", CameraTable.keys),
    ].filter { $0.1.contains(key) }
    return homes.count == 1 ? homes[0].0 : nil
}

private func plain(_ word: String) -> String {
    let letters = word.lowercased().filter { $0.isLetter || $0.isNumber }
    return letters.count > 3 && letters.last == "s" && word.suffix(3) != "_ms" && word.suffix(2) != "_s"
        ? String(letters.dropLast()) : letters
}

private func withoutUnit(_ word: String) -> String {
    for unit in ["milliseconds", "seconds", "second", "sec", "ms", "us", "mb", "s", "m"]
    where word.hasSuffix(unit) && word.count > unit.count + 1 { return String(word.dropLast(unit.count)) }
    return word
}

/// Letters to add, leave out, replace or swap with a neighbour (optimal string alignment).
private func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    guard one.count <= 64, other.count <= 64 else { return .max }
    var rows = [Array(0...other.count)]
    for i in 0..<one.count {
        var row = [i + 1]
        for j in 0..<other.count {
            var least = min(row[j], rows[i][j + 1]) + 1
            least = min(least, rows[i][j] + (one[i] == other[j] ? 0 : 1))
            if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                least = min(least, rows[i - 1][j - 1] + 1)
            }
            row.append(least)
        }
        rows.append(row)
    }
    return rows[one.count][other.count]
}

/// A number that can be meant.
struct NumberBounds {
    let range: ClosedRange<Double>
    /// 0 has a meaning of its own besides.
    var orZero = false
    /// What numbers in units that people use as well have to be multiplied by.
    var units: [Double] = []

    func contains(_ number: Double) -> Bool { range.contains(number) || orZero && number == 0 }

    /// " (0.6?)" for a number far out of bounds that is one in another unit.
    func hint(_ number: Double) -> String {
        guard number > 0, number >= 2 * range.upperBound || 2 * number <= range.lowerBound else { return "" }
        let candidates = units.map { (number * $0 * 1e9).rounded() / 1e9 }
        return candidates.first(where: range.contains).map { " (\(short($0))?)" } ?? ""
    }

    /// "from 0 to 1"
    var words: String { "from \(short(range.lowerBound)) to \(short(range.upperBound))" }
}

/// A number that somebody wrote as a text: with its unit, as a percentage, with a decimal comma.
struct WrittenNumber {
    let value: Double

    /// - Parameter key: its unit is the one to convert to.
    init?(_ text: String, for key: String) {
        let words = text.filter { !$0.isWhitespace }.lowercased()
        let digits = words.prefix { $0.isASCII && ($0.isNumber || "+-.,".contains($0)) }
        guard let number = Double(String(digits.map { $0 == "," ? "." : $0 })),
            let factor = Self.factor(String(words.dropFirst(digits.count)), for: key)
        else { return nil }
        value = (number * factor * 1e9).rounded() / 1e9
    }

    private static let seconds = [
        "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "seconds": 1, "min": 60, "h": 3600,
    ]

    private static func factor(_ unit: String, for key: String) -> Double? {
        if ["", "fps", "hz", "px", "mb"].contains(unit) { return 1 }
        if unit == "%" { return 0.01 }
        guard let seconds = seconds[unit],
            let own = self.seconds.first(where: { key.hasSuffix("_" + $0.key) })?.value
        else { return nil }
        return seconds / own
    }
}

/// 3.0 as "3".
func short(_ number: Double) -> String {
    number.magnitude < 1e15 && number == number.rounded() ? String(Int(number)) : String(number)
}
