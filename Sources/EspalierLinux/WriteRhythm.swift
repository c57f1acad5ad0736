import CLinux

/// How a program hands over what it writes: a burst of bytes, then a pause until the next. Programs write a frame in a
/// burst; where bursts are of another size than the frames declared, so are the program's frames.
///
/// It takes the time and the bytes, and does nothing else. Only pauses it has seen count: bytes that came while the model
/// ran may be of several bursts.
struct WriteRhythm {
    enum Finding: Equatable {
        /// The first burst is not over.
        case unknown
        /// It was no frame; more of them will tell.
        case doubtful
        /// A burst is a frame; or there is no telling, which is no reason to refuse frames.
        case fine
        /// Bursts are of so many bytes, several frames of the declared size at the declared rate: legitimate, and odd.
        case several(Int64)
        /// Bursts are of so many bytes, and no frames of the declared size.
        case foreign(Int64)
    }

    private(set) var finding = Finding.unknown
    /// True until the bursts have told what they can.
    private(set) var isListening = true
    /// Bursts were foreign before: that they are fine now has to be shown.
    private var isSuspect = false

    private let camera: UnsafePointer<EspalierCamera>
    private let frameBytes: Int64
    /// A pause so long ends a burst.
    private let pause: Int64
    /// How long frames are kept back for want of an answer.
    private let patience: Int64

    private var firstTime: Int64 = -1
    private var lastTime: Int64 = 0
    private var burst: Int64 = 0
    private var burstTime: Int64 = 0
    private var isDisturbed = false
    /// The size that bursts agree on, how many do, and how many in between do not.
    private var candidate: Int64 = 0
    private var agreeing: Int32 = 0
    private var others: Int32 = 0
    private var candidateTime: Int64 = 0
    private var intervals: Int64 = 0
    /// What came in those intervals.
    private var intervalBytes: Int64 = 0
    private var lastBytes: Int64 = 0
    private var bursts: Int32 = 0

    private static var enough: Int32 { 6 }
    /// After so many bursts without an answer there is none.
    private static var mostBursts: Int32 { 40 }

    init(_ camera: UnsafePointer<EspalierCamera>, frameBytes: UInt32) {
        self.camera = camera
        self.frameBytes = espalier_wide(Int(frameBytes))
        let period = espalier_frame_period(camera)
        let isKnown = camera.pointee.millihertz > 0
        pause = isKnown ? min(max(period / 4, 2_000_000), 50_000_000) : 8_000_000
        let silence = nanoseconds(milliseconds: camera.pointee.silence_milliseconds)
        patience = silence > 0 ? min(2_000_000_000, silence / 4) : 2_000_000_000
    }

    /// True where frames may be used.
    var isUsable: Bool {
        switch finding {
        case .fine, .several: !isSuspect
        case .unknown, .doubtful, .foreign: false
        }
    }

    /// True where bursts have told what size frames have.
    var isTold: Bool { !isListening || candidate == frameBytes && agreeing >= 2 }

    /// True while it takes some time to find out whether frames may be used.
    var isUndecided: Bool { !isSuspect && (finding == .unknown || finding == .doubtful) }

    /// When a pause would end the burst.
    var wakeTime: Int64 { isListening && burst > 0 ? lastTime + pause : .max }

    /// The program has been started anew.
    mutating func start() {
        finding = .unknown
        isListening = true
        firstTime = -1
        burst = 0
        isDisturbed = false
        candidate = 0
        agreeing = 0
        bursts = 0
    }

    /// Bytes are here. Were they due for a while, they are not told apart from those before.
    mutating func take(_ bytes: Int64, now: Int64) {
        guard isListening else { return }
        if firstTime < 0 { firstTime = now }
        if burst == 0 { burstTime = now }
        burst += bytes
        lastTime = now
        loseHope(now)
    }

    /// Nothing is here.
    mutating func rest(now: Int64) {
        guard isListening, firstTime >= 0 else { return }
        if burst > 0 && now >= lastTime + pause { endBurst() }
        loseHope(now)
    }

    /// The program's output is at its end. All it wrote was one burst, if no pause was seen.
    mutating func end() {
        guard finding == .unknown, burst > 0 else { return }
        var guess = EspalierGuess()
        let isWhole = burst % frameBytes == 0
        let isOne = burst == frameBytes
        let mayBeLarger = espalier_guess_frames(burst, camera, 1, &guess) != 0
        finding = isWhole && (isOne || !mayBeLarger) ? .fine : .doubtful
    }

    /// The board did something else for a while: what comes now may be of more than one burst.
    mutating func disturb() { isDisturbed = true }

    // MARK: Bursts

    private mutating func endBurst() {
        let bytes = burst
        burst = 0
        bursts &+= 1
        if isDisturbed && candidate > 0 && bytes != candidate {
            // It may be several bursts, or a part of one: it tells nothing, and takes nothing back.
            intervals += max(1, bytes / candidate)
            intervalBytes += lastBytes
            lastBytes = bytes
        } else {
            count(bytes)
        }
        isDisturbed = false
        if finding == .unknown || finding == .doubtful {
            finding = bytes == frameBytes ? .fine : .doubtful
        }
        if agreeing >= WriteRhythm.enough { judge() }
        if isListening && bursts >= WriteRhythm.mostBursts {
            // What was foreign has to show its size, however long that takes.
            if isSuspect { bursts = 0 } else { settle(.fine) }
        }
    }

    private mutating func count(_ bytes: Int64) {
        intervalBytes += lastBytes
        lastBytes = bytes
        if bytes == candidate {
            agreeing &+= 1
            intervals += 1
        } else if candidate > 0 && others == 0 && agreeing > 1 {
            others = 1
            intervals += max(1, bytes / candidate)
        } else {
            candidate = bytes
            candidateTime = burstTime
            agreeing = 1
            others = 0
            intervals = 0
            intervalBytes = 0
        }
    }

    private mutating func judge() {
        if candidate == frameBytes { return settle(.fine) }
        let isWhole = candidate % frameBytes == 0 || frameBytes % candidate == 0
        // What copies in blocks of its own size, or has a buffer, writes bursts that are no frames either.
        let isBlock = candidate % 512 == 0
        if !isWhole && !isBlock { return settle(.foreign(candidate)) }
        if isPowerOfTwo || !isWhole && isCutByBuffer { return settle(.fine) }
        var guess = EspalierGuess()
        let isExplained = espalier_guess_frames(candidate, camera, 1, &guess) != 0
        // A camera has frames of just that size, in the format declared: nobody hands over 640x480 as four of 320x240.
        if isExplained && guess.format == camera.pointee.format && candidate > frameBytes {
            return settle(.foreign(candidate))
        }
        let period = espalier_frame_period(camera)
        let isRateKnown = camera.pointee.millihertz > 0
        let time = burstTime - candidateTime
        // Frames of the declared size come at the declared rate: it writes several at a time, or one in parts.
        if isRateKnown && isNear(time * frameBytes / max(intervalBytes, 1), period) {
            return settle(isExplained && candidate > frameBytes ? .several(candidate) : .fine)
        }
        // Bursts come at the declared rate: they are the frames. Or a camera has such frames.
        let isFrameEach = isRateKnown && isNear(time / max(intervals, 1), period)
        settle(isFrameEach || isExplained ? .foreign(candidate) : .fine)
    }

    /// As the blocks of copying programs are.
    private var isPowerOfTwo: Bool { candidate & (candidate - 1) == 0 }

    /// Frames with the rest of the one before, and without their own, which a buffer keeps back.
    private var isCutByBuffer: Bool {
        let frames = max(1, (candidate + frameBytes / 2) / frameBytes)
        let rest = candidate - frames * frameBytes
        return candidate % 4096 == 0 && rest > -65_536 && rest < 65_536
    }

    /// Within ten per cent.
    private func isNear(_ one: Int64, _ other: Int64) -> Bool {
        let difference = one > other ? one - other : other - one
        return difference * 10 <= other
    }

    private mutating func settle(_ finding: Finding) {
        self.finding = finding
        isListening = false
        if case .foreign = finding { isSuspect = true } else { isSuspect = false }
    }

    /// There is a time for frames to be kept back, longer where bursts begin to agree on a foreign size.
    private mutating func loseHope(_ now: Int64) {
        if isSuspect { return }
        switch finding {
        case .unknown:
            // No pause at all: a stream that says nothing.
            if now >= firstTime + min(patience, 500_000_000) { finding = .fine }
        case .doubtful:
            let isTelling = agreeing >= 3 && candidate != frameBytes
            if now >= firstTime + (isTelling ? 2 * patience : patience) { finding = .fine }
        default: break
        }
    }
}
