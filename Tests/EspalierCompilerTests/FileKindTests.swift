import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// What people pass that is no .tflite file: each is named, with what to do.
@Suite struct FileKindTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let what: String
        let remedy: String

        init(_ name: String, _ bytes: [UInt8], _ what: String, _ remedy: String) {
            self.name = name
            self.bytes = bytes
            self.what = what
            self.remedy = remedy
        }

        init(_ name: String, text: String, _ what: String, _ remedy: String) {
            self.init(name, Array(text.utf8), what, remedy)
        }

        var testDescription: String { name }
    }

    private static let model = (try? ByteFile.read(HeaderTests.model)) ?? []
    private static let filler = [UInt8](repeating: 0, count: 100)

    private static func ascii(_ text: String, then rest: [UInt8] = filler) -> [UInt8] {
        Array(text.utf8) + rest
    }

    /// A field of a protocol buffer that holds bytes.
    private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        precondition(number < 16 && bytes.count < 128)
        return [UInt8(number << 3 | 2), UInt8(bytes.count)] + bytes
    }
    private static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    /// A zip archive with these names: entries without data, and the list at its end.
    private static func zip(_ names: String...) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in names {
            bytes +=
                [0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0]
            bytes += Array(name.utf8)
        }
        for name in names {
            bytes += [0x50, 0x4b, 1, 2] + [UInt8](repeating: 0, count: 24) + [UInt8(name.utf8.count), 0]
            bytes += [UInt8](repeating: 0, count: 16) + Array(name.utf8)
        }
        return bytes + [0x50, 0x4b, 5, 6] + [UInt8](repeating: 0, count: 18)
    }

    private static func utf16(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        [0xff, 0xfe] + bytes.flatMap { [$0, 0] }
    }

    private static func list(_ bytes: some Sequence<UInt8>, _ number: (UInt8) -> String) -> String {
        bytes.map(number).joined(separator: ", ")
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static let convert = "docs/operators.md"

    private static let models = [
        Case(
            "ONNX", [8, 7] + field(2, "pytorch") + field(3, "1.9") + field(7, "graph"), "an ONNX model",
            "onnx2tf"),
        Case(
            "ONNX without a producer", [8, 10] + field(7, "g") + field(8, [0x10, 13]), "an ONNX model",
            "onnx2tf"),
        Case(
            "frozen graph",
            field(1, field(1, "x") + field(2, "Placeholder")) + field(1, field(1, "w") + field(2, "Const")),
            "a frozen TensorFlow graph", convert),
        Case(
            "saved_model.pb", [8, 1] + field(2, field(1, field(4, "serve") + field(5, "2.15.0"))),
            "the saved_model.pb of a TensorFlow SavedModel", "from_saved_model"),
        Case(
            "Core ML", [8, 4] + field(2, field(1, field(1, "image"))) + [0xa2, 0x1f, 2, 1, 2],
            "a Core ML model", "export"),
        Case("Paddle", field(1, [8, 0, 0x10, 0] + field(3, "feed")), "a PaddlePaddle model", "ONNX"),
        Case("Caffe", field(1, "LeNet") + [0xa2, 6, 2, 1, 2], "a Caffe model", "convert"),
        Case("HDF5", [0x89] + ascii("HDF\r\n\u{1a}\n"), "an HDF5 file, a Keras model", convert),
        Case(
            "Keras", zip("metadata.json", "config.json", "model.weights.h5"), "a Keras model (.keras)",
            convert),
        Case(
            "TorchScript", zip("m/data.pkl", "m/code/__torch__.py", "m/constants.pkl"), "a TorchScript model",
            "litert-torch"),
        Case("PyTorch", zip("archive/data.pkl", "archive/data/0"), "a PyTorch file", "onnx2tf"),
        Case("pickle", [0x80, 2] + ascii("\u{8a}"), "a Python pickle (an old PyTorch .pt", "litert-torch"),
        Case("pickle of today", [0x80, 4, 0x95] + filler, "a Python pickle", "litert-torch"),
        Case(
            "safetensors", [0x40, 0, 0, 0, 0, 0, 0, 0] + ascii("{\"a\":{"), "a safetensors file", "onnx2tf"),
        Case("GGUF", ascii("GGUF"), "a GGUF/GGML file, a language model", "pass a .tflite"),
        Case("ExecuTorch", [0x30, 0, 0, 0] + ascii("ET12"), "an ExecuTorch program", "litert-torch"),
        Case(
            "onnxruntime", [0x30, 0, 0, 0] + ascii("ORTM"), "an onnxruntime model (.ort)", "take the .onnx"),
        Case("Circle", [0x10, 0, 0, 0] + ascii("CIR0"), "a Circle model", "take the int8 .tflite"),
        Case("TensorRT", ascii("ftrt"), "a TensorRT engine", "take the int8 .tflite"),
        Case("Hailo", [1] + ascii("HEF"), "a HEF, compiled for a Hailo", "take the int8 .tflite"),
        Case("Rockchip", ascii("RKNN"), "an RKNN model", "take the int8 .tflite"),
        Case("kmodel", ascii("LDMK"), "a kmodel", "take the int8 .tflite"),
        Case("LiteRT-LM", ascii("LITERTLM"), "a LiteRT-LM bundle", "pass a .tflite"),
        Case(
            "Darknet weights", [0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0] + [9, 9, 9], "Darknet weights",
            "convert the network"),
        Case("ncnn weights", [0x47, 0x6b, 0x30, 0x01] + filler, "ncnn weights", "take the int8 .tflite"),
        Case(
            "checkpoint index", filler + [1, 2, 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb],
            "the index of a TensorFlow checkpoint", "model.export"),
        Case(
            "older TFLite", Array(model[..<4]) + ascii("TFL2"), "a TFLite model of another version",
            "TFLiteConverter"),
        Case(
            "another FlatBuffer", [0x10, 0, 0, 0] + ascii("MONS"),
            "FlatBuffer of another kind (its identifier is 'MONS'", "pass a"),
    ]

    private static let packed = [
        Case("gzip", [0x1f, 0x8b, 8] + filler, "a gzip-compressed file", "unpack it"),
        Case("bzip2", ascii("BZh91AY&SY"), "a bzip2-compressed file", "unpack it"),
        Case("xz", [0xfd] + ascii("7zXZ"), "an xz-compressed file", "unpack it"),
        Case("zstd", [0x28, 0xb5, 0x2f, 0xfd] + filler, "a zstd-compressed file", "unpack it"),
        Case("7-Zip", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] + filler, "a 7-Zip archive", "unpack it"),
        Case(
            "tar", ascii("m.tflite", then: [UInt8](repeating: 0, count: 249)) + ascii("ustar"),
            "a tar archive", "unpack it"),
        Case(
            "MediaPipe task", zip("a.tflite", "b.tflite"), "with 'a.tflite', 'b.tflite' in it",
            "pass one of them"),
        Case(
            "zip with a model", zip("labels.txt", "m/model.tflite"), "with 'm/model.tflite' in it",
            "pass that"),
        Case(
            "zip that was cut off", Array(zip("a.tflite", "b.tflite")[..<70]), "with 'a.tflite'", "unzip it"),
        Case("zip without a model", zip("a.txt"), "a zip archive with 'a.txt' in it", "unzip it"),
        Case("empty zip", zip(), "a zip archive", "unzip it"),
        Case("npz", zip("a.npy", "b.npy"), "an archive of NumPy arrays", "pass a .tflite"),
        Case(
            "zipped SavedModel", zip("m/saved_model.pb", "m/variables/a"), "a zipped TensorFlow SavedModel",
            convert),
        Case("app", zip("AndroidManifest.xml", "classes.dex"), "an Android app", "assets"),
    ]

    private static let texts = [
        Case("web page", text: "\n  <!DOCTYPE html>\n<html>", "a web page (HTML)", "/resolve/"),
        Case("web page in capitals", text: "<HTML><HEAD><TITLE>302", "a web page (HTML)", "/resolve/"),
        Case(
            "error in JSON", text: "{\"error\":\"Repository not found\"}",
            "an error message of a server (JSON)", "again"),
        Case(
            "error in XML", text: "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied",
            "an error message of a server (XML)", "again"),
        Case("404", text: "404: Not Found", "a short text, '404: Not Found'", "download the model again"),
        Case(
            "Hugging Face", text: "Entry not found", "a short text, 'Entry not found'",
            "download the model again"),
        Case(
            "answer with header", text: "HTTP/1.1 302 Found\r\nLocation: x\r\n", "a server's answer",
            "download the file"),
        Case(
            "Git LFS", text: "version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 3\n",
            "a Git LFS pointer", "git lfs pull"),
        Case(
            "git-annex", text: "/annex/objects/SHA256E-s1--a.tflite\n", "a git-annex pointer", "git annex get"
        ),
        Case("DVC", text: "outs:\n- md5: abc\n  path: m.tflite\n", "a DVC pointer", "dvc pull"),
        Case(
            "OpenVINO", text: "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">", "an OpenVINO model",
            "export"),
        Case("ncnn", text: "7767517\n75 83\nInput data 0 1 data\n", "an ncnn model", "take the int8 .tflite"),
        Case(
            "Darknet", text: "# yolo\n[net]\nbatch=1\n[convolutional]\n", "a Darknet network", "its weights"),
        Case("Caffe text", text: "name: \"LeNet\"\nlayer {\n", "a Caffe network", "its weights"),
        Case("graph text", text: "node {\n  name: \"x\"\n", "a TensorFlow graph as text", convert),
        Case(
            "TensorFlow.js", text: "{\"format\":\"layers-model\",\"modelTopology\":{}}",
            "a TensorFlow.js model", "convert the model it"),
        Case(
            "Keras JSON", text: "{\"class_name\":\"Functional\",\"config\":{}}",
            "a Keras model without its weights", convert),
        Case(
            "TFLite JSON", text: "{ \"version\": 3, \"operator_codes\": [], \"subgraphs\": []",
            "a TFLite model as JSON", "flatc"),
        Case("notebook", text: "{\n \"cells\": [],\n \"nbformat\": 4", "a Jupyter notebook", "run it"),
        Case("other JSON", text: "[1, 2, 3]", "a JSON text", "pass a .tflite"),
        Case("script", text: "#!/usr/bin/env python3\nimport tensorflow", "a script", "run it"),
        Case("TOML", text: "[camera]\nwidth = 3\n", "a text that begins '[camera]'", "pass a .tflite"),
        Case("labels", text: "person\ncat\n", "a text that begins 'person'", "pass a .tflite"),
        Case(
            "Latin-1", Array("Modell f".utf8) + [0xfc] + Array("r die K".utf8) + [0xfc, 0x63, 0x68, 0x65],
            "an unknown encoding", "pass a"),
        Case(
            "UTF-16", utf16("person\r\ncat".utf8), "a text in UTF-16 that begins 'person'", "pass a .tflite"),
        Case(
            "C array",
            text: "#include \"m.h\"\nconst unsigned char m[] = {\n"
                + list(model.prefix(300)) { "0x" + hexadecimal($0) },
            "a .tflite written as a C array", "xxd -r -p"),
        Case(
            "C array in decimals", text: "unsigned char m[] = {" + list(model.prefix(300)) { String($0) },
            "a .tflite written as a list of numbers", "take the .tflite"),
        Case(
            "hex dump", text: "00000000: 1c00 0000 5446 4c33 1400 2000 0000 0000  ....TFL3.. .....\n",
            "a hex dump of a .tflite", "xxd -r FILE"),
        Case(
            "base64", text: Data(model.prefix(3000)).base64EncodedString(), "a .tflite as base64 text",
            "base64 -d"),
        Case(
            "data URL",
            text: "data:application/octet-stream;base64," + Data(model.prefix(300)).base64EncodedString(),
            "a .tflite as base64 text", "base64 -d"),
    ]

    private static let others = [
        Case("nothing", [], "an empty file", "fetch it again"),
        Case("zeros", filler, "a file of zeros only", "fetch it again"),
        Case("six bytes", Array(model.prefix(6)), "it has 6 bytes", "fetch or export"),
        Case(
            "size in front",
            [
                UInt8(truncatingIfNeeded: model.count), UInt8(truncatingIfNeeded: model.count >> 8),
                UInt8(truncatingIfNeeded: model.count >> 16), 0,
            ] + model, "a size-prefixed .tflite", "tail -c +5"),
        Case(
            "written by PowerShell", utf16(model.prefix(3000)), "written as UTF-16 text", "copy the original"),
        Case(
            "line ends changed", [0x1c, 0, 0, 13, 10] + Array("\0TFL3".utf8) + filler, "a damaged .tflite",
            "in binary again"),
        Case("ELF", [0x7f] + ascii("ELF"), "a program or library (ELF)", "pass a .tflite"),
        Case("PNG", [0x89] + ascii("PNG\r\n"), "a PNG picture", "pass a .tflite"),
        Case("JPEG", [0xff, 0xd8, 0xff, 0xe0] + filler, "a JPEG picture", "pass a .tflite"),
        Case("BMP", ascii("BM"), "a BMP picture", "pass a .tflite"),
        Case("MP4", [0, 0, 0, 0x20] + ascii("ftypisom"), "a video", "pass a .tflite"),
        Case("PDF", ascii("%PDF-1.4\n", then: [0x25, 0xe2]), "a PDF document", "pass a .tflite"),
        Case("NumPy array", [0x93] + ascii("NUMPY"), "a NumPy array", "pass a .tflite"),
        Case(
            "raw weights", [0x6c, 0xbf, 0, 0x3e, 0x7f, 0x46, 7, 0xbe, 0x11, 0x80],
            "begins with 6c bf 00 3e 7f 46 07 be", "pass a"),
    ]

    @Test(arguments: models + packed + texts + others)
    func whatIsNoModelIsNamedWithWhatToDo(expected: Case) throws {
        let text = try #require(compilationRefusal(expected.bytes))
        #expect(
            text.hasPrefix("This ") && text.hasSuffix(".") && !text.contains("\n") && text.count < 300,
            "\(text)")
        #expect(text.contains(expected.what), "\(text)")
        #expect(text.contains(expected.remedy), "\(text)")
    }

    @Test func moreBytesBehindAModelAreNoneOfItsBusiness() throws {
        #expect(compilationRefusal(Self.model + Self.zip("metadata.json", "labels.txt")) == nil)
        #expect(compilationRefusal(Self.model + Self.filler) == nil)
        let external = try ByteFile.read(Package.fixture("operators/external_network.tflite").path)
        #expect(compilationRefusal(external + Self.zip("labels.txt")) == nil)
    }

    @Test func aModelThatWasCutOffIsSaidToBe() throws {
        for length in [8, 100, 3000, Self.model.count - 100] {
            let text = try #require(compilationRefusal(Array(Self.model[..<length])))
            #expect(
                text.hasPrefix("The file is cut off or damaged") && text.contains("of \(length)"), "\(text)")
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as [UInt64])
    func noBytesStopTheRecognition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for file in Self.models + Self.packed + Self.texts + Self.others where !file.bytes.isEmpty {
            for _ in 0..<10 {
                var bytes = file.bytes
                for _ in 0..<3 {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
                let text = compilationRefusal(bytes)
                #expect(
                    text?.hasSuffix(".") == true && text?.contains("\n") == false,
                    "\(file.name): \(text ?? "")")
            }
        }
    }

    // MARK: Paths

    private func refusal(ofPath path: String) -> String {
        do {
            _ = try ModelFile.read(path)
            return ""
        } catch {
            return "\(error)"
        }
    }

    private func folder(_ names: String...) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in names {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            _ = try folder.write("x", to: name)
        }
        return folder
    }

    @Test func foldersAreNamedForWhatIsInThem() throws {
        func told(_ folder: TemporaryFolder) -> String { refusal(ofPath: folder.url.path) }
        #expect(
            told(try folder("saved_model.pb", "variables/variables.index")).hasPrefix(
                "This is a TensorFlow SavedModel"))
        #expect(told(try folder("1/saved_model.pb")).hasPrefix("This is a TensorFlow SavedModel"))
        #expect(
            told(try folder("m.tflite", "labels.txt"))
                == "This is a folder with 'm.tflite' in it; pass that file.")
        #expect(told(try folder("a.tflite", "b.tflite")).hasSuffix("pass one of these files."))
        #expect(told(try folder("saved_model.pb", "m.tflite")).hasSuffix("pass that file."))
        #expect(
            told(try folder("Manifest.json", "Data/com.apple/model.mlmodel")).contains("a Core ML package"))
        #expect(told(try folder("model.json", "weights.bin")).contains("TensorFlow.js"))
        #expect(told(try folder("checkpoint", "ckpt.index")).contains("a TensorFlow checkpoint"))
        #expect(told(try folder("config.json", "model.safetensors")).contains("safetensors weights"))
        #expect(told(try folder("m.xml", "m.bin")).contains("OpenVINO"))
        #expect(told(try folder("a.txt")).contains("without a .tflite file"))
        #expect(told(try folder()) == "This is an empty folder; pass a .tflite file.")
        #expect(!told(try folder("a\nb.tflite")).contains("\n"))
    }

    @Test func pipesWithoutWritersAndDevicesAreRefusedAtOnce() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(refusal(ofPath: folder.path("pipe")).hasPrefix("This is a pipe without bytes"))
        #expect(refusal(ofPath: "/dev/zero").hasPrefix("This is a device"))
        #expect(refusal(ofPath: "/dev/null").hasPrefix("This is a device"))
    }

    @Test func aModelComesThroughAPipeAndAnythingElseIsNamed() throws {
        func written(_ bytes: [UInt8]) throws -> String {
            let pipe = Pipe()
            try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
            try pipe.fileHandleForWriting.close()
            let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
            return refusal(ofPath: path)
        }
        let small = try ByteFile.read(Package.fixture("operators/relu_c5.tflite").path)
        #expect(try written(small).isEmpty)
        #expect(try written(Array("<html>".utf8)).contains("a web page"))
    }

    @Test func aFileOfGigabytesIsNamedByItsBeginning() throws {
        let folder = try TemporaryFolder()
        func huge(_ bytes: [UInt8]) throws -> String {
            try Data(bytes).write(to: folder.url.appendingPathComponent("huge"))
            #expect(truncate(folder.path("huge"), 5 << 30) == 0)
            return refusal(ofPath: folder.path("huge"))
        }
        #expect(try huge(Array("GGUF".utf8)).contains("a language model"))
        #expect(try huge([]).contains("zeros only"))
        #expect(try huge(Self.model).hasPrefix("This file has 5368709120 bytes"))
    }

    @Test func whatCannotBeReadIsSaidWithItsPath() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("none.tflite")
        #expect(refusal(ofPath: path).hasPrefix("\(path) cannot be read"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
        #expect(refusal(ofPath: path).hasPrefix("\(path) cannot be read"))
        #expect(try ModelFile.read(HeaderTests.model) == Self.model)
    }

    @Test(.enabled(if: geteuid() != 0, "The superuser may read everything; run as another user."))
    func aFileWithoutPermissionIsSaidToBeThat() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("x", to: "m.tflite")
        #expect(chmod(path, 0) == 0)
        #expect(refusal(ofPath: path).contains("permission denied"))
    }
}
