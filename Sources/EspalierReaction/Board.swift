public import CEspalier

// The board contract: what the reaction needs from a board. A board is one type that conforms to all of it;
// the simulator's is one, the link to a firmware process another, and nothing in this room knows which it
// runs on.
//
// Everything is called from one thread. Times are nanoseconds of one monotonic clock, the clock the kernel
// stamps edges and frames with.

/// A board: its clock, its input lines, its output lines, its camera, its watchdog and where its records go.
public typealias Board = BoardClock & EdgeSource & OutputLine & FrameSource & Watchdog & RecordSink

/// The board's clock.
public protocol BoardClock {
    /// The time now, in nanoseconds.
    mutating func now() -> Int64

    /// Says that the model has just done this many multiply-accumulates. A simulated clock moves on by the
    /// time its board would have taken; a real one has moved already and ignores it.
    mutating func worked(macs: UInt64)

    /// Nanoseconds of real time, for measurements only: never decides anything. 0 where it is not measured.
    mutating func stopwatch() -> Int64
}

/// The board's input lines.
public protocol EdgeSource {
    /// Waits for the first of an edge, a frame, a time and the end.
    ///
    /// Edges that came while nobody waited are kept in order and returned first, each with its own time. Both
    /// directions of every line are returned, whichever of them the settings call a trigger: debouncing,
    /// holding and the search for stuck lines need the other one as well.
    ///
    /// - Parameters:
    ///   - until: return `.deadline` at this time; `Int64.max` waits for ever.
    ///   - frameAfter: return `.frame` once the camera has a frame with a higher sequence number;
    ///     `Int64.max` does not wake for frames.
    mutating func wait(until: Int64, frameAfter: Int64) -> Wake
}

/// Why a wait ended.
public enum Wake: Sendable {
    case edge(Edge)
    case frame
    case deadline
    /// Something of the board's has failed that is being mended, such as a camera that was unplugged (true), or
    /// all of it is well again (false).
    case trouble(Bool)
    /// The program is to end: the operator stopped it, or the board is gone.
    case stop
}

/// A change of level on an input line.
public struct Edge: Sendable {
    /// Index of the line.
    public let line: Int32
    /// From low to high.
    public let rising: Bool
    /// The kernel's time stamp, in nanoseconds; not the moment it was read.
    public let time: Int64

    public init(line: Int32, rising: Bool, time: Int64) {
        self.line = line
        self.rising = rising
        self.time = time
    }
}

/// The board's output lines. Before the first call each has its safe level, `EspalierOutput.safe_high`.
public protocol OutputLine {
    mutating func setLine(_ line: Int32, high: Bool) throws(LineFailure)
}

/// The kernel refused to set a line.
public struct LineFailure: Error {
    public init() {}
}

/// The board's camera.
public protocol FrameSource {
    /// The newest complete frame, without waiting for one, or nil if there is none yet.
    ///
    /// Its pixels stay as they are until the next call.
    mutating func newestFrame() throws(CameraFailure) -> Frame?

    /// Of the frames the board still has, in a ring as long as it likes, and whose sequence number is higher
    /// than `after`: the one taken nearest to `time`, of two as near the earlier. Nil if there is none yet.
    ///
    /// Its pixels stay as they are until the next call.
    mutating func frame(nearest time: Int64, after sequence: Int64) throws(CameraFailure) -> Frame?
}

/// The camera reported an error instead of a frame.
public struct CameraFailure: Error {
    public init() {}
}

/// A frame with the moment it was taken.
public struct Frame {
    /// The pixels, owned by the frame source.
    public let image: EspalierFrame
    /// When its exposure began, in nanoseconds.
    public let time: Int64
    /// The camera's running number, from 0; frames the camera lost leave a gap.
    public let sequence: Int64

    public init(image: EspalierFrame, time: Int64, sequence: Int64) {
        self.image = image
        self.time = time
        self.sequence = sequence
    }
}

/// What restarts the program when it hangs.
public protocol Watchdog {
    /// The reaction is alive. Called as often as `watchdog_nanoseconds` asks for; never from inside a run of
    /// the model, so the watchdog's patience has to exceed the settings' by the longest run.
    mutating func feedWatchdog()
}

/// Where the records of triggers go.
public protocol RecordSink {
    mutating func report(_ record: EspalierReactionRecord)
}
