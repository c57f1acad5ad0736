public import CEspalier
import CLinux
import EspalierCore
import EspalierLinux
import EspalierReaction

// The firmware: one model, baked in by main.c, on one board. It allocates nothing: all memory is main.c's.

/// Runs the firmware until its board says stop. `main.c` calls this.
///
///     espalier-node --link        the simulated board at the other end of standard input and output
///
/// - Parameters:
///   - arena: `arenaBytes` bytes, aligned to `ESPALIER_ARENA_ALIGNMENT`.
///   - frameBuffer: `frameBytes` bytes: the longest frame of the board's camera.
/// - Returns: the exit status: 0 after a stop, 1 when the model, the core or the link is unfit, 2 for a wrong
///   option.
@c(espalier_node_main)
public func nodeMain(
    _ model: UnsafePointer<EspalierModel>, _ arena: UnsafeMutablePointer<Int8>, _ arenaBytes: UInt32,
    _ frameBuffer: UnsafeMutablePointer<UInt8>, _ frameBytes: UInt32, _ argumentCount: Int32,
    _ arguments: UnsafePointer<UnsafePointer<CChar>?>
) -> Int32 {
    guard argumentCount == 2, let option = arguments[1], isEqual(option, "--link") else {
        complain("espalier-node: pass --link, and run it from `espalier simulate --firmware`.\n")
        return 2
    }
    let engine: Engine
    do throws(Status) {
        engine = try Engine(model: model, arena: arena, arenaBytes: Int(arenaBytes))
    } catch {
        complain("espalier-node: ")
        complain(error.text)
        complain("\n")
        return 1
    }
    var board = LinkBoard(input: 0, output: 1, frameBuffer: frameBuffer, frameBytes: frameBytes)
    guard let settings = board.hello(model) else {
        complain("espalier-node: the simulator did not accept this firmware; build both from one release.\n")
        return 1
    }
    var loop = ReactionLoop(board: board, classifier: EngineClassifier(engine), settings: settings)
    _ = loop.run()
    if loop.board.isBroken { complain("espalier-node: the link to the simulator broke.\n") }
    return loop.board.isBroken ? 1 : 0
}

private func complain(_ text: StaticString) {
    espalier_complain(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
}

private func isEqual(_ text: UnsafePointer<CChar>, _ other: StaticString) -> Bool {
    for index in 0..<other.utf8CodeUnitCount where UInt8(bitPattern: text[index]) != other.utf8Start[index] {
        return false
    }
    return text[other.utf8CodeUnitCount] == 0
}
