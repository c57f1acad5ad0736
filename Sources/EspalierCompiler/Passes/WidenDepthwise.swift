/// Turns depthwise convolutions of one channel into plain ones: the same sums, and kernels that know how to spread one
/// input over many outputs.
func widenDepthwise(_ graph: inout Graph) {
    for index in graph.nodes.indices {
        guard case .depthwiseConvolution(var convolution) = graph.nodes[index].operation,
            graph.tensors[graph.nodes[index].inputs[0]].shape.channels == 1
        else { continue }
        let outputs = convolution.bias.count
        let taps = convolution.weights.count / outputs
        // From [tap][output] to [output][tap].
        convolution.weights = (0..<outputs).flatMap { output in
            (0..<taps).map { convolution.weights[$0 * outputs + output] }
        }
        graph.nodes[index].operation = .convolution(convolution)
    }
}
