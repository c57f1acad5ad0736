import EspalierCompiler
import Foundation

/// What validation found; its fields are the JSON output's.
struct ValidationReport: Encodable {
    /// Something that was asked for: what it is about, what was found, and what had to be.
    struct Demand: Encodable {
        var about: String
        var figure: String
        var demanded: String
        var holds: Bool
    }

    var rows = 0
    var outputs: [Validation.Agreement] = []
    var labels: Validation.Accuracy?
    var layers: [LayerValidation.Row]?
    var demands: [Demand] = []
    var leftOut: [PictureFolder.LeftOut] = []
    var toBeTurned: [String] = []
    var warnings: [String] = []

    /// Whether there was anything to compare with.
    var isCompared: Bool { !outputs.isEmpty || labels != nil || layers != nil }
    var holds: Bool { isCompared && demands.allSatisfy(\.holds) }

    // MARK: Demands

    /// - Parameter hasScores: whether `minimumAgreement` is about this output; the others are only reported then.
    mutating func demand(_ agreement: Validation.Agreement, hasScores: Bool, minimumAgreement: Double?) {
        let about = "output '\(agreement.output)'"
        guard let minimumAgreement else {
            demands.append(
                Demand(
                    about: about,
                    figure: "\(agreement.rowsBitIdentical) of \(agreement.rows) rows bit-identical",
                    demanded: "\(agreement.rows)", holds: agreement.rowsBitIdentical == agreement.rows))
            return
        }
        guard hasScores else { return }
        demands.append(
            Demand(
                about: about, figure: "agreement \(percent(agreement.agreement))",
                demanded: percent(minimumAgreement), holds: agreement.agreement >= minimumAgreement))
    }

    mutating func demandTop1(_ minimum: Double) {
        guard let labels else { return }
        demands.append(
            Demand(
                about: "labels", figure: "top-1 \(percent(labels.top1))", demanded: percent(minimum),
                holds: labels.top1 >= minimum))
    }

    mutating func demandLayers() {
        let compared = (layers ?? []).filter { !$0.isFolded && $0.leftOut == nil }
        let wrong = compared.filter { !$0.holds }.map(\.tensor)
        let names = wrong.prefix(8).joined(separator: ", ") + (wrong.count > 8 ? ", ..." : "")
        demands.append(
            Demand(
                about: "layers",
                figure: "\(compared.count - wrong.count) of \(compared.count) tensors identical"
                    + (wrong.isEmpty ? "" : " (not \(names))"),
                demanded: "\(compared.count)", holds: wrong.isEmpty))
    }

    // MARK: JSON

    enum CodingKeys: String, CodingKey {
        case holds, compared, demands, rows, rowsBitIdentical, agreement, outputs, rowsLabelled, rowsCorrect,
            top1, layers
        case leftOut, toBeTurned, warnings
    }

    func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(holds, forKey: .holds)
        try container.encode(isCompared, forKey: .compared)
        try container.encode(demands, forKey: .demands)
        try container.encode(rows, forKey: .rows)
        if let first = outputs.first {
            try container.encode(first.rowsBitIdentical, forKey: .rowsBitIdentical)
            try container.encode(first.agreement, forKey: .agreement)
            try container.encode(outputs, forKey: .outputs)
        }
        try container.encodeIfPresent(labels?.rowsLabelled, forKey: .rowsLabelled)
        try container.encodeIfPresent(labels?.rowsCorrect, forKey: .rowsCorrect)
        try container.encodeIfPresent(labels?.top1, forKey: .top1)
        try container.encodeIfPresent(layers, forKey: .layers)
        try container.encode(leftOut, forKey: .leftOut)
        try container.encode(toBeTurned, forKey: .toBeTurned)
        try container.encode(warnings, forKey: .warnings)
    }

    // MARK: Text

    var text: String {
        var lines = warnings.map { "warning: \($0)" }
        if rows > 0 { lines.append("\(rows) \(rows == 1 ? "row" : "rows") run") }
        lines += folderLines
        for output in outputs {
            lines.append(
                "output '\(output.output)': \(output.rowsBitIdentical) of \(output.rows) rows bit-identical to those expected, "
                    + "greatest difference \(steps(output.greatestDifference)), agreement \(percent(output.agreement)) "
                    + "(\(output.rowsSameClass) rows of the same class)")
        }
        if let labels {
            lines.append(
                "top-1 \(percent(labels.top1)) (\(labels.rowsCorrect) of \(labels.rowsLabelled) labelled rows)"
            )
        }
        lines += layerLines
        lines += verdict
        return lines.joined(separator: "\n") + "\n"
    }

    private static let mostListed = 30

    /// What of a folder was left out, and what of it may not look as people see it.
    private var folderLines: [String] {
        var lines: [String] = []
        if !leftOut.isEmpty {
            lines.append("\(leftOut.count) left out:")
            lines += leftOut.prefix(Self.mostListed).map { "  \(oneLine($0.path)) \($0.reason)" }
            if leftOut.count > Self.mostListed {
                lines.append("  and \(leftOut.count - Self.mostListed) more, which --json lists")
            }
        }
        if let first = toBeTurned.first {
            lines.append(
                "warning: \(toBeTurned.count) of the pictures are to be turned, says their EXIF orientation, and were run as "
                    + "they are stored (\(oneLine(first))\(toBeTurned.count > 1 ? ", ..." : "")); save them upright, as with Pillow's "
                    + "ImageOps.exif_transpose.")
        }
        return lines
    }

    private var layerLines: [String] {
        guard let layers else { return [] }
        var lines: [String] = []
        for layer in layers where !layer.isConstant || !layer.holds {
            let state =
                if let reason = layer.leftOut {
                    "left out: \(reason)"
                } else if layer.isFolded {
                    "folded into another layer"
                } else {
                    "\(layer.valuesIdentical) of \(layer.values) values identical, greatest difference "
                        + "\(layer.greatestDifference)" + removed(layer)
                }
            lines.append("\(layer.tensor)  \(state)  \(layer.name.prefix(60))")
        }
        let constants = layers.filter(\.isConstant)
        if !constants.isEmpty {
            lines.append(
                "\(constants.count { $0.holds }) of \(constants.count) recorded weights and other constants are the model's"
            )
        }
        return lines
    }

    private var verdict: [String] {
        guard isCompared else {
            return [
                "Nothing was compared: give --expected, --labels, --layers, or pictures in class folders."
            ]
        }
        guard !demands.isEmpty else {
            return ["Nothing was demanded: give --minimum-top1 to make it a check."]
        }
        guard !holds else { return ["Everything asked for holds."] }
        return demands.filter { !$0.holds }.map {
            "Does not hold: \($0.about): \($0.figure), \($0.demanded) demanded."
        }
    }

    /// A path whatever it is made of.
    private func oneLine(_ path: String) -> String {
        String(
            String.UnicodeScalarView(
                path.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }

    private func removed(_ layer: LayerValidation.Row) -> String {
        guard layer.channelsConstant + layer.channelsDead > 0 else { return "" }
        return ", removed channels: \(layer.channelsConstant) constant (compared), \(layer.channelsDead) dead"
            + " (not compared)"
    }

    private func steps(_ value: Double) -> String {
        value == value.rounded() && value < 1e9 ? "\(Int(value))" : String(format: "%.2f", value)
    }

    private func percent(_ share: Double) -> String {
        String(format: "%.2f %%", share * 100)
    }
}
