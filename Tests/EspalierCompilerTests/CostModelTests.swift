import Testing

@testable import EspalierCompiler

/// What the cost model makes of layers whose best packing is known from measurement (docs/performance.md).
@Suite struct CostModelTests {
    private func choice(
        kept: Double, outputs: Int, side: Int, quads: Int, costs: CostModel = CostModel(),
        window: Window = Window(kernelHeight: 3, kernelWidth: 3)
    ) -> PackingChoice {
        let weights = outputs * 9 * quads * 4
        let convolution = Convolution(
            window: window, weights: [Int8](repeating: 1, count: weights),
            bias: [Int32](repeating: 0, count: outputs),
            multipliers: Array(repeating: QuantizedMultiplier(0.001), count: outputs),
            activation: ActivationRange())
        let blocks = 9 * quads
        // Every so-many-th block, in another place for each output.
        let rows = (0..<outputs).map { output in
            (0..<blocks).map { block in Double((block * 7 + output * 13) % 100) < kept * 100 }
        }
        return costs.choice(
            ConvolutionWork(
                convolution, input: Shape(side, side, quads * 4), output: Shape(side, side, outputs),
                kept: rows))
    }

    @Test func denseLayersGetChannelLanesAndSparseOnesPixelLanes() {
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 8).kind == .channelLanes)
        #expect(choice(kept: 0.25, outputs: 32, side: 16, quads: 8).kind == .pixels1x4)
    }

    @Test func aMeasurementGoesBeforeEveryEstimate() {
        var costs = CostModel()
        let work = choice(kept: 0.25, outputs: 32, side: 16, quads: 8)
        #expect(!work.isMeasured && work.microseconds.count == 4)
        costs.forced = .pixels2x4
        #expect(choice(kept: 0.25, outputs: 32, side: 16, quads: 8, costs: costs).kind == .pixels2x4)
    }

    @Test func microcontrollersStoreNothingThatIsPruned() {
        var costs = CostModel()
        costs.processor = .cortexM
        #expect(choice(kept: 0.5, outputs: 32, side: 16, quads: 8, costs: costs).kind == .pixels1x4)
    }

    /// Fewer products in kernels that one processor has: Cortex-A53 and A72, whose products are dear.
    @Test func denseLayersGetWinogradWhereItPays() {
        var costs = CostModel()
        for processor in Processor.all {
            costs.processor = processor
            let hasKernel = processor.name == "cortex-a53" || processor.name == "cortex-a72"
            let dense = choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs)
            #expect((dense.kind == .winograd) == hasKernel, "\(processor.name)")
            #expect((dense.microseconds[.winograd] != nil) == hasKernel, "\(processor.name)")
        }
        costs.processor = .cortexA53
        // Pruned blocks, one pixel, and what the kernel does not do.
        #expect(choice(kept: 0.25, outputs: 32, side: 16, quads: 8, costs: costs).kind == .pixels1x4)
        #expect(choice(kept: 1, outputs: 32, side: 1, quads: 8, costs: costs).kind != .winograd)
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 57, costs: costs).kind == .channelLanes)
        var window = Window(kernelHeight: 3, kernelWidth: 3)
        window.dilationWidth = 2
        let dilated = choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs, window: window)
        #expect(dilated.kind == .channelLanes)
        // `espalier tune` asks for it everywhere.
        costs.forced = .winograd
        #expect(choice(kept: 1, outputs: 32, side: 1, quads: 8, costs: costs).kind == .winograd)
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 57, costs: costs).kind == .channelLanes)
        costs.processor = .generic
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs).kind == .winograd)
    }

    /// cross/arm/kernels.c holds the kernel to the same sums, by the byte.
    @Test func winogradsScratchIsWhatItsKernelCountsOn() {
        let sizes = [
            WinogradSize(Shape(32, 32, 16), inputQuads: 4), WinogradSize(Shape(16, 16, 32), inputQuads: 8),
            WinogradSize(Shape(56, 56, 64), inputQuads: 16), WinogradSize(Shape(1, 1, 17), inputQuads: 56),
        ]
        #expect(sizes.map(\.scratchBytes) == [32_256, 82_944, 156_672, 331_776])
        #expect(sizes.map(\.weightTransforms) == [1, 1, 13, 1])
    }

    @Test func pairsFitWhereSixteenBitsHoldThem() {
        #expect(Packing.pairsFit([64, 64, -64, -64]) == 2)
        #expect(Packing.pairsFit([127, -127, 1, 127]) == 2)
        #expect(Packing.pairsFit([127, 2, 0, 0]) == 1)
        #expect(Packing.pairsFit([0, 0, -127, -2]) == 1)
        #expect(Packing.pairsFit([-128, 0, 0, 0]) == 2)
        #expect(Packing.pairsFit([-128, -1, 0, 0]) == 0)
    }
}
