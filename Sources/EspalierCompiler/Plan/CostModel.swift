import CEspalier
import EspalierCore

/// Estimates how long each packing of a convolution takes, and chooses.
public struct CostModel: Sendable {
    public var processor = Processor.generic
    /// Measured microseconds by signature; they go before estimates.
    public var measured: [String: [PackingKind: Double]] = [:]
    /// Takes this packing wherever a layer allows it: how `espalier tune` measures.
    public var forced: PackingKind?

    public init() {}

    func choice(_ work: ConvolutionWork) -> PackingChoice {
        if work.hasWeightZeroPoint {
            return PackingChoice(
                kind: .pixels1x4, microseconds: [:], isMeasured: false,
                because: "weights with a zero point: reference kernel")
        }
        guard work.tiling.fitsPixelLanes else {
            return PackingChoice(
                kind: .channelLanes, microseconds: [:], isMeasured: false,
                because: "strides or picture too large for pixel lanes")
        }
        let kinds = PackingKind.allCases.filter { $0 != .winograd || work.winograd != nil }
        let known = measured[work.signature]
        var times = known ?? [:]
        if known == nil {
            for kind in kinds {
                times[kind] = cycles(work, kind).map { $0 / processor.cyclesPerMicrosecond }
            }
        }
        // Of equals the one that stores least.
        let best = kinds.reversed().min {
            times[$0, default: .infinity] < times[$1, default: .infinity]
        }
        let wanted = kinds.first { $0 == forced }
        return PackingChoice(
            kind: wanted ?? best ?? .channelLanes, microseconds: times, isMeasured: known != nil, because: nil
        )
    }

    /// Nil where the processor has no kernel for it.
    private func cycles(_ work: ConvolutionWork, _ kind: PackingKind) -> Double? {
        switch kind {
        case .channelLanes: channelLanes(work)
        case .winograd:
            if let costs = processor.winograd, let tiling = work.winograd {
                winograd(work, tiling, costs)
            } else {
                nil
            }
        case .pixels1x4, .pixels2x4, .pixels4x4: pixelLanes(work, kind)
        }
    }

    /// What looking at each of so many input quads for silence takes, as a share of the layer's time.
    func shareOfLooking(_ quads: Int32, _ layer: PlannedLayer, output: EspalierTensor) -> Double {
        let pixels = Double(output.height * output.width)
        let cycles =
            layer.choice.map { $0.time * processor.cyclesPerMicrosecond }
            ?? Double(output.quads) * (processor.depthwiseQuad + pixels * processor.depthwisePixel)
        return cycles > 0 ? Double(quads) * processor.look / cycles : 0
    }

    /// Blocks of 4 tiles of 4x4 outputs, times groups of 16 outputs.
    private func winograd(
        _ work: ConvolutionWork, _ tiling: ConvolutionTiling.Winograd, _ costs: Processor.Winograd
    ) -> Double {
        let (blocks, quads) = (Double(tiling.blocks), Double(work.quads))
        let groups = Double((work.outputs + 15) / 16)
        let tiles = Double((work.height + 3) / 4 * ((work.width + 3) / 4))
        return processor.layer + blocks * quads * costs.inputs
            + Double(tiling.weightTransforms) * groups * quads * costs.weights
            + blocks * groups * 36 * (quads * costs.product + costs.position)
            + tiles * Double((work.outputs + 3) / 4) * costs.outputs
    }

    /// Every group of 16 outputs visits every block of every pixel.
    private func channelLanes(_ work: ConvolutionWork) -> Double {
        let groups = work.liveGroups
        let pairs = groups / 2 * 2
        let pixels = Double(work.height * work.width)
        // Weights over silent quads are often pruned, so pixel lanes hardly gain by skipping; channel lanes do.
        let blocks = Double(work.blocksPerOutput) * work.liveShare
        if let visit = processor.channelVisitOfEight, work.outputs <= 8, work.stride == 2 {
            return processor.layer + pixels * (blocks * visit + processor.channelPixel / 2)
        }
        let visits =
            Double(pairs) * processor.channelVisit + Double(groups - pairs) * processor.channelVisitAlone
        let ends = Double((work.outputs + 15) / 16) * processor.channelPixel
        return processor.layer + pixels * (blocks * visits + ends)
    }

    /// Visited blocks on every segment of 16 pixels, the ends of tiles, the lists of blocks, and the gathered input.
    private func pixelLanes(_ work: ConvolutionWork, _ kind: PackingKind) -> Double {
        let rowOutputs = kind.outputsPerRow
        let segments = Double((work.height * work.width + 15) / 16)
        let quads = Double((work.outputs + 3) / 4)
        let rows = Double((work.outputs + rowOutputs - 1) / rowOutputs)
        let few = rowOutputs == 1 && segments <= 5
        let packed = kind == .pixels4x4 && processor.packsFewChannels ? work.packedShare : 1
        let visited = few && processor.fillsUpLists ? work.filledVisits : work.visits[rowOutputs]!
        let visits =
            Double(visited) * segments * processor.pixelVisit[kind]! * packed
            * (few ? processor.fewSegments : 1)
        let lists =
            rows * (Double(work.blocksPerOutput) * processor.listedBlock + segments / 8 * processor.list)
        let gathered = work.readsInPlace ? 0 : Double(work.gatheredVectors) * processor.gatheredVector
        return processor.layer + processor.pixelLayer + visits + lists + gathered
            + quads * (processor.quad + segments * processor.pixelSegment)
    }
}
