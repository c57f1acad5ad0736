import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// `espalier doctor` and `espalier run` on cameras that a shell plays.
@Suite struct DoctorTests {
    private let period = "[[trigger]]\nperiod_ms = 200\n"
    private let model = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path

    private func espalier(
        _ command: [String], _ camera: String, _ options: String..., toml: String? = nil, under: [String] = []
    ) throws -> Shell.Outcome {
        let folder = try TemporaryFolder()
        let reaction = try folder.write(toml ?? period, to: "reaction.toml")
        let words =
            under + [Package.command] + command + ["--board", "generic", "--reaction", reaction, "--dry-run"]
        let all = words + ["--camera", camera] + options
        return try Shell.run(all[0], Array(all.dropFirst()))
    }

    private func doctor(_ camera: String, _ options: String..., toml: String? = nil) throws -> Shell.Outcome {
        try espalier(
            ["doctor"], camera, "--size", options.first ?? "64x48", "--format", "grey", toml: toml)
    }

    /// A program that writes so many bytes every fiftieth of a second.
    private func writes(_ bytes: Int, _ value: String = "\\000") -> String {
        "pipe:while :; do head -c \(bytes) /dev/zero | tr '\\0' '\(value)'; sleep 0.02; done"
    }

    @Test func framesOfTheDeclaredSizeAreWell() throws {
        let noise = try doctor("pipe:while :; do head -c 3072 /dev/urandom; sleep 0.02; done")
        #expect(noise.status == 0, "\(noise.output)")
        #expect(
            noise.output.contains("frames of 64x48 GREY, ") && noise.output.contains(" a second, 30 wanted"))
        #expect(noise.output.hasSuffix("all is well\n") && !noise.output.contains("brightness"))
        let dark = try doctor(writes(3072, "\\020"))
        #expect(dark.status == 0, "\(dark.output)")
        #expect(dark.output.contains("note  camera: every pixel has brightness 16: a lens cap, darkness"))
    }

    @Test func framesOfAnotherSizeAreToBeMended() throws {
        for (bytes, words) in [
            (4 * 76_800, "as for one of 640x480 grey"), (5000, "it writes 5000 bytes at a time, and"),
        ] {
            let outcome = try doctor(writes(bytes), "320x240")
            #expect(outcome.status == 1, "\(outcome.output)")
            #expect(outcome.output.contains("MEND  camera "), "\(outcome.output)")
            #expect(outcome.output.contains(words), "\(outcome.output)")
            #expect(outcome.output.contains("1 to mend"))
        }
    }

    @Test func aProgramThatEndsIsToldWithItsStatusAndItsLastWords() throws {
        let outcome = try doctor("pipe:echo first >&2; echo 'no cameras available' >&2; exit 7")
        #expect(outcome.status == 1)
        #expect(
            outcome.output.contains(
                "failed (it ended with exit status 7 and last said: no cameras available); see that it works by itself"
            ))
        // And nothing of what it said is lost.
        #expect(outcome.errors == "first\nno cameras available\n")
        let absent = try doctor("pipe:/nowhere/camera --width {width}")
        #expect(
            absent.output.contains("camera /nowhere/camera --width 64 failed (it ended with exit status 127"))
        let few = try doctor(
            "pipe:head -c 3072 /dev/urandom; sleep 9", toml: period + "[camera]\nsilence_ms = 200\n")
        #expect(few.output.contains("has delivered 1 frame and then no other for 200 ms"), "\(few.output)")
    }

    @Test func aProgramThatTalksALotIsPassedOnAndDoesNotStall() throws {
        let outcome = try doctor(
            "pipe:head -c 200000 /dev/zero | tr '\\0' 'e' >&2; while :; do head -c 3072 /dev/urandom; sleep 0.02; done"
        )
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.errors.utf8.count == 200_000)
    }

    @Test func picturesAreLookedAtToo() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("frames")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try PNG.write(Image(width: 16, height: 12, channels: 3, filledWith: 9), to: path + "/a.png")
        try Data("text".utf8).write(to: URL(fileURLWithPath: path + "/notes.txt"))
        let good = try espalier(["doctor"], path)
        #expect(good.status == 0, "\(good.output)")
        #expect(good.output.contains("camera: \(path): 3 frames of 16x12 pixels"))
        #expect(
            good.output.contains(
                "1 PNG and JPEG files in \(path); 1 left out, which are not called so (notes.txt)"))
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: path + "/a.png"))
        let damaged = try espalier(["doctor"], path)
        #expect(damaged.status == 1 && damaged.output.contains("MEND  picture \(path)/a.png cannot be read"))
        let absent = try espalier(["doctor"], path + "/b.png")
        #expect(
            absent.status == 1 && absent.output.contains("MEND  camera \(path)/b.png failed (No such file"))
    }

    // Cameras that end the run themselves, when they have seen enough: nothing depends on how fast the machine is.

    private func run(_ camera: String, _ options: String...) throws -> Shell.Outcome {
        try espalier(
            ["run", model] + options, camera, "--format", "grey", under: ["timeout", "-s", "TERM", "30"])
    }

    @Test func aProgramThatEndsAtOnceIsSaidOnceAndNeverBack() throws {
        let folder = try TemporaryFolder()
        let starts = folder.path("starts")
        let outcome = try run(
            "pipe:echo >>\(starts); [ $(wc -l <\(starts)) -lt 3 ] || kill $PPID; echo gone >&2; exit 3")
        let lines = outcome.errors.split(separator: "\n")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(lines.filter { $0 == "gone" }.count >= 2, "\(outcome.errors)")
        #expect(lines.filter { $0.contains("exit status 3 and last said: gone") }.count == 1)
        #expect(!outcome.errors.contains("is back"))
        #expect(outcome.output.contains("\"camera_restarts\":0"))
        #expect(!outcome.output.contains("\"outcome\":\"verdict\""))
    }

    @Test func aDryRunOfAPeriodNeedsNoLines() throws {
        let outcome = try run(
            "pipe:for i in $(seq 40); do head -c 3072 /dev/urandom; sleep 0.03; done; kill $PPID; sleep 9",
            "--size",
            "64x48")
        #expect(outcome.output.contains("\"outcome\":\"verdict\""), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }

    @Test func noVerdictComesOfFramesOfAnotherSize() throws {
        let outcome = try run(
            "pipe:trap 'kill $PPID' TERM; while :; do head -c 307200 /dev/urandom; sleep 0.05; done",
            "--size", "320x240"
        )
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(!outcome.output.contains("\"outcome\":\"verdict\""), "\(outcome.output)")
        #expect(
            outcome.errors.contains("it writes 307200 bytes at a time, as for one of 640x480 grey"),
            "\(outcome.errors)")
        #expect(!outcome.errors.contains("is back"))
    }

    @Test func aProgramIsBackWithAFrame() throws {
        let folder = try TemporaryFolder()
        let starts = folder.path("starts")
        let outcome = try run(
            "pipe:echo >>\(starts); [ $(wc -l <\(starts)) -gt 2 ] || exit 1; head -c 3072 /dev/urandom; sleep 0.3; "
                + "kill $PPID; sleep 9", "--size", "64x48")
        #expect(outcome.errors.contains("the camera is back"), "\(outcome.errors)")
        #expect(outcome.output.contains("\"camera_restarts\":1"))
    }

    // MARK: The model

    private let frames = "pipe:while :; do head -c 3072 /dev/urandom; sleep 0.02; done"

    private func doctor(
        model: String, output: String, above: String = "", _ options: String...
    ) throws -> Shell.Outcome {
        let labels = Package.root.appendingPathComponent("models/doorway/labels.txt").path
        return try espalier(
            ["doctor", "--model", model, "--label-names", labels, "--size", "64x48", "--format", "grey"]
                + options,
            frames, toml: above + period + "[[output]]\nline = \"x\"\n" + output)
    }

    @Test func aModelThatFitsIsWell() throws {
        let outcome = try doctor(model: model, output: "labels = [\"person\"]\nthreshold = 0.99\n")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(
            outcome.output.contains("scores of 4 classes: empty, person, animal, vehicle"),
            "\(outcome.output)")
        let without = try doctor(frames, "64x48")
        #expect(without.output.contains("note  labels, thresholds and scores are looked at with --model"))
    }

    @Test(arguments: [
        ("labels = [\"cat\"]", "has \"cat\", which the model does not know; choose among empty, person"),
        ("labels = [\"Person\"]", "write \"person\", as the model has it"),
        ("threshold = 1", "threshold is 1, and the highest score the model can give is 0.996; lower it"),
        ("threshold = 0.997\nthreshold_low = 0.2", "threshold is 0.997, and the highest score"),
    ])
    func whatTheModelCannotDoIsToBeMended(output: String, sentence: String) throws {
        let outcome = try doctor(model: model, output: output)
        #expect(outcome.status == 1)
        #expect(
            outcome.output.contains("MEND  model: ") && outcome.output.contains(sentence), "\(outcome.output)"
        )
    }

    @Test func anOptionsThresholdOutOfReachIsToldAsTheOptions() throws {
        let outcome = try doctor(model: model, output: "threshold = 0.5", "--threshold", "0.999")
        #expect(outcome.output.contains("MEND  model: --threshold is 0.999, and the highest score"))
    }

    @Test func aModelThatTakesNoPicturesOrIsReadTwiceIsToBeMended() throws {
        let fixture = Package.root.appendingPathComponent("Tests/Fixtures/operators").path
        let vector = try doctor(model: "\(fixture)/logistic_c4.tflite", output: "threshold = 0.9")
        #expect(vector.status == 1)
        #expect(
            vector.output.contains("a reaction takes pictures, and the model's input of 3 x 4 x 4 is none"))
        let twice = try doctor(
            model: "\(fixture)/logistic_c1.tflite", output: "", above: "scores = \"softmax\"\n")
        #expect(twice.output.contains("needs no softmax any more"), "\(twice.output)")
    }

    /// What doctor refuses, neither a header nor a simulation is made of.
    @Test func compileAndSimulateRefuseWhatTheModelCannotDo() throws {
        let folder = try TemporaryFolder()
        let labels = Package.root.appendingPathComponent("models/doorway/labels.txt").path
        let reaction = try folder.write(
            "[[trigger]]\nline = \"a\"\n[[output]]\nline = \"b\"\nthreshold = 1\n[camera]\ndevice = \"x\"\n",
            to: "r.toml")
        let header = folder.path("m.h")
        let compiled = try Shell.run(
            Package.command, ["compile", model, "--reaction", reaction, "-o", header])
        #expect(
            compiled.status != 0
                && compiled.errors.contains("line 5, [[output]] threshold is 1, and the highest"))
        #expect(!FileManager.default.fileExists(atPath: header))
        let simulated = try Shell.run(
            Package.command, ["simulate", "--reaction", reaction, "--model", model, "--label-names", labels])
        #expect(simulated.status != 0 && simulated.errors.contains("line 5, [[output]] threshold is 1"))
    }
}
