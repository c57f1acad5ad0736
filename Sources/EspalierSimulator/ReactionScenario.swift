import CEspalier
public import EspalierFiles
import EspalierReaction
import EspalierScenes
import EspalierSettings

// What happens to a deployed reaction that is simulated without a scenario.

extension Scenario {
    /// A deployed reaction in which every trigger's line changes for a while, one after the other, with a person in
    /// the doorway.
    ///
    /// - Parameter folders: where boards are looked for.
    /// - Throws: one sentence, with file, line and key, for whatever is wrong with reaction or board.
    public init(
        deployed: DeployedReaction, boards folders: [String] = BoardFolder.candidates()
    ) throws(FileError) {
        self.init()
        let file = try ReactionFile(path: deployed.path)
        let board = try BoardFolder.board(deployed.board ?? "generic", in: folders)
        let setup = try EspalierSetup(board: board, reaction: file, labels: nil)
        name = deployed.path
        take(setup, board.lines, groups: file.tables.groups)
        tables = file.tables
        notes = [replacement(of: setup.camera, by: setup.camera)]
        if !text(setup.snapshots.folder).isEmpty { notes.append(noSnapshots) }
        pullEveryLine(setup)
    }

    private mutating func pullEveryLine(_ setup: EspalierSetup) {
        var time: Int64 = 2_000_000_000
        camera.show(scene(.empty, at: 0), from: 0)
        for line in inputs.indices {
            let triggers = triggers(of: line)
            restAtInactiveLevel(line, triggers, setup)
            let longest = triggers.map(\.debounce_nanoseconds).max() ?? 0
            let length = max(500_000_000, 2 * longest)
            changes.append(LevelChange(time: time, line: line, high: !inputs[line].restsHigh))
            changes.append(LevelChange(time: time + length, line: line, high: inputs[line].restsHigh))
            camera.show(scene(.person, at: time), from: time - 1_000_000_000)
            camera.show(scene(.empty, at: 0), from: time + length + 1_000_000_000)
            time += length + 2_500_000_000
        }
        let beats = (0..<Int(reaction.trigger_count)).map { reaction.trigger($0).period_nanoseconds * 3 }
        durationNanoseconds = max(time, min(beats.max() ?? 0, 600_000_000_000) + 1_000_000_000)
        let names = inputs.map(\.name).joined(separator: ", ")
        if names.isEmpty { return }
        notes.append(
            "Without a scenario there is a person in the doorway, and a change of level, at \(names) in turn."
        )
    }

    /// A line that nothing pulls rests where its first trigger does not fire.
    private mutating func restAtInactiveLevel(
        _ line: Int, _ triggers: [EspalierTrigger], _ setup: EspalierSetup
    ) {
        let bias = elements(setup.inputs, of: EspalierLine.self)[line].bias
        guard bias == ESPALIER_BIAS_AS_IS || bias == ESPALIER_BIAS_DISABLED else { return }
        inputs[line].restsHigh =
            (triggers.first?.edge == ESPALIER_EDGE_FALLING) != inputs[line].isActiveLow
    }

    private func scene(_ kind: Kind, at middle: Int64) -> RenderedScene {
        RenderedScene(
            Scene(kind: kind, seed: 1, light: .day, camera: 1), width: camera.width, height: camera.height,
            middle: middle)
    }
}
