import CEspalier
import Foundation

/// How stored values become scores: what a user says with `scores` and `--scores`.
public enum ScoreRule: String, CaseIterable, Sendable {
    case probabilities, sigmoid, softmax

    fileprivate var code: UInt32 {
        switch self {
        case .probabilities: ESPALIER_SCORES_PROBABILITIES
        case .sigmoid: ESPALIER_SCORES_SIGMOID
        case .softmax: ESPALIER_SCORES_SOFTMAX
        }
    }
}

/// Which output of a model has its scores, and how they are read.
public struct ScoreChoice: Sendable {
    /// Index into the outputs.
    public let output: Int
    public let rule: ScoreRule
    /// [256], as in the contract; empty where the stored value + 128 is the score in 256ths.
    let table: [UInt32]

    /// A model of so many logits can be given a softmax: the sum of their exponentials has 32 bits.
    static let mostLogits = 4095

    /// What a model's outputs leave to choose, and what the options say.
    ///
    /// - Returns: nil where no output is sure to have scores, and the options name none.
    /// - Throws: for options that do not fit the outputs.
    init?(
        _ outputs: [OutputMeaning], output name: String?, rule: ScoreRule?
    ) throws(CompilerError) {
        let certain = outputs.indices.filter { outputs[$0].isCertain }
        var index: Int?
        if let name {
            index = try ScoreChoice.index(of: name, among: outputs)
        } else if certain.count == 1 {
            index = certain[0]
        } else if let rule {
            let open = outputs.indices.filter { outputs[$0].kind == .logits }
            index = outputs.count == 1 ? 0 : open.count == 1 && certain.isEmpty ? open[0] : nil
            guard index != nil else {
                throw CompilerError(
                    "scores are to be read as \(rule.rawValue), but there are \(outputs.count) outputs: "
                        + "\(ScoreChoice.list(outputs)); choose one with --score-output NAME.")
            }
        }
        guard let index else { return nil }
        let meaning = outputs[index]
        self.output = index
        if meaning.kind == .constant {
            throw CompilerError(
                "output \(meaning.title) has \(meaning.taken) because \(meaning.reason); \(ScoreChoice.noScores)."
            )
        }
        if meaning.kind == .mixed, let rule, rule != .probabilities {
            throw CompilerError(
                "output \(meaning.title) has \(meaning.taken) because \(meaning.reason), and needs no \(rule.rawValue) any "
                    + "more; read it as probabilities, or choose another output.")
        }
        if certain.contains(index) {
            guard rule == nil || rule == .probabilities else {
                throw CompilerError(
                    "output \(meaning.title) has \(meaning.taken) because \(meaning.reason), and needs no "
                        + "\(rule!.rawValue) any more; leave scores out.")
            }
            self.rule = .probabilities
        } else {
            guard let rule else {
                throw CompilerError(
                    "output \(meaning.title) is taken for \(meaning.taken) because \(meaning.reason); if it has scores, "
                        + "say how to read them: --scores softmax (its classes exclude each other), sigmoid (each by "
                        + "itself) or probabilities (they are 0 to 1 already).")
            }
            self.rule = rule
        }
        table = try ScoreChoice.table(meaning, self.rule)
    }

    fileprivate static let noScores = "export it with a sigmoid, or with two classes or more"

    /// The contract's number for a choice, or for none.
    static func code(_ choice: ScoreChoice?, _ outputs: [OutputMeaning]) -> UInt32 {
        if let choice { return choice.rule.code }
        let isOpen = outputs.count == 1 && outputs[0].kind == .logits
        return isOpen ? ESPALIER_SCORES_LOGITS : ESPALIER_SCORES_NONE
    }

    /// The highest score the output can have, in thousandths.
    public func highest(of meaning: OutputMeaning) -> Int {
        if rule == .softmax { return 1000 }
        return table.isEmpty ? 996 : Int(table.max() ?? 0)
    }

    private static func index(of name: String, among outputs: [OutputMeaning]) throws(CompilerError) -> Int {
        let named = outputs.indices.filter { outputs[$0].name == name }
        if named.count == 1 { return named[0] }
        if let number = Int(name), outputs.indices.contains(number) { return number }
        let problem = named.isEmpty ? "no output is called '\(name)'" : "several outputs are called '\(name)'"
        throw CompilerError("\(problem); choose among \(list(outputs)), by name or by number.")
    }

    /// "0 'scores' (1x1x10), 1 'boxes' (1x896x4)"
    static func list(_ outputs: [OutputMeaning]) -> String {
        let titles = outputs.indices.prefix(16).map { "\($0) \(outputs[$0].title)" }
        return titles.joined(separator: ", ") + (outputs.count > 16 ? ", ..." : "")
    }

    private static func table(
        _ meaning: OutputMeaning, _ rule: ScoreRule
    ) throws(CompilerError) -> [UInt32] {
        let stored = (0..<256).map { Double(meaning.scale) * Double($0 - 128 - meaning.zeroPoint) }
        switch rule {
        case .probabilities:
            guard meaning.isCertain || meaning.least > -0.05 && meaning.greatest < 1.05 else {
                throw CompilerError(
                    "output \(meaning.title) has values from \(meaning.least) to \(meaning.greatest), which are no "
                        + "probabilities; choose --scores softmax or sigmoid, or another output.")
            }
            if meaning.scale == 1.0 / 256 && meaning.zeroPoint == -128 { return [] }
            return stored.map(thousandths)
        case .sigmoid:
            return stored.map { thousandths(1 / (1 + exp(-$0))) }
        case .softmax:
            guard meaning.classes > 1 else {
                throw CompilerError(
                    "output \(meaning.title) has one class, whose softmax is always 1; choose --scores sigmoid."
                )
            }
            guard meaning.classes <= mostLogits else {
                throw CompilerError(
                    "output \(meaning.title) has \(meaning.classes) logits, and at most \(mostLogits) can be given a "
                        + "softmax here; end the model with a SOFTMAX of its own.")
            }
            return (0..<256).map { distance in
                UInt32((exp(-Double(meaning.scale) * Double(distance)) * 1_048_576).rounded())
            }
        }
    }

    private static func thousandths(_ score: Double) -> UInt32 {
        UInt32((max(0, min(score, 1)) * 1000).rounded(.toNearestOrAwayFromZero))
    }
}

extension Compilation {
    /// The highest score the model can give, in thousandths; nil without scores.
    public var highestScore: Int? {
        plan.scoreChoice.map { $0.highest(of: outputs[$0.output]) }
    }

    /// What a model has to take for a reaction.
    ///
    /// - Throws: where its input is no picture.
    public func requirePictures() throws(CompilerError) {
        let input = plan.tensors[plan.input].shape
        guard [1, 3].contains(input.channels), input.height > 1, input.width > 1 else {
            throw CompilerError(
                "a reaction takes pictures, and the model's input of \(input.text) is none: rows x pixels x 1 or 3 channels; "
                    + "call the model from a program of your own, or take one for pictures.")
        }
    }

    /// What a model has to have for a reaction, and to be compared with classes.
    ///
    /// - Parameter need: what takes the scores: begins the sentence.
    /// - Throws: where no output has scores: the outputs, and how to choose one.
    public func requireScores(_ need: String = "a reaction takes scores") throws(CompilerError) {
        guard plan.scoreChoice == nil else { return }
        let certain = outputs.count { $0.isCertain }
        let found =
            switch (certain, outputs.count) {
            case (2..., _): "\(certain) of the model's outputs have them"
            case (_, 1): "the model's output is not sure to have them"
            default: "none of the model's \(outputs.count) outputs is sure to have them"
            }
        let titles = outputs.enumerated().prefix(16).map { index, meaning in
            "\(index) \(meaning.title) is taken for \(meaning.taken) because \(meaning.reason)"
        }
        var remedies: [String] = []
        if outputs.count > 1 { remedies.append("choose one with --score-output NAME") }
        if outputs.allSatisfy({ $0.kind == .constant }) {
            remedies = [ScoreChoice.noScores]
        } else if certain == 0 {
            remedies.append("say how to read it with --scores softmax, sigmoid or probabilities")
        }
        throw CompilerError(
            "\(need), and \(found): \(titles.joined(separator: ", ")); "
                + remedies.joined(separator: " and ") + ".")
    }
}
