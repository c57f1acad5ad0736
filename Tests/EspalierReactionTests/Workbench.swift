import CEspalier
import EspalierCore
import EspalierReaction

/// A whole run of the loop in simulated nanoseconds, for tests that compare all that happened.
///
/// A frame is taken every 10 ns, with sequence time / 10, and there at once. A run of the model takes 2 ns.
///
///     Workbench(settings, edges: [.rise(100)]) { _ in [0, 900] }.run(until: 1000)
///     // ["102 line 0 high", "102 trigger 1 verdict edge 100 frame 10", ...]
final class Workbench: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    struct Step {
        let edge: Edge
        /// When it can be read; a kernel that debounces tells of an edge later.
        var known: Int64

        init(edge: Edge, known: Int64? = nil) {
            self.edge = edge
            self.known = known ?? edge.time
        }

        static func rise(_ time: Int64, line: Int32 = 0) -> Step {
            Step(edge: Edge(line: line, rising: true, time: time))
        }

        static func fall(_ time: Int64, line: Int32 = 0) -> Step {
            Step(edge: Edge(line: line, rising: false, time: time))
        }
    }

    private(set) var log: [String] = []
    private(set) var counters = ReactionCounters()
    private(set) var records: [EspalierReactionRecord] = []
    /// Captures, from 1, at which the camera fails; writes of lines, from 1, that the board refuses.
    var failingCaptures: Set<Int> = []
    var failingWrites: Set<Int> = []
    /// When the board has trouble, and when it has it no more.
    var troubles: [(time: Int64, isPresent: Bool)] = []
    private let settings: EspalierReaction
    private var steps: [Step]
    private let scores: (Int64) -> [Int32]
    private var time: Int64 = 0
    private var end: Int64 = 0
    private var captures = 0
    private var writes = 0

    /// - Parameter scores: of the classes in thousandths, by the frame's sequence.
    init(_ settings: EspalierReaction, edges: [Step] = [], scores: @escaping (Int64) -> [Int32]) {
        precondition(settings.isValid)
        self.settings = settings
        steps = edges
        self.scores = scores
    }

    func run(until end: Int64) -> [String] {
        self.end = end
        var loop = ReactionLoop(board: self, classifier: Scores(scores: scores), settings: settings)
        counters = loop.run()
        return log
    }

    func now() -> Int64 { time }
    func worked(macs: UInt64) { time += 2 }
    func stopwatch() -> Int64 { 0 }

    func wait(until: Int64, frameAfter: Int64) -> Wake {
        let frame = frameAfter == .max ? Int64.max : (frameAfter + 1) * 10
        let wanted = min(until, frame, end)
        if let trouble = troubles.first, trouble.time <= min(wanted, steps.first?.known ?? .max) {
            troubles.removeFirst()
            time = max(time, trouble.time)
            return .trouble(trouble.isPresent)
        }
        if let step = steps.first, step.known <= max(time, wanted) {
            steps.removeFirst()
            time = max(time, step.known)
            return .edge(step.edge)
        }
        time = max(time, wanted)
        if time >= end { return .stop }
        return time >= frame ? .frame : .deadline
    }

    func setLine(_ line: Int32, high: Bool) throws(LineFailure) {
        writes += 1
        let fails = failingWrites.contains(writes)
        log.append("\(time) line \(line) \(high ? "high" : "low")\(fails ? " refused" : "")")
        if fails { throw LineFailure() }
    }

    func newestFrame() throws(CameraFailure) -> Frame? {
        try failIfAsked()
        return frame(time / 10)
    }

    func frame(nearest wanted: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        try failIfAsked()
        let nearest = max((wanted + 4) / 10, sequence + 1)
        return nearest <= time / 10 ? frame(nearest) : nil
    }

    private func failIfAsked() throws(CameraFailure) {
        captures += 1
        if failingCaptures.contains(captures) { throw CameraFailure() }
    }

    private func frame(_ sequence: Int64) -> Frame {
        Frame(image: EspalierFrame(), time: sequence * 10, sequence: sequence)
    }

    func feedWatchdog() { log.append("\(time) watchdog") }

    func report(_ record: EspalierReactionRecord) {
        records.append(record)
        var text = "\(time) trigger \(record.trigger)"
        if record.trigger_index > 0 { text += " of \(record.trigger_index)" }
        text += " \(names[Int(record.outcome)]) edge \(record.edge_time)"
        if record.frame_sequence >= 0 { text += " frame \(record.frame_sequence)" }
        if record.frames > 1 { text += " votes \(record.votes) of \(record.frames)" }
        if record.signalled != 0 { text += " signalled \(record.signalled)" }
        log.append(text)
    }

    private let names = [
        "", "verdict", "cooldown", "busy", "no frame", "too old", "camera", "classifier", "stopped",
        "hold-off",
    ]
}

private struct Scores: Classifier {
    let scores: (Int64) -> [Int32]
    private var sequence: Int64 = 0

    init(scores: @escaping (Int64) -> [Int32]) { self.scores = scores }

    mutating func prepare(_ frame: Frame) { sequence = frame.sequence }

    mutating func run() throws(Status) -> Verdict {
        let values = scores(sequence)
        let best = values.firstIndex(of: values.max() ?? 0) ?? 0
        var verdict = Verdict(classIndex: Int32(best), score: 0, permille: values[best])
        for (index, value) in values.enumerated() { verdict.classPermille[index] = value }
        return verdict
    }
}

/// Class 1 from one half on gives a pulse of 100 ns; no waiting anywhere.
func quickSettings(_ change: (inout EspalierReaction) -> Void = { _ in }) -> EspalierReaction {
    var settings = EspalierReaction.standard
    settings.frame_age_nanoseconds = 20
    settings.deadline_nanoseconds = 50
    settings.triggers.0.cooldown_nanoseconds = 0
    settings.outputs.0.label_mask = 0b10
    settings.outputs.0.duration_nanoseconds = 100
    change(&settings)
    return settings
}
