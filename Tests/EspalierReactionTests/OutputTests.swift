import CEspalier
import EspalierReaction
import Testing

/// What verdicts do to lines. Every test compares the whole run.
@Suite struct OutputTests {
    @Test func aGroupsScoreIsItsBestClassOrTheSum() {
        for (rule, expected) in [
            (ESPALIER_SCORE_MAX, ["102 trigger 1 verdict edge 100 frame 10"]),
            (
                ESPALIER_SCORE_SUM,
                ["102 line 0 high", "102 trigger 1 verdict edge 100 frame 10 signalled 1", "202 line 0 low"]
            ),
        ] as [(Int32, [String])] {
            let settings = quickSettings {
                $0.outputs.0.label_mask = 0b110
                $0.outputs.0.score_rule = rule
                $0.outputs.0.threshold_high_permille = 600
                $0.outputs.0.threshold_low_permille = 600
            }
            let bench = Workbench(settings, edges: [.rise(100)]) { _ in [360, 330, 310] }
            #expect(bench.run(until: 1000) == expected)
            #expect(bench.records[0].group_permille == (rule == ESPALIER_SCORE_MAX ? 330 : 640))
            #expect(bench.records[0].class_index == 0)
        }
    }

    @Test func theLowThresholdCountsOnlyWhileTheOutputSignals() {
        let settings = quickSettings {
            $0.outputs.0.mode = ESPALIER_OUTPUT_FOLLOW
            $0.outputs.0.threshold_high_permille = 700
            $0.outputs.0.threshold_low_permille = 400
        }
        let edges = [100, 200, 300, 400, 500].map { Workbench.Step.rise($0) }
        let scores: [Int64: Int32] = [10: 699, 20: 700, 30: 400, 40: 399, 50: 699]
        let bench = Workbench(settings, edges: edges) { [0, scores[$0] ?? 0] }
        #expect(
            bench.run(until: 1000) == [
                "102 trigger 1 verdict edge 100 frame 10",
                "202 line 0 high", "202 trigger 2 verdict edge 200 frame 20 signalled 1",
                "302 line 0 high", "302 trigger 3 verdict edge 300 frame 30 signalled 1",
                "402 line 0 low", "402 trigger 4 verdict edge 400 frame 40",
                "502 trigger 5 verdict edge 500 frame 50",
            ])
    }

    @Test func twoVotesOfThreeNewFramesSignalAndTheRecordTellsOfTheBest() {
        let settings = quickSettings {
            $0.burst_frames = 3
            $0.burst_votes = 2
        }
        let scores: [Int64: Int32] = [10: 800, 11: 100, 12: 900, 30: 800, 31: 700, 50: 1, 51: 2, 52: 999]
        let bench = Workbench(settings, edges: [.rise(100), .rise(300), .rise(500)]) { [0, scores[$0] ?? 0] }
        #expect(
            bench.run(until: 1000) == [
                "122 line 0 high", "122 trigger 1 verdict edge 100 frame 12 votes 2 of 3 signalled 1",
                "222 line 0 low",
                // Two in favour decide it, and so do two against.
                "312 line 0 high", "312 trigger 2 verdict edge 300 frame 30 votes 2 of 2 signalled 1",
                "412 line 0 low",
                "512 trigger 3 verdict edge 500 frame 51 votes 0 of 2",
            ])
    }

    @Test func aBurstThatLosesItsCameraHasNoVerdict() {
        let settings = quickSettings {
            $0.burst_frames = 3
            $0.burst_votes = 3
        }
        let bench = Workbench(settings, edges: [.rise(100)]) { _ in [0, 900] }
        bench.failingCaptures = [2]
        #expect(bench.run(until: 1000) == ["102 trigger 1 camera edge 100 frame 10"])
        #expect(bench.records[0].class_index == -1)
    }

    @Test func anOutputThatHoldsStaysAsLongAsTheLineAndAWhileLonger() {
        let settings = quickSettings {
            $0.outputs.0.mode = ESPALIER_OUTPUT_HOLD
            $0.outputs.0.duration_nanoseconds = 50
        }
        let bench = Workbench(settings, edges: [.rise(100), .fall(400), .rise(500), .fall(501)]) { _ in
            [0, 900]
        }
        #expect(
            bench.run(until: 1000) == [
                "102 line 0 high", "102 trigger 1 verdict edge 100 frame 10 signalled 1", "450 line 0 low",
                "502 line 0 high", "502 trigger 2 verdict edge 500 frame 50 signalled 1", "551 line 0 low",
            ])
    }

    @Test func aToggleChangesWithEachPositiveVerdictAndEndsSafe() {
        let settings = quickSettings { $0.outputs.0.mode = ESPALIER_OUTPUT_TOGGLE }
        let edges = [100, 200, 300, 400].map { Workbench.Step.rise($0) }
        let bench = Workbench(settings, edges: edges) { $0 == 20 ? [900, 0] : [0, 900] }
        #expect(
            bench.run(until: 1000) == [
                "102 line 0 high", "102 trigger 1 verdict edge 100 frame 10 signalled 1",
                "202 trigger 2 verdict edge 200 frame 20",
                "302 line 0 low", "302 trigger 3 verdict edge 300 frame 30",
                "402 line 0 high", "402 trigger 4 verdict edge 400 frame 40 signalled 1",
                "1000 line 0 low",
            ])
    }

    @Test func severalOutputsHaveTheirGroupsAndTheirTriggers() {
        let settings = quickSettings {
            $0.trigger_count = 2
            $0.triggers.1 = $0.triggers.0
            $0.triggers.1.line = 1
            $0.output_count = 3
            $0.outputs.1 = $0.outputs.0
            $0.outputs.1.line = 1
            $0.outputs.1.label_mask = 0b1
            $0.outputs.2 = $0.outputs.0
            $0.outputs.2.line = 2
            $0.outputs.2.trigger_mask = 0b10
        }
        let bench = Workbench(settings, edges: [.rise(100), .rise(300, line: 1)]) {
            $0 == 10 ? [900, 100] : [100, 900]
        }
        #expect(
            bench.run(until: 1000) == [
                "102 line 1 high", "102 trigger 1 verdict edge 100 frame 10 signalled 2", "202 line 1 low",
                "302 line 0 high", "302 line 2 high",
                "302 trigger 2 of 1 verdict edge 300 frame 30 signalled 5",
                "402 line 0 low", "402 line 2 low",
            ])
    }

    @Test func theHeartbeatKeepsItsGridAndStopsSafe() {
        let settings = quickSettings {
            $0.output_count = 2
            $0.outputs.1 = .standard
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_HEARTBEAT
            $0.outputs.1.duration_nanoseconds = 300
        }
        let bench = Workbench(settings, edges: [.rise(299)]) { _ in [900, 0] }
        #expect(
            bench.run(until: 700) == [
                "0 line 1 high", "301 line 1 low", "301 trigger 1 verdict edge 299 frame 29",
                "600 line 1 high", "700 line 1 low",
            ])
    }

    @Test func theFaultLineIsHighWhileTheProgramDoesNotRunAndAfterAFault() {
        let settings = quickSettings {
            $0.output_count = 2
            $0.outputs.1 = .standard
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_FAULT
            $0.outputs.1.safe_high = 1
        }
        let bench = Workbench(settings, edges: [.rise(100), .rise(200)]) { _ in [900, 0] }
        bench.failingCaptures = [1]
        #expect(
            bench.run(until: 500) == [
                "0 line 1 low", "100 line 1 high", "100 trigger 1 camera edge 100",
                "202 line 1 low", "202 trigger 2 verdict edge 200 frame 20", "500 line 1 high",
            ])
    }

    @Test func aLineThatIsRefusedRaisesTheFaultLine() {
        let settings = quickSettings {
            $0.output_count = 2
            $0.outputs.1 = .standard
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_FAULT
        }
        let bench = Workbench(settings, edges: [.rise(100)]) { _ in [0, 900] }
        bench.failingWrites = [1]
        #expect(
            bench.run(until: 500) == [
                "102 line 0 high refused", "102 line 0 low", "102 line 1 high",
                "102 trigger 1 verdict edge 100 frame 10", "500 line 1 low",
            ])
        #expect(bench.counters.lineFailures == 1)
    }

    @Test func aFaultLineThatIsRefusedItselfIsTriedAgainAfterAWhile() {
        let settings = quickSettings {
            $0.output_count = 2
            $0.outputs.1 = .standard
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_FAULT
        }
        let bench = Workbench(settings, edges: [.rise(100)]) { _ in [0, 900] }
        bench.failingCaptures = [1]
        bench.failingWrites = [1, 2]
        #expect(
            bench.run(until: 40_000_000) == [
                "100 line 1 high refused", "100 trigger 1 camera edge 100", "10000100 line 1 high refused",
                "20000100 line 1 high", "40000000 line 1 low",
            ])
    }

    @Test func troubleOfTheBoardRaisesTheFaultLineUntilAllIsWell() {
        let settings = quickSettings {
            $0.output_count = 2
            $0.outputs.1 = .standard
            $0.outputs.1.line = 1
            $0.outputs.1.mode = ESPALIER_OUTPUT_FAULT
        }
        let bench = Workbench(settings, edges: [.rise(150)]) { _ in [0, 900] }
        bench.troubles = [(100, true), (300, false)]
        #expect(
            bench.run(until: 500) == [
                "100 line 1 high", "152 line 0 high", "152 trigger 1 verdict edge 150 frame 15 signalled 1",
                "252 line 0 low", "300 line 1 low",
            ])
    }

    @Test func aDryRunReportsAndSetsNothing() {
        let bench = Workbench(quickSettings { $0.dry_run = 1 }, edges: [.rise(100)]) { _ in [0, 900] }
        #expect(bench.run(until: 1000) == ["102 trigger 1 verdict edge 100 frame 10 signalled 1"])
        #expect(bench.records[0].signal_time == 102)
    }
}
