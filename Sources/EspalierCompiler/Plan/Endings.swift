import CEspalier

// What a convolution ends in: an addition and a pool that may run with it in one pass. Decided here and nowhere else;
// the layer says it (`ends_with`), and the arena, the engine and the kernels follow.

extension Planner {
    /// Lets additions write over the result of the convolution just before them: one tensor less in the arena, and
    /// kernels may run both in one pass.
    mutating func addInPlace() {
        for (node, next) in zip(graph.nodes, graph.nodes.dropFirst()) {
            guard case .convolution = node.operation, case .add = next.operation else { continue }
            let result = node.output
            guard next.inputs.filter({ $0 == result }).count == 1, !graph.outputs.contains(result),
                graph.nodes.filter({ $0.inputs.contains(result) }).count == 1,
                next.inputs.allSatisfy({ graph.tensors[$0].shape == graph.tensors[next.output].shape }),
                let from = indices[result], let to = indices[next.output]
            else { continue }
            let place = plan.tensors[to]
            plan.tensors[from].liesIn = to
            plan.tensors[from].bytes = place.bytes
            plan.tensors[from].fields.takePlace(of: place.fields)
        }
    }
}

extension Plan {
    /// Writes into each convolution how many of the layers behind it may run with it in one pass.
    mutating func decideEndings() {
        for step in layers.indices {
            let convolution = layers[step].fields
            guard convolution.operation == ESPALIER_OPERATION_CONVOLUTION,
                convolution.weight_zero_point == 0, !isConstant(layers[step].inputs[0])
            else { continue }
            var last = step
            if adds(last + 1, to: last) { last += 1 }
            if pools(last + 1, after: last) { last += 1 }
            layers[step].fields.ends_with = Int32(last - step)
        }
    }

    /// Whether a layer is an addition in place of another's result, with the whole numbers that kernels add by.
    private func adds(_ step: Int, to before: Int) -> Bool {
        guard step < layers.count, layers[step].fields.operation == ESPALIER_OPERATION_ADD else {
            return false
        }
        let result = Int(layers[before].fields.output)
        return tensors[result].liesIn == Int(layers[step].fields.output) && !layers[step].wholeFactors.isEmpty
            && !layers[step].inputs.contains { isConstant($0) }
    }

    /// Whether a layer is a pool whose one window covers the whole picture that another results in.
    private func pools(_ step: Int, after before: Int) -> Bool {
        guard step < layers.count, Int32(layers[step].inputs[0]) == layers[before].fields.output else {
            return false
        }
        let pool = layers[step].fields
        let picture = tensors[Int(layers[before].fields.output)].fields
        let output = tensors[Int(pool.output)].fields
        switch pool.operation {
        case ESPALIER_OPERATION_MEAN: return true
        case ESPALIER_OPERATION_AVERAGE_POOL:
            return output.height * output.width == 1 && pool.pad_top >= 0 && pool.pad_left >= 0
                && pool.kernel_height - pool.pad_top >= picture.height
                && pool.kernel_width - pool.pad_left >= picture.width
        default: return false
        }
    }

    private func isConstant(_ tensor: UInt16) -> Bool { !tensors[Int(tensor)].data.isEmpty }
}

extension EspalierTensor {
    fileprivate mutating func takePlace(of other: EspalierTensor) {
        offset = other.offset
        row_bytes = other.row_bytes
        plane_bytes = other.plane_bytes
        halo_top = other.halo_top
        halo_bottom = other.halo_bottom
        halo_left = other.halo_left
        halo_right = other.halo_right
    }
}
