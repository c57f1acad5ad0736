import ArgumentParser
import EspalierSettings

/// `espalier boards`: what there are settings for.
struct Boards: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the boards there are settings for, and on what each was tested.",
        discussion: """
            Boards are folders with a board.toml: in the folder ESPALIER_BOARDS names, else in boards/ of the \
            working directory, beside the installed command in ../share/espalier/boards, or in the package.
            """)

    @Flag(help: "Print JSON for scripts.")
    var json = false

    func run() throws {
        let rows = try BoardFolder.boards().map { board in
            Row(
                name: board.name, title: board.title, cpu: board.cpu, target: board.target,
                chip: board.lines.chip,
                memoryMegabytes: board.memoryMegabytes, tested: board.tested, path: board.path)
        }
        if json { return try printJSON(rows) }
        let heading = ["board", "", "CPU", "GPIO chip", "tested on"]
        let table = [heading] + rows.map { [$0.name, $0.title, $0.cpu, $0.chip ?? "any", $0.tested] }
        let widths = heading.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        for row in table {
            let cells = zip(row.dropLast(), widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            print((cells + row.suffix(1)).joined(separator: "  "))
        }
    }

    private struct Row: Encodable {
        let name, title, cpu: String
        let target, chip: String?
        let memoryMegabytes: Int?
        let tested, path: String
    }
}
