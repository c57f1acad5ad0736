import CEspalier
import EspalierSettings
import EspalierTestSupport
import Testing

@testable import EspalierLinux

/// Whether a program's frames have the declared size, from how it writes; in simulated time.
@Suite struct WriteRhythmTests {
    /// A program that writes so many bytes every so often, and a board that looks at once.
    private final class Desk {
        let camera = UnsafeMutablePointer<EspalierCamera>.allocate(capacity: 1)
        var rhythm: WriteRhythm
        private(set) var now: Int64 = 1_000_000_000
        /// True if frames could be used at any time.
        private(set) var wasUsable = false
        let frameBytes: Int64

        init(
            _ width: Int32, _ height: Int32, _ format: Int32 = ESPALIER_FORMAT_YU12, fps: Double = 30,
            silence: Int32 = 5000
        ) {
            var declared = EspalierCamera()
            declared.kind = ESPALIER_CAMERA_COMMAND
            declared.format = format
            declared.width = width
            declared.height = height
            declared.millihertz = Int32(fps * 1000)
            declared.silence_milliseconds = silence
            camera.initialize(to: declared)
            let bytesOfTwo = [2, 4, 4, 3, 3, 6, 6][Int(format) - 1]
            frameBytes = Int64(width) * Int64(height) * Int64(bytesOfTwo) / 2
            rhythm = WriteRhythm(camera, frameBytes: UInt32(frameBytes))
        }

        deinit { camera.deallocate() }

        /// Writes in pieces of a pipe's size, a tenth of a millisecond each, and then nothing for the rest of the time.
        func write(_ bytes: Int64, period: Int64, piece: Int64 = 65_536, lasting: Int64 = 100_000) {
            let end = now + period
            var left = bytes
            while left > 0 {
                rhythm.take(min(piece, left), now: now)
                left -= piece
                now += lasting
                note()
            }
            pass(until: max(end, now))
        }

        /// Looks whenever the rhythm wants to.
        func pass(until end: Int64) {
            while rhythm.wakeTime <= end {
                now = max(now, rhythm.wakeTime)
                rhythm.rest(now: now)
                note()
            }
            now = end
            rhythm.rest(now: now)
            note()
        }

        private func note() { wasUsable = wasUsable || rhythm.isUsable }
    }

    private func bytes(_ width: Int64, _ height: Int64, _ half: Int64 = 3) -> Int64 {
        width * height * half / 2
    }

    @Test func framesOfTheDeclaredSizeAreUsedAfterTheFirstPause() {
        for fps in [0, 1, 5, 10, 30, 60, 120] as [Double] {
            let desk = Desk(320, 240, fps: fps)
            let period = fps == 0 ? 33_000_000 : Int64(1e9 / fps)
            desk.write(desk.frameBytes, period: period, lasting: 50_000)
            #expect(desk.rhythm.isUsable, "\(fps)")
            for _ in 0..<20 { desk.write(desk.frameBytes, period: period, lasting: 50_000) }
            #expect(desk.rhythm.finding == .fine && !desk.rhythm.isListening)
        }
    }

    /// Declared, and what the program writes instead: at the declared rate, slower, in weak light, faster.
    @Test(
        arguments: [
            (320, 240, 640, 480), (640, 480, 320, 240), (640, 480, 800, 600), (640, 480, 640, 360),
            (640, 480, 1280, 720),
            (320, 240, 1280, 960), (640, 480, 648, 486), (1280, 720, 640, 480), (240, 320, 320, 248),
        ] as [(Int32, Int32, Int64, Int64)])
    func framesOfAnotherSizeAreFoundOutBeforeTheyAreUsed(
        width: Int32, height: Int32, written: Int64, lines: Int64
    ) {
        for fps in [10, 30, 7.5, 15, 5] as [Double] where fps == 30 || written != 648 && lines != 248 {
            let desk = Desk(width, height)
            let size = bytes(written, lines)
            for _ in 0..<8 { desk.write(size, period: Int64(1e9 / fps)) }
            #expect(desk.rhythm.finding == .foreign(size), "\(fps)")
            #expect(!desk.wasUsable, "\(fps)")
        }
    }

    @Test func anotherFormatIsFoundOut() {
        // Grey was declared, and colour is written; and the other way round.
        for (declared, half) in [
            (ESPALIER_FORMAT_GREY, 6), (ESPALIER_FORMAT_GREY, 4), (ESPALIER_FORMAT_GREY, 3),
            (ESPALIER_FORMAT_RGB24, 2), (ESPALIER_FORMAT_RGB24, 3), (ESPALIER_FORMAT_YUYV, 3),
        ] as [(Int32, Int64)] {
            let desk = Desk(640, 480, declared)
            for _ in 0..<8 { desk.write(bytes(640, 480, half), period: 33_333_333) }
            #expect(desk.rhythm.finding == .foreign(bytes(640, 480, half)), "\(declared) \(half)")
            #expect(!desk.wasUsable)
        }
    }

    @Test func lateAndSplitBurstsDoNotHideAForeignSize() {
        let desk = Desk(320, 240)
        var random = SeededGenerator(seed: 5)
        var rounds = 0
        while desk.rhythm.isListening && rounds < 60 {
            rounds += 1
            let isSplit = rounds % 7 == 3
            if isSplit {
                desk.write(200_000, period: 15_000_000)
                desk.write(bytes(640, 480) - 200_000, period: 18_333_333)
            } else {
                desk.write(bytes(640, 480), period: Int64.random(in: 28_000_000...38_000_000, using: &random))
            }
        }
        #expect(desk.rhythm.finding == .foreign(bytes(640, 480)))
        #expect(!desk.wasUsable)
    }

    // MARK: No false alarms

    @Test func whatCopiesInBlocksOfItsOwnIsNoOtherCamera() {
        for block in [4096, 16_384, 65_536, 131_072, 262_144, 1_048_576, 2_097_152] as [Int64] {
            for fps in [1, 5, 10, 15, 30] as [Double] {
                let desk = Desk(640, 480, fps: fps)
                // As many blocks as frames take at that rate.
                let period = Int64(1e9 / fps * Double(block) / Double(desk.frameBytes))
                while desk.now < 11_000_000_000 { desk.write(block, period: period) }
                #expect(desk.rhythm.isUsable, "\(block) at \(fps): \(desk.rhythm.finding)")
            }
        }
    }

    /// A program that writes through a buffer keeps the rest of each frame back, whatever its rate.
    @Test(arguments: 1...25) func whatWritesThroughABufferIsNoOtherCamera(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let width = Int32.random(in: 16...640, using: &random) * 2
        let height = Int32.random(in: 16...480, using: &random) * 2
        let format = Int32.random(in: 1...7, using: &random)
        let buffer = [4096, 8192, 32_768, 65_536].randomElement(using: &random)!
        for declared in [5, 10, 15, 25, 30, 60] as [Double] {
            for actual in [5, 7.5, 10, 12, 15, 20, 25, 30, 50, 60, 90, 100, 120] as [Double] {
                let desk = Desk(width, height, format, fps: declared)
                var kept: Int64 = 0
                while desk.now < 9_000_000_000 && desk.rhythm.isListening {
                    kept += desk.frameBytes
                    let written = kept / Int64(buffer) * Int64(buffer)
                    kept -= written
                    desk.write(written, period: Int64(1e9 / actual), lasting: 20_000)
                }
                if case .foreign(let bytes) = desk.rhythm.finding {
                    Issue.record("\(width)x\(height) \(format), \(buffer), \(declared), \(actual): \(bytes)")
                }
            }
        }
    }

    @Test func severalFramesAtATimeAtTheDeclaredRateAreUsedAndSaid() {
        let desk = Desk(640, 480, ESPALIER_FORMAT_GREY, fps: 50)
        for _ in 0..<8 { desk.write(2 * desk.frameBytes, period: 40_000_000) }
        #expect(desk.rhythm.finding == .several(2 * desk.frameBytes))
        #expect(desk.rhythm.isUsable)
        let odd = Desk(100, 80, ESPALIER_FORMAT_GREY, fps: 50)
        for _ in 0..<8 { odd.write(5 * odd.frameBytes, period: 100_000_000) }
        #expect(odd.rhythm.finding == .fine)
    }

    @Test func aFrameInPartsIsAFrame() {
        for parts in [2, 3, 4, 10, 48] as [Int64] {
            let desk = Desk(640, 480, fps: 10)
            while desk.now < 11_000_000_000 {
                desk.write(desk.frameBytes / parts, period: 100_000_000 / parts)
            }
            #expect(desk.rhythm.isUsable, "\(parts): \(desk.rhythm.finding)")
        }
    }

    @Test func aStreamWithoutPausesIsTakenForWhatWasDeclared() {
        let desk = Desk(640, 480)
        for _ in 0..<400 { desk.write(65_536, period: 2_000_000) }
        #expect(desk.rhythm.finding == .fine)
    }

    @Test func aBoardThatIsBusyFindsNothingOut() {
        let desk = Desk(640, 480, fps: 0)
        for round in 0..<60 {
            // The model ran, and three frames are there at once, every time.
            if round > 0 { desk.rhythm.disturb() }
            desk.write((round == 0 ? 1 : 3) * desk.frameBytes, period: 100_000_000)
            #expect(desk.rhythm.isUsable)
        }
    }

    /// Chunks of any size at any time, of a program that does as it was told.
    @Test func aBoardThatIsOftenBusyFindsAForeignSizeAllTheSame() {
        let desk = Desk(320, 240, fps: 10)
        for turn in 0..<30 where desk.rhythm.isListening {
            if turn % 2 == 0 { desk.rhythm.disturb() }
            desk.write(bytes(640, 480), period: 100_000_000)
        }
        #expect(desk.rhythm.finding == .foreign(bytes(640, 480)))
        // And what was foreign does not become right by nobody finding anything out.
        desk.rhythm.start()
        for turn in 0..<100 {
            desk.rhythm.disturb()
            desk.write(70_001 + Int64(turn) * 513, period: 100_000_000)
        }
        #expect(!desk.rhythm.isUsable)
    }

    @Test(arguments: 1...40) func whateverTheChunksARightSizeIsNeverForeign(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let desk = Desk(320, 240, fps: Double(Int.random(in: 1...60, using: &random)))
        for _ in 0..<300 {
            let chunk = Int64.random(in: 1...400_000, using: &random)
            desk.write(chunk, period: Int64.random(in: 1_000_000...80_000_000, using: &random))
            if case .foreign = desk.rhythm.finding { Issue.record("\(desk.rhythm.finding)") }
        }
        #expect(desk.rhythm.isUsable)
    }

    @Test func framesAreKeptBackForLessThanTheCameraMayBeSilent() {
        for silence in [200, 1000, 5000, 60_000] as [Int32] {
            let desk = Desk(320, 240, fps: 0, silence: silence)
            var random = SeededGenerator(seed: 3)
            let start = desk.now
            while !desk.rhythm.isUsable && desk.now < start + 100_000_000_000 {
                desk.write(Int64.random(in: 1000...300_000, using: &random), period: 20_000_000)
            }
            #expect(desk.now - start <= Int64(silence) * 1_000_000 / 2 + 40_000_000, "\(silence)")
        }
    }

    // MARK: After an alarm

    @Test func afterAnAlarmTheRightSizeHasToBeShown() {
        let desk = Desk(320, 240)
        for _ in 0..<8 { desk.write(bytes(640, 480), period: 33_333_333) }
        for _ in 0..<3 {
            desk.rhythm.start()
            for _ in 0..<8 { desk.write(bytes(640, 480), period: 33_333_333) }
            #expect(desk.rhythm.finding == .foreign(bytes(640, 480)) && !desk.wasUsable)
        }
        desk.rhythm.start()
        for count in 1...8 {
            desk.write(desk.frameBytes, period: 33_333_333)
            #expect(desk.rhythm.isUsable == (count >= 6), "\(count)")
        }
    }

    @Test func whatAProgramWroteBeforeItEndedIsItsFirstBurst() {
        for (size, isUsable) in [
            (bytes(320, 240), true), (5 * bytes(320, 240), true), (bytes(640, 480), false), (1000, false),
            (bytes(320, 240) + 1, false),
        ] {
            let desk = Desk(320, 240)
            desk.rhythm.take(size, now: desk.now)
            desk.rhythm.end()
            #expect(desk.rhythm.isUsable == isUsable, "\(size)")
        }
    }
}
