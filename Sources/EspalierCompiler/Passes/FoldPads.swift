extension Passes {
    /// Lets convolutions look into their own halo instead of at a padded copy of the picture.
    ///
    /// Possible where the border is the zero point, channels are not padded and only convolutions read the result.
    static func foldPads(_ graph: inout Graph) {
        for node in graph.nodes {
            guard case .pad(let top, let left, _, let value) = node.operation else { continue }
            let source = graph.tensors[node.inputs[0]]
            let result = graph.tensors[node.output]
            let readers = graph.consumers(of: node.output)
            guard value == source.zeroPoint, source.shape.channels == result.shape.channels,
                !graph.outputs.contains(node.output), !readers.isEmpty, readers.allSatisfy(\.isConvolution)
            else { continue }
            for index in graph.nodes.indices where graph.nodes[index].inputs.contains(node.output) {
                graph.nodes[index].moveWindow(up: top, left: left)
                graph.nodes[index].inputs = [node.inputs[0]]
            }
            graph.nodes.removeAll { $0.output == node.output }
        }
    }
}

extension Node {
    fileprivate var isConvolution: Bool {
        switch operation {
        case .convolution, .depthwiseConvolution: true
        default: false
        }
    }

    fileprivate mutating func moveWindow(up: Int, left: Int) {
        switch operation {
        case .convolution(var convolution):
            convolution.window.padTop += up
            convolution.window.padLeft += left
            operation = .convolution(convolution)
        case .depthwiseConvolution(var convolution):
            convolution.window.padTop += up
            convolution.window.padLeft += left
            operation = .depthwiseConvolution(convolution)
        default: break
        }
    }
}
