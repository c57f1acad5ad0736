/// When to try again something that failed: soon at first, then ever more rarely.
struct BackOff {
    /// When to try; `Int64.max` while there is nothing to try.
    private(set) var time = Int64.max
    private var pause: Int64 = 0

    private static var shortest: Int64 { 250_000_000 }
    private static var longest: Int64 { 5_000_000_000 }

    /// It failed: each time in a row the pause is twice as long, up to five seconds.
    mutating func failed(now: Int64) {
        pause = pause == 0 ? BackOff.shortest : min(pause &* 2, BackOff.longest)
        time = now + pause
    }

    mutating func succeeded() {
        pause = 0
        time = .max
    }
}
