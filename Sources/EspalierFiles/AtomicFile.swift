// Writing a file whole or not at all: a reader never sees half of it, and a full disk never costs the old
// version.

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Writes a file under a temporary name beside its place, then renames it.
public enum AtomicFile {
    /// Puts `bytes` at `path`, replacing what was there only when every byte is written.
    ///
    /// A path that exists and is not a regular file (`/dev/stdout`, `/dev/full`, a named pipe) cannot be
    /// renamed over; it is written directly. A symbolic link is followed: the link stays and its target is
    /// replaced. A replaced file keeps its permissions.
    ///
    /// - Parameter synchronise: wait until the bytes are on the disk, for files that must survive a power
    ///   cut.
    /// - Throws: `FileError` with the system's reason; the temporary file is gone and the target untouched.
    public static func write(_ bytes: [UInt8], to path: String, synchronise: Bool = false) throws(FileError) {
        let target = resolved(path)
        var old = stat()
        let exists = stat(target, &old) == 0
        if exists, old.st_mode & S_IFMT != S_IFREG {
            return try check(writeInPlace(bytes, target), path)
        }
        let held = holdSignals()
        defer { release(held) }
        let (temporary, descriptor) = openBeside(target)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        var code = fill(descriptor, with: bytes, mode: exists ? old.st_mode & 0o7777 : nil, synchronise)
        if code == 0, rename(temporary, target) != 0 { code = errno }
        if code != 0 { unlink(temporary) }
        try check(code, path)
    }
}

// MARK: - Before the work

extension AtomicFile {
    /// Whether a file can be written at `path`: a temporary one beside it is made, and removed again.
    ///
    /// - Returns: what is there, as `st_mode`; nil where there is nothing.
    /// - Throws: the sentence that `write` would throw.
    static func checkPlace(_ path: String) throws(FileError) -> mode_t? {
        var information = stat()
        guard stat(path, &information) == 0 else {
            var link = stat()
            if lstat(path, &link) == 0, link.st_mode & S_IFMT == S_IFLNK {
                throw FileError(
                    path, "is a link to what is not there", do: "remove it, or name the file itself")
            }
            try check(path.hasSuffix("/") ? EISDIR : 0, path)
            try check(tryBeside(path), path)
            return nil
        }
        try check(information.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0, path)
        let isFile = information.st_mode & S_IFMT == S_IFREG
        try check(access(path, W_OK) == 0 ? 0 : errno, path)
        if isFile { try check(tryBeside(resolved(path)), path) }
        return information.st_mode
    }

    /// The path without links, of a file that need not be there.
    static func location(of path: String) -> String {
        if access(path, F_OK) == 0 { return resolved(path) }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return resolved(parent(of: path)) + "/" + name
    }

    /// Makes a folder and those it lies in.
    static func makeFolder(_ path: String) throws(FileError) {
        if FileIdentity(folder: path) != nil { return }
        if path.contains("/"), parent(of: path) != path { try makeFolder(parent(of: path)) }
        let code = mkdir(path, 0o777) == 0 ? 0 : errno
        if code == 0 || FileIdentity(folder: path) != nil { return }
        throw FileError(path, "cannot be made (\(systemText(code)))", do: "choose a folder you may write to")
    }
}

// MARK: - Pieces

extension AtomicFile {
    /// Who interrupts a command waits the moment until a temporary file has its name or is gone.
    private static func holdSignals() -> sigset_t {
        var held = sigset_t()
        var before = sigset_t()
        sigemptyset(&held)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&held, signal) }
        pthread_sigmask(SIG_BLOCK, &held, &before)
        return before
    }

    private static func release(_ before: sigset_t) {
        var before = before
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    /// A new file in `target`'s folder: its name, and its descriptor or -1 with `errno`.
    private static func openBeside(_ target: String) -> (name: String, descriptor: Int32) {
        var attempt = 0
        while true {
            let name = "\(target).\(getpid()).\(attempt).tmp"
            let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            attempt += 1
            if descriptor >= 0 || errno != EEXIST || attempt == 100 { return (name, descriptor) }
        }
    }

    /// Makes a file beside `target` and removes it: 0, or the `errno`.
    static func tryBeside(_ target: String) -> Int32 {
        let held = holdSignals()
        defer { release(held) }
        let (temporary, descriptor) = openBeside(target)
        if descriptor < 0 { return errno }
        unlink(temporary)
        return close(descriptor) == 0 ? 0 : errno
    }

    /// Writes everything and closes; returns 0 or the first `errno`.
    private static func fill(
        _ descriptor: Int32, with bytes: [UInt8], mode: mode_t?, _ synchronise: Bool
    ) -> Int32 {
        var code = systemWriteAll(descriptor, bytes)
        if code == 0, let mode, fchmod(descriptor, mode) != 0 { code = errno }
        if code == 0, synchronise, fsync(descriptor) != 0 { code = errno }
        return close(descriptor) != 0 && code == 0 ? errno : code
    }

    private static func writeInPlace(_ bytes: [UInt8], _ target: String) -> Int32 {
        let descriptor = open(target, O_WRONLY | O_CLOEXEC)
        return descriptor < 0 ? errno : fill(descriptor, with: bytes, mode: nil, false)
    }

    /// Adds to a file's end.
    static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        try check(descriptor < 0 ? errno : fill(descriptor, with: bytes, mode: nil, false), path)
    }

    /// The path behind symbolic links, or the path itself if nothing is there yet.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func check(_ code: Int32, _ path: String) throws(FileError) {
        if code != 0 { throw unwritable(path, code) }
    }

    static func unwritable(_ path: String, _ code: Int32) -> FileError {
        let remedy =
            switch code {
            case ENOENT, ENOTDIR: "make its folder first"
            case EACCES, EPERM, EROFS: "choose a folder you may write to"
            case ENOSPC, EDQUOT: "free some space or choose another disk"
            case EISDIR: "choose a file name and not a folder"
            default: "check the path and the disk"
            }
        return FileError(path, "cannot be written (\(systemText(code)))", do: remedy)
    }
}
