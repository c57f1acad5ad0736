import CEspalier
import CLinux
import EspalierReaction

/// The camera of a setup, kept warm: its newest frames are always at hand. One that fails is opened anew, at growing
/// intervals; so is one that has delivered nothing for `silence_milliseconds`. It is back when a frame has come that can
/// be used, and not before.
struct DeviceCamera {
    private(set) var droppedFrames: Int64 = 0
    /// How often frames came again after a failure.
    private(set) var restarts: Int64 = 0

    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let setup: UnsafePointer<EspalierSetup>
    private let silence: Int64
    private var source: CameraSource
    private var ring: FrameRing
    private var recovery = Recovery()
    private var isOpen = false
    /// A frame has come that could be used, and none since that could not.
    private var isProven = false
    /// When a frame last came that could be used.
    private var arrivalTime: Int64 = 0
    /// What has come since and could not be.
    private var damagedFrames: Int64 = 0
    /// Added to the source's numbers, so that they go on after a restart.
    private var sequenceBase: Int64 = 0
    private var lastSequence: Int64 = -1
    private var exposed: Frame?

    private static var mostAtOnce: Int { 64 }

    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ setup: UnsafePointer<EspalierSetup>) {
        self.devices = devices
        self.setup = setup
        silence = nanoseconds(milliseconds: setup.pointee.camera.silence_milliseconds)
        source = CameraSource(devices, setup)
        ring = FrameRing(capacity: Int(setup.pointee.camera.ring_frames))
    }

    /// What to wait for; -1 where there is nothing to wait for.
    var descriptor: Int32 { isOpen ? source.descriptor : -1 }
    var errorDescriptor: Int32 { isOpen ? source.errorDescriptor : -1 }

    /// It has failed, and has not delivered since.
    var isTroubled: Bool { recovery.isTroubled }

    // MARK: Opening and closing

    /// - Returns: false with `devices.problem` where it does not start.
    mutating func open(now: Int64) -> Bool {
        guard source.open(now: now) else { return false }
        isOpen = true
        isProven = false
        damagedFrames = 0
        arrivalTime = now
        sequenceBase = lastSequence + 1
        return true
    }

    mutating func close() {
        source.close()
        isOpen = false
        isProven = false
        ring.removeAll()
        exposed = nil
    }

    // MARK: Frames

    /// Takes in what has come; gives back what is too old.
    mutating func takeIn(now: Int64) {
        // A program that writes faster than it is read does not keep the reaction.
        for _ in 0..<DeviceCamera.mostAtOnce where isOpen {
            switch source.take(now: now) {
            case .none: return prove(now)
            case .damaged: refuse()
            case .failed:
                if !source.decodes { prove(now) }
                fail(now)
            case .frame(var entry):
                entry.sequence = max(lastSequence + 1, sequenceBase + entry.sequence)
                droppedFrames &+= entry.sequence - lastSequence - 1
                lastSequence = entry.sequence
                if ring.isFull { source.giveBack(ring.removeOldest()) }
                ring.append(entry)
                if isProven || source.isUndecided { arrivalTime = now }
                prove(now)
            }
        }
    }

    private mutating func refuse() {
        droppedFrames &+= 1
        damagedFrames &+= 1
    }

    /// Looks at the newest frame, where it would be the first that can be used.
    private mutating func prove(_ now: Int64) {
        guard !isProven, let newest = ring.newest, source.isUsable else { return }
        if source.decodes && (try? expose(newest)) == nil {
            refuse()
            while ring.count > 0 { source.giveBack(ring.removeOldest()) }
            return
        }
        isProven = true
        damagedFrames = 0
        arrivalTime = now
        espalier_forget_said(&devices.pointee.said_of_camera)
        guard recovery.works(now: now) else { return }
        restarts &+= 1
        complain("espalier: the camera is back.\n")
    }

    /// The board did something else for a while.
    mutating func disturb() { source.disturb() }

    /// Passes on what a program has to say.
    func listen() { source.listen() }

    /// True where a frame's pixels have to be decoded, which takes its time.
    var decodes: Bool { source.decodes }

    func hasFrame(after sequence: Int64) -> Bool {
        isProven && lastSequence > sequence && ring.count > 0
    }

    mutating func newestFrame() throws(CameraFailure) -> Frame? {
        if isTroubled { throw CameraFailure() }
        guard isProven, let entry = ring.newest else { return nil }
        return try expose(entry)
    }

    mutating func frame(nearest time: Int64, after sequence: Int64) throws(CameraFailure) -> Frame? {
        if isTroubled { throw CameraFailure() }
        guard isProven, let entry = ring.nearest(to: time, after: sequence) else { return nil }
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
        guard let image = source.image(entry) else {
            if isProven {
                espalier_say_once(&devices.pointee.problem, &devices.pointee.said_of_camera)
                isProven = false
            }
            throw CameraFailure()
        }
        let frame = Frame(image: image, time: entry.time, sequence: entry.sequence)
        exposed = frame
        return frame
    }

    // MARK: Cameras that come and go

    /// When `tend` has something to do.
    var wakeTime: Int64 {
        isOpen ? min(silence == 0 ? .max : arrivalTime + silence, source.wakeTime) : recovery.time
    }

    mutating func tend(now: Int64) {
        if !isOpen {
            if now >= recovery.time { reopen(now) }
            return
        }
        if source.isHeld { listen() }
        if now >= source.wakeTime { takeIn(now: now) }
        if isOpen && silence > 0 && now >= arrivalTime + silence {
            espalier_problem_silent_camera(devices, espalier_setup_camera(setup), damagedFrames)
            fail(now)
        }
    }

    /// Closes it; `devices.problem` says why.
    private mutating func fail(_ now: Int64) {
        espalier_say_once(&devices.pointee.problem, &devices.pointee.said_of_camera)
        close()
        recovery.failed(now: now)
    }

    private mutating func reopen(_ now: Int64) {
        if open(now: now) {
            recovery.opened()
        } else {
            espalier_say_once(&devices.pointee.problem, &devices.pointee.said_of_camera)
            recovery.failed(now: now)
        }
    }
}

/// Milliseconds of 32 bits as nanoseconds, which no time here exceeds.
func nanoseconds(milliseconds: Int32) -> Int64 {
    espalier_nanoseconds(milliseconds)
}
