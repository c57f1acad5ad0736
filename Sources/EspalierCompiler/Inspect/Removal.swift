/// What dead-work removal did to a model: the part of `inspect` and of a header's first lines that says so.
public struct Removal: Codable, Sendable, Equatable {
    /// A tensor that lost channels.
    public struct Tensor: Codable, Sendable, Equatable {
        /// The source model's tensor index and name.
        public var tensor: Int
        public var name: String
        public var channels: Int
        public var channelsKept: Int
        /// Channels that hold one value on every input, and those values.
        public var constantChannels: [Int]
        public var constantValues: [Int]
        /// Channels that no output depends on.
        public var deadChannels: [Int]
    }

    /// Why nothing was looked for or nothing was done; absent where removal ran.
    public var leftBecause: String?
    /// Of all activation tensors of the source model.
    public var channels: Int
    public var channelsConstant: Int
    public var channelsDead: Int
    public var tensors: [Tensor]

    init(_ graph: Graph) {
        if case .left(let reason) = graph.deadWork { leftBecause = reason }
        let activations = graph.usedTensors.filter { graph.tensors[$0].constant == nil }
        channels = activations.reduce(0) { $0 + graph.tensors[$1].sourceShape.channels }
        tensors = activations.compactMap { index in
            let tensor = graph.tensors[index]
            return tensor.selection.map { selection in
                let constants = selection.constants.sorted { $0.key < $1.key }
                return Tensor(
                    tensor: index, name: tensor.name, channels: selection.sourceChannels,
                    channelsKept: selection.kept.count, constantChannels: constants.map(\.key),
                    constantValues: constants.map { Int($0.value) }, deadChannels: selection.dead)
            }
        }
        channelsConstant = tensors.reduce(0) { $0 + $1.constantChannels.count }
        channelsDead = tensors.reduce(0) { $0 + $1.deadChannels.count }
    }

    /// One line: `removed 1650 of 2738 channels: 1500 constant on every input, 150 that no output depends on`.
    public var text: String {
        if let leftBecause { return "nothing removed: \(leftBecause)" }
        guard !tensors.isEmpty else { return "none of \(channels) channels" }
        return
            "removed \(channelsConstant + channelsDead) of \(channels) channels: \(channelsConstant) constant on every "
            + "input, \(channelsDead) that no output depends on"
    }
}
