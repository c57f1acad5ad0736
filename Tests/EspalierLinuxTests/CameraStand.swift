import CEspalier
import CLinux
import EspalierReaction
import Foundation
import Testing

@testable import EspalierLinux

/// A camera of its own, without a board.
final class CameraStand {
    let devices = UnsafeMutablePointer<EspalierDevices>.allocate(capacity: 1)
    let setup = UnsafeMutablePointer<EspalierSetup>.allocate(capacity: 1)
    private let memory: UnsafeMutableRawPointer
    var camera: DeviceCamera
    private(set) var now: Int64 = 0

    init(_ wanted: EspalierSetup) {
        setup.initialize(to: wanted)
        devices.initialize(to: EspalierDevices())
        let bytes = espalier_setup_memory_bytes(setup)
        memory = .allocate(byteCount: Int(max(bytes, 64)), alignment: 64)
        var problem = EspalierProblem()
        _ = espalier_devices_prepare(
            devices, setup, memory.assumingMemoryBound(to: UInt8.self), bytes, &problem)
        camera = DeviceCamera(devices, setup)
    }

    deinit {
        camera.close()
        devices.deallocate()
        setup.deallocate()
        memory.deallocate()
    }

    func open() {
        let isOpen = camera.open(now: 0)
        #expect(isOpen, "\(sentence)")
    }

    /// The newest frame; nil for none, or where there is no camera.
    func frame() -> Frame? { try? camera.newestFrame() }

    var sentence: String { devices.pointee.problem.text }
    var said: String { devices.pointee.said_of_camera.text }

    /// Waits in real time until the program has written or ended; time stands still meanwhile.
    func hear() {
        var program = pollfd(fd: camera.descriptor, events: Int16(POLLIN), revents: 0)
        if program.fd >= 0 { _ = poll(&program, 1, 5000) }
        camera.listen()
        camera.takeIn(now: now)
        camera.tend(now: now)
    }

    /// Goes to where the camera has something to do, if that is before the end.
    func go(until end: Int64) {
        now = min(end, max(now, camera.wakeTime))
        camera.tend(now: now)
    }
}
