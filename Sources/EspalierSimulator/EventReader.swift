import CEspalier
import EspalierFiles
import EspalierReaction
import EspalierSettings

// The events of a scenario file: what the camera sees, and what outsiders do to the input lines.

/// Collects a scenario's events; what they mean together is known when all are read.
struct EventReader {
    /// What the camera sees from a time on.
    private struct View {
        let generator: any FrameGenerator
        let time: Int64
        /// How much earlier; nil: as the reaction needs it.
        let lead: Int64?
    }

    private let scenario: Scenario
    private let lines: BoardLines
    private var reader: ViewReader
    private var views: [View] = []
    private var changes: [LevelChange] = []
    private var notes: [String] = []

    init(_ scenario: Scenario, lines: BoardLines, views: ViewReader) {
        self.scenario = scenario
        self.lines = lines
        reader = views
    }

    // MARK: Reading

    mutating func readCamera(_ section: TOMLSection) throws(FileError) {
        if let view = try view(section, middle: 0) { views.append(View(generator: view, time: 0, lead: 0)) }
    }

    mutating func readEvent(_ section: TOMLSection) throws(FileError) {
        try section.allowOnly(["at_s", "see", "lead_s", "light", "seed", "raise", "lower", "for_s"])
        guard let time = try section.nanoseconds("at_s", unit: 1e9) else {
            throw section.missing("at_s", do: "say when it happens, in seconds")
        }
        guard time < scenario.durationNanoseconds else { throw tooLate(section, time) }
        let lead = try section.nanoseconds("lead_s", unit: 1e9)
        if let lead, lead > time { throw tooLong(section, "lead_s", lead, most: time, "the scenario begins") }
        if let view = try view(section, middle: time) {
            views.append(View(generator: view, time: time, lead: lead))
        }
        let length = try section.nanoseconds("for_s", unit: 1e9, in: 0.000_001...86_400)
        let rest = scenario.durationNanoseconds - time
        if let length, length / 100 > rest {
            throw tooLong(section, "for_s", length, most: rest, "the scenario ends")
        }
        let isRaised = try readChange(section, "raise", high: true, at: time, for: length)
        let isLowered = try readChange(section, "lower", high: false, at: time, for: length)
        if length != nil, !isRaised, !isLowered {
            throw section.error("for_s", "is for raise or lower", do: "add one of them, or leave it out")
        }
        guard ["see", "raise", "lower"].contains(where: section.keys.contains) else {
            throw section.missing("see, raise or lower", do: "say what happens, or leave the event out")
        }
        if isRaised, isLowered,
            changes.suffix(length == nil ? 2 : 4).allSatisfy({ $0.line == changes.last?.line })
        {
            throw section.error(
                "lower", "names the line that raise names", do: "give each an event of its own")
        }
    }

    /// Nil where the section says nothing of what the camera sees.
    private mutating func view(
        _ section: TOMLSection, middle: Int64
    ) throws(FileError) -> (any FrameGenerator)? {
        let camera = scenario.camera
        let view = try reader.generator(
            section, width: camera.width, height: camera.height, middle: middle)
        if view == nil, let key = ["light", "seed", "lead_s"].first(where: section.keys.contains) {
            throw section.error(key, "is for see", do: "add see, or leave it out")
        }
        return view
    }

    private func tooLate(_ section: TOMLSection, _ time: Int64) -> FileError {
        let end = scenario.durationNanoseconds
        // A hundred times too late is a time in milliseconds.
        let hint = time / 100 >= end && time / 1000 < end ? " (\(seconds(time / 1000))?)" : ""
        return section.error(
            "at_s", "is \(seconds(time)), but the scenario ends at \(seconds(end)) s",
            do: "give an earlier time in seconds\(hint), or a longer duration_s")
    }

    private func tooLong(
        _ section: TOMLSection, _ key: String, _ time: Int64, most: Int64, _ end: String
    ) -> FileError {
        let hint = time / 1000 <= most && time >= 1_000_000_000 ? " (\(seconds(time / 1000))?)" : ""
        return section.error(
            key, "is \(seconds(time)), but \(end) \(seconds(most)) s away",
            do: "give a shorter time in seconds\(hint)")
    }

    private func seconds(_ nanoseconds: Int64) -> String {
        NumberText.trimmed(Double(nanoseconds) / 1e9, decimals: 6)
    }

    /// - Returns: whether the section has this key.
    private mutating func readChange(
        _ section: TOMLSection, _ key: String, high: Bool, at time: Int64, for length: Int64?
    ) throws(FileError) -> Bool {
        guard section.keys.contains(key) else { return false }
        let line = try input(section, key)
        changes.append(LevelChange(time: time, line: line, high: high))
        if let length { changes.append(LevelChange(time: time + length, line: line, high: !high)) }
        return true
    }

    /// The line an event names, in any of the words the reaction or its board have for it.
    private func input(_ section: TOMLSection, _ key: String) throws(FileError) -> Int {
        let name: LineName?
        do throws(FileError) { name = try section.lineName(key) } catch { name = nil }
        if let setup = scenario.setup, let name {
            let inputs = elements(setup.inputs, of: EspalierLine.self).prefix(Int(setup.input_count))
            if let index = lines.index(of: name, among: Array(inputs), at: section.place(key)) {
                return index
            }
        }
        let names = scenario.inputs.map(\.name)
        let hint = suggestion(for: section.word(key), among: names).map { " (\($0)?)" } ?? ""
        throw section.error(
            key, "names \"\(section.word(key))\", which is no trigger's line",
            do: names.isEmpty ? "leave it out" : "choose among \(names.joined(separator: ", "))\(hint)")
    }

    // MARK: Together

    /// Gives all events to the scenario they were read for.
    mutating func finish(_ scenario: inout Scenario) {
        scenario.changes += changes
        for line in scenario.inputs.indices { rest(line, &scenario.inputs[line]) }
        showViews(&scenario.camera)
        noteChanges(scenario.inputs)
        scenario.notes += notes
    }

    /// A line that nothing pulls is low until it is raised; one that is lowered first was high.
    private func rest(_ line: Int, _ input: inout VirtualLine) {
        guard let setup = scenario.setup else { return }
        let bias = elements(setup.inputs, of: EspalierLine.self)[line].bias
        guard bias == ESPALIER_BIAS_AS_IS || bias == ESPALIER_BIAS_DISABLED else { return }
        let first = changes.enumerated().filter { $0.element.line == line }
            .min { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        if let first, first.element.time > 0 { input.restsHigh = !first.element.high }
    }

    /// Shows each view from its time on; one without a lead of its own that comes with a change of a line from the
    /// frame on that answers the change, before which no other view may reach.
    private func showViews(_ camera: inout VirtualCamera) {
        let ordered = views.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }.map(\.element)
        var shown: [(View, from: Int64)] = []
        var latest = Int64.max
        for (index, view) in ordered.enumerated().reversed() {
            let before = index > 0 ? ordered[index - 1].time : 0
            var from = min(max(begin(view), before), latest)
            if view.lead == nil, let answer = answer(at: view.time), answer < from {
                from = answer
                latest = answer
            }
            shown.append((view, from))
        }
        for (view, from) in shown.reversed() { camera.show(view.generator, from: from) }
    }

    private func begin(_ view: View) -> Int64 { max(0, view.time - (view.lead ?? 0)) }

    /// When the frame is exposed that is classified for a change at this time; nil where none is.
    private func answer(at time: Int64) -> Int64? {
        if time == 0 { return nil }
        var first: Int64?
        for change in changes where change.time == time {
            let isRising = change.high != scenario.inputs[change.line].isActiveLow
            let edge = isRising ? ESPALIER_EDGE_RISING : ESPALIER_EDGE_FALLING
            for trigger in scenario.triggers(of: change.line) where trigger.edge & edge != 0 {
                let exposure = exposure(answering: trigger, at: time)
                first = min(first ?? exposure, exposure)
            }
        }
        return first
    }

    private func exposure(answering trigger: EspalierTrigger, at time: Int64) -> Int64 {
        let camera = scenario.camera
        let reaction = scenario.reaction
        let wanted = time + trigger.settle_nanoseconds - reaction.pretrigger_nanoseconds
        let capture = max(wanted, time + trigger.debounce_nanoseconds)
        var number =
            (reaction.pretrigger_nanoseconds == 0
                ? camera.newestFrame(at: capture) : camera.frame(nearest: wanted, after: -1, at: capture))
            ?? camera.firstFrame(after: -1)
        // One that is too old is not classified, but the next that is new enough.
        while camera.time(ofFrame: number) < wanted - reaction.frame_age_nanoseconds {
            number = camera.firstFrame(after: number)
        }
        return camera.time(ofFrame: number)
    }

    // MARK: Notes

    /// Says what happens and yet does nothing.
    private mutating func noteChanges(_ inputs: [VirtualLine]) {
        let ordered = changes.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }.map(\.element)
        var levels = inputs.map(\.restsHigh)
        for change in ordered where change.time <= 0 { levels[change.line] = change.high }
        for (index, input) in inputs.enumerated() { noteStart(index, input, isHigh: levels[index]) }
        noteGlitches(ordered)
        for change in ordered where change.time > 0 {
            if levels[change.line] == change.high {
                notes.append(
                    "At \(seconds(change.time)) s \(inputs[change.line].name) is "
                        + "\(change.high ? "high" : "low") already, so that nothing changes.")
            }
            levels[change.line] = change.high
        }
    }

    /// A level that ends before any trigger of its line counts it.
    private mutating func noteGlitches(_ ordered: [LevelChange]) {
        for (index, change) in ordered.enumerated() where change.time > 0 {
            let shortest = scenario.triggers(of: change.line).map(\.debounce_nanoseconds).min() ?? 0
            guard
                let next = ordered[(index + 1)...].first(where: {
                    $0.line == change.line && $0.high != change.high
                })
            else { continue }
            let length = next.time - change.time
            guard length < shortest else { continue }
            notes.append(
                "At \(seconds(change.time)) s \(scenario.inputs[change.line].name) changes for \(seconds(length)) s, "
                    + "shorter than debounce_ms, so that no edge of it counts.")
        }
    }

    private mutating func noteStart(_ index: Int, _ input: VirtualLine, isHigh: Bool) {
        let level = isHigh != input.isActiveLow ? ESPALIER_EDGE_RISING : ESPALIER_EDGE_FALLING
        let triggers = scenario.triggers(of: index)
        guard !triggers.isEmpty, triggers.allSatisfy({ $0.edge == level }) else { return }
        notes.append(
            "\(input.name) is \(isHigh ? "high" : "low") from before the start, the level that sets off; no edge "
                + "comes of that.")
    }
}
