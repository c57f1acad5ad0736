import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// What commands write over, and what they do not.
@Suite struct WritingTests {
    private func copies() throws -> (TemporaryFolder, model: String, labels: String) {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: Doorway.model, toPath: folder.path("model.tflite"))
        try FileManager.default.copyItem(atPath: Doorway.labels, toPath: folder.path("l.txt"))
        return (folder, folder.path("model.tflite"), folder.path("l.txt"))
    }

    private func isUnchanged(_ path: String, _ original: String) throws -> Bool {
        try ByteFile.read(path) == ByteFile.read(original)
    }

    // MARK: Inputs

    @Test func compileDoesNotWriteOverItsModelWhateverThePath() throws {
        let (folder, model, _) = try copies()
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: folder.path("soft"), withDestinationPath: "model.tflite")
        try manager.linkItem(atPath: model, toPath: folder.path("hard.h"))
        for output in ["model.tflite", "soft", "hard.h", "../\(folder.url.lastPathComponent)/model.tflite"] {
            for more in [[], ["--force"]] {
                requireRefusal(
                    try Shell.run(Package.command, ["compile", model, "-o", folder.path(output)] + more),
                    "is read by this command")
            }
        }
        #expect(try isUnchanged(model, Doorway.model))
        #expect(try manager.contentsOfDirectory(atPath: folder.url.path).count == 4)
    }

    @Test func noOtherInputIsWrittenOverEither() throws {
        let (folder, model, labels) = try copies()
        let golden = folder.path("golden.npz")
        let tuned = folder.path("t.json")
        let reaction = folder.path("r.toml")
        try FileManager.default.copyItem(atPath: Doorway.golden, toPath: golden)
        try FileManager.default.copyItem(atPath: Doorway.reaction, toPath: reaction)
        #expect(try runTool("tune", model, "-o", tuned, "--seconds", "0.001").status == 0)
        let before = try ByteFile.read(tuned)
        let refused = [
            ["compile", model, "--label-names", labels, "-o", labels],
            ["compile", model, "--calibration", "\(golden):inputs", "-o", golden],
            ["compile", model, "--tuned", tuned, "-o", tuned],
            ["tune", model, "--label-names", labels, "-o", labels, "--seconds", "3600"],
            ["tune", model, "--tuned", tuned, "-o", tuned, "--seconds", "3600"],
            ["setup", "--reaction", reaction, "-o", reaction],
            ["setup", "--reaction", reaction, "--label-names", labels, "-o", labels],
        ]
        for arguments in refused {
            requireRefusal(try Shell.run(Package.command, arguments + ["--force"]), "is read by this command")
        }
        #expect(try isUnchanged(labels, Doorway.labels) && isUnchanged(golden, Doorway.golden))
        #expect(try isUnchanged(reaction, Doorway.reaction) && ByteFile.read(tuned) == before)
    }

    @Test func simulateDoesNotWriteAmongThePicturesOfItsScenario() throws {
        let (folder, model, _) = try copies()
        try FileManager.default.createDirectory(
            atPath: folder.path("frames"), withIntermediateDirectories: false)
        try PNG.write(
            Image(width: 160, height: 120, channels: 3, filledWith: 7), to: folder.path("frames/a.png"))
        for see in ["frames", "frames/a.png"] {
            let scenario = try folder.write("duration_s = 1\n[camera]\nsee = \"\(see)\"\n", to: "s.toml")
            requireRefusal(
                try runTool("simulate", scenario, "--model", model, "-o", folder.url.path, "--force"),
                "frames holds", "a.png, which this command reads")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("frames")) == ["a.png"])
        #expect(!FileManager.default.fileExists(atPath: folder.path("trace.txt")))
    }

    // MARK: What Espalier did not write

    @Test func whatEspalierDidNotWriteIsReplacedByForceOnly() throws {
        let (folder, model, _) = try copies()
        let mine = try folder.write("mine\n", to: "mine")
        let commands = [
            ["compile", model], ["tune", model, "--seconds", "0.001"],
            ["setup", "--reaction", Doorway.reaction],
            ["scenes", "--count", "1"],
        ]
        for arguments in commands {
            requireRefusal(
                try Shell.run(Package.command, arguments + ["-o", mine]), "mine exists", "--force")
            #expect(try String(contentsOfFile: mine, encoding: .utf8) == "mine\n")
            #expect(try Shell.run(Package.command, arguments + ["-o", mine, "--force"]).status == 0)
            #expect(try ByteFile.read(mine) != Array("mine\n".utf8))
            _ = try folder.write("mine\n", to: "mine")
        }
        requireRefusal(try runTool("scenes", "--count", "1", "--labels", mine), "mine exists")
    }

    @Test func whatItWroteIsReplaced() throws {
        let (folder, model, _) = try copies()
        let header = folder.path("a.h")
        for name in ["one", "two"] {
            #expect(try runTool("compile", model, "-o", header, "--name", name).status == 0)
        }
        #expect(try String(contentsOfFile: header, encoding: .utf8).contains("espalier_two"))
        for _ in 1...2 {
            #expect(try runTool("tune", model, "-o", folder.path("t.json"), "--seconds", "0.001").status == 0)
            #expect(
                try runTool("setup", "--reaction", Doorway.reaction, "-o", folder.path("s.h")).status == 0)
        }
        // One kind is not another.
        requireRefusal(
            try runTool("tune", model, "-o", header, "--seconds", "0.001"), "a.h exists")
    }

    @Test func simulateLeavesWhatItNeverWrote() throws {
        let (folder, model, _) = try copies()
        let output = folder.path("out")
        func simulate(_ more: String...) throws -> Shell.Outcome {
            try Shell.run(
                Package.command,
                [
                    "simulate", Doorway.scenario, "--model", model, "--label-names", Doorway.labels, "-o",
                    output,
                ] + more)
        }
        try FileManager.default.createDirectory(atPath: output + "/frames", withIntermediateDirectories: true)
        _ = try folder.write("mine", to: "out/frames/99-cat.png")
        for _ in 1...2 { #expect(try simulate().status == 0) }
        #expect(try String(contentsOfFile: output + "/frames/99-cat.png", encoding: .utf8) == "mine")
        // What was changed since is the user's.
        _ = try folder.write("annotated by hand", to: "out/timing.svg")
        requireRefusal(try simulate(), "timing.svg was changed since espalier simulate wrote it")
        #expect(try simulate("--force").status == 0)
    }

    @Test(arguments: ["trace.txt", "trace.vcd", "frames/01-person.png"])
    func simulateRefusesANameThatIsTakenBeforeAnythingIsWritten(name: String) throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out")
        try FileManager.default.createDirectory(atPath: output + "/frames", withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(output)/\(name)"))
        requireRefusal(
            try runTool(
                "simulate", Doorway.scenario, "--model", Doorway.model, "--label-names", Doorway.labels, "-o",
                output),
            name, "is not on the list")
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: output).sorted() == ["frames", name].sorted())
    }

    @Test func scenesReplacesItsOwnPicturesOnly() throws {
        let folder = try TemporaryFolder()
        let pictures = folder.path("p")
        func scenes(_ more: String...) throws -> Shell.Outcome {
            try Shell.run(
                Package.command, ["scenes", "--count", "4", "--every-class", "--png", pictures] + more)
        }
        for _ in 1...2 { #expect(try scenes("--light", "day").status == 0) }
        #expect(try scenes("--light", "night").status == 0)
        _ = try folder.write("mine", to: "p/person/0.png")
        requireRefusal(try scenes(), "person/0.png was changed since")
        try FileManager.default.removeItem(atPath: pictures + "/" + OutputFolder.listName)
        requireRefusal(try scenes("--light", "dusk"), "is not on the list")
        #expect(try String(contentsOfFile: pictures + "/person/0.png", encoding: .utf8) == "mine")
        requireRefusal(
            try runTool("scenes", "--count", "1", "-o", folder.path("x"), "--labels", folder.path("x")),
            "two files")
    }

    // MARK: Nothing half-written

    @Test func whatCannotBeWrittenIsOneSentenceAndLeavesNothing() throws {
        let (folder, model, labels) = try copies()
        _ = try folder.write("x", to: "file")
        let outputs = [folder.path("none/a"), folder.url.path, "/proc/a", folder.path("file/a")]
        for output in outputs {
            for arguments in [
                ["compile", model], ["tune", model, "--seconds", "3600"],
                ["setup", "--reaction", Doorway.reaction],
                ["scenes", "--count", "1"],
            ] {
                requireRefusal(try Shell.run(Package.command, arguments + ["-o", output]))
            }
        }
        requireRefusal(
            try runTool(
                "simulate", Doorway.scenario, "--model", model, "--label-names", labels, "-o", "/proc/a"),
            "/proc/a")
        requireRefusal(
            try runTool("simulate", Doorway.scenario, "--model", model, "-o", folder.path("file")),
            "is a file")
        requireRefusal(
            try runTool("scenes", "--count", "1", "--png", folder.path("file/a")), "cannot be made")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
        #expect(names == ["file", "l.txt", "model.tflite"])
    }

    // MARK: The standard output

    @Test func aMinusIsTheStandardOutput() throws {
        let folder = try TemporaryFolder()
        let outcome = try runTool("compile", Doorway.model, "-o", "-", "--name", "doorway")
        #expect(outcome.status == 0)
        let header = folder.path("doorway.h")
        #expect(try runTool("compile", Doorway.model, "-o", header).status == 0)
        #expect(try outcome.output == String(contentsOfFile: header, encoding: .utf8))
        #expect(outcome.errors.contains("bytes of flash"))
    }

    @Test(arguments: [
        ["inspect", Doorway.model], ["inspect", Doorway.model, "--json"], ["boards"], ["--help"],
        ["--version"],
        ["compile", "--help"], ["scenes", "--count", "100", "-o", "-"],
        ["compile", Doorway.model, "-o", "-"],
        ["validate", Doorway.model, "--inputs", "\(Doorway.golden):inputs"],
        ["simulate", Doorway.scenario, "--model", Doorway.model, "--label-names", Doorway.labels],
    ])
    func aFullDiskOnTheStandardOutputIsNoSuccess(arguments: [String]) throws {
        let script = #"exec "$@" >/dev/full"#
        let outcome = try Shell.run("bash", ["-c", script, "bash", Package.command] + arguments)
        requireRefusal(outcome, "standard output cannot be written", "no space left on device")
        let closed = try Shell.run("bash", ["-c", #"exec "$@" >&-"#, "bash", Package.command] + arguments)
        requireRefusal(closed, "standard output cannot be written")
    }

    @Test func aReaderThatHasSeenEnoughIsNoError() throws {
        let script = #""$@" | head -n 1; echo "${PIPESTATUS[0]}""#
        let outcome = try Shell.run(
            "bash", ["-c", script, "bash", Package.command, "inspect", Doorway.model, "--json"])
        #expect(outcome.errors.isEmpty)
        #expect(["{\n141\n", "{\n0\n"].contains(outcome.output), "\(outcome.output)")
    }
}
