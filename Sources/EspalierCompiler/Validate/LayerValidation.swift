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
        /// Channels that dead-work removal took away: those that the recording must show at one value, compared like
        /// all others, and those that no output depends on, left out.
        public var channelsConstant: Int
        public var channelsDead: Int

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
        guard let input = arrays.first(where: isInput)
        else {
            throw CompilerError("\(path) has no array for the model's input; record it as t<tensor index>.")
        }
        guard case .rows(let all, let perRow) = try SampleSet(input.array, source: path, plan: model.plan)
        else {
            return []
        }
        var rows = arrays.map { entry in
            Row(
                tensor: entry.name, name: graph.tensors[entry.source].name, values: 0, valuesIdentical: 0,
                greatestDifference: 0, isFolded: !isComputed(entry.source),
                channelsConstant: selection(entry.source)?.constants.count ?? 0,
                channelsDead: selection(entry.source)?.dead.count ?? 0)
        }
        let arena = try Arena(model)
        for sample in 0..<all.count / perRow {
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
                        * graph.tensors[entry.source].sourceShape.count,
                    entry.array.shape.first == entries[0].array.shape.first
                else {
                    throw FileError(
                        path,
                        "has '\(entry.name)' of shape \(entry.array.shape) and type \(entry.array.values.typeName)",
                        do: "record int8 arrays [N, \(graph.tensors[entry.source].sourceShape.text)]")
                }
            }
            return entries
        } catch {
            throw CompilerError(error.description)
        }
    }

    /// Whether an entry is the model's input as a caller passes it.
    private func isInput(_ entry: Entry) -> Bool {
        model.plan.indexOfSource[entry.source] == model.plan.input
            && graph.inputChannelsFirst == isChannelsFirst(entry.source)
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
        for (position, entry) in arrays.enumerated()
        where model.plan.indexOfSource[entry.source] == planTensor {
            guard case .int8(let recorded) = entry.array.values else { continue }
            values.withUnsafeMutableBufferPointer {
                tensor.copy(to: $0.baseAddress!, channelsFirst: isChannelsFirst(entry.source))
            }
            let count = entry.array.count / entry.array.shape[0]
            rows[position].compare(
                values, recorded[sample * count..<(sample + 1) * count], channels: tensor.channels,
                selection(entry.source))
        }
    }

    /// Whether a recording is [channels, height, width]: only the source's own input, before its transposition.
    private func isChannelsFirst(_ source: Int) -> Bool {
        graph.inputChannelsFirst && source != graph.input && graph.resolved(source) == graph.input
    }

    /// The channels left of a source tensor, wherever its values are now; nil while all are.
    private func selection(_ source: Int) -> ChannelSelection? {
        graph.tensors[graph.resolved(source)].selection
    }
}

extension LayerValidation.Row {
    /// Counts the values of one sample. Recorded values are in the source's channels, computed ones in those left.
    fileprivate mutating func compare(
        _ computed: [Int8], _ recorded: ArraySlice<Int8>, channels: Int, _ selection: ChannelSelection?
    ) {
        let sourceChannels = selection?.sourceChannels ?? channels
        let kept = selection?.kept ?? Array(0..<channels)
        for pixel in 0..<computed.count / channels {
            let first = recorded.startIndex + pixel * sourceChannels
            for (channel, source) in kept.enumerated() {
                count(computed[pixel * channels + channel], recorded[first + source])
            }
            for (source, value) in selection?.constants ?? [:] { count(value, recorded[first + source]) }
        }
    }

    private mutating func count(_ computed: Int8, _ recorded: Int8) {
        let difference = abs(Int(computed) - Int(recorded))
        values += 1
        if difference == 0 { valuesIdentical += 1 }
        greatestDifference = max(greatestDifference, difference)
    }
}
