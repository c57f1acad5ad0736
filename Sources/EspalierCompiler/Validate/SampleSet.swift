public import EspalierFiles

/// Inputs to validate with: rows of an array, or pictures in class folders.
public enum SampleSet: Sendable {
    /// Quantised values in the source model's order, one row after the other.
    case rows(values: [Int8], perRow: Int)
    /// Pictures, prepared as a camera frame is.
    case pictures([String])

    public var count: Int {
        switch self {
        case .rows(let values, let perRow): values.count / perRow
        case .pictures(let paths): paths.count
        }
    }

    /// The rows of arrays; pictures have none.
    public var rows: [[Int8]] {
        guard case .rows(let values, let perRow) = self else { return [] }
        return stride(from: 0, to: values.count, by: perRow).map { Array(values[$0..<$0 + perRow]) }
    }

    // MARK: Arrays

    /// The rows of an array of shape [N, ...]: int8 as stored by the model, uint8 pixels, float32 real values.
    ///
    /// - Throws: a sentence where type or shape do not fit the model's input, or the values cannot be meant for it.
    public init(_ array: NumericArray, source: String, plan: Plan) throws(CompilerError) {
        var warnings: [String] = []
        try self.init(array, source: source, plan: plan, warnings: &warnings)
    }

    /// - Parameter warnings: takes a sentence for everything that is taken as it is but may not be meant.
    public init(
        _ array: NumericArray, source: String, plan: Plan, warnings: inout [String]
    ) throws(CompilerError) {
        let input = InputArray(source: source, plan: plan)
        try input.check(array.shape)
        self = .rows(
            values: try input.stored(array, warnings: &warnings), perRow: plan.tensors[plan.input].shape.count
        )
    }
}

extension Plan {
    /// The source input's sides without the batch, as the caller's arrays have them.
    var inputSides: [Int] {
        let shape = tensors[input].shape
        return inputChannelsFirst
            ? [shape.channels, shape.height, shape.width] : [shape.height, shape.width, shape.channels]
    }

    /// An input of noise, the same on every machine: Park and Miller's minimal standard generator.
    public func noise() -> [Int8] {
        var state: UInt64 = 1
        return (0..<tensors[input].shape.count).map { _ in
            state = state * 48_271 % 2_147_483_647
            return Int8(truncatingIfNeeded: Int(state >> 8))
        }
    }

    /// Pixels as the model stores them, channel by channel.
    func stored(pixels: [UInt8]) -> [Int8] {
        guard !pixelTable.isEmpty else { return pixels.map { Int8(bitPattern: $0 ^ 0x80) } }
        let shape = tensors[input].shape
        let perChannel = inputChannelsFirst ? shape.height * shape.width : 1
        return pixels.enumerated().map { index, pixel in
            pixelTable[index / perChannel % shape.channels * 256 + Int(pixel)]
        }
    }
}
