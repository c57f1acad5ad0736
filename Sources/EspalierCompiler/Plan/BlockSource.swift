/// A convolution's weights seen as blocks: one output x four consecutive inputs at one tap.
///
/// A grouped convolution is one whose blocks outside each output's group do not exist: they are never kept, and the
/// mask says so. Lanes past the last input, or of another group, hold the weight zero point, which adds nothing.
struct BlockSource {
    private let convolution: Convolution
    private let inputs: Int
    private let outputs: Int
    private let quads: Int
    /// Inputs per group.
    private let depth: Int
    private let taps: Int
    private let zero: Int8

    init(_ convolution: Convolution, inputs: Int, outputs: Int) {
        self.convolution = convolution
        self.inputs = inputs
        self.outputs = outputs
        quads = (inputs + 3) / 4
        depth = inputs / convolution.groups
        taps = convolution.window.kernelHeight * convolution.window.kernelWidth
        zero = Int8(truncatingIfNeeded: convolution.weightZeroPoint)
    }

    var blocksPerOutput: Int { taps * quads }

    /// The input channels that an output's group has under a block.
    private func channels(output: Int, block: Int) -> Range<Int> {
        let group = output / (outputs / convolution.groups)
        let first = block % quads * 4
        let start = max(first, group * depth)
        return start..<max(start, min(first + 4, (group + 1) * depth))
    }

    /// Whether the source has weights there at all.
    func isPresent(output: Int, block: Int) -> Bool {
        !channels(output: output, block: block).isEmpty
    }

    /// How many of the four lanes the source has.
    func lanes(output: Int, block: Int) -> Int {
        channels(output: output, block: block).count
    }

    /// The four weights as stored. Outputs past the last one are nothing but zero points.
    func weights(output: Int, block: Int) -> SIMD4<Int8> {
        var weights = SIMD4<Int8>(repeating: zero)
        guard output < outputs else { return weights }
        let group = output / (outputs / convolution.groups)
        let first = (output * taps + block / quads) * depth - group * depth
        for channel in channels(output: output, block: block) {
            weights[channel % 4] = convolution.weights[first + channel]
        }
        return weights
    }

    /// Whether a block has to be stored: pruned ones are all zero. A weight zero point makes every block count.
    func isKept(output: Int, block: Int) -> Bool {
        convolution.weightZeroPoint != 0 || weights(output: output, block: block) != SIMD4()
    }

    /// All weights of an output, in the source's order.
    func allWeights(output: Int) -> [Int8] {
        let count = taps * depth
        return Array(convolution.weights[output * count..<(output + 1) * count])
    }

    /// The sum of an output's weights less their zero point: what the input's zero point is multiplied with.
    func sum(output: Int) -> Int32 {
        let count = taps * depth
        return convolution.weights[output * count..<(output + 1) * count].reduce(0) { sum, weight in
            sum &+ (Int32(weight) - convolution.weightZeroPoint)
        }
    }
}
