public import CEspalier
public import CLinux
import EspalierReaction

/// A look at a camera: three frames, and of a program as many as it takes to know that they are frames of the declared
/// size. Nothing else of the board is needed.
public struct CameraLook {
    /// What was seen, for `espalier_describe_look`.
    public private(set) var found = EspalierLook()

    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let setup: UnsafePointer<EspalierSetup>
    private var source: CameraSource
    private let allowed: Int64

    private static var wanted: Int32 { 3 }
    /// A program's bursts are watched for so long, where they do not tell sooner.
    private static var longestWatch: Int64 { 3_000_000_000 }

    /// - Parameter devices: prepared by `espalier_devices_prepare`; its camera is not open.
    public init(
        _ devices: UnsafeMutablePointer<EspalierDevices>, _ setup: UnsafePointer<EspalierSetup>
    ) {
        self.devices = devices
        self.setup = setup
        source = CameraSource(devices, setup)
        let silence = nanoseconds(milliseconds: setup.pointee.camera.silence_milliseconds)
        allowed =
            (silence > 0 ? silence : 5_000_000_000) + 3 * espalier_frame_period(espalier_setup_camera(setup))
    }

    /// Opens the camera, looks, closes it.
    ///
    /// - Returns: false with `devices.problem` where it does not open, or too few frames come that can be used.
    public mutating func take() -> Bool {
        let start = espalier_monotonic_nanoseconds()
        devices.pointee.is_look = 1
        guard source.open(now: start) else { return false }
        let isFine = look(start)
        source.close()
        return isFine
    }

    private mutating func look(_ start: Int64) -> Bool {
        let deadline = start + allowed
        while espalier_is_stopping() == 0 {
            let now = espalier_monotonic_nanoseconds()
            guard takeIn(now) else { return false }
            let watchEnd = found.frames > 0 ? found.first + CameraLook.longestWatch : .max
            if found.frames >= CameraLook.wanted && source.isUsable
                && (!source.isListening || now >= watchEnd)
            {
                found.is_untold = source.isTold ? 0 : 1
                return true
            }
            if now >= deadline { break }
            wait(until: min(deadline, min(source.wakeTime, watchEnd > now ? watchEnd : .max)))
        }
        espalier_problem_few_frames(devices, espalier_setup_camera(setup), &found)
        return false
    }

    private mutating func takeIn(_ now: Int64) -> Bool {
        source.listen()
        for _ in 0..<64 {
            switch source.take(now: now) {
            case .none: return true
            case .damaged: found.damaged += 1
            case .failed: return false
            case .frame(let entry):
                see(entry)
                source.giveBack(entry)
            }
        }
        return true
    }

    private mutating func see(_ entry: FrameRing.Entry) {
        guard let image = source.image(entry) else {
            found.damaged += 1
            return
        }
        if found.frames == 0 { found.first = entry.time }
        found.last = entry.time
        found.format = source.format
        found.frames &+= 1
        var frame = image
        espalier_look_at(&found, &frame)
    }

    private mutating func wait(until: Int64) {
        var waiting = EspalierWaiting()
        var ready: UInt32 = 0
        var broken: UInt32 = 0
        espalier_wait_for(&waiting, source.descriptor)
        espalier_wait_for(&waiting, source.errorDescriptor)
        _ = espalier_wait(&waiting, until, &ready, &broken)
    }
}
