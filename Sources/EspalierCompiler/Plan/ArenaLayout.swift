import CEspalier

/// Places the tensors in the arena: those that are alive at the same time side by side, the others over each other.
///
/// Greedy by size, the largest tensor first, each at the lowest free place: simple, deterministic, and within a few
/// per cent of the optimum on networks (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
/// Inference", 2020).
enum ArenaLayout {
    private struct Request {
        var index: Int
        var bytes: Int
        var lifetime: ClosedRange<Int>
    }

    private struct Placed {
        var start: Int
        var end: Int
        var lifetime: ClosedRange<Int>
    }

    /// Moves each tensor's offset to its place.
    ///
    /// - Returns: the bytes the arena needs.
    static func place(_ plan: inout Plan) throws(CompilerError) -> Int {
        let requests = requests(plan).sorted { ($1.bytes, $0.index) < ($0.bytes, $1.index) }
        var placed: [Placed] = []
        var arena = 0
        for request in requests {
            let lifetime = request.lifetime
            let neighbours = placed.filter { $0.lifetime.overlaps(lifetime) }.sorted { $0.start < $1.start }
            let bytes = aligned(request.bytes)
            var start = 0
            for neighbour in neighbours where neighbour.end > start {
                if neighbour.start - start >= bytes { break }
                start = neighbour.end
            }
            guard start + bytes <= Planner.arenaLimit else {
                throw CompilerError(
                    "The activations need more than \(Planner.arenaLimit >> 20) MiB of arena; use a smaller input."
                )
            }
            placed.append(Placed(start: start, end: start + bytes, lifetime: lifetime))
            if request.index < plan.tensors.count {
                for index in plan.tensors.indices where (plan.tensors[index].liesIn ?? index) == request.index
                {
                    plan.tensors[index].fields.offset += Int32(start)
                }
            } else {
                plan.layers[request.index - plan.tensors.count].fields.scratch = Int32(start)
            }
            arena = max(arena, start + bytes)
        }
        return arena
    }

    /// What has to have a place: the tensors by their indices, then the layers' scratch.
    private static func requests(_ plan: Plan) -> [Request] {
        let tensors = lifetimes(plan).map { Request(index: $0, bytes: plan.tensors[$0].bytes, lifetime: $1) }
        let scratch = plan.layers.enumerated().filter { $1.scratchBytes > 0 }.map { step, layer in
            Request(index: plan.tensors.count + step, bytes: layer.scratchBytes, lifetime: step...step)
        }
        return tensors + scratch
    }

    /// From the layer that writes a tensor to the last one that reads it; the caller writes the input before layer 0
    /// and reads the outputs after the last layer.
    private static func lifetimes(_ plan: Plan) -> [Int: ClosedRange<Int>] {
        var lifetimes: [Int: ClosedRange<Int>] = [:]
        func use(_ tensor: Int, _ step: Int) {
            guard plan.tensors[tensor].data.isEmpty else { return }
            let tensor = plan.tensors[tensor].liesIn ?? tensor
            let known = lifetimes[tensor] ?? step...step
            lifetimes[tensor] = min(known.lowerBound, step)...max(known.upperBound, step)
        }
        use(plan.input, -1)
        for (step, layer) in plan.layers.enumerated() {
            for input in layer.inputs { use(Int(input), step) }
            use(Int(layer.fields.output), step)
            use(Int(layer.fields.output), firstStep(plan, ending: step))
        }
        for output in plan.outputs { use(Int(output), plan.layers.count) }
        return lifetimes
    }

    /// The convolution that kernels may run in one pass with this pool behind it, or behind its addition: it then writes the
    /// pool's output while it still reads its input. Any other step itself.
    private static func firstStep(_ plan: Plan, ending step: Int) -> Int {
        let pools = [ESPALIER_OPERATION_AVERAGE_POOL, ESPALIER_OPERATION_MEAN]
        guard step > 0, pools.contains(plan.layers[step].fields.operation) else { return step }
        let before = plan.layers[step - 1]
        guard UInt16(before.fields.output) == plan.layers[step].inputs[0] else { return step }
        return before.fields.operation == ESPALIER_OPERATION_ADD ? max(0, step - 2) : step - 1
    }

    private static func aligned(_ bytes: Int) -> Int {
        let alignment = Int(ESPALIER_ARENA_ALIGNMENT)
        return (bytes + alignment - 1) / alignment * alignment
    }
}
