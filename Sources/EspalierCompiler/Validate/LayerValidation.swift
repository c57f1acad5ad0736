import CEspalier
import EspalierCore
import EspalierFiles

/// Compares every activation of a model with recorded ones, tensor by tensor.
public struct LayerValidation: Sendable {
    public struct Row: Codable, Sendable, Equatable {
        /// The recording's name, `t` and the source model's tensor index.
        public var tensor: String
        public var name: String
        public var values: Int
        public var valuesIdentical: Int
        public var greatestDifference: Int
        /// The compiler folded the operator into another one, so that this activation never exists.
        public var isFolded: Bool

        public var holds: Bool { isFolded || valuesIdentical == values }
    }

    private let model: CompiledModel
    private let graph: Graph

    public init(_ compilation: Compilation, _ model: CompiledModel) {
        self.model = model
        graph = compilation.graph
    }

    /// - Parameter recording: an .npz with arrays `t<tensor index>` of shape [N, ...], the model's input among them.
    /// - Throws: a sentence where the recording has no input, or an array does not fit its tensor.
    public func run(recording path: String) throws(CompilerError) -> [Row] {
        let arrays = try arrays(of: path)
        guard let input = arrays.first(where: { model.plan.indexOfSource[$0.source] == model.plan.input })
        else {
            throw CompilerError("\(path) has no array for the model's input; record it as t<tensor index>.")
        }
        let samples = input.array.shape[0]
        var rows = arrays.map { entry in
            Row(
                tensor: entry.name, name: graph.tensors[entry.source].name, values: 0, valuesIdentical: 0,
                greatestDifference: 0, isFolded: !isComputed(entry.source))
        }
        let arena = try Arena(model)
        for sample in 0..<samples {
            let values = try SampleSet(input.array, source: path, plan: model.plan)
            guard case .rows(let all, let perRow) = values else { continue }
            do throws(Status) {
                try all[sample * perRow..<(sample + 1) * perRow].withUnsafeBufferPointer {
                    row throws(Status) in
                    try arena.engine.setInput(row)
                }
                compare(arena, planTensor: model.plan.input, sample, arrays, &rows)
                for (index, layer) in model.plan.layers.enumerated() {
                    try arena.engine.runLayer(index)
                    compare(arena, planTensor: Int(layer.fields.output), sample, arrays, &rows)
                }
            } catch {
                throw CompilerError("\(error.text)")
            }
        }
        return rows
    }

    private typealias Entry = (name: String, source: Int, array: NumericArray)

    private func arrays(of path: String) throws(CompilerError) -> [Entry] {
        do throws(FileError) {
            var entries: [Entry] = []
            for name in try NPZ.names(path).sorted() {
                guard name.hasPrefix("t"), let source = Int(name.dropFirst()),
                    graph.tensors.indices.contains(source)
                else { throw FileError(path, "has an array '\(name)'", do: "name arrays t<tensor index>") }
                entries.append((name, source, try NPZ.read(path, name: name)))
            }
            for entry in entries {
                guard case .int8 = entry.array.values,
                    entry.array.count == (entry.array.shape.first ?? 0)
                        * graph.tensors[entry.source].shape.count,
                    entry.array.shape.first == entries[0].array.shape.first
                else {
                    throw FileError(
                        path,
                        "has '\(entry.name)' of shape \(entry.array.shape) and type \(entry.array.values.typeName)",
                        do: "record int8 arrays [N, \(graph.tensors[entry.source].shape.text)]")
                }
            }
            return entries
        } catch {
            throw CompilerError(error.description)
        }
    }

    private func isComputed(_ source: Int) -> Bool {
        guard let index = model.plan.indexOfSource[source] else { return false }
        return index == model.plan.input || model.plan.layers.contains { Int($0.fields.output) == index }
    }

    private func compare(
        _ arena: Arena, planTensor: Int, _ sample: Int, _ arrays: [Entry], _ rows: inout [Row]
    ) {
        let tensor = arena.engine.tensor(planTensor)
        var values = [Int8](repeating: 0, count: tensor.count)
        values.withUnsafeMutableBufferPointer { tensor.copy(to: $0.baseAddress!) }
        for (position, entry) in arrays.enumerated()
        where model.plan.indexOfSource[entry.source] == planTensor {
            guard case .int8(let expected) = entry.array.values else { continue }
            for (index, value) in values.enumerated() {
                let difference = abs(Int(value) - Int(expected[sample * values.count + index]))
                rows[position].values += 1
                if difference == 0 { rows[position].valuesIdentical += 1 }
                rows[position].greatestDifference = max(rows[position].greatestDifference, difference)
            }
        }
    }
}
