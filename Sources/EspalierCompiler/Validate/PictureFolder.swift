import EspalierFiles
import Foundation

/// A folder with a folder of pictures for each class: what of it is used, and what is left out.
///
/// PNG and JPEG files are recognised by their contents. What systems put beside files without being asked is not
/// mentioned: `.DS_Store`, `._` files, `__MACOSX`, `Thumbs.db`, `desktop.ini`.
public struct PictureFolder: Sendable {
    /// Paths, in the order of their names.
    public private(set) var pictures: [String] = []
    /// The class of each.
    public private(set) var classes: [Int] = []
    public private(set) var leftOut: [LeftOut] = []

    /// Something of a folder that is not used.
    public struct LeftOut: Codable, Equatable, Sendable {
        public var path: String
        /// Continues the sentence that the path begins.
        public var reason: String

        public init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    /// Folders named like the model's labels are those classes; without labels the sorted folders are classes 0, 1, ...
    ///
    /// - Throws: a sentence where nothing in the folder can be used.
    public init(_ folder: String, labels: [String], classes: Int) throws(CompilerError) {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        var folders: [String] = []
        for name in try PictureFolder.names(in: folder) {
            let path = "\(folder)/\(name)"
            if name.hasPrefix(".") {
                leave(path, "is hidden")
            } else if PictureFolder.isFolder(path) {
                folders.append(name)
            } else {
                leave(path, "is beside the class folders and not in one")
            }
        }
        guard !folders.isEmpty else {
            throw CompilerError(
                "\(folder) has no class folders; put the pictures of each class in a folder of its own.")
        }
        guard !labels.isEmpty || folders.count == classes else {
            throw CompilerError(
                "\(folder) has \(folders.count) class folders and the model \(classes) classes; name the classes with "
                    + "--label-names.")
        }
        for (position, name) in folders.enumerated() {
            try take("\(folder)/\(name)", labels.isEmpty ? position : labels.firstIndex(of: name), labels)
        }
        guard !pictures.isEmpty else {
            let first = leftOut.first { $0.reason != "is hidden" } ?? leftOut.first
            let example = first.map { ": \($0.path) \($0.reason)" } ?? ""
            let more = leftOut.count > 1 ? ", and so on" : ""
            throw CompilerError(
                "\(folder) has no PNG or JPEG picture of a class that can be used\(example)\(more); put pictures into "
                    + "folders named like the classes.")
        }
    }

    private mutating func take(_ folder: String, _ label: Int?, _ labels: [String]) throws(CompilerError) {
        let names = try PictureFolder.names(in: folder)
        guard let label else {
            let shown = labels.prefix(12).joined(separator: ", ") + (labels.count > 12 ? ", ..." : "")
            leave(
                folder,
                "is named like no label (\(shown)); it has \(names.count) \(names.count == 1 ? "file" : "files")"
            )
            return
        }
        let before = pictures.count
        for name in names {
            let path = "\(folder)/\(name)"
            if name.hasPrefix(".") {
                leave(path, "is hidden")
            } else if PictureFolder.isFolder(path) {
                leave(path, "is a folder in a class folder")
            } else if let reason = PictureFolder.objection(to: path) {
                leave(path, reason)
            } else {
                pictures.append(path)
                classes.append(label)
            }
        }
        if pictures.count == before { leave(folder, "has no PNG or JPEG picture") }
    }

    private mutating func leave(_ path: String, _ reason: String) {
        leftOut.append(LeftOut(path: path, reason: reason))
    }

    /// What speaks against a file's being a picture by its first bytes.
    private static func objection(to path: String) -> String? {
        do throws(FileError) {
            let head = try ByteFile.read(path, at: 0, count: 512)
            let format = FileFormat(head)
            if format?.isPicture == true { return nil }
            if head.isEmpty { return "is empty" }
            return format.map { "is \($0.text), not a PNG or JPEG file" } ?? "is not a PNG or JPEG file"
        } catch {
            return error.problem
        }
    }

    // MARK: Folders

    /// The names in a folder in order, without those that systems put there.
    private static func names(in folder: String) throws(CompilerError) -> [String] {
        let unasked: Set<String> = [".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini"]
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { !unasked.contains($0) && !$0.hasPrefix("._") }.sorted()
        } catch {
            throw CompilerError("\(folder) cannot be listed; check that it is a folder and its permissions.")
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
