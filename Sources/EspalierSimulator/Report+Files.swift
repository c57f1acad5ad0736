public import CEspalier
import EspalierFiles
import Foundation

// The files of a run: the trace as text and for waveform viewers, a timing diagram, and the frames.

extension SimulationReport {
    private static let texts = ["trace.txt", "trace.vcd", "timing.svg"]

    /// Whether a folder may be written to, before a scenario is run.
    ///
    /// - Throws: one sentence where it cannot, or where it holds files of these names that no earlier run wrote.
    public static func check(folder: String, force: Bool = false) throws(FileError) {
        try OutputFolder(folder, of: writer, force: force).check(texts, folders: ["frames"])
    }

    private static let writer = "espalier simulate"

    /// Writes `trace.txt`, `trace.vcd`, `timing.svg` and `frames/NN-label.png` into a folder, each whole or
    /// not at all. What an earlier run wrote there goes, and nothing else.
    ///
    /// - Parameter force: replace files of these names that no earlier run wrote, or that were changed since.
    /// - Returns: what was written, relative to the folder.
    /// - Throws: one sentence, before anything is written, for a file that may not be replaced; and for a folder that
    ///   cannot be made or written to.
    public func write(to folder: String, force: Bool = false) throws(FileError) -> [String] {
        let texts = [
            "trace.txt": Array(run.trace.text.utf8), "trace.vcd": Array(vcd.utf8),
            "timing.svg": Array(diagram.svg().utf8),
        ]
        var frames: [String: Reaction] = [:]
        var names = Self.texts
        for reaction in reactions where hasPicture(reaction) {
            names.append("frames/\(padded(reaction.trigger))-\(plain(reaction.label)).png")
            frames[names[names.count - 1]] = reaction
        }
        func contents(_ name: String) throws(FileError) -> [UInt8]? {
            if let text = texts[name] { return text }
            guard let picture = frames[name].flatMap(picture) else { return nil }
            return try PNG.encode(picture)
        }
        var output = try OutputFolder(folder, of: Self.writer, force: force)
        try output.prepare(names, folders: ["frames"], contents: contents)
        for name in names { try output.write(try contents(name) ?? [], to: name) }
        try output.finish(removesOthers: true)
        return names
    }

    private func padded(_ trigger: Int64) -> String { trigger < 10 ? "0\(trigger)" : "\(trigger)" }

    /// A label as part of a file's name.
    private func plain(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    // MARK: Waveforms

    /// All lines, the work between edge and verdict, and the verdicts, for a waveform viewer.
    var vcd: String {
        var dump = VCD(tool: tool, timescale: .microsecond)
        var lines: [String: VCD.Signal] = [:]
        for name in run.trace.lines {
            lines[name] = dump.addLine(name, initially: run.trace.levels(of: name).first?.high ?? false)
        }
        let inference = dump.addLine("inference", initially: false)
        let score = dump.addReal("score")
        let verdict = dump.addText("verdict")
        for entry in run.trace.entries {
            guard case .line(let time, let name, let high) = entry, let line = lines[name] else { continue }
            dump.change(line, to: .level(high), at: UInt64(time))
        }
        for reaction in reactions {
            guard let start = reaction.runTime, let end = reaction.verdictTime else { continue }
            dump.change(inference, to: .level(true), at: UInt64(start))
            dump.change(inference, to: .level(false), at: UInt64(end))
            dump.change(score, to: .real(Double(reaction.permille) / 1000), at: UInt64(end))
            dump.change(verdict, to: .text(reaction.label), at: UInt64(end))
        }
        return dump.text(until: UInt64(run.trace.endNanoseconds))
    }

    // MARK: Timing diagram

    var diagram: TimingDiagram {
        TimingDiagram(
            title: URL(fileURLWithPath: scenario.name).deletingPathExtension().lastPathComponent,
            subtitle: totalLines[0], durationNanoseconds: UInt64(run.trace.endNanoseconds),
            lanes: run.trace.lines.map(lane), triggers: reactions.map(trigger))
    }

    private func lane(_ name: String) -> TimingDiagram.Lane {
        let levels = run.trace.levels(of: name)
        let output = scenario.outputs.first { $0.name == name }
        let line = output ?? scenario.inputs.first { $0.name == name }
        return TimingDiagram.Lane(
            name: name, direction: output == nil ? .input : .output,
            isActiveLow: line?.isActiveLow == true, initialLevel: levels.first?.high ?? false,
            edges: levels.dropFirst().map { TimingDiagram.Edge(UInt64($0.time), $0.high) })
    }

    private func trigger(_ reaction: Reaction) -> TimingDiagram.Trigger {
        var spans: [TimingDiagram.Span] = []
        if let start = reaction.runTime, let end = reaction.verdictTime {
            let capture = reaction.edgeTime + settings(reaction).settle_nanoseconds
            spans.append(TimingDiagram.Span(.capture, UInt64(capture), UInt64(start)))
            spans.append(TimingDiagram.Span(.inference, UInt64(start), UInt64(end)))
        }
        let isVerdict = reaction.outcome == .verdict
        return TimingDiagram.Trigger(
            edgeNanoseconds: UInt64(reaction.edgeTime), frameNanoseconds: reaction.frameTime.map(UInt64.init),
            spans: spans, signalNanoseconds: reaction.signalTime.map(UInt64.init), outcome: style(reaction),
            caption: isVerdict ? "\(reaction.label) \(score(reaction))" : reaction.outcome.word,
            note: isVerdict ? blocks(reaction) : "")
    }

    /// The trigger it came from.
    private func settings(_ reaction: Reaction) -> EspalierTrigger {
        scenario.reaction.trigger(Int(reaction.triggerIndex))
    }

    /// What set it off: a line, or a period.
    private func cause(_ reaction: Reaction) -> String {
        let trigger = settings(reaction)
        return trigger.period_nanoseconds > 0 ? "period" : scenario.inputs[Int(trigger.line)].name
    }

    private func style(_ reaction: Reaction) -> OutcomeStyle {
        switch reaction.outcome {
        case .verdict: reaction.signalled ? .signalled : .quiet
        case .cooldown, .busy, .holdOff, .stopped: .ignored
        case .noFrame, .frameTooOld, .cameraFailed, .classifierFailed: .failed
        }
    }

    private func blocks(_ reaction: Reaction) -> String {
        "\(reaction.blocksKept) of \(reaction.blocksKept + reaction.blocksPruned) blocks"
    }

    // MARK: Frames

    private func hasPicture(_ reaction: Reaction) -> Bool {
        reaction.outcome == .verdict && reaction.frameNumber != nil
    }

    /// The frame a trigger was judged by, with its verdict; nil for a trigger without a verdict.
    private func picture(of reaction: Reaction) -> Image? {
        guard hasPicture(reaction), let number = reaction.frameNumber else { return nil }
        let lines = [
            "\(cause(reaction)) at \(edge(reaction)), frame \(number) \(frameAge(reaction))",
            "inference \(milliseconds(reaction.inferenceNanoseconds)), \(blocks(reaction))",
        ]
        return Annotation(
            outcome: style(reaction), title: "\(reaction.label) \(score(reaction))", lines: lines,
            scores: [Annotation.Score(label: reaction.label, value: Double(reaction.permille) / 1000)]
        ).drawn(around: scenario.camera.image(ofFrame: Int(number)))
    }
}
