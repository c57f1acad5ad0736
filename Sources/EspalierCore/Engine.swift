public import CEspalier
import CKernels

/// Runs one model in one arena: sets the input, walks the layers, reads the outputs.
///
/// An engine is three pointers and copies nothing; make one whenever it is needed. It never allocates. Two engines may
/// share a model, not an arena. Engines that work on one arena have to use the same kernels: they decide the form in
/// which activations are stored.
public struct Engine {
    public let model: UnsafePointer<EspalierModel>
    public let arena: UnsafeMutablePointer<Int8>
    public let kernels: KernelSet

    /// - Parameters:
    ///   - arena: at least `model.arena_bytes` bytes, aligned to `ESPALIER_ARENA_ALIGNMENT`.
    ///   - arenaBytes: how many there are.
    ///   - kernels: one of this machine's sets.
    /// - Throws: `Status.abi`, `.arenaSize` or `.arenaAlignment`.
    public init(
        model: UnsafePointer<EspalierModel>, arena: UnsafeMutablePointer<Int8>, arenaBytes: Int,
        kernels: KernelSet = .best
    ) throws(Status) {
        guard contractSizesAgree(), model.pointee.abi_version == ESPALIER_ABI_VERSION else { throw .abi }
        guard arenaBytes >= Int(model.pointee.arena_bytes) else { throw .arenaSize }
        guard UInt(bitPattern: arena) % UInt(ESPALIER_ARENA_ALIGNMENT) == 0 else { throw .arenaAlignment }
        self.model = model
        self.arena = arena
        self.kernels = kernels
    }

    /// The tensor at an index of `model.tensors`.
    public func tensor(_ index: Int) -> Tensor {
        Tensor(model.pointee.tensors[index], arena: arena, flip: kernels.flip)
    }

    // MARK: Input

    /// Sets the input from quantised values in the order of the source model's input tensor.
    public func setInput(_ values: UnsafeBufferPointer<Int8>) throws(Status) {
        let input = tensor(Int(model.pointee.input))
        guard values.count == input.count, let first = values.baseAddress else { throw .count }
        clearInputSurroundings()
        input.fill(from: first, channelsFirst: model.pointee.input_channels_first != 0)
    }

    /// Sets the input from a camera frame: crop, resize, colour conversion and quantisation in one pass.
    public func setFrame(_ frame: EspalierFrame) throws(Status) {
        let input = tensor(Int(model.pointee.input))
        let preparation = try Preparation(frame: frame, input: input)
        clearInputSurroundings()
        preparation.run(into: input, pixelTable: model.pointee.pixel_table)
    }

    private func clearInputSurroundings() {
        clearSurroundings(of: Int(model.pointee.input))
    }

    /// Writes the zero point into a tensor's halo and into the unused lanes of its last quad. After the layer: kernels
    /// may leave anything in them.
    func clearSurroundings(of tensor: Int) {
        kernels.clearSurroundings(model.pointee.tensors + tensor, arena: arena)
    }

    // MARK: Running

    /// Runs every layer on the input set before.
    public func run() throws(Status) -> EspalierResult {
        var skipped: UInt32 = 0
        var index = 0
        while index < Int(model.pointee.layer_count) {
            let step = try runStep(index)
            skipped &+= UInt32(bitPattern: step.skipped)
            index &+= step.layers
        }
        var result = result()
        result.blocks_skipped = skipped
        return result
    }

    /// Runs a layer as ``run()`` does: together with what it ends with, where the kernels can.
    ///
    /// - Returns: how many layers that was, and the stored blocks that this input made unnecessary.
    public func runStep(_ index: Int) throws(Status) -> (layers: Int, skipped: Int32) {
        let layer = model.pointee.layers + index
        guard let skipped = kernels.runEnding(layer, tensors: model.pointee.tensors, arena: arena) else {
            return (1, try runLayer(index))
        }
        let last = Int(layer.pointee.ends_with)
        for ended in 1...last { clearSurroundings(of: Int(layer[ended].output)) }
        // An addition has written over the convolution's result.
        if layer[1].operation != ESPALIER_OPERATION_ADD { clearSurroundings(of: Int(layer[0].output)) }
        return (last &+ 1, skipped)
    }

    /// Runs one layer by itself, so that its output can be looked at; earlier ones must have run since the input was
    /// set.
    ///
    /// - Returns: the stored blocks that this input made unnecessary.
    @discardableResult
    public func runLayer(_ index: Int) throws(Status) -> Int32 {
        let layer = model.pointee.layers + index
        let skipped = kernels.run(layer, tensors: model.pointee.tensors, arena: arena)
        if skipped == nil { try runReference(layer) }
        clearSurroundings(of: Int(layer.pointee.output))
        return skipped ?? 0
    }

    private func runReference(_ layer: UnsafePointer<EspalierLayer>) throws(Status) {
        let step = Step(
            layer: layer, tensors: model.pointee.tensors, arena: arena, flip: kernels.flip)
        switch layer.pointee.operation {
        case ESPALIER_OPERATION_CONVOLUTION: convolution(step)
        case ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION: depthwiseConvolution(step)
        case ESPALIER_OPERATION_ADD: add(step)
        case ESPALIER_OPERATION_MULTIPLY: multiply(step)
        case ESPALIER_OPERATION_PAD: pad(step)
        case ESPALIER_OPERATION_MAX_POOL: maxPool(step)
        case ESPALIER_OPERATION_AVERAGE_POOL: averagePool(step)
        case ESPALIER_OPERATION_MEAN: mean(step)
        case ESPALIER_OPERATION_RESHAPE: reshape(step)
        case ESPALIER_OPERATION_CONCATENATION: concatenate(step)
        case ESPALIER_OPERATION_SOFTMAX: softmax(step)
        case ESPALIER_OPERATION_TABLE: table(step)
        default: throw .operation
        }
    }

    /// The verdict of the last run: the class with the highest score; -1 where no output has scores.
    func result() -> EspalierResult {
        var result = EspalierResult()
        result.class_index = -1
        result.permille = -1
        if let best = scores?.best {
            result.class_index = best.classIndex
            result.score = best.stored
            result.permille = best.permille
        } else if model.pointee.scores == ESPALIER_SCORES_LOGITS {
            (result.class_index, result.score) = tensor(Int(model.pointee.outputs[0])).highestChannel
        }
        result.layers_run = model.pointee.layer_count
        result.blocks_kept = model.pointee.blocks_kept
        result.blocks_pruned = model.pointee.blocks &- model.pointee.blocks_kept
        return result
    }

    // MARK: Output

    /// Copies an output, in the order of the source model's output tensor.
    public func copyOutput(_ index: Int, to values: UnsafeMutableBufferPointer<Int8>) throws(Status) {
        guard index >= 0, index < Int(model.pointee.output_count) else { throw .index }
        let output = tensor(Int(model.pointee.outputs[index]))
        guard values.count == output.count, let first = values.baseAddress else { throw .count }
        output.copy(to: first)
    }

    /// The scores of the last run; nil where no output has any.
    public var scores: Scores? { Scores(self) }

    /// Copies the scores of the last run, in thousandths, one a class.
    public func copyScores(to permille: UnsafeMutableBufferPointer<Int32>) throws(Status) {
        guard let scores else { throw .scores }
        guard permille.count == scores.classes, let first = permille.baseAddress else { throw .count }
        for index in 0..<permille.count { first[index] = 0 }
        scores.visit(below: scores.classes) { index, _, score in
            first[Int(index)] = max(first[Int(index)], score)
        }
    }
}

/// One layer with its tensors at hand: what every kernel takes.
struct Step {
    let layer: UnsafePointer<EspalierLayer>
    let tensors: UnsafePointer<EspalierTensor>
    let arena: UnsafeMutablePointer<Int8>
    let flip: Int8

    func input(_ index: Int) -> Tensor {
        Tensor(tensors[Int(layer.pointee.inputs[index])], arena: arena, flip: flip)
    }

    var output: Tensor { Tensor(tensors[Int(layer.pointee.output)], arena: arena, flip: flip) }
}
