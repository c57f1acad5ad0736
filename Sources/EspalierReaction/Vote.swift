import CEspalier

/// The frames of a burst, and for each output how many of them were in favour.
///
/// The vote ends with the burst, or before when no further frame can change any output's result.
struct Vote: Sendable {
    private(set) var frames: Int32 = 0
    private var favours = InlineArray<8, Int32>(repeating: 0)

    func votes(_ output: Int) -> Int32 { favours[output] }

    mutating func add(_ output: Int) { favours[output] += 1 }
    mutating func addFrame() { frames += 1 }

    func isOpen(_ output: Int, _ settings: EspalierReaction) -> Bool {
        let left = settings.burst_frames - frames
        return favours[output] < settings.burst_votes && favours[output] + left >= settings.burst_votes
    }
}
