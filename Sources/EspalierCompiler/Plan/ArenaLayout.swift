import CEspalier

/// Places the tensors in the arena: those that are alive at the same time side by side, the others over each other.
///
/// Greedy by size, the largest tensor first, each at the lowest free place: simple, deterministic, and within a few
/// per cent of the optimum on networks (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
/// Inference", 2020).
enum ArenaLayout {
    private struct Placed {
        var start: Int
        var end: Int
        var lifetime: ClosedRange<Int>
    }

    /// Moves each tensor's offset to its place.
    ///
    /// - Returns: the bytes the arena needs.
    static func place(_ plan: inout Plan) throws(CompilerError) -> Int {
        let lifetimes = lifetimes(plan)
        let order = lifetimes.keys.sorted {
            (plan.tensors[$1].bytes, $0) < (plan.tensors[$0].bytes, $1)
        }
        var placed: [Placed] = []
        var arena = 0
        for index in order {
            let lifetime = lifetimes[index]!
            let neighbours = placed.filter { $0.lifetime.overlaps(lifetime) }.sorted { $0.start < $1.start }
            let bytes = aligned(plan.tensors[index].bytes)
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
            plan.tensors[index].fields.offset += Int32(start)
            arena = max(arena, start + bytes)
        }
        return arena
    }

    /// From the layer that writes a tensor to the last one that reads it; the caller writes the input before layer 0
    /// and reads the outputs after the last layer.
    private static func lifetimes(_ plan: Plan) -> [Int: ClosedRange<Int>] {
        var lifetimes: [Int: ClosedRange<Int>] = [:]
        func use(_ tensor: Int, _ step: Int) {
            guard plan.tensors[tensor].data.isEmpty else { return }
            let known = lifetimes[tensor] ?? step...step
            lifetimes[tensor] = min(known.lowerBound, step)...max(known.upperBound, step)
        }
        use(plan.input, -1)
        for (step, layer) in plan.layers.enumerated() {
            for input in layer.inputs { use(Int(input), step) }
            use(Int(layer.fields.output), step)
        }
        for output in plan.outputs { use(Int(output), plan.layers.count) }
        return lifetimes
    }

    private static func aligned(_ bytes: Int) -> Int {
        let alignment = Int(ESPALIER_ARENA_ALIGNMENT)
        return (bytes + alignment - 1) / alignment * alignment
    }
}
