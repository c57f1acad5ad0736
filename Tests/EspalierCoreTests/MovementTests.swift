import EspalierTestSupport
import Testing

/// Operators that only move values, over all small shapes.
@Suite struct MovementTests {
    private func counted(_ height: Int, _ width: Int, _ channels: Int, from start: Int = 1) -> TestTensor {
        let count = height * width * channels
        return TestTensor(height, width, channels, (0..<count).map { Int8(truncatingIfNeeded: start + $0) })
    }

    @Test func padPutsItsValueAroundTheInput() {
        var mismatches: [String] = []
        var count = 0
        for amounts in 0..<729 {
            // Six base-3 digits: rows above and below, pixels left and right, channels before and after.
            let digits = (0..<6).map { digit in (0..<digit).reduce(amounts) { rest, _ in rest / 3 } % 3 }
            let input = counted(2, 3, 1 + amounts % 5)
            let expected = naiveWindows(
                Geometry(outputHeight: digits[0] + 2 + digits[1], outputWidth: digits[2] + 3 + digits[3]),
                outputs: digits[4] + input.channels + digits[5]
            ) { row, pixel, channel in
                let (y, x, c) = (row - digits[0], pixel - digits[2], channel - digits[4])
                return input.contains(y, x) && (0..<input.channels).contains(c) ? input[y, x, c] : -77
            }
            let bench = LayerBench()
            let source = bench.tensor(2, 3, input.channels, halo: Halo(top: 1, left: 1))
            let target = bench.tensor(
                expected.height, expected.width, expected.channels, halo: Halo(bottom: 1))
            bench.pad(source, top: digits[0], left: digits[2], front: digits[4], value: -77, target)
            let mismatch = firstMismatch("pad \(digits)", expected) {
                try bench.run([input], inputs: [source], outputs: [target])[0]
            }
            if let mismatch { mismatches.append(mismatch) }
            count += 1
        }
        expectNone(mismatches, of: count)
    }

    @Test func reshapeKeepsTheOrderOfValues() {
        let shapes = [1, 2, 3, 4, 6, 8, 12, 24].flatMap { height in
            [1, 2, 3, 4, 6, 8, 12, 24].filter { 24 % (height * $0) == 0 }.map {
                (height, $0, 24 / (height * $0))
            }
        }
        var mismatches: [String] = []
        for from in shapes {
            for to in shapes {
                let input = counted(from.0, from.1, from.2)
                let bench = LayerBench()
                let source = bench.tensor(from.0, from.1, from.2, halo: Halo(top: 1, right: 2))
                let target = bench.tensor(to.0, to.1, to.2, halo: Halo(bottom: 1, left: 1))
                bench.reshape(source, target)
                let mismatch = firstMismatch("\(from) to \(to)", TestTensor(to.0, to.1, to.2, input.values)) {
                    try bench.run([input], inputs: [source], outputs: [target])[0]
                }
                if let mismatch { mismatches.append(mismatch) }
            }
        }
        expectNone(mismatches, of: shapes.count * shapes.count)
    }

    @Test(arguments: 0...2)
    func concatenationPutsInputsOneAfterTheOther(axis: Int) {
        var mismatches: [String] = []
        var count = 0
        for lengths in [[1, 1], [1, 2], [3, 1, 2], [4, 4], [5, 3], [2, 7, 1, 4]] {
            for channels in 1...5 {
                let inputs = lengths.enumerated().map { index, length in
                    var sides = [2, 3, channels]
                    sides[axis] = length
                    return counted(sides[0], sides[1], sides[2], from: 17 * index)
                }
                let bench = LayerBench()
                let sources = inputs.map {
                    bench.tensor($0.height, $0.width, $0.channels, halo: Halo(left: 1))
                }
                let expected = joined(inputs, axis: axis)
                let target = bench.tensor(
                    expected.height, expected.width, expected.channels, halo: Halo(top: 1))
                bench.concatenate(sources, axis: axis, target)
                let mismatch = firstMismatch("\(lengths) along \(axis), \(channels) channels", expected) {
                    try bench.run(inputs, inputs: sources, outputs: [target])[0]
                }
                if let mismatch { mismatches.append(mismatch) }
                count += 1
            }
        }
        expectNone(mismatches, of: count)
    }

    /// The inputs joined by looking up, for each output element, the input it falls into.
    private func joined(_ inputs: [TestTensor], axis: Int) -> TestTensor {
        var sides = [inputs[0].height, inputs[0].width, inputs[0].channels]
        sides[axis] = inputs.reduce(0) { $0 + [$1.height, $1.width, $1.channels][axis] }
        return naiveWindows(Geometry(outputHeight: sides[0], outputWidth: sides[1]), outputs: sides[2]) {
            y, x, c in
            var place = [y, x, c]
            for input in inputs {
                let length = [input.height, input.width, input.channels][axis]
                if place[axis] < length { return input[place[0], place[1], place[2]] }
                place[axis] -= length
            }
            return 0
        }
    }
}
