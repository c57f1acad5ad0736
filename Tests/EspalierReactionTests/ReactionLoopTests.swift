import CEspalier
import EspalierCore
import EspalierReaction
import Testing

/// The loop does what the machine asks for, on a board that plays a list of wakes and writes down each call.
@Suite struct ReactionLoopTests {
    @Test func theLoopCallsTheBoardInOrderAndSurvivesItsFaults() {
        let board = ScriptedBoard(wakes: [.edge(time: 10), .edge(time: 1000), .edge(time: 2000)])
        board.failingCapture = 2
        var settings = EspalierReaction.standard
        settings.outputs.0.mode = ESPALIER_OUTPUT_FOLLOW
        settings.triggers.0.cooldown_nanoseconds = 0
        var loop = ReactionLoop(board: board, classifier: CountingClassifier(), settings: settings)
        let counters = loop.run()
        #expect(
            board.calls == [
                "wait", "frame", "work 5", "set high", "report 1 outcome 1",
                "wait", "frame", "set low", "report 2 outcome 6",
                "wait", "frame", "report 3 outcome 7",
                "wait",
            ])
        #expect(counters.triggers == 3)
        #expect(counters.verdicts == 1)
        #expect(counters.cameraFailures == 1)
        #expect(counters.classifierFailures == 1)
    }

    @Test func realLatenciesAreDifferencesOfTheStopwatch() {
        let board = ScriptedBoard(wakes: [.edge(time: 10)])
        var loop = ReactionLoop(board: board, classifier: CountingClassifier(), settings: .standard)
        _ = loop.run()
        // The stopwatch counts its readings: at the edge, before and after the run, after the line was set.
        #expect(board.records[0].real_inference_nanoseconds == 1)
        #expect(board.records[0].real_edge_to_signal_nanoseconds == 3)
    }
}

private struct CountingClassifier: Classifier {
    var runs = 0

    mutating func prepare(_ frame: Frame) {}

    mutating func run() throws(Status) -> Verdict {
        runs += 1
        if runs == 2 { throw .pixels }
        return Verdict(classIndex: 1, score: 1, permille: 900, macs: 5)
    }
}

private final class ScriptedBoard: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    enum Step { case edge(time: Int64) }

    var calls: [String] = []
    var records: [EspalierReactionRecord] = []
    var failingCapture = 0
    private var wakes: [Step]
    private var time: Int64 = 0
    private var captures = 0
    private var ticks: Int64 = 0

    init(wakes: [Step]) { self.wakes = wakes }

    func now() -> Int64 { time }
    func worked(macs: UInt64) { calls.append("work \(macs)") }

    func stopwatch() -> Int64 {
        ticks += 1
        return ticks
    }

    func wait(until: Int64, frameAfter: Int64) -> Wake {
        calls.append("wait")
        guard !wakes.isEmpty, case .edge(let edge) = wakes.removeFirst() else { return .stop }
        time = edge
        return .edge(Edge(line: 0, rising: true, time: edge))
    }

    func setLine(_ line: Int32, high: Bool) { calls.append(high ? "set high" : "set low") }

    func newestFrame() throws(CameraFailure) -> Frame? {
        calls.append("frame")
        captures += 1
        if captures == failingCapture { throw CameraFailure() }
        return Frame(image: EspalierFrame(), time: time, sequence: Int64(captures))
    }

    func frame(nearest time: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        calls.append("frame near \(time)")
        return Frame(image: EspalierFrame(), time: time, sequence: sequence + 1)
    }

    func feedWatchdog() { calls.append("feed") }

    func report(_ record: EspalierReactionRecord) {
        calls.append("report \(record.trigger) outcome \(record.outcome)")
        records.append(record)
    }
}
