// Where a command writes a file, and what it may not write over.

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A kind of file that Espalier writes, by what it looks like: such a file can be made again, and may be replaced.
public struct OwnFile: Sendable {
    private let isOne: @Sendable ([UInt8]) -> Bool

    public init(_ isOne: @escaping @Sendable ([UInt8]) -> Bool) {
        self.isOne = isOne
    }

    /// Headers of models and of setups.
    public static let header = OwnFile { $0.starts(with: Array("/* Written by espalier ".utf8)) }

    /// Files that say nothing of who wrote them, such as arrays.
    public static let anonymous = OwnFile { _ in false }

    func recognises(_ path: String) -> Bool {
        guard let bytes = try? ByteFile.contents(path) else { return false }
        return isOne(bytes)
    }
}

/// The place a command writes one file to: never over a file that it reads, and over one that Espalier did not write
/// only by `--force`. `-` is the standard output.
///
///     let destination = try Destination(output, of: .header, force: force)   // before the work
///     …
///     try destination.write(bytes)
public struct Destination: Sendable {
    /// As the user gave it.
    public let path: String
    private let place: String
    private let isStandardOutput: Bool
    private let kind: OwnFile
    private let force: Bool

    /// Checks the place, before any work is done.
    ///
    /// - Parameter force: replace what Espalier did not write.
    /// - Throws: a sentence where the file is an input, is not Espalier's, or cannot be written.
    public init(_ path: String, of kind: OwnFile, force: Bool) throws(FileError) {
        self.path = path
        isStandardOutput = Destination.isStandardOutput(path)
        place = isStandardOutput ? "/dev/stdout" : path
        self.kind = kind
        self.force = force
        try check()
    }

    /// False for the standard output, devices and pipes, which hold nothing that could be lost.
    public var isFile: Bool {
        var information = stat()
        return !isStandardOutput && stat(place, &information) != 0 || information.st_mode & S_IFMT == S_IFREG
    }

    /// Checks the place again, once more inputs are known.
    public func check() throws(FileError) {
        guard !place.isEmpty else {
            throw FileError("An empty path", "is no place to write to", do: "name a file")
        }
        try Destination.refuseInput(place)
        if isStandardOutput { return }
        guard let mode = try AtomicFile.checkPlace(place), mode & S_IFMT == S_IFREG else { return }
        if force || ByteFile.isEmpty(place) || kind.recognises(place) { return }
        throw FileError(
            path, "exists, and Espalier did not write it",
            do: "name another file, or pass --force to replace it")
    }

    /// Writes the file whole or not at all.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        try check()
        guard isStandardOutput else { return try AtomicFile.write(bytes, to: place) }
        fflush(nil)
        let code = systemWriteAll(STDOUT_FILENO, bytes)
        if code != 0 { throw AtomicFile.unwritable("The standard output", code) }
    }

    private static func isStandardOutput(_ path: String) -> Bool {
        ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(path)
    }

    /// - Throws: where two of a command's files have one place.
    public static func requireDistinct(_ paths: [String]) throws(FileError) {
        var seen: [String: String] = [:]
        for path in paths {
            let place = isStandardOutput(path) ? "-" : AtomicFile.location(of: path)
            if let other = seen[place] {
                throw FileError(path, "is to hold two files (the other as \(other))", do: "name two places")
            }
            seen[place] = path
        }
    }

    static func refuseInput(_ path: String) throws(FileError) {
        guard let input = InputFiles.input(sameAs: path) else { return }
        let same = input == path ? "" : " (as \(input))"
        throw FileError(path, "is read by this command\(same)", do: "name another place for the result")
    }
}
