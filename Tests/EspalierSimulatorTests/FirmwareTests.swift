import EspalierCompiler
import EspalierFiles
import EspalierSimulator
import EspalierTestSupport
import Foundation
import Testing

/// The firmware binary itself, built by cross/build-node from a header of the compiler.
@Suite struct FirmwareTests {
    @Test(.needsReference) func theFirmwareGivesTheInProcessTraceByteForByte() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let compilation = try personDetect()
        let header = folder.appendingPathComponent("person.h").path
        try AtomicFile.write(Array(compilation.header.utf8), to: header)
        let firmware = folder.appendingPathComponent("espalier-node").path
        let build = try Shell.run(
            repository.appendingPathComponent("cross/build-node").path,
            ["--model-header", header, "-o", firmware, "--frame-bytes", "5000000"])
        try #require(build.status == 0, "\(build.errors)")

        var scenario = try Scenario(
            path: repository.appendingPathComponent("boards/simulator/scenario.toml").path)
        let model = compilation.model()
        let direct = try withExtendedLifetime(model) { try scenario.run(model: model.pointer) }
        let linked = try FirmwareProcess.run(firmware, scenario)
        #expect(linked.trace.text == direct.trace.text)
        #expect(direct.counters.verdicts == 11)
        #expect(linked.records.allSatisfy { $0.outcome != 1 || $0.real_inference_nanoseconds > 0 })

        let deployed = try deployedScenario(in: folder)
        let ownRun = try withExtendedLifetime(model) { try deployed.run(model: model.pointer) }
        #expect(try FirmwareProcess.run(firmware, deployed).trace.text == ownRun.trace.text)
        #expect(ownRun.trace.reactions.map(\.edgeTime) == [2_000_000_000])
        #expect(ownRun.trace.levels(of: "relay").first == .high(at: 0))

        scenario.camera.width = 4000  // larger frames than this firmware has room for
        scenario.camera.height = 500
        let error = #expect(throws: FileError.self) { try FirmwareProcess.run(firmware, scenario) }
        #expect(
            error?.description.contains("room for frames of 5000000 bytes, too few for 4000 x 500") == true)
    }

    /// A reaction file whose lines are active low.
    private func deployedScenario(in folder: URL) throws -> Scenario {
        let files = [
            "reaction.toml": """
            [[trigger]]
            line = "button"
            bias = "pull-up"
            active_low = true
            [[output]]
            line = "relay"
            active_low = true
            threshold = 0
            [camera]
            device = "cam"
            width = 96
            height = 96
            """,
            "scenario.toml": """
            duration_s = 4
            reaction = "reaction.toml"
            [[event]]
            at_s = 2
            lower = "button"
            for_s = 0.5
            see = "person"
            """,
        ]
        for (name, text) in files {
            try AtomicFile.write(Array(text.utf8), to: folder.appendingPathComponent(name).path)
        }
        return try Scenario(
            path: folder.appendingPathComponent("scenario.toml").path,
            boards: [repository.appendingPathComponent("boards").path])
    }

    private func personDetect() throws -> Compilation {
        var options = CompileOptions(name: "person")
        options.labels = ["empty", "person"]
        let path = try Reference.url("models/tflite/person_detect_int8.tflite").path
        return try Compilation(
            tflite: try ByteFile.read(path), sourceName: "person_detect_int8.tflite", options: options)
    }
}
