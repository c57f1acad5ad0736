public import EspalierFiles

/// Makes the pictures a virtual camera sees: a rendered scene, files, a pattern of a test's own.
public protocol FrameGenerator: Sendable {
    /// The picture at a moment; the same arguments always give the same picture.
    ///
    /// - Parameters:
    ///   - time: nanoseconds since the start of the simulation.
    ///   - number: the camera's running number of the frame, from 0.
    func frame(at time: Int64, number: Int) -> Image
}

/// A camera of simulated time. Frame n is exposed at n frame periods and can be read `latencyNanoseconds`
/// later, so the newest frame has a real age.
public struct VirtualCamera: Sendable {
    /// Pixels, 1 ... 4095 each.
    public var width = 160
    public var height = 120
    /// 0.01 ... 1000.
    public var framesPerSecond = 10.0
    /// Exposure and transfer: from the start of a frame's exposure to its arrival.
    public var latencyNanoseconds: Int64 = 30_000_000
    /// How many of the newest frames the board keeps to look back at, 1 ... 16.
    public var ringFrames = 16
    /// Fault: numbers of the captures, from 1, at which the camera reports an error.
    public var failingCaptures: Set<Int> = []
    /// Fault: numbers of the frames, from 0, that never arrive.
    public var missingFrames: Set<Int> = []

    private var views: [(from: Int64, generator: any FrameGenerator)] = []

    public init() {}

    /// From a time in nanoseconds on, the camera sees this. Of two views from one time the later call counts.
    public mutating func show(_ generator: any FrameGenerator, from time: Int64) {
        let position = views.firstIndex { $0.from > time } ?? views.count
        views.insert((time, generator), at: position)
    }

    /// Nanoseconds from one frame to the next.
    public var periodNanoseconds: Int64 { Int64((1_000_000_000 / framesPerSecond).rounded()) }

    /// When a frame's exposure begins; `Int64.max` for a frame beyond all time.
    public func time(ofFrame number: Int) -> Int64 {
        let (time, overflow) = Int64(number).multipliedReportingOverflow(by: periodNanoseconds)
        return overflow ? .max : time
    }

    /// The newest frame that has arrived by a time, or nil before the first.
    public func newestFrame(at time: Int64) -> Int? {
        guard time >= latencyNanoseconds else { return nil }
        var number = Int((time - latencyNanoseconds) / periodNanoseconds)
        while missingFrames.contains(number) { number -= 1 }
        return number >= 0 ? number : nil
    }

    /// Of the newest `ringFrames` frames that have arrived by `now` with a higher number than `sequence`: the one
    /// taken nearest to a time, of two as near the earlier.
    public func frame(nearest wanted: Int64, after sequence: Int, at now: Int64) -> Int? {
        guard var candidate = newestFrame(at: now) else { return nil }
        var best: Int?
        var kept = 0
        while kept < ringFrames, candidate > sequence, candidate >= 0 {
            if !missingFrames.contains(candidate) {
                kept += 1
                let isNearer = best.map { distance(candidate, wanted) <= distance($0, wanted) } ?? true
                if isNearer { best = candidate }
            }
            candidate -= 1
        }
        return best
    }

    private func distance(_ number: Int, _ wanted: Int64) -> UInt64 {
        let time = time(ofFrame: number)
        return time > wanted ? (time - wanted).magnitude : (wanted - time).magnitude
    }

    /// The first frame with a higher number than this that is not missing.
    func firstFrame(after number: Int) -> Int {
        var next = min(max(number, -1), Int.max / 2) + 1
        while missingFrames.contains(next) { next += 1 }
        return next
    }

    /// When the first frame with a higher number than this arrives.
    public func arrival(after number: Int) -> Int64 {
        let next = firstFrame(after: number)
        let (arrival, overflow) = time(ofFrame: next).addingReportingOverflow(latencyNanoseconds)
        return overflow ? .max : arrival
    }

    /// The picture of a frame; mid-grey while nothing is shown.
    public func image(ofFrame number: Int) -> Image {
        let time = time(ofFrame: number)
        guard let view = views.last(where: { $0.from <= time }) else {
            return Image(width: width, height: height, channels: 3, filledWith: 128)
        }
        return view.generator.frame(at: time, number: number)
    }
}
