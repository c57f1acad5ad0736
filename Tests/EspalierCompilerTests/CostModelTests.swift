import CEspalier
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

    /// Four lists are as long as the longest, 5 blocks filled up to 8; the fifth and sixth are 4 long.
    @Test func listsWalkedTogetherAreFilledUp() {
        let convolution = Convolution(
            window: Window(kernelHeight: 3, kernelWidth: 3), weights: [Int8](repeating: 1, count: 6 * 36),
            bias: [Int32](repeating: 0, count: 6),
            multipliers: Array(repeating: QuantizedMultiplier(0.001), count: 6),
            activation: ActivationRange())
        let rows = [1, 5, 2, 3, 4, 0].map { kept in (0..<9).map { $0 < kept } }
        let work = ConvolutionWork(convolution, input: Shape(8, 8, 4), output: Shape(8, 8, 6), kept: rows)
        #expect(work.filledVisits == 4 * 8 + 2 * 4)
        #expect(work.visits[1] == 15)
    }

    /// Of a depthwise layer of 3x3 pixels it is a good part, of one of 48x48 nothing.
    @Test func lookingForSilenceIsWeighedAgainstTheLayer() {
        var (small, large) = (EspalierTensor(), EspalierTensor())
        (small.height, small.width, small.quads) = (3, 3, 64)
        (large.height, large.width, large.quads) = (48, 48, 2)
        var layer = PlannedLayer(label: "depthwise")
        for processor in Processor.all {
            var costs = CostModel()
            costs.processor = processor
            #expect(costs.shareOfLooking(64, layer, output: small) > 0.03, "\(processor.name)")
            #expect(costs.shareOfLooking(2, layer, output: large) < 0.01, "\(processor.name)")
        }
        var costs = CostModel()
        costs.processor = .avx512vnni
        layer.choice = choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs)
        #expect(costs.shareOfLooking(8, layer, output: large) < 0.01)
        layer.choice?.microseconds = [:]
        #expect(costs.shareOfLooking(8, layer, output: large) == 0)
    }

    @Test func microcontrollersStoreNothingThatIsPruned() {
        var costs = CostModel()
        costs.processor = .cortexM
        #expect(choice(kept: 0.5, outputs: 32, side: 16, quads: 8, costs: costs).kind == .pixels1x4)
    }

    /// Fewer products in kernels that processors without a dot product have.
    @Test func denseLayersGetWinogradWhereItPays() {
        var costs = CostModel()
        for processor in Processor.all {
            costs.processor = processor
            let hasKernel = ["cortex-a7", "cortex-a53", "cortex-a72"].contains(processor.name)
            let dense = choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs)
            #expect((dense.kind == .winograd) == hasKernel, "\(processor.name)")
            #expect((dense.microseconds[.winograd] != nil) == hasKernel, "\(processor.name)")
        }
        costs.processor = .cortexA53
        // Pruned blocks, one pixel, and what the kernel does not do.
        #expect(choice(kept: 0.25, outputs: 32, side: 16, quads: 8, costs: costs).kind == .pixels1x4)
        #expect(choice(kept: 1, outputs: 32, side: 1, quads: 8, costs: costs).kind != .winograd)
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 57, costs: costs).kind != .winograd)
        var window = Window(kernelHeight: 3, kernelWidth: 3)
        window.dilationWidth = 2
        let dilated = choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs, window: window)
        #expect(dilated.kind != .winograd)
        // `espalier tune` asks for it everywhere.
        costs.forced = .winograd
        #expect(choice(kept: 1, outputs: 32, side: 1, quads: 8, costs: costs).kind == .winograd)
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 57, costs: costs).kind != .winograd)
        costs.processor = .generic
        #expect(choice(kept: 1, outputs: 32, side: 16, quads: 8, costs: costs).kind == .winograd)
    }

    @Test func pairsFitWhereSixteenBitsHoldThem() {
        #expect(Packing.pairsFit([64, 64, -64, -64]) == 2)
        #expect(Packing.pairsFit([127, -127, 1, 127]) == 2)
        #expect(Packing.pairsFit([127, 2, 0, 0]) == 1)
        #expect(Packing.pairsFit([0, 0, -127, -2]) == 1)
        #expect(Packing.pairsFit([-128, 0, 0, 0]) == 2)
        #expect(Packing.pairsFit([-128, -1, 0, 0]) == 0)
    }

    /// A quarter of a sum of 131,064 is 32,766.
    @Test func resultsFitWhereSixteenBitsHoldThem() {
        func fit(bias: Int32, weights: [Int8], _ multipliers: [QuantizedMultiplier]) -> Bool {
            Packing.resultsFit(bias: [0, bias], multipliers: multipliers) { $0 == 0 ? [] : weights }
        }
        let none = QuantizedMultiplier(multiplier: 0, shift: 0)
        let half = QuantizedMultiplier(multiplier: 1 << 30, shift: 0)
        let quarter = QuantizedMultiplier(multiplier: 1 << 30, shift: -1)
        #expect(fit(bias: 131_064, weights: [], [quarter, quarter]))
        #expect(fit(bias: -131_064, weights: [], [none, quarter]))
        #expect(!fit(bias: 131_068, weights: [], [quarter, quarter]))
        // Inputs of -128 may add 128 times the weights' magnitudes.
        #expect(fit(bias: 120, weights: [127, -128, 127, 127, 127, -127, 127, 127, 6], [none, quarter]))
        #expect(!fit(bias: 124, weights: [127, -128, 127, 127, 127, -127, 127, 127, 6], [none, quarter]))
        #expect(!fit(bias: 0, weights: [], [half, quarter]))
    }
}
