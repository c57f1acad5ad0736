import CEspalier

/// Decides where every tensor lies and how every layer's weights are packed.
struct Planner {
    let graph: Graph
    let costs: CostModel
    let silence: Silence
    var plan: Plan
    /// Graph tensor to plan tensor.
    var indices: [Int: Int] = [:]

    /// The largest arena and the most blocks a plan may have: far above any board, low enough to stay in memory.
    static let arenaLimit = 1 << 30
    static let blockLimit = 1 << 27
    /// Bytes behind the last tensor that kernels may read: what is past a row's end, in whole vectors.
    static let arenaSlack = 192

    static func plan(
        _ graph: Graph, costs: CostModel = CostModel(), silence: Silence = Silence()
    ) throws(CompilerError) -> Plan {
        var planner = Planner(graph: graph, costs: costs, silence: silence)
        try planner.placeTensors()
        planner.addInPlace()
        try planner.packLayers()
        planner.plan.decideEndings()
        planner.plan.listPlaces(costs.processor.places)
        try planner.plan.reserveScratch(for: costs.processor.reserves)
        planner.plan.arenaBytes = try ArenaLayout.place(&planner.plan) + Planner.arenaSlack
        return planner.plan
    }

    private init(graph: Graph, costs: CostModel, silence: Silence) {
        self.silence = silence
        self.graph = graph
        self.costs = costs
        plan = Plan(name: graph.name)
        plan.inputChannelsFirst = graph.inputChannelsFirst
        plan.inputType = graph.inputType
        plan.outputNames = graph.outputNames
    }

    // MARK: Tensors

    private mutating func placeTensors() throws(CompilerError) {
        var order = [graph.input]
        for node in graph.nodes { order += node.inputs + [node.output] }
        for index in order where indices[index] == nil {
            let tensor = graph.tensors[index]
            let halo = Halo(of: index, in: graph)
            indices[index] = plan.tensors.count
            plan.tensors.append(try planned(tensor, halo))
        }
        plan.input = indices[graph.input]!
        plan.outputs = graph.outputs.map { UInt16(indices[$0]!) }
        for source in graph.tensors.indices { plan.indexOfSource[source] = indices[graph.resolved(source)] }
    }

    private func planned(_ tensor: GraphTensor, _ halo: Halo) throws(CompilerError) -> PlannedTensor {
        let rowBytes = (halo.left + tensor.shape.width + halo.right) * 4
        let planeBytes = (halo.top + tensor.shape.height + halo.bottom) * rowBytes
        guard planeBytes <= Planner.arenaLimit, planeBytes * tensor.shape.quads <= Planner.arenaLimit else {
            throw CompilerError(
                "Tensor '\(tensor.name)' of \(tensor.shape.text) needs more than \(Planner.arenaLimit >> 20) MiB; use a "
                    + "smaller input.")
        }
        var fields = EspalierTensor(tensor.shape, halo: halo)
        fields.zero_point = tensor.zeroPoint
        fields.scale = tensor.scale
        var planned = PlannedTensor(name: tensor.name, fields: fields, bytes: planeBytes * tensor.shape.quads)
        if let constant = tensor.constant {
            planned.data = Packing.constant(constant, tensor.shape, zeroPoint: tensor.zeroPoint)
        }
        return planned
    }

    // MARK: Layers

    private mutating func packLayers() throws(CompilerError) {
        var blocks = 0
        for node in graph.nodes {
            var layer = PlannedLayer(label: node.label)
            layer.inputs = node.inputs.map { UInt16(indices[$0]!) }
            layer.fields.input_count = Int32(layer.inputs.count)
            layer.fields.output = Int32(indices[node.output]!)
            do throws(CompilerError) {
                try pack(node, into: &layer)
            } catch {
                throw CompilerError("\(node.label): \(error.description)")
            }
            layer.count(node)
            switch node.operation {
            case .convolution, .depthwiseConvolution:
                let (input, output) = (Int(layer.inputs[0]), Int(layer.fields.output))
                let looking = costs.shareOfLooking(
                    plan.tensors[input].fields.quads, layer, output: plan.tensors[output].fields)
                let looks = silence.isWorthLookingFor(
                    in: node.inputs[0], looking: looking,
                    inPixelLanes: layer.fields.kernel == ESPALIER_KERNEL_PIXEL_LANES)
                layer.fields.skips_silence = looks ? 1 : 0
            default: break
            }
            blocks += Int(layer.fields.blocks)
            guard blocks <= Planner.blockLimit else {
                throw CompilerError(
                    "The model has more than \(Planner.blockLimit >> 18) MiB of weights; use a smaller one.")
            }
            plan.layers.append(layer)
        }
    }

    private func pack(_ node: Node, into layer: inout PlannedLayer) throws(CompilerError) {
        let input = graph.tensors[node.inputs[0]]
        let output = graph.tensors[node.output]
        layer.setActivation(ActivationRange())
        switch node.operation {
        case .convolution(let convolution):
            layer.fields.operation = ESPALIER_OPERATION_CONVOLUTION
            try Packing.convolution(
                convolution, input: input, output: output,
                silentShare: silence.share(of: node.inputs[0]), costs: costs, into: &layer)
        case .depthwiseConvolution(let convolution):
            layer.fields.operation = ESPALIER_OPERATION_DEPTHWISE_CONVOLUTION
            Packing.depthwise(convolution, input: input, output: output, into: &layer)
        case .add(let multipliers, let leftShift, let range):
            layer.fields.operation = ESPALIER_OPERATION_ADD
            layer.fields.left_shift = leftShift
            layer.multipliers = multipliers
            layer.setActivation(range)
            let zeroPoints = (
                input.zeroPoint, graph.tensors[node.inputs[1]].zeroPoint, output.zeroPoint
            )
            let addition = WholeAddition(
                multipliers: multipliers, leftShift: leftShift, range: range, zeroPoints: zeroPoints)
            layer.wholeFactors = addition.factors() ?? []
        case .multiply(let multiplier, let range):
            layer.fields.operation = ESPALIER_OPERATION_MULTIPLY
            layer.multipliers = [multiplier]
            layer.setActivation(range)
        case .maxPool(let window, let range):
            layer.fields.operation = ESPALIER_OPERATION_MAX_POOL
            layer.setWindow(window)
            layer.setActivation(range)
        case .averagePool(let window, let range, let roundingOrigin):
            layer.fields.operation = ESPALIER_OPERATION_AVERAGE_POOL
            layer.fields.rounding_origin = roundingOrigin
            layer.setWindow(window)
            layer.setActivation(range)
        case .mean(let multiplier):
            layer.fields.operation = ESPALIER_OPERATION_MEAN
            layer.multipliers = [multiplier]
        case .softmax(let multiplier, let differenceMinimum):
            layer.fields.operation = ESPALIER_OPERATION_SOFTMAX
            layer.fields.left_shift = Int32(multiplier.shift)
            layer.fields.difference_min = differenceMinimum
            layer.multipliers = [multiplier]
        case .pad(let top, let left, let front, let value):
            layer.fields.operation = ESPALIER_OPERATION_PAD
            layer.fields.pad_top = Int32(top)
            layer.fields.pad_left = Int32(left)
            layer.fields.pad_front = Int32(front)
            layer.fields.pad_value = value
        case .concatenate(let axis):
            layer.fields.operation = ESPALIER_OPERATION_CONCATENATION
            layer.fields.pad_front = Int32(axis)
        case .reshape: layer.fields.operation = ESPALIER_OPERATION_RESHAPE
        case .table(let table):
            layer.fields.operation = ESPALIER_OPERATION_TABLE
            layer.weights = table
        }
    }
}

extension PlannedLayer {
    /// Sets what the source layer had to do beside what is left of it once packed.
    fileprivate mutating func count(_ node: Node) {
        live = Work(macs: macs, blocks: Int(fields.blocks), weightBytes: 0)
        switch node.operation {
        case .convolution(let convolution), .depthwiseConvolution(let convolution):
            live.weightBytes = convolution.weights.count
        default: break
        }
        let source = node.sourceWork ?? live
        macs = source.macs
        sourceWeightBytes = source.weightBytes
        fields.blocks = Int32(clamping: source.blocks)
    }

    mutating func setWindow(_ window: Window) {
        fields.kernel_height = Int32(window.kernelHeight)
        fields.kernel_width = Int32(window.kernelWidth)
        fields.stride_height = Int32(window.strideHeight)
        fields.stride_width = Int32(window.strideWidth)
        fields.dilation_height = Int32(window.dilationHeight)
        fields.dilation_width = Int32(window.dilationWidth)
        fields.pad_top = Int32(window.padTop)
        fields.pad_left = Int32(window.padLeft)
    }

    mutating func setActivation(_ range: ActivationRange) {
        fields.activation_min = range.minimum
        fields.activation_max = range.maximum
    }
}
