import CLinux

/// The kernel's monotonic clock, read no more often than something can have taken time since: where reading it is a
/// system call, five of them would take longer than all the rest between an edge and a line.
///
/// The loop asks for the time after every action, and for the stopwatch before and after those it measures. What it
/// gets twice is never older than the board's last wait, the model's last run or the line's last write.
struct DeviceClock {
    private enum State {
        /// Nobody has read the clock since something took time.
        case stale
        /// It was read, and may be told once more.
        case told
        case toldTwice
    }

    /// The last reading, in nanoseconds.
    private(set) var time: Int64 = 0
    private var state = State.stale

    /// Reads the clock.
    mutating func read() -> Int64 {
        time = espalier_monotonic_nanoseconds()
        state = .told
        return time
    }

    /// Something is about to take time.
    mutating func passes() { state = .stale }

    /// The next action takes no time worth a reading.
    mutating func stands() { state = .toldTwice }

    /// The time after an action: that of a stopwatch read just before, or a new reading.
    mutating func now() -> Int64 {
        guard state == .toldTwice else { return read() }
        state = .told
        return time
    }

    /// Before an action the last reading serves; after it a new one does.
    mutating func stopwatch() -> Int64 {
        switch state {
        case .told: state = .toldTwice
        case .stale, .toldTwice:
            time = espalier_monotonic_nanoseconds()
            state = .toldTwice
        }
        return time
    }
}
