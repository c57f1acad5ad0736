import EspalierFiles
import EspalierSettings

extension BoardFile {
    /// The board of a scenario that brings its own reaction: boards/simulator/board.toml, which need not be there.
    static func simulator() throws(FileError) -> BoardFile {
        let path = "boards/simulator/board.toml"
        let document = try TOMLDocument(path: path, bytes: Array(simulatorText.utf8))
        return try BoardFile(path: path, TOMLSection(root: document))
    }

    /// Word for word the shipped file.
    static let simulatorText = """
        # The simulated board of `espalier simulate`; scenarios may name other lines.

        name = "simulator"
        title = "Simulated board"
        cpu = "generic"
        tested = "itself: in one process, and with the firmware as a process of its own"

        [roles]
        trigger = "pir"
        output = "buzzer"

        # There is no such device: the simulator has a camera of its own.
        [camera]
        device = "virtual"
        width = 160
        height = 120
        fps = 10
        ring = 16

        """
}
