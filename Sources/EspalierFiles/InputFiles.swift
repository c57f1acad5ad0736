// What a command reads it never writes over, whatever path it is written to.

import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The regular files that are a command's inputs. A command is one process: once it watches, `ByteFile` notes each file
/// it reads, so that none is forgotten, whichever option or file named it.
public enum InputFiles {
    private static let isWatching = Mutex(false)
    /// The path each was last read by. A file that was replaced or removed since is no longer there under it, and
    /// its number may belong to another.
    private static let paths = Mutex<[FileIdentity: String]>([:])

    /// From now on every file that is read is an input. Programs that use this room as a library read and write as they
    /// like.
    public static func watch() { isWatching.withLock { $0 = true } }

    static func noteRead(_ path: String) {
        if isWatching.withLock({ $0 }) { note([path]) }
    }

    /// Notes files before they are read, or that others read: a program that is run. What is not there is left out.
    public static func note(_ files: [String]) {
        for path in files {
            guard let identity = FileIdentity(path) else { continue }
            paths.withLock { $0[identity] = path }
        }
    }

    /// The path by which the file at `path` was read; nil where it was not.
    public static func input(sameAs path: String) -> String? {
        guard let identity = FileIdentity(path) else { return nil }
        guard let read = paths.withLock({ $0[identity] }), FileIdentity(read) == identity else { return nil }
        return read
    }

    /// A file that was read and lies in this folder; nil where there is none.
    public static func input(in folder: String) -> String? {
        guard let identity = FileIdentity(folder: folder) else { return nil }
        let read = paths.withLock { $0 }
        return read.sorted { $0.value < $1.value }.first { file, path in
            FileIdentity(path) == file && FileIdentity(folder: parent(of: path)) == identity
        }?.value
    }
}

/// Device and number: the same through links of both kinds.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64

    /// Nil where there is no regular file.
    init?(_ path: String) { self.init(path, kind: S_IFREG) }

    /// Nil where there is no folder.
    init?(folder: String) { self.init(folder, kind: S_IFDIR) }

    private init?(_ path: String, kind: mode_t) {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == kind else { return nil }
        device = UInt64(truncatingIfNeeded: information.st_dev)
        number = UInt64(truncatingIfNeeded: information.st_ino)
    }
}

/// The folder that a path names something in.
func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
