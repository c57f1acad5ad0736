extension IntervalAnalysis {
    /// Bounds of a convolution's outputs.
    ///
    /// Where the window hangs over the border some taps read the zero point and add nothing. So the sum is bounded for
    /// each set of taps that can lie inside, requantised, and the results are joined.
    func bounds(_ convolution: Convolution, _ node: Node, isDepthwise: Bool) -> [Interval] {
        let source = graph.tensors[node.inputs[0]]
        let output = graph.tensors[node.output]
        let reach = WindowReach(convolution.window, input: source.shape, output: output.shape)
        let inputs = intervals[node.inputs[0]].map { centred($0, node.inputs[0]) }
        var sums = TapSums(
            convolution, inputs: inputs, outputs: output.shape.channels, isDepthwise: isDepthwise)
        return (0..<output.shape.channels).map { channel in
            sums.add(output: channel)
            let bias = Int64(convolution.bias[channel])
            var bounds: Interval?
            for rows in reach.rows.classes {
                for columns in reach.columns.classes {
                    let sum = sums.range(rows, columns)
                    let scaled = convolution.multipliers[channel].apply(
                        bias + sum.lowerBound...bias + sum.upperBound, roundingOnce: convolution.roundsOnce)
                    let stored = convolution.activation.interval(of: moved(scaled, by: output.zeroPoint))
                    bounds = bounds?.hull(stored) ?? stored
                }
            }
            return bounds ?? .full
        }
    }
}

/// Bounds of what the taps of a kernel's rectangle add to an output's sum, over all input channels.
///
/// Summed-area tables, so that a rectangle costs the same whatever its size (Crow, "Summed-area tables for texture
/// mapping", 1984).
private struct TapSums {
    private let weights: [Int8]
    private let weightZeroPoint: Int64
    private let groups: Int
    private let inputs: [ClosedRange<Int64>]
    private let outputs: Int
    private let isDepthwise: Bool
    private let height: Int
    private let width: Int
    /// [height + 1][width + 1]: sums over the rows above and the columns to the left.
    private var lows: [Int64]
    private var highs: [Int64]

    init(_ convolution: Convolution, inputs: [ClosedRange<Int64>], outputs: Int, isDepthwise: Bool) {
        weights = convolution.weights
        weightZeroPoint = Int64(convolution.weightZeroPoint)
        groups = convolution.groups
        self.inputs = inputs
        self.outputs = outputs
        self.isDepthwise = isDepthwise
        height = convolution.window.kernelHeight
        width = convolution.window.kernelWidth
        lows = Array(repeating: 0, count: (height + 1) * (width + 1))
        highs = lows
    }

    /// Fills the tables for an output.
    mutating func add(output: Int) {
        for row in 0..<height {
            for column in 0..<width {
                let tap = product(output: output, tap: row * width + column)
                let above = row * (width + 1) + column + 1
                let here = above + width + 1
                lows[here] = tap.lowerBound + lows[above] + lows[here - 1] - lows[above - 1]
                highs[here] = tap.upperBound + highs[above] + highs[here - 1] - highs[above - 1]
            }
        }
    }

    func range(_ rows: Range<Int>, _ columns: Range<Int>) -> ClosedRange<Int64> {
        sum(lows, rows, columns)...sum(highs, rows, columns)
    }

    private func sum(_ table: [Int64], _ rows: Range<Int>, _ columns: Range<Int>) -> Int64 {
        let first = rows.lowerBound * (width + 1)
        let end = rows.upperBound * (width + 1)
        return table[end + columns.upperBound] - table[end + columns.lowerBound]
            - table[first + columns.upperBound] + table[first + columns.lowerBound]
    }

    // MARK: Products

    private func product(output: Int, tap: Int) -> ClosedRange<Int64> {
        if isDepthwise {
            let input = inputs[output / (outputs / inputs.count)]
            return Self.product(weight(tap * outputs + output), input)
        }
        let depth = inputs.count / groups
        let first = output / (outputs / groups) * depth
        let position = (output * height * width + tap) * depth
        var low: Int64 = 0
        var high: Int64 = 0
        for channel in 0..<depth {
            let product = Self.product(weight(position + channel), inputs[first + channel])
            low += product.lowerBound
            high += product.upperBound
        }
        return low...high
    }

    private func weight(_ index: Int) -> Int64 {
        Int64(weights[index]) - weightZeroPoint
    }

    private static func product(_ weight: Int64, _ input: ClosedRange<Int64>) -> ClosedRange<Int64> {
        let first = weight * input.lowerBound
        let second = weight * input.upperBound
        return weight < 0 ? second...first : first...second
    }
}
