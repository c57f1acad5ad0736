public import CEspalier
import EspalierFiles

// A setup's lines in words, and back.

extension BoardLines {
    /// What to call a line: its name on this board; with its chip, where that is another or the board lists none.
    public func word(for line: EspalierLine) -> String {
        let chip = text(line.chip)
        if !text(line.name).isEmpty { return chip.isEmpty ? text(line.name) : "\(chip):\(text(line.name))" }
        let offset = Int(line.offset)
        return chip == self.chip && names.indices.contains(offset) ? names[offset] : "\(chip):\(offset)"
    }

    /// Which of these lines is meant, by any of its names on this board; nil for none of them.
    public func index(of name: LineName, among lines: [EspalierLine], at place: Place) -> Int? {
        if case .named(let word) = name, let index = lines.firstIndex(where: { self.word(for: $0) == word }) {
            return index
        }
        let request = LineRequest(name: name, role: "", place: place)
        guard let line = try? resolve(request) else { return nil }
        return lines.firstIndex { isSame($0, line) }
    }
}
