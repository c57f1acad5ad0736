/// What brought a tensor's values into 0 ... 1, so that they can be scores.
public enum Squashing: String, Sendable {
    /// The channels of each cell together make 1.
    case softmax = "SOFTMAX"
    /// Each value by itself.
    case logistic = "LOGISTIC"
}

extension TFLiteImporter {
    /// The tensors of the file whose values are scores, and what made them so: SOFTMAX and LOGISTIC, and what only moves,
    /// requantises or pools their results without mixing channels.
    func squashings() -> [Int: Squashing] {
        var found: [Int: Squashing] = [:]
        for node in model.operators {
            guard let output = node.outputs.first, model.tensors.indices.contains(output) else { continue }
            switch node.name {
            case "SOFTMAX": found[output] = .softmax
            case "LOGISTIC": found[output] = .logistic
            case "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "DEQUANTIZE", "MAX_POOL_2D",
                "AVERAGE_POOL_2D",
                "MEAN":
                guard let input = node.inputs.first, let kind = found[input] else { continue }
                if channels(input) == channels(output) { found[output] = kind }
            case "CONCATENATION":
                // Cells side by side; with more channels than an input has, several networks' scores lie side by side.
                let kinds = Set(node.inputs.map { found[$0] })
                guard kinds.count == 1, let kind = kinds.first else { continue }
                if node.inputs.allSatisfy({ channels($0) == channels(output) }) { found[output] = kind }
            default: continue
            }
        }
        return found
    }

    private func channels(_ tensor: Int) -> Int? {
        model.tensors.indices.contains(tensor) ? model.tensors[tensor].shape.last : nil
    }
}
