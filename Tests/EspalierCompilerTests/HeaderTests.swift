import CEspalier
import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// The generated header: the same bytes each time, clean C for every compiler, and the same model as in memory.
@Suite struct HeaderTests {
    static let model = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path

    static func compilation(
        _ path: String = model, name: String = "person", for processor: Processor = .generic
    ) throws -> Compilation {
        var options = CompileOptions(name: name)
        options.costs.processor = processor
        options.labels = path == model ? ["empty", "person", "animal \"cat\" ?? é", "vehicle"] : []
        return try Compilation(tflite: ByteFile.read(path), sourceName: "model.tflite", options: options)
    }

    @Test func compilingTwiceGivesTheSameBytes() throws {
        let first = try Self.compilation().header
        let second = try Self.compilation().header
        #expect(first == second)
        #expect(!first.isEmpty)
    }

    @Test func theFirstLinesSayHowTheHeaderWasMade() throws {
        let compilation = try Self.compilation()
        let lines = compilation.header.split(separator: "\n").prefix(6).map(String.init)
        let digest = try Shell.run("sha256sum", [Self.model]).output.prefix(64)
        #expect(lines[0] == "/* Written by espalier \(Compilation.toolVersion): do not edit.")
        #expect(lines[1] == " * Source: model.tflite, SHA-256 \(digest)")
        #expect(lines[2] == " * Options: labels empty,person,animal \"cat\" ? ? _,vehicle")
        #expect(
            lines[3]
                == " * Flash: \(compilation.plan.flashBytes) bytes. Arena: \(compilation.plan.arenaBytes) bytes."
        )
        #expect(lines[4].contains("\(compilation.plan.macs) in the source model"))
    }

    /// `setup` and `model` are reserved: their contracts have symbols and macros of these names, not only guards.
    @Test(arguments: ["model", "link", "reaction", "MODEL", "SETUP"])
    func aModelMayBeCalledAsTheContractsAre(_ name: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(Self.compilation(name: name).header, to: "named.h")
        let source = try folder.write(
            """
            #include "named.h"
            #include "espalier.h"
            #include "espalier_link.h"
            #include "espalier_reaction.h"
            #include "espalier_setup.h"
            int main(void) { return ESPALIER_MODEL.arena_bytes != ESPALIER_MODEL_ARENA_BYTES; }
            """, to: "model.c")
        let outcome = try Shell.run(
            "cc",
            ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I", Package.root.path + "/include"]
                + ["-I", folder.url.path, "-c", source, "-o", folder.path("a.o")])
        #expect(outcome.status == 0, "\(outcome.errors.prefix(500))")
    }

    /// Names that differ in their capitals only, one file for all: each keeps its model, its arena and its guard, and the
    /// first is the one without a name.
    @Test func differentNamesShareNoGuardAndNoMacro() throws {
        let folder = try TemporaryFolder()
        let names = ["person", "Person", "PERSON", "pERSON", "the_model", "MODEL", "Model", "_1"]
        for (index, name) in names.enumerated() {
            let path =
                index == 0
                ? Self.model : Package.fixture("operators/logistic_c\(index % 2 * 4 + 1).tflite").path
            _ = try folder.write(Self.compilation(path, name: name).header, to: "\(index).h")
        }
        let macros = names.map { "ESPALIER_\(ModelName.inMacros($0))_ARENA_BYTES" }
        #expect(Set(macros).count == names.count && macros[0] == "ESPALIER_PERSON_ARENA_BYTES")
        #expect(!macros.contains("ESPALIER_MODEL_ARENA_BYTES"))
        let source = try folder.write(
            names.indices.map { "#include \"\($0).h\"\n" }.joined()
                + "#include <string.h>\nint main(void) {\n"
                + zip(names, macros).map { "    if (espalier_\($0).arena_bytes != \($1)) return 1;\n" }
                .joined()
                    + """
                        if (ESPALIER_MODEL.arena_bytes != ESPALIER_MODEL_ARENA_BYTES) return 2;
                        return strcmp(ESPALIER_MODEL.name, "person");
                    }
                    """, to: "all.c")
        let build = try Shell.run(
            "cc",
            ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", Package.root.path + "/include", source]
                + ["-o", folder.path("all")])
        #expect(build.status == 0, "\(build.errors.prefix(500))")
        #expect(try Shell.run(folder.path("all"), []).status == 0)
    }

    // MARK: Reserved names

    /// Every `espalier_` symbol in the C sources of what is linked with a model, so that no new one is forgotten.
    @Test func everySymbolOfTheLibraryIsReserved() throws {
        var found: Set<String> = []
        let folders = [
            "include", "Sources/CEspalier", "Sources/CKernels", "Sources/CLinux", "Sources/CFont",
            "Sources/espalier-node",
        ]
        for folder in folders.map(Package.root.appendingPathComponent) {
            for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            where path.hasSuffix(".c") || path.hasSuffix(".h") {
                let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
                let code = text.replacing(/\/\*(?s:.*?)\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"/, with: " ")
                found.formUnion(code.matches(of: /\bespalier_([A-Za-z0-9_]+)/).map { String($0.1) })
            }
        }
        #expect(found.count > 100 && found.contains("run") && found.contains("kernels_best"))
        #expect(found.subtracting(ModelName.reserved).sorted() == [], "not in ModelName.reserved")
        #expect(ModelName.reserved.subtracting(found).sorted() == [], "there no more")
        for name in found { #expect(!ModelName.isReserved(ModelName.free(name))) }
    }

    /// As firmware is built: Arduino (C++11 to 17), the Pico SDK (C11, C++17), ESP-IDF (C17, C++20 and later) with every
    /// warning they or their users turn on an error, and the old languages of vendors' compilers.
    @Test(arguments: ["gcc", "g++", "clang", "clang++", "arm-none-eabi-gcc", "arm-none-eabi-g++"])
    func everyHeaderCompilesInCAndCPlusPlusWithAllWarningsAsErrors(_ compiler: String) throws {
        try need(Shell.exists(compiler), "\(compiler) is not installed; `make test` installs it.")
        let isCPlusPlus = compiler.hasSuffix("++")
        let folder = try TemporaryFolder()
        var options = CompileOptions(name: "person")
        options.labels = ["??/", "*/ // /*", "back\\slash\\", "\u{202E}\"é🐈\"\t1"]
        let compilation = try Compilation(
            tflite: ByteFile.read(Self.model), sourceName: "a */ ??/ ü\\", options: options)
        _ = try folder.write(compilation.header, to: "person.h")
        let includes = ["person", "espalier", "espalier_reaction", "espalier_setup", "espalier_link"]
        let source = try folder.write(
            includes.map { "#include \"\($0).h\"\n" }.joined()
                + "ESPALIER_ALIGNED(ESPALIER_ARENA_ALIGNMENT) static int8_t arena[ESPALIER_MODEL_ARENA_BYTES];\n"
                + "extern int8_t *memory; int8_t *memory = arena;\n",
            to: isCPlusPlus ? "model.cpp" : "model.c")
        let warnings = """
            -Wall -Wextra -Werror -pedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wcast-align \
            -Wmissing-declarations -Wredundant-decls -Wdouble-promotion -Wwrite-strings -Wformat=2 -Wswitch-default
            """.split(separator: " ").map(String.init)
        let own =
            isCPlusPlus
            ? ["-Wold-style-cast", "-Wzero-as-null-pointer-constant"]
            : ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wc++-compat"]
        let standards =
            isCPlusPlus
            ? ["c++98", "c++11", "gnu++11", "c++14", "gnu++17", "c++20", "gnu++2b"]
            : ["c99", "gnu99", "c11", "gnu11", "gnu17", "c2x"]
        for standard in standards {
            let outcome = try Shell.run(
                compiler,
                ["-std=\(standard)"] + warnings + own + ["-I", Package.root.path + "/include"]
                    + ["-I", folder.url.path, "-c", source, "-o", folder.path("a.o")])
            #expect(outcome.status == 0, "\(compiler) \(standard): \(outcome.errors.prefix(500))")
        }
    }

    /// What a program shows of a label is what the label file says.
    @Test func aLabelIsShownAsItIsWhateverItHolds() throws {
        let labels = ["??/", "*/ // %s /*", "back\\slash\\n\\", "a\u{200D}\"é🐈\"\t1'"]
        let folder = try TemporaryFolder()
        var options = CompileOptions(name: "person")
        options.labels = try LabelFile.read(folder.write(labels.joined(separator: "\n"), to: "labels.txt"))
        #expect(options.labels == labels)
        let compilation = try Compilation(
            tflite: ByteFile.read(Self.model), sourceName: "m", options: options)
        _ = try folder.write(compilation.header, to: "person.h")
        let source = try folder.write(
            """
            #include "person.h"
            #include <stdio.h>
            int main(void) {
                for (uint32_t i = 0; i < ESPALIER_MODEL.label_count; i++) puts(ESPALIER_MODEL.labels[i]);
                return 0;
            }
            """, to: "model.c")
        let build = try Shell.run(
            "cc", ["-I", Package.root.path + "/include", source, "-o", folder.path("show")])
        #expect(build.status == 0, "\(build.errors)")
        #expect(try Shell.run(folder.path("show"), []).output == labels.joined(separator: "\n") + "\n")
    }

    @Test(arguments: [
        ["gcc"], ["clang"], ["arm-none-eabi-gcc", "-mcpu=cortex-m7"],
        ["clang", "--target=arm-none-eabi", "-mcpu=cortex-m4", "-ffreestanding"],
    ])
    func theHeaderCompilesWithoutAWarning(_ compiler: [String]) throws {
        try need(Shell.exists(compiler[0]), "\(compiler[0]) is not installed; `make test` installs it.")
        let folder = try TemporaryFolder()
        let header = try folder.write(Self.compilation().header, to: "person.h")
        let source = try folder.write("#include \"person.h\"\n", to: "model.c")
        let flags = [
            "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I", Package.root.path + "/include",
            "-c",
        ]
        let asInclude = try Shell.run(
            compiler[0],
            compiler.dropFirst() + flags + ["-I", folder.url.path, source, "-o", folder.path("a.o")])
        #expect(asInclude.status == 0, "\(asInclude.errors)")
        let alone = try Shell.run(
            compiler[0], compiler.dropFirst() + flags + ["-x", "c", header, "-o", folder.path("b.o")])
        #expect(alone.status == 0, "\(alone.errors)")
    }

    /// Builds cross/check.c from the header with the Embedded Swift core and compares its hash with the in-memory model's.
    @Test func theHeaderRunsLikeTheModelInMemory() throws {
        let library = Package.root.appendingPathComponent(".build/embedded/x86_64/release/libEspalierCore.a")
            .path
        try need(
            FileManager.default.fileExists(atPath: library), "\(library) is not built; `make test` builds it."
        )
        var models = [Self.model]
        if Reference.isPresent || Reference.isRequired {
            for name in ["person_detect_int8", "vww_96_int8", "mobilenet_v1_0.25_128_uint8"] {
                models.append(try Reference.url("models/tflite/\(name).tflite").path)
            }
        }
        // Where kernels find kept blocks is in the headers of some processors; every kernel gives the same.
        let processors: [(String, Processor)] =
            models.map { ($0, .generic) }
            + [.avx512vnni, .cortexA76, .cortexA72].map { (Self.model, $0) }
        for (path, processor) in processors {
            let compilation = try Self.compilation(path, for: processor)
            #expect(compilation.header.contains("/* places */ person_layer") == (processor.places != 0))
            let folder = try TemporaryFolder()
            let header = try folder.write(compilation.header, to: "person.h")
            let build = try Shell.run(
                "cc",
                [
                    "-std=c11", "-I", Package.root.path + "/include", "-DESPALIER_CHECK_MODEL=\"\(header)\"",
                    Package.root.path + "/cross/check.c", library, "-o", folder.path("check"),
                ])
            #expect(build.status == 0, "\(build.errors)")
            let run = try Shell.run(folder.path("check"), [])
            #expect(run.output == (try Self.hash(Self.compilation(path))), "\(path)")
        }
    }

    /// What cross/check.c computes, with the model in memory.
    private static func hash(_ compilation: Compilation) throws -> String {
        let arena = try Arena(compilation.model())
        let count = compilation.plan.tensors[compilation.plan.input].shape.count
        var state: UInt32 = 1
        var hash: UInt32 = 2_166_136_261
        for _ in 0..<4 {
            let input = (0..<count).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Int8(truncatingIfNeeded: Int32(state >> 24) - 128)
            }
            // check.c passes values in the order of the source's tensor, as `run` does.
            for value in try arena.run(input) {
                hash = (hash ^ UInt32(UInt8(bitPattern: value))) &* 16_777_619
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits + "\n"
    }

    /// Ends a test as skipped, saying why, where something it needs is missing; under CI that fails it.
    private func need(_ isThere: Bool, _ reason: Comment) throws {
        guard !isThere else { return }
        try #require(!Reference.isRequired, reason)
        try Test.cancel(reason)
    }
}
