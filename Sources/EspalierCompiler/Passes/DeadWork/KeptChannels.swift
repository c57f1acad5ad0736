/// Which channels have to stay: what the outputs depend on, found backwards from them.
///
/// The smallest set that holds the outputs and the input, with each channel its whole group, and with each output of
/// a convolution those inputs whose effect on it cannot be written into its bias. At least one channel of every tensor
/// stays.
struct KeptChannels {
    private let graph: Graph
    private let analysis: IntervalAnalysis
    private let groups: ChannelGroups
    private var isKept: [Bool]
    private var pending: [Int] = []
    /// The convolution that writes each tensor, and how far it reaches over its input.
    private var writers: [Int: (convolution: Convolution, input: Int, reach: WindowReach)] = [:]

    init(_ graph: Graph, _ analysis: IntervalAnalysis) {
        self.graph = graph
        self.analysis = analysis
        groups = ChannelGroups(graph)
        isKept = Array(repeating: false, count: groups.tensor.count)
        for node in graph.nodes {
            guard case .convolution(let convolution) = node.operation, convolution.groups == 1 else {
                continue
            }
            let reach = WindowReach(
                convolution.window, input: graph.tensors[node.inputs[0]].shape,
                output: graph.tensors[node.output].shape)
            writers[node.output] = (convolution, node.inputs[0], reach)
        }
        for tensor in [graph.input] + graph.outputs {
            for channel in 0..<graph.tensors[tensor].shape.channels { keep(groups.first[tensor] + channel) }
        }
        followAll()
        for tensor in graph.usedTensors where channels(of: tensor).isEmpty {
            keep(groups.first[tensor])
            followAll()
        }
    }

    /// The channels of a tensor that stay, ascending.
    func channels(of tensor: Int) -> [Int] {
        (0..<graph.tensors[tensor].shape.channels).filter { isKept[groups.first[tensor] + $0] }
    }

    private mutating func keep(_ channel: Int) {
        guard !isKept[channel] else { return }
        var members: [Int] = []
        groups.forEachMember(of: channel) { members.append($0) }
        for member in members { isKept[member] = true }
        pending += members
    }

    /// Keeps what the kept outputs of convolutions need. Other operators need nothing beyond their groups.
    private mutating func followAll() {
        while let channel = pending.popLast() {
            let tensor = Int(groups.tensor[channel])
            guard let writer = writers[tensor] else { continue }
            let inputs = graph.tensors[writer.input].shape.channels
            let weights = writer.convolution.weights
            var position = (channel - groups.first[tensor]) * writer.reach.taps * inputs
            for tap in 0..<writer.reach.taps {
                for input in 0..<inputs {
                    let weight = Int32(weights[position])
                    position += 1
                    guard weight != writer.convolution.weightZeroPoint,
                        needs(input, of: writer.input, tap, writer.reach)
                    else { continue }
                    keep(groups.first[writer.input] + input)
                }
            }
        }
    }

    /// Whether what a tap reads of an input channel differs from frame to frame or from pixel to pixel.
    ///
    /// A constant does at a tap that lies outside the picture at some pixels only, where it reads the zero point.
    private func needs(_ channel: Int, of tensor: Int, _ tap: Int, _ reach: WindowReach) -> Bool {
        if reach.isNeverInside(tap) { return false }
        guard let constant = analysis.intervals[tensor][channel].constant else { return true }
        return Int32(constant) != graph.tensors[tensor].zeroPoint && !reach.isAlwaysInside(tap)
    }
}
