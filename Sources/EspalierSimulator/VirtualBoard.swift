public import CEspalier
import EspalierFiles
public import EspalierReaction

/// How fast the simulated processor is.
public struct BoardSpeed: Equatable, Sendable {
    /// Multiply-accumulates of kept blocks that it does in a microsecond; above 0.
    public var macsPerMicrosecond = 500.0
    /// Of every run besides: preparing the frame, starting, reading the scores.
    public var overheadNanoseconds: Int64 = 500_000

    public init() {}

    /// How long a run with so many multiply-accumulates takes; a day at most, besides the overhead.
    public func nanoseconds(macs: UInt64) -> Int64 {
        let nanoseconds = (Double(macs) * 1000 / macsPerMicrosecond).rounded()
        return overheadNanoseconds + Int64(min(nanoseconds, 86_400_000_000_000))
    }
}

/// A line of a simulated board. Levels are electrical ones: what a meter at the line would show.
public struct VirtualLine: Equatable, Sendable, ExpressibleByStringLiteral {
    public var name: String
    /// The level before the start: of an input where it rests until somebody changes it, of an output the safe one.
    public var restsHigh: Bool
    /// The reaction takes a low level for high, and the other way round.
    public var isActiveLow: Bool

    public init(_ name: String, restsHigh: Bool = false, isActiveLow: Bool = false) {
        self.name = name
        self.restsHigh = restsHigh
        self.isActiveLow = isActiveLow
    }

    /// A line that is low before the start and means what it shows.
    public init(stringLiteral name: String) { self.init(name) }
}

/// A change of level somebody outside the board makes on an input line. At 0 it is made before the start.
public struct LevelChange: Equatable, Sendable {
    public var time: Int64
    /// Index of the input line.
    public var line: Int
    /// The electrical level.
    public var high: Bool

    public init(time: Int64, line: Int, high: Bool) {
        self.time = time
        self.line = line
        self.high = high
    }
}

/// A board of simulated time: lines, a camera, a clock that moves only when somebody waits or works.
///
/// It keeps the trace of all that happens. Everything is decided by what it is made from; there is no real
/// time and no chance in it.
public final class VirtualBoard {
    public private(set) var trace = Trace()
    /// The records of all triggers that came to an end, with the real times the trace leaves out.
    public private(set) var records: [EspalierReactionRecord] = []
    /// The model's labels by class, for the trace.
    public var labels: [String] = []
    /// Measures real time for the records; without one they say unknown.
    public var realNanoseconds: (() -> Int64)?

    private let inputs: [VirtualLine]
    private let outputs: [VirtualLine]
    private let camera: VirtualCamera
    private let speed: BoardSpeed
    private let end: Int64
    private var time: Int64 = 0
    private var changes: ArraySlice<LevelChange>
    private var inputLevels: [Bool]
    private var outputLevels: [Bool]
    private var edges: [Edge] = []
    /// How often the watchdog was fed.
    public private(set) var watchdogFeeds = 0
    private var captures = 0
    private var image: Image?
    private var imageNumber = -1
    private var pixels = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

    /// - Parameters:
    ///   - changes: of input lines, in any order. Those at 0 or before set the level before the start, which is no
    ///     edge, as on any board; those at or after the end never happen.
    ///   - end: when `wait` says stop.
    public init(
        inputs: [VirtualLine], outputs: [VirtualLine], camera: VirtualCamera, speed: BoardSpeed,
        changes: [LevelChange], end: Int64
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.camera = camera
        self.speed = speed
        self.end = end
        let ordered = changes.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }.map(\.element)
        inputLevels = inputs.map(\.restsHigh)
        outputLevels = outputs.map(\.restsHigh)
        for change in ordered where change.time <= 0 { inputLevels[change.line] = change.high }
        self.changes = ordered.filter { $0.time > 0 && $0.time < end }[...]
        for (line, isHigh) in zip(inputs + outputs, inputLevels + outputLevels) {
            trace.entries.append(.line(time: 0, name: line.name, high: isHigh))
        }
    }

    deinit { pixels.deallocate() }

    /// Closes the trace. Call it once, after the reaction has finished.
    public func finish() {
        trace.entries.append(.end(time: time))
    }

    /// Moves the clock, and lets happen on the way what outsiders do to the lines.
    private func advance(to target: Int64) {
        while let change = changes.first, change.time <= target {
            changes.removeFirst()
            time = max(time, change.time)
            guard inputLevels[change.line] != change.high else { continue }
            inputLevels[change.line] = change.high
            let line = inputs[change.line]
            trace.entries.append(.line(time: time, name: line.name, high: change.high))
            edges.append(
                Edge(line: Int32(change.line), rising: change.high != line.isActiveLow, time: time))
        }
        time = max(time, target)
    }
}

// MARK: - The board contract

extension VirtualBoard: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    public func now() -> Int64 { time }

    public func worked(macs: UInt64) {
        if time < end { advance(to: time + speed.nanoseconds(macs: macs)) }
    }

    public func stopwatch() -> Int64 { realNanoseconds?() ?? 0 }

    public func wait(until: Int64, frameAfter: Int64) -> Wake {
        let arrival = frameAfter == .max ? Int64.max : camera.arrival(after: Int(frameAfter))
        advance(to: time)
        while true {
            if !edges.isEmpty { return .edge(edges.removeFirst()) }
            if time >= end { return .stop }
            if time >= arrival { return .frame }
            if time >= until { return .deadline }
            advance(to: min(end, arrival, until, changes.first?.time ?? .max))
        }
    }

    public func setLine(_ line: Int32, high: Bool) {
        let index = Int(line)
        guard outputs.indices.contains(index) else { return }
        let line = outputs[index]
        let isHigh = high != line.isActiveLow
        guard outputLevels[index] != isHigh else { return }
        outputLevels[index] = isHigh
        trace.entries.append(.line(time: time, name: line.name, high: isHigh))
    }

    public func newestFrame() throws(CameraFailure) -> Frame? {
        try capture { $0.newestFrame(at: time) }
    }

    public func frame(nearest wanted: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        try capture { $0.frame(nearest: wanted, after: Int(sequence), at: time) }
    }

    public func feedWatchdog() { watchdogFeeds += 1 }

    private func capture(_ choose: (VirtualCamera) -> Int?) throws(CameraFailure) -> Frame? {
        captures += 1
        if camera.failingCaptures.contains(captures) {
            trace.entries.append(.captureFailed(time: time))
            throw CameraFailure()
        }
        guard let number = choose(camera) else { return nil }
        let image = expose(number)
        let exposed = camera.time(ofFrame: number)
        trace.entries.append(
            .frame(time: time, number: number, exposed: exposed, checksum: checksum(image.pixels)))
        return Frame(
            image: EspalierFrame(
                pixels: UnsafePointer(pixels.baseAddress),
                pixel_format: image.channels == 1 ? ESPALIER_PIXELS_GRAY8 : ESPALIER_PIXELS_RGB24,
                width: Int32(image.width), height: Int32(image.height),
                row_bytes: Int32(image.width * image.channels)),
            time: exposed, sequence: Int64(number))
    }

    public func report(_ record: EspalierReactionRecord) {
        records.append(record)
        trace.entries.append(.reaction(time: time, Reaction(record, labels: labels)))
    }

    /// Puts a frame's pixels where the frame source's contract wants them: in place until the next call.
    private func expose(_ number: Int) -> Image {
        if let image, imageNumber == number { return image }
        let new = camera.image(ofFrame: number)
        pixels.deallocate()
        pixels = .allocate(capacity: new.pixels.count)
        _ = pixels.initialize(from: new.pixels)
        image = new
        imageNumber = number
        return new
    }
}
