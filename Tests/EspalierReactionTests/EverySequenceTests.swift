import CEspalier
import EspalierReaction
import Testing

/// Every sequence of events up to a length, over a small alphabet, against what must hold for all of them.
@Suite struct EverySequenceTests {
    @Test(arguments: [
        Durations(settle: 2, pulse: 10, cooldown: 5), Durations(settle: 2, pulse: 10, cooldown: 0),
        Durations(settle: 9, pulse: 6, cooldown: 0), Durations(settle: 2, pulse: 3, cooldown: 20),
        Durations(settle: 2, pulse: 4, cooldown: 0), Durations(settle: 2, pulse: 0, cooldown: 5),
    ])
    func everySequenceAccountsForEachTriggerAndEndsLow(durations: Durations) {
        var settings = EspalierReaction.standard
        settings.outputs.0.label_mask = 0b10
        settings.triggers.0.settle_nanoseconds = durations.settle
        settings.frame_age_nanoseconds = 3
        settings.deadline_nanoseconds = 4
        settings.outputs.0.duration_nanoseconds = durations.pulse
        if durations.pulse == 0 { settings.outputs.0.mode = ESPALIER_OUTPUT_FOLLOW }
        settings.triggers.0.cooldown_nanoseconds = durations.cooldown
        var choices = Choices(length: 9)
        var sequences = 0
        repeat {
            var world = World(settings)
            world.play(&choices)
            sequences += 1
            if let problem = world.problem {
                Issue.record("\(problem) after \(choices.taken) with \(durations)")
                return
            }
        } while choices.next()
        #expect(sequences > 50_000)
    }
}

struct Durations {
    let settle: Int64
    let pulse: Int64
    let cooldown: Int64
}

/// Counts through all sequences of choices like an odometer whose wheels differ in size.
///
///     var choices = Choices(length: 2)
///     repeat { print(choices.take(2), choices.take(3)) } while choices.next()
///     // 0 0, 0 1, 0 2, 1 0, 1 1, 1 2
///
/// Beyond the length every choice is 0.
struct Choices {
    let length: Int
    private var wheels: [(value: Int, size: Int)] = []
    private var position = 0

    init(length: Int) { self.length = length }

    var taken: [Int] { wheels.map(\.value) }
    var isExhausted: Bool { position >= length }

    mutating func take(_ size: Int) -> Int {
        if isExhausted { return 0 }
        if position == wheels.count { wheels.append((0, size)) }
        defer { position += 1 }
        return wheels[position].value
    }

    mutating func next() -> Bool {
        position = 0
        while let last = wheels.last {
            if last.value + 1 < last.size {
                wheels[wheels.count - 1].value += 1
                return true
            }
            wheels.removeLast()
        }
        return false
    }
}

/// A board that answers each action with a chosen event, and watches.
private struct World {
    private var machine: ReactionMachine
    private let settings: EspalierReaction
    private var now: Int64 = 100
    private var edges = 0
    private var reported: Set<Int64> = []
    private var highSince: Int64?
    private var lineWorks = true
    private(set) var problem: String?

    init(_ settings: EspalierReaction) {
        self.settings = settings
        machine = ReactionMachine(settings)
    }

    mutating func play(_ choices: inout Choices) {
        var action = machine.start(now: now)
        for _ in 0..<200 {
            if case .finish = action { return finish() }
            check(action)
            let event = answer(action, &choices)
            action = machine.handle(event, now: now)
            if problem != nil { return }
        }
        problem = "does not finish"
    }

    private mutating func answer(_ action: Action, _ choices: inout Choices) -> Event {
        switch action {
        case .wait(let until): return wait(until, wakesForFrames: false, &choices)
        case .waitForFrame(_, let until): return wait(until, wakesForFrames: true, &choices)
        case .capture, .captureNearest:
            switch choices.take(4) {
            case 0: return .frame(time: now - 1, sequence: now)
            case 1: return .frame(time: now - 50, sequence: 0)
            case 2: return .noFrame
            default: return .cameraFailed
            }
        case .prepare: return choices.take(2) == 0 ? .prepared : .classifierFailed
        case .run:
            now += 4
            switch choices.take(3) {
            case 0: return .verdict(Verdict(classIndex: 1, score: 0, permille: 900), nanoseconds: 0)
            case 1: return .verdict(Verdict(classIndex: 0, score: 0, permille: 900), nanoseconds: 0)
            default: return .classifierFailed
            }
        case .setLine(_, let high):
            lineWorks = choices.take(2) == 0
            if !lineWorks { return .lineFailed }
            highSince = high ? now : nil
            return .lineSet(stopwatch: 0)
        case .report:
            take(machine.record)
            return .reported
        case .feedWatchdog: return .watchdogFed
        case .finish: return .stop
        }
    }

    private mutating func wait(_ until: Int64, wakesForFrames: Bool, _ choices: inout Choices) -> Event {
        if choices.isExhausted { return .stop }
        switch choices.take(wakesForFrames ? 5 : 4) {
        case 0: return edge(at: now, rising: true)
        case 1: return edge(at: now - 3, rising: true)
        case 2:
            if until == .max { return edge(at: now, rising: false) }
            now = max(now, until)
            return .deadline
        case 3: return .stop
        default:
            now += 1
            return .frameReady
        }
    }

    private mutating func edge(at time: Int64, rising: Bool) -> Event {
        if rising { edges += 1 }
        now += 1
        return .edge(Edge(line: 0, rising: rising, time: time), stopwatch: 0)
    }

    // MARK: What must hold

    private mutating func check(_ action: Action) {
        let until: Int64
        switch action {
        case .wait(let time), .waitForFrame(_, let time): until = time
        default: return
        }
        guard let highSince, settings.outputs.0.duration_nanoseconds != 0, lineWorks else { return }
        let end = highSince + settings.outputs.0.duration_nanoseconds
        if now >= end { problem = "waits at \(now) with the output high past \(end)" }
        if until > end { problem = "would sleep until \(until) with the output high past \(end)" }
    }

    private mutating func take(_ record: EspalierReactionRecord) {
        if !reported.insert(record.trigger).inserted { problem = "reports trigger \(record.trigger) twice" }
        let times = [record.edge_time, record.run_time, record.verdict_time, record.signal_time].filter {
            $0 != -1
        }
        if times != times.sorted() { problem = "reports times out of order: \(times)" }
        if record.verdict_time != -1,
            record.frame_time < record.edge_time + settings.triggers.0.settle_nanoseconds - 3
        {
            problem = "classified a frame of \(record.frame_time) for an edge at \(record.edge_time)"
        }
        let hasVerdict = record.outcome == ESPALIER_OUTCOME_VERDICT
        if hasVerdict != (record.class_index != -1) {
            problem = "gives outcome \(record.outcome) a wrong class"
        }
        if record.signalled != 0 && record.signal_time == -1 { problem = "signalled at no time" }
    }

    private mutating func finish() {
        let counters = machine.counters
        let outcomes =
            counters.verdicts + counters.cooldown + counters.busy + counters.noFrame + counters.frameTooOld
            + counters.cameraFailures + counters.classifierFailures + counters.stopped
        if reported != Set((0..<edges).map { Int64($0) + 1 }) {
            problem = "saw \(edges) edges, reported \(reported)"
        }
        if counters.triggers != edges || outcomes != edges { problem = "miscounts: \(counters)" }
        if highSince != nil && lineWorks { problem = "ends with the output high" }
    }
}
