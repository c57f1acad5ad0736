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
        let second: Int64 = 1_000_000_000
        let before = reaction.pretrigger_nanoseconds
        var time = 2 * second + before
        camera.show(scene(.empty, at: 0), from: 0)
        for line in inputs.indices {
            let triggers = triggers(of: line)
            restAtInactiveLevel(line, triggers, setup)
            noteFirstEdge(line, triggers)
            let debounce = triggers.map(\.debounce_nanoseconds).max() ?? 0
            let settle = triggers.map(\.settle_nanoseconds).max() ?? 0
            let length = max(second / 2, 2 * debounce)
            changes.append(LevelChange(time: time, line: line, high: !inputs[line].restsHigh))
            changes.append(LevelChange(time: time + length, line: line, high: inputs[line].restsHigh))
            // From before the first frame that may be wanted to after the last.
            let end = time + max(length, debounce + settle) + second
            let middle = before > 0 ? time + settle - before : time + max(settle, debounce)
            camera.show(scene(.person, at: middle), from: time - before - second)
            camera.show(scene(.empty, at: 0), from: end)
            time = end + reaction.deadline_nanoseconds + second + before
        }
        let beats = (0..<Int(reaction.trigger_count)).map { reaction.trigger($0).period_nanoseconds * 3 }
        durationNanoseconds = max(time, min(beats.max() ?? 0, 600_000_000_000) + 1_000_000_000)
        let names = inputs.map(\.name).joined(separator: ", ")
        if names.isEmpty {
            notes.append("Without a scenario nobody comes: its periods look at an empty doorway.")
            return
        }
        notes.append(
            "Without a scenario there is a person in the doorway, and a change of level, at \(names) in turn."
        )
    }

    /// Says where a line's resting level is the one that sets off, as of a button to ground without active_low.
    private mutating func noteFirstEdge(_ line: Int, _ triggers: [EspalierTrigger]) {
        let input = inputs[line]
        let isRising = !input.restsHigh != input.isActiveLow
        let edge = isRising ? ESPALIER_EDGE_RISING : ESPALIER_EDGE_FALLING
        guard !triggers.isEmpty, triggers.allSatisfy({ $0.edge & edge == 0 }) else { return }
        notes.append(
            "\(input.name) rests \(input.restsHigh ? "high" : "low"), the level that sets off: it fires when it goes back "
                + "there, not when it leaves.")
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
