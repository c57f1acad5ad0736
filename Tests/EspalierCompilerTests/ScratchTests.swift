import CEspalier
import EspalierCore
import EspalierTestSupport
import Testing

@testable import EspalierCompiler

/// What the kernels say of their scratch, and what a header reserves.
@Suite struct ScratchTests {
    /// A dense convolution of a square picture with as many rows and columns.
    private func graph(
        side: Int, width: Int? = nil, inputs: Int, outputs: Int, kernel: Int = 3, weightZeroPoint: Int32 = 0
    ) -> Graph {
        var graph = Graph(name: "scratch")
        let shape = Shape(side, width ?? side, inputs)
        graph.tensors = [
            GraphTensor(name: "input", shape: shape, scale: 1, zeroPoint: -128),
            GraphTensor(
                name: "output", shape: Shape(shape.height, shape.width, outputs), scale: 1, zeroPoint: -128),
        ]
        var window = Window(kernelHeight: kernel, kernelWidth: kernel)
        (window.padTop, window.padLeft) = (kernel / 2, kernel / 2)
        var random = SeededGenerator(seed: 5)
        var convolution = Convolution(
            window: window, weights: random.bytes(kernel * kernel * inputs * outputs, in: 1...127),
            bias: [Int32](repeating: 0, count: outputs),
            multipliers: Array(repeating: QuantizedMultiplier(0.001), count: outputs),
            activation: ActivationRange())
        convolution.weightZeroPoint = weightZeroPoint
        graph.nodes = [
            Node(label: "convolution", operation: .convolution(convolution), inputs: [0], output: 1)
        ]
        graph.outputs = [1]
        return graph
    }

    private func scratch(
        _ graph: Graph, _ processor: Processor, _ kind: PackingKind, kernels: KernelKinds? = nil
    ) throws -> Int {
        var costs = CostModel()
        costs.processor = processor
        costs.processor.reserves = kernels ?? processor.reserves
        costs.forced = kind
        return Int(try Planner.plan(graph, costs: costs).layers[0].fields.scratch_bytes)
    }

    /// Transformed inputs of a band, transformed weights of 16 outputs, sums of a block; only NEON's sets have the kernel.
    @Test func winogradsTransformationTakesScratchOnArmAlone() throws {
        let sizes = [(32, 16, 16), (16, 32, 32), (56, 64, 64)]
        let graphs = sizes.map { graph(side: $0.0, inputs: $0.1, outputs: $0.2) }
        let onArm = try graphs.map { try scratch($0, .cortexA53, .winograd) }
        #expect(onArm == [32_256, 82_944, 156_672])
        let visits = sizes.map { 9 * $0.1 / 4 * 8 }
        #expect(try graphs.map { try scratch($0, .avx512vnni, .winograd) } == visits)
        let tilings = sizes.map {
            ConvolutionTiling(
                Window(kernelHeight: 3, kernelWidth: 3), input: Shape($0.0, $0.0, $0.1),
                output: Shape($0.0, $0.0, $0.2))
        }
        #expect(tilings.map { $0.winograd?.weightTransforms } == [1, 1, 13])
        #expect(tilings.map { $0.winograd?.blocks } == [16, 4, 49])
    }

    /// 32 bytes a block hold the windows of the pixels gathered at once; rows of 16 outputs gather nothing.
    @Test func microcontrollersReserveWindowsAndNoBands() throws {
        let layer = graph(side: 8, inputs: 16, outputs: 16)
        for kind in [PackingKind.pixels1x4, .pixels2x4, .pixels4x4] {
            #expect(try scratch(layer, .cortexM, kind) == 36 * 32)
            #expect(try scratch(layer, .arm1176, kind) == 36 * 32)
            #expect(try scratch(layer, .avx512vnni, kind) == 4 * 1152)
        }
        #expect(try scratch(layer, .cortexM, .channelLanes) == 0)
        #expect(
            try scratch(graph(side: 8, width: 1, inputs: 16, outputs: 16), .cortexM, .pixels1x4) == 36 * 16)
    }

    /// A header comes to machines with other sets of the family than the one it is packed for.
    @Test func everyRelativeOfAProcessorFindsRoom() throws {
        let families: [(KernelKinds, [Processor])] = [
            (.words, [.cortexM, .arm1176]), (.x86, [.avx2, .avx512vnni]),
            (.arm, [.cortexA7, .cortexA53, .cortexA72, .cortexA76]), (.all, [.generic]),
        ]
        #expect(families.flatMap { $0.1 }.count == Processor.all.count)
        for (side, width) in [(16, 16), (16, 8), (9, 3), (40, 33)] {
            let layer = graph(side: side, width: width, inputs: 12, outputs: 8)
            for kind in PackingKind.allCases {
                let everything = try scratch(layer, .generic, kind)
                for (kernels, processors) in families {
                    for processor in processors {
                        let bytes = try scratch(layer, processor, kind)
                        let needs = try kernels.each.map { try scratch(layer, processor, kind, kernels: $0) }
                        #expect(bytes <= everything, "\(kind) \(side)x\(width)")
                        #expect(needs.max() == bytes, "\(kind) \(side)x\(width)")
                    }
                }
            }
        }
    }

    @Test func layersOfTheReferenceKernelTakeNone() throws {
        let layer = graph(side: 8, inputs: 16, outputs: 16, weightZeroPoint: 3)
        #expect(try scratch(layer, .generic, .pixels1x4) == 0)
    }

    /// All sets but the words' decline such a picture in pixel lanes, so it is not packed for them.
    @Test func picturesTooWideForABandArePackedForChannelLanes() throws {
        func fits(_ window: Window, _ output: Shape, channels: Int) -> Bool {
            let input = Shape(
                (output.height - 1) * window.strideHeight + window.spanHeight,
                (output.width - 1) * window.strideWidth + window.spanWidth, channels)
            return ConvolutionTiling(window, input: input, output: output).fitsPixelLanes
        }
        let window = Window(kernelHeight: 3, kernelWidth: 3)
        #expect(fits(window, Shape(2, 1024, 8), channels: 8))
        #expect(!fits(window, Shape(2, 1025, 8), channels: 8))
        #expect(fits(Window(kernelHeight: 1, kernelWidth: 1), Shape(1, 1, 10), channels: 200_000))
        #expect(!fits(Window(kernelHeight: 1, kernelWidth: 1), Shape(1, 1, 10), channels: 300_000))
        // More bytes than 32 bits count.
        #expect(!fits(Window(kernelHeight: 9000, kernelWidth: 9000), Shape(1, 1, 1), channels: 4))
        #expect(!fits(Window(kernelHeight: 1, kernelWidth: 16_384), Shape(1, 1024, 1), channels: 4096))
        var strided = window
        (strided.strideHeight, strided.strideWidth) = (2, 2)
        #expect(fits(strided, Shape(4, 4, 4), channels: 4))
        strided.dilationWidth = 2
        #expect(!fits(strided, Shape(4, 4, 4), channels: 4))
        (strided.strideHeight, strided.strideWidth, strided.dilationWidth) = (3, 3, 1)
        #expect(!fits(strided, Shape(4, 4, 4), channels: 4))
        let plan = try Planner.plan(graph(side: 1, width: 1025, inputs: 4, outputs: 4, kernel: 1))
        #expect(plan.layers[0].fields.kernel == ESPALIER_KERNEL_CHANNEL_LANES)
    }

    /// A header for a microcontroller holds too little for other sets, which then decline: the results stay.
    @Test(arguments: 0..<60)
    func aHeaderRunsWithKernelsThatFindTooLittleScratch(seed: Int) throws {
        let graph = RandomNetwork.graph(seed: UInt64(1000 + seed))
        var costs = CostModel()
        var outputs: [[[Int8]]] = []
        for processor in [Processor.cortexM, .cortexA53, .avx512vnni, .generic] {
            costs.processor = processor
            for kernels in KernelSet.all {
                outputs.append(try Network(graph, costs: costs, kernels: kernels).outputs(3))
            }
        }
        #expect(outputs.allSatisfy { $0 == outputs[0] })
    }
}

extension KernelKinds {
    /// Each kind by itself.
    fileprivate var each: [KernelKinds] {
        (0..<31).map { 1 << $0 }.filter { rawValue & $0 != 0 }.map { KernelKinds(rawValue: $0) }
    }
}
