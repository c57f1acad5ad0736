import CEspalier
import CLinux
import EspalierSettings
import EspalierTestSupport
import Foundation
import Testing

/// The writer of snapshots: one a process, so one test at a time.
@Suite(.serialized) struct SnapshotTests {
    private let list = ".espalier-snapshots"

    /// Starts the writer, writes these many snapshots and stops it.
    ///
    /// - Returns: its counters, or the sentence where it does not start.
    @discardableResult private func run(
        _ folder: TemporaryFolder, keep: Int32, labels: [String], kinds: Int32 = 1
    ) throws -> (counters: EspalierSnapshotCounters, sentence: String) {
        let memory = UnsafeMutablePointer<UInt8>.allocate(
            capacity: 16 * 12 * 3 + Int(ESPALIER_PICTURE_POOL_BYTES) + 64)
        defer { memory.deallocate() }
        let pool = UnsafeMutableRawPointer(memory + 16 * 12 * 3).alignedUp(toMultipleOf: 64)
            .assumingMemoryBound(to: UInt8.self)
        var settings = EspalierSnapshots()
        setText(&settings.folder, folder.url.path)
        settings.kinds = kinds
        settings.keep = keep
        var problem = EspalierProblem()
        guard espalier_snapshots_start(&settings, memory, 16 * 12 * 3, pool, &problem) == 0 else {
            return (EspalierSnapshotCounters(), text(problem.sentence))
        }
        for (index, label) in labels.enumerated() {
            var picture = espalier_snapshots_begin()
            while picture == nil { picture = espalier_snapshots_begin() }  // the last is still being written
            picture!.pointee.width = 16
            picture!.pointee.height = 12
            picture!.pointee.channels = 3
            memory.update(repeating: 90, count: 16 * 12 * 3)
            var record = EspalierReactionRecord()
            record.trigger = Int64(index + 1)
            espalier_snapshots_end(&record, label)
        }
        espalier_snapshots_stop()
        return (espalier_snapshots_counters(), "")
    }

    private func names(_ folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0 != list }.sorted()
    }

    @Test func onlyWhatTheWriterWroteIsRemoved() throws {
        let folder = try TemporaryFolder()
        let others = [
            "20200101T000000-000001-cat.png", "20200101T000000-000001-cat-annotated.png", "99-cat.png",
            "20991231T235959-000017-person.png",
        ]
        for name in others { _ = try folder.write("mine", to: name) }
        try run(folder, keep: 2, labels: ["a", "b", "c", "d"])
        let first = try names(folder)
        #expect(Set(others).isSubset(of: first))
        #expect(first.count == others.count + 2, "\(first)")
        // A later run knows what this one wrote.
        try run(folder, keep: 1, labels: ["e"])
        let second = try names(folder)
        #expect(Set(others).isSubset(of: second))
        #expect(second.filter { !others.contains($0) }.map { $0.suffix(6) } == ["-e.png"], "\(second)")
    }

    @Test func bothPicturesOfASnapshotGoTogether() throws {
        let folder = try TemporaryFolder()
        try run(folder, keep: 1, labels: ["a", "b"], kinds: 3)
        let left = try names(folder)
        #expect(left.count == 2 && left.allSatisfy { $0.contains("-b") }, "\(left)")
    }

    @Test func whatALostPowerLeftHalfWrittenGoes() throws {
        let folder = try TemporaryFolder()
        try run(folder, keep: 3, labels: ["a"])
        let stem = try #require(try names(folder).first).dropLast(4)
        _ = try folder.write("half", to: "\(stem).png.part")
        _ = try folder.write("mine", to: "other.png.part")
        _ = try folder.write(
            try String(contentsOfFile: folder.path(list), encoding: .utf8) + "../x\nsub/y\n2020cut sho",
            to: list)
        try run(folder, keep: 3, labels: [])
        #expect(try names(folder) == ["\(stem).png", "other.png.part"])
        #expect(
            try String(contentsOfFile: folder.path(list), encoding: .utf8).split(separator: "\n").dropFirst()
                == [stem])
    }

    @Test func aListOfSomebodyElseIsNotTouched() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("my notes\n", to: list)
        #expect(try run(folder, keep: 1, labels: ["a"]).sentence.contains("is no list of snapshots"))
        #expect(try String(contentsOfFile: folder.path(list), encoding: .utf8) == "my notes\n")
        #expect(try names(folder).isEmpty)
    }

    @Test func aPictureThatIsThereIsNotReplaced() throws {
        let folder = try TemporaryFolder()
        // Whatever the second it is written in.
        let calendar = ISO8601DateFormatter()
        calendar.formatOptions = [.withYear, .withMonth, .withDay, .withTime]
        let stamps = (0..<5).map { calendar.string(from: Date() + Double($0)).prefix(15) }
        for stamp in stamps { _ = try folder.write("mine", to: "\(stamp)-000001-a.png") }
        let counters = try run(folder, keep: 1, labels: ["a"]).counters
        #expect(counters.failed == 1 && counters.error == EEXIST)
        // Nor does it count as the writer's own from then on.
        try run(folder, keep: 1, labels: ["b", "c"])
        #expect(try names(folder).count == stamps.count + 1)
        for stamp in stamps {
            let path = folder.path("\(stamp)-000001-a.png")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        }
    }

    @Test func snapshotsDoNotBecomeFrames() throws {
        let folder = try TemporaryFolder()
        let link = folder.path("link")
        try FileManager.default.createDirectory(
            atPath: folder.path("seen"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "seen")
        var setup = EspalierSetup()
        setup.camera.kind = ESPALIER_CAMERA_PICTURES
        setText(&setup.camera.source, folder.path("seen"))
        var problem = EspalierProblem()
        setText(&setup.snapshots.folder, folder.url.path)
        #expect(espalier_snapshots_apart(&setup, &problem) == 0)
        for same in [folder.path("seen"), folder.path("seen/../seen/"), link] {
            setText(&setup.snapshots.folder, same)
            #expect(espalier_snapshots_apart(&setup, &problem) == ESPALIER_PROBLEM_SETUP)
            #expect(text(problem.sentence).contains("name another for snapshots"))
        }
    }
}

/// Records, the summary and what a check finds.
@Suite struct PrintingTests {
    @Test func aFullDiskIsSaidOnceAndTheProgramDoesNotEndWell() async throws {
        let result = await #expect(
            processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
        ) {
            dup2(open("/dev/full", O_WRONLY), 1)
            for _ in 1...3 { espalier_print("{}\n", 3) }
            exit(espalier_print_status())
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(
            said.components(separatedBy: "the standard output cannot be written (No space left on device)")
                .count == 2,
            "\(said)")
    }

    @Test func aReaderThatIsGoneIsNoReasonToEndBadly() async {
        await #expect(processExitsWith: .exitCode(0)) {
            signal(SIGPIPE, SIG_IGN)
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            close(ends[0])
            dup2(ends[1], 1)
            espalier_print("{}\n", 3)
            exit(espalier_print_status())
        }
    }
}
