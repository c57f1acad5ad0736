import EspalierTestSupport
import Testing

@testable import EspalierCompiler

/// The rules of dead-work removal one by one, on graphs made for them.
@Suite struct DeadWorkRuleTests {
    /// A 1x1 convolution whose output 0 is always `constant`, the others not, and a reader of it.
    private func graph(constant: Int8, kernel: Int, padding: Int) -> Graph {
        var graph = Graph(name: "rules")
        let sides = 6 + 2 * padding - kernel + 1
        graph.tensors = [
            GraphTensor(name: "input", shape: Shape(6, 6, 3), scale: 1, zeroPoint: 0),
            GraphTensor(name: "middle", shape: Shape(6, 6, 4), scale: 1, zeroPoint: -128),
            GraphTensor(name: "output", shape: Shape(sides, sides, 2), scale: 1, zeroPoint: 5),
        ]
        graph.input = 0
        graph.outputs = [2]
        var random = SeededGenerator(seed: 1)
        var first = Convolution(
            window: Window(kernelHeight: 1, kernelWidth: 1), weights: random.bytes(12, in: -127...127),
            bias: [0, 1, 2, 3], multipliers: Array(repeating: QuantizedMultiplier(0.005), count: 4),
            activation: ActivationRange())
        for input in 0..<3 { first.weights[input] = 0 }
        first.bias[0] = (Int32(constant) + 128) * 200
        var window = Window(kernelHeight: kernel, kernelWidth: kernel)
        window.padTop = padding
        window.padLeft = padding
        let second = Convolution(
            window: window, weights: random.bytes(8 * kernel * kernel, in: -127...127), bias: [100, -100],
            multipliers: Array(repeating: QuantizedMultiplier(0.001), count: 2), activation: ActivationRange()
        )
        graph.nodes = [
            Node(label: "first", operation: .convolution(first), inputs: [0], output: 1),
            Node(label: "second", operation: .convolution(second), inputs: [1], output: 2),
        ]
        return graph
    }

    private func removed(_ graph: Graph) throws -> Graph {
        var trimmed = graph
        Passes.removeDeadWork(&trimmed)
        #expect(trimmed.deadWork == .removed)
        #expect(try Network(graph).outputs(7) == Network(trimmed).outputs(7))
        return trimmed
    }

    @Test func aConstantIsFoldedIntoTheBiasOfAConvolutionWithoutBorders() throws {
        for kernel in [1, 3] {
            let trimmed = try removed(graph(constant: 17, kernel: kernel, padding: 0))
            #expect(trimmed.tensors[1].shape == Shape(6, 6, 3))
            #expect(trimmed.tensors[1].selection?.kept == [1, 2, 3])
            #expect(trimmed.tensors[1].selection?.constants == [0: 17])
            #expect(trimmed.tensors[1].sourceShape == Shape(6, 6, 4))
            guard case .convolution(let convolution) = trimmed.nodes[1].operation else { return }
            #expect(convolution.bias != [100, -100])
        }
    }

    @Test func aConstantAtTheZeroPointAddsNothingAtBorders() throws {
        let trimmed = try removed(graph(constant: -128, kernel: 3, padding: 1))
        #expect(trimmed.tensors[1].selection?.constants == [0: -128])
        guard case .convolution(let convolution) = trimmed.nodes[1].operation else { return }
        #expect(convolution.bias == [100, -100])
    }

    @Test func aConstantBesideTheZeroPointStaysWhereABorderIsRead() throws {
        let trimmed = try removed(graph(constant: 17, kernel: 3, padding: 1))
        #expect(trimmed.tensors[1].selection == nil)
    }

    /// Only the tap in the middle has a weight for the constant, and it never leaves the picture.
    @Test func whatCountsAtABorderIsEachTapsWeight() throws {
        var graph = graph(constant: 17, kernel: 3, padding: 1)
        guard case .convolution(var convolution) = graph.nodes[1].operation else { return }
        for output in 0..<2 {
            for tap in 0..<9 where tap != 4 { convolution.weights[(output * 9 + tap) * 4] = 0 }
        }
        graph.nodes[1].operation = .convolution(convolution)
        #expect(try removed(graph).tensors[1].selection?.constants == [0: 17])
    }

    @Test func channelsWithoutAWeightInAnyReaderAreDead() throws {
        var graph = graph(constant: 17, kernel: 3, padding: 1)
        guard case .convolution(var convolution) = graph.nodes[1].operation else { return }
        for position in stride(from: 2, to: convolution.weights.count, by: 4) {
            convolution.weights[position] = 0
        }
        graph.nodes[1].operation = .convolution(convolution)
        let trimmed = try removed(graph)
        #expect(trimmed.tensors[1].selection?.dead == [2])
        #expect(trimmed.tensors[1].selection?.constants == [:])
        #expect(trimmed.nodes[0].sourceWork == Work(macs: 6 * 6 * 12, blocks: 4, weightBytes: 12))
    }

    @Test func outputsAndInputOfTheModelStay() throws {
        var graph = graph(constant: 17, kernel: 1, padding: 0)
        graph.outputs = [1]
        graph.nodes.removeLast()
        #expect(try removed(graph).tensors[1].shape.channels == 4)
        #expect(try removed(graph).tensors[0].shape.channels == 3)
    }

    /// The sum of a constant and a living channel lives, so both terms stay; where both are constant all go.
    @Test func additionsLoseAChannelOnlyInAllTheirTensors() throws {
        for both in [false, true] {
            var graph = graph(constant: 17, kernel: 1, padding: 0)
            graph.tensors += [graph.tensors[1], graph.tensors[1]]
            var other = graph.nodes[0]
            guard case .convolution(var convolution) = other.operation else { return }
            if !both { convolution.weights[0] = 127 }
            other.operation = .convolution(convolution)
            other.output = 3
            let factors = [0.5, 0.5, 1.0 / Double(1 << 20)].map { QuantizedMultiplier($0) }
            let sum = Node(
                label: "sum", operation: .add(factors, leftShift: 20, ActivationRange()), inputs: [1, 3],
                output: 4)
            graph.nodes.insert(contentsOf: [other, sum], at: 1)
            graph.nodes[3].inputs = [4]
            let trimmed = try removed(graph)
            for tensor in [1, 3, 4] { #expect(trimmed.tensors[tensor].shape.channels == (both ? 3 : 4)) }
        }
    }

    /// Six channels in two quads, the second pruned: without channel 0 its neighbours' weights would fill both quads.
    @Test func prunedBlocksAreNotBrokenUp() throws {
        var graph = graph(constant: 17, kernel: 1, padding: 0)
        graph.tensors[1].shape.channels = 9
        guard case .convolution(var first) = graph.nodes[0].operation,
            case .convolution(var second) = graph.nodes[1].operation
        else { return }
        first.weights = [0, 0, 0] + Array(repeating: 9, count: 24)
        first.bias = [first.bias[0]] + Array(repeating: 1, count: 8)
        first.multipliers = Array(repeating: first.multipliers[0], count: 9)
        // Outputs read quad 0 and quad 1 in turn; channel 8 is read by one more.
        graph.tensors[2].shape.channels = 40
        second.weights = (0..<40).flatMap { output -> [Int8] in
            let quad = output % 2
            return (0..<9).map { $0 / 4 == quad || ($0 == 8 && output == 39) ? 5 : 0 }
        }
        second.bias = Array(repeating: 3, count: 40)
        second.multipliers = Array(repeating: second.multipliers[0], count: 40)
        graph.nodes[0].operation = .convolution(first)
        graph.nodes[1].operation = .convolution(second)
        var trimmed = graph
        Passes.removeDeadWork(&trimmed)
        #expect(
            trimmed.deadWork
                == .left(because: "removing it would break up pruned 1x4 blocks and cost more than it saves"))
        #expect(trimmed.tensors[1].selection == nil)
    }

    @Test func moreChannelsThanAnyNetworkHasAreLeftAlone() {
        var graph = Graph(name: "wide")
        let shape = Shape(1, 1, 65_535)
        graph.tensors = (0..<20).map { GraphTensor(name: "t\($0)", shape: shape, scale: 1, zeroPoint: 0) }
        graph.nodes = (0..<19).map {
            Node(label: "", operation: .table(Array(repeating: 0, count: 256)), inputs: [$0], output: $0 + 1)
        }
        graph.outputs = [19]
        Passes.removeDeadWork(&graph)
        #expect(graph.deadWork == .left(because: "the model has more than 1048576 channels"))
    }
}
