// The few SVG elements that the timing diagram is made of, written as text.

/// SVG text under construction. Coordinates are pixels, rounded to hundredths.
struct SVG {
    private(set) var body = ""

    enum Anchor: String {
        case start, middle, end
    }

    mutating func raw(_ text: String) { body += text + "\n" }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, fill: String, radius: Double = 0,
        opacity: Double = 1
    ) {
        let rounding = radius == 0 ? "" : " rx=\"\(Self.number(radius))\""
        let faint = opacity == 1 ? "" : " opacity=\"\(Self.number(opacity))\""
        raw(
            "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
                + "height=\"\(Self.number(height))\" fill=\"\(fill)\"\(rounding)\(faint)/>")
    }

    mutating func line(
        x1: Double, y1: Double, x2: Double, y2: Double, stroke: String, width: Double = 1, dashes: String = ""
    ) {
        let pattern = dashes.isEmpty ? "" : " stroke-dasharray=\"\(dashes)\""
        raw(
            "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" "
                + "y2=\"\(Self.number(y2))\" stroke=\"\(stroke)\" "
                + "stroke-width=\"\(Self.number(width))\"\(pattern)/>")
    }

    /// An open or closed path through the points, straight.
    mutating func path(
        _ points: [(x: Double, y: Double)], fill: String, stroke: String, width: Double = 1.5
    ) {
        let data = points.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(Self.number(point.x)) \(Self.number(point.y))"
        }
        raw(
            "<path d=\"\(data.joined())\(fill == "none" ? "" : "Z")\" fill=\"\(fill)\" stroke=\"\(stroke)\" "
                + "stroke-width=\"\(Self.number(width))\" stroke-linejoin=\"round\"/>")
    }

    mutating func circle(x: Double, y: Double, radius: Double, fill: String) {
        raw(
            "<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"\(Self.number(radius))\" "
                + "fill=\"\(fill)\"/>")
    }

    mutating func text(
        _ text: String, x: Double, y: Double, size: Double = 12, fill: String = "#1f2630",
        anchor: Anchor = .start, bold: Bool = false
    ) {
        raw(
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(size))\" "
                + "fill=\"\(fill)\"\(anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\"")"
                + "\(bold ? " font-weight=\"600\"" : "")>\(Self.escaped(text))</text>")
    }

    static func number(_ value: Double) -> String { NumberText.trimmed(value) }

    /// Text as XML can hold it: markup escaped, control characters (which XML 1.0 forbids) replaced.
    static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}": output += "\u{FFFD}"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
