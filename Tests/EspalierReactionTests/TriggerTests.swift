import CEspalier
import EspalierReaction
import EspalierTestSupport
import Testing

/// What makes the reaction look, and what does not. Every test compares the whole run.
@Suite struct TriggerTests {
    @Test func anEdgeCountsOnceItsLevelHasLastedAndKeepsItsOwnTime() {
        let bench = Workbench(
            quickSettings { $0.triggers.0.debounce_nanoseconds = 30 },
            edges: [.rise(100), .fall(110), .rise(115), .fall(125), .rise(130), .fall(200), .rise(205)]
        ) { _ in [0, 900] }
        #expect(
            bench.run(until: 1000) == [
                "162 line 0 high", "162 trigger 1 verdict edge 130 frame 16 signalled 1", "262 line 0 low",
                // The fall at 200 was itself a bounce: the line is high since 130 and does not rise again.
            ])
        #expect(bench.counters.bounces == 3)
    }

    @Test func aGlitchShorterThanTheDebounceTimeNeverFires() {
        let bench = Workbench(
            quickSettings { $0.triggers.0.debounce_nanoseconds = 30 },
            edges: [.rise(100), .fall(129), .rise(990)]
        ) { _ in [0, 900] }
        #expect(bench.run(until: 1000) == [])
        #expect(bench.counters.bounces == 2)
        #expect(bench.counters.triggers == 0)
    }

    @Test func aLineThatIsActiveFromBeforeTheStartDebouncesFromThere() {
        let bench = Workbench(
            quickSettings { $0.triggers.0.debounce_nanoseconds = 30 },
            // High before the start: a glitch is no edge, and a fall that lasts none that fires.
            edges: [.fall(100), .rise(110), .fall(300), .rise(400)]
        ) { _ in [0, 900] }
        #expect(
            bench.run(until: 1000) == [
                "432 line 0 high", "432 trigger 1 verdict edge 400 frame 43 signalled 1", "532 line 0 low",
            ])
        #expect(bench.counters.bounces == 1)
    }

    /// A board whose kernel debounces and one where the reaction does are one board.
    @Test(arguments: 0..<60) func itIsTheSameWhoeverDebounces(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let debounce: Int64 = 41
        var edges: [Workbench.Step] = []
        var isHigh = seed % 2 == 1
        var time: Int64 = 100
        for _ in 0..<60 {
            time += Int64([3, 17, 39, 44, 61, 350][Int.random(in: 0..<6, using: &random)]) * 2
            isHigh.toggle()
            edges.append(isHigh ? .rise(time) : .fall(time))
        }
        let settings = quickSettings {
            $0.trigger_count = 2
            $0.triggers.0.stuck_nanoseconds = 500
            $0.triggers.1 = $0.triggers.0
            $0.triggers.1.edge = ESPALIER_EDGE_FALLING
            $0.triggers.1.cooldown_nanoseconds = 70
            $0.output_count = 3
            $0.outputs.1 = $0.outputs.0
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_HOLD
            $0.outputs.1.duration_nanoseconds = 90
            $0.outputs.2 = $0.outputs.0
            $0.outputs.2.line = 2
            $0.outputs.2.mode = ESPALIER_OUTPUT_FAULT
        }
        var own = settings
        own.triggers.0.debounce_nanoseconds = debounce
        own.triggers.1.debounce_nanoseconds = debounce
        let scores: (Int64) -> [Int32] = { $0 % 7 == 0 ? [900, 0] : [0, 900] }
        let reaction = Workbench(own, edges: edges, scores: scores).run(until: time + 1000)
        let kernel = Workbench(
            settings, edges: debounced(edges, for: debounce, from: seed % 2 == 1), scores: scores
        ).run(until: time + 1000)
        #expect(reaction == kernel, "seed \(seed)")
        #expect(reaction.count > 10)
    }

    /// As Linux does it (drivers/gpio/gpiolib-cdev.c): each edge starts the time anew; at its end a level that is not the
    /// last one told is an edge, which libgpiod's reader dates back.
    private func debounced(
        _ edges: [Workbench.Step], for nanoseconds: Int64, from level: Bool
    ) -> [Workbench.Step] {
        var told = level
        var events: [Workbench.Step] = []
        for (index, step) in edges.enumerated() {
            let end = step.edge.time + nanoseconds
            let next = index + 1 < edges.count ? edges[index + 1].edge.time : .max
            guard end < next, step.edge.rising != told else { continue }
            told = step.edge.rising
            events.append(Workbench.Step(edge: step.edge, known: end))
        }
        return events
    }

    @Test func anEdgeThatIsReadLateIsDebouncedByItsTimeStamp() {
        var machine = ReactionMachine(quickSettings { $0.triggers.0.debounce_nanoseconds = 30 })
        _ = machine.start(now: 0)
        for (time, rising) in [(100, true), (200, false)] as [(Int64, Bool)] {
            _ = machine.handle(.edge(Edge(line: 0, rising: rising, time: time), stopwatch: 0), now: 500)
        }
        _ = machine.handle(.stop, now: 501)
        #expect(machine.record.edge_time == 100)
        #expect(machine.counters.triggers == 1)
    }

    @Test func holdOffCountsFromTheAcceptedEdge() {
        let bench = Workbench(
            quickSettings { $0.triggers.0.hold_off_nanoseconds = 300 },
            edges: [.rise(100), .rise(150), .rise(399), .rise(400)]
        ) { _ in [900, 0] }
        #expect(
            bench.run(until: 1000) == [
                "102 trigger 1 verdict edge 100 frame 10", "150 trigger 2 hold-off edge 150",
                "399 trigger 3 hold-off edge 399", "402 trigger 4 verdict edge 400 frame 40",
            ])
        #expect(bench.counters.holdOff == 2)
    }

    @Test func aPeriodicTriggerFiresOnItsGridAndCountsTheBeatsItMisses() {
        let bench = Workbench(quickSettings { $0.triggers.0.period_nanoseconds = 300 }) { _ in [900, 0] }
        #expect(
            bench.run(until: 1000) == [
                "302 trigger 1 verdict edge 300 frame 30", "602 trigger 2 verdict edge 600 frame 60",
                "902 trigger 3 verdict edge 900 frame 90",
            ])
        var machine = ReactionMachine(quickSettings { $0.triggers.0.period_nanoseconds = 300 })
        _ = machine.start(now: 0)
        _ = machine.handle(.deadline, now: 1000)
        _ = machine.handle(.stop, now: 1001)
        #expect(machine.record.edge_time == 900)
        #expect(machine.counters.missedBeats == 2)
    }

    @Test func twoTriggersHaveTheirOwnLinesAndCooldownsAndShareTheModel() {
        let settings = quickSettings {
            $0.trigger_count = 2
            $0.triggers.1 = .standard
            $0.triggers.1.line = 3
            $0.triggers.1.cooldown_nanoseconds = 0
            $0.triggers.0.cooldown_nanoseconds = 500
        }
        let bench = Workbench(
            settings,
            edges: [
                .rise(100), .rise(101, line: 3), .rise(150), .rise(160, line: 3), .rise(170, line: 2),
            ]
        ) { _ in [900, 0] }
        #expect(
            bench.run(until: 1000) == [
                "102 trigger 1 verdict edge 100 frame 10", "102 trigger 2 of 1 busy edge 101",
                "150 trigger 3 cooldown edge 150", "162 trigger 4 of 1 verdict edge 160 frame 16",
            ])
    }

    @Test func twoTriggersOnOneLineBothLeaveARecord() {
        let settings = quickSettings {
            $0.trigger_count = 2
            $0.triggers.1 = $0.triggers.0
        }
        let bench = Workbench(settings, edges: [.rise(100)]) { _ in [900, 0] }
        #expect(
            bench.run(until: 1000) == [
                "100 trigger 2 of 1 busy edge 100", "102 trigger 1 verdict edge 100 frame 10",
            ])
    }

    @Test func aStuckTriggerIsAFaultUntilItIsReleased() {
        let settings = quickSettings {
            $0.triggers.0.stuck_nanoseconds = 200
            $0.output_count = 2
            $0.outputs.1 = .standard
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_FAULT
        }
        let bench = Workbench(settings, edges: [.rise(100), .fall(250), .rise(300), .fall(700)]) { _ in
            [900, 0]
        }
        #expect(
            bench.run(until: 1000) == [
                "102 trigger 1 verdict edge 100 frame 10", "302 trigger 2 verdict edge 300 frame 30",
                "500 line 1 high", "700 line 1 low",
            ])
        #expect(bench.counters.stuck == 1)
    }

    @Test func theFrameBeforeTheEdgeIsChosenFromTheRing() {
        let bench = Workbench(
            quickSettings { $0.pretrigger_nanoseconds = 52 }, edges: [.rise(100), .rise(205)]
        ) { $0 == 5 ? [0, 900] : [900, 0] }
        #expect(
            bench.run(until: 1000) == [
                "102 line 0 high", "102 trigger 1 verdict edge 100 frame 5 signalled 1", "202 line 0 low",
                "207 trigger 2 verdict edge 205 frame 15",
            ])
    }

    @Test func theWatchdogIsFedWhileNothingHappensAndOnTimeDuringTriggers() {
        let bench = Workbench(
            quickSettings { $0.watchdog_nanoseconds = 250 }, edges: [.rise(499)]
        ) { _ in [900, 0] }
        #expect(
            bench.run(until: 1000) == [
                "0 watchdog", "250 watchdog", "501 trigger 1 verdict edge 499 frame 49", "501 watchdog",
                "751 watchdog",
            ])
    }
}
