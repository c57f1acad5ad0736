// The first look at a model: everything in it that Espalier does not take, before anything of it is read closely. What is
// left to the importer is what depends on an operator's options and shapes.

struct Survey {
    private(set) var refusals = Refusals()
    /// Operators of which nothing more need be said; there are none without a refusal.
    private(set) var blocked: Set<Int> = []
    private let model: TFLiteModel
    /// The model's inputs and outputs.
    private let ends: Set<Int>

    init(of model: TFLiteModel) {
        self.model = model
        ends = Set(model.inputs + model.outputs)
        lookAtOperators()
        lookAtNumbers()
        lookAtStructure()
    }

    // MARK: Operators

    private mutating func lookAtOperators() {
        let unknown = model.operators.filter { TFLiteImporter.importers[$0.name] == nil }
        blocked.formUnion(unknown.map(\.index))
        // What was compiled for an accelerator explains everything else.
        for compiledComesFirst in [true, false] {
            for node in unknown {
                let meaning = OperatorNames.meaning(of: node)
                guard (meaning.kind == .compiled) == compiledComesFirst else { continue }
                refusals.append(node, meaning.sentence)
            }
        }
    }

    // MARK: Numbers

    /// Names a model that is not quantised as Espalier takes it for what it is.
    private mutating func lookAtNumbers() {
        if let sentence = numbersSentence() {
            refusals.append(sentence)
            blocked.formUnion(model.operators.filter(usesOtherNumbers).map(\.index))
        } else {
            // What only serves an operator that was refused needs no word of its own.
            let refused = model.operators.filter { TFLiteImporter.importers[$0.name] == nil }
            let reads = Set(refused.flatMap(\.inputs))
            let writes = Set(refused.flatMap(\.outputs))
            for node in model.operators where node.name == "DEQUANTIZE" || node.name == "QUANTIZE" {
                guard usesOtherNumbers(node) else { continue }
                guard !reads.isDisjoint(with: node.outputs) || !writes.isDisjoint(with: node.inputs) else {
                    continue
                }
                blocked.insert(node.index)
            }
        }
    }

    private func numbersSentence() -> String? {
        let computing = model.operators.filter { node in
            !["QUANTIZE", "DEQUANTIZE", "DENSIFY"].contains(node.name) && node.customName == nil
                && OperatorNames.meaning(of: node).kind != .postProcessing
        }
        func those(computing matches: (TFLiteTensor.ElementType) -> Bool) -> [TFLiteOperator] {
            computing.filter { types($0.outputs).first.map(matches) == true }
        }
        let floats = those(computing: \.isFloat)
        let what: String
        let remedy: String
        if !those(computing: { $0 == .int16 }).isEmpty {
            what = "This model computes in int16 (16x8 quantisation: int16 activations, int8 weights)"
            remedy =
                "convert it to int8 activations, without EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
        } else if let first = floats.first {
            if those(computing: \.isEightBit).isEmpty {
                what = floatKind(floats)
                remedy =
                    "convert it with a representative dataset and TFLITE_BUILTINS_INT8 as docs/operators.md shows"
            } else {
                what =
                    "Part of this model computes in \(typeName(first)) (\(floats.count) of its \(computing.count) "
                    + "operators, the first is operator \(first.index), \(first.name))"
                remedy = "convert the whole model, with TFLITE_BUILTINS_INT8 as the only supported operators"
            }
        } else {
            return nil
        }
        return "\(what), and Espalier takes full int8 models and legacy uint8 ones; \(remedy)."
    }

    /// What a model that computes in floating point is, going by its weights.
    private func floatKind(_ nodes: [TFLiteOperator]) -> String {
        func constants(_ nodes: [TFLiteOperator]) -> Set<TFLiteTensor.ElementType> {
            Set(nodes.flatMap { types($0.inputs, constant: true) })
        }
        let direct = constants(nodes)
        let widened = constants(model.operators.filter { ["DEQUANTIZE", "DENSIFY"].contains($0.name) })
        let computes = typeName(nodes[0])
        for half in [TFLiteTensor.ElementType.float16, .bfloat16] where direct.union(widened).contains(half) {
            return "This is a \(half) model (\(half) weights, computed in \(computes))"
        }
        for small in [TFLiteTensor.ElementType.int8, .uint8, .int4, .int2, .uint4] {
            if direct.contains(small) {
                return
                    "This is a dynamic-range quantised model (\(small) weights, but its inputs and outputs are \(computes))"
            }
            if widened.contains(small) {
                return "Only this model's weights are \(small); it computes in \(computes)"
            }
        }
        return "This is a \(computes) model"
    }

    /// Whether an operator reads or makes numbers that are not of 8 bits, other than at the model's ends.
    private func usesOtherNumbers(_ node: TFLiteOperator) -> Bool {
        let isInputEnd = node.name == "QUANTIZE" && node.inputs.first.map(ends.contains) == true
        let isOutputEnd = node.name == "DEQUANTIZE" && node.outputs.first.map(ends.contains) == true
        return !isInputEnd && !isOutputEnd
            && (types(node.inputs) + types(node.outputs)).contains { $0.isFloat || $0 == .int16 }
    }

    private func types(_ tensors: [Int], constant: Bool? = nil) -> [TFLiteTensor.ElementType] {
        tensors.filter { $0 >= 0 && (constant == nil || model.tensors[$0].isConstant == constant) }
            .map { model.tensors[$0].type }
    }

    private func typeName(_ node: TFLiteOperator) -> String {
        types(node.outputs).first.map { "\($0)" } ?? "nothing"
    }

    // MARK: Structure

    private mutating func lookAtStructure() {
        let elsewhere = model.tensors.filter(\.isElsewhere)
        if let first = elsewhere.first {
            let others = elsewhere.count > 1 ? " and \(elsewhere.count - 1) more tensors" : ""
            refusals.append(
                "The values of '\(first.name)'\(others) are in another file; export the model with its weights in one file."
            )
            let missing = Set(elsewhere.map(\.index))
            for node in model.operators where !missing.isDisjoint(with: node.inputs) {
                blocked.insert(node.index)
            }
        }
        if model.subgraphCount > 1,
            !model.operators.contains(where: { OperatorNames.meaning(of: $0).kind == .controlFlow })
        {
            let names = model.signatures.prefix(4).map { "'\($0)'" }.joined(separator: ", ")
            refusals.append(
                "The model has \(model.subgraphCount) subgraphs\(names.isEmpty ? "" : " (signatures \(names))"), and Espalier "
                    + "compiles exactly one; export the one you need alone.")
        }
        if model.operators.isEmpty {
            refusals.append("The model has no operators: it computes nothing; export it again.")
        }
        if model.inputs.count != 1 || model.inputs[0] < 0 {
            let inputs = model.inputs.prefix(4).filter { $0 >= 0 }.map {
                "'\(model.tensors[$0].name)' \(model.tensors[$0].shape)"
            }
            refusals.append(
                "The model has \(model.inputs.count) inputs\(inputs.isEmpty ? "" : " (\(inputs.joined(separator: ", ")))"), and "
                    + "Espalier takes exactly one; export it with one.")
        } else {
            lookAtInput(model.tensors[model.inputs[0]])
        }
        if model.outputs.isEmpty || model.outputs.contains(where: { $0 < 0 }) {
            refusals.append("The model has no output; export it with at least one.")
        }
    }

    private mutating func lookAtInput(_ input: TFLiteTensor) {
        let shape = input.shape
        let sentence: String
        let isFree = input.shapeSignature.enumerated().contains { side, size in
            size < 0 && (side > 0 || input.shapeSignature.count == 1)
        }
        if isFree || shape.contains(where: { $0 < 1 }) {
            let free = input.shapeSignature.isEmpty ? shape : input.shapeSignature
            sentence =
                "has shape \(free), with sides that are free; export it with a fixed size, e.g. [1, 96, 96, 3]."
        } else if shape.count > 4 {
            sentence =
                "has \(shape.count) dimensions, \(shape); supported are pictures of up to 4: [1, height, width, channels]."
        } else if shape.count == 4, shape[0] != 1 {
            sentence = "takes \(shape[0]) pictures at once, \(shape); export it with batch size 1."
        } else {
            return
        }
        refusals.append("The model's input '\(input.name)' \(sentence)")
        blocked.formUnion(model.operators.map(\.index))
    }
}
