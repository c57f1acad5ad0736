public import CEspalier
public import EspalierCore

/// An arena on the heap, aligned as the core wants it, with an engine in it.
public final class Arena {
    public let engine: Engine
    private let memory: UnsafeMutableRawPointer
    private let model: CompiledModel

    public init(_ model: CompiledModel) throws(CompilerError) {
        self.model = model
        let bytes = max(Int(model.pointer.pointee.arena_bytes), 1)
        memory = .allocate(byteCount: bytes, alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        // What a layer reads before writing would show in tests run with different fillings; start from one.
        memory.initializeMemory(as: Int8.self, repeating: 0x55, count: bytes)
        do throws(Status) {
            engine = try Engine(
                model: model.pointer, arena: memory.assumingMemoryBound(to: Int8.self), arenaBytes: bytes)
        } catch {
            memory.deallocate()
            throw CompilerError("\(error.text)")
        }
    }

    deinit {
        memory.deallocate()
    }

    /// Runs one input of quantised values and returns the first output.
    public func run(_ input: [Int8]) throws(CompilerError) -> [Int8] {
        do throws(Status) {
            try input.withUnsafeBufferPointer { values throws(Status) in try engine.setInput(values) }
            _ = try engine.run()
            return try output()
        } catch {
            throw CompilerError("\(error.text)")
        }
    }

    /// Runs one camera frame and returns the first output.
    public func run(_ frame: EspalierFrame) throws(CompilerError) -> [Int8] {
        do throws(Status) {
            try engine.setFrame(frame)
            _ = try engine.run()
            return try output()
        } catch {
            throw CompilerError("\(error.text)")
        }
    }

    private func output() throws(Status) -> [Int8] {
        let index = Int(model.pointer.pointee.outputs[0])
        var values = [Int8](repeating: 0, count: engine.tensor(index).count)
        try values.withUnsafeMutableBufferPointer { buffer throws(Status) in
            try engine.copyOutput(0, to: buffer)
        }
        return values
    }
}
