import CEspalier

/// Writes a plan as a C header: typed constant tables and one constant model object. The same plan and options give
/// the same bytes.
struct HeaderWriter {
    private let plan: Plan
    private let prefix: String
    /// The name in macros.
    private let macro: String
    private var text = ""

    static func text(of plan: Plan, banner: Banner) -> String {
        var writer = HeaderWriter(plan: plan)
        writer.writeBanner(banner)
        writer.writeTensors()
        for index in plan.layers.indices { writer.writeTables(of: index) }
        writer.writeLayers()
        writer.writeModel()
        return writer.text
    }

    private init(plan: Plan) {
        self.plan = plan
        prefix = plan.name
        macro = ModelName.inMacros(plan.name)
    }

    // MARK: Sections

    private mutating func writeBanner(_ banner: Banner) {
        // Not ESPALIER_NAME_H: a model may be called "link", or "reaction", and the contracts have those guards.
        let guardName = "ESPALIER_GENERATED_\(macro)_H"
        line("/* Written by espalier \(banner.toolVersion): do not edit.")
        line(" * Source: \(commented(banner.sourceName)), SHA-256 \(banner.sourceSHA256)")
        line(" * Options: \(commented(banner.options, most: 400))")
        line(" * Flash: \(plan.flashBytes) bytes. Arena: \(plan.arenaBytes) bytes.")
        line(" * MACs: \(plan.macs) in the source model, \(plan.macsKept) kept.")
        line(" * Dead work: \(banner.deadWork); \(plan.macsLive) MACs live.")
        line(" * Blocks (1x4 weights): \(plan.blocks) in the source model, \(plan.blocksKept) kept.")
        line(" *")
        line(" * Include this header in exactly one C file. */")
        line("#ifndef \(guardName)")
        line("#define \(guardName)")
        line("")
        line("#include \"espalier_model.h\"")
        line("")
        // The two macros of a model called "model" are those of the first one included.
        let isAlias = macro == "MODEL"
        if isAlias {
            line("#ifdef ESPALIER_MODEL")
            line(
                "#error \"Include the header of the model called 'model' first, or compile it with another --name.\""
            )
            line("#endif")
        }
        line("#define ESPALIER_\(macro)_ARENA_BYTES \(plan.arenaBytes)")
        line("")
        line("/* The model under the name that firmware with one model uses: the first one included. */")
        line("#ifndef ESPALIER_MODEL")
        line("#define ESPALIER_MODEL espalier_\(prefix)")
        if !isAlias { line("#define ESPALIER_MODEL_ARENA_BYTES ESPALIER_\(macro)_ARENA_BYTES") }
        line("#endif")
        line("")
    }

    private mutating func writeTensors() {
        for (index, tensor) in plan.tensors.enumerated() where !tensor.data.isEmpty {
            table("int8_t", "tensor\(padded(index))_data", tensor.data.map(Int.init))
        }
        line("static const EspalierTensor \(prefix)_tensors[\(plan.tensors.count)] = {")
        for (index, tensor) in plan.tensors.enumerated() {
            line("    /* \(index): \(commented(tensor.name)) */")
            record(fields(of: tensor, index), end: "},")
        }
        line("};")
        line("")
    }

    private func fields(of tensor: PlannedTensor, _ index: Int) -> [Field] {
        let fields = tensor.fields
        return [
            ("height", "\(fields.height)"), ("width", "\(fields.width)"), ("channels", "\(fields.channels)"),
            ("quads", "\(fields.quads)"), ("row_bytes", "\(fields.row_bytes)"),
            ("plane_bytes", "\(fields.plane_bytes)"), ("offset", "\(fields.offset)"),
            ("halo_top", "\(fields.halo_top)"), ("halo_bottom", "\(fields.halo_bottom)"),
            ("halo_left", "\(fields.halo_left)"), ("halo_right", "\(fields.halo_right)"),
            ("zero_point", "\(fields.zero_point)"), ("scale", "\(fields.scale)f"), ("reserved", "0"),
            ("data", reference(tensor.data, "tensor\(padded(index))_data")),
        ]
    }

    private mutating func writeTables(of index: Int) {
        let layer = plan.layers[index]
        let name = "layer\(padded(index))"
        line("/* Layer \(index): \(commented(layer.label)) */")
        table("uint16_t", "\(name)_inputs", layer.inputs.map(Int.init))
        table("uint32_t", "\(name)_mask", layer.mask.map(Int.init), suffix: "u")
        table("uint32_t", "\(name)_row_start", layer.rowStart.map(Int.init))
        table("uint16_t", "\(name)_places", layer.places.map(Int.init))
        table("uint32_t", "\(name)_place_start", layer.placeStart.map(Int.init))
        table("int8_t", "\(name)_weights", layer.weights.map(Int.init), alignment: "ESPALIER_ALIGNED(64) ")
        table("int32_t", "\(name)_bias", layer.bias.map(Int.init))
        table("int32_t", "\(name)_weight_sum", layer.weightSums.map(Int.init))
        floats("\(name)_rounding", layer.rounding)
        floats("\(name)_factor", layer.factors)
        table("int32_t", "\(name)_whole_factors", layer.wholeFactors.map(Int.init))
        table("int32_t", "\(name)_multiplier", layer.multipliers.map { Int($0.multiplier) })
        table("int8_t", "\(name)_shift", layer.multipliers.map { Int($0.shift) })
        line("")
    }

    private mutating func writeLayers() {
        line("static const EspalierLayer \(prefix)_layers[\(max(1, plan.layers.count))] = {")
        for (index, layer) in plan.layers.enumerated() {
            line("    /* \(index): \(commented(layer.label)) */")
            record(fields(of: layer, index), end: "},")
        }
        if plan.layers.isEmpty { record(fields(of: PlannedLayer(label: ""), 0), end: "},") }
        line("};")
        line("")
    }

    private func fields(of layer: PlannedLayer, _ index: Int) -> [Field] {
        let fields = layer.fields
        let numbers: [(String, Int32)] = [
            ("operation", fields.operation), ("kernel", fields.kernel), ("output", fields.output),
            ("input_count", fields.input_count), ("kernel_height", fields.kernel_height),
            ("kernel_width", fields.kernel_width), ("stride_height", fields.stride_height),
            ("stride_width", fields.stride_width), ("dilation_height", fields.dilation_height),
            ("dilation_width", fields.dilation_width), ("pad_top", fields.pad_top),
            ("pad_left", fields.pad_left), ("pad_front", fields.pad_front), ("pad_value", fields.pad_value),
            ("activation_min", fields.activation_min), ("activation_max", fields.activation_max),
            ("weight_zero_point", fields.weight_zero_point), ("depth_multiplier", fields.depth_multiplier),
            ("block_outputs", fields.block_outputs), ("row_blocks", fields.row_blocks),
            ("mask_words", fields.mask_words), ("left_shift", fields.left_shift),
            ("difference_min", fields.difference_min), ("blocks", fields.blocks),
            ("blocks_kept", fields.blocks_kept), ("rounding_origin", fields.rounding_origin),
            ("rounds_once", fields.rounds_once), ("skips_silence", fields.skips_silence),
            ("pairs_fit", fields.pairs_fit), ("results_fit", fields.results_fit),
            ("places_of", fields.places_of), ("scratch", fields.scratch),
            ("scratch_bytes", fields.scratch_bytes), ("ends_with", fields.ends_with),
        ]
        let name = "layer\(padded(index))"
        func table<T>(_ values: [T], _ field: String) -> Field {
            (field, reference(values, "\(name)_\(field)"))
        }
        return numbers.map { ($0, "\($1)") } + [
            table(layer.inputs, "inputs"), table(layer.mask, "mask"), table(layer.rowStart, "row_start"),
            table(layer.places, "places"), table(layer.placeStart, "place_start"),
            table(layer.weights, "weights"), table(layer.bias, "bias"),
            table(layer.weightSums, "weight_sum"), table(layer.multipliers, "multiplier"),
            table(layer.multipliers, "shift"), table(layer.rounding, "rounding"),
            table(layer.factors, "factor"), table(layer.wholeFactors, "whole_factors"),
        ]
    }

    private mutating func writeModel() {
        table("uint16_t", "outputs", plan.outputs.map(Int.init))
        table("int8_t", "pixel_table", plan.pixelTable.map(Int.init))
        table("uint32_t", "score_table", scoreTable.map(Int.init), suffix: "u")
        strings("labels", plan.labels)
        strings("output_names", plan.outputNames)
        line("")
        line("#ifdef __cplusplus")
        line("extern \"C\" {")
        line("#endif")
        line("extern const EspalierModel espalier_\(prefix);")
        line("#ifdef __cplusplus")
        line("}")
        line("#endif")
        line("")
        line("const EspalierModel espalier_\(prefix) =")
        record(modelFields, end: "};")
        line("")
        line("#endif")
    }

    private var scoreTable: [UInt32] { plan.scoreChoice?.table ?? [] }

    private var modelFields: [Field] {
        [
            ("abi_version", "\(ESPALIER_ABI_VERSION)u"), ("arena_bytes", "\(plan.arenaBytes)u"),
            ("flash_bytes", "\(plan.flashBytes)u"), ("label_count", "\(plan.labels.count)u"),
            ("macs", "\(plan.macs)u"), ("macs_kept", "\(plan.macsKept)u"), ("blocks", "\(plan.blocks)u"),
            ("blocks_kept", "\(plan.blocksKept)u"), ("tensor_count", "\(plan.tensors.count)u"),
            ("layer_count", "\(plan.layers.count)u"), ("input", "\(plan.input)u"),
            ("output_count", "\(plan.outputs.count)u"),
            ("input_channels_first", plan.inputChannelsFirst ? "1u" : "0u"),
            ("score_output", "\(plan.scoreChoice?.output ?? 0)u"),
            ("scores", "\(plan.scores)u"), ("reserved", "0u"),
            ("name", quoted(plan.name)), ("tensors", "\(prefix)_tensors"), ("layers", "\(prefix)_layers"),
            ("outputs", "\(prefix)_outputs"), ("labels", reference(plan.labels, "labels")),
            ("pixel_table", reference(plan.pixelTable, "pixel_table")),
            ("output_names", reference(plan.outputNames, "output_names")),
            ("score_table", reference(scoreTable, "score_table")),
        ]
    }

    // MARK: Text

    /// A structure's field and its value. All of them, in the contract's order: C++ before C++20 has no designators,
    /// and what is left out is a warning there.
    private typealias Field = (name: String, value: String)

    private mutating func record(_ fields: [Field], end: String) {
        var row = "    {"
        for field in fields {
            let item = " /* \(field.name) */ \(field.value),"
            if row.utf8.count + item.utf8.count > 110 {
                line(row)
                row = "     "
            }
            row += item
        }
        row.removeLast()
        line(row + " " + end)
    }

    private mutating func strings(_ name: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        line("static const char *const \(prefix)_\(name)[\(values.count)] = {")
        for value in values { line("    \(quoted(value)),") }
        line("};")
    }

    private mutating func line(_ content: String) {
        text += content
        text += "\n"
    }

    /// A table of numbers, in lines that fit an editor; nothing for an empty one.
    private mutating func table(
        _ type: String, _ name: String, _ values: [Int], suffix: String = "", alignment: String = ""
    ) {
        table(type, name, values.map { "\($0)\(suffix)" }, alignment: alignment)
    }

    /// A table of single-precision numbers, exact: Swift prints the shortest text that reads back the same.
    private mutating func floats(_ name: String, _ values: [Float]) {
        table("float", name, values.map { "\($0)f" }, alignment: "")
    }

    private mutating func table(_ type: String, _ name: String, _ values: [String], alignment: String) {
        guard !values.isEmpty else { return }
        text += "\(alignment)static const \(type) \(prefix)_\(name)[\(values.count)] = {"
        var column = 120
        for value in values {
            let number = "\(value),"
            if column + number.utf8.count > 108 {
                text += "\n    "
                column = 4
            }
            text += number
            column += number.utf8.count
        }
        text += "\n};\n"
    }

    private func reference<T>(_ values: [T], _ name: String) -> String {
        values.isEmpty ? "NULL" : "\(prefix)_\(name)"
    }

    private func padded(_ index: Int) -> String {
        index < 10 ? "0\(index)" : "\(index)"
    }

    /// Text for a comment: nothing in it can end the comment, continue a line or look like another direction of writing.
    private func commented(_ text: String, most: Int = 90) -> String {
        let plain = text.unicodeScalars.prefix(most).map { (" "..."~").contains($0) ? Character($0) : "_" }
        var result = ""
        for character in plain {
            let last = result.last
            if last == "*" && character == "/" || last == "/" && character == "*"
                || last == "?" && character == "?"
            {
                result += " "
            }
            result.append(character)
        }
        return result.last == "\\" ? result + "." : result
    }

    /// C99 (5.2.4.1) promises 4095 characters a literal.
    private var mostBytes: Int { 1000 }

    /// A C string literal: what is not plain ASCII becomes an octal escape.
    private func quoted(_ text: String) -> String {
        var literal = "\""
        for byte in text.utf8.prefix(mostBytes) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "?"):
                literal += "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7f: literal += String(UnicodeScalar(byte))
            default:
                let octal = String(byte, radix: 8)
                literal += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
            }
        }
        return literal + "\""
    }
}

/// What a header's first lines say about its making.
struct Banner {
    var toolVersion: String
    var sourceName: String
    var sourceSHA256: String
    var options: String
    /// What dead-work removal did, in one line.
    var deadWork: String
}
