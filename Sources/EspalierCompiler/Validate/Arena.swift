import CEspalier
public import EspalierCore
public import EspalierFiles

/// An arena on the heap, aligned as the core wants it, with an engine in it.
public final class Arena {
    public let engine: Engine
    /// The class of the last run as the core says it; -1 where the model has no scores.
    public private(set) var classIndex = -1
    private let memory: UnsafeMutableRawPointer
    private let model: CompiledModel
    private let arenaBytes: Int
    private let guardBytes: Int
    private static let filling: Int8 = 0x55

    /// - Parameters:
    ///   - guardBytes: bytes behind the arena that nobody may write.
    ///   - kernels: what to run it with.
    public init(
        _ model: CompiledModel, guardBytes: Int = 0, kernels: KernelSet = .best
    ) throws(CompilerError) {
        self.model = model
        self.guardBytes = guardBytes
        let bytes = max(Int(model.pointer.pointee.arena_bytes), 1)
        arenaBytes = bytes
        memory = .allocate(byteCount: bytes + guardBytes, alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        memory.initializeMemory(as: Int8.self, repeating: Self.filling, count: bytes + guardBytes)
        do throws(Status) {
            engine = try Engine(
                model: model.pointer, arena: memory.assumingMemoryBound(to: Int8.self), arenaBytes: bytes,
                kernels: kernels)
        } catch {
            memory.deallocate()
            throw CompilerError("\(error.text)")
        }
    }

    deinit {
        memory.deallocate()
    }

    /// Whether the bytes behind the arena are as they were.
    public var guardIsIntact: Bool {
        let guarded = UnsafeRawBufferPointer(start: memory + arenaBytes, count: guardBytes)
        return guarded.allSatisfy { Int8(bitPattern: $0) == Self.filling }
    }

    /// Runs one input of quantised values and returns the first output.
    public func run(_ input: [Int8]) throws(CompilerError) -> [Int8] { try outputs(for: input)[0] }

    /// Runs one picture, prepared as a camera frame is, and returns the first output.
    public func run(_ image: Image) throws(CompilerError) -> [Int8] { try outputs(for: image)[0] }

    /// Runs one input of quantised values and returns all outputs.
    public func outputs(for input: [Int8]) throws(CompilerError) -> [[Int8]] {
        try run { () throws(Status) in
            try input.withUnsafeBufferPointer { values throws(Status) in try engine.setInput(values) }
        }
    }

    /// Runs one picture, prepared as a camera frame is, and returns all outputs.
    public func outputs(for image: Image) throws(CompilerError) -> [[Int8]] {
        try run { () throws(Status) in
            try image.pixels.withUnsafeBufferPointer { pixels throws(Status) in
                var frame = EspalierFrame()
                frame.pixels = pixels.baseAddress
                frame.pixel_format = image.channels == 1 ? ESPALIER_PIXELS_GRAY8 : ESPALIER_PIXELS_RGB24
                frame.width = Int32(image.width)
                frame.height = Int32(image.height)
                frame.row_bytes = Int32(image.width * image.channels)
                try engine.setFrame(frame)
            }
        }
    }

    private func run(_ setInput: () throws(Status) -> Void) throws(CompilerError) -> [[Int8]] {
        do throws(Status) {
            try setInput()
            classIndex = Int(try engine.run().class_index)
            var outputs: [[Int8]] = []
            for index in 0..<Int(model.pointer.pointee.output_count) { outputs.append(try output(index)) }
            return outputs
        } catch {
            throw CompilerError("\(error.text)")
        }
    }

    /// The class that the core reads out of stored values, were they those of the output with the scores; -1 without one.
    func classIndex(ofScores values: [Int8]) -> Int {
        let output = engine.tensor(Int(model.pointer.pointee.outputs[model.plan.scoreChoice?.output ?? 0]))
        values.withUnsafeBufferPointer { output.fill(from: $0.baseAddress!) }
        return engine.scores.map { Int($0.best.classIndex) } ?? -1
    }

    private func output(_ index: Int) throws(Status) -> [Int8] {
        let tensor = Int(model.pointer.pointee.outputs[index])
        var values = [Int8](repeating: 0, count: engine.tensor(tensor).count)
        try values.withUnsafeMutableBufferPointer { buffer throws(Status) in
            try engine.copyOutput(index, to: buffer)
        }
        return values
    }
}
