import ArgumentParser
import EspalierCompiler
import EspalierFiles
import Foundation

/// The model argument and what may be said about it: shared by all commands that take a model.
struct ModelOptions: ParsableArguments {
    @Argument(help: "The model: an int8 or legacy uint8 .tflite file.")
    var model: String

    @Option(help: "The model's name in C. Default: from the model's file name.")
    var name: String?

    @Option(name: .customLong("label-names"), help: "A text file with one class name a line.")
    var labelNames: String?

    @Option(help: "The pixel value (0...255) the model takes as 0: one number, or one per channel, e.g. 123.7,116.3,103.5.")
    var pixelMean: String?

    @Option(help: "The pixel values that make 1.0 for the model: one number, or one per channel, e.g. 58.4,57.1,57.4.")
    var pixelDeviation: String?

    /// Reads and compiles the model.
    ///
    /// - Parameter defaultName: overrides the name taken from the model's file, where no `--name` was given.
    func compilation(defaultName: String? = nil) throws -> Compilation {
        let url = URL(fileURLWithPath: model)
        var options = CompileOptions(name: try checkedName(defaultName ?? url.deletingPathExtension().lastPathComponent))
        if let labelNames {
            options.labels = try text(labelNames).split(whereSeparator: \.isNewline).map(String.init)
        }
        options.pixelMean = try numbers(pixelMean, "--pixel-mean")
        options.pixelDeviation = try numbers(pixelDeviation, "--pixel-deviation")
        let bytes = try ByteFile.read(model)
        do {
            return try Compilation(tflite: bytes, sourceName: url.lastPathComponent, options: options)
        } catch {
            throw CommandFailure("\(model): \(error.description)")
        }
    }

    /// A name fit for C: `--name` as given, or a file's name with other characters replaced.
    private func checkedName(_ fileName: String) throws -> String {
        let raw = name ?? String(fileName.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        let legal = raw.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard legal, let first = raw.first else {
            throw CommandFailure("--name '\(raw)' is no C name; use letters, digits and underscores.")
        }
        return first.isNumber ? "model_\(raw)" : raw
    }

    private func numbers(_ list: String?, _ option: String) throws -> [Double] {
        guard let list else { return [] }
        return try list.split(separator: ",").map { part in
            guard let number = Double(part), number.isFinite else {
                throw CommandFailure("\(option) has '\(part)', which is no number; write e.g. 127.5 or 123.7,116.3,103.5.")
            }
            return number
        }
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try ByteFile.read(path), as: UTF8.self)
    }

}

/// What stopped a command: one sentence, printed after "Error: ", exit status 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
