import CEspalier
import EspalierFiles
import EspalierReaction

// A run for people: a line a trigger, totals, and what the files of Report+Files.swift show.

/// What to print about a run, and what to write.
public struct SimulationReport {
    let scenario: Scenario
    let run: SimulationRun
    let tool: String
    /// One a record, in the same order.
    let reactions: [Reaction]

    /// - Parameter tool: name and version, for the files' headers.
    public init(_ run: SimulationRun, of scenario: Scenario, tool: String) {
        self.scenario = scenario
        self.run = run
        self.tool = tool
        reactions = run.records.map { Reaction($0, labels: run.labels) }
    }

    // MARK: Text

    /// The heading, then one line a trigger. Times in brackets are real ones, of the processor at hand.
    public var triggerLines: [String] {
        let heading = row(
            "#", "edge", "frame taken", "verdict", "blocks kept/cut/skipped", "inference (real)",
            "edge to signal (real)")
        return [heading] + zip(reactions, run.records).map(line)
    }

    private func line(_ reaction: Reaction, _ record: EspalierReactionRecord) -> String {
        let edge = edge(reaction)
        guard reaction.outcome == .verdict else {
            return row("\(reaction.trigger)", edge, "", reaction.outcome.words, "", "", "")
        }
        let high = outputNames(record.signalled)
        let signal = high.isEmpty ? "" : " -> \(high)"
        return row(
            "\(reaction.trigger)", edge, frameAge(reaction),
            "\(reaction.label) \(score(reaction))\(signal)",
            "\(reaction.blocksKept)/\(reaction.blocksPruned)/\(reaction.blocksSkipped)",
            withReal(reaction.inferenceNanoseconds, record.real_inference_nanoseconds),
            withReal(reaction.edgeToSignalNanoseconds, record.real_edge_to_signal_nanoseconds))
    }

    /// The lines of these outputs, a bit each: of those verdicts can set high.
    private func outputNames(_ mask: Int32) -> String {
        (0..<Int(scenario.reaction.output_count)).filter { mask & 1 << Int32($0) != 0 }
            .map(scenario.reaction.output).filter { $0.mode < ESPALIER_OUTPUT_HEARTBEAT }
            .map { scenario.outputs[Int($0.line)].name }.joined(separator: ", ")
    }

    /// What it all came to, a few lines.
    public var totalLines: [String] {
        let counters = run.counters
        let refused: [(Int, String)] = [
            (counters.cooldown, "in the cooldown"), (counters.busy, "while busy"),
            (counters.holdOff, "in the hold-off"),
            (counters.frameTooOld, "for want of a new frame"), (counters.noFrame, "for want of any frame"),
            (counters.stopped, "at the end"),
        ]
        let failed: [(Int, String)] = [
            (counters.cameraFailures, "of the camera"), (counters.classifierFailures, "of the classifier"),
        ]
        var lines = [
            "\(count(counters.triggers, "trigger")): \(count(counters.verdicts, "verdict")), "
                + "\(count(counters.signals, "signal")) on \(outputNames(.max)); "
                + "refused: \(list(refused)); errors: \(list(failed))"
        ]
        let real = run.records.map(\.real_inference_nanoseconds).filter { $0 > 0 }.sorted()
        if let longest = real.last {
            lines.append(
                "real inference: median \(milliseconds(real[real.count / 2])), "
                    + "longest \(milliseconds(longest))"
            )
        }
        return lines
    }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private func list(_ counts: [(Int, String)]) -> String {
        let words = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    private func withReal(_ simulated: Int64?, _ real: Int64) -> String {
        guard let simulated else { return "" }
        return milliseconds(simulated) + (real == 0 ? "" : " (\(milliseconds(real)))")
    }

    private func row(_ columns: String...) -> String {
        let widths = [3, 9, 16, 26, 24, 22, 0]
        let padded = zip(columns, widths).map { column, width in
            column + String(repeating: " ", count: max(width - column.count, 0))
        }
        var line = padded.joined(separator: " ")
        while line.last == " " { line.removeLast() }
        return line
    }

    func edge(_ reaction: Reaction) -> String {
        "\(decimal(reaction.edgeTime, unit: 1_000_000_000, places: 3)) s"
    }

    func score(_ reaction: Reaction) -> String { decimal(Int64(reaction.permille), unit: 1000, places: 3) }

    /// The age of the frame at the edge: "70.00 ms after" it, or before.
    func frameAge(_ reaction: Reaction) -> String {
        guard let age = reaction.frameAgeNanoseconds else { return "" }
        return age < 0 ? "\(milliseconds(-age)) after" : "\(milliseconds(age)) before"
    }

    func milliseconds(_ nanoseconds: Int64?) -> String {
        nanoseconds.map { decimal($0, unit: 1_000_000, places: 2) + " ms" } ?? ""
    }
}

/// `value / unit` with so many decimals, cut: "12.34".
private func decimal(_ value: Int64, unit: UInt64, places: Int) -> String {
    let step = (0..<places).reduce(UInt64(1)) { power, _ in power * 10 }
    let fraction = String(value.magnitude % unit * step / unit)
    let zeros = String(repeating: "0", count: places - fraction.count)
    return "\(value < 0 ? "-" : "")\(value.magnitude / unit).\(zeros)\(fraction)"
}
