extension Passes {
    /// More channels and weights than any network for a board has; a graph with more is left as it is.
    private static let channelLimit = 1 << 20
    private static let weightLimit = 1 << 27

    /// Takes out channels that hold one value on every possible input, and channels that no output depends on.
    ///
    /// Three steps: bounds of every channel (`IntervalAnalysis`), the channels that have to stay (`KeptChannels`), one
    /// rewrite (`trim`). No bit of any output changes on any input; docs/dead-work.md has the argument.
    static func removeDeadWork(_ graph: inout Graph) {
        let used = graph.usedTensors
        guard used.reduce(0, { $0 + graph.tensors[$1].shape.channels }) <= channelLimit else {
            graph.deadWork = .left(because: "the model has more than \(channelLimit) channels")
            return
        }
        guard graph.nodes.reduce(0, { $0 + $1.weightCount }) <= weightLimit else {
            graph.deadWork = .left(because: "the model has more than \(weightLimit) weights")
            return
        }
        let analysis = IntervalAnalysis(graph)
        let keptChannels = KeptChannels(graph, analysis)
        let kept = Dictionary(uniqueKeysWithValues: used.map { ($0, keptChannels.channels(of: $0)) })
        graph.deadWork = .removed
        guard used.contains(where: { kept[$0]!.count < graph.tensors[$0].shape.channels }) else { return }
        var trimmed = graph
        trimmed.trim(to: kept, analysis.intervals)
        guard trimmed.visitedMacs <= graph.visitedMacs else {
            graph.deadWork = .left(
                because: "removing it would break up pruned 1x4 blocks and cost more than it saves")
            return
        }
        graph = trimmed
    }
}

extension Node {
    fileprivate var weightCount: Int {
        switch operation {
        case .convolution(let convolution), .depthwiseConvolution(let convolution): convolution.weights.count
        default: 0
        }
    }
}

extension Graph {
    /// The multiply-accumulates that kernels walk: whole quads, without pruned blocks.
    fileprivate var visitedMacs: Int {
        nodes.reduce(0) { sum, node in
            let output = tensors[node.output].shape
            let pixels = output.height * output.width
            switch node.operation {
            case .convolution(let convolution) where convolution.groups == 1:
                let source = BlockSource(
                    convolution, inputs: tensors[node.inputs[0]].shape.channels, outputs: output.channels)
                let kept = (0..<output.channels).reduce(0) { kept, channel in
                    kept + (0..<source.blocksPerOutput).count { source.isKept(output: channel, block: $0) }
                }
                return sum + kept * 4 * pixels
            case .depthwiseConvolution(let convolution):
                return sum + convolution.window.kernelHeight * convolution.window.kernelWidth * output.quads
                    * 4 * pixels
            default: return sum
            }
        }
    }
}
