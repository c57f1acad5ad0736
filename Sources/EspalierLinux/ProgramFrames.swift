import CEspalier
import CLinux
import EspalierReaction

/// Frames that a program writes one after the other to its standard output, each as long as its format and size say.
///
/// A program that writes frames of another size is found out by how it writes them (`WriteRhythm`).
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
    /// Since the start.
    private var written: Int64 = 0
    private(set) var rhythm: WriteRhythm
    private var hasToldOfSeveral = false

    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ camera: UnsafePointer<EspalierCamera>) {
        self.devices = devices
        self.camera = camera
        var row: Int32 = 0
        var bytes: UInt32 = 0
        pixelFormat = espalier_format_pixels(
            camera.pointee.format, camera.pointee.width, camera.pointee.height, &row, &bytes)
        rowBytes = row
        frameBytes = bytes
        rhythm = WriteRhythm(camera, frameBytes: bytes)
    }

    mutating func open() -> Bool {
        kept = 0
        slot = 0
        filled = 0
        sequence = 0
        written = 0
        rhythm.start()
        return espalier_program_start(&devices.pointee.program, camera, &devices.pointee.problem) == 0
    }

    mutating func take(now: Int64) -> CameraSource.Taken {
        while true {
            let start = address(slot) + Int(filled)
            let count = espalier_program_read(&devices.pointee.program, start, frameBytes &- filled)
            if count < 0 { return end(0 &- count) }
            if count == 0 {
                rhythm.rest(now: now)
                return look() ? .none : .failed
            }
            rhythm.take(espalier_wide(Int(count)), now: now)
            written += espalier_wide(Int(count))
            if filled == 0 { startTime = now }
            filled &+= UInt32(bitPattern: count)
            if filled == frameBytes { return complete() }
        }
    }

    private mutating func end(_ error: Int32) -> CameraSource.Taken {
        rhythm.end()
        espalier_problem_program_ended(devices, camera, error, written)
        return .failed
    }

    /// False with `devices.problem` where the program writes frames of another size.
    private mutating func look() -> Bool {
        switch rhythm.finding {
        case .foreign(let bytes):
            espalier_problem_other_frames(devices, camera, bytes)
            return false
        case .several(let bytes) where !hasToldOfSeveral:
            hasToldOfSeveral = true
            espalier_problem_several_frames(devices, camera, bytes)
            espalier_say(&devices.pointee.problem)
        default: break
        }
        return true
    }

    mutating func disturb() { rhythm.disturb() }

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
