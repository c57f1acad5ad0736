import Foundation

/// What a convolution asks of its kernels, whatever its packing.
public struct ConvolutionWork: Sendable {
    var height: Int
    var width: Int
    var outputs: Int
    var taps: Int
    var quads: Int
    var strideWidth: Int
    var canSplit: Bool
    /// Blocks an output row visits, summed over the rows, for rows of 1, 2 and 4 outputs.
    var visits: [Int: Int] = [:]
    var hasWeightZeroPoint: Bool

    init(_ convolution: Convolution, input: Shape, output: Shape, kept: [[Bool]]) {
        let window = convolution.window
        height = output.height
        width = output.width
        outputs = output.channels
        taps = window.kernelHeight * window.kernelWidth
        quads = input.quads
        strideWidth = window.strideWidth
        canSplit =
            window.strideHeight == strideWidth && strideWidth <= 2
            && (strideWidth == 1 || window.dilationHeight * window.dilationWidth == 1)
        hasWeightZeroPoint = convolution.weightZeroPoint != 0
        for rowOutputs in [1, 2, 4] {
            var visited = 0
            for first in stride(from: 0, to: kept.count, by: rowOutputs) {
                let row = kept[first..<min(first + rowOutputs, kept.count)]
                for block in kept[first].indices where row.contains(where: { $0[block] }) { visited += 1 }
            }
            visits[rowOutputs] = visited
        }
    }

    var blocksPerOutput: Int { taps * quads }
    var visitsOfAll: Int { outputs * blocksPerOutput }
}

/// How a convolution's weights are packed, and what that was weighed against.
public struct PackingChoice: Codable, Sendable {
    /// 16: channel lanes; 1, 2 or 4: pixel lanes with 1x4, 2x4 or 4x4 blocks.
    public var outputsPerRow: Int
    /// Every block is stored, pruned or not.
    public var isDense: Bool
    /// Estimated microseconds of each packing.
    public var costs: [Int: Double]
}

/// Estimates how long each packing of a convolution takes.
public struct CostModel: Sendable {
    public var forced: Int?
    public init() { forced = ProcessInfo.processInfo.environment["ESPALIER_FORCE"].flatMap { Int($0) } }

    func choice(_ work: ConvolutionWork) -> PackingChoice {
        let isDense = work.visits[1] == work.visitsOfAll
        if let forced, !work.hasWeightZeroPoint {
            return PackingChoice(outputsPerRow: forced, isDense: forced == 16, costs: [:])
        }
        let lanes = isDense && work.outputs >= 8 && !work.hasWeightZeroPoint
        return PackingChoice(outputsPerRow: lanes ? 16 : 1, isDense: lanes, costs: [:])
    }
}
