import CEspalier
import CLinux
import EspalierLinux
import EspalierReaction
import EspalierSettings
import EspalierSimulator
import EspalierTestSupport
import Foundation
import Testing

/// What a process shows of itself, and the cameras that need no device.
@Suite(.serialized) struct ProcessTests {
    // MARK: The line of a record

    private func line(_ record: EspalierReactionRecord, _ label: String?, bytes: Int32 = 2048) -> String {
        var record = record
        var text = [CChar](repeating: 0, count: Int(bytes))
        let length = espalier_record_line(&record, label, &text, bytes)
        return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func aVerdictHasAllItsTimesInOneLine() {
        var record = EspalierReactionRecord(trigger: 7, edgeTime: 1000, index: 2)
        record.outcome = ESPALIER_OUTCOME_VERDICT
        record.frame_time = 990
        record.frame_sequence = 12
        record.run_time = 1010
        record.verdict_time = 1030
        record.signal_time = 1031
        record.class_index = 1
        record.permille = 890
        record.group_permille = -1005
        record.frames = 3
        record.votes = 2
        record.signalled = 0b101
        record.blocks_kept = 5
        record.blocks_pruned = 3
        record.blocks_skipped = .max
        record.real_inference_nanoseconds = .max
        #expect(
            line(record, "a \"b\\\n") == """
                {"trigger":7,"input":2,"outcome":"verdict","edge_ns":1000,"frame_ns":990,"frame":12,\
                "run_ns":1010,"verdict_ns":1030,"signal_ns":1031,"class":1,"label":"a \\"b\\\\\\u000a",\
                "score":0.890,"group_score":-1.005,"frames":3,"votes":2,"outputs":[0,2],"blocks_kept":5,\
                "blocks_pruned":3,"blocks_skipped":4294967295,"inference_ns":9223372036854775807,\
                "edge_to_signal_ns":null}

                """)
    }

    @Test func whatDoesNotExistIsNullAndEveryOutcomeHasAName() throws {
        var names: Set<String> = []
        for outcome in ESPALIER_OUTCOME_VERDICT...ESPALIER_OUTCOME_HOLD_OFF {
            var record = EspalierReactionRecord(trigger: 1, edgeTime: 0)
            record.outcome = outcome
            let object =
                try JSONSerialization.jsonObject(with: Data(line(record, nil).utf8)) as? [String: Any]
            names.insert(object?["outcome"] as? String ?? "")
            #expect(object?["frame_ns"] is NSNull && object?["label"] is NSNull)
        }
        #expect(names.count == 9 && !names.contains("unknown"))
    }

    @Test func aLineThatDoesNotFitIsNotThere() {
        let record = EspalierReactionRecord(trigger: 1, edgeTime: 0)
        let length = Int32(line(record, nil).utf8.count)
        #expect(line(record, nil, bytes: length + 1).utf8.count == Int(length))
        #expect(line(record, nil, bytes: length) == "")
    }

    // MARK: The service manager

    @Test func systemdIsToldThroughItsSocket() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("notify")
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        setText(&address.sun_path, path)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        setenv("NOTIFY_SOCKET", path, 1)
        setenv("WATCHDOG_USEC", "30000000", 1)
        espalier_notify_ready()
        espalier_notify_alive()
        espalier_notify_stopping()
        #expect(espalier_watchdog_period() == 30_000_000_000)
        setenv("WATCHDOG_PID", "1", 1)
        #expect(espalier_watchdog_period() == 0)
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { unsetenv(name) }
        espalier_notify_ready()  // nobody asks: nothing happens
        var said: [String] = []
        var bytes = [UInt8](repeating: 0, count: 64)
        while case let count = recv(descriptor, &bytes, 64, Int32(MSG_DONTWAIT)), count > 0 {
            said.append(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
        #expect(said == ["READY=1", "WATCHDOG=1", "STOPPING=1"])
    }

    // MARK: Cameras without a device

    private func command(_ text: String) -> EspalierSetup {
        var setup = EspalierSetup.bench
        setup.camera.kind = ESPALIER_CAMERA_COMMAND
        setup.camera.format = ESPALIER_FORMAT_GREY
        setup.camera.ring_frames = 3
        setText(&setup.camera.source, text)
        return setup
    }

    @Test func aProgramsFramesAreThoseItWrites() throws {
        let bytes = "head -c 192 /dev/zero | tr '\\0' "
        let bench = try DeviceBench(
            command("for value in a b c d; do \(bytes)$value; sleep 0.05; done; sleep 9"))
        var seen: [UInt8] = []
        for sequence in -1..<3 as Range<Int64> {
            let frame = try #require(try bench.frame(after: sequence))
            #expect(frame.sequence == sequence + 1)
            seen.append(frame.image.pixels[0])
            #expect(frame.image.pixels[191] == seen.last)
        }
        #expect(seen == Array("abcd".utf8))
        // The ring holds the last three.
        #expect(try bench.board.frame(nearest: 0, after: -1)?.sequence == 1)
    }

    @Test func aProgramThatEndsIsStartedAgain() throws {
        let bench = try DeviceBench(command("head -c 192 /dev/zero; sleep 0.1"))
        let first = try #require(try bench.frame(after: -1))
        var troubles: [Bool] = []
        let deadline = espalier_monotonic_nanoseconds() + 3_000_000_000
        var frames = 0
        while frames < 2 && espalier_monotonic_nanoseconds() < deadline {
            switch bench.board.wait(until: deadline, frameAfter: first.sequence + Int64(frames)) {
            case .trouble(let isPresent): troubles.append(isPresent)
            case .frame: frames += 1
            default: break
            }
        }
        #expect(frames == 2)
        #expect(troubles.starts(with: [true, false]))
    }

    @Test func aProgramThatCannotBeIsATrouble() throws {
        let bench = try DeviceBench(command("/nowhere/camera 2>/dev/null"))
        let deadline = espalier_monotonic_nanoseconds() + 2_000_000_000
        guard case .trouble(true) = bench.board.wait(until: deadline, frameAfter: -1) else {
            Issue.record("no trouble")
            return
        }
        #expect(throws: CameraFailure.self) { try bench.board.newestFrame() }
    }

    @Test func aSetupThatDoesNotFitItselfIsRefused() {
        let faults: [(inout EspalierSetup) -> Void] = [
            { $0.abi_version = 0 }, { $0.camera.ring_frames = 0 }, { $0.camera.ring_frames = 17 },
            { $0.camera.width = 0 }, { $0.camera.kind = 9 }, { $0.camera.source.0 = 0 },
            { $0.camera.format = ESPALIER_FORMAT_ANY }, { $0.output_count = 0 },
            { $0.reaction.triggers.0.period_nanoseconds = 0 },
            {
                setText(&$0.snapshots.folder, "/tmp")
                $0.snapshots.kinds = 1
            },
        ]
        let good = command("true")
        #expect(good.isValid)
        for (index, fault) in faults.enumerated() {
            var setup = good
            fault(&setup)
            #expect(!setup.isValid, "\(index)")
        }
    }
}
