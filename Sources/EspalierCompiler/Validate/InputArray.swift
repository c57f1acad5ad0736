import CEspalier
import EspalierFiles
import Foundation

/// An array that is to be a model's input: what is stored for it, and what about it cannot be meant, or hardly.
struct InputArray {
    let source: String
    let plan: Plan
    /// The share of values outside of what the input can store from which on nothing else is worth saying.
    private static let hopelessShare = 0.99

    private var input: PlannedTensor { plan.tensors[plan.input] }
    private var shape: ArrayShape { ArrayShape(sides: plan.inputSides) }
    private var channels: Int { input.shape.channels }
    /// The real values that the input can hold.
    private var range: (least: Double, greatest: Double) { input.fields.range }

    // MARK: Shape

    func check(_ given: [Int]) throws(CompilerError) {
        guard !given.contains(0) else { throw CompilerError("\(source) has no rows; pass at least one.") }
        guard !given.isEmpty else {
            throw CompilerError(
                "\(source) is a single number, and the model takes \(shape.text); pass an array.")
        }
        guard !shape.fits(given) else { return }
        if let mending = shape.mending(given) {
            throw CompilerError(
                "\(source) has shape \(given), \(mending.problem), and the model takes \(shape.text); pass \(mending.call)."
            )
        }
        throw CompilerError(
            "\(source) has shape \(given), and the model takes \(shape.text); \(shape.advice(given)).")
    }

    // MARK: Values

    /// The stored values.
    ///
    /// - Parameter warnings: sentences about what is taken as it is but may not be meant.
    func stored(_ array: NumericArray, warnings: inout [String]) throws(CompilerError) -> [Int8] {
        guard array.typeName == array.values.typeName || array.typeName == "float16" else {
            throw unknownType(array)
        }
        switch array.values {
        case .int8(let values):
            warnings += doubts(values, perRow: array.count / array.shape[0])
            return values
        case .uint8(let pixels):
            try checkArePixels(pixels, &warnings)
            let values = plan.stored(pixels: pixels)
            warnings += doubtsOfFlatRows(values, array.shape)
            return values
        case .float32(let reals): return try stored(reals: reals, &warnings)
        case .float64(let reals): return try stored(reals: reals.map(Float.init), &warnings)
        default: throw unknownType(array)
        }
    }

    private func unknownType(_ array: NumericArray) -> CompilerError {
        let remedy =
            switch array.asIntegers().flatMap({ values in values.min().map { ($0, values.max()!) } }) {
            case (0...255, 128...255)?: "for pixels pass x.astype(numpy.uint8)"
            case (-128..<0, -128...127)?: "for values as stored pass x.astype(numpy.int8)"
            case (0..., 256...65_535)? where isPicture: "for 16-bit pixels pass (x >> 8).astype(numpy.uint8)"
            case _? where array.typeName == "bool": "for black and white pass x * numpy.uint8(255)"
            default: "convert it to the one that is meant"
            }
        return CompilerError(
            "\(source) holds \(array.typeName), and inputs are int8 as the model stores them, uint8 pixels, or float32 real "
                + "values; \(remedy).")
    }

    // MARK: Real values

    private func stored(reals: [Float], _ warnings: inout [String]) throws(CompilerError) -> [Int8] {
        let zeroPoint = Float(input.fields.zero_point)
        let scale = input.fields.scale
        func moved(_ real: Float) -> Float { (real / scale).rounded(.toNearestOrAwayFromZero) + zeroPoint }
        let summary = ValueSummary(reals) { $0 / scale + zeroPoint }
        if let index = summary.notFinite {
            throw CompilerError(
                "\(source) holds \(reals[index]) (value \(index) in order); pass finite numbers only.")
        }
        try check(summary, &warnings)
        return reals.map { Int8(max(-128, min(127, moved($0)))) }
    }

    private func check(_ values: ValueSummary, _ warnings: inout [String]) throws(CompilerError) {
        let given = "\(shortNumber(values.least)) to \(shortNumber(values.greatest))"
        let covered = "\(shortNumber(range.least)) to \(shortNumber(range.greatest))"
        let what = "\(source) holds real values from \(given), and the model's input covers \(covered)"
        let theirs = Convention(values)
        let ours = Convention(inputFrom: range.least, to: range.greatest)
        let isMismatch = theirs != nil && ours != nil && theirs != ours
        let collapses = values.differentStored <= 3 && values.different > 3
        var remedy = "scale them as in training"
        if let theirs, let ours, isMismatch { remedy = "pass \(theirs.conversion(to: ours))" }
        if theirs == .pixel, isPicture {
            remedy +=
                isMismatch
                ? ", or the pixels as uint8"
                : ", or pass them, if they are pixels, as uint8 with --pixel-mean and --pixel-deviation"
        }
        let share = values.shareOutside
        guard share <= Self.hopelessShare, !collapses, !(isMismatch && share > 0.05),
            !(theirs == .pixel && share > 0.5)
        else {
            throw CompilerError("\(what); \(remedy).")
        }
        if values.different == 1 {
            warnings.append("\(source) holds \(shortNumber(values.least)) everywhere; is it the right array?")
        } else if isMismatch {
            warnings.append("\(what); if that is not meant, \(remedy).")
        } else if share > 0.01 {
            warnings.append(
                "\(what): \(percent(share)) of the values lie outside and are cut off; \(remedy).")
        } else if values.greatest - values.least < 0.3 * (range.greatest - range.least), ours == nil,
            theirs == .unit
        {
            warnings.append("\(what); if that is not meant, \(remedy).")
        }
    }

    // MARK: Pixels

    private var isPicture: Bool { channels == 1 || channels == 3 }

    private func checkArePixels(_ pixels: [UInt8], _ warnings: inout [String]) throws(CompilerError) {
        if let first = pixels.first, pixels.allSatisfy({ $0 == first }) {
            warnings.append("\(source) holds \(first) everywhere; is it the right array?")
        } else if pixels.allSatisfy({ $0 <= 1 }) {
            warnings.append(
                "\(source) holds only 0 and 1, and uint8 is taken for pixels 0 to 255; is that meant?")
        }
        guard plan.inputType != .uint8 else { return }
        guard isPicture else {
            throw CompilerError(
                "\(source) holds uint8 pixels, and the model's input \(shape.text) is no picture; pass int8 as the model "
                    + "stores it, or float32 real values.")
        }
        warnings += plan.doubtsAboutPixels(of: "\(source) holds uint8 pixels")
    }

    // MARK: Stored values

    private func doubts(_ values: [Int8], perRow: Int) -> [String] {
        var seen: Set<Int8> = []
        for value in values where !seen.contains(value) {
            seen.insert(value)
            if seen.count == 4 { break }
        }
        if seen.count == 1 { return ["\(source) holds \(values[0]) everywhere; is it the right array?"] }
        if seen.isSubset(of: [-1, 0, 1]) {
            return [
                "\(source) holds only \(seen.sorted().map { "\($0)" }.joined(separator: ", ")), and int8 is taken as the "
                    + "model stores it; pass real values as float32."
            ]
        }
        let atEnds = values.count { $0 == -128 || $0 == 127 }
        let shareAtEnds = Double(atEnds) / Double(values.count)
        if shareAtEnds > Self.hopelessShare {
            return [
                "\(source) holds int8 values of which \(percent(shareAtEnds)) are -128 or 127; "
                    + "were they cut off when they were quantised?"
            ]
        }
        guard isPicture, input.shape.width >= 8, input.shape.height >= 8 else { return [] }
        if values.min()! >= 0, values.max()! > 64 {
            return [
                "\(source) holds int8 values of which none is below 0, and black is stored as -128; pass pixels as uint8."
            ]
        }
        let rough = roughness(values, perRow: perRow) { Int($0) }
        let smooth = roughness(values, perRow: perRow) { Int($0 &+ Int8.min) }
        // Drawings in black and white have such jumps too, and little else.
        if Double(rough) > 1.3 * Double(smooth), shareAtEnds < 0.25 {
            return [
                "\(source) holds int8 values that jump between 127 and -128 as pixels do that were cast to int8; pass the "
                    + "pixels as uint8."
            ]
        }
        return []
    }

    /// The sum of the differences between a pixel and the one to the right, of up to 16 rows.
    private func roughness(_ values: [Int8], perRow: Int, _ meaning: (Int8) -> Int) -> Int {
        let step = plan.inputChannelsFirst ? 1 : channels
        var sum = 0
        for row in 0..<min(16, values.count / perRow) {
            for index in row * perRow..<(row + 1) * perRow - step {
                sum += abs(meaning(values[index]) - meaning(values[index + step]))
            }
        }
        return sum
    }

    /// Flat rows of colour planes, as CIFAR's files have them, would be taken for pixels of three channels.
    private func doubtsOfFlatRows(_ values: [Int8], _ given: [Int]) -> [String] {
        let (height, width) = (input.shape.height, input.shape.width)
        guard given.count == 2, channels == 3, !plan.inputChannelsFirst, height >= 8, width >= 8 else {
            return []
        }
        let perRow = shape.count
        func roughness(right: Int, below: Int) -> Int {
            var sum = 0
            for row in 0..<min(16, given[0]) {
                for index in row * perRow..<(row + 1) * perRow - below {
                    sum += abs(Int(values[index]) - Int(values[index + right]))
                    sum += abs(Int(values[index]) - Int(values[index + below]))
                }
            }
            return sum
        }
        let pixels = roughness(right: 3, below: width * 3)
        let planes = roughness(right: 1, below: width)
        guard Double(pixels) > 1.3 * Double(planes) else { return [] }
        return [
            "\(source) has flat rows that look like planes of red, green and blue, and they are taken pixel by pixel; pass "
                + "x.reshape(-1, 3, \(height), \(width)).transpose(0, 2, 3, 1)."
        ]
    }
}

extension EspalierTensor {
    /// The real values that the tensor can hold.
    var range: (least: Double, greatest: Double) {
        (Double(scale) * Double(-128 - zero_point), Double(scale) * Double(127 - zero_point))
    }
}

func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

extension Plan {
    /// What to say where pixels are given: without a mean and deviation they are spread evenly over the input's range, which
    /// is right for a model trained on 0 ... 255, 0 ... 1 or any range around 0.
    ///
    /// - Parameter given: begins the sentence.
    public func doubtsAboutPixels(of given: String) -> [String] {
        let (least, greatest) = tensors[input].fields.range
        let width = greatest - least
        let isEven = abs(least) <= 0.04 * width || abs(least + greatest) <= 0.04 * width
        guard pixelTable.isEmpty, inputType != .uint8, !isEven else { return [] }
        return [
            "\(given), spread evenly over what the model's input covers, \(shortNumber(least)) to \(shortNumber(greatest)): if it "
                + "was trained on pixels less a mean, give --pixel-mean and --pixel-deviation; if it takes no pixels, pass "
                + "int8 or float32."
        ]
    }
}
