public import CEspalier

/// A network laid out for the core: every table and every address of the contract, before it becomes C text or memory.
///
/// `fields` are the contract's own structures; their pointers are null until the tables beside them have an address,
/// so that a plan can be passed between threads (hence the unchecked conformances below).
public struct Plan: Sendable {
    public var name: String
    public var tensors: [PlannedTensor] = []
    public var layers: [PlannedLayer] = []
    /// Indices into `tensors`.
    public var input = 0
    public var outputs: [UInt16] = []
    public var inputChannelsFirst = false
    public var inputType = InputType.int8
    public var arenaBytes = 0
    public var labels: [String] = []
    /// What the source calls the outputs.
    public var outputNames: [String] = []
    /// The output with the model's scores; nil where none is known to have them.
    public var scoreChoice: ScoreChoice?
    /// ESPALIER_SCORES_...
    var scores = ESPALIER_SCORES_NONE
    /// [channels][256] stored value of a pixel value; empty for pixel - 128.
    public var pixelTable: [Int8] = []
    /// The index into `tensors` of each source tensor that still has one.
    public var indexOfSource: [Int: Int] = [:]

    public var macs: UInt64 { layers.reduce(0) { $0 + $1.macs } }
    /// With dead channels gone, as if no block were pruned.
    public var macsLive: UInt64 { layers.reduce(0) { $0 + $1.live.macs } }
    public var weightBytes: Int { layers.reduce(0) { $0 + $1.sourceWeightBytes } }
    public var weightBytesLive: Int { layers.reduce(0) { $0 + $1.live.weightBytes } }
    public var macsKept: UInt64 { layers.reduce(0) { $0 + $1.macsKept } }
    public var blocks: Int { layers.reduce(0) { $0 + Int($1.fields.blocks) } }
    public var blocksKept: Int { layers.reduce(0) { $0 + Int($1.fields.blocks_kept) } }
    /// Of the convolutions whose packing could be chosen.
    var estimatedMicroseconds: Double { layers.reduce(0) { $0 + ($1.choice?.time ?? 0) } }

    /// Bytes in flash of all tables and structures, pointers being 8 bytes wide.
    public var flashBytes: Int {
        let structures =
            MemoryLayout<EspalierModel>.stride + MemoryLayout<EspalierTensor>.stride * tensors.count
            + MemoryLayout<EspalierLayer>.stride * layers.count
        let text =
            name.utf8.count + 1
            + (labels + outputNames).reduce(0) { $0 + $1.utf8.count + 1 + MemoryLayout<Int>.size }
        let tables = pixelTable.count + (scoreChoice?.table.count ?? 0) * 4
        return structures + text + tables + outputs.count * 2
            + tensors.reduce(0) { $0 + $1.data.count } + layers.reduce(0) { $0 + $1.tableBytes }
    }
}

/// A tensor with its place.
public struct PlannedTensor: @unchecked Sendable {
    public var name: String
    public var fields: EspalierTensor
    /// A constant's bytes, pack-4; empty for a tensor in the arena.
    public var data: [Int8] = []
    /// Bytes with halo.
    public var bytes: Int
    /// The tensor in whose place and with whose halo this one lies; nil for a place of its own.
    public var liesIn: Int?

    public var shape: Shape { Shape(Int(fields.height), Int(fields.width), Int(fields.channels)) }
}

/// A layer with its tables.
public struct PlannedLayer: @unchecked Sendable {
    /// How the source calls it.
    public var label: String
    public var fields = EspalierLayer()
    public var inputs: [UInt16] = []
    public var mask: [UInt32] = []
    public var rowStart: [UInt32] = []
    /// Of the kernels that take them, and where each mask row's begin.
    public var places: [UInt16] = []
    public var placeStart: [UInt32] = []
    public var weights: [Int8] = []
    public var bias: [Int32] = []
    public var weightSums: [Int32] = []
    /// Empty where requantisation in single precision is not exact.
    public var rounding: [Float] = []
    /// The whole factor of each output in one float; empty where that is not exact.
    public var factors: [Float] = []
    /// Of an addition: empty where there are none that are exact.
    public var wholeFactors: [Int32] = []
    /// How its weights are packed, and why; nil for layers that leave no choice.
    public var choice: PackingChoice?
    /// What a tuning file calls the convolution.
    public var signature: String?
    public var multipliers: [QuantizedMultiplier] = []
    /// Multiply-accumulates of the source layer, and those of kept blocks.
    public var macs: UInt64 = 0
    public var macsKept: UInt64 = 0
    /// The layer without dead channels, as if none of its blocks were pruned.
    public var live = Work(macs: 0, blocks: 0, weightBytes: 0)
    /// Weights of the source layer.
    public var sourceWeightBytes = 0

    public var tableBytes: Int {
        (inputs.count + places.count) * 2 + weights.count
            + (mask.count + rowStart.count + placeStart.count) * 4
            + (bias.count + weightSums.count + rounding.count + factors.count + wholeFactors.count) * 4
            + multipliers.count * 5
    }
}
