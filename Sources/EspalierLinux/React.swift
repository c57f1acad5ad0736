public import CEspalier
public import CLinux
public import EspalierReaction

/// What there is to do with a setup.
public enum Task: Sendable {
    /// React until a signal asks for the end.
    case react
    /// Open everything, look at three frames, say what was found, give everything back.
    case check
}

/// Runs a setup on this machine: opens the devices, reacts, leaves the outputs safe.
///
/// - Parameters:
///   - devices: room for the handles; has to stay where it is, like `memory`.
///   - memory: aligned to 64; `espalier_setup_memory_bytes` says how much.
///   - labels: of the model's classes, or nil.
/// - Returns: the exit status: 0 after a stop, 78 (EX_CONFIG of sysexits.h) where trying again does not help, 1
///   where it may, and where what was printed could not be written.
public func run(
    _ task: Task, _ setup: UnsafePointer<EspalierSetup>, _ devices: UnsafeMutablePointer<EspalierDevices>,
    memory: UnsafeMutablePointer<UInt8>, memoryBytes: UInt32, classifier: some Classifier,
    labels: UnsafePointer<UnsafePointer<CChar>?>?, labelCount: Int32
) -> Int32 {
    guard setup.pointee.isValid else {
        complain("espalier: the setup's values do not fit each other; write it again with cross/build.\n")
        return configurationError
    }
    guard
        espalier_devices_prepare(devices, setup, memory, memoryBytes, &devices.pointee.problem) == 0
    else { return end(devices) }
    guard espalier_setup_check(setup, &devices.pointee.problem) == 0 else { return end(devices) }
    espalier_catch_signals()
    var board = DeviceBoard(devices, setup, labels: labels, labelCount: labelCount)
    if task == .check { return board.check() ? espalier_print_status() : end(devices) }
    guard board.open() else { return end(devices) }
    espalier_notify_ready()
    var loop = ReactionLoop(board: board, classifier: classifier, settings: board.settings)
    let counters = loop.run()
    espalier_notify_stopping()
    loop.board.close(counters)
    return espalier_print_status()
}

private var configurationError: Int32 { 78 }

private func end(_ devices: UnsafeMutablePointer<EspalierDevices>) -> Int32 {
    espalier_say(&devices.pointee.problem)
    return devices.pointee.problem.kind == ESPALIER_PROBLEM_SETUP ? configurationError : 1
}
