import EspalierTestSupport
import Foundation
import Testing

/// Measurements decide only where they were measured.
@Suite struct TunedTests {
    private func tuned(_ folder: TemporaryFolder, _ more: String...) throws -> String {
        let path = folder.path("tuned.json")
        let outcome = try Shell.run(
            Package.command, ["tune", Doorway.model, "-o", path, "--seconds", "0.001", "--force"] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return path
    }

    /// The same file as if measured with other kernels.
    private func relabelled(_ path: String, _ folder: TemporaryFolder, isa: String) throws -> String {
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
                as? [String: Any])
        object["isa"] = isa
        let other = folder.path("\(isa).json")
        try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: other))
        return other
    }

    @Test func measurementsOfAnotherInstructionSetAreRefused() throws {
        let folder = try TemporaryFolder()
        let tuned = try tuned(folder)
        let cases = [
            ("avx512vnni", "cortex-m", "smlad"), ("avx2", "cortex-a76", "neondot"),
            ("neon", "cortex-a76", "neondot"),
            ("neondot", "cortex-a53", "neon"), ("avx2", "avx512vnni", "avx512vnni"),
            ("portable", "arm1176", "smlad"),
            ("z80", "avx2", "sse41"),
        ]
        for (isa, cpu, kernels) in cases {
            let file = try relabelled(tuned, folder, isa: isa)
            requireRefusal(
                try runTool("inspect", Doorway.model, "--cpu", cpu, "--tuned", file),
                "measured with the \(isa) kernels", cpu, kernels)
        }
        for (isa, cpu) in [
            ("neon", "cortex-a53"), ("neon", "cortex-a72"), ("sse41", "avx2"), ("smlad", "cortex-m"),
        ] {
            let file = try relabelled(tuned, folder, isa: isa)
            #expect(try runTool("inspect", Doorway.model, "--cpu", cpu, "--tuned", file).status == 0)
        }
        // Compiled for any processor, whatever was measured is the best that is known.
        #expect(try runTool("inspect", Doorway.model, "--tuned", tuned).output.contains("us measured"))
    }

    @Test func whereTheModelRunsItsKernelsDecide() throws {
        let folder = try TemporaryFolder()
        let portable = try tuned(folder, "--isa", "portable")
        requireRefusal(
            try runTool(
                "benchmark", Doorway.model, "--isa", "reference", "--tuned", portable, "--seconds", "0.01"),
            "measured with the portable kernels", "the reference kernels")
        #expect(
            try runTool(
                "benchmark", Doorway.model, "--isa", "portable", "--tuned", portable, "--seconds", "0.01"
            ).status == 0)
        requireRefusal(
            try runTool(
                "simulate", Doorway.scenario, "--model", Doorway.model, "--cpu", "cortex-m", "--tuned",
                portable),
            "portable", "cortex-m")
    }

    @Test func measurementsOfAnotherModelAreRefused() throws {
        let folder = try TemporaryFolder()
        var object = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: try tuned(folder)))) as? [String: Any])
        object["layers"] = ["another layer": ["1x4": 1.5]]
        object["model"] = "cat"
        let other = folder.path("cat.json")
        try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: other))
        requireRefusal(
            try runTool("inspect", Doorway.model, "--tuned", other), "measurements of cat",
            "none of its layers")
    }

    @Test(arguments: [
        "", "{", "[]", "{}", "null", #"{"isa":"avx2","model":"m","layers":{"a":{"5x5":1}}}"#,
        #"{"isa":"avx2","model":"m","layers":{"a":{"1x4":"fast"}}}"#,
        #"{"isa":"avx2","model":"m","layers":{"a":{"1x4":-1}}}"#,
        #"{"isa":"avx2","model":"m","layers":{"a":{"1x4":0}}}"#,
        #"{"isa":"avx2","model":"m","layers":{"a":{"1x4":1e999}}}"#, #"{"isa":7,"model":"m","layers":{}}"#,
    ])
    func aDamagedFileIsOneSentence(text: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "t.json")
        requireRefusal(try runTool("inspect", Doorway.model, "--tuned", path), "t.json", "espalier tune")
    }
}
