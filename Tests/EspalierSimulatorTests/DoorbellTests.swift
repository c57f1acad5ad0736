import EspalierFiles
import EspalierReaction
import EspalierSimulator
import Testing

/// A user's own test, from an edge to the whole trace: the example of boards/simulator/README.md.
@Suite struct DoorbellTests {
    @Test func somebodyBrightAtTheDoorSoundsTheBuzzerForOneSecond() throws {
        var scenario = Scenario()
        scenario.durationNanoseconds = 4_000_000_000
        scenario.show(Pictures([Image(width: 160, height: 120, channels: 1, filledWith: 200)]), from: .zero)
        scenario.pulse(at: .seconds(1), for: .milliseconds(300))
        let bright = ScriptedClassifier { frame in
            Verdict(classIndex: frame.image.pixels[0] > 100 ? 1 : 0, score: 120, permille: 970)
        }
        let run = try scenario.run(bright, labels: ["empty", "person"])
        #expect(run.trace.levels(of: "buzzer") == [.low(at: 0), .high(at: 1.0005), .low(at: 2.0005)])
    }

    @Test func theWholeTraceOfIt() throws {
        var scenario = Scenario()
        scenario.durationNanoseconds = 4_000_000_000
        scenario.show(Pictures([Image(width: 2, height: 2, channels: 1, filledWith: 200)]), from: .zero)
        scenario.pulse(at: .seconds(1), for: .milliseconds(300))
        scenario.pulse(at: .milliseconds(2_100), for: .milliseconds(10))
        let person = ScriptedClassifier { _ in
            Verdict(
                classIndex: 1, score: 120, permille: 970, macs: 1_000_000, blocksKept: 30, blocksPruned: 10,
                blocksSkipped: 2)
        }
        let run = try scenario.run(person, labels: ["empty", "person"])
        #expect(
            run.trace.text == """
                0.000000000 line pir low
                0.000000000 line buzzer low
                1.000000000 line pir high
                1.000000000 frame 9 of 0.900000000 checksum e3f76595
                1.002500000 line buzzer high
                1.002500000 trigger 1 edge 1.000000000 verdict frame 9 of 0.900000000 run 1.000000000 \
                verdict 1.002500000 class 1 person score 120 permille 970 \
                blocks 30 kept 10 pruned 2 skipped high 1.002500000
                1.300000000 line pir low
                2.002500000 line buzzer low
                2.100000000 line pir high
                2.100000000 trigger 2 edge 2.100000000 cooldown
                2.110000000 line pir low
                4.000000000 end

                """)
        #expect(run.counters.signals == 1)
        #expect(run.counters.cooldown == 1)
    }
}
