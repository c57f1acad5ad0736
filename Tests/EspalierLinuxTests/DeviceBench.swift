import CEspalier
import CLinux
import EspalierCore
import EspalierLinux
import EspalierReaction

/// A device board with memory of its own, opened.
final class DeviceBench {
    struct Refusal: Error, CustomStringConvertible {
        let kind: Int32
        let description: String
    }

    let devices = UnsafeMutablePointer<EspalierDevices>.allocate(capacity: 1)
    let setup = UnsafeMutablePointer<EspalierSetup>.allocate(capacity: 1)
    private let memory: UnsafeMutableRawPointer
    var board: DeviceBoard

    /// - Throws: `Refusal` with the sentence a user would see.
    init(_ wanted: EspalierSetup) throws {
        setup.initialize(to: wanted)
        let bytes = espalier_setup_memory_bytes(setup)
        memory = .allocate(byteCount: Int(max(bytes, 64)), alignment: 64)
        devices.initialize(to: EspalierDevices())
        var problem = EspalierProblem()
        precondition(setup.pointee.isValid)
        _ = espalier_devices_prepare(
            devices, setup, memory.assumingMemoryBound(to: UInt8.self), bytes, &problem)
        board = DeviceBoard(devices, setup, labels: nil, labelCount: 0)
        guard board.open() else {
            throw Refusal(kind: devices.pointee.problem.kind, description: devices.pointee.problem.text)
        }
    }

    deinit {
        board.close(nil)
        devices.deallocate()
        setup.deallocate()
        memory.deallocate()
    }

    /// Waits for a frame, for up to two seconds.
    func frame(after sequence: Int64) throws -> Frame? {
        let deadline = espalier_monotonic_nanoseconds() + 2_000_000_000
        guard case .frame = board.wait(until: deadline, frameAfter: sequence) else { return nil }
        return try board.newestFrame()
    }

    /// Runs the reaction until `isDone` says so of the records so far; what the loop was told and told is returned.
    func react(
        _ classifier: some Classifier, until isDone: @escaping @Sendable (Int) -> Bool
    ) -> WatchedBoard {
        var loop = ReactionLoop(
            board: WatchedBoard(board: board, isDone: isDone), classifier: classifier,
            settings: board.settings)
        _ = loop.run()
        board = loop.board.board
        return loop.board
    }
}

/// A device board that keeps what passes, and stops when a test has seen enough.
struct WatchedBoard: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    var board: DeviceBoard
    let isDone: @Sendable (Int) -> Bool
    private(set) var records: [EspalierReactionRecord] = []
    private(set) var edges: [Edge] = []
    private(set) var troubles: [Bool] = []

    init(board: DeviceBoard, isDone: @escaping @Sendable (Int) -> Bool) {
        self.board = board
        self.isDone = isDone
        records.reserveCapacity(16_384)
        edges.reserveCapacity(16_384)
    }

    mutating func now() -> Int64 { board.now() }
    mutating func worked(macs: UInt64) {}
    mutating func stopwatch() -> Int64 { board.stopwatch() }

    /// Looks up twice a second, so that a test that has seen enough is noticed.
    mutating func wait(until: Int64, frameAfter: Int64) -> Wake {
        while true {
            if isDone(records.count) { return .stop }
            let wake = board.wait(until: min(until, now() + 500_000_000), frameAfter: frameAfter)
            switch wake {
            case .deadline where now() < until: continue
            case .edge(let edge): edges.append(edge)
            case .trouble(let isPresent): troubles.append(isPresent)
            default: break
            }
            return wake
        }
    }

    mutating func setLine(_ line: Int32, high: Bool) throws(LineFailure) {
        try board.setLine(line, high: high)
    }

    mutating func newestFrame() throws(CameraFailure) -> Frame? { try board.newestFrame() }

    mutating func frame(nearest time: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        try board.frame(nearest: time, after: sequence)
    }

    mutating func feedWatchdog() { board.feedWatchdog() }
    mutating func report(_ record: EspalierReactionRecord) { records.append(record) }
}

extension EspalierSetup {
    /// No lines, one trigger ten times a second, the standard output's settings; the camera is to be filled in.
    static var bench: EspalierSetup {
        var setup = EspalierSetup()
        setup.abi_version = ESPALIER_SETUP_ABI_VERSION
        setup.reaction = .standard
        setup.reaction.dry_run = 1
        setup.reaction.triggers.0.period_nanoseconds = 100_000_000
        setup.reaction.triggers.0.cooldown_nanoseconds = 0
        setup.output_count = 1
        setup.outputs.0 = EspalierLine("RELAY")
        setup.camera.width = 16
        setup.camera.height = 12
        setup.camera.ring_frames = 1
        setup.camera.input = -1
        setup.camera.silence_milliseconds = 1000
        setup.bare = setup.camera
        return setup
    }
}
