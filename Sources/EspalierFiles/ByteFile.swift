// A whole file into memory, with a bound on its length.

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Reads a whole file into memory.
public enum ByteFile {
    /// The longest file read unless the caller says otherwise: 2 GiB.
    public static let defaultLimit = 1 << 31

    /// The bytes of the file at `path`, an input of the command that reads it.
    ///
    /// - Throws: `FileError` if the file cannot be opened or read, or is longer than `limit` bytes.
    public static func read(_ path: String, limit: Int = defaultLimit) throws(FileError) -> [UInt8] {
        InputFiles.noteRead(path)
        return try contents(path, limit: limit)
    }

    /// The bytes of an ordinary file, or of a pipe for as long as something comes: no wait without an end.
    ///
    /// - Parameters:
    ///   - limit: the most bytes taken.
    ///   - patience: how many milliseconds a pipe may be silent; a second at most if nothing writes to it.
    /// - Throws: `FileError` for what is neither, cannot be read, stays silent, or is longer than `limit`.
    public static func read(_ path: String, limit: Int, patience: Int32) throws(FileError) -> [UInt8] {
        InputFiles.noteRead(path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw unreadable(path, errno) }
        switch information.st_mode & S_IFMT {
        case S_IFREG, S_IFDIR: return try contents(of: descriptor, path, limit: limit, patience: nil)
        case S_IFIFO: return try contents(of: descriptor, path, limit: limit, patience: patience)
        default: throw FileError(path, "is a device or socket", do: "pass a file")
        }
    }

    /// The bytes of a file that is no input: one that Espalier wrote.
    static func contents(_ path: String, limit: Int = defaultLimit) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        return try contents(of: descriptor, path, limit: limit, patience: nil)
    }

    /// - Parameter patience: for a pipe that was opened not to block; nil for anything else.
    private static func contents(
        of descriptor: Int32, _ path: String, limit: Int, patience: Int32?
    ) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var information = stat()
        if fstat(descriptor, &information) == 0 {
            bytes.reserveCapacity(min(max(Int(information.st_size), 0), limit))
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var mayComeLater = true
        while true {
            let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0) }
            if let patience, count < 0, errno == EAGAIN {
                if isSilent(descriptor, for: patience) {
                    throw FileError(
                        path, "is a pipe into which nothing comes", do: "save it in a file and pass that")
                }
                continue
            }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 {
                guard let patience, bytes.isEmpty else { return bytes }
                if mayComeLater, !isSilent(descriptor, for: min(patience, 1000)) {
                    mayComeLater = false
                    continue
                }
                throw FileError(
                    path, "is a pipe without bytes (no program writes to it, or it was read before)",
                    do: "save it in a file and pass that")
            }
            guard bytes.count + count <= limit else {
                throw FileError(path, "is longer than \(limit) bytes", do: "pass a smaller file")
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    private static func isSilent(_ descriptor: Int32, for milliseconds: Int32) -> Bool {
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waited, 1, milliseconds) == 0
    }

    /// At most `count` bytes of an ordinary file from byte `start` on, however long it is; links are followed.
    ///
    /// - Throws: `FileError` for what is no file (folders, pipes, devices: those would wait) or cannot be read.
    public static func read(_ path: String, at start: Int, count: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path, "is no ordinary file", do: "pass a file")
        }
        guard lseek(descriptor, off_t(start), SEEK_SET) >= 0 else { throw unreadable(path, errno) }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = bytes.withUnsafeMutableBytes {
                systemRead(descriptor, UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            guard more >= 0 else { throw unreadable(path, errno) }
            if more == 0 { break }
            filled += more
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Whether there is a file at `path`, or a link to one; not a folder.
    static func exists(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT != S_IFDIR
    }

    /// Whether there is a file without a byte, which holds nothing to lose.
    static func isEmpty(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_size == 0
    }

    static func unreadable(_ path: String, _ code: Int32) -> FileError {
        let remedy =
            switch code {
            case ENOENT: "check the path"
            case EACCES, EPERM: "check its permissions"
            case EISDIR: "pass a file and not a folder"
            default: "check the file and the disk"
            }
        return FileError(path, "cannot be read (\(systemText(code)))", do: remedy)
    }
}
