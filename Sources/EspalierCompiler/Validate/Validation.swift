import CEspalier
import Dispatch
import EspalierFiles
import Foundation

/// Runs a model over samples and compares what it says with what it should say.
public struct Validation: Sendable {
    private let model: CompiledModel

    public init(_ model: CompiledModel) {
        self.model = model
    }

    /// The first output of each sample: [samples][outputs]. Two samples at a time on a machine with two cores.
    public func run(_ samples: SampleSet) throws(CompilerError) -> [[Int8]] {
        let workers = min(samples.count, ProcessInfo.processInfo.activeProcessorCount)
        let results = Results(count: samples.count)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            do throws(CompilerError) {
                let arena = try Arena(model)
                for sample in stride(from: worker, to: samples.count, by: workers) {
                    results.set(sample, try self.run(samples, sample, in: arena))
                }
            } catch {
                results.fail(error)
            }
        }
        return try results.all()
    }

    private func run(_ samples: SampleSet, _ index: Int, in arena: Arena) throws(CompilerError) -> [Int8] {
        switch samples {
        case .rows(let values, let perRow):
            return try arena.run(Array(values[index * perRow..<(index + 1) * perRow]))
        case .pictures(let paths):
            let image: Image
            do throws(FileError) { image = try PNG.read(paths[index]) } catch {
                throw CompilerError(error.description)
            }
            do throws(CompilerError) {
                return try arena.run(image)
            } catch {
                throw CompilerError("\(paths[index]): \(error.description)")
            }
        }
    }

    // MARK: Comparisons

    /// Rows compared with expected ones.
    public struct Agreement: Codable, Sendable, Equatable {
        public var rows: Int
        public var rowsBitIdentical: Int
        /// Rows whose highest value is of the same class.
        public var rowsSameClass: Int

        public var agreement: Double { Double(rowsSameClass) / Double(rows) }
    }

    /// - Parameter expected: [N, outputs]: int8 as stored, uint8 of a legacy model, or float32 real values.
    public func agreement(
        _ outputs: [[Int8]], expected: NumericArray, source: String
    ) throws(CompilerError) -> Agreement {
        let perRow = outputs[0].count
        guard expected.shape.first == outputs.count, expected.count == outputs.count * perRow else {
            throw CompilerError(
                "\(source) has shape \(expected.shape), and the outputs are [\(outputs.count), \(perRow)]; pass one row "
                    + "for each input.")
        }
        var result = Agreement(rows: outputs.count, rowsBitIdentical: 0, rowsSameClass: 0)
        for (row, output) in outputs.enumerated() {
            let range = row * perRow..<(row + 1) * perRow
            let comparison: (identical: Bool, highest: Int)
            switch expected.values {
            case .int8(let values): comparison = (Array(values[range]) == output, highest(values[range]))
            case .uint8(let values):
                let moved = values[range].map { Int8(bitPattern: $0 ^ 0x80) }
                comparison = (moved == output, highest(moved[...]))
            case .float32(let values):
                let fields = model.plan.tensors[Int(model.plan.outputs[0])].fields
                let reals = output.map { fields.scale * Float(Int32($0) - fields.zero_point) }
                comparison = (Array(values[range]) == reals, highest(values[range]))
            default:
                throw CompilerError(
                    "\(source) holds \(expected.values.typeName), and outputs are int8, uint8 or float32; convert it."
                )
            }
            if comparison.identical { result.rowsBitIdentical += 1 }
            if comparison.highest == highest(output[...]) { result.rowsSameClass += 1 }
        }
        return result
    }

    /// Rows whose highest value is of the labelled class; negative labels are left out.
    public struct Accuracy: Codable, Sendable, Equatable {
        public var rowsLabelled: Int
        public var rowsCorrect: Int

        public var top1: Double { rowsLabelled == 0 ? 0 : Double(rowsCorrect) / Double(rowsLabelled) }
    }

    public func accuracy(_ outputs: [[Int8]], classes: [Int], source: String) throws(CompilerError)
        -> Accuracy
    {
        guard classes.count == outputs.count else {
            throw CompilerError(
                "\(source) has \(classes.count) labels for \(outputs.count) inputs; pass one for each.")
        }
        if let wrong = classes.first(where: { $0 >= outputs[0].count }) {
            throw CompilerError(
                "\(source) has label \(wrong), and the model has classes 0 to \(outputs[0].count - 1).")
        }
        var result = Accuracy(rowsLabelled: 0, rowsCorrect: 0)
        for (output, label) in zip(outputs, classes) where label >= 0 {
            result.rowsLabelled += 1
            if highest(output[...]) == label { result.rowsCorrect += 1 }
        }
        return result
    }

    /// The position of the highest value; the first of equals.
    private func highest<T: Comparable>(_ values: ArraySlice<T>) -> Int {
        var best = values.startIndex
        for index in values.indices where values[index] > values[best] { best = index }
        return best - values.startIndex
    }
}

/// What the workers found, and the first thing that went wrong.
private final class Results: @unchecked Sendable {
    private let queue = DispatchQueue(label: "espalier.validation")
    private var rows: [[Int8]]
    private var failure: CompilerError?

    init(count: Int) {
        rows = Array(repeating: [], count: count)
    }

    func set(_ index: Int, _ row: [Int8]) {
        queue.sync { rows[index] = row }
    }

    func fail(_ error: CompilerError) {
        queue.sync { failure = failure ?? error }
    }

    func all() throws(CompilerError) -> [[Int8]] {
        if let failure { throw failure }
        return rows
    }
}
