import CEspalier
import CLinux
import EspalierLinux
import EspalierReaction
import EspalierSettings
import Testing

/// vivid, through V4L2.
@Suite(.serialized, .enabled(if: DeviceRig.isHere, DeviceRig.reason)) struct DeviceCameraTests {
    private func setup(format: Int32, ring: Int32 = 1, width: Int32 = 320, height: Int32 = 240)
        -> EspalierSetup
    {
        var setup = EspalierSetup.bench
        setText(&setup.camera.source, DeviceRig.camera)
        setup.camera.kind = ESPALIER_CAMERA_V4L2
        setup.camera.format = format
        setup.camera.width = width
        setup.camera.height = height
        setup.camera.millihertz = 30_000
        setup.camera.ring_frames = ring
        setup.camera.input = 1
        setup.camera.silence_milliseconds = 5000
        return setup
    }

    @Test(arguments: 1...7) func everyFormatGivesTheSamePicture(format: Int) throws {
        var webcam = setup(format: Int32(format), height: 180)
        webcam.camera.input = 0
        let bench = try DeviceBench(webcam)
        let frame = try #require(try bench.frame(after: -1))
        var image = frame.image
        let isGrey = image.pixel_format == ESPALIER_PIXELS_GRAY8
        var row = [UInt8](repeating: 0, count: 960)
        // The test picture is colour bars: white, yellow, cyan, green, magenta, red, blue, black; text above them.
        let status =
            isGrey ? espalier_frame_row_grey(&image, 172, &row) : espalier_frame_row(&image, 172, &row)
        #expect(status == ESPALIER_OK)
        let bars = (0..<8).map { bar -> [Int] in
            let pixel = 320 / 16 * (2 * bar + 1)
            return isGrey ? [Int(row[pixel])] : (0..<3).map { Int(row[3 * pixel + $0]) }
        }
        let lumas = bars.map { $0.count == 1 ? $0[0] : ($0[0] * 299 + $0[1] * 587 + $0[2] * 114) / 1000 }
        #expect(lumas[0] > 160 && lumas[7] < 60, "format \(format): \(bars)")
        #expect(zip(lumas, lumas.dropFirst()).allSatisfy { $0 > $1 - 3 }, "format \(format): \(lumas)")
        if !isGrey {
            #expect(bars[5][0] > bars[5][2] + 80, "red: \(bars[5])")
            #expect(bars[6][2] > bars[6][0] + 80, "blue: \(bars[6])")
        }
    }

    @Test func framesComeInOrderWithTimesOfTheMonotonicClock() throws {
        let bench = try DeviceBench(setup(format: ESPALIER_FORMAT_YUYV))
        var last = Frame(image: EspalierFrame(), time: 0, sequence: -1)
        for _ in 0..<10 {
            let frame = try #require(try bench.frame(after: last.sequence))
            #expect(frame.sequence > last.sequence)
            #expect(frame.time > last.time)
            #expect(abs(frame.time - espalier_monotonic_nanoseconds()) < 100_000_000)
            last = frame
        }
    }

    @Test func theRingLooksBack() throws {
        let bench = try DeviceBench(setup(format: ESPALIER_FORMAT_YUYV, ring: 8))
        let newest = try #require(try bench.frame(after: 9))
        let before = try #require(try bench.board.frame(nearest: newest.time - 100_000_000, after: -1))
        #expect(abs(newest.time - 100_000_000 - before.time) <= 34_000_000)
        #expect(before.sequence < newest.sequence)
    }

    @Test func aSizeTheCameraHasNotIsNamed() {
        var wanted = setup(format: ESPALIER_FORMAT_YUYV, width: 321, height: 241)
        wanted.camera.input = 0
        #expect(throws: DeviceBench.Refusal.self) { try DeviceBench(wanted) }
        do {
            _ = try DeviceBench(wanted)
        } catch {
            #expect("\(error)".contains("set width and height to a size it has"), "\(error)")
        }
    }

    @Test func aCameraThatIsInUseIsNamed() throws {
        let bench = try DeviceBench(setup(format: ESPALIER_FORMAT_YUYV))
        do {
            _ = try DeviceBench(setup(format: ESPALIER_FORMAT_GREY))
            Issue.record("two programs stream from one camera")
        } catch {
            #expect("\(error)".contains("another program uses it"), "\(error)")
        }
        withExtendedLifetime(bench) {}
    }

    @Test func aLookSeesWhatTheDriverGives() {
        let stand = CameraStand(setup(format: ESPALIER_FORMAT_ANY))
        var look = CameraLook(stand.devices, stand.setup)
        let isFine = look.take()
        #expect(isFine, "\(stand.sentence)")
        #expect(look.found.frames >= 3 && look.found.damaged == 0)
        #expect(look.found.width == 320 && look.found.height == 240)
        #expect(look.found.format == ESPALIER_FORMAT_YUYV)
        #expect(look.found.most > look.found.least + 100)  // colour bars
    }

    @Test func aLookAtACameraInUseSaysWhoHasIt() throws {
        let bench = try DeviceBench(setup(format: ESPALIER_FORMAT_YUYV))
        let stand = CameraStand(setup(format: ESPALIER_FORMAT_GREY))
        var look = CameraLook(stand.devices, stand.setup)
        let isFine = look.take()
        #expect(!isFine && stand.sentence.contains("another program uses it"), "\(stand.sentence)")
        withExtendedLifetime(bench) {}
    }
}
