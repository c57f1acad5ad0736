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
        case S_IFIFO: return try readPipe(path)
        default: throw CompilerError("This is a device or socket and no file; pass a .tflite file.")
        }
        let size = Int(information.st_size)
        let head = try ByteFile.read(path, at: 0, count: FileEnds.headBytes)
        let tail = try ByteFile.read(path, at: max(0, size - FileEnds.tailBytes), count: FileEnds.tailBytes)
        try checkKind(of: FileEnds(head: head, tail: tail, count: max(size, head.count)))
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

    // MARK: Pipes

    /// What a program writes into a pipe, such as <(unzip -p model.zip), as long as more than silence comes.
    private static func readPipe(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return try ByteFile.read(path, at: 0, count: 0) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: FileEnds.headBytes)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0, errno == EINTR { continue }
            if count < 0 {
                var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard errno == EAGAIN, poll(&waited, 1, patienceMilliseconds) > 0 else {
                    throw CompilerError(
                        "This is a pipe into which nothing comes; save the model in a file and pass that.")
                }
                continue
            }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw CompilerError("This pipe gives more than \(limit) bytes; pass a .tflite file.")
            }
            // What is no model is not read to its end.
            if bytes.count >= FileEnds.headBytes, bytes.count - count < FileEnds.headBytes {
                try checkKind(of: FileEnds(of: bytes))
            }
        }
        guard !bytes.isEmpty else {
            throw CompilerError(
                "This is a pipe without bytes (no program writes to it, or it was read before); save the model in a file "
                    + "and pass that.")
        }
        try checkKind(of: FileEnds(of: bytes))
        return bytes
    }

    private static func checkKind(of ends: FileEnds) throws(CompilerError) {
        if let sentence = FileKind.sentence(for: ends) { throw CompilerError(sentence) }
    }

    /// How long a pipe may be silent.
    private static let patienceMilliseconds: Int32 = 10_000
}
