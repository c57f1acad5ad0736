import CEspalier
import CLinux
import EspalierFiles
import EspalierReaction
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierLinux

/// A camera that fails, and what it takes for it to be back; programs and files are real, time is simulated.
@Suite(.serialized) struct RecoveryTests {
    private func program(_ command: String) -> EspalierSetup {
        var setup = EspalierSetup.bench
        setup.camera.kind = ESPALIER_CAMERA_COMMAND
        setup.camera.format = ESPALIER_FORMAT_GREY
        setText(&setup.camera.source, command)
        return setup
    }

    private func pictures(_ folder: TemporaryFolder) -> EspalierSetup {
        var setup = EspalierSetup.bench
        setup.camera.kind = ESPALIER_CAMERA_PICTURES
        setup.camera.millihertz = 10_000
        setText(&setup.camera.source, folder.url.path)
        return setup
    }

    private let second: Int64 = 1_000_000_000

    // MARK: Back-off

    @Test func pausesGrowToFiveSecondsUntilItWorks() {
        var recovery = Recovery()
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<8 {
            recovery.failed(now: now)
            pauses.append((recovery.time - now) / 1_000_000)
            now = recovery.time
            recovery.opened()
            #expect(recovery.time == .max && recovery.isTroubled)
        }
        #expect(pauses == [250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
        let worksAgain = recovery.works(now: now)
        let worksStill = recovery.works(now: now + 1)
        #expect(worksAgain && !worksStill && !recovery.isTroubled)
        // What fails again soon is tried again rarely; what has worked for a while, soon.
        recovery.failed(now: now + 2 * second)
        #expect(recovery.time == now + 7 * second)
        _ = recovery.works(now: now + 10 * second)
        recovery.failed(now: now + 16 * second)
        #expect(recovery.time == now + 16 * second + 250_000_000)
    }

    @Test func aProgramThatEndsAtOnceIsStartedEverMoreRarelyAndNeverBack() throws {
        let folder = try TemporaryFolder()
        let starts = folder.path("starts")
        let stand = CameraStand(program("echo >>\(starts); echo 'no cameras available' >&2; exit 3"))
        stand.open()
        while stand.now < 20 * second {
            stand.hear()
            #expect(stand.camera.isTroubled)
            stand.go(until: 20 * second)
        }
        let count = try Data(contentsOf: URL(fileURLWithPath: starts)).count
        // At 0, 0.25, 0.75, 1.75, 3.75, 7.75, 12.75 and 17.75 seconds.
        #expect(count == 8)
        #expect(stand.camera.restarts == 0)
        #expect(stand.said.contains("it ended with exit status 3 and last said: no cameras available)"))
    }

    @Test func aProgramIsBackWithItsFirstFrameAndNotBefore() throws {
        let folder = try TemporaryFolder()
        let isThere = folder.path("camera")
        let stand = CameraStand(
            program(
                "[ -e \(isThere) ] || exit 1; head -c 100 /dev/zero; read x <\(isThere); head -c 92 /dev/zero; sleep 9"
            ))
        stand.open()
        stand.hear()
        #expect(stand.camera.isTroubled && stand.sentence.contains("exit status 1"))
        #expect(mkfifo(isThere, 0o600) == 0)
        stand.go(until: second)
        stand.hear()
        // It runs, and has written half a frame.
        #expect(stand.camera.isTroubled && stand.camera.restarts == 0 && !stand.camera.hasFrame(after: -1))
        #expect(stand.frame() == nil)
        let pipe = open(isThere, O_WRONLY)
        Foundation.close(pipe)
        stand.hear()
        stand.go(until: stand.now + 100_000_000)
        #expect(!stand.camera.isTroubled && stand.camera.restarts == 1 && stand.camera.hasFrame(after: -1))
        #expect(stand.frame() != nil)
    }

    @Test func aProgramThatEndsAfterAFrameIsBackEachTimeAndStartedEverMoreRarely() throws {
        let folder = try TemporaryFolder()
        let starts = folder.path("starts")
        let stand = CameraStand(program("echo >>\(starts); head -c 192 /dev/zero"))
        stand.open()
        while stand.now < 20 * second {
            for _ in 0..<1000 where stand.camera.descriptor >= 0 { stand.hear() }
            stand.go(until: 20 * second)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: starts)).count == 8)
        #expect(stand.camera.restarts == 7)
    }

    @Test func aCommandOfSeveralLinesIsOneLineInASentence() {
        let stand = CameraStand(
            program("true\ntrue\texit\nexit 4 # \(String(repeating: "\u{E4}", count: 60))"))
        stand.open()
        for _ in 0..<1000 where stand.camera.descriptor >= 0 { stand.hear() }
        #expect(stand.said.hasPrefix("camera true true exit exit 4 # \u{E4}"))
        #expect(stand.said.contains("\u{E4}... failed (it ended with exit status 4"))
    }

    @Test func aProgramThatIsSilentIsNeverBack() {
        let stand = CameraStand(program("sleep 99"))
        stand.open()
        var openings = 0
        while stand.now < 30 * second {
            let wasOpen = stand.camera.descriptor >= 0
            stand.go(until: 30 * second)
            if !wasOpen && stand.camera.descriptor >= 0 { openings += 1 }
        }
        #expect(openings <= 7 && openings >= 4)
        #expect(stand.camera.isTroubled && stand.camera.restarts == 0)
        #expect(stand.said.contains("no frame for 1000 ms; it is opened anew until it does"))
    }

    @Test func framesOfAnotherSizeDoNotBringItBack() {
        // Bursts of a size that is no frame of 16x12.
        let stand = CameraStand(
            program("for i in $(seq 60); do head -c 100 /dev/zero; sleep 0.02; done; sleep 9"))
        stand.open()
        for _ in 0..<3 {
            for _ in 0..<50 where stand.camera.descriptor >= 0 {
                stand.hear()
                stand.go(until: stand.now + 20_000_000)
            }
            #expect(stand.camera.isTroubled && stand.camera.restarts == 0)
            #expect(!stand.camera.hasFrame(after: -1))
            stand.go(until: stand.now + 10 * second)
        }
        #expect(
            stand.said.contains("it writes 100 bytes at a time, and a frame of 16x12 grey has 192"),
            "\(stand.said)")
    }

    // MARK: Sentences

    @Test(arguments: [
        ("exit 0", "it ended with exit status 0)"),
        ("exit 255", "it ended with exit status 255)"),
        ("kill -9 $$", "it was ended by signal 9, Killed)"),
        ("kill -SEGV $$", "it was ended by signal 11, Segmentation fault)"),
        ("exec >&-; sleep 9", "it closed its output and went on)"),
        (
            "printf 'ERROR: *** no cameras available ***' >&2; exit 1",
            "last said: ERROR: *** no cameras available ***)"
        ),
        ("printf 'first\\nlast.\\n\\n  \\n' >&2", "last said: last)"),
        ("printf '\\033[1;31mred\\033[0m\\ttab\\007\\302\\233x' >&2", "last said: red tab x)"),
        ("printf 'caf\\303\\251 \\377\\376!' >&2", "last said: caf\u{E9} !)"),
        ("printf '10%%\\r50%%\\r100%%' >&2", "last said: 100%)"),
        (
            "head -c 300 /dev/zero | tr '\\0' x >&2; echo >&2",
            "last said: \(String(repeating: "x", count: 127)))"
        ),
        ("head -c 100 /dev/zero", "status 0; its 100 bytes are no whole frames of 16x12 grey)"),
        (
            "head -c 153600 /dev/zero; head -c 1 /dev/zero",
            "status 0; its 153601 bytes are no whole frames of 16x12 grey)"
        ),
        (
            "head -c 76800 /dev/zero",
            "status 0; its 76800 bytes are 400 frames of 16x12 grey, or one of 320x240 grey)"
        ),
    ])
    func howAProgramEndedIsTold(command: String, expected: String) {
        let stand = CameraStand(program(command))
        stand.open()
        for _ in 0..<1000 where stand.camera.descriptor >= 0 { stand.hear() }
        #expect(stand.said.contains(expected), "\(stand.said)")
        #expect(stand.said.hasPrefix("camera "))
        #expect(stand.said.utf8.count < Int(ESPALIER_SENTENCE_BYTES) - 1)
    }

    // MARK: Pictures

    @Test func picturesAreBackWhenOneCanBeRead() throws {
        let folder = try TemporaryFolder()
        let good = try PNG.encode(Image(width: 16, height: 12, channels: 1, filledWith: 90))
        func put(_ bytes: [UInt8], _ name: String) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
        }
        try put(good, "a.png")
        let stand = CameraStand(pictures(folder))
        stand.open()
        stand.hear()
        #expect(stand.frame() != nil)
        // From now on nothing can be read; a capture finds out, and the silence after it is a failure.
        try put(Array(good.prefix(40)), "a.png")
        stand.go(until: stand.now + 100_000_000)
        #expect(stand.frame() == nil)
        #expect(stand.said.contains("picture \(folder.path("a.png")) cannot be read"))
        for _ in 0..<400 where stand.now < 20 * second { stand.go(until: 20 * second) }
        #expect(stand.camera.isTroubled && stand.camera.restarts == 0)
        try FileManager.default.removeItem(atPath: folder.path("a.png"))
        for _ in 0..<400 where stand.now < 40 * second { stand.go(until: 40 * second) }
        #expect(stand.camera.isTroubled && stand.camera.restarts == 0)
        try put(good, "b.png")
        for _ in 0..<400 where stand.camera.isTroubled && stand.now < 60 * second {
            stand.go(until: 60 * second)
        }
        #expect(!stand.camera.isTroubled && stand.camera.restarts == 1)
    }

    @Test func aDamagedPictureAmongGoodOnesCostsItsFrameOnly() throws {
        let folder = try TemporaryFolder()
        let good = try PNG.encode(Image(width: 16, height: 12, channels: 1, filledWith: 90))
        for (name, bytes) in [("a.png", good), ("b.png", Array(good.prefix(40))), ("c.png", good)] {
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
        }
        let stand = CameraStand(pictures(folder))
        stand.open()
        var frames = 0
        for _ in 0..<30 {
            stand.go(until: stand.now + 100_000_000)
            if let frame = stand.frame(), frame.image.width == 16 { frames += 1 }
        }
        #expect(frames >= 20)
        #expect(!stand.camera.isTroubled)
    }

    @Test func theFirstPictureShownIsTheFirst() throws {
        let folder = try TemporaryFolder()
        for (index, name) in ["a.png", "b.png"].enumerated() {
            try PNG.write(
                Image(width: 16, height: 12, channels: 1, filledWith: UInt8(10 * index + 10)),
                to: folder.path(name))
        }
        let stand = CameraStand(pictures(folder))
        stand.open()
        stand.hear()
        #expect(stand.frame()?.image.pixels[0] == 10)
        stand.go(until: stand.now + 100_000_000)
        #expect(stand.frame()?.image.pixels[0] == 20)
    }
}
