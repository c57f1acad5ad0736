/// What brought a tensor's values into 0 ... 1, so that they can be scores.
public enum Squashing: String, Sendable {
    /// The channels of each cell together make 1.
    case softmax = "SOFTMAX"
    /// Each value by itself.
    case logistic = "LOGISTIC"
}

extension TFLiteImporter {
    /// The tensors of the file whose values SOFTMAX or LOGISTIC brought into 0 ... 1, with what only moves, requantises or pools
    /// their results: those that still have a class a channel, and those whose values now lie in other channels.
    func squashings() -> (kept: [Int: Squashing], mixed: [Int: Squashing]) {
        var (kept, mixed): ([Int: Squashing], [Int: Squashing]) = ([:], [:])
        for node in model.operators {
            guard let output = node.outputs.first, model.tensors.indices.contains(output) else { continue }
            switch node.name {
            case "SOFTMAX": kept[output] = .softmax
            case "LOGISTIC": kept[output] = .logistic
            case "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "DEQUANTIZE", "MAX_POOL_2D", "MEAN",
                "AVERAGE_POOL_2D", "RELU", "RELU6", "RELU_N1_TO_1", "PAD", "PADV2":
                guard let input = node.inputs.first, let kind = kept[input] ?? mixed[input] else { continue }
                let isKept = kept[input] != nil && channels(input) == channels(output)
                if isKept { kept[output] = kind } else { mixed[output] = kind }
            case "CONCATENATION":
                // Cells side by side keep their classes; channels side by side are several networks' scores.
                let kinds = node.inputs.compactMap { kept[$0] ?? mixed[$0] }
                guard let kind = kinds.first, kinds.count == node.inputs.count else { continue }
                let isKept = node.inputs.allSatisfy { kept[$0] == kind && channels($0) == channels(output) }
                if isKept { kept[output] = kind } else { mixed[output] = kind }
            default: continue
            }
        }
        return (kept, mixed)
    }

    private func channels(_ tensor: Int) -> Int? {
        model.tensors.indices.contains(tensor) ? model.tensors[tensor].shape.last : nil
    }
}
