// The strips: one a trigger, from its edge (or its older frame) to its signal, all on one scale, with the
// times in figures beside them.

extension TimingDiagram {
    private static let stripHeight = 46.0
    private static let barHeight = 16.0
    /// Where the bars are, between the captions on the left and the figures on the right.
    private static let barsLeft = 286.0
    private static let barsWidth = 446.0
    /// The right edges of the columns of figures.
    private static let columns = [
        ("frame", 852.0), ("prepare", 930.0), ("inference", 1022.0), ("edge to signal", 1176.0),
    ]

    /// Draws the strips from `top` down; returns where they end.
    func drawStrips(on drawing: inout SVG, top: Double) -> Double {
        let shown = Array(triggers.prefix(Self.stripLimit))
        guard !shown.isEmpty else {
            drawing.text(
                "No trigger in this run.", x: DiagramLayout.margin, y: top, size: 13, fill: DiagramInk.faint)
            return top + 8
        }
        drawing.text("Each trigger, magnified", x: DiagramLayout.margin, y: top, size: 16, bold: true)
        drawing.text(
            "time from the edge, the same scale for all", x: Self.barsLeft, y: top, size: 11,
            fill: DiagramInk.faint)
        for (name, right) in Self.columns {
            drawing.text(name, x: right, y: top, size: 11, fill: DiagramInk.faint, anchor: .end)
        }
        let scale = stripScale(shown)
        let bottom = top + 12 + Double(shown.count) * Self.stripHeight
        for index in shown.indices {
            let y = top + 12 + Double(index) * Self.stripHeight
            if index % 2 == 0 {
                drawing.rectangle(
                    x: DiagramLayout.margin - 8, y: y,
                    width: DiagramLayout.width - 2 * DiagramLayout.margin + 16,
                    height: Self.stripHeight, fill: "#f7f8fa", radius: 4)
            }
        }
        scale.drawGrid(on: &drawing, top: top + 12, bottom: bottom)
        drawing.line(
            x1: scale.x(0), y1: top + 12, x2: scale.x(0), y2: bottom, stroke: DiagramInk.input, dashes: "3 3")
        for (index, trigger) in shown.enumerated() {
            let y = top + 12 + Double(index) * Self.stripHeight
            drawCaption(trigger, number: index + 1, on: &drawing, y: y)
            drawBar(trigger, on: &drawing, scale, middle: y + Self.stripHeight / 2)
            drawFigures(trigger, on: &drawing, y: y + Self.stripHeight / 2 + 4)
        }
        return drawKey(on: &drawing, top: bottom + 42)
    }

    /// From the oldest frame to the latest signal. Frames much older than the work is long would squeeze
    /// everything else together; they are drawn at the left end, with an arrow.
    private func stripScale(_ shown: [Trigger]) -> TimeScale {
        let end = max(shown.map(\.lastOffset).max() ?? 0, 1000)
        let begin = max(shown.map { min($0.frameOffset ?? 0, 0) }.min() ?? 0, -end)
        let edgeRoom = (end - begin) / 40
        return TimeScale(
            axis: TimeAxis((begin - edgeRoom)...(end + edgeRoom), tickCount: 8), left: Self.barsLeft,
            width: Self.barsWidth)
    }
}

// MARK: - One strip

extension TimingDiagram {
    private func drawCaption(_ trigger: Trigger, number: Int, on drawing: inout SVG, y: Double) {
        let middle = y + Self.stripHeight / 2
        drawing.circle(x: DiagramLayout.margin + 10, y: middle, radius: 11, fill: trigger.outcome.hex)
        drawing.text(
            "\(number)", x: DiagramLayout.margin + 10, y: middle + 4, size: 11, fill: "#ffffff",
            anchor: .middle,
            bold: true)
        let seconds = NumberText.fixed(Double(trigger.edgeNanoseconds) / 1e9, decimals: 3)
        drawing.text(
            DiagramLayout.shortened(trigger.caption, to: 24), x: DiagramLayout.margin + 30, y: middle - 3,
            size: 13, fill: trigger.outcome.hex,
            bold: true)
        let note = trigger.note.isEmpty ? "" : " · \(trigger.note)"
        let details = DiagramLayout.shortened("\(seconds) s\(note)", to: 38)
        drawing.text(details, x: DiagramLayout.margin + 30, y: middle + 13, size: 11, fill: DiagramInk.faint)
    }

    private func drawBar(_ trigger: Trigger, on drawing: inout SVG, _ scale: TimeScale, middle: Double) {
        let offsets = [trigger.frameOffset ?? 0, 0, trigger.lastOffset]
        drawing.line(
            x1: scale.x(offsets.min() ?? 0), y1: middle, x2: scale.x(offsets.max() ?? 0), y2: middle,
            stroke: DiagramInk.edge, width: 2)
        for span in trigger.spans {
            let start = scale.x(trigger.offset(span.startNanoseconds))
            let end = scale.x(trigger.offset(span.endNanoseconds))
            drawing.rectangle(
                x: start, y: middle - Self.barHeight / 2, width: max(end - start, 1.5),
                height: Self.barHeight, fill: span.phase.hex, radius: end - start > 6 ? 2 : 0)
        }
        drawing.line(
            x1: scale.x(0), y1: middle - 13, x2: scale.x(0), y2: middle + 13, stroke: DiagramInk.input,
            width: 2)
        if let frame = trigger.frameOffset {
            let isCut = frame < scale.axis.range.lowerBound
            Self.drawFrameMark(on: &drawing, x: scale.x(frame), y: middle, isCut: isCut)
        }
        if let signal = trigger.signalNanoseconds {
            Self.drawSignalMark(on: &drawing, x: scale.x(trigger.offset(signal)), y: middle)
        }
    }

    private func drawFigures(_ trigger: Trigger, on drawing: inout SVG, y: Double) {
        let figures = [
            trigger.frameOffset.map {
                $0 == 0
                    ? "at the edge"
                    : NumberText.duration(nanoseconds: UInt64($0.magnitude)) + ($0 > 0 ? " after" : " before")
            },
            trigger.length(of: .prepare), trigger.length(of: .inference),
            trigger.signalNanoseconds.map {
                NumberText.duration(nanoseconds: UInt64(trigger.offset($0).magnitude))
            },
        ]
        for (figure, column) in zip(figures, Self.columns) {
            drawing.text(
                figure ?? "–", x: column.1, y: y, size: 12,
                fill: figure == nil ? DiagramInk.edge : DiagramInk.text,
                anchor: .end)
        }
    }
}

// MARK: - Marks

extension TimingDiagram {
    /// A diamond where the frame was taken; an arrow to the left if that is outside the picture.
    private static func drawFrameMark(on drawing: inout SVG, x: Double, y: Double, isCut: Bool) {
        let size = 6.0
        let left = (x: x - size, y: y)
        let top = (x: x, y: y - size)
        let bottom = (x: x, y: y + size)
        let right = (x: x + size, y: y)
        drawing.path(
            isCut ? [left, top, bottom] : [left, top, right, bottom], fill: "#ffffff",
            stroke: DiagramInk.text,
            width: 1.5)
    }

    /// A flag on a pole where the output line was set.
    private static func drawSignalMark(on drawing: inout SVG, x: Double, y: Double) {
        drawing.line(x1: x, y1: y - 16, x2: x, y2: y + 12, stroke: DiagramInk.text, width: 1.5)
        drawing.path(
            [(x, y - 16), (x + 10, y - 12), (x, y - 8)], fill: DiagramInk.output, stroke: DiagramInk.output,
            width: 1)
    }

    /// What the marks mean, and how many triggers have no strip; returns where it ends.
    private func drawKey(on drawing: inout SVG, top: Double) -> Double {
        var x = Self.barsLeft
        drawing.line(x1: x, y1: top - 12, x2: x, y2: top + 4, stroke: DiagramInk.input, width: 2)
        drawing.text("edge", x: x + 10, y: top, size: 11, fill: DiagramInk.faint)
        x += 72
        Self.drawFrameMark(on: &drawing, x: x, y: top - 4, isCut: false)
        drawing.text("frame taken", x: x + 12, y: top, size: 11, fill: DiagramInk.faint)
        x += 120
        Self.drawSignalMark(on: &drawing, x: x, y: top - 2)
        drawing.text("line set", x: x + 16, y: top, size: 11, fill: DiagramInk.faint)
        let rest = triggers.count - Self.stripLimit
        if rest > 0 {
            drawing.text("and \(rest) more triggers in the trace", x: DiagramLayout.margin, y: top, size: 12)
        }
        return top + 8
    }
}

// MARK: - Times from the edge

extension TimingDiagram.Trigger {
    /// Nanoseconds from the edge to a moment; negative before it.
    fileprivate func offset(_ nanoseconds: UInt64) -> Int {
        Int(min(nanoseconds, TimingDiagram.timeLimit)) - Int(min(edgeNanoseconds, TimingDiagram.timeLimit))
    }

    fileprivate var frameOffset: Int? { frameNanoseconds.map(offset) }

    /// The end of everything that followed; at least 0.
    fileprivate var lastOffset: Int {
        let ends = spans.map { offset($0.endNanoseconds) } + [signalNanoseconds.map(offset) ?? 0]
        return max(ends.max() ?? 0, frameOffset ?? 0, 0)
    }

    /// How long a phase took in all, as text; nil if it did not happen.
    fileprivate func length(of phase: TimingDiagram.Phase) -> String? {
        let spans = spans.filter { $0.phase == phase }
        guard !spans.isEmpty else { return nil }
        return NumberText.duration(
            nanoseconds: spans.reduce(0) { $0 &+ ($1.endNanoseconds - $1.startNanoseconds) })
    }
}
