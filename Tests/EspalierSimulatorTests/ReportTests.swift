import EspalierFiles
import EspalierReaction
import Foundation
import Testing

@testable import EspalierSimulator

@Suite struct ReportTests {
    @Test func everyTriggerIsOneLineAndTheTotalsSayWhatBecameOfAll() throws {
        #expect(
            try report().triggerLines == [
                "#   edge      frame taken      verdict                    blocks kept/cut/skipped  "
                    + "inference (real)       edge to signal (real)",
                "1   1.000 s   100.00 ms before person 0.970 -> buzzer     30/10/2                  "
                    + "2.50 ms                2.50 ms",
                "2   2.000 s                    the camera failed",
            ])
        #expect(
            try report().totalLines == [
                "2 triggers: 1 verdict, 1 signal on buzzer; refused: none; errors: 1 of the camera"
            ])
    }

    @Test func theFilesAreWrittenWholeAndWhatNoRunWroteStays() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let frames = folder.appendingPathComponent("frames")
        try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: false)
        for name in ["99-cat.png", "07-person.png", "mine.png"] {
            try Data().write(to: frames.appendingPathComponent(name))
        }
        for _ in 1...2 {
            let written = try report().write(to: folder.path)
            #expect(written == ["trace.txt", "trace.vcd", "timing.svg", "frames/01-person.png"])
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: frames.path).sorted()
        #expect(files == ["01-person.png", "07-person.png", "99-cat.png", "mine.png"])
        let trace = try String(contentsOf: folder.appendingPathComponent("trace.txt"), encoding: .utf8)
        #expect(trace == (try report().run.trace.text))
        let dump = try String(contentsOf: folder.appendingPathComponent("trace.vcd"), encoding: .utf8)
        #expect(dump.contains("#1000000\n1!\n"))
        #expect(try PNG.read(frames.appendingPathComponent("01-person.png").path).channels == 3)
    }

    @Test(arguments: ["trace.txt", "timing.svg", "frames/01-person.png"])
    func aFileThatNoRunWroteIsRefusedBeforeAnythingIsWritten(name: String) throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let frames = folder.appendingPathComponent("frames")
        try FileManager.default.createDirectory(at: frames, withIntermediateDirectories: false)
        try Data("mine".utf8).write(to: folder.appendingPathComponent(name))
        let error = #expect(throws: FileError.self) { try report().write(to: folder.path) }
        #expect(error?.description.contains("/\(name) is not on the list") == true)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
                == ["frames", name].sorted())
        if name != "frames/01-person.png" {
            #expect(throws: FileError.self) { try SimulationReport.check(folder: folder.path) }
        }
        _ = try report().write(to: folder.path, force: true)
        #expect(try Data(contentsOf: folder.appendingPathComponent(name)) != Data("mine".utf8))
    }

    @Test func aFolderThatCannotBeMadeIsOneSentence() throws {
        let error = #expect(throws: FileError.self) { try report().write(to: "/proc/nowhere") }
        #expect(
            error?.description
                == "/proc/nowhere cannot be made (no such file or directory); choose a folder you may write to."
        )
    }

    private func report() throws -> SimulationReport {
        var scenario = doorway()
        scenario.pulse(at: .seconds(2), for: .milliseconds(10))
        scenario.camera.failingCaptures = [2]
        let classifier = ScriptedClassifier { _ in
            Verdict(
                classIndex: 1, score: 120, permille: 970, macs: 1_000_000, blocksKept: 30, blocksPruned: 10,
                blocksSkipped: 2)
        }
        return SimulationReport(
            try scenario.run(classifier, labels: ["empty", "person"]), of: scenario, tool: "test")
    }
}
