public import CEspalier
import CLinux
import EspalierCore
import EspalierLinux
import EspalierReaction

// The firmware: one model and one board, baked in by main.c. Between start and stop it allocates nothing: all memory is
// main.c's, but for what libgpiod and the C library take to open the devices.

/// Runs the firmware until it is told to stop. `main.c` calls this; `--help` lists the options.
///
/// - Parameters:
///   - arena: `arenaBytes` bytes, aligned to `ESPALIER_ARENA_ALIGNMENT`.
///   - setup: what was baked in, for the options to change; all zeros: nothing was.
///   - memory: `memoryBytes` bytes, aligned to 64: frames, decoding, snapshots.
/// - Returns: the exit status: 0 after a stop, 1 when something is missing or broken, 2 for a wrong option, 78 for a
///   setup that does not fit the machine.
@c(espalier_node_main)
public func nodeMain(
    _ model: UnsafePointer<EspalierModel>, _ arena: UnsafeMutablePointer<Int8>, _ arenaBytes: UInt32,
    _ setup: UnsafeMutablePointer<EspalierSetup>, _ memory: UnsafeMutablePointer<UInt8>,
    _ memoryBytes: UInt32,
    _ argumentCount: Int32, _ arguments: UnsafePointer<UnsafePointer<CChar>?>
) -> Int32 {
    var options = EspalierNodeOptions()
    let devices = espalier_node_devices()!
    let status = espalier_node_options(&options, setup, argumentCount, arguments, &devices.pointee.problem)
    if status != 0 { return espalier_node_refuse(&devices.pointee.problem) }
    if options.help != 0 { return espalier_print_status() }
    let engine: Engine
    do throws(Status) {
        engine = try Engine(model: model, arena: arena, arenaBytes: Int(arenaBytes))
    } catch {
        complain("espalier-node: ")
        complain(error.text)
        complain("\n")
        return 1
    }
    guard engine.scores != nil else {
        complain("espalier-node: ")
        complain(Status.scores.text)
        complain("\n")
        return 78
    }
    let classifier = EngineClassifier(engine)
    if options.link != 0 { return runOnLink(model, classifier, memory, memoryBytes) }
    guard setup.pointee.abi_version != 0 else {
        complain(
            "espalier-node: no board is baked in; build with cross/build, or run it from `espalier simulate`.\n"
        )
        return 2
    }
    return run(
        options.check != 0 ? .check : .react, setup, devices, memory: memory, memoryBytes: memoryBytes,
        classifier: classifier, labels: model.pointee.labels,
        labelCount: Int32(truncatingIfNeeded: model.pointee.label_count))
}

/// The simulated board at the other end of standard input and output.
private func runOnLink(
    _ model: UnsafePointer<EspalierModel>, _ classifier: EngineClassifier,
    _ frameBuffer: UnsafeMutablePointer<UInt8>, _ frameBytes: UInt32
) -> Int32 {
    var board = LinkBoard(input: 0, output: 1, frameBuffer: frameBuffer, frameBytes: frameBytes)
    guard let settings = board.hello(model) else {
        complain("espalier-node: the simulator did not accept this firmware; build both from one release.\n")
        return 1
    }
    var loop = ReactionLoop(board: board, classifier: classifier, settings: settings)
    _ = loop.run()
    if loop.board.isBroken { complain("espalier-node: the link to the simulator broke.\n") }
    return loop.board.isBroken ? 1 : 0
}

private func complain(_ text: StaticString) {
    espalier_complain(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
}
