public import EspalierFiles
import Foundation

/// Where board files are looked for, and which are there.
public enum BoardFolder {
    /// In this order: the folder `ESPALIER_BOARDS` names, and where it names none `boards` in the working
    /// directory, `share/espalier/boards` of where the executable is installed, and `boards` of the package it was
    /// built in.
    public static func candidates(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        executable: URL? = Bundle.main.executableURL
    ) -> [String] {
        if let folder = environment["ESPALIER_BOARDS"], !folder.isEmpty { return [folder] }
        var folders = ["boards"]
        guard var place = executable?.resolvingSymlinksInPath().deletingLastPathComponent() else {
            return folders
        }
        folders.append(place.deletingLastPathComponent().appendingPathComponent("share/espalier/boards").path)
        while place.path != "/" {
            let manifest = place.appendingPathComponent("Package.swift").path
            if FileManager.default.fileExists(atPath: manifest) {
                folders.append(place.appendingPathComponent("boards").path)
                break
            }
            place.deleteLastPathComponent()
        }
        return folders
    }

    /// The boards of the first of these folders that has any, by name.
    ///
    /// - Throws: where there is none, and for a board file that is wrong.
    public static func boards(in folders: [String] = candidates()) throws(FileError) -> [BoardFile] {
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let paths = names.sorted().map { "\(folder)/\($0)/board.toml" }
                .filter { FileManager.default.fileExists(atPath: $0) }
            if paths.isEmpty { continue }
            var boards: [BoardFile] = []
            for path in paths { boards.append(try BoardFile(path: path)) }
            return boards
        }
        throw FileError(
            folders.joined(separator: ", "), "has no board files",
            do: "name a folder of boards in ESPALIER_BOARDS")
    }

    /// The board of a name, or of the path of a board file.
    ///
    /// - Throws: where there is none, with the names there are, and for a board file that is wrong.
    public static func board(_ name: String, in folders: [String] = candidates()) throws(FileError)
        -> BoardFile
    {
        if name.hasSuffix(".toml") { return try BoardFile(path: name) }
        let boards = try boards(in: folders)
        if let board = boards.first(where: { $0.name == name }) { return board }
        throw FileError(
            name, "is no board that is known here",
            do: "choose among \(boards.map(\.name).joined(separator: ", ")), or give the path of a board file"
        )
    }
}
