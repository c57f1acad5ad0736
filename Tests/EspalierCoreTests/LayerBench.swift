import CEspalier

@testable import EspalierCompiler
@testable import EspalierCore

/// Builds a model by hand, straight from the contract of espalier_model.h, and runs it through the engine.
///
///     let bench = LayerBench()
///     let input = bench.tensor(4, 4, 3, zeroPoint: -5, halo: Halo(top: 1, bottom: 1, left: 1, right: 1))
///     let output = bench.tensor(4, 4, 8)
///     bench.maxPool(input, geometry, -128...127, output)
///     let outputs = try bench.run([values], inputs: [input], outputs: [output])
///
/// A run is made several times with every set of kernels this machine has, on arenas filled with different rubbish and
/// with different rubbish around the weights; with as many bytes of scratch as the set takes, and with one less. It throws
/// when two differ (something unset was read, or a kernel is not the reference's equal), when rubbish between the tensors
/// and behind the scratch changed (something was written outside), or when a halo or an unused lane lost its zero point.
/// Everything is freed with the bench.
final class LayerBench {
    private(set) var tensors: [EspalierTensor] = []
    private(set) var layers: [EspalierLayer] = []
    private var owned: [UnsafeMutableRawPointer] = []
    private var guardedWeights: [UnsafeMutableBufferPointer<Int8>] = []
    private var arenaEnd = LayerBench.gap
    private var overwritten: Set<Int> = []

    /// Bytes of rubbish between tensors and on both sides of a layer's weights.
    static let gap = 64

    deinit {
        for memory in owned { memory.deallocate() }
    }

    // MARK: Memory

    /// A copy of an array that lives as long as the bench.
    func keep<Element>(_ values: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, values.count))
        memory.initialize(from: values, count: values.count)
        owned.append(UnsafeMutableRawPointer(memory))
        return UnsafePointer(memory)
    }

    /// The same with rubbish before and after it, other rubbish on each run.
    func keepGuarded(_ values: [Int8]) -> UnsafePointer<Int8> {
        let all = UnsafeMutableBufferPointer<Int8>.allocate(capacity: values.count + 2 * Self.gap)
        all.initialize(repeating: 0)
        for (index, value) in values.enumerated() { all[Self.gap + index] = value }
        owned.append(UnsafeMutableRawPointer(all.baseAddress!))
        guardedWeights.append(all)
        return UnsafePointer(all.baseAddress! + Self.gap)
    }

    // MARK: Tensors

    /// Adds a tensor to the arena, with `slack` unused bytes at the end of each row and of each plane.
    func tensor(
        _ height: Int, _ width: Int, _ channels: Int, zeroPoint: Int32 = 0, halo: Halo = Halo(),
        slack: Int = 0
    ) -> Int {
        var tensor = described(height, width, channels, zeroPoint, halo, slack)
        let start = arenaEnd
        tensor.offset = Int32(start + halo.top * Int(tensor.row_bytes) + halo.left * 4)
        let end = start + Int(tensor.plane_bytes) * Int(tensor.quads) + Self.gap
        arenaEnd = (end + 63) / 64 * 64
        tensors.append(tensor)
        return tensors.count - 1
    }

    /// Adds a tensor of the same shape in the place of another, which is written over it.
    func tensor(inPlaceOf other: Int, zeroPoint: Int32) -> Int {
        var tensor = tensors[other]
        tensor.zero_point = zeroPoint
        tensors.append(tensor)
        overwritten.insert(tensors.count - 1)
        return tensors.count - 1
    }

    /// Adds a constant operand.
    func constant(_ values: TestTensor, zeroPoint: Int32 = 0) -> Int {
        var tensor = described(values.height, values.width, values.channels, zeroPoint, Halo(), 0)
        var bytes = [Int8](repeating: Int8(zeroPoint), count: Int(tensor.plane_bytes * tensor.quads))
        for row in 0..<values.height {
            for pixel in 0..<values.width {
                for channel in 0..<values.channels {
                    let place =
                        channel / 4 * Int(tensor.plane_bytes) + row * Int(tensor.row_bytes) + pixel * 4
                    bytes[place + channel % 4] = values[row, pixel, channel]
                }
            }
        }
        tensor.data = keepGuarded(bytes)
        tensors.append(tensor)
        return tensors.count - 1
    }

    private func described(
        _ height: Int, _ width: Int, _ channels: Int, _ zeroPoint: Int32, _ halo: Halo, _ slack: Int
    ) -> EspalierTensor {
        var tensor = EspalierTensor()
        tensor.height = Int32(height)
        tensor.width = Int32(width)
        tensor.channels = Int32(channels)
        tensor.quads = Int32((channels + 3) / 4)
        tensor.row_bytes = Int32((halo.left + width + halo.right) * 4 + slack)
        tensor.plane_bytes = tensor.row_bytes * Int32(halo.top + height + halo.bottom) + Int32(slack)
        tensor.halo_top = Int32(halo.top)
        tensor.halo_bottom = Int32(halo.bottom)
        tensor.halo_left = Int32(halo.left)
        tensor.halo_right = Int32(halo.right)
        tensor.zero_point = zeroPoint
        tensor.scale = 1
        return tensor
    }

    // MARK: Layers

    func append(_ operation: Int32, inputs: [Int], output: Int, _ fill: (inout EspalierLayer) -> Void) {
        var layer = EspalierLayer()
        layer.operation = operation
        layer.output = Int32(output)
        layer.input_count = Int32(inputs.count)
        layer.inputs = keep(inputs.map { UInt16($0) })
        layer.activation_min = -128
        layer.activation_max = 127
        fill(&layer)
        let bytes = KernelKinds.all.scratchBytes(of: &layer, tensors: tensors)
        layer.scratch = Int32(arenaEnd)
        layer.scratch_bytes = Int32(bytes)
        if bytes > 0 { arenaEnd = (arenaEnd + bytes + Self.gap + 63) / 64 * 64 }
        layers.append(layer)
    }

    /// Lets kernels run the layer added last in one pass with the last convolution.
    func endWithLast() {
        let convolution = layers.lastIndex { $0.operation == ESPALIER_OPERATION_CONVOLUTION }!
        layers[convolution].ends_with += 1
    }

    // MARK: Running

    struct Misbehaviour: Error, CustomStringConvertible {
        let description: String
    }

    /// The model as it stands; the bench keeps its memory.
    func model(input: Int, outputs: [Int], channelsFirst: Bool = false) -> UnsafePointer<EspalierModel> {
        var model = EspalierModel()
        model.abi_version = ESPALIER_ABI_VERSION
        model.arena_bytes = UInt32(arenaEnd + Planner.arenaSlack)
        model.blocks = layers.reduce(0) { $0 + UInt32($1.blocks) }
        model.blocks_kept = layers.reduce(0) { $0 + UInt32($1.blocks_kept) }
        model.tensor_count = UInt32(tensors.count)
        model.layer_count = UInt32(layers.count)
        model.input = UInt32(input)
        model.output_count = UInt32(outputs.count)
        model.input_channels_first = channelsFirst ? 1 : 0
        model.tensors = keep(tensors)
        model.layers = keep(layers)
        model.outputs = keep(outputs.map { UInt16($0) })
        return keep([model])
    }

    /// The same model with places listed ahead for some kernels, nil where it has none.
    private func listingPlaces(_ kind: Int32, _ model: UnsafePointer<EspalierModel>)
        -> UnsafePointer<EspalierModel>?
    {
        var listed = layers
        for index in layers.indices {
            let layer = model.pointee.layers + index
            let count = KernelSet.listPlaces(kind, of: layer, tensors: model.pointee.tensors)
            guard count > 0 else { continue }
            var places = [UInt16](repeating: 0, count: count)
            let channels = Int(tensors[Int(layers[index].output)].channels)
            var starts = [UInt32](repeating: .max, count: channels + 1)
            KernelSet.listPlaces(
                kind, of: layer, tensors: model.pointee.tensors, places: &places, starts: &starts)
            listed[index].places_of = kind
            listed[index].places = keep(places)
            if starts[0] != .max { listed[index].place_start = keep(starts) }
        }
        guard listed.contains(where: { $0.places != nil }) else { return nil }
        var copy = model.pointee
        copy.layers = keep(listed)
        return keep([copy])
    }

    /// The same model with the scratch that these kernels take, less some bytes.
    func reserving(
        for kernels: KernelSet, missing: Int = 0, _ model: UnsafePointer<EspalierModel>
    ) -> UnsafePointer<EspalierModel> {
        var copy = model.pointee
        copy.layers = keep(
            layers.indices.map { index in
                var layer = model.pointee.layers[index]
                let bytes = kernels.kind.scratchBytes(of: &layer, tensors: model.pointee.tensors)
                layer.scratch_bytes = Int32(max(0, bytes - missing))
                return layer
            })
        return keep([copy])
    }

    /// Runs the model on one picture per input tensor and returns its outputs.
    func run(_ values: [TestTensor], inputs: [Int], outputs: [Int]) throws -> [TestTensor] {
        let model = model(input: inputs[0], outputs: outputs)
        // Each set takes its own lists, and lists anew where they are another's.
        let listed = [
            ESPALIER_PLACES_AVX512VNNI, ESPALIER_PLACES_NEONDOT, ESPALIER_PLACES_NEON,
        ].compactMap { listingPlaces($0, model) }
        let reference = try run(model, values, inputs, outputs, rubbish: 0x55, KernelSet.all.last!)
        for kernels in KernelSet.all {
            let runs: [(UnsafePointer<EspalierModel>, Int8, missing: Int)] =
                [(model, 0x55, 0), (model, -0x56, 0), (model, 0x55, 1)] + listed.map { ($0, -0x56, 0) }
            for (model, rubbish, missing) in runs {
                let model = reserving(for: kernels, missing: missing, model)
                let result = try run(model, values, inputs, outputs, rubbish: rubbish, kernels)
                guard result == reference else {
                    throw Misbehaviour(
                        description:
                            "\(kernels.name) differs from the reference kernels, or unset memory counts.")
                }
            }
        }
        return reference
    }

    private func run(
        _ model: UnsafePointer<EspalierModel>, _ values: [TestTensor], _ inputs: [Int], _ outputs: [Int],
        rubbish: Int8, _ kernels: KernelSet
    ) throws -> [TestTensor] {
        let arena = Arena(bytes: arenaEnd + Planner.arenaSlack)
        arena.bytes.update(repeating: rubbish)
        for weights in guardedWeights {
            for index in 0..<Self.gap {
                weights[index] = rubbish
                weights[weights.count - 1 - index] = rubbish
            }
        }
        let engine = try Engine(
            model: model, arena: arena.start, arenaBytes: arena.bytes.count, kernels: kernels)
        for (tensor, picture) in zip(inputs, values) {
            engine.clearSurroundings(of: tensor)
            engine.tensor(tensor).fill(from: picture.values)
        }
        _ = try engine.run()
        try checkGaps(model, arena, rubbish)
        for (index, tensor) in tensors.enumerated() where tensor.data == nil && !overwritten.contains(index) {
            try checkSurroundings(
                tensor, Tensor(tensor, arena: arena.start, flip: engine.kernels.flip))
        }
        return try outputs.indices.map { index in
            let tensor = engine.tensor(outputs[index])
            var copied = [Int8](repeating: 0, count: tensor.count)
            try copied.withUnsafeMutableBufferPointer { try engine.copyOutput(index, to: $0) }
            return TestTensor(tensor.height, tensor.width, tensor.channels, copied)
        }
    }

    /// Bytes of the arena that belong to no tensor and no scratch must still hold what they were filled with.
    private func checkGaps(_ model: UnsafePointer<EspalierModel>, _ arena: Arena, _ rubbish: Int8) throws {
        var free = [Bool](repeating: true, count: arenaEnd)
        for tensor in tensors where tensor.data == nil {
            let start = Int(tensor.offset - tensor.halo_top * tensor.row_bytes - tensor.halo_left * 4)
            for byte in start..<(start + Int(tensor.plane_bytes * tensor.quads)) { free[byte] = false }
        }
        for index in layers.indices {
            let layer = model.pointee.layers[index]
            for byte in layer.scratch..<layer.scratch + layer.scratch_bytes { free[Int(byte)] = false }
        }
        for byte in 0..<arenaEnd where free[byte] && arena.bytes[byte] != rubbish {
            throw Misbehaviour(
                description: "Byte \(byte) of the arena, outside every tensor and scratch, was written.")
        }
    }

    /// The halo and the unused lanes of the last quad must hold the zero point: later layers rely on it.
    private func checkSurroundings(_ fields: EspalierTensor, _ tensor: Tensor) throws {
        for row in -Int(fields.halo_top)..<tensor.height + Int(fields.halo_bottom) {
            for pixel in -Int(fields.halo_left)..<tensor.width + Int(fields.halo_right) {
                let inside = (0..<tensor.height).contains(row) && (0..<tensor.width).contains(pixel)
                for channel in (inside ? tensor.channels : 0)..<tensor.quads * 4
                where Int32(tensor[row, pixel, channel]) != tensor.zeroPoint {
                    throw Misbehaviour(
                        description: "Channel \(channel) of row \(row), pixel \(pixel) is not the zero point."
                    )
                }
            }
        }
    }
}

/// Aligned memory for one engine.
final class Arena {
    let bytes: UnsafeMutableBufferPointer<Int8>
    var start: UnsafeMutablePointer<Int8> { bytes.baseAddress! }

    init(bytes count: Int) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count, alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        bytes = UnsafeMutableBufferPointer(
            start: memory.initializeMemory(as: Int8.self, repeating: 0, count: count), count: count)
    }

    deinit { UnsafeMutableRawPointer(start).deallocate() }
}
