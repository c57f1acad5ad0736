/// Channels that stay or go together, across tensors: an addition's two inputs and its output, a pool's input and
/// output, a depthwise convolution's input and its outputs.
///
/// A union-find forest over all channels of all tensors, with each group's members in a ring.
struct ChannelGroups {
    /// The first channel's number of each tensor; tensors that no node touches have no channels here.
    let first: [Int]
    /// The tensor of each channel.
    let tensor: [Int32]
    private var parent: [Int32]
    private var next: [Int32]

    init(_ graph: Graph) {
        var first = Array(repeating: 0, count: graph.tensors.count)
        var tensor: [Int32] = []
        for index in graph.usedTensors {
            first[index] = tensor.count
            tensor += Array(repeating: Int32(index), count: graph.tensors[index].shape.channels)
        }
        self.first = first
        self.tensor = tensor
        parent = tensor.indices.map { Int32($0) }
        next = parent
        for node in graph.nodes { join(node, graph) }
    }

    /// Calls for a channel and everything that stays with it.
    func forEachMember(of channel: Int, _ body: (Int) -> Void) {
        var current = channel
        repeat {
            body(current)
            current = Int(next[current])
        } while current != channel
    }

    // MARK: Joining

    private mutating func join(_ node: Node, _ graph: Graph) {
        let outputs = graph.tensors[node.output].shape.channels
        let inputs = node.inputs.map { graph.tensors[$0].shape.channels }
        switch node.operation {
        case .convolution(let convolution):
            if convolution.groups > 1 { joinAll(node, graph) }
        case .depthwiseConvolution:
            // A single input channel stays in any case, and any of its outputs may go.
            guard inputs[0] > 1 else { return }
            let multiplier = outputs / inputs[0]
            for output in 0..<outputs { join(node.inputs[0], output / multiplier, node.output, output) }
        case .maxPool, .averagePool, .mean, .table: joinAlike(node.inputs[0], node.output, outputs)
        case .add, .multiply:
            for (position, input) in node.inputs.enumerated() where inputs[position] == outputs {
                joinAlike(input, node.output, outputs)
            }
        case .pad(_, _, let front, _):
            for channel in 0..<inputs[0] { join(node.inputs[0], channel, node.output, front + channel) }
        case .concatenate(axis: 2):
            var position = 0
            for (index, input) in node.inputs.enumerated() {
                for channel in 0..<inputs[index] { join(input, channel, node.output, position + channel) }
                position += inputs[index]
            }
        case .concatenate: for input in node.inputs { joinAlike(input, node.output, outputs) }
        case .reshape where inputs[0] == outputs: joinAlike(node.inputs[0], node.output, outputs)
        case .reshape, .softmax: joinAll(node, graph)
        }
    }

    private mutating func joinAlike(_ a: Int, _ b: Int, _ channels: Int) {
        for channel in 0..<channels { join(a, channel, b, channel) }
    }

    /// Every channel of a node's input and output: all or nothing.
    private mutating func joinAll(_ node: Node, _ graph: Graph) {
        for tensor in [node.inputs[0], node.output] {
            for channel in 0..<graph.tensors[tensor].shape.channels { join(node.output, 0, tensor, channel) }
        }
    }

    private mutating func join(_ a: Int, _ channelA: Int, _ b: Int, _ channelB: Int) {
        let first = root(first[a] + channelA)
        let second = root(self.first[b] + channelB)
        guard first != second else { return }
        parent[second] = Int32(first)
        next.swapAt(first, second)
    }

    private mutating func root(_ channel: Int) -> Int {
        var current = channel
        while Int(parent[current]) != current {
            parent[current] = parent[Int(parent[current])]
            current = Int(parent[current])
        }
        return current
    }
}

extension Graph {
    /// The tensors that the nodes, the caller's input and the outputs touch, each once.
    var usedTensors: [Int] {
        var seen = Set<Int>()
        let all = [input] + nodes.flatMap { $0.inputs + [$0.output] } + outputs
        return all.filter { seen.insert($0).inserted }
    }
}
