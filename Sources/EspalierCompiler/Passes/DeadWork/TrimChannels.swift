extension Graph {
    /// Takes channels out of tensors and everything that computes or reads them.
    ///
    /// - Parameters:
    ///   - kept: the channels of a tensor that stay, ascending, at least one; see `KeptChannels` for what they must be.
    ///   - intervals: [tensor][channel]
    mutating func trim(to kept: [Int: [Int]], _ intervals: [[Interval]]) {
        let source = self
        for index in nodes.indices { nodes[index].trim(source, kept, intervals) }
        for (tensor, channels) in kept where channels.count < tensors[tensor].shape.channels {
            tensors[tensor].trim(to: channels, intervals[tensor])
        }
    }
}

extension GraphTensor {
    fileprivate mutating func trim(to kept: [Int], _ intervals: [Interval]) {
        let isKept = Set(kept)
        var selection = ChannelSelection(kept: kept, sourceChannels: shape.channels)
        for (channel, interval) in intervals.enumerated() where !isKept.contains(channel) {
            selection.constants[channel] = interval.constant
        }
        self.selection = selection
        if let values = constant {
            constant = stride(from: 0, to: values.count, by: shape.channels).flatMap { pixel in
                kept.map { values[pixel + $0] }
            }
        }
        shape.channels = kept.count
    }
}

extension Node {
    fileprivate mutating func trim(_ source: Graph, _ kept: [Int: [Int]], _ intervals: [[Interval]]) {
        let output = source.tensors[self.output].shape
        let outputs = kept[self.output]!
        let inputs = kept[self.inputs[0]]!
        switch operation {
        case .convolution(var convolution) where convolution.groups == 1:
            let input = source.tensors[self.inputs[0]]
            sourceWork = Work(convolution, pixels: output.height * output.width, inputs: input.shape.channels)
            guard outputs.count < output.channels || inputs.count < input.shape.channels else { return }
            let constants = RemovedConstants(
                input, kept: inputs, intervals[self.inputs[0]],
                WindowReach(convolution.window, input: input.shape, output: output))
            convolution.trim(outputs: outputs, inputs: inputs, of: input.shape.channels, constants)
            operation = .convolution(convolution)
        case .depthwiseConvolution(var convolution):
            sourceWork = Work(depthwise: convolution, pixels: output.height * output.width)
            guard outputs.count < output.channels else { return }
            let weights = convolution.weights
            convolution.weights = stride(from: 0, to: weights.count, by: output.channels).flatMap { tap in
                outputs.map { weights[tap + $0] }
            }
            convolution.keepOutputs(outputs)
            operation = .depthwiseConvolution(convolution)
        case .pad(let top, let left, let front, let value):
            operation = .pad(top: top, left: left, front: outputs.filter { $0 < front }.count, value: value)
        default: break
        }
    }
}

/// Constant input channels that are taken away, less the zero point, and the taps at which each adds its product at
/// every pixel.
private struct RemovedConstants {
    let channels: [(channel: Int, value: Int32)]
    let taps: [Int]

    init(_ tensor: GraphTensor, kept: [Int], _ intervals: [Interval], _ reach: WindowReach) {
        let isKept = Set(kept)
        channels = intervals.enumerated().compactMap { channel, interval in
            guard !isKept.contains(channel), let constant = interval.constant,
                Int32(constant) != tensor.zeroPoint
            else { return nil }
            return (channel, Int32(constant) - tensor.zeroPoint)
        }
        taps = (0..<reach.taps).filter { reach.isAlwaysInside($0) }
    }
}

extension Convolution {
    /// Takes outputs and inputs out of a convolution with one group; what constant inputs added goes into the bias.
    ///
    /// The bias wraps where the sum it replaces would have: both are taken modulo 2^32.
    fileprivate mutating func trim(
        outputs: [Int], inputs: [Int], of depth: Int, _ constants: RemovedConstants
    ) {
        let taps = window.kernelHeight * window.kernelWidth
        var trimmed: [Int8] = []
        trimmed.reserveCapacity(outputs.count * taps * inputs.count)
        for output in outputs {
            for tap in 0..<taps {
                let first = (output * taps + tap) * depth
                for input in inputs { trimmed.append(weights[first + input]) }
            }
            for tap in constants.taps {
                let first = (output * taps + tap) * depth
                for (channel, value) in constants.channels {
                    bias[output] &+= (Int32(weights[first + channel]) - weightZeroPoint) &* value
                }
            }
        }
        weights = trimmed
        keepOutputs(outputs)
    }

    fileprivate mutating func keepOutputs(_ outputs: [Int]) {
        bias = outputs.map { bias[$0] }
        multipliers = outputs.map { multipliers[$0] }
    }
}

extension Work {
    fileprivate init(_ convolution: Convolution, pixels: Int, inputs: Int) {
        self.init(
            macs: UInt64(pixels) * UInt64(convolution.weights.count),
            blocks: convolution.weights.count / inputs * ((inputs + 3) / 4),
            weightBytes: convolution.weights.count)
    }

    fileprivate init(depthwise convolution: Convolution, pixels: Int) {
        self.init(
            macs: UInt64(pixels) * UInt64(convolution.weights.count), blocks: 0,
            weightBytes: convolution.weights.count)
    }
}
