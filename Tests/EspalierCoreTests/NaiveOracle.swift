// TFLite's operators as its specification words them: plain loops in 64-bit arithmetic over [height, width,
// channels] arrays, out-of-picture taps left out. The oracle of the kernel tests; shares nothing with the
// core.

/// Weights as TFLite stores them: [outputs][kernel height][kernel width][inputs of the group], depthwise
/// [kernel height][kernel width][outputs].
struct NaiveWeights {
    var values: [Int8]
    var zeroPoint: Int32 = 0
    var bias: [Int32]

    var outputs: Int { bias.count }
}

typealias Rounding = (Int32, Int32, Int32) -> Int32

func naiveConvolution(
    _ input: TestTensor, zeroPoint: Int32, _ weights: NaiveWeights, _ geometry: Geometry,
    _ scale: Requantisation,
    groups: Int = 1, rounding: Rounding = oracleRequantise
) -> TestTensor {
    let depth = input.channels / groups
    let outputsPerGroup = weights.outputs / groups
    return naiveWindows(geometry, outputs: weights.outputs) { row, pixel, output in
        var sum = Int64(weights.bias[output])
        forEachTap(geometry, row, pixel) { tap, y, x in
            guard input.contains(y, x) else { return }
            for channel in 0..<depth {
                let value = Int64(input[y, x, output / outputsPerGroup * depth + channel]) - Int64(zeroPoint)
                let weight = Int64(weights.values[(output * geometry.taps + tap) * depth + channel])
                sum += value * (weight - Int64(weights.zeroPoint))
            }
        }
        return oracleStored(
            sum, scale.multiplier[output], scale.shift[output], zeroPoint: scale.zeroPoint,
            range: scale.range,
            rounding: rounding)
    }
}

func naiveDepthwiseConvolution(
    _ input: TestTensor, zeroPoint: Int32, _ weights: NaiveWeights, _ geometry: Geometry,
    _ scale: Requantisation,
    multiplier: Int, rounding: Rounding = oracleRequantise
) -> TestTensor {
    naiveWindows(geometry, outputs: weights.outputs) { row, pixel, output in
        var sum = Int64(weights.bias[output])
        forEachTap(geometry, row, pixel) { tap, y, x in
            guard input.contains(y, x) else { return }
            let value = Int64(input[y, x, output / multiplier]) - Int64(zeroPoint)
            sum += value * (Int64(weights.values[tap * weights.outputs + output]) - Int64(weights.zeroPoint))
        }
        return oracleStored(
            sum, scale.multiplier[output], scale.shift[output], zeroPoint: scale.zeroPoint,
            range: scale.range,
            rounding: rounding)
    }
}

/// The greatest of the values in the picture.
func naiveMaxPool(_ input: TestTensor, _ geometry: Geometry, range: ClosedRange<Int32>) -> TestTensor {
    naivePool(input, geometry, range) { $0.max()! }
}

/// The mean of the values in the picture, halves away from the origin.
func naiveAveragePool(
    _ input: TestTensor, _ geometry: Geometry, range: ClosedRange<Int32>, roundingOrigin: Int32 = 0
) -> TestTensor {
    naivePool(input, geometry, range) { values in
        let mean = Double(values.reduce(0, +)) / Double(values.count)
        return Int64((mean - Double(roundingOrigin)).rounded(.toNearestOrAwayFromZero))
            + Int64(roundingOrigin)
    }
}

/// The mean of each channel in the output's scale; the factor includes the division by the count.
func naiveMean(_ input: TestTensor, zeroPoint: Int32, _ scale: Requantisation) -> TestTensor {
    naiveWindows(Geometry(), outputs: input.channels) { _, _, channel in
        let sum = stride(from: channel, to: input.values.count, by: input.channels).reduce(Int64(0)) {
            $0 + Int64(input.values[$1]) - Int64(zeroPoint)
        }
        return oracleStored(
            sum, scale.multiplier[0], scale.shift[0], zeroPoint: scale.zeroPoint, range: scale.range)
    }
}

private func naivePool(
    _ input: TestTensor, _ geometry: Geometry, _ range: ClosedRange<Int32>, _ combine: ([Int64]) -> Int64
) -> TestTensor {
    naiveWindows(geometry, outputs: input.channels) { row, pixel, channel in
        var values: [Int64] = []
        forEachTap(geometry, row, pixel) { _, y, x in
            if input.contains(y, x) { values.append(Int64(input[y, x, channel])) }
        }
        return Int8(min(max(combine(values), Int64(range.lowerBound)), Int64(range.upperBound)))
    }
}

// MARK: Elementwise

/// The factors of TFLite's ADD: both inputs and the output.
struct AddFactors {
    var multiplier: [Int32]  // first, second, output
    var shift: [Int32]
    var leftShift: Int32 = 20
}

func naiveAdd(
    _ first: TestTensor, _ firstZero: Int32, _ second: TestTensor, _ secondZero: Int32, _ factors: AddFactors,
    zeroPoint: Int32, range: ClosedRange<Int32>
) -> TestTensor {
    naiveElementwise(first, second) { a, b in
        let scaledFirst = oracleRequantise(
            (Int32(a) - firstZero) << factors.leftShift, factors.multiplier[0], factors.shift[0])
        let scaledSecond = oracleRequantise(
            (Int32(b) - secondZero) << factors.leftShift, factors.multiplier[1], factors.shift[1])
        return oracleStored(
            Int64(scaledFirst) + Int64(scaledSecond), factors.multiplier[2], factors.shift[2],
            zeroPoint: zeroPoint,
            range: range)
    }
}

func naiveMultiply(
    _ first: TestTensor, _ firstZero: Int32, _ second: TestTensor, _ secondZero: Int32,
    _ scale: Requantisation
) -> TestTensor {
    naiveElementwise(first, second) { a, b in
        oracleStored(
            (Int64(a) - Int64(firstZero)) * (Int64(b) - Int64(secondZero)), scale.multiplier[0],
            scale.shift[0],
            zeroPoint: scale.zeroPoint, range: scale.range)
    }
}

private func naiveElementwise(
    _ first: TestTensor, _ second: TestTensor, _ operation: (Int8, Int8) -> Int8
) -> TestTensor {
    func value(_ tensor: TestTensor, _ row: Int, _ pixel: Int, _ channel: Int) -> Int8 {
        tensor[row % tensor.height, pixel % tensor.width, channel % tensor.channels]
    }
    let geometry = Geometry(
        outputHeight: max(first.height, second.height), outputWidth: max(first.width, second.width))
    return naiveWindows(geometry, outputs: max(first.channels, second.channels)) {
        operation(value(first, $0, $1, $2), value(second, $0, $1, $2))
    }
}

// MARK: Loops

/// An output of a geometry's size, element by element.
func naiveWindows(_ geometry: Geometry, outputs: Int, _ value: (Int, Int, Int) -> Int8) -> TestTensor {
    var values: [Int8] = []
    for row in 0..<geometry.outputHeight {
        for pixel in 0..<geometry.outputWidth {
            for output in 0..<outputs { values.append(value(row, pixel, output)) }
        }
    }
    return TestTensor(geometry.outputHeight, geometry.outputWidth, outputs, values)
}

private func forEachTap(_ geometry: Geometry, _ row: Int, _ pixel: Int, _ visit: (Int, Int, Int) -> Void) {
    for ky in 0..<geometry.kernelHeight {
        for kx in 0..<geometry.kernelWidth {
            visit(
                ky * geometry.kernelWidth + kx,
                row * geometry.strideHeight - geometry.padTop + ky * geometry.dilationHeight,
                pixel * geometry.strideWidth - geometry.padLeft + kx * geometry.dilationWidth)
        }
    }
}
