public import CEspalier
import CLinux
public import EspalierFiles
public import EspalierReaction

/// A reaction's lines on one board: line i of `reaction`'s triggers is `inputs[i]`, of its outputs `outputs[i]`.
public struct Wiring: Sendable {
    /// Complete but for the label masks.
    public var reaction: EspalierReaction
    public var inputs: [EspalierLine] = []
    public var outputs: [EspalierLine] = []

    /// Where each line was asked for.
    private var inputPlaces: [Place] = []
    private var outputPlaces: [Place] = []
    /// What is missing where a line is blank: neither reaction nor board names one.
    private var missingInputs: [Int: FileError] = [:]
    private var missingOutputs: [Int: FileError] = [:]

    /// - Throws: for a line the board does not have, and for one that has two tasks.
    public init(_ tables: ReactionTables, on board: BoardLines) throws(FileError) {
        try self.init(unchecked: tables, on: board)
        let isDry = reaction.dry_run != 0
        if let fault = fault(inputs, outputs, isDry: isDry) { throw fault }
    }

    /// The same without a look at what goes together. A line that nobody names is blank.
    ///
    /// - Throws: for a line the board does not have.
    init(
        unchecked tables: ReactionTables, on board: BoardLines, takesOptions: Bool = true
    ) throws(FileError) {
        reaction = tables.settings
        for (index, request) in tables.inputs.enumerated() {
            guard let request else { continue }
            let missing = board.missing(request, takesOptions: takesOptions)
            let line = try missing == nil ? board.resolve(request) : request.line
            var trigger = reaction.trigger(index)
            let input = try addInput(line, request.place)
            if let missing { missingInputs[input] = missing }
            trigger.line = Int32(input)
            set(&reaction.triggers, index, trigger)
        }
        for (index, request) in tables.outputs.enumerated() {
            missingOutputs[index] = board.missing(request, takesOptions: takesOptions)
            outputs.append(try missingOutputs[index] == nil ? board.resolve(request) : request.line)
            outputPlaces.append(request.place)
            var output = reaction.output(index)
            output.line = Int32(index)
            set(&reaction.outputs, index, output)
        }
    }

    /// What is wrong with the lines of a setup that was made of these, options laid over it.
    func fault(in setup: EspalierSetup, isDry: Bool) -> FileError? {
        fault(
            Array(elements(setup.inputs, of: EspalierLine.self).prefix(Int(setup.input_count))),
            Array(elements(setup.outputs, of: EspalierLine.self).prefix(Int(setup.output_count))),
            isDry: isDry)
    }

    /// A line nobody has named, or one that has two tasks. In a dry run no output needs a line.
    private func fault(_ inputs: [EspalierLine], _ outputs: [EspalierLine], isDry: Bool) -> FileError? {
        for (index, line) in inputs.enumerated() {
            if let missing = missingInputs[index], isBlank(line) { return missing }
            if let other = inputs[..<index].firstIndex(where: { isSame($0, line) }) {
                return inputPlaces[index].error(
                    "is the line of trigger input \(other) too", do: "give each a line of its own")
            }
        }
        for (index, line) in outputs.enumerated() {
            if isBlank(line) {
                if let missing = missingOutputs[index], !isDry { return missing }
                continue
            }
            if inputs.contains(where: { isSame($0, line) }) {
                return outputPlaces[index].error(
                    "is a trigger's line too", do: "give the output a line of its own")
            }
            if let other = outputs[..<index].firstIndex(where: { isSame($0, line) }) {
                return outputPlaces[index].error(
                    "is the line of [[output]] \(other + 1) too", do: "give each output a line of its own")
            }
        }
        return nil
    }

    /// Triggers may share a line, and then have one index.
    private mutating func addInput(_ line: EspalierLine, _ place: Place) throws(FileError) -> Int {
        guard let index = inputs.firstIndex(where: { isSame($0, line) }) else {
            inputs.append(line)
            inputPlaces.append(place)
            return inputs.count - 1
        }
        guard inputs[index].bias == line.bias, inputs[index].active_low == line.active_low else {
            throw place.error(
                "is an earlier trigger's line, with another bias or active_low", do: "give both the same")
        }
        return index
    }
}

private func isBlank(_ line: EspalierLine) -> Bool { text(line.chip).isEmpty && text(line.name).isEmpty }

/// True for two ways to ask for one line.
func isSame(_ one: EspalierLine, _ other: EspalierLine) -> Bool {
    withUnsafePointer(to: one) { one in
        withUnsafePointer(to: other) { espalier_lines_are_same(one, $0) != 0 }
    }
}
