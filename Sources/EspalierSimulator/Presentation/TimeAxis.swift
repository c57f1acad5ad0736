// A time axis with round ticks, from nanoseconds to years.

/// The unit of a time axis.
enum AxisUnit: String, CaseIterable {
    case nanosecond = "ns"
    case microsecond = "µs"
    case millisecond = "ms"
    case second = "s"

    var nanoseconds: Int {
        switch self {
        case .nanosecond: 1
        case .microsecond: 1000
        case .millisecond: 1_000_000
        case .second: 1_000_000_000
        }
    }
}

/// A linear time axis with round ticks: 1, 2 or 5 times a power of ten apart.
struct TimeAxis {
    /// The first and last moment shown, in nanoseconds.
    let range: ClosedRange<Int>
    /// Nanoseconds between ticks.
    let step: Int
    let unit: AxisUnit

    /// An axis over `range` (widened if empty) with at most about `tickCount` ticks.
    init(_ range: ClosedRange<Int>, tickCount: Int) {
        self.range = range.lowerBound...max(range.upperBound, range.lowerBound + 1)
        let span = self.range.upperBound - self.range.lowerBound
        var step = 1
        var factors = [2, 5, 10][...]
        var decade = 1
        while span / step > tickCount {
            step = decade * factors.removeFirst()
            if factors.isEmpty {
                factors = [2, 5, 10]
                decade *= 10
            }
        }
        self.step = step
        // The unit in which the whole range reads naturally: 0...60 s, -5...40 ms.
        unit = AxisUnit.allCases.last { span >= $0.nanoseconds * 2 } ?? .nanosecond
    }

    /// The ticks' moments, in nanoseconds.
    var ticks: [Int] {
        let lower = range.lowerBound
        let first = Int((Double(lower) / Double(step)).rounded(.up)) * step
        return Array(stride(from: first, through: range.upperBound, by: step))
    }

    func label(_ tick: Int) -> String { NumberText.tick(tick, step: step, unit: unit) }
}
