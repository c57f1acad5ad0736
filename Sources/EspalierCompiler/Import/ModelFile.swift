import EspalierFiles
import Foundation

/// Reads a model's file: whatever else a path leads to is named for what it is, without waiting and within bounds.
public enum ModelFile {
    /// The longest file taken: 2 GiB, which no FlatBuffer exceeds.
    public static let limit = ByteFile.defaultLimit

    /// - Throws: `FileError` for what cannot be read, `CompilerError` for what is no .tflite file: a sentence.
    public static func read(_ path: String) throws -> [UInt8] {
        var information = stat()
        guard stat(path, &information) == 0 else { return try ByteFile.read(path) }
        switch information.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw CompilerError(folderSentence(path))
        case S_IFIFO:
            throw CompilerError("This is a pipe and no file; save the model in a file and pass that.")
        default: throw CompilerError("This is a device or socket and no file; pass a .tflite file.")
        }
        let size = Int(information.st_size)
        let head = try ByteFile.read(path, at: 0, count: FileEnds.headBytes)
        let tail = try ByteFile.read(path, at: max(0, size - FileEnds.tailBytes), count: FileEnds.tailBytes)
        let ends = FileEnds(head: head, tail: tail, count: max(size, head.count))
        if let sentence = FileKind.sentence(for: ends) { throw CompilerError(sentence) }
        guard size <= limit else {
            throw CompilerError(
                "This file has \(size) bytes, and no .tflite has more than \(limit); export the model again.")
        }
        return try ByteFile.read(path, limit: limit)
    }

    private static func folderSentence(_ path: String) -> String {
        func names(in path: String) -> [String]? {
            try? Array(FileManager.default.contentsOfDirectory(atPath: path).sorted().prefix(1000))
        }
        guard let own = names(in: path) else {
            return "This is a folder that cannot be read; pass a .tflite file."
        }
        let inner = own.prefix(100).flatMap { folder in
            (names(in: "\(path)/\(folder)") ?? []).map { "\(folder)/\($0)" }
        }
        return FileKind.sentence(forFolder: own + inner)
    }
}
