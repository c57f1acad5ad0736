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

    static let tooLarge = CompilerError(
        "The activations need more than \(Planner.arenaLimit >> 20) MiB of arena; use a smaller input.")

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
                throw tooLarge
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
        let scratch = plan.layers.enumerated().filter { $1.fields.scratch_bytes > 0 }.map { step, layer in
            Request(
                index: plan.tensors.count + step, bytes: Int(layer.fields.scratch_bytes),
                lifetime: step...step)
        }
        return tensors + scratch
    }

    /// From the layer that writes a tensor to the last one that reads it; what a layer ends with writes its output while
    /// that one runs. The caller writes the input before layer 0 and reads the outputs after the last layer.
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
            for ended in step...step + Int(layer.fields.ends_with) {
                use(Int(plan.layers[ended].fields.output), step)
            }
        }
        for output in plan.outputs { use(Int(output), plan.layers.count) }
        return lifetimes
    }

    private static func aligned(_ bytes: Int) -> Int {
        let alignment = Int(ESPALIER_ARENA_ALIGNMENT)
        return (bytes + alignment - 1) / alignment * alignment
    }
}
