import EspalierTestSupport

@testable import EspalierCompiler

/// Small random graphs of every operator, rich in what dead-work removal looks for: outputs without weights, biases far
/// below or above every activation range, inputs nobody reads, borders of other values, sums that wrap.
struct RandomNetwork {
    private var random: SeededGenerator
    private(set) var graph = Graph(name: "random")

    static func graph(seed: UInt64) -> Graph {
        var network = RandomNetwork(random: SeededGenerator(seed: seed))
        network.build()
        return network.graph
    }

    private init(random: SeededGenerator) {
        self.random = random
    }

    private mutating func build() {
        graph.input = tensor(Shape(number(3...7), number(3...7), number(1...6)))
        for _ in 0..<number(3...10) { addNode() }
        graph.outputs = [graph.tensors.indices.last { graph.tensors[$0].constant == nil }!]
        if chance(0.3) { graph.outputs.append(activation()) }
        Passes.removeUnused(&graph)
    }

    // MARK: Dice

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &random) < probability
    }

    private mutating func tensor(_ shape: Shape, zeroPoint: Int32? = nil, constant: [Int8]? = nil) -> Int {
        let zero = zeroPoint ?? (chance(0.5) ? -128 : Int32(number(-128...127)))
        graph.tensors.append(
            GraphTensor(
                name: "t\(graph.tensors.count)", shape: shape, scale: 0.05, zeroPoint: zero,
                constant: constant))
        return graph.tensors.count - 1
    }

    /// One of the tensors so far, mostly a late one.
    private mutating func activation() -> Int {
        let all = graph.tensors.indices.filter { graph.tensors[$0].constant == nil }
        return all[all.count - 1 - min(all.count - 1, number(0...1) * number(0...3))]
    }

    private mutating func range(_ zeroPoint: Int32) -> ActivationRange {
        switch number(0...3) {
        case 0: return ActivationRange()
        case 1: return ActivationRange(minimum: zeroPoint, maximum: min(127, zeroPoint + 40))
        default: return ActivationRange(minimum: zeroPoint)
        }
    }

    private mutating func append(_ operation: Operation, _ inputs: [Int], _ output: Int) {
        graph.nodes.append(
            Node(label: "node \(graph.nodes.count)", operation: operation, inputs: inputs, output: output))
    }

    // MARK: Nodes

    private mutating func addNode() {
        let input = activation()
        switch number(0...15) {
        case 0...5: addConvolution(input)
        case 6...8: addDepthwise(input)
        case 9, 10: addElementwise(input)
        case 11: addPool(input)
        case 12: addPad(input)
        case 13: addConcatenation(input)
        case 14: addTable(input)
        default: addWholeTensorOperator(input)
        }
    }

    /// A window and the picture it makes: SAME, VALID or padded more than either.
    private mutating func window(_ shape: Shape, isPool: Bool = false) -> (
        window: Window, height: Int, width: Int
    ) {
        var window = Window(kernelHeight: number(1...3), kernelWidth: number(1...3))
        if chance(0.4) { (window.kernelHeight, window.kernelWidth) = (1, 1) }
        window.strideHeight = number(1...2)
        window.strideWidth = number(1...2)
        if !isPool, chance(0.2) { (window.dilationHeight, window.dilationWidth) = (2, 2) }
        func side(_ size: Int, _ span: Int, _ stride: Int, _ extra: Int) -> (count: Int, before: Int) {
            if extra == 0, size >= span { return ((size - span) / stride + 1, 0) }
            let count = (size + stride - 1) / stride
            let before = max(0, (count - 1) * stride + span - size) / 2
            return extra > 1 && !isPool ? (count + extra, before + extra) : (count, before)
        }
        let extra = number(0...2)
        let rows = side(shape.height, window.spanHeight, window.strideHeight, extra)
        let columns = side(shape.width, window.spanWidth, window.strideWidth, extra)
        window.padTop = rows.before
        window.padLeft = columns.before
        return (window, rows.count, columns.count)
    }

    private mutating func addConvolution(_ input: Int) {
        let shape = graph.tensors[input].shape
        var (window, height, width) = window(shape)
        if chance(0.1) {
            (window, height, width) = (Window(kernelHeight: shape.height, kernelWidth: shape.width), 1, 1)
        }
        let groups = shape.channels % 2 == 0 && chance(0.1) ? 2 : 1
        let channels = number(1...8) * groups
        let output = tensor(Shape(height, width, channels))
        let taps = window.kernelHeight * window.kernelWidth
        var convolution = convolution(window, depth: taps * shape.channels / groups, output)
        convolution.groups = groups
        convolution.roundsOnce = chance(0.2)
        for channel in 0..<shape.channels / groups where chance(0.15) {
            for position in stride(from: channel, to: convolution.weights.count, by: shape.channels / groups)
            {
                convolution.weights[position] = Int8(convolution.weightZeroPoint)
            }
        }
        for channel in 0..<channels where chance(0.1) {
            let count = convolution.weights.count / channels
            for position in channel * count..<(channel + 1) * count {
                convolution.weights[position] = Int8(convolution.weightZeroPoint)
            }
        }
        append(.convolution(convolution), [input], output)
    }

    private mutating func addDepthwise(_ input: Int) {
        let shape = graph.tensors[input].shape
        let (window, height, width) = window(shape)
        let output = tensor(Shape(height, width, shape.channels * (chance(0.7) ? 1 : number(2...3))))
        let taps = window.kernelHeight * window.kernelWidth
        append(.depthwiseConvolution(convolution(window, depth: taps, output)), [input], output)
    }

    /// Random weights, `depth` for each output, and biases that often decide the result alone.
    private mutating func convolution(_ window: Window, depth: Int, _ output: Int) -> Convolution {
        let channels = graph.tensors[output].shape.channels
        let greatest = Int32(depth * 127 * 255)
        var bias: [Int32] = []
        var multipliers: [QuantizedMultiplier] = []
        for _ in 0..<channels {
            switch number(0...19) {
            case 0...3: bias.append(-greatest - Int32(number(0...10000)))
            case 4: bias.append(greatest + Int32(number(0...10000)))
            case 5: bias.append(Int32.random(in: .min ... .max, using: &random))
            default: bias.append(Int32(number(-10000...10000)))
            }
            let factor = Double(number(1...100)) / 100 / Double(depth).squareRoot() / 60
            multipliers.append(QuantizedMultiplier(chance(0.03) ? factor * 1e6 : factor))
        }
        var result = Convolution(
            window: window, weights: random.bytes(depth * channels, in: -127...127), bias: bias,
            multipliers: multipliers, activation: range(graph.tensors[output].zeroPoint))
        if chance(0.1) { result.weightZeroPoint = Int32(number(-20...20)) }
        return result
    }

    private mutating func addElementwise(_ input: Int) {
        let shape = graph.tensors[input].shape
        let alike = graph.tensors.indices.filter {
            graph.tensors[$0].shape == shape && graph.tensors[$0].constant == nil
        }
        var operands = [input, alike[number(0...alike.count - 1)]]
        if chance(0.3) {
            let side = chance(0.5) ? Shape(1, 1, shape.channels) : Shape(1, shape.width, 1)
            operands[1] = tensor(side, constant: random.bytes(side.count))
            if chance(0.5) { operands.swapAt(0, 1) }
        }
        let output = tensor(shape)
        let range = range(graph.tensors[output].zeroPoint)
        if chance(0.7) {
            let factors = [0.5, Double(number(1...50)) / 100, Double(number(1...40)) / Double(1 << 23)]
            append(.add(factors.map { QuantizedMultiplier($0) }, leftShift: 20, range), operands, output)
        } else {
            append(.multiply(QuantizedMultiplier(Double(number(1...40)) / 2000), range), operands, output)
        }
    }

    private mutating func addPool(_ input: Int) {
        let source = graph.tensors[input]
        if chance(0.3) {
            let output = tensor(Shape(1, 1, source.shape.channels))
            let pixels = source.shape.height * source.shape.width
            append(.mean(QuantizedMultiplier(1.3).dividedByCount(pixels)), [input], output)
            return
        }
        let (window, height, width) = window(source.shape, isPool: true)
        let output = tensor(Shape(height, width, source.shape.channels), zeroPoint: source.zeroPoint)
        let range = range(source.zeroPoint)
        let origin: Int32 = chance(0.3) ? -128 : 0
        append(
            chance(0.5) ? .maxPool(window, range) : .averagePool(window, range, roundingOrigin: origin),
            [input], output)
    }

    private mutating func addPad(_ input: Int) {
        let source = graph.tensors[input]
        let (top, left, front) = (number(0...1), number(0...1), number(0...2))
        let shape = Shape(
            source.shape.height + top + number(0...1), source.shape.width + left + number(0...1),
            source.shape.channels + front + number(0...2))
        let output = tensor(shape, zeroPoint: source.zeroPoint)
        let value = chance(0.5) ? source.zeroPoint : Int32(number(-128...127))
        append(.pad(top: top, left: left, front: front, value: value), [input], output)
    }

    private mutating func addConcatenation(_ input: Int) {
        let shape = graph.tensors[input].shape
        let axis = chance(0.6) ? 2 : number(0...1)
        var inputs = graph.tensors.indices.filter { index in
            graph.tensors[index].constant == nil
                && (0..<3).allSatisfy { $0 == axis || graph.tensors[index].shape[$0] == shape[$0] }
        }.suffix(number(1...3)).map { $0 }
        if chance(0.2) { inputs.append(tensor(shape, constant: random.bytes(shape.count))) }
        let side = inputs.reduce(0) { $0 + graph.tensors[$1].shape[axis] }
        let sides = (0..<3).map { $0 == axis ? side : shape[$0] }
        append(.concatenate(axis: axis), inputs, tensor(Shape(sides[0], sides[1], sides[2])))
    }

    private mutating func addTable(_ input: Int) {
        var table = random.bytes(256)
        if chance(0.5) { for index in 0..<number(1...256) { table[index] = -5 } }
        append(.table(table), [input], tensor(graph.tensors[input].shape))
    }

    private mutating func addWholeTensorOperator(_ input: Int) {
        let shape = graph.tensors[input].shape
        if chance(0.5) {
            append(
                .softmax(QuantizedMultiplier(Double(1 << 22)), differenceMinimum: -100), [input],
                tensor(shape, zeroPoint: -128))
        } else {
            let shapes = [
                Shape(1, shape.height * shape.width, shape.channels),
                Shape(shape.height, 1, shape.width * shape.channels),
            ]
            append(
                .reshape, [input], tensor(shapes[number(0...1)], zeroPoint: graph.tensors[input].zeroPoint))
        }
    }
}
