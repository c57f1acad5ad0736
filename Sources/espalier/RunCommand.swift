import ArgumentParser
import CEspalier
import CLinux
import EspalierCompiler
import EspalierCore
import EspalierLinux
import EspalierReaction
import EspalierSettings
import EspalierSimulator

/// `espalier run`: a reaction with a model on this machine's own lines and camera.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reacts on this machine: edges, camera, model, signals; one line of JSON a reaction.",
        discussion: """
            Runs until SIGTERM or SIGINT, then leaves every output at its safe level. The firmware that \
            cross/build makes does the same without Swift's runtime, and allocates nothing while it runs.
            """)

    @OptionGroup var model: ModelOptions

    @OptionGroup var kernels: KernelOptions

    @OptionGroup var options: SetupOptions

    func run() throws {
        let set = try kernels.set()
        let keys = try ReactionFile(path: options.reaction).tables.scoreKeys
        let compilation = try model.compilation(kernels: set, for: keys)
        let setup = try options.setup(for: compilation)
        let compiled = compilation.model()
        let status = try Devices.use(setup) { devices, setup, memory, bytes in
            let arenaBytes = Int(compiled.pointer.pointee.arena_bytes)
            let arena = UnsafeMutableRawPointer.allocate(
                byteCount: max(arenaBytes, 1), alignment: Int(ESPALIER_ARENA_ALIGNMENT))
            defer { arena.deallocate() }
            let engine = try Engine(
                model: compiled.pointer, arena: arena.bindMemory(to: Int8.self, capacity: arenaBytes),
                arenaBytes: arenaBytes, kernels: set)
            return EspalierLinux.run(
                .react, setup, devices, memory: memory, memoryBytes: bytes,
                classifier: EngineClassifier(engine), labels: compiled.pointer.pointee.labels,
                labelCount: Int32(truncatingIfNeeded: compiled.pointer.pointee.label_count))
        }
        withExtendedLifetime(compiled) {}
        if status != 0 { throw ExitCode(status) }
    }
}

/// Memory for a setup's devices.
enum Devices {
    static func use<Result>(
        _ setup: EspalierSetup,
        _ body: (
            UnsafeMutablePointer<EspalierDevices>, UnsafePointer<EspalierSetup>, UnsafeMutablePointer<UInt8>,
            UInt32
        ) throws -> Result
    ) rethrows -> Result {
        let devices = UnsafeMutablePointer<EspalierDevices>.allocate(capacity: 1)
        devices.initialize(to: EspalierDevices())
        defer { devices.deallocate() }
        var setup = setup
        let bytes = espalier_setup_memory_bytes(&setup)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(Int(bytes), 64), alignment: 64)
        defer { memory.deallocate() }
        return try withUnsafePointer(to: setup) {
            try body(devices, $0, memory.bindMemory(to: UInt8.self, capacity: Int(bytes)), bytes)
        }
    }
}
