public import CEspalier
public import EspalierFiles
public import EspalierReaction

/// A reaction's lines on one board: line i of `reaction`'s triggers is `inputs[i]`, of its outputs `outputs[i]`.
public struct Wiring: Sendable {
    /// Complete but for the label masks.
    public var reaction: EspalierReaction
    public var inputs: [EspalierLine] = []
    public var outputs: [EspalierLine] = []

    /// - Throws: for a line the board does not have, and for one that has two tasks.
    public init(_ tables: ReactionTables, on board: BoardLines) throws(FileError) {
        reaction = tables.settings
        for (index, request) in tables.inputs.enumerated() {
            guard let request else { continue }
            var trigger = reaction.trigger(index)
            trigger.line = Int32(try addInput(try board.resolve(request), request.place))
            set(&reaction.triggers, index, trigger)
        }
        for (index, request) in tables.outputs.enumerated() {
            let line = try board.resolve(request)
            if inputs.contains(where: { isSame($0, line) }) {
                throw request.place.error("is a trigger's line too", do: "give the output a line of its own")
            }
            if let other = outputs.firstIndex(where: { isSame($0, line) }) {
                throw request.place.error(
                    "is the line of [[output]] \(other + 1) too", do: "give each output a line of its own")
            }
            outputs.append(line)
            var output = reaction.output(index)
            output.line = Int32(index)
            set(&reaction.outputs, index, output)
        }
    }

    /// Triggers may share a line, and then have one index.
    private mutating func addInput(_ line: EspalierLine, _ place: Place) throws(FileError) -> Int {
        guard let index = inputs.firstIndex(where: { isSame($0, line) }) else {
            inputs.append(line)
            return inputs.count - 1
        }
        guard inputs[index].bias == line.bias, inputs[index].active_low == line.active_low else {
            throw place.error(
                "is an earlier trigger's line, with another bias or active_low", do: "give both the same")
        }
        return index
    }
}

/// True for two ways to ask for one line. A name alone is the only line of that name on any chip.
func isSame(_ one: EspalierLine, _ other: EspalierLine) -> Bool {
    let chips = (plainChip(one), plainChip(other))
    let isAnyChip = (chips.0.isEmpty || chips.1.isEmpty) && !text(one.name).isEmpty
    return text(one.name) == text(other.name) && one.offset == other.offset
        && (chips.0 == chips.1 || isAnyChip)
}

/// A chip's name is its path without the folder.
private func plainChip(_ line: EspalierLine) -> Substring {
    let chip = text(line.chip)[...]
    return chip.hasPrefix("/dev/") ? chip.dropFirst("/dev/".count) : chip
}
