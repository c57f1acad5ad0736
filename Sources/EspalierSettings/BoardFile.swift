public import CEspalier
public import EspalierFiles

/// A board file, `boards/<name>/board.toml`: lines, camera and processor of one kind of board.
public struct BoardFile: Sendable {
    public let path: String
    public let name: String
    /// What its maker calls it.
    public let title: String
    /// For the compiler's `--cpu`.
    public let cpu: String
    /// For `cross/build`; nil: of the machine that builds.
    public let target: String?
    /// Of the smallest one sold, in MB; nil: unknown.
    public let memoryMegabytes: Int?
    /// On what Espalier was tested for this board.
    public let tested: String
    public let lines: BoardLines
    /// The camera of a reaction that names none; nil: there is no telling.
    public let camera: EspalierCamera?

    /// - Throws: one sentence, with file, line and key, for whatever is wrong with it.
    public init(path: String) throws(FileError) {
        try self.init(path: path, TOMLSection(root: try TOMLDocument(path: path)))
    }

    /// - Parameter root: the file's content, wherever it comes from.
    public init(path: String, _ root: TOMLSection) throws(FileError) {
        try root.allowOnly(
            ["name", "title", "cpu", "target", "memory_mb", "tested", "gpio", "header", "roles", "camera"])
        self.path = path
        guard let name = try root.plainName("name") else {
            throw root.missing("name", do: "give the board's name, as its folder is called")
        }
        self.name = name
        title = try root.text("title") ?? name
        cpu = try root.text("cpu") ?? "generic"
        target = try root.text("target")
        memoryMegabytes = try root.integer("memory_mb", in: 16...1 << 20, units: [1024])
        tested = try root.text("tested") ?? "nothing"
        lines = try BoardLines(root, board: name)
        camera = try root.section("camera").map(CameraTable.init)?.checkedCamera()
    }
}

extension BoardLines {
    /// The tables [gpio], [header] and [roles] of a board file.
    fileprivate init(_ root: TOMLSection, board: String) throws(FileError) {
        self.init(board: board)
        if let gpio = try root.section("gpio") {
            try gpio.allowOnly(["chip", "lines"])
            chip = try gpio.plainName("chip")
            names = try gpio.texts("lines") ?? []
            if chip == nil, !names.isEmpty {
                throw gpio.error("lines", "count from 0 on a chip", do: "add chip, the label of that chip")
            }
            for (offset, name) in names.enumerated() where names.firstIndex(of: name) != offset {
                throw gpio.error("lines", "has \"\(name)\" twice", do: "give each line its own name")
            }
        }
        if let section = try root.section("header") {
            for key in section.keys {
                guard let number = Int(key), number > 0 else {
                    throw section.error(key, "is no number of a header", do: "write 11 = \"GPIO17\"")
                }
                header[number] = try listed(section, key)
            }
        }
        if let section = try root.section("roles") {
            for key in section.keys { roles[key] = try listed(section, key) }
        }
    }

    private func listed(_ section: TOMLSection, _ key: String) throws(FileError) -> String? {
        let name = try section.plainName(key)
        if let name, !names.isEmpty, !names.contains(name) {
            throw section.error(
                key, "is \"\(name)\", which is not in [gpio] lines",
                do: "choose among \(names.joined(separator: ", "))")
        }
        return name
    }
}
