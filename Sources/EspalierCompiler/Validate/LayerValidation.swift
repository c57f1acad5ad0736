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
        /// A weight, a bias or another constant of the model file, compared with what the file holds.
        public var isConstant = false
        /// Why nothing of it is compared; nil where it is.
        public var leftOut: String?

        public var holds: Bool { isFolded || leftOut != nil || valuesIdentical == values }
    }

    private let model: CompiledModel
    private let graph: Graph
    private let source: TFLiteModel?

    /// - Parameter tflite: the model file's bytes, with which a recording's weights are compared; without them a recording
    ///   holds activations only.
    public init(_ compilation: Compilation, _ model: CompiledModel, tflite: [UInt8]? = nil)
        throws(CompilerError)
    {
        self.model = model
        graph = compilation.graph
        source = if let tflite { try TFLiteModel(bytes: tflite) } else { nil }
    }

    /// - Parameter recording: an .npz with arrays `t<tensor index>` of shape [N, ...], the model's input among them. Of
    ///   constants the file's own shape; of a legacy uint8 model uint8 values.
    /// - Throws: a sentence where the recording has no input or nothing beside it, or an array does not fit its tensor.
    public func run(recording path: String) throws(CompilerError) -> [Row] {
        var (entries, rows) = try sorted(try arrays(of: path), path)
        guard let input = entries.first(where: isInput) ?? entries.first(where: isRealInput) else {
            throw CompilerError("\(path) has no array for the model's input; record it as t<tensor index>.")
        }
        let samples = input.array.shape.first ?? 0
        let perRow = model.plan.tensors[model.plan.input].shape.count
        let all = try storedInput(input, path)
        guard samples > 0, all.count == samples * perRow else { throw doesNotFit(input, path) }
        // The real values that a model quantises itself are its input and nothing that is computed.
        for entry in entries where isRealInput(entry) {
            rows.append(row(entry, leftOut: "real values, which the model quantises first"))
        }
        entries.removeAll(where: isRealInput)
        for entry in entries { try check(entry, samples: samples, path) }
        guard entries.contains(where: { isComputed($0.index) && !isInput($0) }) else {
            throw CompilerError(
                "\(path) has no activation beside the model's input; record those of its layers.")
        }
        let recorded = entries.map(Recorded.init)
        var compared = entries.map { row($0) }
        let arena = try Arena(model)
        for sample in 0..<samples {
            do throws(Status) {
                try all[sample * perRow..<(sample + 1) * perRow].withUnsafeBufferPointer {
                    row throws(Status) in
                    try arena.engine.setInput(row)
                }
                compare(arena, planTensor: model.plan.input, sample, recorded, &compared)
                for (index, layer) in model.plan.layers.enumerated() {
                    try arena.engine.runLayer(index)
                    compare(arena, planTensor: Int(layer.fields.output), sample, recorded, &compared)
                }
            } catch {
                throw CompilerError("\(error.text)")
            }
        }
        return (rows + compared).sorted { Int($0.tensor.dropFirst())! < Int($1.tensor.dropFirst())! }
    }

    // MARK: The recording

    private typealias Entry = (name: String, index: Int, array: NumericArray)

    private func arrays(of path: String) throws(CompilerError) -> [Entry] {
        do throws(FileError) {
            var entries: [Entry] = []
            for name in try NPZ.names(path).sorted() {
                guard name.hasPrefix("t"), let index = Int(name.dropFirst()), index >= 0 else {
                    throw FileError(path, "has an array '\(name)'", do: "name arrays t<tensor index>")
                }
                entries.append((name, index, try NPZ.read(path, name: name)))
            }
            return entries
        } catch {
            throw CompilerError(error.description)
        }
    }

    /// The activations, and finished rows for everything else.
    private func sorted(_ entries: [Entry], _ path: String) throws(CompilerError) -> ([Entry], [Row]) {
        var activations: [Entry] = []
        var rows: [Row] = []
        let inFile = source?.tensors.count ?? graph.tensors.count
        for entry in entries {
            if entry.index >= inFile {
                // Runtimes number their scratch memory on from the file's tensors.
                rows.append(row(entry, leftOut: "no tensor of the model file"))
            } else if let constant = source?.tensors[entry.index], constant.isConstant {
                rows.append(Row(entry.name, constant, recorded: entry.array))
            } else if let type = source?.tensors[entry.index].type, ![.int8, .uint8, .float32].contains(type)
            {
                rows.append(row(entry, leftOut: "\(type) values, computed while the model is read"))
            } else {
                activations.append(entry)
            }
        }
        return (activations, rows)
    }

    private func row(_ entry: Entry, leftOut: String? = nil) -> Row {
        let isInFile = graph.tensors.indices.contains(entry.index)
        return Row(
            tensor: entry.name, name: isInFile ? graph.tensors[entry.index].name : "", values: 0,
            valuesIdentical: 0, greatestDifference: 0, isFolded: leftOut == nil && !isComputed(entry.index),
            channelsConstant: isInFile ? selection(entry.index)?.constants.count ?? 0 : 0,
            channelsDead: isInFile ? selection(entry.index)?.dead.count ?? 0 : 0, leftOut: leftOut)
    }

    private func check(_ entry: Entry, samples: Int, _ path: String) throws(CompilerError) {
        let shape = graph.tensors[entry.index].sourceShape
        guard isOfItsType(entry), entry.array.count == samples * shape.count,
            samples == 1 || entry.array.shape.first == samples
        else { throw doesNotFit(entry, path) }
    }

    private func isOfItsType(_ entry: Entry) -> Bool {
        let type = entry.array.typeName
        return switch source?.tensors[entry.index].type {
        case .uint8: type == "uint8"
        case .float32: type == "float32"
        case .int8, nil: type == "int8"
        default: false
        }
    }

    private func doesNotFit(_ entry: Entry, _ path: String) -> CompilerError {
        let type = source.map { "\($0.tensors[entry.index].type)" } ?? "int8"
        let shape = graph.tensors[entry.index].sourceShape
        return CompilerError(
            "\(path) has '\(entry.name)' of shape \(entry.array.shape) and type \(entry.array.typeName); record \(type) "
                + "arrays [N, \(shape.text)], with one N for all.")
    }

    // MARK: The input

    /// Whether an entry is the model's input as a caller passes it.
    private func isInput(_ entry: Entry) -> Bool {
        model.plan.indexOfSource[entry.index] == model.plan.input
            && graph.inputChannelsFirst == isChannelsFirst(entry.index) && !isRealInput(entry)
    }

    private func isRealInput(_ entry: Entry) -> Bool {
        graph.inputType == .real && entry.index != graph.input && graph.resolved(entry.index) == graph.input
            && entry.array.typeName == "float32"
    }

    private func storedInput(_ entry: Entry, _ path: String) throws(CompilerError) -> [Int8] {
        if isRealInput(entry) {
            var warnings: [String] = []
            let input = InputArray(source: "\(path):\(entry.name)", plan: model.plan)
            try input.check(entry.array.shape)
            return try input.stored(entry.array, warnings: &warnings)
        }
        guard isOfItsType(entry), let values = entry.array.stored else { throw doesNotFit(entry, path) }
        return values
    }

    // MARK: Comparing

    private func isComputed(_ source: Int) -> Bool {
        guard let index = model.plan.indexOfSource[source] else { return false }
        return index == model.plan.input || model.plan.layers.contains { Int($0.fields.output) == index }
    }

    /// An activation's recorded values, as stored or as real numbers.
    private struct Recorded {
        let index: Int
        let stored: [Int8]?
        let reals: [Float]

        init(_ entry: Entry) {
            index = entry.index
            stored = entry.array.stored
            if case .float32(let values) = entry.array.values { reals = values } else { reals = [] }
        }
    }

    private func compare(
        _ arena: Arena, planTensor: Int, _ sample: Int, _ recorded: [Recorded], _ rows: inout [Row]
    ) {
        let tensor = arena.engine.tensor(planTensor)
        let fields = model.plan.tensors[planTensor].fields
        var values = [Int8](repeating: 0, count: tensor.count)
        for (position, entry) in recorded.enumerated()
        where model.plan.indexOfSource[entry.index] == planTensor {
            values.withUnsafeMutableBufferPointer {
                tensor.copy(to: $0.baseAddress!, channelsFirst: isChannelsFirst(entry.index))
            }
            let count =
                tensor.height * tensor.width * (selection(entry.index)?.sourceChannels ?? tensor.channels)
            let range = sample * count..<(sample + 1) * count
            if let stored = entry.stored {
                rows[position].compare(
                    values, stored[range], channels: tensor.channels, selection(entry.index), Self.steps)
            } else {
                rows[position].compare(
                    values, entry.reals[range], channels: tensor.channels, selection(entry.index)
                ) { stored, real in
                    let own = fields.scale * Float(Int32(stored) - fields.zero_point)
                    let steps = (Double(abs(own - real)) / Double(fields.scale)).rounded(.up)
                    return own == real ? 0 : steps < 1e9 ? Int(steps) : Int(Int32.max)
                }
            }
        }
    }

    private static func steps(_ computed: Int8, _ recorded: Int8) -> Int {
        abs(Int(computed) - Int(recorded))
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
    fileprivate mutating func compare<Value>(
        _ computed: [Int8], _ recorded: ArraySlice<Value>, channels: Int, _ selection: ChannelSelection?,
        _ steps: (Int8, Value) -> Int
    ) {
        let sourceChannels = selection?.sourceChannels ?? channels
        let kept = selection?.kept ?? Array(0..<channels)
        for pixel in 0..<computed.count / channels {
            let first = recorded.startIndex + pixel * sourceChannels
            for (channel, source) in kept.enumerated() {
                count(steps(computed[pixel * channels + channel], recorded[first + source]))
            }
            for (source, value) in selection?.constants ?? [:] {
                count(steps(value, recorded[first + source]))
            }
        }
    }

    private mutating func count(_ difference: Int) {
        values += 1
        if difference == 0 { valuesIdentical += 1 }
        greatestDifference = max(greatestDifference, difference)
    }
}

extension NumericArray {
    /// The values as the core stores them: uint8 moved by 128. Nil for other types.
    fileprivate var stored: [Int8]? {
        switch (values, typeName) {
        case (.int8(let values), _): values
        case (.uint8(let values), "uint8"): values.map { Int8(bitPattern: $0 ^ 0x80) }
        default: nil
        }
    }
}
