import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// The `espalier` command as a user meets it: exit status, one sentence on errors, nothing half-written.
@Suite struct CommandTests {
    private let model = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path
    private let names = Package.root.appendingPathComponent("models/doorway/labels.txt").path
    private let golden = Package.root.appendingPathComponent("models/doorway/golden.npz").path

    private func espalier(_ arguments: String...) throws -> Shell.Outcome {
        try Shell.run(Package.command, arguments)
    }

    private func expectRefusal(_ outcome: Shell.Outcome, _ parts: String...) {
        #expect(outcome.status != 0)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.hasSuffix(".") == true, "\(outcome.errors)")
        for part in parts { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
    }

    // MARK: compile

    @Test func compileWritesTheSameHeaderTwice() throws {
        let folder = try TemporaryFolder()
        for name in ["a.h", "b.h"] {
            let outcome = try espalier(
                "compile", model, "--label-names", names, "--name", "doorway", "-o", folder.path(name))
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let first = try ByteFile.read(folder.path("a.h"))
        #expect(try first == ByteFile.read(folder.path("b.h")))
        #expect(String(decoding: first.prefix(30), as: UTF8.self).hasPrefix("/* Written by espalier "))
    }

    @Test func compileRefusesWhatItCannotReadOrWriteAndLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let header = folder.path("x.h")
        expectRefusal(try espalier("compile", folder.path("none.tflite"), "-o", header), "none.tflite")
        expectRefusal(try espalier("compile", folder.url.path, "-o", header), folder.url.path)
        expectRefusal(
            try espalier("compile", names, "-o", header), "labels.txt", "a text that begins 'empty'")
        expectRefusal(try espalier("compile", model, "-o", folder.path("absent/x.h")), "absent")
        expectRefusal(try espalier("compile", model, "-o", "/dev/full"), "/dev/full")
        expectRefusal(try espalier("compile", model, "--name", "no name", "-o", header), "no name")
        expectRefusal(try espalier("compile", model, "--pixel-mean", "1,x", "-o", header), "'x'")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func aModelIsNotCalledLikeAFunctionOfTheLibrary() throws {
        let folder = try TemporaryFolder()
        for name in ["output", "run", "kernels_best", "clear_surroundings", "setup"] {
            let refusal = try espalier("compile", model, "--name", name, "-o", folder.path("x.h"))
            #expect(
                refusal.errors
                    == "Error: --name \(name) is a name that Espalier's own C code has; choose another, such as \(name)_model.\n"
            )
            #expect(refusal.status == 1)
            let header = folder.path("\(name).h")
            #expect(try espalier("compile", model, "-o", header).status == 0)
            #expect(try String(contentsOfFile: header, encoding: .utf8).contains(" espalier_\(name)_model ="))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 5)
        // A name in capitals is another one.
        #expect(try espalier("compile", model, "--name", "Output", "-o", folder.path("x.h")).status == 0)
        // Headers with those names, the contracts and each other get along, in either order.
        for name in ["person", "model"] {
            let compiled = try espalier("compile", model, "--name", name, "-o", folder.path("\(name).h"))
            #expect(compiled.status == 0, "\(compiled.errors)")
        }
        for (first, isMixed) in [(["model", "person"], false), (["person", "model"], true)] {
            let includes =
                first + ["output", "setup", "run", "espalier", "espalier_setup", "espalier_reaction"]
            let source = try folder.write(
                includes.map { "#include \"\($0).h\"\n" }.joined() + "int main(void) { return 0; }\n",
                to: "a.c")
            let outcome = try Shell.run(
                "cc",
                ["-Wall", "-Wextra", "-Werror", "-I", Package.root.path + "/include", "-c", source]
                    + ["-o", folder.path("a.o")])
            // The macros of firmware with one model are the first one's, and a model called so has them for its own.
            #expect((outcome.status != 0) == isMixed, "\(outcome.errors.prefix(500))")
            #expect(
                outcome.errors.contains("Include the header of the model called 'model' first") == isMixed)
        }
    }

    @Test func everyCommandNamesWhatIsNoModelForWhatItIs() throws {
        let saved = try TemporaryFolder()
        _ = try saved.write("x", to: "saved_model.pb")
        let folder = try TemporaryFolder()
        let page = try folder.write("<!DOCTYPE html><html>", to: "model.tflite")
        let output = ["-o", folder.path("output")]
        let rest: KeyValuePairs = [
            "inspect": [], "compile": output, "validate": ["--inputs", golden], "benchmark": [],
            "tune": output,
            "run": ["--reaction", Package.root.appendingPathComponent("boards/generic/reaction.toml").path],
        ]
        for (command, options) in rest {
            for (path, what) in [(saved.url.path, "TensorFlow SavedModel"), (page, "web page")] {
                expectRefusal(try Shell.run(Package.command, [command, path] + options), path, what)
            }
        }
    }

    @Test func everythingInTheWayOfAModelIsToldAtOnce() throws {
        let detector = Package.fixture("refused/custom_edgetpu_detector.tflite").path
        let outcome = try espalier("inspect", detector)
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 2, "\(outcome.errors)")
        #expect(
            lines[0].hasPrefix(
                "Error: \(detector): Operator 0 (CUSTOM 'edgetpu-custom-op'): compiled for an Edge TPU"))
        #expect(lines[1].hasPrefix("  Operator 3 (CUSTOM 'TFLite_Detection_PostProcess')"))
    }

    // MARK: inspect

    @Test func inspectAgreesWithItsJSON() throws {
        let text = try espalier("inspect", model)
        let json = try espalier("inspect", model, "--json")
        #expect(text.status == 0 && json.status == 0)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let flash = try #require(report["flashBytes"] as? Int)
        let arena = try #require(report["arenaBytes"] as? Int)
        #expect(text.output.contains("flash \(flash) bytes, arena \(arena) bytes"))
        let kept = try #require(report["blocksKept"] as? Int)
        let blocks = try #require(report["blocks"] as? Int)
        #expect(kept < blocks)  // the shipped model is pruned
    }

    // MARK: validate

    @Test func validateHoldsOnTheModelsGoldenOutputsAndFailsOnOthers() throws {
        let good = try espalier(
            "validate", model, "--inputs", "\(golden):inputs", "--expected", "\(golden):outputs")
        #expect(good.status == 0, "\(good.output)\(good.errors)")
        #expect(good.output.contains("Everything asked for holds."))

        let folder = try TemporaryFolder()
        var outputs = try NumericArray.read("\(golden):outputs")
        guard case .int8(var values) = outputs.values else { throw CocoaError(.coderInvalidValue) }
        values[0] = values[0] == 127 ? 126 : values[0] + 1
        outputs.values = .int8(values)
        try NPY.write(outputs, to: folder.path("wrong.npy"))
        let wrong = try espalier(
            "validate", model, "--inputs", "\(golden):inputs", "--expected", folder.path("wrong.npy"),
            "--json")
        #expect(wrong.status == 1)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(wrong.output.utf8)) as? [String: Any])
        #expect(report["holds"] as? Bool == false)
        #expect(report["rowsBitIdentical"] as? Int == outputs.shape[0] - 1)
    }

    @Test func validateRefusesArraysThatDoNotFit() throws {
        let folder = try TemporaryFolder()
        try NPY.write(
            NumericArray(shape: [1, 2, 2, 1], values: .uint8([1, 2, 3, 4])), to: folder.path("small.npy"))
        expectRefusal(
            try espalier("validate", model, "--inputs", folder.path("small.npy")), "[1, 2, 2, 1]",
            "[N, 64, 64, 1]")
        expectRefusal(try espalier("validate", model, "--inputs", folder.path("none.npy")), "none.npy")
        expectRefusal(try espalier("validate", model, "--inputs", "\(golden):absent"), "absent", "inputs")
        expectRefusal(try espalier("validate", model, "--inputs", model), "doorway.tflite")
        expectRefusal(
            try espalier(
                "validate", model, "--inputs", "\(golden):inputs", "--labels", folder.path("none.npy")),
            "none.npy")
    }

    @Test func validateTakesPicturesInClassFolders() throws {
        let folder = try TemporaryFolder()
        for (index, name) in ["empty", "person", "animal", "vehicle"].enumerated() {
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent(name), withIntermediateDirectories: true)
            // Sizes unlike the model's: pictures are prepared as camera frames are.
            try PNG.write(
                Image(width: 30 + index * 40, height: 50, channels: index % 2 == 0 ? 1 : 3, filledWith: 90),
                to: folder.path("\(name)/a.png"))
        }
        let outcome = try espalier("validate", model, "--label-names", names, "--inputs", folder.url.path)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("4 labelled rows"))
        let demanding = try espalier(
            "validate", model, "--label-names", names, "--inputs", folder.url.path, "--minimum-top1", "1")
        #expect(demanding.status == 1)
    }

    // MARK: benchmark, tune

    @Test func benchmarkReportsTheSameOutputsOnEverySet() throws {
        func report(_ arguments: String...) throws -> [String: Any] {
            let outcome = try Shell.run(
                Package.command, ["benchmark", model, "--json", "--seconds", "0.01"] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        }
        let best = try report()
        let reference = try report("--isa", "reference")
        #expect(best["outputHash"] as? String == reference["outputHash"] as? String)
        #expect(reference["isa"] as? String == "reference")
        #expect(try #require(best["medianMicroseconds"] as? Double) > 0)
        let layers = try #require(best["layers"] as? [[String: Any]])
        #expect(
            layers.allSatisfy {
                $0["medianMicroseconds"] is Double && $0["macs"] is Int && $0["isa"] is String
            })
        expectRefusal(try espalier("benchmark", model, "--isa", "z80"), "z80", "reference")
    }

    @Test func tuningIsTakenByCompilations() throws {
        let folder = try TemporaryFolder()
        let tuned = folder.path("tuned.json")
        let outcome = try espalier("tune", model, "-o", tuned, "--seconds", "0.01")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let inspection = try espalier("inspect", model, "--tuned", tuned)
        #expect(inspection.output.contains(" us measured"))
        expectRefusal(try espalier("inspect", model, "--tuned", names), "labels.txt", "tune")
        expectRefusal(try espalier("inspect", model, "--cpu", "z80"), "z80", "cortex-a76")
    }
}
