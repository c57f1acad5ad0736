import CEspalier

/// One output line: which level it is to have, and when that changes by itself.
struct OutputDriver: Sendable {
    /// A line that the board refuses to set is tried again after this long.
    static var retryNanoseconds: Int64 { 10_000_000 }

    let settings: EspalierOutput
    /// The level, as far as it is known.
    private(set) var isHigh: Bool
    /// The level to write, when a write is due.
    private(set) var target = false
    private(set) var isDue = false
    /// When `advance` has something to do.
    private(set) var wakeTime = Int64.max
    private var beatTime = Int64.max
    /// The last write failed; `target` is tried again at `wakeTime`.
    private var isRetrying = false

    init(_ settings: EspalierOutput) {
        self.settings = settings
        isHigh = settings.safe_high != 0
    }

    mutating func start(now: Int64) {
        isDue = isHigh
        guard settings.mode == ESPALIER_OUTPUT_HEARTBEAT else { return }
        beatTime = now
        wakeTime = now
    }

    /// True for a score that a verdict signals with: hysteresis counts while the output signals.
    func passes(_ permille: Int32) -> Bool {
        let signals = isHigh && settings.mode != ESPALIER_OUTPUT_TOGGLE
        return permille >= (signals ? settings.threshold_low_permille : settings.threshold_high_permille)
    }

    /// Takes a verdict; true where the line is to be written because of it.
    mutating func decide(_ positive: Bool) -> Bool {
        guard positive || settings.mode == ESPALIER_OUTPUT_FOLLOW && isHigh else { return false }
        request(positive && !(settings.mode == ESPALIER_OUTPUT_TOGGLE && isHigh))
        return true
    }

    /// Sets the level, if it is not that already, or soon will be.
    mutating func show(_ high: Bool) {
        if high != (isDue || isRetrying ? target : isHigh) { request(high) }
    }

    /// What is not known to be there is not signalled.
    mutating func lowerWithoutVerdict() {
        if settings.mode == ESPALIER_OUTPUT_FOLLOW { show(false) }
    }

    /// The trigger's line has become inactive.
    mutating func release(_ now: Int64) {
        guard settings.mode == ESPALIER_OUTPUT_HOLD, isHigh, wakeTime == .max else { return }
        wakeTime = now + settings.duration_nanoseconds
    }

    mutating func advance(_ now: Int64) {
        guard now >= wakeTime else { return }
        request(settings.mode == ESPALIER_OUTPUT_HEARTBEAT ? !isHigh : retryTarget)
    }

    /// Only a fault line is tried again with a high level.
    private var retryTarget: Bool { settings.mode == ESPALIER_OUTPUT_FAULT && target }

    private mutating func request(_ high: Bool) {
        target = high
        isDue = true
        isRetrying = false
        wakeTime = .max
    }

    /// - held: a trigger that concerns this output is active.
    mutating func wasWritten(_ now: Int64, held: Bool) {
        isDue = false
        isHigh = target
        switch settings.mode {
        case ESPALIER_OUTPUT_PULSE: wakeTime = isHigh ? now + settings.duration_nanoseconds : .max
        case ESPALIER_OUTPUT_HOLD: wakeTime = isHigh && !held ? now + settings.duration_nanoseconds : .max
        case ESPALIER_OUTPUT_HEARTBEAT: nextBeat(now)
        default: wakeTime = .max
        }
    }

    /// Beats keep to the grid they started on.
    private mutating func nextBeat(_ now: Int64) {
        if beatTime == .max { return }
        beatTime += ((now - beatTime) / settings.duration_nanoseconds + 1) * settings.duration_nanoseconds
        wakeTime = beatTime
    }

    /// The line's level is now unknown: it is lowered at once after a verdict, and otherwise after a while.
    mutating func failed(_ now: Int64, afterVerdict: Bool) {
        isDue = false
        isRetrying = true
        if afterVerdict {
            isHigh = true
            target = false
        }
        wakeTime = afterVerdict ? now : now + OutputDriver.retryNanoseconds
    }

    /// Only the safe level is left to be set.
    mutating func stop() {
        beatTime = .max
        wakeTime = .max
        target = settings.safe_high != 0
        isDue = isHigh != target
    }

    /// Stopping does not wait for a line that cannot be set.
    mutating func giveUp() { isDue = false }
}
