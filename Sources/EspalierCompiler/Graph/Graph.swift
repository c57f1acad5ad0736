// The typed graph between import and plan: what the network computes, free of any file format and of any layout.

/// A network: tensors, and nodes in an order in which each one's inputs are ready.
public struct Graph: Sendable {
    public var name: String
    public var tensors: [GraphTensor] = []
    public var nodes: [Node] = []
    public var input = 0
    public var outputs: [Int] = []
    /// What the source calls the outputs.
    public var outputNames: [String] = []
    /// The source's input is [channels, height, width]; the graph's tensor is [height, width, channels] all the same.
    public var inputChannelsFirst = false
    /// What the source's input holds.
    public var inputType = InputType.int8
    /// Where the values of a tensor that a pass removed are now, in the same row-pixel-channel order.
    public var aliases: [Int: Int] = [:]
    public var deadWork = DeadWork.left(because: "nothing has looked for it")

    public init(name: String) {
        self.name = name
    }

    /// The tensor that holds a source tensor's values after all passes.
    public func resolved(_ tensor: Int) -> Int {
        var current = tensor
        while let next = aliases[current] { current = next }
        return current
    }

    /// Removes nodes that pass their input on unchanged, and makes everything read the input instead.
    mutating func replace(_ tensor: Int, by source: Int) {
        aliases[tensor] = source
        for index in nodes.indices {
            nodes[index].inputs = nodes[index].inputs.map { $0 == tensor ? source : $0 }
        }
        outputs = outputs.map { $0 == tensor ? source : $0 }
    }

    /// The nodes that read a tensor.
    func consumers(of tensor: Int) -> [Node] {
        nodes.filter { $0.inputs.contains(tensor) }
    }
}

/// What a source model takes: stored values of either kind, or real ones that it quantises itself.
public enum InputType: Sendable {
    case int8, uint8, real
}

/// A height x width x channels picture; fully connected activations are 1 x 1 x n.
public struct Shape: Equatable, Sendable {
    public var height: Int
    public var width: Int
    public var channels: Int

    public init(_ height: Int, _ width: Int, _ channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }

    /// The sides from outer to inner, for axes 0 rows, 1 pixels, 2 channels.
    public subscript(axis: Int) -> Int { [height, width, channels][axis] }

    public var count: Int { height * width * channels }
    public var quads: Int { (channels + 3) / 4 }
}

/// An int8 tensor: real value = scale x (value - zeroPoint).
public struct GraphTensor: Sendable {
    public var name: String
    public var shape: Shape
    public var scale: Float
    public var zeroPoint: Int32
    /// Values of a constant operand in row-pixel-channel order.
    public var constant: [Int8]?
    /// What brought its values into 0 ... 1, a class a channel; nil where nothing did.
    public var squashing: Squashing?
    /// The same where the values have been moved to other channels since.
    public var mixedSquashing: Squashing?
    /// The channels that are left of the source's; nil while all are.
    public var selection: ChannelSelection?

    public init(name: String, shape: Shape, scale: Float, zeroPoint: Int32, constant: [Int8]? = nil) {
        self.name = name
        self.shape = shape
        self.scale = scale
        self.zeroPoint = zeroPoint
        self.constant = constant
    }

    /// The shape with the channels that passes removed.
    public var sourceShape: Shape {
        Shape(shape.height, shape.width, selection?.sourceChannels ?? shape.channels)
    }
}

/// Which of a source tensor's channels a tensor still has, and what is known of the others.
public struct ChannelSelection: Equatable, Sendable {
    /// The source's channel for each channel: ascending, unless a pass has put them in another order.
    public var kept: [Int]
    public var sourceChannels: Int
    /// The stored value of removed channels that hold one value on every input. On the other removed channels nothing
    /// depends.
    public var constants: [Int: Int8] = [:]

    public init(kept: [Int], sourceChannels: Int) {
        self.kept = kept
        self.sourceChannels = sourceChannels
    }

    /// Removed channels that no output depends on, ascending.
    public var dead: [Int] {
        let isKept = Set(kept)
        return (0..<sourceChannels).filter { !isKept.contains($0) && constants[$0] == nil }
    }
}

/// What became of work that no output depends on.
public enum DeadWork: Equatable, Sendable {
    /// All that was found is gone; the tensors' selections say what it was.
    case removed
    case left(because: String)
}

/// What a layer of the source model has to do, nothing pruned.
public struct Work: Equatable, Sendable {
    public var macs: UInt64
    /// 1x4 blocks.
    public var blocks: Int
    public var weightBytes: Int
}

/// One operator with everything its kernel needs but the layout.
public struct Node: Sendable {
    /// How the source calls it, for people: `operator 3 (CONV_2D)`.
    public var label: String
    public var operation: Operation
    public var inputs: [Int]
    public var output: Int
    /// What it had to do before channels were removed; nil where none can have been.
    public var sourceWork: Work?

    public init(label: String, operation: Operation, inputs: [Int], output: Int) {
        self.label = label
        self.operation = operation
        self.inputs = inputs
        self.output = output
    }
}

public enum Operation: Sendable {
    /// Weights [outputs][kernel height][kernel width][inputs / groups]. Fully connected: a kernel as large as the picture.
    case convolution(Convolution)
    /// Weights [kernel height][kernel width][outputs]; output o sees input o / (outputs / inputs).
    case depthwiseConvolution(Convolution)
    /// Multipliers of the first input, the second and the sum.
    case add([QuantizedMultiplier], leftShift: Int32, ActivationRange)
    case multiply(QuantizedMultiplier, ActivationRange)
    case maxPool(Window, ActivationRange)
    case averagePool(Window, ActivationRange, roundingOrigin: Int32)
    case mean(QuantizedMultiplier)
    case softmax(QuantizedMultiplier, differenceMinimum: Int32)
    /// Rows above, pixels to the left and channels before; the output's shape gives the rest.
    case pad(top: Int, left: Int, front: Int, value: Int32)
    case concatenate(axis: Int)
    case reshape
    /// The output value for each input value -128 ... 127.
    case table([Int8])
}

/// A convolution's parameters.
public struct Convolution: Sendable {
    public var window: Window
    public var weights: [Int8]
    public var weightZeroPoint: Int32 = 0
    public var groups = 1
    /// One for each output, without the zero points' part.
    public var bias: [Int32]
    public var multipliers: [QuantizedMultiplier]
    public var activation: ActivationRange
    /// FULLY_CONNECTED: products are rounded once, not twice.
    public var roundsOnce = false

    public init(
        window: Window, weights: [Int8], weightZeroPoint: Int32 = 0, groups: Int = 1, bias: [Int32],
        multipliers: [QuantizedMultiplier], activation: ActivationRange
    ) {
        self.window = window
        self.weights = weights
        self.weightZeroPoint = weightZeroPoint
        self.groups = groups
        self.bias = bias
        self.multipliers = multipliers
        self.activation = activation
    }
}

/// Where a kernel looks: its size, how far it steps and how far apart its taps are.
public struct Window: Equatable, Sendable {
    public var kernelHeight: Int
    public var kernelWidth: Int
    public var strideHeight = 1
    public var strideWidth = 1
    public var dilationHeight = 1
    public var dilationWidth = 1
    public var padTop = 0
    public var padLeft = 0

    public init(kernelHeight: Int, kernelWidth: Int) {
        self.kernelHeight = kernelHeight
        self.kernelWidth = kernelWidth
    }

    /// Rows and pixels that the taps span.
    public var spanHeight: Int { (kernelHeight - 1) * dilationHeight + 1 }
    public var spanWidth: Int { (kernelWidth - 1) * dilationWidth + 1 }
}

/// The stored values an output is cut to, both ends included.
public struct ActivationRange: Equatable, Sendable {
    public var minimum: Int32
    public var maximum: Int32

    public init(minimum: Int32 = -128, maximum: Int32 = 127) {
        self.minimum = minimum
        self.maximum = maximum
    }
}
