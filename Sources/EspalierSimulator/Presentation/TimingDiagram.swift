// What a person sees first after a run: every line over the whole time, and each trigger under a magnifying
// glass. Plain values in, SVG text out; the drawing is in TimingDiagram+Overview.swift and
// TimingDiagram+Strips.swift.

/// A timing diagram of one run.
///
/// The overview has one lane a line and one lane for the work (capture, prepare, inference), with a numbered
/// marker at every trigger. Below, one strip a trigger shows what followed its edge, all strips on one scale,
/// with the times in figures. Times are nanoseconds from the start of the run.
public struct TimingDiagram: Equatable, Sendable {
    /// Which way a line goes.
    public enum Direction: Equatable, Sendable {
        case input, output
    }

    /// A line's new level and when it took it.
    public struct Edge: Equatable, Sendable {
        public var nanoseconds: UInt64
        public var level: Bool

        public init(_ nanoseconds: UInt64, _ level: Bool) {
            self.nanoseconds = nanoseconds
            self.level = level
        }
    }

    /// One line's history.
    public struct Lane: Equatable, Sendable {
        public var name: String
        public var direction: Direction
        /// Drawn is the electrical level; the reaction takes it the other way round.
        public var isActiveLow: Bool
        public var initialLevel: Bool
        /// In order of time.
        public var edges: [Edge]

        public init(
            name: String, direction: Direction, isActiveLow: Bool = false, initialLevel: Bool = false,
            edges: [Edge]
        ) {
            self.name = name
            self.direction = direction
            self.isActiveLow = isActiveLow
            self.initialLevel = initialLevel
            self.edges = edges
        }
    }

    /// A kind of work.
    public enum Phase: String, Equatable, Sendable, CaseIterable {
        case capture, prepare, inference
    }

    /// A piece of work, from its start to its end.
    public struct Span: Equatable, Sendable {
        public var phase: Phase
        public var startNanoseconds: UInt64
        public var endNanoseconds: UInt64

        /// An end before the start counts as the start.
        public init(_ phase: Phase, _ startNanoseconds: UInt64, _ endNanoseconds: UInt64) {
            self.phase = phase
            self.startNanoseconds = startNanoseconds
            self.endNanoseconds = max(startNanoseconds, endNanoseconds)
        }
    }

    /// One trigger and what followed.
    public struct Trigger: Equatable, Sendable {
        public var edgeNanoseconds: UInt64
        /// When the frame used was taken; before the edge if it came from a ring.
        public var frameNanoseconds: UInt64?
        public var spans: [Span]
        /// When the output line was set, if it was.
        public var signalNanoseconds: UInt64?
        public var outcome: OutcomeStyle
        /// The verdict, a few words: "person 0.93".
        public var caption: String
        /// A few more words, such as "motion, 412 of 1024 blocks".
        public var note: String

        public init(
            edgeNanoseconds: UInt64, frameNanoseconds: UInt64? = nil, spans: [Span] = [],
            signalNanoseconds: UInt64? = nil, outcome: OutcomeStyle, caption: String, note: String = ""
        ) {
            self.edgeNanoseconds = edgeNanoseconds
            self.frameNanoseconds = frameNanoseconds
            self.spans = spans
            self.signalNanoseconds = signalNanoseconds
            self.outcome = outcome
            self.caption = caption
            self.note = note
        }
    }

    public var title: String
    public var subtitle: String
    /// How long the run was.
    public var durationNanoseconds: UInt64
    public var lanes: [Lane]
    /// In order of time.
    public var triggers: [Trigger]

    /// The most triggers that get a strip; more would make a picture nobody scrolls through.
    public static let stripLimit = 40
    /// The longest run drawn: a hundred years. Later times are drawn at the end.
    static let timeLimit: UInt64 = 3_155_760_000_000_000_000

    public init(
        title: String, subtitle: String = "", durationNanoseconds: UInt64, lanes: [Lane], triggers: [Trigger]
    ) {
        self.title = title
        self.subtitle = subtitle
        self.durationNanoseconds = durationNanoseconds
        self.lanes = lanes
        self.triggers = triggers
    }

    /// The diagram as an SVG file, 1200 pixels wide. The same diagram gives the same bytes on every machine.
    public func svg() -> String {
        var drawing = SVG()
        drawing.text(
            DiagramLayout.shortened(title, to: 56), x: DiagramLayout.margin, y: 40, size: 20, bold: true)
        drawing.text(
            DiagramLayout.shortened(subtitle, to: 96), x: DiagramLayout.margin, y: 62, size: 13,
            fill: DiagramInk.faint)
        drawLegend(on: &drawing)
        var y = drawOverview(on: &drawing, top: 92)
        y = drawStrips(on: &drawing, top: y + 34)
        let height = NumberText.trimmed(y + DiagramLayout.margin)
        let width = NumberText.trimmed(DiagramLayout.width)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" font-family="\(DiagramInk.fonts)">
            <title>\(SVG.escaped(title))</title>
            <rect width="\(width)" height="\(height)" fill="#ffffff"/>
            \(drawing.body)</svg>

            """
    }

    /// Kinds of work and outcomes, at the top right.
    private func drawLegend(on drawing: inout SVG) {
        var x = DiagramLayout.width - DiagramLayout.margin
        let outcomes = OutcomeStyle.allCases.filter { style in triggers.contains { $0.outcome == style } }
        for style in outcomes.reversed() {
            x -= DiagramLayout.textWidth(style.word, size: 12)
            drawing.text(style.word, x: x, y: 36)
            x -= 16
            drawing.circle(x: x + 5, y: 32, radius: 5, fill: style.hex)
            x -= 18
        }
        x = DiagramLayout.width - DiagramLayout.margin
        for phase in Phase.allCases.reversed() {
            x -= DiagramLayout.textWidth(phase.rawValue, size: 12)
            drawing.text(phase.rawValue, x: x, y: 62)
            x -= 20
            drawing.rectangle(x: x, y: 52, width: 14, height: 11, fill: phase.hex, radius: 2)
            x -= 18
        }
    }
}

// MARK: - Layout shared by both parts

/// Sizes in pixels.
enum DiagramLayout {
    static let width = 1200.0
    static let margin = 24.0

    /// About how wide a text is drawn; no font is measured, so a little generous.
    static func textWidth(_ text: String, size: Double) -> Double { Double(text.count) * size * 0.62 }

    /// At most `limit` characters, the last of them an ellipsis if something had to go.
    static func shortened(_ text: String, to limit: Int) -> String {
        text.count <= limit ? text : text.prefix(limit - 1) + "…"
    }
}

enum DiagramInk {
    static let text = "#1f2630"
    static let faint = "#66707c"
    static let grid = "#e6e9ed"
    static let edge = "#c3c9d1"
    static let input = "#4a5563"
    static let output = "#d55e00"
    static let fonts = "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif"
}

extension TimingDiagram.Phase {
    var hex: String {
        switch self {
        case .capture: "#f0b429"
        case .prepare: "#56b4e9"
        case .inference: "#009e73"
        }
    }
}

/// Maps a time axis onto pixels.
struct TimeScale {
    let axis: TimeAxis
    let left: Double
    let width: Double

    /// Times outside the axis are drawn at its nearer end.
    func x(_ nanoseconds: Int) -> Double {
        let range = axis.range
        let clamped = min(max(nanoseconds, range.lowerBound), range.upperBound)
        return left + Double(clamped - range.lowerBound) / Double(range.upperBound - range.lowerBound) * width
    }

    func drawGrid(on drawing: inout SVG, top: Double, bottom: Double) {
        for tick in axis.ticks {
            drawing.line(x1: x(tick), y1: top, x2: x(tick), y2: bottom, stroke: DiagramInk.grid)
            drawing.text(
                axis.label(tick), x: x(tick), y: bottom + 16, size: 11, fill: DiagramInk.faint,
                anchor: .middle)
        }
        drawing.text(
            axis.unit.rawValue, x: left + width + 14, y: bottom + 16, size: 11, fill: DiagramInk.faint)
    }
}
