// The overview: every line over the whole run, the work done, and a numbered marker at every trigger.

extension TimingDiagram {
    private static let laneHeight = 40.0
    private static let waveHeight = 22.0
    private static let markerRadius = 9.0
    private static let captionRowLimit = 3

    /// Draws the overview from `top` down; returns where it ends.
    func drawOverview(on drawing: inout SVG, top: Double) -> Double {
        let scale = overviewScale
        let times = triggers.map { scale.x(Int(min($0.edgeNanoseconds, Self.timeLimit))) }
        let places = Self.spread(
            times, distance: Self.markerRadius * 2 + 2, within: scale.left...scale.left + scale.width)
        let rows = captionRows(at: places)
        let markersY = top + Double((rows.compactMap { $0 }.max() ?? -1) + 1) * 15 + 10
        let lanesTop = markersY + Self.markerRadius + 12
        let bottom = lanesTop + Double(lanes.count + 1) * Self.laneHeight
        scale.drawGrid(on: &drawing, top: lanesTop, bottom: bottom)
        for (index, trigger) in triggers.enumerated() {
            let place = places[index]
            drawTie(
                trigger, on: &drawing, from: (place, markersY), to: (times[index], lanesTop), bottom: bottom)
            guard let row = rows[index] else { continue }
            drawing.text(
                shownCaption(trigger), x: captionCentre(trigger, at: place),
                y: markersY - Self.markerRadius - 6 - Double(row) * 15, size: 11, fill: trigger.outcome.hex,
                anchor: .middle)
        }
        for (index, trigger) in triggers.enumerated() {
            drawMarker(trigger, number: index + 1, on: &drawing, x: places[index], y: markersY)
        }
        for (index, lane) in lanes.enumerated() {
            draw(lane, on: &drawing, scale, top: lanesTop + Double(index) * Self.laneHeight)
        }
        drawWork(on: &drawing, scale, top: bottom - Self.laneHeight)
        return bottom + 22
    }

    private var overviewScale: TimeScale {
        let widest = lanes.map { DiagramLayout.textWidth($0.name, size: 13) }.max() ?? 0
        let left = DiagramLayout.margin + min(max(widest, 90), 200) + 16
        let end = Int(min(durationNanoseconds, Self.timeLimit))
        return TimeScale(
            axis: TimeAxis(0...end, tickCount: 14), left: left,
            width: DiagramLayout.width - left - DiagramLayout.margin - 24)
    }
}

// MARK: - Lanes

extension TimingDiagram {
    private func drawLaneName(
        _ name: String, _ detail: String, on drawing: inout SVG, left: Double, middle: Double
    ) {
        drawing.text(name, x: left - 14, y: middle + 1, size: 13, anchor: .end, bold: true)
        drawing.text(detail, x: left - 14, y: middle + 14, size: 10, fill: DiagramInk.faint, anchor: .end)
    }

    /// One line as a digital waveform, filled while high.
    private func draw(_ lane: Lane, on drawing: inout SVG, _ scale: TimeScale, top: Double) {
        let colour = lane.direction == .input ? DiagramInk.input : DiagramInk.output
        let low = top + (Self.laneHeight + Self.waveHeight) / 2
        let high = low - Self.waveHeight
        let direction = lane.direction == .input ? "input" : "output"
        drawLaneName(
            DiagramLayout.shortened(lane.name, to: 22),
            lane.isActiveLow ? "\(direction), active low" : direction, on: &drawing, left: scale.left,
            middle: (low + high) / 2)
        func fillHigh(from start: Double, to end: Double) {
            drawing.rectangle(
                x: start, y: high, width: end - start, height: Self.waveHeight, fill: colour, opacity: 0.18)
        }
        var level = lane.initialLevel
        var points = [(x: scale.left, y: level ? high : low)]
        var highSince = level ? scale.left : nil
        for edge in lane.edges where edge.level != level && edge.nanoseconds <= durationNanoseconds {
            let x = scale.x(Int(min(edge.nanoseconds, Self.timeLimit)))
            points += [(x, level ? high : low), (x, edge.level ? high : low)]
            if let start = highSince { fillHigh(from: start, to: x) }
            highSince = edge.level ? x : nil
            level = edge.level
        }
        let right = scale.left + scale.width
        if let start = highSince { fillHigh(from: start, to: right) }
        points.append((right, level ? high : low))
        drawing.path(points, fill: "none", stroke: colour)
    }

    /// The work of all triggers in one lane. A span of milliseconds is made at least 1.5 pixels wide.
    private func drawWork(on drawing: inout SVG, _ scale: TimeScale, top: Double) {
        let middle = top + Self.laneHeight / 2
        drawLaneName("work", "magnified below", on: &drawing, left: scale.left, middle: middle)
        drawing.line(
            x1: scale.left, y1: middle, x2: scale.left + scale.width, y2: middle, stroke: DiagramInk.edge,
            width: 1)
        for span in triggers.flatMap(\.spans) {
            let start = scale.x(Int(min(span.startNanoseconds, Self.timeLimit)))
            let end = scale.x(Int(min(span.endNanoseconds, Self.timeLimit)))
            drawing.rectangle(
                x: start, y: middle - Self.waveHeight / 2, width: max(end - start, 1.5),
                height: Self.waveHeight, fill: span.phase.hex)
        }
    }
}

// MARK: - Markers

extension TimingDiagram {
    /// A numbered disc.
    private func drawMarker(_ trigger: Trigger, number: Int, on drawing: inout SVG, x: Double, y: Double) {
        drawing.circle(x: x, y: y, radius: Self.markerRadius, fill: trigger.outcome.hex)
        drawing.text(
            "\(number)", x: x, y: y + 3.5, size: number < 100 ? 10 : 8, fill: "#ffffff", anchor: .middle,
            bold: true)
    }

    /// The line from a disc to its time, and on through the lanes.
    private func drawTie(
        _ trigger: Trigger, on drawing: inout SVG, from disc: (x: Double, y: Double),
        to time: (x: Double, y: Double), bottom: Double
    ) {
        let colour = trigger.outcome.hex
        drawing.line(x1: disc.x, y1: disc.y, x2: time.x, y2: time.y, stroke: colour)
        drawing.line(x1: time.x, y1: time.y, x2: time.x, y2: bottom, stroke: colour, dashes: "2 3")
    }

    /// Moves ascending positions to the right until neighbours are `distance` apart, then back to the left
    /// from the end of `range`. If there is no room for all, they share it evenly.
    static func spread(
        _ positions: [Double], distance: Double, within range: ClosedRange<Double>
    ) -> [Double] {
        guard let last = positions.indices.last else { return [] }
        let room = (range.upperBound - range.lowerBound) / Double(max(last, 1))
        let distance = min(distance, room)
        var places = positions
        for index in places.indices.dropFirst() {
            places[index] = max(places[index], places[index - 1] + distance)
        }
        places[last] = min(places[last], range.upperBound)
        for index in places.indices.dropLast().reversed() {
            places[index] = min(places[index], places[index + 1] - distance)
        }
        return places
    }

    /// Which row above the markers each caption gets: the lowest where it touches no other, or none if all
    /// are taken; the strips have it anyway.
    private func captionRows(at places: [Double]) -> [Int?] {
        var rowEnds = [Double](repeating: 0, count: Self.captionRowLimit)
        return zip(triggers, places).map { trigger, place in
            let halfWidth = DiagramLayout.textWidth(shownCaption(trigger), size: 11) / 2
            let centre = captionCentre(trigger, at: place)
            guard let row = rowEnds.firstIndex(where: { $0 + 8 <= centre - halfWidth }) else { return nil }
            rowEnds[row] = centre + halfWidth
            return row
        }
    }

    /// Above the marker, but inside the picture.
    private func captionCentre(_ trigger: Trigger, at place: Double) -> Double {
        let halfWidth = DiagramLayout.textWidth(shownCaption(trigger), size: 11) / 2
        return min(place, DiagramLayout.width - DiagramLayout.margin - halfWidth)
    }

    private func shownCaption(_ trigger: Trigger) -> String {
        DiagramLayout.shortened(trigger.caption, to: 20)
    }
}
