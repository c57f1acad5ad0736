/// What has failed and is tried again: soon at first, then ever more rarely, until it has shown that it works.
///
/// Opening it again shows nothing: a program that ends at once can be started as often as one likes.
struct Recovery {
    /// When to try; `Int64.max` while there is nothing to try.
    private(set) var time = Int64.max
    /// From the failure until it works again.
    private(set) var isTroubled = false
    private var pause: Int64 = 0
    /// Since when it has worked; `Int64.max` where it does not.
    private var start = Int64.max

    private static var shortest: Int64 { 250_000_000 }
    static var longest: Int64 { 5_000_000_000 }

    /// It failed, or could not be opened: each time in a row the pause is twice as long, up to five seconds. What has
    /// worked for so long is tried again soon.
    mutating func failed(now: Int64) {
        if start < now - Recovery.longest { pause = 0 }
        start = .max
        isTroubled = true
        pause = pause == 0 ? Recovery.shortest : min(pause &* 2, Recovery.longest)
        time = now + pause
    }

    /// It is open again, and has still to show that it works.
    mutating func opened() { time = .max }

    /// It works.
    ///
    /// - Returns: true where it did not before.
    mutating func works(now: Int64) -> Bool {
        let wasTroubled = isTroubled
        isTroubled = false
        start = min(start, now)
        time = .max
        return wasTroubled
    }
}
