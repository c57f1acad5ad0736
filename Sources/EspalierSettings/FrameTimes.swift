import CEspalier
import EspalierFiles

/// Times of a reaction beside the frame rate of its camera: what cannot go together on a board, nor in the simulator.
struct FrameTimes {
    private let reaction: EspalierReaction
    private let camera: EspalierCamera

    init(_ reaction: EspalierReaction, _ camera: EspalierCamera) {
        self.reaction = reaction
        self.camera = camera
    }

    /// - Parameters:
    ///   - pretrigger: where a file says `pretrigger_ms`, or would.
    ///   - frames: likewise `deadline_ms`.
    ///   - silence: likewise `silence_ms`.
    func check(pretrigger: Place, frames: Place, silence: Place) throws(FileError) {
        try checkPretrigger(pretrigger)
        guard camera.millihertz > 0 else { return }
        let patience = reaction.frame_age_nanoseconds + reaction.deadline_nanoseconds
        if patience < period {
            throw frames.error(
                "and frame_age_ms are \(patience / 1_000_000) ms together, but a frame comes every "
                    + "\(period / 1_000_000) ms at \(rate) fps, so that some edges would find none",
                do: "give a deadline_ms of at least "
                    + "\((period - reaction.frame_age_nanoseconds + 999_999) / 1_000_000)")
        }
        if Int64(camera.silence_milliseconds) * 1_000_000 <= period {
            throw silence.error(
                "is \(camera.silence_milliseconds), but a frame comes every \(period / 1_000_000) ms at "
                    + "\(rate) fps",
                do: "make it longer, or raise fps")
        }
    }

    /// Nanoseconds from one frame to the next.
    private var period: Int64 { 1_000_000_000_000 / Int64(camera.millihertz) }

    private var rate: String { short(Double(camera.millihertz) / 1000) }

    /// - Throws: where the ring may have let go of the frame before the pre-trigger.
    private func checkPretrigger(_ place: Place) throws(FileError) {
        guard reaction.pretrigger_nanoseconds > 0 else { return }
        guard camera.millihertz > 0 else {
            throw place.error(
                "needs a camera of known frame rate", do: "give [camera] fps, or no pretrigger_ms")
        }
        // The newest frame may just have come: n frames reach back n - 1 periods.
        let held = Int64(camera.ring_frames - 1) * 1_000_000_000_000 / Int64(camera.millihertz)
        guard held < reaction.pretrigger_nanoseconds else { return }
        throw place.error(
            "is \(reaction.pretrigger_nanoseconds / 1_000_000), but \(camera.ring_frames) frames at "
                + "\(rate) fps reach back \(held / 1_000_000) ms",
            do: "raise [camera] ring, at most 16, or lower fps")
    }
}
