import CAllocationProbe
import CEspalier
import EspalierCore
import EspalierReaction
import Testing

/// A day of simulated time with a million triggers, against a sum done by hand.
@Suite struct LongRunTests {
    @Test func aDayWithAMillionTriggersLosesNoneDriftsNothingAndNeverAllocates() {
        var settings = EspalierReaction.standard
        settings.watchdog_nanoseconds = 5_000_000_000
        settings.triggers.0.debounce_nanoseconds = Day.debounce
        settings.triggers.0.cooldown_nanoseconds = Day.cooldown
        settings.outputs.0.duration_nanoseconds = 50_000_000
        settings.output_count = 2
        settings.outputs.1 = .standard
        settings.outputs.1.line = 1
        settings.outputs.1.mode = ESPALIER_OUTPUT_HEARTBEAT
        settings.outputs.1.duration_nanoseconds = 1_000_000_000
        // A short day first: the probe is to count the loop, not what Swift does once.
        var warmUp = ReactionLoop(board: Day(triggers: 100), classifier: Always(), settings: settings)
        _ = warmUp.run()

        var loop = ReactionLoop(board: Day(triggers: 1_000_000), classifier: Always(), settings: settings)
        allocation_probe_begin()
        let counters = loop.run()
        let heap = allocation_probe_end()
        let day = loop.board

        if allocation_probe_works() != 0 { #expect(heap.allocations + heap.frees == 0) }
        #expect(counters.triggers == 1_000_000)
        #expect(counters.bounces == 100_000)
        #expect([counters.verdicts, counters.busy, counters.cooldown] == Day.expected(triggers: 1_000_000))
        #expect(day.reports == 1_000_000)
        #expect(day.outOfOrder == 0)
        #expect(day.signals == counters.verdicts)
        // One beat a second from 0 on, the last of them late by a run of the model at most.
        #expect(day.beats == 86_400)
        #expect(day.latestBeat < Day.inference)
        #expect(day.feeds >= 86_400 / 6 && day.feeds <= 86_400 / 5 + 1)
        #expect(!day.isHigh)
    }
}

/// Triggers on a grid, each a little off it; one in ten has a glitch 10 ms before.
private struct Day: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    static let length: Int64 = 86_400_000_000_000
    static let grid: Int64 = 86_400_000  // a millionth of a day
    static let debounce: Int64 = 5_000_000
    static let cooldown: Int64 = 60_000_000
    static let inference: Int64 = 30_000_000

    let triggers: Int64
    var reports: Int64 = 0
    var outOfOrder = 0
    var signals = 0
    var beats: Int64 = 0
    var latestBeat: Int64 = 0
    var feeds = 0
    var isHigh = false
    private var time: Int64 = 0
    private var nextEdge: Int64 = 0

    init(triggers: Int64) { self.triggers = triggers }

    /// When a trigger's line rises; it falls 20 ms later. From 11 to 51 ms into its millionth of a day.
    static func rise(_ trigger: Int64) -> Int64 {
        let mixed = UInt64(trigger) &* 0x9E37_79B9_7F4A_7C15
        return trigger * grid + 11_000_000 + Int64(mixed >> 32) % 40_000_000
    }

    /// Verdicts, busy ones, those in the cooldown: the same run as sums.
    static func expected(triggers: Int64) -> [Int] {
        var counts = [0, 0, 0]
        var verdict = Int64.min
        for trigger in 0..<triggers {
            let edge = rise(trigger)
            if edge < verdict {
                counts[1] += 1
            } else if verdict != .min && edge < verdict + cooldown {
                counts[2] += 1
            } else {
                counts[0] += 1
                verdict = edge + debounce + inference
            }
        }
        return counts
    }

    /// The edges in order: glitch up, glitch down, rise, fall; those of a trigger without a glitch are skipped.
    private mutating func edge() -> Edge? {
        while nextEdge < triggers * 4 {
            let trigger = nextEdge / 4
            let rise = Day.rise(trigger)
            switch nextEdge % 4 {
            case 0 where trigger % 10 == 0: return Edge(line: 0, rising: true, time: rise - 10_000_000)
            case 1 where trigger % 10 == 0: return Edge(line: 0, rising: false, time: rise - 9_000_000)
            case 2: return Edge(line: 0, rising: true, time: rise)
            case 3: return Edge(line: 0, rising: false, time: rise + 20_000_000)
            default: nextEdge += 1
            }
        }
        return nil
    }

    mutating func wait(until: Int64, frameAfter: Int64) -> Wake {
        if let edge = edge(), edge.time <= max(time, min(until, Day.length)) {
            nextEdge += 1
            time = max(time, edge.time)
            return .edge(edge)
        }
        time = max(time, min(until, Day.length))
        return time >= Day.length ? .stop : .deadline
    }

    func now() -> Int64 { time }
    func stopwatch() -> Int64 { 0 }
    mutating func worked(macs: UInt64) { time += Day.inference }
    mutating func feedWatchdog() { feeds += 1 }

    mutating func setLine(_ line: Int32, high: Bool) {
        if line == 0 {
            isHigh = high
        } else {
            latestBeat = max(latestBeat, time - beats * 1_000_000_000)
            beats += 1
        }
    }

    func newestFrame() -> Frame? { Frame(image: EspalierFrame(), time: time, sequence: time) }
    func frame(nearest time: Int64, after sequence: Int64) -> Frame? { newestFrame() }

    mutating func report(_ record: EspalierReactionRecord) {
        reports += 1
        if record.edge_time != Day.rise(record.trigger - 1) { outOfOrder += 1 }
        if record.signalled != 0 { signals += 1 }
    }
}

private struct Always: Classifier {
    func prepare(_ frame: Frame) {}
    func run() -> Verdict { Verdict(classIndex: 1, score: 100, permille: 900) }
}
