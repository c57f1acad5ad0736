import Testing

@testable import EspalierCompiler

/// What the cost model makes of layers whose best packing is known from measurement (docs/performance.md).
@Suite struct CostModelTests {
    private func choice(kept: Double, outputs: Int, side: Int, quads: Int, costs: CostModel = CostModel())
        -> PackingChoice
    {
        let window = Window(kernelHeight: 3, kernelWidth: 3)
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

    @Test func pairsFitWhereSixteenBitsHoldThem() {
        #expect(Packing.pairsFit([64, 64, -64, -64]) == 2)
        #expect(Packing.pairsFit([127, -127, 1, 127]) == 2)
        #expect(Packing.pairsFit([127, 2, 0, 0]) == 1)
        #expect(Packing.pairsFit([0, 0, -127, -2]) == 1)
        #expect(Packing.pairsFit([-128, 0, 0, 0]) == 2)
        #expect(Packing.pairsFit([-128, -1, 0, 0]) == 0)
    }
}
