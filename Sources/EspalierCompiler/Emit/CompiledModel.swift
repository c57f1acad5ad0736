public import CEspalier

/// A plan in memory: the very structures that a generated header holds, so host tools run any model without a C
/// compiler. Owns everything `pointer` leads to.
public final class CompiledModel: @unchecked Sendable {
    public let plan: Plan
    public let pointer: UnsafePointer<EspalierModel>
    private let model: UnsafeMutablePointer<EspalierModel>
    private var owned: [UnsafeMutableRawPointer] = []

    public init(_ plan: Plan) {
        self.plan = plan
        model = .allocate(capacity: 1)
        pointer = UnsafePointer(model)
        model.initialize(to: EspalierModel())
        model.pointee.abi_version = ESPALIER_ABI_VERSION
        model.pointee.arena_bytes = UInt32(plan.arenaBytes)
        model.pointee.flash_bytes = UInt32(clamping: plan.flashBytes)
        model.pointee.label_count = UInt32(plan.labels.count)
        model.pointee.macs = plan.macs
        model.pointee.macs_kept = plan.macsKept
        model.pointee.blocks = UInt32(plan.blocks)
        model.pointee.blocks_kept = UInt32(plan.blocksKept)
        model.pointee.tensor_count = UInt32(plan.tensors.count)
        model.pointee.layer_count = UInt32(plan.layers.count)
        model.pointee.input = UInt32(plan.input)
        model.pointee.output_count = UInt32(plan.outputs.count)
        model.pointee.input_channels_first = plan.inputChannelsFirst ? 1 : 0
        model.pointee.score_output = UInt32(plan.scoreChoice?.output ?? 0)
        model.pointee.scores = plan.scores
        model.pointee.score_table = keep(plan.scoreChoice?.table ?? [])
        model.pointee.output_names = keep(plan.outputNames.map { keep($0) })
        model.pointee.name = keep(plan.name)
        model.pointee.outputs = keep(plan.outputs)
        model.pointee.labels = keep(plan.labels.map { keep($0) })
        model.pointee.pixel_table = keep(plan.pixelTable)
        model.pointee.tensors = keep(
            plan.tensors.map { tensor in
                var fields = tensor.fields
                fields.data = keep(tensor.data)
                return fields
            })
        model.pointee.layers = keep(
            plan.layers.map { layer in
                var fields = layer.fields
                fields.inputs = keep(layer.inputs)
                fields.mask = keep(layer.mask)
                fields.row_start = keep(layer.rowStart)
                fields.places = keep(layer.places)
                fields.place_start = keep(layer.placeStart)
                fields.weights = keep(layer.weights)
                fields.bias = keep(layer.bias)
                fields.weight_sum = keep(layer.weightSums)
                fields.rounding = keep(layer.rounding)
                fields.factor = keep(layer.factors)
                fields.whole_factors = keep(layer.wholeFactors)
                fields.multiplier = keep(layer.multipliers.map(\.multiplier))
                fields.shift = keep(layer.multipliers.map(\.shift))
                return fields
            })
    }

    deinit {
        for memory in owned { memory.deallocate() }
        model.deallocate()
    }

    /// A copy of a table that lives as long as the model; nil for an empty one.
    private func keep<T>(_ values: [T]) -> UnsafePointer<T>? {
        guard !values.isEmpty else { return nil }
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: values.count * MemoryLayout<T>.stride, alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        let copy = memory.initializeMemory(as: T.self, from: values, count: values.count)
        owned.append(memory)
        return UnsafePointer(copy)
    }

    private func keep(_ text: String) -> UnsafePointer<CChar>? {
        keep(Array(text.utf8CString))
    }
}
