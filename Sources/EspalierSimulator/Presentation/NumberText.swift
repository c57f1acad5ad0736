// Numbers as text, the same on every machine: no locale, no Foundation, integer arithmetic.

/// Numbers as people read them and as files need them.
enum NumberText {
    /// `value` with up to `decimals` digits after the point and no trailing zeros: 1.50 is "1.5", -0.004 is
    /// "0".
    ///
    /// Precondition: `value` is finite and `value * 10^decimals` fits an `Int`.
    static func trimmed(_ value: Double, decimals: Int = 2) -> String {
        var text = fixed(value, decimals: decimals)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// `value` with exactly `decimals` digits after the point, halves away from zero. Same precondition.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let scale = powerOfTen(decimals)
        let units = Int((value * Double(scale)).rounded())
        let digits = String(units.magnitude % UInt(scale))
        let padding = String(repeating: "0", count: decimals - (decimals == 0 ? 0 : digits.count))
        let fraction = decimals == 0 ? "" : "." + padding + digits
        return "\(units < 0 ? "-" : "")\(units.magnitude / UInt(scale))\(fraction)"
    }

    /// A duration with three significant digits and its unit: "850 ns", "12.4 µs", "1.84 ms", "60.0 s".
    static func duration(nanoseconds: UInt64) -> String {
        if nanoseconds < 1000 { return "\(nanoseconds) ns" }
        let units: [(name: String, size: Double)] = [("µs", 1e3), ("ms", 1e6), ("s", 1e9)]
        for (index, unit) in units.enumerated() {
            let value = Double(nanoseconds) / unit.size
            // 999.5 rounds up to 1000 and belongs to the next unit.
            if value < 999.5 || index == units.count - 1 {
                let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
                return "\(fixed(value, decimals: decimals)) \(unit.name)"
            }
        }
        return ""
    }

    /// A moment on an axis whose ticks are `step` apart: as many decimals as the step needs, in the unit
    /// given.
    static func tick(_ nanoseconds: Int, step: Int, unit: AxisUnit) -> String {
        var decimals = 0
        while decimals < 9, step % (unit.nanoseconds / powerOfTen(decimals)) != 0 { decimals += 1 }
        return fixed(Double(nanoseconds) / Double(unit.nanoseconds), decimals: decimals)
    }

    private static func powerOfTen(_ exponent: Int) -> Int {
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}
