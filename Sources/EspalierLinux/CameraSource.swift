import CEspalier
import CLinux
import EspalierReaction

/// Where frames come from: a V4L2 device, a program's output, or PNG files. Entries name a buffer of the source's; it
/// stays as it is until it is given back.
struct CameraSource {
    enum Taken {
        case none
        /// Its sequence number is the source's own, from 0 at each opening.
        case frame(FrameRing.Entry)
        case damaged
        /// `devices.problem` says why.
        case failed
    }

    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let camera: UnsafePointer<EspalierCamera>
    private let kind: Int32
    private var program: ProgramFrames
    private var pictures: PictureFrames

    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ setup: UnsafePointer<EspalierSetup>) {
        self.devices = devices
        camera = espalier_setup_camera(setup)
        kind = camera.pointee.kind
        program = ProgramFrames(devices, camera)
        pictures = PictureFrames(devices, camera)
    }

    /// The format frames come in, ESPALIER_FORMAT_*; 0: PNG. Of an open source.
    var format: Int32 {
        switch kind {
        case ESPALIER_CAMERA_V4L2: devices.pointee.video.format
        case ESPALIER_CAMERA_COMMAND: camera.pointee.format
        default: 0
        }
    }

    /// Readable when something has come; -1 for pictures, which come by the clock.
    var descriptor: Int32 {
        switch kind {
        case ESPALIER_CAMERA_V4L2: devices.pointee.video.descriptor
        case ESPALIER_CAMERA_COMMAND: devices.pointee.program.descriptor
        default: -1
        }
    }

    /// Readable when a program has something to say; -1 for none.
    var errorDescriptor: Int32 {
        kind == ESPALIER_CAMERA_COMMAND ? espalier_program_errors(&devices.pointee.program) : -1
    }

    /// A program has something to say that our own standard error did not take.
    var isHeld: Bool { kind == ESPALIER_CAMERA_COMMAND && devices.pointee.program.is_held != 0 }

    /// Passes on what a program has to say.
    func listen() {
        if kind == ESPALIER_CAMERA_COMMAND { espalier_program_listen(&devices.pointee.program) }
    }

    /// False while it is not known whether what comes are frames of the declared size.
    var isUsable: Bool { kind != ESPALIER_CAMERA_COMMAND || program.rhythm.isUsable }

    /// True while that takes its time.
    var isUndecided: Bool { kind == ESPALIER_CAMERA_COMMAND && program.rhythm.isUndecided }

    /// True while more frames tell more of that.
    var isListening: Bool { kind == ESPALIER_CAMERA_COMMAND && program.rhythm.isListening }

    /// True where the frames' size is known, and not only taken for what was declared.
    var isTold: Bool { kind != ESPALIER_CAMERA_COMMAND || program.rhythm.isTold }

    /// The board did something else for a while.
    mutating func disturb() {
        if kind == ESPALIER_CAMERA_COMMAND { program.disturb() }
    }

    var decodes: Bool {
        kind == ESPALIER_CAMERA_PICTURES
            || kind == ESPALIER_CAMERA_V4L2 && devices.pointee.video.pixel_format == 0
    }

    /// When to `take` though nothing has come: a picture comes by the clock, and a program's pause tells something too.
    var wakeTime: Int64 {
        switch kind {
        case ESPALIER_CAMERA_PICTURES: pictures.nextTime
        case ESPALIER_CAMERA_COMMAND: program.rhythm.wakeTime
        default: .max
        }
    }

    mutating func open(now: Int64) -> Bool {
        switch kind {
        case ESPALIER_CAMERA_V4L2:
            return espalier_video_open(
                &devices.pointee.video, camera, camera.pointee.ring_frames, &devices.pointee.problem) == 0
        case ESPALIER_CAMERA_COMMAND: return program.open()
        default: return pictures.open(now: now)
        }
    }

    mutating func close() {
        switch kind {
        case ESPALIER_CAMERA_V4L2: espalier_video_close(&devices.pointee.video)
        case ESPALIER_CAMERA_COMMAND: espalier_program_stop(&devices.pointee.program)
        default: espalier_folder_close(&devices.pointee.folder)
        }
    }

    mutating func take(now: Int64) -> Taken {
        switch kind {
        case ESPALIER_CAMERA_V4L2: return takeVideo()
        case ESPALIER_CAMERA_COMMAND: return program.take(now: now)
        default: return pictures.take(now: now)
        }
    }

    mutating func giveBack(_ entry: FrameRing.Entry) {
        switch kind {
        case ESPALIER_CAMERA_V4L2: _ = espalier_video_give_back(&devices.pointee.video, entry.buffer)
        case ESPALIER_CAMERA_COMMAND: program.giveBack(entry.buffer)
        default: break
        }
    }

    /// Its pixels, decoded where they have to be; nil with `devices.problem` where they cannot be.
    mutating func image(_ entry: FrameRing.Entry) -> EspalierFrame? {
        switch kind {
        case ESPALIER_CAMERA_V4L2:
            let video = devices.pointee.video
            let start = espalier_video_start(&devices.pointee.video, entry.buffer)
            return video.pixel_format == 0
                ? decode(start, entry.bytes)
                : EspalierFrame(
                    pixels: start, pixel_format: video.pixel_format, width: video.width,
                    height: video.height, row_bytes: video.row_bytes)
        case ESPALIER_CAMERA_COMMAND: return program.image(entry.buffer)
        default: return pictures.image()
        }
    }

    private func takeVideo() -> Taken {
        var frame = EspalierVideoFrame()
        let result = espalier_video_take(&devices.pointee.video, &frame)
        if result == 0 { return .none }
        if result < 0 {
            espalier_problem_camera_failed(devices, camera, -result)
            return .failed
        }
        if frame.is_damaged != 0 {
            _ = espalier_video_give_back(&devices.pointee.video, frame.buffer)
            return .damaged
        }
        return .frame(
            FrameRing.Entry(
                buffer: frame.buffer, bytes: frame.bytes, time: frame.time, sequence: frame.sequence))
    }

    private func decode(_ bytes: UnsafePointer<UInt8>?, _ count: UInt32) -> EspalierFrame? {
        guard let pool = devices.pointee.pool, let bytes,
            espalier_jpeg_decode(
                &devices.pointee.decoded, bytes, count, pool, UInt32(ESPALIER_PICTURE_POOL_BYTES)) >= 0,
            devices.pointee.decoded.width == devices.pointee.video.width,
            devices.pointee.decoded.height == devices.pointee.video.height
        else {
            espalier_problem_undecoded(devices, camera)
            return nil
        }
        return decodedFrame(devices)
    }
}

/// The picture decoded last.
func decodedFrame(_ devices: UnsafeMutablePointer<EspalierDevices>) -> EspalierFrame {
    let picture = devices.pointee.decoded
    return EspalierFrame(
        pixels: picture.pixels,
        pixel_format: picture.channels == 1 ? ESPALIER_PIXELS_GRAY8 : ESPALIER_PIXELS_RGB24,
        width: picture.width, height: picture.height, row_bytes: picture.width &* picture.channels)
}
