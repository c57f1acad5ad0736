public import CEspalier
import EspalierFiles
import Foundation

// The files of a run: the trace as text and for waveform viewers, a timing diagram, and the frames.

extension SimulationReport {
    /// Writes `trace.txt`, `trace.vcd`, `timing.svg` and `frames/NN-label.png` into a folder, each whole or
    /// not at all. Frames of an earlier run, by their names, go first.
    ///
    /// - Returns: what was written, relative to the folder.
    /// - Throws: one sentence for a folder that cannot be made or written to.
    public func write(to folder: String) throws(FileError) -> [String] {
        let frames = folder + "/frames"
        do {
            try FileManager.default.createDirectory(atPath: frames, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: frames) where isFrame(name) {
                try FileManager.default.removeItem(atPath: frames + "/" + name)
            }
        } catch {
            throw FileError(folder, "cannot be made or written to", do: "choose a folder you may write to")
        }
        var written: [String] = []
        for (name, text) in [
            ("trace.txt", run.trace.text), ("trace.vcd", vcd), ("timing.svg", diagram.svg()),
        ] {
            try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)")
            written.append(name)
        }
        for reaction in reactions {
            guard let picture = picture(of: reaction) else { continue }
            let name = "frames/\(padded(reaction.trigger))-\(plain(reaction.label)).png"
            try PNG.write(picture, to: "\(folder)/\(name)")
            written.append(name)
        }
        return written
    }

    /// "07-person.png": what this writes.
    private func isFrame(_ name: String) -> Bool {
        name.hasSuffix(".png") && name.prefix { $0.isASCII && $0.isNumber }.count >= 2 && name.contains("-")
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

    /// The frame a trigger was judged by, with its verdict; nil for a trigger without a verdict.
    private func picture(of reaction: Reaction) -> Image? {
        guard reaction.outcome == .verdict, let number = reaction.frameNumber else { return nil }
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
