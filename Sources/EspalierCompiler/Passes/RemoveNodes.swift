extension Passes {
    /// Removes tables that map every value to itself, such as a change from uint8 to int8 at the input.
    static func removeIdentities(_ graph: inout Graph) {
        let identity = (-128...127).map { Int8($0) }
        for node in graph.nodes {
            guard case .table(identity) = node.operation, graph.tensors[node.inputs[0]].constant == nil else {
                continue
            }
            graph.nodes.removeAll { $0.output == node.output }
            graph.replace(node.output, by: node.inputs[0])
        }
    }

    /// Removes nodes whose result reaches no output.
    static func removeUnused(_ graph: inout Graph) {
        var needed = Set(graph.outputs)
        for node in graph.nodes.reversed() where needed.contains(node.output) {
            needed.formUnion(node.inputs)
        }
        graph.nodes.removeAll { !needed.contains($0.output) }
    }
}
