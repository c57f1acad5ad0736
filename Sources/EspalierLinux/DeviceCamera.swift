import CEspalier
import CLinux
import EspalierReaction

/// The camera of a setup, kept warm: its newest frames are always at hand. One that fails is opened anew, at growing
/// intervals; so is one that has delivered nothing for `silence_milliseconds`.
struct DeviceCamera {
    private(set) var droppedFrames: Int64 = 0
    private(set) var restarts: Int64 = 0
    private(set) var isMissing = false

    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let setup: UnsafePointer<EspalierSetup>
    private let silence: Int64
    private var source: CameraSource
    private var ring: FrameRing
    private var backOff = BackOff()
    /// When something last came from it.
    private var arrivalTime: Int64 = 0
    /// Added to the source's numbers, so that they go on after a restart.
    private var sequenceBase: Int64 = 0
    private var lastSequence: Int64 = -1
    private var exposed: Frame?

    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ setup: UnsafePointer<EspalierSetup>) {
        self.devices = devices
        self.setup = setup
        silence = nanoseconds(milliseconds: setup.pointee.camera.silence_milliseconds)
        source = CameraSource(devices, setup)
        ring = FrameRing(capacity: Int(setup.pointee.camera.ring_frames))
    }

    /// What to wait for; -1 where there is nothing to wait for.
    var descriptor: Int32 { isMissing ? -1 : source.descriptor }

    // MARK: Opening and closing

    /// - Returns: false with `devices.problem` where it does not start.
    mutating func open(now: Int64) -> Bool {
        guard source.open(now: now) else { return false }
        arrivalTime = now
        sequenceBase = lastSequence + 1
        return true
    }

    mutating func close() {
        source.close()
        ring.removeAll()
        exposed = nil
    }

    // MARK: Frames

    /// Takes in what has come; gives back what is too old.
    mutating func takeIn(now: Int64) {
        while !isMissing {
            switch source.take(now: now) {
            case .none: return
            case .damaged: droppedFrames &+= 1
            case .failed: fail(now)
            case .frame(var entry):
                arrivalTime = now
                entry.sequence = max(lastSequence + 1, sequenceBase + entry.sequence)
                droppedFrames &+= entry.sequence - lastSequence - 1
                lastSequence = entry.sequence
                if ring.isFull { source.giveBack(ring.removeOldest()) }
                ring.append(entry)
            }
        }
    }

    /// True where a frame's pixels have to be decoded, which takes its time.
    var decodes: Bool { source.decodes }

    func hasFrame(after sequence: Int64) -> Bool { lastSequence > sequence && ring.count > 0 }

    mutating func newestFrame() throws(CameraFailure) -> Frame? {
        if isMissing { throw CameraFailure() }
        guard let entry = ring.newest else { return nil }
        return try expose(entry)
    }

    mutating func frame(nearest time: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        if isMissing { throw CameraFailure() }
        guard let entry = ring.nearest(to: time, after: sequence) else { return nil }
        return try expose(entry)
    }

    /// A frame that was used before, if it is still there.
    mutating func frame(sequence: Int64) -> Frame? {
        if let exposed, exposed.sequence == sequence { return exposed }
        for index in 0..<ring.count where ring[index].sequence == sequence { return try? expose(ring[index]) }
        return nil
    }

    /// Makes pixels of an entry: they are where they are, or are decoded.
    private mutating func expose(_ entry: FrameRing.Entry) throws(CameraFailure) -> Frame {
        if let exposed, exposed.sequence == entry.sequence { return exposed }
        exposed = nil
        guard let image = source.image(entry) else { throw CameraFailure() }
        let frame = Frame(image: image, time: entry.time, sequence: entry.sequence)
        exposed = frame
        return frame
    }

    // MARK: Cameras that come and go

    /// When `tend` has something to do.
    var wakeTime: Int64 {
        if isMissing { return backOff.time }
        return min(silence == 0 ? .max : arrivalTime + silence, source.wakeTime)
    }

    mutating func tend(now: Int64) {
        if isMissing {
            if now >= backOff.time { reopen(now) }
        } else if silence > 0 && now >= arrivalTime + silence {
            espalier_problem_silent_camera(&devices.pointee.problem, espalier_setup_camera(setup))
            fail(now)
        }
    }

    /// Closes it; `devices.problem` says why.
    private mutating func fail(_ now: Int64) {
        espalier_say(&devices.pointee.problem)
        isMissing = true
        close()
        backOff.failed(now: now)
    }

    private mutating func reopen(_ now: Int64) {
        guard open(now: now) else { return backOff.failed(now: now) }
        isMissing = false
        restarts &+= 1
        backOff.succeeded()
        complain("espalier: the camera is back.\n")
    }
}

/// Milliseconds of 32 bits as nanoseconds, which no time here exceeds.
func nanoseconds(milliseconds: Int32) -> Int64 {
    espalier_nanoseconds(milliseconds)
}
