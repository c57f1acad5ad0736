// What people pass that is no .tflite file, told by its first bytes (never by its name), and what to do with each.

enum FileKind {
    /// What a file is and what to do: one sentence; nil for a TFLite model.
    static func sentence(for ends: FileEnds) -> String? {
        if ends.has("TFL3", at: 4) { return nil }
        for (matches, sentence) in table where matches(ends) { return "This is \(sentence)." }
        return zipSentence(ends) ?? textSentence(ends) ?? protobufSentence(ends) ?? unknownSentence(ends)
    }

    // MARK: Remedies

    static let convert =
        "convert it to an int8 .tflite with tf.lite.TFLiteConverter, as docs/operators.md shows"
    static let onnxFirst =
        "convert it to an int8 .tflite first, from PyTorch with litert-torch or through ONNX with onnx2tf -oiqt"
    private static let fromONNX = "convert it to an int8 .tflite first, e.g. with onnx2tf -oiqt"
    static let original =
        "take the int8 .tflite that it was made from, or export one from the original model"
    static let noModel = "pass a .tflite file"
    private static let unpack = "unpack it and pass the .tflite file in it"

    // MARK: By magic numbers

    /// The first that matches is told. What is more particular stands first.
    private static let table: KeyValuePairs<@Sendable (FileEnds) -> Bool, String> = [
        { $0.count == 0 }: "an empty file; the copy or download failed, fetch it again",
        { $0.isAll(0) }: "a file of zeros only; the copy or download failed, fetch it again",
        { $0.has("version https://git-lfs") }:
            "a Git LFS pointer and not the model itself; run `git lfs pull` where it was cloned, or download the file",
        { $0.has("/annex/objects/") || $0.contains(".git/annex/objects") }:
            "a git-annex pointer and not the model itself; run `git annex get` on it",
        // TFLite, but not as it should be.
        { $0.has("TFL", at: 4) && $0.isPrintable(7) }:
            "a TFLite model of another version (its identifier is not TFL3); export it again with today's TFLiteConverter",
        { $0.isSizePrefixed }:
            "a size-prefixed .tflite; remove the 4 bytes in front of it: tail -c +5 FILE > model.tflite",
        { $0.contains("T\0F\0L\03\0", within: 64) }:
            "a .tflite that was written as UTF-16 text and is damaged by it, as PowerShell's > does; copy the original file",
        // Other FlatBuffers, by their identifier.
        { $0.has("ORTM", at: 4) }:
            "an onnxruntime model (.ort); take the .onnx it was made from and convert that, e.g. with onnx2tf -oiqt",
        { $0.hasAny(["ET12", "ET13"], at: 4) }: "an ExecuTorch program (.pte); \(onnxFirst)",
        { $0.has("CIR0", at: 4) }: "a Circle model of Samsung ONE; \(original)",
        { $0.has("M001", at: 4) }: "TFLite metadata without its model; pass the .tflite file it belongs to",
        { $0.has("IREE", at: 4) }: "a compiled IREE module; \(original)",
        // Made for an accelerator or another runtime.
        { $0.hasAny(["ftrt", "ptrt"]) }: "a TensorRT engine, compiled for one GPU; \(original)",
        { $0.has("RKNN") }: "an RKNN model, compiled for a Rockchip NPU; \(original)",
        { $0.has("HEF", at: 1) }: "a HEF, compiled for a Hailo accelerator; \(original)",
        { $0.has("VPMN") }: "a network binary, compiled for a VeriSilicon NPU; \(original)",
        { $0.has("LDMK") }: "a kmodel, compiled for a Kendryte processor; \(original)",
        { $0.has("LITERTLM") }:
            "a LiteRT-LM bundle, a language model, which Espalier does not run; \(noModel)",
        { $0.hasAny(["GGUF", "lmgg", "tjgg", "ggml"]) }:
            "a GGUF/GGML file, a language model, which Espalier does not run; \(noModel)",
        { $0.hasSafetensorsHeader }: "a safetensors file, weights without their network; \(onnxFirst)",
        { $0.has([0x89] + Array("HDF\r\n".utf8) + [0x1a, 0x0a]) }:
            "an HDF5 file, a Keras model or its weights (.h5); \(convert)",
        { $0.has([0x93] + Array("NUMPY".utf8)) }: "a NumPy array (.npy); \(noModel)",
        { $0.has([0x80]) && (2...5).contains($0[1]) }:
            "a Python pickle (an old PyTorch .pt or .pth, or scikit-learn); \(onnxFirst)",
        { $0.has([0, 0, 0, 0, 1, 0, 0, 0]) || $0.has([0, 0, 0, 0, 2, 0, 0, 0]) }:
            "a file of Darknet weights; convert the network and its weights to an int8 .tflite",
        { $0.has([0x47, 0x6b, 0x30, 0x01]) || $0.has([0x0d, 0x7b, 0x0d, 0x00]) }:
            "a file of ncnn weights (.bin); \(original)",
        { $0.ends(with: [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]) }:
            "the index of a TensorFlow checkpoint; save the model with model.export and \(convert)",
        // Packed.
        { $0.has([0x1f, 0x8b]) }: "a gzip-compressed file (.gz, .tgz); \(unpack)",
        { $0.has("BZh") }: "a bzip2-compressed file; \(unpack)",
        { $0.has([0xfd] + Array("7zXZ".utf8)) }: "an xz-compressed file; \(unpack)",
        { $0.has([0x28, 0xb5, 0x2f, 0xfd]) }: "a zstd-compressed file; \(unpack)",
        { $0.has([0x04, 0x22, 0x4d, 0x18]) }: "an lz4-compressed file; \(unpack)",
        { $0.has([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]) }: "a 7-Zip archive; \(unpack)",
        { $0.has("Rar!") }: "a RAR archive; \(unpack)",
        { $0.has("ustar", at: 257) }: "a tar archive; \(unpack)",
        // No models at all.
        { $0.has([0x7f] + Array("ELF".utf8)) }: "a program or library (ELF); \(noModel)",
        { $0.has("MZ") }: "a Windows program or library; \(noModel)",
        { $0.hasAny([[0xcf, 0xfa, 0xed, 0xfe], [0xce, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe]]) }:
            "a macOS program or library, or a Java class; \(noModel)",
        { $0.has([0x89] + Array("PNG".utf8)) }: "a PNG picture; \(noModel)",
        { $0.has([0xff, 0xd8, 0xff]) }: "a JPEG picture; \(noModel)",
        {
            $0.has("GIF8") || $0.has("WEBP", at: 8)
                || $0.hasAny([[0x49, 0x49, 0x2a, 0], [0x4d, 0x4d, 0, 0x2a]])
        }:
            "a picture; \(noModel)",
        { $0.has("BM") && $0.has([0, 0, 0, 0], at: 6) }: "a BMP picture; \(noModel)",
        { $0.has("RIFF") || $0.has("OggS") || $0.has("fLaC") || $0.has("ID3") }:
            "a sound or video file; \(noModel)",
        { $0.has("ftyp", at: 4) || $0.has([0x1a, 0x45, 0xdf, 0xa3]) }: "a video or a picture; \(noModel)",
        { $0.has("%PDF") }: "a PDF document; \(noModel)",
        { $0.has("SQLite format 3") }: "an SQLite database; \(noModel)",
        { $0.has("MATLAB ") }: "a MATLAB file (.mat); \(noModel)",
    ]

    // MARK: Zip archives

    /// Zip archives by the names of what is in them.
    private static func zipSentence(_ file: FileEnds) -> String? {
        guard file.has([0x50, 0x4b, 3, 4]) || file.has([0x50, 0x4b, 5, 6]) else { return nil }
        let names = file.zipNames
        func ends(_ endings: String...) -> [String] {
            names.filter { name in endings.contains { name.hasSuffix($0) } }
        }
        let models = ends(".tflite")
        if !models.isEmpty {
            return
                "This is a zip archive (a MediaPipe .task or another bundle) with \(listing(models)) in it; unzip it and pass "
                + "\(models.count == 1 ? "that" : "one of them")."
        }
        if !ends("data.pkl").isEmpty || !ends("constants.pkl").isEmpty {
            return ends(".py", "constants.pkl").isEmpty
                ? "This is a PyTorch file (.pt or .pth); \(onnxFirst)."
                : "This is a TorchScript model (.pt); \(onnxFirst)."
        }
        if !ends("model.weights.h5").isEmpty { return "This is a Keras model (.keras); \(convert)." }
        if !ends("saved_model.pb").isEmpty {
            return "This is a zipped TensorFlow SavedModel; unzip it and \(convert)."
        }
        if !ends(".mlmodel").isEmpty { return "This is a zipped Core ML package; \(original)." }
        if !names.isEmpty, ends(".npy").count == names.count {
            return "This is an archive of NumPy arrays (.npz); \(noModel)."
        }
        if !ends("AndroidManifest.xml").isEmpty {
            return "This is an Android app; unzip it and look for a .tflite file in its assets."
        }
        let contents = names.isEmpty ? "" : " with \(listing(names)) in it"
        return "This is a zip archive\(contents); unzip it and pass a .tflite file."
    }

    // MARK: Anything else

    private static func protobufSentence(_ file: FileEnds) -> String? {
        switch file.protobuf {
        case .onnx: "This is an ONNX model; \(fromONNX)."
        case .savedModel:
            "This is the saved_model.pb of a TensorFlow SavedModel; \(convert) (from_saved_model)."
        case .coreML: "This is a Core ML model; \(original)."
        case .frozenGraph: "This is a frozen TensorFlow graph (.pb); \(convert)."
        case .checkpointGraph:
            "This is the graph of a TensorFlow checkpoint (.meta); save the model as a SavedModel and \(convert)."
        case .paddle: "This is a PaddlePaddle model; export it to ONNX and then \(fromONNX)."
        case .caffe: "This is a Caffe model; convert it to an int8 .tflite first."
        case nil: nil
        }
    }

    private static func unknownSentence(_ file: FileEnds) -> String {
        if file.count < 8 {
            return "This is no model: it has \(file.count) bytes; fetch or export the .tflite file again."
        }
        if file.contains("TFL3", within: 64) {
            return
                "This is a damaged .tflite (its identifier is not at byte 4), perhaps copied as text; copy the file in "
                + "binary again."
        }
        if file.isFlatBuffer {
            return
                "This is a FlatBuffer of another kind (its identifier is '\(file.identifier)', not 'TFL3'); \(noModel)."
        }
        let begin = file.hexadecimal(8)
        return
            "This is not a TFLite model (it begins with \(begin), and its bytes 4 to 7 are not \"TFL3\"); \(noModel)."
    }

    static func listing(_ names: [String]) -> String {
        let shown = names.prefix(4).map { name in
            "'\(String(name.suffix(60).map { $0.isPlain ? $0 : "?" }))'"
        }.joined(separator: ", ")
        return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
    }

    // MARK: Folders

    /// What a folder is and what to do: one sentence.
    ///
    /// - Parameter names: of what is in it, and in the folders in it after a slash.
    static func sentence(forFolder names: [String]) -> String {
        let own = names.filter { !$0.contains("/") }
        func has(_ ending: String) -> Bool { names.contains { $0.hasSuffix(ending) } }
        let models = names.filter { $0.hasSuffix(".tflite") }.sorted()
        if !models.isEmpty {
            return
                "This is a folder with \(listing(models)) in it; pass \(models.count == 1 ? "that file" : "one of these files")."
        }
        if has("saved_model.pb") || has("saved_model.pbtxt") {
            return "This is a TensorFlow SavedModel (a folder); \(convert) (from_saved_model)."
        }
        if has("model.json") {
            return
                "This is a folder with a TensorFlow.js model; convert the model it was made from to an int8 .tflite."
        }
        if own.contains("Manifest.json"), has("Data") || has(".mlmodel") {
            return "This is a Core ML package (a folder); \(original)."
        }
        if has("checkpoint") || has(".index") {
            return
                "This is a folder with a TensorFlow checkpoint; save the model with model.export and \(convert)."
        }
        for (ending, what, remedy) in [
            (".safetensors", "a folder with safetensors weights", onnxFirst),
            (".onnx", "a folder with an ONNX model", fromONNX),
            (".keras", "a folder with a Keras model", convert),
            (".h5", "a folder with a Keras model", convert),
            (".pt", "a folder with a PyTorch model", onnxFirst),
            (".xml", "a folder with an OpenVINO model", original),
            (".param", "a folder with an ncnn model", original),
            (".pb", "a folder with a TensorFlow graph", convert),
        ] where has(ending) {
            return "This is \(what); \(remedy)."
        }
        return own.isEmpty
            ? "This is an empty folder; \(noModel)."
            : "This is a folder, without a .tflite file in it; \(noModel)."
    }
}
