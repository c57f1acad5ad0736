// A folder that a command fills anew on each run, beside whatever else is in it.

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Writes files into a folder and keeps a list of them there, so that a later run replaces and removes what an earlier
/// one wrote, and nothing else: no file that is not on the list, and none that was changed since.
///
///     var folder = try OutputFolder("build/demo", of: "espalier simulate", force: false)
///     try folder.prepare(["trace.txt", "frames/01-person.png"])    // refuses before anything is written
///     try folder.write(bytes, to: "trace.txt")
///     …
///     try folder.finish(removesOthers: true)
///
/// The list is a line a file, `SHA-256  NAME`. A file's line is added before the file is written, so that an
/// interrupted run's files are on it too; a file may then have two lines, of which one holds.
public struct OutputFolder {
    /// The list's name in the folder.
    public static let listName = ".espalier"
    private static let opening = "# Written by "

    private let path: String
    private let tool: String
    private let force: Bool
    /// What earlier runs wrote: digests by name.
    private var earlier: [String: Set<String>] = [:]
    private var written: [String: String] = [:]
    private var list: String { "\(path)/\(Self.listName)" }

    /// Reads the list; nothing is changed. The folder need not be there.
    ///
    /// - Parameters:
    ///   - tool: who writes it, for the list and for sentences.
    ///   - force: replace files that are not on the list, or were changed.
    public init(_ path: String, of tool: String, force: Bool) throws(FileError) {
        self.path = path
        self.tool = tool
        self.force = force
        guard !path.isEmpty, path != "-" else {
            throw FileError("'\(path)'", "is no folder", do: "name the folder to write to")
        }
        try checkPlace()
        guard access(list, F_OK) == 0 else { return }
        let text = String(decoding: try ByteFile.contents(list), as: UTF8.self)
        guard text.hasPrefix(Self.opening) else {
            throw FileError(list, "is no list that Espalier wrote", do: "remove it, or name another folder")
        }
        guard text.hasPrefix("\(Self.opening)\(tool):") else {
            let other = text.dropFirst(Self.opening.count).prefix { $0 != ":" && !$0.isNewline }
            throw FileError(path, "holds what \(other) wrote", do: "name another folder")
        }
        // What follows the last line's end was cut short.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            guard !line.hasPrefix("#"), let gap = line.firstIndex(of: " ") else { continue }
            let name = String(line[gap...].drop { $0 == " " })
            if isInside(name) { earlier[name, default: []].insert(String(line[..<gap])) }
        }
    }

    /// The folder, or where it is to be made, can be written to.
    private func checkPlace() throws(FileError) {
        var place = path
        while access(place, F_OK) != 0, place != ".", place != "/" { place = parent(of: place) }
        if FileIdentity(folder: place) == nil, place == path {
            throw FileError(path, "is a file and not a folder", do: "name another folder to write to")
        }
        let code = AtomicFile.tryBeside(place + "/.espalier-try")
        guard code != 0 else { return }
        throw FileError(
            path, "cannot be \(place == path ? "written to" : "made") (\(systemText(code)))",
            do: "choose a folder you may write to")
    }

    /// No list makes anybody touch what lies outside of the folder.
    private func isInside(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
    }

    // MARK: Before anything is written

    /// Checks that files of these names may be written; nothing is changed.
    ///
    /// - Parameters:
    ///   - folders: in it, of files whose names are not known yet, or that have none.
    ///   - contents: what a file is to hold: one that holds it already may be there, whoever wrote it.
    /// - Throws: a sentence for the first that is an input, is not on the list, or was changed since; and for a folder
    ///   in it that this run reads files from.
    public func check(
        _ names: [String], folders: [String] = [],
        contents: (String) throws(FileError) -> [UInt8]? = { _ in nil }
    ) throws(FileError) {
        for folder in all(folders, of: names) {
            guard let input = InputFiles.input(in: "\(path)/\(folder)") else { continue }
            throw FileError(
                "\(path)/\(folder)", "holds \(input), which this command reads",
                do: "name another folder to write to")
        }
        for name in names {
            let place = "\(path)/\(name)"
            try Destination.refuseInput(place)
            var information = stat()
            guard lstat(place, &information) == 0 else { continue }
            guard information.st_mode & S_IFMT != S_IFDIR else {
                throw FileError(place, "is a folder", do: "move it, or name another folder to write to")
            }
            if force || isUnchanged(name) { continue }
            if let bytes = try contents(name), (try? ByteFile.contents(place)) == bytes { continue }
            throw FileError(
                place,
                earlier[name] == nil
                    ? "is not on the list of what \(tool) wrote there (\(Self.listName))"
                    : "was changed since \(tool) wrote it",
                do: "move it, name another folder to write to, or pass --force to replace it")
        }
    }

    /// Whether an earlier run wrote this file and it is as it was.
    private func isUnchanged(_ name: String) -> Bool {
        guard let digests = earlier[name], let bytes = try? ByteFile.contents("\(path)/\(name)") else {
            return false
        }
        return digests.contains(Digest.sha256(bytes))
    }

    // MARK: Writing

    /// Checks the names, then makes the folders.
    public func prepare(
        _ names: [String], folders: [String] = [],
        contents: (String) throws(FileError) -> [UInt8]? = { _ in nil }
    ) throws(FileError) {
        try check(names, folders: folders, contents: contents)
        try AtomicFile.makeFolder(path)
        for folder in all(folders, of: names) { try AtomicFile.makeFolder("\(path)/\(folder)") }
        try AtomicFile.write(text(earlier.mapValues { $0.sorted() }), to: list)
    }

    /// Puts a file on the list and writes it, whole or not at all.
    ///
    /// - Precondition: its name was among those prepared.
    public mutating func write(_ bytes: [UInt8], to name: String) throws(FileError) {
        let digest = Digest.sha256(bytes)
        try AtomicFile.append(Array("\(digest)  \(name)\n".utf8), to: list)
        try AtomicFile.write(bytes, to: "\(path)/\(name)")
        written[name] = digest
    }

    /// Ends the run: the list is written anew.
    ///
    /// - Parameter removesOthers: what earlier runs wrote and this one did not goes; unless it was changed, and from
    ///   then on it is no longer on the list.
    public mutating func finish(removesOthers: Bool) throws(FileError) {
        var listed = written.mapValues { [$0] }
        for (name, digests) in earlier where written[name] == nil {
            if !removesOthers {
                listed[name] = digests.sorted()
            } else if isUnchanged(name), InputFiles.input(sameAs: "\(path)/\(name)") == nil {
                unlink("\(path)/\(name)")
            }
        }
        try AtomicFile.write(text(listed), to: list)
    }

    private func text(_ files: [String: [String]]) -> [UInt8] {
        var text = "\(Self.opening)\(tool): what it wrote here, and may replace and remove.\n"
        for (name, digests) in files.sorted(by: { $0.key < $1.key }) {
            for digest in digests { text += "\(digest)  \(name)\n" }
        }
        return Array(text.utf8)
    }

    private func all(_ folders: [String], of names: [String]) -> [String] {
        Set(names.filter { $0.contains("/") }.map { parent(of: $0) }).union(folders).sorted()
    }
}
