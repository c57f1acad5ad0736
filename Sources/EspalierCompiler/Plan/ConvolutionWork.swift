import EspalierCore

/// What a convolution asks of its kernels, whatever its packing.
public struct ConvolutionWork: Sendable {
    var height: Int
    var width: Int
    var outputs: Int
    var kernelHeight: Int
    var kernelWidth: Int
    var inputChannels: Int
    var quads: Int
    var stride: Int
    /// As the kernels say: which windows and pictures they take, and how they cut them up.
    let tiling: ConvolutionTiling
    /// Nil where the window is not Winograd's, or some blocks are not kept.
    var winograd: ConvolutionTiling.Winograd?
    /// The input needs no gathering: a 1x1 layer of stride 1 without halo.
    var readsInPlace: Bool
    var hasWeightZeroPoint: Bool
    /// Blocks that mask rows visit, summed over the rows, for rows of 1, 2 and 4 outputs.
    var visits: [Int: Int] = [:]
    /// The same of single outputs whose lists are filled up to whole fours of the longest of four.
    var filledVisits = 0
    /// Groups of 16 outputs with any block at all.
    var liveGroups = 0
    /// The share of input quads that are not silent, as calibration saw them.
    var liveShare = 1.0

    init(_ convolution: Convolution, input: Shape, output: Shape, kept: [[Bool]]) {
        let window = convolution.window
        height = output.height
        width = output.width
        outputs = output.channels
        kernelHeight = window.kernelHeight
        kernelWidth = window.kernelWidth
        inputChannels = input.channels
        quads = input.quads
        stride = window.strideWidth
        tiling = ConvolutionTiling(window, input: input, output: output)
        readsInPlace = kernelHeight * kernelWidth == 1 && stride == 1
        hasWeightZeroPoint = convolution.weightZeroPoint != 0
        liveGroups = Swift.stride(from: 0, to: kept.count, by: 16).count { first in
            kept[first..<min(first + 16, kept.count)].contains { $0.contains(true) }
        }
        winograd = liveGroups == (outputs + 15) / 16 ? tiling.winograd : nil
        filledVisits = Swift.stride(from: 0, to: kept.count, by: 4).reduce(0) { sum, first in
            let four = kept[first..<min(first + 4, kept.count)]
            let longest = four.map { row in row.count { $0 } }.max() ?? 0
            return sum + four.count * ((longest + 3) / 4 * 4)
        }
        for rowOutputs in [1, 2, 4] {
            visits[rowOutputs] = Swift.stride(from: 0, to: kept.count, by: rowOutputs).reduce(0) {
                sum, first in
                let row = kept[first..<min(first + rowOutputs, kept.count)]
                return sum + kept[first].indices.count { block in row.contains { $0[block] } }
            }
        }
    }

    /// Words of a dense window of 3 channels or 1 without what fills up its quads, as a share of its blocks.
    var packedShare: Double {
        guard kernelHeight == 3 && kernelWidth == 3 && tiling.fitsPixelLanes && width >= 16 else { return 1 }
        return inputChannels == 3 ? 7.0 / 9 : inputChannels == 1 ? 3.0 / 9 : 1
    }

    /// Vectors of 16 pixels that pixel lanes gather: all rows, once for each kernel column. Narrow rows lie side by side.
    var gatheredVectors: Int {
        let rows = height / tiling.strips * stride + kernelHeight - 1
        return quads * kernelWidth * rows * ((width * tiling.strips + 15) / 16)
    }

    var blocksPerOutput: Int { kernelHeight * kernelWidth * quads }

    /// The same for two layers that cost the same: how a tuning file names them.
    var signature: String {
        "\(height)x\(width)x\(outputs) kernel \(kernelHeight)x\(kernelWidth) stride \(stride) quads \(quads) "
            + "visits \(visits[1]!)/\(visits[2]!)/\(visits[4]!) live \(Int((liveShare * 100).rounded()))%"
    }
}

/// How a convolution's weights are packed.
public enum PackingKind: String, Codable, CaseIterable, Sendable, CodingKeyRepresentable {
    case channelLanes = "channels"
    case winograd
    case pixels4x4 = "4x4"
    case pixels2x4 = "2x4"
    case pixels1x4 = "1x4"

    /// Outputs that share a mask row.
    var outputsPerRow: Int {
        switch self {
        case .channelLanes, .winograd: 16
        case .pixels4x4: 4
        case .pixels2x4: 2
        case .pixels1x4: 1
        }
    }
}

/// The packing a convolution got, and what that was weighed against.
public struct PackingChoice: Codable, Sendable {
    public var kind: PackingKind
    /// Microseconds of each packing.
    public var microseconds: [PackingKind: Double]
    /// Whether those were measured by `espalier tune`; else they are estimates of the processor's table.
    public var isMeasured: Bool
    /// Why there was no choice; nil where there was one.
    public var because: String?

    /// Of the packing it got.
    var time: Double { microseconds[kind] ?? 0 }

    /// One line for people: `1x4 1.9, 2x4 2.0, 4x4 2.5, channels 2.5 us estimated`.
    public var text: String {
        if let because { return because }
        let sorted = microseconds.sorted { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }
        let list = sorted.map { "\($0.key.rawValue) \(($0.value * 10).rounded() / 10)" }.joined(
            separator: ", ")
        return list + (isMeasured ? " us measured" : " us estimated")
    }
}
