import EspalierCore

/// Which channels were silent on which calibration inputs: held the zero point in all pixels of a picture.
///
/// Kernels leave silent quads out, whatever the data; what calibration decides is only where looking for them pays, and
/// which channels had better share a quad. Results never depend on it.
public struct Silence: Sendable {
    /// [tensor][input][channel]
    private var silent: [Int: [[Bool]]] = [:]

    /// Layers look where at least this share of their input's quads is silent.
    private static let worthwhileShare = 0.03
    private static let worthwhileShareOfLists = 0.12

    /// Nothing is known, nothing is looked for.
    public init() {}

    /// Runs the inputs through a plan of the graph.
    ///
    /// - Parameter inputs: rows of quantised values.
    init(of graph: Graph, plan: Plan, inputs: [[Int8]]) throws(CompilerError) {
        let model = CompiledModel(plan)
        let arena = try Arena(model)
        do throws(Status) {
            for input in inputs {
                try input.withUnsafeBufferPointer { values throws(Status) in try arena.engine.setInput(values)
                }
                observe(graph.input, graph, arena.engine.tensor(plan.input))
                for (index, node) in graph.nodes.enumerated() {
                    try arena.engine.runLayer(index)
                    observe(node.output, graph, arena.engine.tensor(Int(plan.layers[index].fields.output)))
                }
            }
        } catch {
            throw CompilerError("\(error.text)")
        }
    }

    private mutating func observe(_ index: Int, _ graph: Graph, _ tensor: Tensor) {
        let zero = Int8(truncatingIfNeeded: graph.tensors[index].zeroPoint)
        var isSilent = [Bool](repeating: true, count: tensor.channels)
        for row in 0..<tensor.height {
            for pixel in 0..<tensor.width {
                for channel in isSilent.indices where tensor[row, pixel, channel] != zero {
                    isSilent[channel] = false
                }
            }
        }
        silent[index, default: []].append(isSilent)
    }

    /// How many of the inputs left each channel of a tensor silent; nil where nothing is known.
    func counts(of tensor: Int) -> [Int]? {
        guard let inputs = silent[tensor], let first = inputs.first else { return nil }
        return first.indices.map { channel in inputs.count { $0[channel] } }
    }

    /// The share of a tensor's quads that are silent, over all inputs.
    func share(of tensor: Int) -> Double {
        guard let inputs = silent[tensor], let channels = inputs.first?.count, channels > 0 else { return 0 }
        let quads = (channels + 3) / 4
        let silentQuads = inputs.reduce(0) { sum, input in
            sum
                + (0..<quads).count { quad in input[quad * 4..<min(quad * 4 + 4, channels)].allSatisfy { $0 }
                }
        }
        return Double(silentQuads) / Double(quads * inputs.count)
    }

    /// - Parameters:
    ///   - looking: what looking takes, as a share of the layer's time; silence has to gain half as much again.
    ///   - inPixelLanes: whether the layer walks lists of blocks, which take longer to make without silent ones.
    func isWorthLookingFor(in tensor: Int, looking: Double, inPixelLanes: Bool) -> Bool {
        let least = inPixelLanes ? Self.worthwhileShareOfLists : Self.worthwhileShare
        return share(of: tensor) >= max(least, 1.5 * looking)
    }

    /// The same with the channels of some tensors in another order.
    mutating func reorder(_ orders: [Int: [Int]]) {
        for (tensor, order) in orders {
            silent[tensor] = silent[tensor]?.map { input in order.map { input[$0] } }
        }
    }
}
