import CEspalier
import EspalierCore
import EspalierFiles
import EspalierReaction
import EspalierSimulator
import Testing

@Suite struct VirtualBoardTests {
    @Test func framesArriveLaterThanTheyAreTaken() {
        var camera = VirtualCamera()
        camera.framesPerSecond = 4
        camera.latencyNanoseconds = 100
        #expect(camera.newestFrame(at: 99) == nil)
        #expect(camera.newestFrame(at: 100) == 0)
        #expect(camera.newestFrame(at: 250_000_099) == 0)
        #expect(camera.newestFrame(at: 250_000_100) == 1)
        #expect(camera.arrival(after: 0) == 250_000_100)
        #expect(camera.arrival(after: .max) == .max)
        camera.missingFrames = [0, 1]
        #expect(camera.newestFrame(at: 250_000_100) == nil)
        #expect(camera.arrival(after: -1) == 500_000_100)
    }

    @Test func theCameraSeesTheViewOfTheMoment() {
        var camera = VirtualCamera()
        camera.show(Pattern(value: 2), from: 500)
        camera.show(Pattern(value: 1), from: 0)
        camera.framesPerSecond = 1000  // a frame every 1,000,000 ns
        #expect(camera.image(ofFrame: 0).pixels == [1])
        #expect(camera.image(ofFrame: 1).pixels == [2])
    }

    @Test func edgesThatCameDuringWorkAreDeliveredAfterItWithTheirOwnTimes() {
        let board = makeBoard(changes: [(10, true), (20, false), (900, true)], end: 1000)
        board.worked(macs: 0)  // the overhead: 100
        #expect(words(board.wait(until: 50, frameAfter: .max)) == "rising at 10")
        #expect(words(board.wait(until: 50, frameAfter: .max)) == "falling at 20")
        #expect(words(board.wait(until: 50, frameAfter: .max)) == "deadline")
        #expect(board.now() == 100)
        #expect(words(board.wait(until: .max, frameAfter: .max)) == "rising at 900")
        #expect(words(board.wait(until: .max, frameAfter: .max)) == "stop")
        #expect(board.now() == 1000)
    }

    @Test func aLevelThatDoesNotChangeIsNoEdge() {
        let board = makeBoard(changes: [(10, false), (20, true), (30, true)], end: 1000)
        #expect(words(board.wait(until: .max, frameAfter: .max)) == "rising at 20")
        #expect(words(board.wait(until: .max, frameAfter: .max)) == "stop")
    }

    @Test func workTakesTheTimeOfTheBoardsSpeed() {
        var speed = BoardSpeed()
        speed.macsPerMicrosecond = 250
        speed.overheadNanoseconds = 7
        #expect(speed.nanoseconds(macs: 1_000_000) == 4_000_007)
        #expect(speed.nanoseconds(macs: .max) == 86_400_000_000_007)
    }

    @Test func aFrameTooOldIsWaitedForUntilANewerOneArrives() throws {
        var scenario = doorway()
        scenario.reaction.frame_age_nanoseconds = 10_000_000
        let run = try scenario.run(person, labels: [])
        // Frame 9 was exposed 100 ms before the edge; frame 10, of the edge's moment, arrives 30 ms after it.
        #expect(run.trace.reactions.map(\.frameTime) == [1_000_000_000])
        #expect(run.trace.reactions.map(\.runTime) == [1_030_000_000])
    }

    @Test func theRingGivesTheNearestFrameItStillHas() {
        var camera = VirtualCamera()
        camera.latencyNanoseconds = 0
        camera.ringFrames = 5  // at 1 s: frames 6 ... 10, one each 100 ms
        let now: Int64 = 1_000_000_000
        #expect(camera.frame(nearest: 740_000_000, after: -1, at: now) == 7)
        #expect(camera.frame(nearest: 750_000_000, after: -1, at: now) == 7)
        #expect(camera.frame(nearest: 751_000_000, after: -1, at: now) == 8)
        #expect(camera.frame(nearest: 0, after: -1, at: now) == 6)
        #expect(camera.frame(nearest: 0, after: 8, at: now) == 9)
        #expect(camera.frame(nearest: .max, after: 10, at: now) == nil)
        camera.missingFrames = [7]
        #expect(camera.frame(nearest: 740_000_000, after: -1, at: now) == 8)
    }

    @Test func theWholeTraceOfABurstWithAPreTriggerFrameOverALineThatIsSafeHigh() throws {
        var scenario = doorway()
        scenario.durationNanoseconds = 1_500_000_000
        scenario.reaction.pretrigger_nanoseconds = 250_000_000
        scenario.reaction.burst_frames = 2
        scenario.reaction.burst_votes = 2
        scenario.reaction.outputs.0.safe_high = 1
        scenario.reaction.outputs.0.duration_nanoseconds = 100_000_000
        let run = try scenario.run(person, labels: [])
        #expect(run.trace.reactions.map(\.frameTime) == [700_000_000])
        #expect(run.trace.reactions.map(\.votes) == [2])
        // Two runs of 1,000,000 multiply-accumulates, 2.5 ms each.
        #expect(
            run.trace.levels(of: "buzzer") == [
                .high(at: 0), .low(at: 0), .high(at: 1.005), .low(at: 1.105), .high(at: 1.5),
            ])
    }

    @Test func framesThatNeverArriveEndInARefusalAndALowLine() throws {
        var scenario = doorway()
        scenario.reaction.frame_age_nanoseconds = 10_000_000
        scenario.camera.missingFrames = Set(10...20)
        let run = try scenario.run(person, labels: [])
        #expect(run.trace.reactions.map(\.outcome) == [.frameTooOld])
        #expect(run.trace.levels(of: "buzzer") == [.low(at: 0)])
    }

    @Test func aCameraThatFailsOnceIsReportedAndTheNextTriggerWorks() throws {
        var scenario = doorway()
        scenario.pulse(at: .seconds(2), for: .milliseconds(10))
        scenario.camera.failingCaptures = [1]
        let run = try scenario.run(person, labels: [])
        #expect(run.trace.reactions.map(\.outcome) == [.cameraFailed, .verdict])
        #expect(run.trace.entries.contains(.captureFailed(time: 1_000_000_000)))
        #expect(run.counters.cameraFailures == 1)
    }

    @Test func aClassifierThatFailsIsReportedAndTheNextTriggerWorks() throws {
        var scenario = doorway()
        scenario.pulse(at: .seconds(2), for: .milliseconds(10))
        let classifier = ScriptedClassifier { frame throws(Status) in
            if frame.time < 1_000_000_000 { throw .pixels }
            return Verdict(classIndex: 0, score: 0, permille: 900)
        }
        let run = try scenario.run(classifier, labels: [])
        #expect(run.trace.reactions.map(\.outcome) == [.classifierFailed, .verdict])
    }

    @Test func realTimeIsMeasuredOnlyWithAClockAndNeverEntersTheTrace() throws {
        let scenario = doorway()
        var ticks: Int64 = 0
        let silent = try scenario.run(person, labels: [])
        let timed = try scenario.run(person, labels: []) {
            ticks += 1000
            return ticks
        }
        #expect(silent.records[0].real_inference_nanoseconds == 0)
        #expect(timed.records[0].real_inference_nanoseconds == 1000)
        #expect(timed.records[0].real_edge_to_signal_nanoseconds == 3000)
        #expect(silent.trace == timed.trace)
    }
}

// MARK: - Helpers

/// One trigger at 1 s; nothing is rendered.
func doorway() -> Scenario {
    var scenario = Scenario()
    scenario.durationNanoseconds = 4_000_000_000
    scenario.reaction.triggers.0.cooldown_nanoseconds = 0
    scenario.show(Pattern(value: 50), from: .zero)
    scenario.pulse(at: .seconds(1), for: .milliseconds(10))
    return scenario
}

var person: ScriptedClassifier {
    ScriptedClassifier { _ in Verdict(classIndex: 1, score: 120, permille: 970, macs: 1_000_000) }
}

/// One grey pixel.
struct Pattern: FrameGenerator {
    let value: UInt8

    func frame(at time: Int64, number: Int) -> Image {
        Image(width: 1, height: 1, channels: 1, filledWith: value)
    }
}

extension Trace {
    var reactions: [Reaction] {
        entries.compactMap { if case .reaction(_, let reaction) = $0 { reaction } else { nil } }
    }
}

private func makeBoard(changes: [(Int64, Bool)], end: Int64) -> VirtualBoard {
    var speed = BoardSpeed()
    speed.overheadNanoseconds = 100
    return VirtualBoard(
        inputs: ["pir"], outputs: ["buzzer"], camera: VirtualCamera(), speed: speed,
        changes: changes.map { LevelChange(time: $0.0, line: 0, high: $0.1) }, end: end)
}

private func words(_ wake: Wake) -> String {
    switch wake {
    case .edge(let edge): "\(edge.rising ? "rising" : "falling") at \(edge.time)"
    case .frame: "frame"
    case .deadline: "deadline"
    case .trouble(let isPresent): "trouble \(isPresent)"
    case .stop: "stop"
    }
}
