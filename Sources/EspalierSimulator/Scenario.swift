public import CEspalier
import EspalierCore
public import EspalierFiles
public import EspalierReaction
public import EspalierSettings

/// What a simulated board is, what happens around it, and for how long: the Swift side of a scenario file.
///
///     var scenario = Scenario()
///     scenario.camera.show(Pictures([door]), from: 0)
///     scenario.pulse(at: .seconds(1), for: .milliseconds(300))
///     let run = try scenario.run(ScriptedClassifier { _ in person }, labels: ["empty", "person"])
///     print(run.trace.text)
public struct Scenario: Sendable {
    /// What to call it in messages: the file it came from.
    public var name = "scenario"
    public var durationNanoseconds: Int64 = 10_000_000_000
    /// The lines, at the indices the reaction's triggers and outputs have. An output rests at its safe level.
    public var inputs: [VirtualLine] = ["pir"]
    public var outputs: [VirtualLine] = ["buzzer"]
    /// An output's `label_mask` counts only where it has no group.
    public var reaction = EspalierReaction.standard
    /// The labels each output signals for, by name.
    public var groups: [LabelGroup?] = []
    /// What the file says of its reaction; nil for a scenario made in code.
    public internal(set) var tables: ReactionTables?
    public var camera = VirtualCamera()
    public var speed = BoardSpeed()
    /// What outsiders do to the input lines.
    public var changes: [LevelChange] = []
    /// What a file's reaction is on its board; nil for a scenario made in code.
    public internal(set) var setup: EspalierSetup?
    /// What is otherwise than somebody who reads the file may think, a sentence each.
    public internal(set) var notes: [String] = []

    public init() {}

    /// Raises an input line, by its index, and lowers it again: electrically, whatever the reaction takes it for.
    public mutating func pulse(at time: Duration, for length: Duration, line: Int = 0) {
        let start = nanoseconds(time)
        changes.append(LevelChange(time: start, line: line, high: true))
        changes.append(LevelChange(time: start + nanoseconds(length), line: line, high: false))
    }

    /// From a time on, the camera sees this.
    public mutating func show(_ generator: any FrameGenerator, from time: Duration) {
        camera.show(generator, from: nanoseconds(time))
    }

    /// The triggers of an input line.
    func triggers(of line: Int) -> [EspalierTrigger] {
        (0..<Int(reaction.trigger_count)).map(reaction.trigger)
            .filter { $0.period_nanoseconds == 0 && $0.line == Int32(line) }
    }

    /// How a model's scores are read, as the file says it.
    public var scoreKeys: ScoreKeys { tables?.scoreKeys ?? ScoreKeys() }

    /// Whether a model can make the outputs signal.
    ///
    /// - Parameter highest: the highest score it can give, in thousandths.
    /// - Throws: for a threshold above that.
    public func checkReach(highest: Int) throws(FileError) {
        try tables?.checkReach(of: reaction, highest: highest)
    }

    // MARK: Running

    /// Runs the reaction in this process with any classifier.
    ///
    /// - Parameters:
    ///   - labels: of the classes.
    ///   - realNanoseconds: a monotonic clock, for real latencies in the records.
    /// - Throws: for a label in `groups` that is not among `labels`.
    public func run(
        _ classifier: some Classifier, labels: [String], realNanoseconds: (() -> Int64)? = nil
    ) throws(FileError) -> SimulationRun {
        let board = makeBoard(labels: labels)
        board.realNanoseconds = realNanoseconds
        var loop = ReactionLoop(board: board, classifier: classifier, settings: try settings(labels: labels))
        _ = loop.run()
        return SimulationRun(board, labels: labels)
    }

    /// Runs the reaction in this process with a model, which has to stay alive until this returns.
    ///
    /// - Throws: a `FileError` for the scenario, a `Status` for the model.
    public func run(
        model: UnsafePointer<EspalierModel>, realNanoseconds: (() -> Int64)? = nil
    ) throws -> SimulationRun {
        let bytes = Int(model.pointee.arena_bytes)
        let arena = UnsafeMutableRawPointer.allocate(
            byteCount: max(bytes, 1), alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        defer { arena.deallocate() }
        let engine = try Engine(
            model: model, arena: arena.bindMemory(to: Int8.self, capacity: bytes), arenaBytes: bytes)
        guard engine.scores != nil else { throw Status.scores }
        return try run(
            EngineClassifier(engine), labels: Scenario.labels(of: model), realNanoseconds: realNanoseconds)
    }

    /// A model's labels by class; none where it has none.
    public static func labels(of model: UnsafePointer<EspalierModel>) -> [String] {
        guard let labels = model.pointee.labels else { return [] }
        return (0..<Int(model.pointee.label_count)).map { index in
            labels[index].map { String(cString: $0) } ?? ""
        }
    }

    /// A board for one run.
    func makeBoard(labels: [String]) -> VirtualBoard {
        var outputs = outputs
        for output in (0..<Int(reaction.output_count)).map(reaction.output)
        where outputs.indices.contains(Int(output.line)) {
            let isActiveLow = outputs[Int(output.line)].isActiveLow
            outputs[Int(output.line)].restsHigh = (output.safe_high != 0) != isActiveLow
        }
        let board = VirtualBoard(
            inputs: inputs, outputs: outputs, camera: camera, speed: speed, changes: changes,
            end: durationNanoseconds)
        board.labels = labels
        return board
    }

    /// The reaction's settings for a model with these labels.
    func settings(labels: [String]) throws(FileError) -> EspalierReaction {
        try reaction.signalling(for: groups, among: labels)
    }
}

/// What a simulation leaves.
public struct SimulationRun: Sendable {
    public let trace: Trace
    /// One a trigger, in the order they ended, with real times.
    public let records: [EspalierReactionRecord]
    public let labels: [String]
    public let counters: ReactionCounters

    init(_ board: VirtualBoard, labels: [String]) {
        board.finish()
        trace = board.trace
        records = board.records
        self.labels = labels
        counters = board.records.reduce(into: ReactionCounters()) { $0.add($1) }
    }
}

private func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
}
