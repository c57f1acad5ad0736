public import CEspalier

/// Everything that happened in simulated time, in order. Nothing in it depends on the machine it ran on: the
/// same scenario gives the same trace, in this process or with a firmware of its own, byte for byte.
public struct Trace: Equatable, Sendable {
    public enum Entry: Equatable, Sendable {
        /// A line has this level from now on.
        case line(time: Int64, name: String, high: Bool)
        /// A frame was read; `checksum` is FNV-1a over its pixels.
        case frame(time: Int64, number: Int, exposed: Int64, checksum: UInt32)
        case captureFailed(time: Int64)
        /// A trigger came to its end.
        case reaction(time: Int64, Reaction)
        case end(time: Int64)
    }

    public internal(set) var entries: [Entry] = []

    public init() {}

    /// One line an entry, times in seconds.
    public var text: String {
        entries.reduce(into: "") { $0 += $1.text + "\n" }
    }
}

/// A trigger's record without what differs from run to run: no real time. Absent times are nil.
public struct Reaction: Equatable, Sendable {
    public var trigger: Int64
    /// Which of the settings' triggers.
    public var triggerIndex: Int32
    public var outcome: Outcome
    public var edgeTime: Int64
    public var frameTime: Int64?
    public var frameNumber: Int64?
    public var runTime: Int64?
    public var verdictTime: Int64?
    public var signalTime: Int64?
    /// -1 without a verdict.
    public var classIndex: Int32
    /// The class's label, or its number where the model has no labels.
    public var label: String
    public var score: Int32
    public var permille: Int32
    public var signalled: Bool
    /// Classified, and how many of them were in favour.
    public var frames: Int32
    public var votes: Int32
    public var blocksKept: UInt32
    public var blocksPruned: UInt32
    public var blocksSkipped: UInt32

    /// - Parameter labels: the model's, by class.
    public init(_ record: EspalierReactionRecord, labels: [String]) {
        func time(_ value: Int64) -> Int64? { value == -1 ? nil : value }
        trigger = record.trigger
        triggerIndex = record.trigger_index
        outcome = Outcome(rawValue: record.outcome) ?? .stopped
        edgeTime = record.edge_time
        frameTime = time(record.frame_time)
        frameNumber = time(record.frame_sequence)
        runTime = time(record.run_time)
        verdictTime = time(record.verdict_time)
        signalTime = time(record.signal_time)
        classIndex = record.class_index
        let index = Int(record.class_index)
        label = index < 0 ? "" : labels.indices.contains(index) ? labels[index] : "class \(index)"
        score = record.score
        permille = record.permille
        signalled = record.signalled != 0
        frames = record.frames
        votes = record.votes
        blocksKept = record.blocks_kept
        blocksPruned = record.blocks_pruned
        blocksSkipped = record.blocks_skipped
    }

    /// From the frame's exposure to the edge; negative for a frame taken after it.
    public var frameAgeNanoseconds: Int64? { frameTime.map { edgeTime - $0 } }

    /// Of the model, in simulated time.
    public var inferenceNanoseconds: Int64? {
        guard let runTime, let verdictTime else { return nil }
        return verdictTime - runTime
    }

    /// From the edge to the signal, in simulated time.
    public var edgeToSignalNanoseconds: Int64? { signalTime.map { $0 - edgeTime } }
}

/// What became of a trigger: `ESPALIER_OUTCOME_*`.
public enum Outcome: Int32, Sendable {
    case verdict = 1
    case cooldown, busy, noFrame, frameTooOld, cameraFailed, classifierFailed, stopped, holdOff

    /// In one or two words, where room is scarce.
    var word: String {
        switch self {
        case .verdict, .cooldown, .busy, .stopped: "\(self)"
        case .holdOff: "hold-off"
        case .noFrame: "no frame"
        case .frameTooOld: "frame too old"
        case .cameraFailed: "camera failed"
        case .classifierFailed: "unfit frame"
        }
    }

    /// In words, to follow the trigger's number.
    public var words: String {
        switch self {
        case .verdict: "classified"
        case .cooldown: "refused in the cooldown"
        case .busy: "refused while busy"
        case .holdOff: "refused in the hold-off"
        case .noFrame: "no frame by the deadline"
        case .frameTooOld: "no frame new enough by the deadline"
        case .cameraFailed: "the camera failed"
        case .classifierFailed: "the frame does not fit the model"
        case .stopped: "stopped before its verdict"
        }
    }
}

// MARK: - Text

extension Trace.Entry {
    /// The entry in one line.
    public var text: String {
        switch self {
        case .line(let time, let name, let high): "\(seconds(time)) line \(name) \(high ? "high" : "low")"
        case .frame(let time, let number, let exposed, let checksum):
            "\(seconds(time)) frame \(number) of \(seconds(exposed)) checksum \(hexadecimal(checksum))"
        case .captureFailed(let time): "\(seconds(time)) capture failed"
        case .reaction(let time, let reaction): "\(seconds(time)) trigger \(reaction.text)"
        case .end(let time): "\(seconds(time)) end"
        }
    }
}

extension Reaction {
    var text: String {
        var words = "\(trigger) edge \(seconds(edgeTime)) \(outcome)"
        if let frameNumber, let frameTime { words += " frame \(frameNumber) of \(seconds(frameTime))" }
        if let runTime { words += " run \(seconds(runTime))" }
        guard let verdictTime else { return words }
        words +=
            " verdict \(seconds(verdictTime)) class \(classIndex) \(label) score \(score)"
        words += " permille \(permille)"
        words += " blocks \(blocksKept) kept \(blocksPruned) pruned \(blocksSkipped) skipped"
        if frames > 1 { words += " votes \(votes) of \(frames)" }
        if let signalTime { words += " \(signalled ? "high" : "low") \(seconds(signalTime))" }
        return words
    }
}

/// Nanoseconds as seconds with nine decimals.
func seconds(_ nanoseconds: Int64) -> String {
    let magnitude = nanoseconds.magnitude
    let fraction = String(magnitude % 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - fraction.count)
    return "\(nanoseconds < 0 ? "-" : "")\(magnitude / 1_000_000_000).\(zeros)\(fraction)"
}

private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}

/// FNV-1a, 32 bits. Source: Fowler, Noll and Vo, "The FNV Non-Cryptographic Hash Algorithm" (IETF draft).
func checksum(_ bytes: [UInt8]) -> UInt32 {
    var hash: UInt32 = 0x811C_9DC5
    for byte in bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return hash
}

// MARK: - Lines

/// A level a line took, and when: what a test compares a line's history with.
public struct Level: Equatable, Sendable {
    public let high: Bool
    public let time: Int64

    /// - Parameter seconds: since the start, to the nanosecond.
    public static func high(at seconds: Double) -> Level {
        Level(high: true, time: Int64((seconds * 1e9).rounded()))
    }

    /// - Parameter seconds: since the start, to the nanosecond.
    public static func low(at seconds: Double) -> Level {
        Level(high: false, time: Int64((seconds * 1e9).rounded()))
    }
}

extension Trace {
    /// The history of one line, from its level at the start.
    public func levels(of name: String) -> [Level] {
        entries.compactMap { entry in
            guard case .line(let time, name, let high) = entry else { return nil }
            return Level(high: high, time: time)
        }
    }

    /// The names of all lines, inputs first.
    public var lines: [String] {
        var names: [String] = []
        for case .line(0, let name, _) in entries {
            if names.contains(name) { break }
            names.append(name)
        }
        return names
    }

    /// When it ended, in nanoseconds; 0 for a trace that has not.
    public var endNanoseconds: Int64 {
        if case .end(let time) = entries.last { time } else { 0 }
    }
}
