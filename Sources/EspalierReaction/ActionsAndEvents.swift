// The language between the machine and whoever does what it asks for.

/// What the machine asks for. Each is answered with one of the events named.
public enum Action: Sendable {
    /// Wait for an edge until a time. `.edge`, `.deadline`, `.trouble` or `.stop`.
    case wait(until: Int64)
    /// The same, and for a frame with a higher sequence number: `.frameReady` as well.
    case waitForFrame(after: Int64, until: Int64)
    /// Look at the newest frame. `.frame`, `.noFrame` or `.cameraFailed`.
    case capture
    /// Look at the frame nearest to a time, of those with a higher sequence number. The same events.
    case captureNearest(time: Int64, after: Int64)
    /// Give that frame to the classifier. `.prepared` or `.classifierFailed`.
    case prepare
    /// Classify it. `.verdict` or `.classifierFailed`.
    case run
    /// Set an output line. `.lineSet` or `.lineFailed`.
    case setLine(Int32, high: Bool)
    /// Tell the watchdog that all is well. `.watchdogFed`.
    case feedWatchdog
    /// Pass on `record`. `.reported`.
    case report
    /// End. The outputs are safe, every trigger reported.
    case finish
}

/// What came of an action.
public enum Event: Sendable {
    /// - stopwatch: real nanoseconds when the edge was read, 0 if unknown.
    case edge(Edge, stopwatch: Int64)
    case frameReady
    case deadline
    /// The board has trouble, or has it no more.
    case trouble(Bool)
    case stop
    case frame(time: Int64, sequence: Int64)
    case noFrame
    case cameraFailed
    case prepared
    /// - nanoseconds: real ones of the run, 0 if unknown.
    case verdict(Verdict, nanoseconds: Int64)
    case classifierFailed
    /// - stopwatch: real nanoseconds when the line had been written, 0 if unknown.
    case lineSet(stopwatch: Int64)
    case lineFailed
    case reported
    case watchdogFed
}
