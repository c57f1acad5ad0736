import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// The scripts that build firmware, with stand-ins for Swift, the compiler and the network.
@Suite struct ScriptTests {
    /// A copy of the package's scripts, with the test build's tool behind one that writes down how it is called.
    private struct Workshop {
        let folder = try! TemporaryFolder()
        var log: String { folder.path("log") }

        init() throws {
            let manager = FileManager.default
            for name in ["cross", "LICENSE", "boards", "models"] {
                try manager.copyItem(
                    at: Package.root.appendingPathComponent(name), to: folder.url.appendingPathComponent(name)
                )
            }
            try program("bin/swift", "exit 0")
            try program(
                ".build/release/espalier",
                """
                if [ "$1" = compile ] || [ "$1" = setup ]; then
                    { pwd; printf '%s\\n' "$@"; } >>"\(log)"
                fi
                ESPALIER_BOARDS=${ESPALIER_BOARDS:-"\(folder.url.path)/boards"} exec "\(Package.command)" "$@"
                """)
            try program(
                "cross/build-node",
                """
                { echo build-node; printf '%s\\n' "$@"; } >>"\(log)"
                while [ "$1" != -o ]; do shift; done
                { printf '\\177ELF'; head -c 14 /dev/zero; printf '\\076\\000usage: espalier-node ld-linux'; } >"$2"
                """)
        }

        func program(_ path: String, _ text: String) throws {
            let url = folder.url.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try? FileManager.default.removeItem(at: url)
            try Data("#!/bin/bash\n\(text)\n".utf8).write(to: url)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
        }

        /// Runs a script from the folder `user` of the workshop.
        func run(
            _ script: String, _ arguments: [String], environment: [String: String] = [:]
        ) throws -> Shell.Outcome {
            let user = folder.path("user")
            try FileManager.default.createDirectory(atPath: user, withIntermediateDirectories: true)
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            return try Shell.run(
                "bash",
                ["-c", #"cd "$1" && shift && exec "$@""#, "bash", user, folder.path("cross/\(script)")]
                    + arguments,
                environment: ["PATH": "\(folder.path("bin")):\(path)"].merging(environment) { $1 })
        }

        func logged() throws -> [String] {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            try? FileManager.default.removeItem(atPath: log)
            return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }

        /// Copies of the shipped model, its labels and a reaction in the user's folder.
        func inputs() throws {
            try FileManager.default.createDirectory(
                atPath: folder.path("user/in"), withIntermediateDirectories: true)
            for (from, to) in [
                (Doorway.model, "m.tflite"), (Doorway.labels, "l.txt"), (Doorway.reaction, "r.toml"),
                (Doorway.golden, "g.npz"),
            ] {
                try FileManager.default.copyItem(atPath: from, toPath: folder.path("user/in/\(to)"))
            }
        }
    }

    private let given = ["generic", "--model", "in/m.tflite", "--reaction", "in/r.toml"]

    private func expectFailure(_ outcome: Shell.Outcome, _ parts: String...) {
        #expect(outcome.status != 0)
        let last = outcome.errors.split(separator: "\n").last.map(String.init) ?? ""
        for part in parts { #expect(last.contains(part), "\(outcome.errors)") }
    }

    // MARK: cross/build

    @Test func buildHandsEveryOptionOfCompileOnAsTyped() throws {
        let workshop = try Workshop()
        try workshop.program(
            ".build/release/espalier",
            """
            if [ "$1" = boards ]; then ESPALIER_BOARDS="\(workshop.folder.path("boards"))" exec "\(Package.command)" "$@"; fi
            { pwd; printf '%s\\n' "$@"; } >>"\(workshop.log)"
            """)
        let options = try CommandHelp.tool().command("compile").options
        var typed: [String] = []
        for option in options {
            guard let name = option.option, try OptionTests.compiling().contains(name) else { continue }
            typed.append(name)
            if option.takesValue { typed.append("a value of \(name)") }
        }
        typed += ["--pixel-mean=1,2", "-x"]
        #expect(typed.count > 12)
        let outcome = try workshop.run("build", given + typed + ["-o", "out/node"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let calls = try workshop.logged()
        let compile = Array(calls[..<(try #require(calls.firstIndex(of: "setup")) - 1)])
        #expect(compile[0] == workshop.folder.path("user") && compile[1...2] == ["compile", "in/m.tflite"])
        // As typed, in their order, after the board's processor: of two the last counts.
        #expect(compile[3...6] == ["--cpu", "generic", "--reaction", "in/r.toml"])
        #expect(Array(compile.dropFirst(7).prefix(typed.count)) == typed)
        let setup = Array(calls[(try #require(calls.firstIndex(of: "setup")))...])
        #expect(setup.contains("a value of --label-names"))
    }

    @Test func buildReadsWhatTheUserNamesWhereTheUserIs() throws {
        let workshop = try Workshop()
        try workshop.inputs()
        let outcome = try workshop.run(
            "build",
            given + [
                "--label-names=in/l.txt", "--pixel-mean", "127.5", "--pixel-deviation=127.5", "--calibration",
                "in/g.npz:inputs",
                "--keep-dead", "--name", "door", "-o", "out/node",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(FileManager.default.fileExists(atPath: workshop.folder.path("user/out/node")))
        // Nothing of the headers is left behind.
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: workshop.folder.path(".build/cross")).isEmpty)
    }

    @Test func whatIsNoOptionGetsTheToolsOwnSentence() throws {
        let workshop = try Workshop()
        try workshop.inputs()
        for (arguments, part) in [
            (["--pixel-men", "1"], "--pixel-men"), (["--pixel-mean", "x"], "'x'"), (["extra"], "extra"),
            (["--tuned", "in/l.txt"], "espalier tune"),
        ] {
            let outcome = try workshop.run("build", given + arguments)
            #expect(outcome.status != 0 && outcome.errors.contains(part), "\(outcome.errors)")
            #expect(!(try workshop.logged()).contains("build-node"))
        }
        expectFailure(try workshop.run("build", ["generic", "--model"]), "--model lacks its value")
        expectFailure(try workshop.run("build", ["--model", "a"]), "usage:")
        expectFailure(try workshop.run("build", ["pdp-11"] + given.dropFirst()), "no board 'pdp-11'")
        #expect(try workshop.run("build", ["--help"]).output.hasPrefix("usage:"))
    }

    @Test func buildWritesOverNoInputAndNothingOfTheUsers() throws {
        let workshop = try Workshop()
        try workshop.inputs()
        let user = workshop.folder.path("user")
        try FileManager.default.linkItem(atPath: "\(user)/in/m.tflite", toPath: "\(user)/hard")
        for output in ["in/m.tflite", "in/../in/r.toml", "hard", "in/l.txt", "in/g.npz"] {
            let outcome = try workshop.run(
                "build",
                given + [
                    "--label-names", "in/l.txt", "--calibration=in/g.npz:inputs", "--force", "-o", output,
                ])
            expectFailure(outcome, "is read by this command")
        }
        _ = try workshop.folder.write("mine", to: "user/mine")
        expectFailure(try workshop.run("build", given + ["-o", "mine"]), "mine exists", "--force")
        expectFailure(try workshop.run("build", given + ["-o", "in"]), "is a folder")
        let board = workshop.folder.path("boards/generic/board.toml")
        expectFailure(try workshop.run("build", given + ["--force", "-o", board]), "is read by this command")
        #expect(try String(contentsOfFile: "\(user)/mine", encoding: .utf8) == "mine")
        #expect(try ByteFile.read("\(user)/in/m.tflite") == ByteFile.read(Doorway.model))
        #expect(!(try workshop.logged()).contains("build-node"))
        #expect(try workshop.run("build", given + ["-o", "mine", "--force"]).status == 0)
        #expect(try workshop.run("build", given + ["-o", "mine"]).status == 0)  // a firmware by now
    }

    // MARK: cross/package

    @Test(.enabled(if: Shell.exists("dpkg-deb"), "needs dpkg-deb"))
    func packageReplacesOnlyPackagesOfItsOwn() throws {
        let workshop = try Workshop()
        try workshop.inputs()
        for _ in 1...2 {
            let outcome = try workshop.run(
                "package", given + ["--label-names", "in/l.txt", "--keep-dead", "-o", "out"])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let out = workshop.folder.path("user/out")
        let names = try FileManager.default.contentsOfDirectory(atPath: out)
        #expect(names.count == 1 && names[0].hasSuffix("_amd64_generic.deb"), "\(names)")
        #expect(try workshop.logged().contains("--keep-dead"))
        try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(out)/\(names[0])"))
        expectFailure(try workshop.run("package", given + ["-o", "out"]), "\(names[0]) exists", "--force")
        expectFailure(try workshop.run("package", given + ["-o", "in/l.txt"]), "is a file")
        #expect(try String(contentsOfFile: "\(out)/\(names[0])", encoding: .utf8) == "mine")
        #expect(try workshop.run("package", given + ["-o", "out", "--force"]).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: out) == names)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: workshop.folder.path(".build/package"))
                .isEmpty)
    }

    /// A board's name is no path.
    @Test(
        .enabled(if: Shell.exists("dpkg-deb"), "needs dpkg-deb"), arguments: ["../..", "../../boards", "."])
    func packageRemovesNothing(board: String) throws {
        let workshop = try Workshop()
        try workshop.inputs()
        let before = try FileManager.default.subpathsOfDirectory(atPath: workshop.folder.url.path)
        expectFailure(try workshop.run("package", [board] + given.dropFirst()), "no board '\(board)'")
        let after = Set(try FileManager.default.subpathsOfDirectory(atPath: workshop.folder.url.path))
        #expect(Set(before).isSubset(of: after))
    }

    // MARK: cross/cortex-m/build

    @Test func cortexMReplacesOnlyWhatItWrote() throws {
        let workshop = try Workshop()
        try workshop.inputs()
        for path in [
            ".build/embedded/cortex-m7/release/libEspalierCore.a", "include/espalier.h",
            "include/espalier_model.h",
        ] {
            let url = workshop.folder.url.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(path.utf8).write(to: url)
        }
        try workshop.program(
            "bin/arm-none-eabi-gcc", #"while [ "$1" != -o ]; do shift; done; echo image >"$2""#)
        try workshop.program("bin/arm-none-eabi-size", "echo; echo 1 2 3")
        let arguments = ["cortex-m7", "--model", "in/m.tflite", "-o", "out"]
        let out = workshop.folder.path("user/out")
        for name in ["one", "two"] {
            let outcome = try workshop.run("cortex-m/build", arguments + ["--name", name])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                try String(contentsOfFile: "\(out)/model.h", encoding: .utf8).contains("espalier_\(name)"))
        }
        _ = try workshop.folder.write("my firmware", to: "user/out/main.c")
        _ = try workshop.folder.write("mine", to: "user/out/notes")
        expectFailure(
            try workshop.run("cortex-m/build", arguments), "main.c was not written by this command", "--force"
        )
        #expect(try String(contentsOfFile: "\(out)/main.c", encoding: .utf8) == "my firmware")
        #expect(try workshop.run("cortex-m/build", arguments + ["--force"]).status == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: out).sorted() == [
                ".espalier", "example.elf", "include", "libEspalierCore.a", "main.c", "memory.txt", "model.h",
                "notes",
            ])
        try FileManager.default.removeItem(atPath: "\(out)/example.elf")
        // A model in the folder under the name of what is written there.
        try FileManager.default.moveItem(
            atPath: workshop.folder.path("user/in/m.tflite"), toPath: "\(out)/example.elf")
        expectFailure(
            try workshop.run(
                "cortex-m/build", ["cortex-m7", "--model", "out/example.elf", "-o", "out", "--force"]),
            "is read by this command")
        #expect(try ByteFile.read("\(out)/example.elf") == ByteFile.read(Doorway.model))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: workshop.folder.path(".build/cortex-m"))
                .isEmpty)
    }

    // MARK: cross/demo

    @Test func demoRemovesNothing() throws {
        let workshop = try Workshop()
        try workshop.program(".build/release/espalier", "exit 0")
        _ = try workshop.folder.write("x", to: "keep")
        try FileManager.default.createDirectory(
            atPath: workshop.folder.path("build/demo/frames"), withIntermediateDirectories: true)
        for name in ["build/demo/notes.txt", "build/demo/frames/99-cat.png", "build/demo.log"] {
            _ = try workshop.folder.write("mine", to: name)
        }
        #expect(try workshop.run("demo", []).status == 0)
        for name in ["build/demo/notes.txt", "build/demo/frames/99-cat.png", "build/demo.log"] {
            #expect(try String(contentsOfFile: workshop.folder.path(name), encoding: .utf8) == "mine")
        }
    }

    // MARK: cross/build-node

    /// The real script, with a compiler that does what a test wants.
    private func builder(clang: String) throws -> Workshop {
        let workshop = try Workshop()
        let manager = FileManager.default
        try manager.removeItem(atPath: workshop.folder.path("cross/build-node"))
        try manager.copyItem(
            at: Package.root.appendingPathComponent("cross/build-node"),
            to: workshop.folder.url.appendingPathComponent("cross/build-node"))
        for name in ["Sources/CLinux", "Sources/espalier-node"] {
            try manager.createDirectory(atPath: workshop.folder.path(name), withIntermediateDirectories: true)
        }
        _ = try workshop.folder.write("", to: "Sources/CLinux/a.c")
        try workshop.program("bin/clang", "stdin=; case \"$*\" in *'-x c -') stdin=$(cat) ;; esac\n\(clang)")
        try workshop.inputs()
        _ = try workshop.folder.write("/* Written by espalier x */\n", to: "user/model.h")
        _ = try workshop.folder.write("/* Written by espalier x */\n", to: "user/setup.h")
        return workshop
    }

    private let headers = [
        "--model-header", "model.h", "--setup-header", "setup.h", "--target", "x86_64", "-o", "node",
    ]

    #if arch(x86_64)
        @Test func whyThereIsNoFirmwareIsSaidAsItIs() throws {
            let cases = [
                (#"case $stdin in *png.h*) exit 1 ;; esac"#, "png.h is not on this machine", "cross/require"),
                (
                    #"case $stdin in *EspalierModel*) echo "model.h:3: error" >&2; exit 1 ;; esac"#,
                    "the model's header does not compile", "espalier compile"
                ),
                (
                    #"case $stdin in *EspalierSetup*) exit 1 ;; esac"#, "the setup's header does not compile",
                    "espalier setup"
                ),
                (#"case "$*" in *main.c*) exit 1 ;; esac"#, "main.c does not compile", "see above"),
                (#"case "$*" in *CLinux/a.c*) exit 1 ;; esac"#, "a.c does not build", "see above"),
                (
                    #"case "$*" in *gc-sections*) echo "ld: cannot find -lgpiod: No such file" >&2; exit 1 ;; esac"#,
                    "libgpiod is not on this machine", "cross/require"
                ),
                (
                    #"case "$*" in *gc-sections*) echo "undefined reference" >&2; exit 1 ;; esac"#,
                    "does not link for x86_64", "see above"
                ),
            ]
            for (clang, what, remedy) in cases {
                let workshop = try builder(clang: clang)
                let outcome = try workshop.run("build-node", headers)
                expectFailure(outcome, what, remedy)
                let names = try FileManager.default.contentsOfDirectory(atPath: workshop.folder.path("user"))
                #expect(names.sorted() == ["in", "model.h", "setup.h"], "\(names)")
            }
        }

        @Test func buildNodeWritesOverNoHeader() throws {
            let workshop = try builder(
                clang:
                    #"case "$*" in *gc-sections*) while [ "$1" != -o ]; do shift; done; echo x >"$2" ;; esac"#
            )
            for output in ["model.h", "setup.h"] {
                expectFailure(
                    try workshop.run("build-node", Array(headers.dropLast()) + [output, "--force"]),
                    "is read by this command")
            }
            expectFailure(
                try workshop.run("build-node", Array(headers.dropLast()) + ["in/l.txt"]), "exists", "--force")
            #expect(try workshop.run("build-node", headers).status == 0)
        }
    #endif

    @Test(.enabled(if: Shell.exists("flock"), "needs flock"), arguments: ["aarch64", "armv7hf", "armv6"])
    func withoutANetworkTheNetworkIsNamed(target: String) throws {
        let workshop = try builder(clang: "exit 1")
        try workshop.program(
            "bin/apt-get", #"echo "E: Temporary failure resolving 'deb.debian.org'" >&2; exit 100"#)
        try workshop.program("bin/apt-cache", "exit 100")
        let cache = workshop.folder.path("cache")
        let outcome = try workshop.run(
            "build-node", Array(headers.dropLast(4)) + ["--target", target, "-o", "node"],
            environment: ["XDG_CACHE_HOME": cache])
        expectFailure(
            outcome, "lists of packages", "cannot be fetched", "where there is a network", "\(cache)/espalier"
        )
        #expect(!outcome.errors.contains("again with"))
        #expect(!FileManager.default.fileExists(atPath: workshop.folder.path("user/node")))
        // The lists are there, and then the network goes.
        try workshop.program("bin/apt-get", #"case "$*" in *" update") exit 0 ;; esac; exit 100"#)
        try workshop.program("bin/apt-cache", "echo Version: 1")
        let later = try workshop.run(
            "build-node", Array(headers.dropLast(4)) + ["--target", target, "-o", "node"],
            environment: ["XDG_CACHE_HOME": cache])
        expectFailure(later, "libgpiod2", "cannot be fetched", "where there is a network")
        expectFailure(
            try workshop.run("build-node", Array(headers.dropLast(4)) + ["--target", "vax", "-o", "node"]),
            "vax")
    }
}
