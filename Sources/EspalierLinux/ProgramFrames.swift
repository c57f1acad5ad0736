import CEspalier
import CLinux
import EspalierReaction

/// Frames that a program writes one after the other to its standard output, each as long as its format and size say.
///
/// A frame's time is the moment its first bytes were read; what the program itself took before that it alone knows.
struct ProgramFrames {
    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let camera: UnsafePointer<EspalierCamera>
    private let frameBytes: UInt32
    private let rowBytes: Int32
    private let pixelFormat: Int32
    /// Bit i: slot i is in the ring.
    private var kept: UInt32 = 0
    private var slot: Int32 = 0
    private var filled: UInt32 = 0
    private var startTime: Int64 = 0
    private var sequence: Int64 = 0

    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ camera: UnsafePointer<EspalierCamera>) {
        self.devices = devices
        self.camera = camera
        var row: Int32 = 0
        var bytes: UInt32 = 0
        pixelFormat = espalier_format_pixels(
            camera.pointee.format, camera.pointee.width, camera.pointee.height, &row, &bytes)
        rowBytes = row
        frameBytes = bytes
    }

    mutating func open() -> Bool {
        kept = 0
        slot = 0
        filled = 0
        sequence = 0
        return espalier_program_start(
            &devices.pointee.program, espalier_camera_source(camera), &devices.pointee.problem) == 0
    }

    mutating func take(now: Int64) -> CameraSource.Taken {
        let start = address(slot) + Int(filled)
        let count = espalier_program_read(&devices.pointee.program, start, frameBytes &- filled)
        if count == 0 { return .none }
        if count < 0 {
            espalier_problem_camera_failed(&devices.pointee.problem, camera, 0 &- count)
            return .failed
        }
        if filled == 0 { startTime = now }
        filled &+= UInt32(bitPattern: count)
        return filled < frameBytes ? take(now: now) : complete()
    }

    private mutating func complete() -> CameraSource.Taken {
        let entry = FrameRing.Entry(buffer: slot, bytes: frameBytes, time: startTime, sequence: sequence)
        sequence += 1
        kept |= bit(slot)
        filled = 0
        chooseSlot()
        return .frame(entry)
    }

    /// One that is not in the ring: there is one more slot than the ring has frames, and the ring gives back its
    /// oldest before the next read.
    private mutating func chooseSlot() {
        for index in 0..<devices.pointee.slot_count where kept & bit(index) == 0 { slot = index }
    }

    mutating func giveBack(_ buffer: Int32) {
        kept &= ~bit(buffer)
        if kept & bit(slot) != 0 { chooseSlot() }
    }

    func image(_ buffer: Int32) -> EspalierFrame {
        EspalierFrame(
            pixels: UnsafePointer(address(buffer)), pixel_format: pixelFormat, width: camera.pointee.width,
            height: camera.pointee.height, row_bytes: rowBytes)
    }

    private func address(_ slot: Int32) -> UnsafeMutablePointer<UInt8> {
        devices.pointee.slots + Int(slot) &* Int(devices.pointee.slot_bytes)
    }

    private func bit(_ slot: Int32) -> UInt32 { 1 &<< UInt32(truncatingIfNeeded: slot) }
}
