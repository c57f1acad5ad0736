import CEspalier
import EspalierFiles
import EspalierLinux
import EspalierReaction
import Foundation
import Testing

@testable import EspalierSimulator

/// The link, with the firmware's side in a thread of its own, and as a process.
@Suite struct LinkTests {
    @Test func overTheLinkTheTraceIsTheInProcessOneByteForByte() throws {
        let path = repository.appendingPathComponent("boards/simulator/scenario.toml").path
        var scenario = try Scenario(path: path)
        scenario.camera.failingCaptures = [3]
        scenario.camera.missingFrames = Set(190...198)
        let labels = ["empty", "person", "animal", "vehicle"]
        let direct = try scenario.run(brightness, labels: labels)
        let linked = try serve(scenario) { board in
            guard let settings = board.hello(Greeting.model) else { return }
            var loop = ReactionLoop(board: board, classifier: brightness, settings: settings)
            _ = loop.run()
        }
        #expect(linked.trace.text == direct.trace.text)
        #expect(linked.trace == direct.trace)
        #expect(linked.labels == labels)
        #expect(linked.records.contains { $0.real_inference_nanoseconds > 0 })
        #expect(direct.trace.reactions.map(\.outcome).contains(.cameraFailed))
    }

    @Test func severalTriggersAndOutputsGiveTheSameTraceOverTheLink() throws {
        let text = """
            duration_s = 6
            [[trigger]]
            line = "pir"
            cooldown_ms = 0
            [[trigger]]
            line = "door"
            cooldown_ms = 0
            settle_ms = 20
            [[output]]
            line = "lamp"
            triggers = [1]
            duration_ms = 300
            [[output]]
            line = "siren"
            triggers = [2]
            safe = "high"
            mode = "follow"
            [[output]]
            line = "alive"
            mode = "heartbeat"
            duration_ms = 700
            [[event]]
            at_s = 1
            raise = "pir"
            for_s = 0.2
            [[event]]
            at_s = 2
            raise = "door"
            for_s = 0.2
            """
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("scenario.toml").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let scenario = try Scenario(path: path)
        let labels = ["empty", "person", "animal", "vehicle"]
        let direct = try scenario.run(brightness, labels: labels)
        let linked = try serve(scenario) { board in
            guard let settings = board.hello(Greeting.model) else { return }
            var loop = ReactionLoop(board: board, classifier: brightness, settings: settings)
            _ = loop.run()
        }
        #expect(linked.trace.text == direct.trace.text)
        #expect(direct.trace.reactions.map(\.triggerIndex) == [0, 1])
        #expect(direct.records.map(\.signalled) == [1, 2])
        // Overhead of 500 us, and the work that brightness claims.
        #expect(direct.trace.levels(of: "lamp").map(\.high) == [false, true, false])
        #expect(direct.trace.levels(of: "siren").map(\.high) == [true, false, true])
        #expect(direct.trace.levels(of: "alive").count > 4)
    }

    @Test func linesThatAreActiveLowGiveTheSameTraceOverTheLink() throws {
        let text = """
            duration_s = 4
            [[trigger]]
            line = "button"
            bias = "pull-up"
            active_low = true
            debounce_ms = 20
            [[output]]
            line = "relay"
            active_low = true
            drive = "open-drain"
            mode = "hold"
            duration_ms = 100
            [[output]]
            line = "lamp"
            safe = "high"
            active_low = true
            [[event]]
            at_s = 1
            lower = "button"
            for_s = 0.5
            see = "person"
            """
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("scenario.toml").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let scenario = try Scenario(path: path)
        let direct = try scenario.run(brightness, labels: ["empty", "person", "animal", "vehicle"])
        let linked = try serve(scenario) { board in
            guard let settings = board.hello(Greeting.model) else { return }
            var loop = ReactionLoop(board: board, classifier: brightness, settings: settings)
            _ = loop.run()
        }
        #expect(linked.trace.text == direct.trace.text)
        #expect(direct.trace.reactions.map(\.edgeTime) == [1_000_000_000])
        #expect(direct.trace.levels(of: "button").map(\.high) == [true, false, true])
        #expect(direct.trace.levels(of: "relay").map(\.high) == [true, false, true])
        #expect(direct.trace.levels(of: "lamp").map(\.high) == [false, true, false, true, false])
    }

    @Test func aFirmwareThatEndsBeforeItIsToldToHasEndedEarly() {
        let error = #expect(throws: LinkError.self) { try serve(doorway()) { _ = $0.hello(Greeting.model) } }
        #expect(error == .ended)
    }

    @Test func aFirmwareThatKeepsSilentIsNotWaitedForForEver() {
        let pipes = (Pipe(), Pipe())
        let server = LinkServer(
            scenario: doorway(), input: pipes.0.fileHandleForReading.fileDescriptor,
            output: pipes.1.fileHandleForWriting.fileDescriptor, patienceMilliseconds: 20)
        let error = #expect(throws: LinkError.self) { try server.serve() }
        #expect(error == .silent)
        withExtendedLifetime(pipes) {}
    }

    @Test func aFirmwareOfAnotherReleaseIsRefused() throws {
        var hello = EspalierLinkHello()
        hello.link_version = ESPALIER_LINK_VERSION + 1
        hello.model_abi_version = ESPALIER_ABI_VERSION
        hello.reaction_abi_version = ESPALIER_REACTION_ABI_VERSION
        let error = #expect(throws: LinkError.self) { try answer(hello) }
        #expect(error == .nonsense("it speaks version 4 of the link contract, this simulator version 3"))
    }

    @Test func aFirmwareWithTooLittleRoomForAFrameIsRefused() throws {
        var hello = EspalierLinkHello()
        hello.link_version = ESPALIER_LINK_VERSION
        hello.model_abi_version = ESPALIER_ABI_VERSION
        hello.reaction_abi_version = ESPALIER_REACTION_ABI_VERSION
        hello.frame_bytes = 57_599
        let error = #expect(throws: LinkError.self) { try answer(hello) }
        #expect(error == .nonsense("it has room for frames of 57599 bytes, too few for 160 x 120"))
    }

    @Test func wordsThatAreNoGreetingAreRefused() throws {
        let pipes = (Pipe(), Pipe())
        try pipes.0.fileHandleForWriting.write(contentsOf: Data(repeating: 0x41, count: 200))
        let server = LinkServer(
            scenario: doorway(), input: pipes.0.fileHandleForReading.fileDescriptor,
            output: pipes.1.fileHandleForWriting.fileDescriptor)
        let error = #expect(throws: LinkError.self) { try server.serve() }
        #expect(error == .nonsense("its first words are no greeting"))
    }

    @Test func aFirmwareThatDiesIsOneSentence() {
        let error = #expect(throws: FileError.self) { try FirmwareProcess.run("/bin/false", doorway()) }
        #expect(
            error?.description == """
                /bin/false ended before the scenario did (exit status 1); \
                see what it wrote to standard error, or run it in a debugger.
                """)
    }

    @Test func aFirmwareThatHangsIsEnded() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("hang").path
        try "#!/bin/sh\nexec sleep 1000\n".write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let error = #expect(throws: FileError.self) {
            try FirmwareProcess.run(path, doorway(), patienceMilliseconds: 50)
        }
        #expect(error?.description.contains("kept silent for 0.05 seconds and was ended") == true)
    }

    @Test func aFirmwareThatIsNotThereIsOneSentence() {
        let error = #expect(throws: FileError.self) { try FirmwareProcess.run("/nowhere/node", doorway()) }
        #expect(
            error?.description
                == "/nowhere/node is not an executable file; build the firmware with cross/build-node.")
    }
}

// MARK: - Helpers

/// As much of a model as a greeting shows: a name and labels.
private enum Greeting {
    nonisolated(unsafe) static let model: UnsafePointer<EspalierModel> = {
        let model = UnsafeMutablePointer<EspalierModel>.allocate(capacity: 1)
        let labels = ["empty", "person", "animal", "vehicle"].map {
            (label: String) -> UnsafePointer<CChar>? in
            UnsafePointer(strdup(label))
        }
        let labelPointers = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: labels.count)
        labelPointers.initialize(from: labels, count: labels.count)
        model.initialize(to: EspalierModel())
        model.pointee.abi_version = ESPALIER_ABI_VERSION
        model.pointee.label_count = UInt32(labels.count)
        model.pointee.labels = UnsafePointer(labelPointers)
        model.pointee.name = UnsafePointer(strdup("doorway"))
        return UnsafePointer(model)
    }()
}

/// Serves a scenario to a firmware in a thread.
private func serve(
    _ scenario: Scenario, _ firmware: @escaping @Sendable (inout LinkBoard) -> Void
) throws -> SimulationRun {
    let requests = Pipe()
    let replies = Pipe()
    Thread.detachNewThread {
        let frame = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 18)
        defer { frame.deallocate() }
        var board = LinkBoard(
            input: replies.fileHandleForReading.fileDescriptor,
            output: requests.fileHandleForWriting.fileDescriptor, frameBuffer: frame, frameBytes: 1 << 18)
        firmware(&board)
        try? requests.fileHandleForWriting.close()
    }
    return try LinkServer(
        scenario: scenario, input: requests.fileHandleForReading.fileDescriptor,
        output: replies.fileHandleForWriting.fileDescriptor
    ).serve()
}

/// Serves a firmware that says just this.
private func answer(_ hello: EspalierLinkHello) throws -> SimulationRun {
    let requests = Pipe()
    let replies = Pipe()
    var request = EspalierLinkRequest()
    request.kind = ESPALIER_LINK_HELLO
    request.payload_bytes = UInt32(MemoryLayout<EspalierLinkHello>.size)
    withUnsafeBytes(of: request) { requests.fileHandleForWriting.write(Data($0)) }
    withUnsafeBytes(of: hello) { requests.fileHandleForWriting.write(Data($0)) }
    try requests.fileHandleForWriting.close()
    return try LinkServer(
        scenario: doorway(), input: requests.fileHandleForReading.fileDescriptor,
        output: replies.fileHandleForWriting.fileDescriptor
    ).serve()
}
