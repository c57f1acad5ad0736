// What numbers mean: the ranges that people scale pictures to, recognised in a model's input and in an array's values, so
// that values that cannot be meant for the model are found.

import Foundation

/// A range that pictures are scaled to.
enum Convention: CaseIterable {
    /// 0 ... 1
    case unit
    /// -1 ... 1
    case signedUnit
    /// 0 ... 255
    case pixel
    /// -128 ... 127
    case signedPixel

    var range: (least: Double, greatest: Double) {
        switch self {
        case .unit: (0, 1)
        case .signedUnit: (-1, 1)
        case .pixel: (0, 255)
        case .signedPixel: (-128, 127)
        }
    }

    /// The convention of real values between two ends; nil where they are as much like none.
    init?(inputFrom least: Double, to greatest: Double) {
        let found = Convention.allCases.first { convention in
            let (low, high) = convention.range
            return abs(least - low) <= 0.04 * (high - low) && abs(greatest - high) <= 0.04 * (high - low)
        }
        guard let found else { return nil }
        self = found
    }

    /// The convention that an array's values look like.
    init?(_ values: ValueSummary) {
        let (least, greatest) = (values.least, values.greatest)
        if least >= 0, greatest <= 255, greatest > 1, values.areIntegers || greatest > 64 {
            self = .pixel
        } else if least >= -128, greatest <= 128, least < -1,
            values.areIntegers || (least < -32 && greatest > 32)
        {
            self = .signedPixel
        } else if least >= 0, greatest <= 1, greatest > 0.5 {
            self = .unit
        } else if least >= -1, greatest <= 1, least < -0.1 {
            self = .signedUnit
        } else {
            return nil
        }
    }

    /// The numpy expression that brings an array x of this convention to another.
    func conversion(to other: Convention) -> String {
        switch (self, other) {
        case (.pixel, .unit): "x / 255"
        case (.pixel, .signedUnit): "x / 127.5 - 1"
        case (.pixel, .signedPixel): "x - 128"
        case (.unit, .pixel): "x * 255"
        case (.unit, .signedUnit): "x * 2 - 1"
        case (.unit, .signedPixel): "x * 255 - 128"
        case (.signedUnit, .unit): "(x + 1) / 2"
        case (.signedUnit, .pixel): "(x + 1) * 127.5"
        case (.signedUnit, .signedPixel): "x * 127.5 - 0.5"
        case (.signedPixel, .unit): "(x + 128) / 255"
        case (.signedPixel, .signedUnit): "(x + 128) / 127.5 - 1"
        case (.signedPixel, .pixel): "x + 128"
        default: "x"
        }
    }
}

/// Real values, looked through once.
struct ValueSummary {
    var count = 0
    var least = Double.infinity
    var greatest = -Double.infinity
    var areIntegers = true
    /// Where the first that is not finite is.
    var notFinite: Int?
    /// How many lie outside of what can be stored, by more than rounding.
    var outside = 0
    /// How many different values there are, real and as stored; counted up to 4.
    var different = 0
    var differentStored = 0

    var shareOutside: Double { count == 0 ? 0 : Double(outside) / Double(count) }

    /// - Parameter stored: how each value is stored, before it is cut to -128 ... 127.
    init(_ values: some Collection<Float>, stored: (Float) -> Float) {
        var seen: [Float] = []
        var seenStored: [Float] = []
        for (index, value) in values.enumerated() {
            guard value.isFinite else {
                notFinite = index
                return
            }
            count += 1
            let real = Double(value)
            if real < least { least = real }
            if real > greatest { greatest = real }
            if areIntegers, value.rounded() != value { areIntegers = false }
            let moved = stored(value)
            if moved > 127.5 || moved < -128.5 { outside += 1 }
            if seen.count < 4, !seen.contains(value) { seen.append(value) }
            let cut = max(-128, min(127, moved.rounded()))
            if seenStored.count < 4, !seenStored.contains(cut) { seenStored.append(cut) }
        }
        different = seen.count
        differentStored = seenStored.count
    }
}

/// A real number as people write it: at most four digits that matter.
func shortNumber(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    let digits = 4 - Int(log10(abs(value)).rounded(.up))
    let factor = pow(10, Double(max(0, min(digits, 9))))
    let rounded = (value * factor).rounded() / factor
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
}
