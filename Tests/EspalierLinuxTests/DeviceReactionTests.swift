import CAllocationProbe
import CEspalier
import CLinux
import EspalierCore
import EspalierFiles
import EspalierLinux
import EspalierReaction
import EspalierSettings
import EspalierSimulator
import EspalierTestSupport
import Foundation
import Testing

/// The reaction on a real kernel's lines.
@Suite(.serialized, .enabled(if: DeviceRig.isHere, DeviceRig.reason)) struct DeviceReactionTests {
    /// PIR to RELAY with FAULT, pictures of a file a hundred times a second.
    private func setup(_ folder: TemporaryFolder) throws -> EspalierSetup {
        var setup = EspalierSetup.bench
        setup.reaction.dry_run = 0
        setup.input_count = 1
        setup.inputs.0 = EspalierLine("PIR")
        setup.output_count = 2
        setup.outputs.1 = EspalierLine("FAULT")
        setup.reaction.triggers.0.period_nanoseconds = 0
        setup.reaction.output_count = 2
        setup.reaction.outputs.1 = .standard
        setup.reaction.outputs.1.line = 1
        setup.reaction.outputs.1.mode = ESPALIER_OUTPUT_FAULT
        setup.camera.kind = ESPALIER_CAMERA_PICTURES
        setup.camera.millihertz = 100_000
        let picture = folder.path("picture.png")
        try PNG.write(Image(width: 16, height: 12, channels: 1, filledWith: 90), to: picture)
        setText(&setup.camera.source, picture)
        DeviceRig.pull(0, up: false)
        return setup
    }

    /// Says "person" for two frames of three.
    private func classify(_ frame: Frame) -> Verdict {
        var verdict = Verdict(classIndex: 0, score: 0, permille: frame.sequence % 3 == 0 ? 100 : 900)
        verdict.classPermille[0] = verdict.permille
        return verdict
    }

    /// Edges come in most of the slots of 5 ms, up to 200 a second, and never within a millisecond of a frame or of the
    /// end of a cooldown, where the order would depend on how fast the machine is.
    @Test func tenThousandEdgesAreReactedToAsTheSimulatorPredicts() throws {
        let folder = try TemporaryFolder()
        var wanted = try setup(folder)
        wanted.reaction.burst_frames = 3
        wanted.reaction.burst_votes = 2
        wanted.reaction.frame_age_nanoseconds = 20_000_000
        wanted.reaction.triggers.0.cooldown_nanoseconds = 30_000_000
        wanted.reaction.outputs.0.duration_nanoseconds = 12_345_678
        let bench = try DeviceBench(wanted)
        let count = 10_000
        let first = try #require(try bench.frame(after: -1))
        let isMoved = Flag()
        let start = first.time
        let mover = Thread {
            var random = SeededGenerator(seed: 7)
            var slot = start + 100_000_000
            for index in 0..<count {
                while Int.random(in: 0..<4, using: &random) == 0 { slot += 5_000_000 }
                sleepUntil(slot + Int64.random(in: 1_500_000...3_500_000, using: &random))
                DeviceRig.pull(0, up: index % 2 == 0)
                slot += 5_000_000
            }
            usleep(200_000)
            isMoved.set()
        }
        mover.start()
        let watched = bench.react(ScriptedClassifier { classify($0) }) { _ in isMoved.isSet }
        #expect(watched.edges.count == count)
        #expect(bench.board.lostEdges == 0)

        var scenario = Scenario()
        scenario.reaction = bench.board.settings
        scenario.camera.framesPerSecond = 100
        scenario.camera.latencyNanoseconds = 0
        scenario.speed.macsPerMicrosecond = 1e9
        scenario.speed.overheadNanoseconds = 0
        scenario.durationNanoseconds = watched.edges.last!.time - first.time + 200_000_000
        scenario.changes = watched.edges.map {
            LevelChange(time: $0.time - first.time, line: 0, high: $0.rising)
        }
        let run = try scenario.run(
            ScriptedClassifier {
                classify(Frame(image: $0.image, time: $0.time, sequence: $0.sequence + first.sequence))
            }, labels: [])
        #expect(run.records.count == watched.records.count)
        var differences = 0
        for (real, simulated) in zip(watched.records, run.records)
        where summary(real, first.time) != summary(simulated, 0) {
            differences += 1
            if differences == 1 {
                print("real \(summary(real, first.time)), simulated \(summary(simulated, 0))")
            }
        }
        #expect(differences == 0)
        #expect(watched.records.contains { $0.outcome == ESPALIER_OUTCOME_VERDICT && $0.signalled != 0 })
        #expect(watched.records.contains { $0.outcome == ESPALIER_OUTCOME_COOLDOWN })
        #expect(watched.records.contains { $0.outcome == ESPALIER_OUTCOME_BUSY })
    }

    /// All of a record that does not depend on how fast the machine is.
    private func summary(_ record: EspalierReactionRecord, _ start: Int64) -> String {
        """
        \(record.trigger) at \(record.edge_time - start): outcome \(record.outcome), frames \(record.frames), \
        votes \(record.votes), signalled \(record.signalled)
        """
    }

    @Test func aChipThatGoesAndComesBackIsAFaultAndThenNone() throws {
        let folder = try TemporaryFolder()
        let bench = try DeviceBench(try setup(folder))
        defer { DeviceRig.setChip(present: true) }
        let isOver = Flag()
        let mover = Thread {
            usleep(100_000)
            DeviceRig.setChip(present: false)
            usleep(2_500_000)
            DeviceRig.setChip(present: true)
            usleep(6_000_000)
            DeviceRig.pull(0, up: true)
            usleep(100_000)
            isOver.set()
        }
        mover.start()
        let watched = bench.react(ScriptedClassifier { classify($0) }) { _ in isOver.isSet }
        #expect(watched.troubles == [true, false])
        #expect(watched.records.count == 1)
        #expect(watched.records.first?.outcome == ESPALIER_OUTCOME_VERDICT)
        #expect(DeviceRig.level(3) == 0)
        DeviceRig.pull(0, up: false)
    }

    @Test func aChipThatOpensAndGoesAgainIsNotBack() throws {
        let folder = try TemporaryFolder()
        let bench = try DeviceBench(try setup(folder))
        defer { DeviceRig.setChip(present: true) }
        let isOver = Flag()
        let mover = Thread {
            usleep(100_000)
            DeviceRig.setChip(present: false)
            for _ in 0..<3 {
                usleep(50_000)
                DeviceRig.setChip(present: true)
                for _ in 0..<700 where !DeviceRig.isInUse { usleep(10_000) }
                usleep(100_000)
                DeviceRig.setChip(present: false)
            }
            usleep(50_000)
            DeviceRig.setChip(present: true)
            usleep(7_000_000)
            isOver.set()
        }
        mover.start()
        let watched = bench.react(ScriptedClassifier { classify($0) }) { _ in isOver.isSet }
        #expect(watched.troubles == [true, false])
    }

    @Test func nothingIsAllocatedBetweenStartAndStop() throws {
        try #require(allocation_probe_works() == 1)
        let folder = try TemporaryFolder()
        let bench = try DeviceBench(try setup(folder))
        let mover = Thread {
            for index in 0..<40 {
                usleep(20_000)
                DeviceRig.pull(0, up: index % 2 == 0)
            }
        }
        mover.start()
        // The first run makes what Swift makes once, such as the metadata of generic types.
        for isCounted in [false, true] {
            var loop = ReactionLoop(
                board: BoundedBoard(board: bench.board, end: espalier_monotonic_nanoseconds() + 400_000_000),
                classifier: ConstantClassifier(verdict: Verdict(classIndex: 0, score: 0, permille: 0)),
                settings: bench.board.settings)
            allocation_probe_begin()
            let counters = loop.run()
            let counts = allocation_probe_end()
            bench.board = loop.board.board
            guard isCounted else { continue }
            #expect(counters.triggers > 0)
            #expect(counts.allocations == 0)
            #expect(counts.frees == 0)
        }
    }
}

/// A measurement, not a test: Tests/Rigs/uml/latency runs it in real time and prints what it took.
@Suite(.enabled(if: DeviceRig.isMeasuring, "Tests/Rigs/uml/latency runs this measurement"))
struct DeviceLatency {
    @Test func fromAnEdgeToALineWithoutAModel() throws {
        var wanted = EspalierSetup.bench
        wanted.reaction.dry_run = 0
        wanted.reaction.triggers.0.period_nanoseconds = 0
        wanted.reaction.outputs.0.duration_nanoseconds = 3_000_000
        wanted.reaction.outputs.0.threshold_high_permille = 0
        wanted.reaction.outputs.0.threshold_low_permille = 0
        wanted.input_count = 1
        wanted.inputs.0 = EspalierLine("PIR")
        wanted.camera.kind = ESPALIER_CAMERA_V4L2
        setText(&wanted.camera.source, DeviceRig.camera)
        wanted.camera.width = 320
        wanted.camera.height = 240
        wanted.camera.input = 1
        DeviceRig.pull(0, up: false)
        let bench = try DeviceBench(wanted)
        let isOver = Flag()
        Thread {
            for index in 0..<2000 {
                usleep(8000)
                DeviceRig.pull(0, up: index % 2 == 0)
            }
            isOver.set()
        }.start()
        let watched = bench.react(
            ConstantClassifier(verdict: Verdict(classIndex: 0, score: 0, permille: 900))
        ) {
            _ in isOver.isSet
        }
        let times = watched.records.filter { $0.signal_time >= 0 }.map { $0.signal_time - $0.edge_time }
            .sorted()
        let microseconds = [times.count / 2, times.count * 99 / 100, times.count - 1].map { times[$0] / 1000 }
        print(
            "edge to line without a model: median \(microseconds[0]), p99 \(microseconds[1]), "
                + "longest \(microseconds[2]) us, of \(times.count)")
    }
}

/// A device board that stops at a time and allocates nothing itself.
private struct BoundedBoard: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    var board: DeviceBoard
    let end: Int64

    mutating func now() -> Int64 { board.now() }
    mutating func worked(macs: UInt64) {}
    mutating func stopwatch() -> Int64 { board.stopwatch() }
    mutating func wait(until: Int64, frameAfter: Int64) -> Wake {
        let wake = board.wait(until: min(until, end), frameAfter: frameAfter)
        if case .deadline = wake, now() >= end { return .stop }
        return wake
    }
    mutating func setLine(_ line: Int32, high: Bool) throws(LineFailure) {
        try board.setLine(line, high: high)
    }
    mutating func newestFrame() throws(CameraFailure) -> Frame? { try board.newestFrame() }
    mutating func frame(nearest time: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        try board.frame(nearest: time, after: sequence)
    }
    mutating func feedWatchdog() { board.feedWatchdog() }
    mutating func report(_ record: EspalierReactionRecord) { board.report(record) }
}

private struct ConstantClassifier: Classifier {
    let verdict: Verdict

    mutating func prepare(_ frame: Frame) {}
    mutating func run() -> Verdict { verdict }
}

private func sleepUntil(_ time: Int64) {
    let left = time - espalier_monotonic_nanoseconds()
    if left > 0 { usleep(UInt32(left / 1000)) }
}

/// A flag between two threads.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    func set() { lock.withLock { value = true } }
    var isSet: Bool { lock.withLock { value } }
}
