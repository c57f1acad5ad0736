import CEspalier
public import EspalierFiles

extension Validation {
    /// An output's rows compared with expected ones.
    public struct Agreement: Codable, Sendable, Equatable {
        /// As the source model calls it.
        public var output: String
        public var rows: Int
        public var rowsBitIdentical: Int
        /// Rows of the same class, in the output with the scores; in another, those whose highest value is at the same
        /// place.
        public var rowsSameClass: Int
        /// Of a value and the one expected, in steps of the stored value.
        public var greatestDifference: Double

        public var agreement: Double { Double(rowsSameClass) / Double(rows) }
    }

    /// The index of an output that is named in full, or by its number from 0.
    public func output(named name: String) -> Int? {
        if let index = model.plan.outputNames.firstIndex(of: name) { return index }
        return Int(name).flatMap { model.plan.outputs.indices.contains($0) ? $0 : nil }
    }

    /// How messages call the outputs: `0 'scores', 1 'boxes'`.
    public var outputList: String {
        model.plan.outputNames.enumerated().map { "\($0) '\($1)'" }.joined(separator: ", ")
    }

    /// - Parameters:
    ///   - output: which output, by its index.
    ///   - expected: [N, ...]: int8 as stored, uint8 of a legacy model, or float32 real values.
    ///   - warnings: takes a sentence for everything that is compared as it is but may not be meant.
    public func agreement(
        _ outcome: Outcome, output: Int, expected: NumericArray, source: String, warnings: inout [String]
    ) throws(CompilerError) -> Agreement {
        let rows = outcome.outputs[output]
        let tensor = model.plan.tensors[Int(model.plan.outputs[output])]
        try check(expected, rows: rows.count, shape: tensor.shape, source)
        let steps = try self.steps(from: expected, tensor.fields, source, &warnings)
        let perRow = tensor.shape.count
        // Which cell of a grid decides is the core's to say.
        let isGrid = output == scoreOutput && perRow > tensor.shape.channels
        let reader = isGrid ? try Arena(model) : nil
        var result = Agreement(
            output: model.plan.outputNames[output], rows: rows.count, rowsBitIdentical: 0, rowsSameClass: 0,
            greatestDifference: 0)
        for (row, values) in rows.enumerated() {
            let wanted = steps.values[row * perRow..<(row + 1) * perRow]
            let greatest = zip(values, wanted).reduce(0) { max($0, steps.difference($1.0, $1.1)) }
            result.greatestDifference = max(result.greatestDifference, greatest)
            if greatest == 0 {
                result.rowsBitIdentical += 1
                result.rowsSameClass += 1
            } else if let reader {
                let stored = wanted.map(steps.stored)
                if reader.classIndex(ofScores: stored) == outcome.classes[row] { result.rowsSameClass += 1 }
            } else if highest(wanted) == highest(values[...]) {
                result.rowsSameClass += 1
            }
        }
        return result
    }

    private func check(
        _ expected: NumericArray, rows: Int, shape: Shape, _ source: String
    ) throws(CompilerError) {
        let sides = ArrayShape(sides: [shape.height, shape.width, shape.channels])
        let given = expected.shape
        let what = "\(source) has shape \(given), and the outputs are \(sides.text) with N = \(rows)"
        if given.first == rows, expected.count == rows * shape.count {
            // An output whose shape alone a pass has changed is compared in order.
            if !sides.fits(given), given.count > 2, let mending = sides.mending(given) {
                throw CompilerError("\(what); pass \(mending.call).")
            }
            return
        }
        if given.filter({ $0 != 1 }) == [rows], shape.count > 1 {
            throw CompilerError("\(what); pass class numbers with --labels.")
        }
        if let mending = sides.mending(given), expected.count == rows * shape.count {
            throw CompilerError("\(what); pass \(mending.call).")
        }
        throw CompilerError("\(what); pass one row for each input.")
    }

    /// Expected values as numbers that compare like them.
    private struct Steps {
        var values: [Float]
        /// The nearest value an output can have.
        var stored: (Float) -> Int8 = { Int8($0) }
        /// How far an output's value is from one, in stored steps.
        var difference: (Int8, Float) -> Double = { abs(Double($0) - Double($1)) }
    }

    private func steps(
        from expected: NumericArray, _ fields: EspalierTensor, _ source: String, _ warnings: inout [String]
    ) throws(CompilerError) -> Steps {
        let reals: [Float]
        switch (expected.values, expected.typeName) {
        case (.int8(let values), _):
            return Steps(values: values.map(Float.init))
        case (.uint8(let values), "uint8"):
            return Steps(values: values.map { Float($0) - 128 })
        case (.float32(let values), _): reals = values
        case (.float64(let values), _): reals = values.map(Float.init)
        default:
            throw CompilerError(
                "\(source) holds \(expected.typeName), and outputs are int8 or uint8 as stored, or float32 real values; "
                    + "convert it.")
        }
        let summary = ValueSummary(reals) { $0 / fields.scale + Float(fields.zero_point) }
        if let index = summary.notFinite {
            throw CompilerError(
                "\(source) holds \(reals[index]) (value \(index) in order), which no output can be; make it again."
            )
        }
        let (least, greatest) = fields.range
        let what =
            "\(source) holds real values from \(shortNumber(summary.least)) to \(shortNumber(summary.greatest)), and the "
            + "output covers \(shortNumber(least)) to \(shortNumber(greatest))"
        if summary.shareOutside > 0.99 || (summary.differentStored == 1 && summary.different > 3) {
            throw CompilerError("\(what); pass this output's values, in real numbers or as int8.")
        }
        if summary.shareOutside > 0.01 {
            warnings.append(
                "\(what): \(percent(summary.shareOutside)) of them can never be equal; are they this output's?"
            )
        }
        func difference(_ stored: Int8, _ real: Float) -> Double {
            let own = fields.scale * Float(Int32(stored) - fields.zero_point)
            return own == real ? 0 : abs(Double(own) - Double(real)) / Double(fields.scale)
        }
        func stored(_ real: Float) -> Int8 {
            Int8(max(-128, min(127, (real / fields.scale).rounded() + Float(fields.zero_point))))
        }
        return Steps(values: reals, stored: stored, difference: difference)
    }
}
