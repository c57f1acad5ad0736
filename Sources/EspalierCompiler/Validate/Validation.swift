import CEspalier
import Dispatch
public import EspalierFiles
import Foundation

/// Runs a model over samples and compares what it says with what it should say.
public struct Validation: Sendable {
    let model: CompiledModel

    public init(_ model: CompiledModel) {
        self.model = model
    }

    /// What a model said.
    public struct Outcome: Sendable {
        /// [output][row][values], as stored, in the source model's order.
        public var outputs: [[[Int8]]] = []
        /// The class of each row, as the core says it; -1 where the model has no scores.
        public var classes: [Int] = []
        /// The samples that were run, by their place: all but pictures that could not be read.
        public var samples: [Int] = []
        /// The pictures that could not be read, and why.
        public var leftOut: [PictureFolder.LeftOut] = []
        /// Pictures whose file says that they are to be turned, which they are not.
        public var toBeTurned: [String] = []

        public var rows: Int { samples.count }
    }

    /// All outputs of each sample. As many samples at a time as the machine has cores.
    ///
    /// - Throws: a sentence where nothing could be run.
    public func run(_ samples: SampleSet) throws(CompilerError) -> Outcome {
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
        var outcome = Outcome()
        outcome.outputs = Array(repeating: [], count: model.plan.outputs.count)
        for (sample, result) in try results.all().enumerated() {
            switch result {
            case .ran(let outputs, let classIndex, let isToBeTurned):
                for (index, values) in outputs.enumerated() { outcome.outputs[index].append(values) }
                outcome.classes.append(classIndex)
                outcome.samples.append(sample)
                if isToBeTurned, case .pictures(let paths) = samples {
                    outcome.toBeTurned.append(paths[sample])
                }
            case .left(let out): outcome.leftOut.append(out)
            }
        }
        if outcome.rows == 0, let first = outcome.leftOut.first {
            throw CompilerError(
                "No picture can be used: \(first.path) \(first.reason); make the files again.")
        }
        return outcome
    }

    fileprivate enum SampleResult {
        case ran([[Int8]], classIndex: Int, isToBeTurned: Bool)
        case left(PictureFolder.LeftOut)
    }

    private func run(
        _ samples: SampleSet, _ index: Int, in arena: Arena
    ) throws(CompilerError) -> SampleResult {
        switch samples {
        case .rows(let values, let perRow):
            let row = Array(values[index * perRow..<(index + 1) * perRow])
            let outputs = try arena.outputs(for: row)
            return .ran(outputs, classIndex: arena.classIndex, isToBeTurned: false)
        case .pictures(let paths):
            let picture: Picture
            do throws(FileError) { picture = try Picture.read(paths[index]) } catch {
                return .left(PictureFolder.LeftOut(path: paths[index], reason: error.problem))
            }
            let (width, height) = (picture.image.width, picture.image.height)
            guard max(width, height) <= 4095 else {
                let reason = "has \(width) x \(height) pixels, over the limit of 4095 a side"
                return .left(PictureFolder.LeftOut(path: paths[index], reason: reason))
            }
            do throws(CompilerError) {
                let outputs = try arena.outputs(for: picture.image)
                return .ran(
                    outputs, classIndex: arena.classIndex, isToBeTurned: picture.orientation != 1)
            } catch {
                throw CompilerError("\(paths[index]): \(error.description)")
            }
        }
    }

    // MARK: Classes

    /// The output with the classes' scores, or with logits of them; nil where none is known to have any.
    public var scoreOutput: Int? {
        if let choice = model.plan.scoreChoice { return choice.output }
        return model.plan.scores == ESPALIER_SCORES_LOGITS ? 0 : nil
    }

    /// How many classes the model tells apart: the channels of the output with the scores.
    ///
    /// - Throws: where no output is known to have scores.
    public func classCount() throws(CompilerError) -> Int {
        guard let scoreOutput else {
            throw CompilerError(
                "no output of the model is known to have scores, and there are \(outputList); choose one with "
                    + "--score-output NAME and --scores.")
        }
        return shape(of: scoreOutput).channels
    }

    func shape(of output: Int) -> Shape { model.plan.tensors[Int(model.plan.outputs[output])].shape }

    /// Rows that the core gives the labelled class; negative labels are left out.
    public struct Accuracy: Codable, Sendable, Equatable {
        public var rowsLabelled: Int
        public var rowsCorrect: Int

        public var top1: Double { rowsLabelled == 0 ? 0 : Double(rowsCorrect) / Double(rowsLabelled) }
    }

    /// - Parameter byName: classes of one name count as one.
    public func accuracy(
        _ outcome: Outcome, classes: [Int], source: String, byName: Bool = false
    ) throws(CompilerError) -> Accuracy {
        let count = try classCount()
        guard classes.count == outcome.rows else {
            throw CompilerError(
                "\(source) has \(classes.count) \(classes.count == 1 ? "label" : "labels") for \(outcome.rows) inputs; pass one "
                    + "for each.")
        }
        if let wrong = classes.first(where: { $0 >= count }) {
            let isOneBased = !classes.contains(0) && classes.allSatisfy { $0 <= count }
            throw CompilerError(
                "\(source) has label \(wrong), and the model has classes 0 to \(count - 1); "
                    + (isOneBased ? "subtract 1 if they count from 1." : "pass the labels of this model."))
        }
        let labels = model.plan.labels
        func named(_ index: Int) -> Int {
            byName && labels.indices.contains(index) ? labels.firstIndex(of: labels[index])! : index
        }
        var result = Accuracy(rowsLabelled: 0, rowsCorrect: 0)
        for (found, label) in zip(outcome.classes, classes) where label >= 0 {
            result.rowsLabelled += 1
            if named(found) == named(label) { result.rowsCorrect += 1 }
        }
        guard result.rowsLabelled > 0 else {
            throw CompilerError(
                "\(source) labels no input, as all its labels are negative; pass classes 0 to \(count - 1).")
        }
        return result
    }

    /// The class of each input from an array of labels.
    ///
    /// - Throws: a sentence for anything but one integer for each input.
    public func classes(_ array: NumericArray, rows: Int, source: String) throws(CompilerError) -> [Int] {
        let count = try classCount()
        let sides = array.shape.filter { $0 != 1 }
        guard sides.count <= 1, !array.shape.contains(0) else {
            if array.shape.count == 2, array.shape[1] == count {
                throw CompilerError(
                    "\(source) has shape \(array.shape), a value for each class, and labels are class numbers; pass "
                        + "numpy.argmax(x, axis=1).")
            }
            throw CompilerError(
                "\(source) has shape \(array.shape), and labels are one class number for each of \(rows) inputs; pass an array "
                    + "of shape [\(rows)].")
        }
        guard let integers = array.asIntegers() else {
            throw CompilerError(
                "\(source) holds \(array.typeName) values that are no whole numbers; pass the class number of each input."
            )
        }
        return integers
    }
}

/// The position of the highest value; the first of equals.
func highest<T: Comparable>(_ values: ArraySlice<T>) -> Int {
    var best = values.startIndex
    for index in values.indices where values[index] > values[best] { best = index }
    return best - values.startIndex
}

/// What the workers found, and the first thing that went wrong.
private final class Results: @unchecked Sendable {
    private let queue = DispatchQueue(label: "espalier.validation")
    private var results: [Validation.SampleResult?]
    private var failure: CompilerError?

    init(count: Int) {
        results = Array(repeating: nil, count: count)
    }

    func set(_ index: Int, _ result: Validation.SampleResult) {
        queue.sync { results[index] = result }
    }

    func fail(_ error: CompilerError) {
        queue.sync { failure = failure ?? error }
    }

    func all() throws(CompilerError) -> [Validation.SampleResult] {
        if let failure { throw failure }
        return results.map { $0! }
    }
}
