import CEspalier
import EspalierCore
import EspalierReaction
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

/// What the firmware recorded on an emulated machine, against the reaction on this one: the same edges, and the same
/// time for every run and every write, have to lead to the same outcomes.
///
/// Tests/Rigs/qemu/firmware passes the records in ESPALIER_REPLAY.
@Suite struct ReplayTests {
    private static let path = ProcessInfo.processInfo.environment["ESPALIER_REPLAY"]

    @Test(.enabled(if: path != nil, "make rig-aarch64 brings the records"))
    func theFirmwareReactedAsTheReactionPredicts() throws {
        let lines = try String(contentsOfFile: Self.path ?? "", encoding: .utf8).split(separator: "\n")
        let records = try lines.compactMap { line -> Recorded? in
            line.hasPrefix("{\"trigger\"")
                ? try JSONDecoder().decode(Recorded.self, from: Data(line.utf8)) : nil
        }.sorted { $0.trigger < $1.trigger }
        try #require(records.count > 1000)
        let file = try ReactionFile(
            path: Package.root.appendingPathComponent("Tests/Rigs/qemu/reaction.toml").path)
        let board = try BoardFolder.board(
            "qemu-virt", in: [Package.root.appendingPathComponent("boards").path])
        let settings = try EspalierSetup(board: board, reaction: file, labels: nil).reaction
        #expect(settings.burst_votes > 1 && settings.triggers.0.cooldown_nanoseconds > 0)
        let replay = Replay(records)
        var loop = ReactionLoop(board: replay, classifier: Always(replay: replay), settings: settings)
        _ = loop.run()
        #expect(replay.outcomes.count == records.count)
        let differences = zip(records, replay.outcomes.sorted { $0.trigger < $1.trigger })
            .filter { $0.summary != $1.summary }
        if let (recorded, replayed) = differences.first {
            Issue.record("\(differences.count) differ: \(recorded.summary), \(replayed.summary) predicted")
        }
        #expect(Set(records.map(\.outcome)) == ["verdict", "busy", "cooldown"])
    }
}

/// A line of the firmware's.
private struct Recorded: Decodable {
    let trigger: Int64
    let outcome: String
    let edge: Int64
    let run, verdict, signal: Int64?
    let votes: Int32
    let outputs: [Int]

    enum CodingKeys: String, CodingKey {
        case trigger, outcome, votes, outputs
        case edge = "edge_ns"
        case run = "run_ns"
        case verdict = "verdict_ns"
        case signal = "signal_ns"
    }

    var summary: String { "\(trigger) \(outcome) \(edge) \(votes) \(outputs)" }
}

/// A board on which everything happens when it did then.
private final class Replay: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    private(set) var outcomes: [Recorded] = []
    private var edges: ArraySlice<Recorded>
    private var current: Recorded?
    private var time: Int64 = 0
    private var frames: Int64 = 0

    init(_ records: [Recorded]) { edges = records[...] }

    func now() -> Int64 { time }
    func worked(macs: UInt64) {}
    func stopwatch() -> Int64 { 0 }
    func feedWatchdog() {}

    func wait(until: Int64, frameAfter: Int64) -> Wake {
        if frameAfter != .max { return .frame }
        guard let next = edges.first else { return .stop }
        if next.edge > until {
            time = max(time, until)
            return .deadline
        }
        edges.removeFirst()
        time = max(time, next.edge)
        if next.run != nil { current = next }
        return .edge(Edge(line: 0, rising: true, time: next.edge))
    }

    /// The first run began, the last one ended, then.
    func prepared() { time = max(time, current?.run ?? 0) }
    func ran(isLast: Bool) { if isLast { time = max(time, current?.verdict ?? 0) } }

    func setLine(_ line: Int32, high: Bool) {
        if high && line == 0 { time = max(time, current?.signal ?? 0) }
    }

    func newestFrame() -> Frame? {
        frames += 1
        return Frame(image: EspalierFrame(), time: time, sequence: frames)
    }

    func frame(nearest time: Int64, after sequence: Int64) -> Frame? { newestFrame() }

    func report(_ record: EspalierReactionRecord) {
        let names = [
            ESPALIER_OUTCOME_VERDICT: "verdict", ESPALIER_OUTCOME_BUSY: "busy",
            ESPALIER_OUTCOME_COOLDOWN: "cooldown",
        ]
        outcomes.append(
            Recorded(
                trigger: record.trigger, outcome: names[record.outcome] ?? "other", edge: record.edge_time,
                run: nil, verdict: nil, signal: nil, votes: record.votes,
                outputs: (0..<8).filter { record.signalled >> Int32($0) & 1 != 0 }))
    }
}

/// In favour of everything, as the rig's threshold of 0 is.
private struct Always: Classifier {
    let replay: Replay
    private var runs = 0

    init(replay: Replay) { self.replay = replay }

    mutating func prepare(_ frame: Frame) { replay.prepared() }

    mutating func run() -> Verdict {
        runs += 1
        replay.ran(isLast: runs % 2 == 0)  // two votes of three decide
        return Verdict(classIndex: 0, score: 0, permille: 1000)
    }
}
