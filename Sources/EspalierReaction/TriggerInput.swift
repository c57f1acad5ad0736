import CEspalier

/// One trigger: from the edges of its line, or the beats of its period, to the moments it fires.
///
/// Debouncing goes by the kernel's time stamps, not by when an edge is read: an edge counts once its level has
/// lasted for the debounce time, and keeps its own time. An edge in between takes it back.
///
///     line      ▁▁▁▔▁▔▁▁▔▔▔▔▔▔▔▔▔▔
///     edge that fires   ▲
///     known then            ▲  edge + debounce
struct TriggerInput: Sendable {
    let settings: EspalierTrigger
    /// When it fired, `Int64.max` when it has not: to be taken before the next edge is handled.
    private(set) var firedTime = Int64.max
    private(set) var firedStopwatch: Int64 = 0
    /// The edges that did not last.
    private(set) var bounces = 0
    private(set) var missedBeats: Int64 = 0
    /// The level that fires, for edges in one direction; high for both.
    private(set) var isActive = false
    /// The time of the edge that `isActive` comes from.
    private(set) var changeTime = Int64.min
    /// The line is active for longer than anybody should be.
    private(set) var isStuck = false
    /// Edges before these are refused.
    var cooldownEnd = Int64.min
    var holdOffEnd = Int64.min

    private var isHigh = false
    /// `isHigh` is not known before the first edge, which began at the other level.
    private var isLevelKnown = false
    /// The edge that waits for its debounce time, `Int64.max` for none.
    private var pendingTime = Int64.max
    private var pendingRising = false
    private var pendingStopwatch: Int64 = 0
    private var stuckTime = Int64.max
    private var beatTime = Int64.max

    init(_ settings: EspalierTrigger) { self.settings = settings }

    /// The first beat is a period after the start.
    mutating func start(now: Int64) {
        if settings.period_nanoseconds > 0 { beatTime = now + settings.period_nanoseconds }
    }

    /// When something is due without an edge.
    var wakeTime: Int64 { min(pendingEnd, min(stuckTime, beatTime)) }

    private var pendingEnd: Int64 {
        pendingTime == .max ? .max : pendingTime + settings.debounce_nanoseconds
    }

    mutating func take(_ edge: Edge, _ stopwatch: Int64) {
        guard settings.period_nanoseconds == 0, edge.line == settings.line else { return }
        if settings.debounce_nanoseconds == 0 { return accept(edge.time, edge.rising, stopwatch) }
        if !isLevelKnown { isHigh = !edge.rising }
        isLevelKnown = true
        pass(edge.time)
        if pendingTime != .max {
            bounces &+= 1
            if edge.rising == isHigh {
                pendingTime = .max
                return
            }
        }
        pendingTime = edge.time
        pendingRising = edge.rising
        pendingStopwatch = stopwatch
    }

    /// No edge with an earlier time is to come.
    mutating func pass(_ time: Int64) {
        if time >= pendingEnd {
            accept(pendingTime, pendingRising, pendingStopwatch)
            pendingTime = .max
        }
        if time >= stuckTime {
            stuckTime = .max
            isStuck = true
        }
        if time >= beatTime {
            let missed = (time - beatTime) / settings.period_nanoseconds
            missedBeats &+= missed
            firedTime = beatTime + missed * settings.period_nanoseconds
            firedStopwatch = 0
            beatTime = firedTime + settings.period_nanoseconds
        }
    }

    private mutating func accept(_ time: Int64, _ rising: Bool, _ stopwatch: Int64) {
        isHigh = rising
        changeTime = time
        isActive = rising == (settings.edge != ESPALIER_EDGE_FALLING)
        isStuck = false
        stuckTime = isActive && settings.stuck_nanoseconds > 0 ? time + settings.stuck_nanoseconds : .max
        guard settings.fires(onRising: rising) else { return }
        firedTime = time
        firedStopwatch = stopwatch
    }

    mutating func clearFired() { firedTime = .max }

    /// Nothing fires any more.
    mutating func stop() {
        if pendingTime != .max { bounces &+= 1 }
        pendingTime = .max
        stuckTime = .max
        beatTime = .max
    }
}
