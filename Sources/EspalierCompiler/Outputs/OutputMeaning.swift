/// What an output of a model is taken for, and why.
public struct OutputMeaning: Codable, Equatable, Sendable {
    public enum Kind: String, Codable, Sendable {
        /// A value a class, 0 ... 1.
        case scores
        /// Such values for each of several cells.
        case grid = "grid of scores"
        /// A number a class that a softmax or a sigmoid would make a score of; or numbers that are no scores.
        case logits = "logits, or other numbers"
        /// Values from 0 to 1, but not one a channel.
        case mixed = "scores in other channels"
        /// One value on every input.
        case constant = "always the same"
        case other = "something else"
    }

    /// As in the source model.
    public var name: String
    /// [height, width, channels]
    public var shape: [Int]
    public var scale: Float
    /// As stored, -128 ... 127.
    public var zeroPoint: Int
    public var kind: Kind
    /// Continues "taken for ..., because".
    public var reason: String

    public var classes: Int { shape[2] }
    /// Whether its values are scores beyond doubt.
    var isCertain: Bool { kind == .scores || kind == .grid }
    var cells: Int { shape[0] * shape[1] }
    /// The real values it can have.
    var least: Float { scale * Float(-128 - zeroPoint) }
    var greatest: Float { scale * Float(127 - zeroPoint) }

    /// "scores of 10 classes"
    public var taken: String {
        let many = classes == 1 ? "1 class" : "\(classes) classes"
        switch kind {
        case .scores: return "scores of \(many)"
        case .grid: return "a grid of scores, \(shape[0])x\(shape[1]) cells of \(many)"
        case .logits: return "logits of \(many), or other numbers"
        case .mixed: return "scores that are not one a channel"
        case .constant: return "no scores"
        case .other: return "something else than scores"
        }
    }

    /// "'Identity' (1x1x10)"
    var title: String { "'\(name)' (\(shape.map(String.init).joined(separator: "x")))" }
}

extension Graph {
    /// What the outputs are taken for. Before any pass: passes make other operations of some.
    var outputMeanings: [OutputMeaning] {
        outputs.indices.map { index in
            let tensor = tensors[outputs[index]]
            let (kind, reason) = kind(of: outputs[index])
            return OutputMeaning(
                name: outputNames[index], shape: tensor.shape.sides, scale: tensor.scale,
                zeroPoint: Int(tensor.zeroPoint), kind: kind, reason: reason)
        }
    }

    private func kind(of output: Int) -> (OutputMeaning.Kind, String) {
        let tensor = tensors[output]
        let shape = tensor.shape
        let isOneCell = shape.height * shape.width == 1
        guard let maker = maker(of: output) else { return (.constant, "no operator computes it") }
        let source = maker.label
        if shape.channels == 1 && shape.height > 1 && shape.width == 1 {
            return (.other, "its channels lie where rows should; export it channels-last")
        }
        if tensor.squashing == .softmax && shape.channels == 1 {
            return (.constant, "SOFTMAX computes it of one value, which always gives 1")
        }
        if let squashing = tensor.squashing {
            return (isOneCell ? .scores : .grid, "\(squashing.rawValue) computes it")
        }
        if let squashing = tensor.mixedSquashing {
            let mover = nodes.last { $0.output == output }?.label ?? source
            return (
                .mixed, "\(squashing.rawValue) computes its values and \(mover) moves them to other channels"
            )
        }
        if maker.operation.cuts(zeroPoint: tensor.zeroPoint) {
            return (.other, "\(source) computes it and cuts its values off, as is done with no logits")
        }
        return (isOneCell ? .logits : .other, "\(source) computes it and no SOFTMAX or LOGISTIC follows")
    }

    /// The operator that computed a tensor's values; those that only move them are passed over.
    private func maker(of tensor: Int) -> Node? {
        guard let node = nodes.last(where: { $0.output == tensor }) else { return nil }
        if case .reshape = node.operation, let input = node.inputs.first { return maker(of: input) ?? node }
        return node
    }
}

extension Operation {
    /// Whether the results are cut off at one end or both, as no logits are.
    fileprivate func cuts(zeroPoint: Int32) -> Bool {
        switch self {
        case .convolution(let parameters), .depthwiseConvolution(let parameters):
            parameters.activation != ActivationRange()
        case .add(_, _, let range), .multiply(_, let range), .maxPool(_, let range),
            .averagePool(_, let range, _):
            range != ActivationRange()
        // A RELU by itself: several values become 0, and none is below.
        case .table(let values): values.min().map { Int32($0) == zeroPoint } == true && values[1] == values[0]
        default: false
        }
    }
}
