import CEspalier
import CLinux
import EspalierReaction

/// A PNG file, or the files of a folder in turn, as the frames of a camera: one each tick of its frame rate. A file is
/// read when its frame is wanted.
struct PictureFrames {
    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let camera: UnsafePointer<EspalierCamera>
    /// Nanoseconds from one frame to the next.
    private let period: Int64
    private var startTime: Int64 = 0
    private var sequence: Int64 = -1
    private(set) var nextTime = Int64.max
    /// The next picture has been read already, when the source was opened.
    private var isRead = false

    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ camera: UnsafePointer<EspalierCamera>) {
        self.devices = devices
        self.camera = camera
        period = espalier_frame_period(camera)
    }

    mutating func open(now: Int64) -> Bool {
        let error = espalier_folder_open(&devices.pointee.folder, espalier_camera_source(camera))
        startTime = now
        sequence = -1
        nextTime = now
        isRead = false
        if error != 0 {
            espalier_problem_camera_failed(devices, camera, error)
            return false
        }
        isRead = image() != nil
        return isRead
    }

    mutating func take(now: Int64) -> CameraSource.Taken {
        if now < nextTime { return .none }
        let ticks = (now - startTime) / period
        sequence = ticks
        let time = startTime + ticks * period
        nextTime = time + period
        return .frame(FrameRing.Entry(buffer: 0, bytes: 0, time: time, sequence: sequence))
    }

    /// The next file; nil with `devices.problem` where there is none, or it cannot be read.
    mutating func image() -> EspalierFrame? {
        if isRead {
            isRead = false
            return decodedFrame(devices)
        }
        guard let pool = devices.pointee.pool,
            espalier_folder_read(
                &devices.pointee.folder, &devices.pointee.decoded, pool, &devices.pointee.problem)
                == 0
        else { return nil }
        return decodedFrame(devices)
    }
}
