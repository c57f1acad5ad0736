extension Passes {
    /// Removes reshapes that nobody can tell from their input: the shape stays the same, or only fully connected
    /// layers, other reshapes and the caller read the result. An output's channels are its classes, and stay as many.
    ///
    /// A fully connected layer over the flattened picture is a convolution as large as the picture itself.
    static func removeReshapes(_ graph: inout Graph) {
        for node in graph.nodes.reversed() {
            guard case .reshape = node.operation else { continue }
            let source = graph.tensors[node.inputs[0]].shape
            let result = graph.tensors[node.output].shape
            if source != result {
                let flattened = result.height == 1 && result.width == 1
                let readers = graph.consumers(of: node.output)
                guard readers.allSatisfy({ $0.isReshape || (flattened && $0.isFullyConnected) }) else {
                    continue
                }
                let isOutput = graph.outputs.contains(node.output)
                guard !isOutput || source.channels == result.channels else { continue }
                guard node.inputs[0] != graph.input || !graph.inputChannelsFirst else { continue }
                graph.widenFullyConnected(readers: node.output, to: source)
            }
            graph.nodes.removeAll { $0.output == node.output }
            graph.replace(node.output, by: node.inputs[0])
        }
    }
}

extension Node {
    fileprivate var isReshape: Bool {
        if case .reshape = operation { true } else { false }
    }

    fileprivate var isFullyConnected: Bool {
        guard case .convolution(let convolution) = operation else { return false }
        return convolution.window == Window(kernelHeight: 1, kernelWidth: 1) && convolution.groups == 1
    }
}

extension Graph {
    /// Gives the fully connected readers of a flattened tensor a kernel as large as the picture before flattening.
    fileprivate mutating func widenFullyConnected(readers tensor: Int, to shape: Shape) {
        for index in nodes.indices where nodes[index].inputs.contains(tensor) {
            guard case .convolution(var convolution) = nodes[index].operation else { continue }
            convolution.window = Window(kernelHeight: shape.height, kernelWidth: shape.width)
            nodes[index].operation = .convolution(convolution)
        }
    }
}
