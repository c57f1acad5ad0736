/// Puts channels that are often silent beside each other, so that whole quads are silent and kernels leave them out.
///
/// An order of channels is free at run time: a convolution's outputs and the next one's inputs are stored in it. Tensors
/// whose channels correspond (an addition's inputs and output, a depthwise convolution's, a pool's) share one; tensors
/// whose order the world sees, or an operator counts on, keep theirs.
struct ChannelOrders {
    /// The old channel of each new one, by tensor.
    private(set) var orders: [Int: [Int]] = [:]

    init(_ graph: Graph, _ silence: Silence) {
        for tensors in Self.families(graph) {
            guard let counts = Self.sum(tensors.compactMap { silence.counts(of: $0) }) else { continue }
            let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
            guard order != Array(counts.indices) else { continue }
            for tensor in tensors { orders[tensor] = order }
        }
    }

    private static func sum(_ counts: [[Int]]) -> [Int]? {
        guard let first = counts.first else { return nil }
        return counts.dropFirst().reduce(first) { zip($0, $1).map(+) }
    }

    /// Tensors that must share an order, without those that must keep theirs.
    private static func families(_ graph: Graph) -> [[Int]] {
        var family = Array(graph.tensors.indices)
        var fixed = Set([graph.input] + graph.outputs)
        func root(_ tensor: Int) -> Int { family[tensor] == tensor ? tensor : root(family[tensor]) }
        for node in graph.nodes {
            let all = node.inputs + [node.output]
            switch node.operation {
            case .convolution(let convolution):
                if convolution.groups > 1 { fixed.formUnion(all) }
                continue
            case .depthwiseConvolution, .add, .multiply, .maxPool, .averagePool, .mean, .table:
                let channels = Set(all.map { graph.tensors[$0].shape.channels })
                if channels.count > 1 { fixed.formUnion(all) }
            case .pad(_, _, let front, _):
                if front != 0
                    || graph.tensors[all[0]].shape.channels != graph.tensors[node.output].shape.channels
                {
                    fixed.formUnion(all)
                }
            case .softmax, .concatenate, .reshape: fixed.formUnion(all)
            }
            for tensor in node.inputs { family[root(tensor)] = root(node.output) }
        }
        let isFixed = Set(fixed.map(root))
        let members = Dictionary(grouping: graph.usedTensors, by: root)
        return members.filter { !isFixed.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension Graph {
    /// Stores channels in another order: no output bit changes.
    mutating func reorder(_ orders: [Int: [Int]]) {
        for index in nodes.indices {
            let node = nodes[index]
            switch node.operation {
            case .convolution(var convolution):
                let depth = tensors[node.inputs[0]].shape.channels / convolution.groups
                convolution.reorder(
                    outputs: orders[node.output], inputs: orders[node.inputs[0]], depth: depth)
                nodes[index].operation = .convolution(convolution)
            case .depthwiseConvolution(var convolution):
                guard let order = orders[node.output] else { continue }
                let weights = convolution.weights
                convolution.weights = stride(from: 0, to: weights.count, by: order.count).flatMap { tap in
                    order.map { weights[tap + $0] }
                }
                convolution.reorder(outputs: order)
                nodes[index].operation = .depthwiseConvolution(convolution)
            default: continue
            }
        }
        for (tensor, order) in orders { tensors[tensor].reorder(order) }
    }
}

extension Convolution {
    fileprivate mutating func reorder(outputs: [Int]?, inputs: [Int]?, depth: Int) {
        if let inputs {
            let source = weights
            weights = stride(from: 0, to: source.count, by: depth).flatMap { tap in
                inputs.map { source[tap + $0] }
            }
        }
        guard let outputs else { return }
        let source = weights
        let count = source.count / outputs.count
        weights = outputs.flatMap { source[$0 * count..<($0 + 1) * count] }
        reorder(outputs: outputs)
    }

    fileprivate mutating func reorder(outputs: [Int]) {
        bias = outputs.map { bias[$0] }
        multipliers = outputs.map { multipliers[$0] }
    }
}

extension GraphTensor {
    fileprivate mutating func reorder(_ order: [Int]) {
        if let values = constant {
            constant = stride(from: 0, to: values.count, by: order.count).flatMap { pixel in
                order.map { values[pixel + $0] }
            }
        }
        var selection = selection ?? ChannelSelection(kept: Array(order.indices), sourceChannels: order.count)
        selection.kept = order.map { selection.kept[$0] }
        self.selection = selection
    }
}
