/// Which channels have to stay: what the outputs depend on, found backwards from them.
///
/// The smallest set that holds the outputs and the input, with each channel its whole group, and with each output of
/// a convolution those inputs whose effect on it cannot be written into its bias. At least one channel of every tensor
/// stays.
struct KeptChannels {
    private let graph: Graph
    private let groups: ChannelGroups
    private var isKept: [Bool]
    private var pending: [Int] = []
    /// The convolution that writes each tensor.
    private var writers: [Int: Writer] = [:]

    init(_ graph: Graph, _ analysis: IntervalAnalysis) {
        self.graph = graph
        groups = ChannelGroups(graph)
        isKept = Array(repeating: false, count: groups.tensor.count)
        for node in graph.nodes {
            guard case .convolution(let convolution) = node.operation, convolution.groups == 1 else {
                continue
            }
            writers[node.output] = Writer(convolution, node, graph, analysis)
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
            let first = groups.first[writer.input]
            writer.forEachInputNeeded(by: channel - groups.first[tensor]) { keep(first + $0) }
        }
    }
}

/// A convolution, as far as it decides which inputs an output needs.
private struct Writer {
    let input: Int
    private let weights: [Int8]
    private let weightZeroPoint: Int32
    /// Whether a tap adds anything that no bias can hold, for inputs that vary and for those that hold one value beside
    /// the zero point: at a tap that lies outside the picture at some positions only, that value counts at the others.
    private let tapsOfVarying: [Bool]
    private let tapsOfConstant: [Bool]
    /// Which of the two lists is an input's; nil for one that always holds the zero point and so adds nothing.
    private let varies: [Bool?]

    init(_ convolution: Convolution, _ node: Node, _ graph: Graph, _ analysis: IntervalAnalysis) {
        input = node.inputs[0]
        weights = convolution.weights
        weightZeroPoint = convolution.weightZeroPoint
        let source = graph.tensors[input]
        let reach = WindowReach(
            convolution.window, input: source.shape, output: graph.tensors[node.output].shape)
        tapsOfVarying = (0..<reach.taps).map { !reach.isNeverInside($0) }
        tapsOfConstant = (0..<reach.taps).map { !reach.isNeverInside($0) && !reach.isAlwaysInside($0) }
        varies = analysis.intervals[input].map { interval in
            guard let constant = interval.constant else { return true }
            return Int32(constant) == source.zeroPoint ? nil : false
        }
    }

    func forEachInputNeeded(by output: Int, _ body: (Int) -> Void) {
        var position = output * tapsOfVarying.count * varies.count
        for tap in tapsOfVarying.indices {
            for input in varies.indices {
                let isZero = Int32(weights[position]) == weightZeroPoint
                position += 1
                guard !isZero, let varies = varies[input] else { continue }
                if varies ? tapsOfVarying[tap] : tapsOfConstant[tap] { body(input) }
            }
        }
    }
}
