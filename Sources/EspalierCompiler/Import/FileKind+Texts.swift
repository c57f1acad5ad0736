// Texts that people pass in place of a model.

extension FileKind {
    /// Texts by what they begin with or have in them, lower case.
    static func textSentence(_ file: FileEnds) -> String? {
        guard let (text, encoding) = file.text else { return nil }
        let lower = text.lowercased()
        func begins(_ starts: String...) -> Bool { starts.contains { lower.hasPrefix($0) } }
        func contains(_ parts: String...) -> Bool { parts.contains { lower.contains($0) } }
        func has(all parts: String...) -> Bool { parts.allSatisfy { lower.contains($0) } }
        func told(_ what: String, _ remedy: String) -> String { "This is \(what); \(remedy)." }

        if begins("<!doctype html", "<html", "<head", "<body") || contains("<html", "<!doctype html") {
            return told(
                "a web page (HTML), mostly what a link to a download page gives",
                "download the file itself (on GitHub its raw link, on Hugging Face /resolve/ instead of /blob/)"
            )
        }
        if begins("<") {
            if contains("<net ") { return told("an OpenVINO model (.xml)", original) }
            if contains("<error", "accessdenied", "nosuchkey") {
                return told("an error message of a server (XML)", "download the model again")
            }
            return told("an XML text", noModel)
        }
        let inList = lower.hasPrefix("[") ? lower.dropFirst().first { !$0.isWhitespace } : nil
        if begins("{") || inList.map("{[\"-0123456789".contains) == true {
            if has(all: "\"cells\"", "nbformat") {
                return told("a Jupyter notebook", "run it and pass the .tflite it writes")
            }
            if contains("\"modeltopology\"", "weightsmanifest") {
                return told(
                    "a TensorFlow.js model (model.json)",
                    "convert the model it was made from to an int8 .tflite")
            }
            if contains("operator_codes", "\"subgraphs\"") {
                return told("a TFLite model as JSON", "make it binary again: flatc -b schema.fbs model.json")
            }
            if contains("keras_version", "\"class_name\"") {
                return told("a Keras model without its weights (JSON)", convert)
            }
            if contains("\"error", "\"message\"", "\"detail\"", "\"code\"", "\"status\"") {
                return told("an error message of a server (JSON)", "download the model again")
            }
            return told("a JSON text", noModel)
        }
        if begins("http/1", "http/2") {
            return told("a server's answer with its header", "download the file itself")
        }
        if begins("7767517") { return told("an ncnn model (.param)", original) }
        if contains("[convolutional]") || begins("[net]") {
            return told("a Darknet network (.cfg)", "convert it and its weights to an int8 .tflite")
        }
        let dense = lower.filter { !$0.isWhitespace }
        if dense.contains("0x54,0x46,0x4c,0x33") {
            return told(
                "a .tflite written as a C array",
                "take the .tflite it was made from, or restore it: "
                    + "grep -o '0x[0-9a-fA-F][0-9a-fA-F]' FILE | xxd -r -p > model.tflite")
        }
        if dense.contains("84,70,76,51") {
            return told("a .tflite written as a list of numbers", "take the .tflite it was made from")
        }
        if contains("#include", "#ifndef", "const unsigned char", "uint8_t") {
            return told("a C or C++ source", noModel)
        }
        if contains("0000 5446 4c33") {
            return told("a hex dump of a .tflite", "restore it: xxd -r FILE > model.tflite")
        }
        if dense.contains("54464c33") {
            return told("a hex dump of a .tflite", "take the .tflite it was made from")
        }
        if isBase64TFLite(text) {
            return told("a .tflite as base64 text", "decode it: base64 -d FILE > model.tflite")
        }
        if contains("layer {", "layers {", "input_dim:") {
            return told("a Caffe network (.prototxt)", "convert it and its weights to an int8 .tflite")
        }
        if begins("node {", "saved_model_schema_version") || contains("\nnode {") {
            return told("a TensorFlow graph as text (.pbtxt)", convert)
        }
        if contains("git-lfs.github.com/spec") {
            return told("a Git LFS pointer and not the model itself", "run `git lfs pull`")
        }
        if has(all: "outs:", "md5:") {
            return told("a DVC pointer and not the model itself", "run `dvc pull`")
        }
        if begins("import ", "from ", "#!", "# -*-", "\"\"\"") || contains("\nimport ") {
            return told("a script", "run it and pass the .tflite it writes")
        }
        let line = text.split(whereSeparator: \.isNewline).first.map { String($0.prefix(60)) } ?? ""
        let isAnswer =
            text.unicodeScalars.count < 400
            && contains("not found", "denied", "error", "forbidden", "unauthorized", "invalid")
        if isAnswer {
            return told(
                "a short text, '\(line)', mostly what a failed download leaves", "download the model again")
        }
        return told("a text\(encoding) that begins '\(line)'", noModel)
    }

    /// Whether a text is base64 whose fifth to eighth byte are "TFL3".
    private static func isBase64TFLite(_ text: String) -> Bool {
        let body = text.hasPrefix("data:") ? text.drop { $0 != "," }.dropFirst() : text[...]
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var bytes: [UInt8] = []
        var bits = 0
        var value = 0
        for character in body.prefix(16) {
            guard let digit = letters.firstIndex(of: character) else { return false }
            value = value << 6 | digit
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: value >> bits))
            }
        }
        return bytes.count >= 8 && Array(bytes[4..<8]) == Array("TFL3".utf8)
    }
}
