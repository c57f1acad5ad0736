import CEspalier

/// The scores of a model's last run: one a class, in thousandths, 0 ... 1000. The contract's `scores` says what the
/// stored values mean; all arithmetic is in whole numbers, so that every board reads the same.
///
/// An output of [height, width, channels] has a class a channel. With one cell (pixel) that is a classifier; with several
/// it is a grid, and a class has the score of its best cell.
public struct Scores {
    private let output: Tensor
    private let rule: UInt32
    private let table: UnsafePointer<UInt32>?

    /// Nil where no output has any.
    init?(_ engine: Engine) {
        let model = engine.model.pointee
        guard model.scores < ESPALIER_SCORES_LOGITS, model.score_output < model.output_count else {
            return nil
        }
        output = engine.tensor(Int(model.outputs[Int(model.score_output)]))
        rule = model.scores
        table = model.score_table
        guard rule == ESPALIER_SCORES_PROBABILITIES || table != nil else { return nil }
    }

    public var classes: Int { output.channels }

    /// The class with the highest score, the first of equals, that value as stored, and its score.
    public var best: (classIndex: Int32, stored: Int32, permille: Int32) {
        // Within a cell the higher value has the higher score, whatever the rule.
        if output.height &* output.width == 1 || rule != ESPALIER_SCORES_SOFTMAX {
            let (index, stored) = output.highestChannel
            return (index, stored, permille(stored, row: 0, pixel: 0))
        }
        var best: (Int32, Int32, Int32) = (0, 0, -1)
        visit(below: classes) { index, stored, permille in
            if permille > best.2 || permille == best.2 && index < best.0 { best = (index, stored, permille) }
        }
        return best
    }

    /// Calls `body` with class, stored value and score, for each of the first classes in each cell.
    public func visit(below count: Int, _ body: (Int32, Int32, Int32) -> Void) {
        for row in 0..<output.height {
            for pixel in 0..<output.width {
                let cell = rule == ESPALIER_SCORES_SOFTMAX ? softmax(row, pixel) : (0, 1)
                for channel in 0..<min(count, classes) {
                    let stored = Int32(output[row, pixel, channel])
                    body(Int32(truncatingIfNeeded: channel), stored, permille(stored, cell))
                }
            }
        }
    }

    private func permille(_ stored: Int32, row: Int, pixel: Int) -> Int32 {
        permille(stored, rule == ESPALIER_SCORES_SOFTMAX ? softmax(row, pixel) : (0, 1))
    }

    private func permille(_ stored: Int32, _ cell: (highest: Int32, sum: UInt32)) -> Int32 {
        guard let table else { return ((stored &+ 128) &* 1000 &+ 128) &>> 8 }
        if rule != ESPALIER_SCORES_SOFTMAX { return Int32(truncatingIfNeeded: table[Int(stored &+ 128)]) }
        let share = table[Int(cell.highest &- stored)] &* 1000
        return Int32(truncatingIfNeeded: (share &+ cell.sum &>> 1) / cell.sum)
    }

    /// A cell's highest value, and the sum of its exponentials: at most 4095 of at most 2^20.
    private func softmax(_ row: Int, _ pixel: Int) -> (highest: Int32, sum: UInt32) {
        var highest = Int32(Int8.min)
        for channel in 0..<output.channels { highest = max(highest, Int32(output[row, pixel, channel])) }
        var sum: UInt32 = 0
        for channel in 0..<output.channels {
            sum &+= table.unsafelyUnwrapped[Int(highest &- Int32(output[row, pixel, channel]))]
        }
        return (highest, sum)
    }
}

extension Tensor {
    /// The channel with the highest value of all pixels, the first of equals, and that value.
    var highestChannel: (Int32, Int32) {
        var best = Int32(Int8.min) - 1
        var index = 0
        for row in 0..<height {
            for pixel in 0..<width {
                for channel in 0..<channels {
                    let value = Int32(self[row, pixel, channel])
                    if value > best || value == best && channel < index {
                        best = value
                        index = channel
                    }
                }
            }
        }
        return (Int32(truncatingIfNeeded: index), best)
    }
}
