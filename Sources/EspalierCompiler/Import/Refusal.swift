/// Something that keeps a model from being compiled, and how often it occurs.
struct Refusal {
    /// An operator's index and name; nil for what is wrong with the model as a whole.
    let place: (index: Int, name: String)?
    /// One sentence.
    let sentence: String
    var count = 1

    /// The sentence with where it holds, of bounded length; what has just been said is not said again.
    fileprivate func line(after said: Set<String>) -> String {
        let whole = sentence.count > 360 ? sentence.prefix(360) + "…." : sentence
        guard let place else { return whole }
        let text = said.contains(sentence) ? "likewise." : whole
        return "Operator \(place.index) (\(place.name)\(count > 1 ? ", the first of \(count)" : "")): \(text)"
    }
}

/// What is wrong with a model, each thing once, in order of importance.
struct Refusals {
    private var all: [Refusal] = []
    /// Where in the list an operator's name and sentence are.
    private var known: [[String]: Int] = [:]
    var isEmpty: Bool { all.isEmpty }

    mutating func append(_ sentence: String) {
        all.append(Refusal(place: nil, sentence: sentence))
    }

    /// Operators of one name with one sentence are one refusal, and all that say the same of a tensor.
    mutating func append(_ node: TFLiteOperator, _ sentence: String) {
        let key = [sentence.hasPrefix("tensor '") ? "" : node.name, sentence]
        if let index = known[key] {
            all[index].count += 1
        } else {
            known[key] = all.count
            all.append(Refusal(place: (node.index, node.name), sentence: sentence))
        }
    }

    /// The most important one as a sentence, the others in a line each.
    var error: CompilerError {
        let shown = 12
        var said: Set<String> = []
        var lines: [String] = []
        for refusal in all.prefix(shown) {
            lines.append(refusal.line(after: said))
            said.insert(refusal.sentence)
        }
        if all.count > 1 { lines[0] += " Also in the way:" }
        let rest = all.dropFirst(shown)
        if !rest.isEmpty {
            var names: [String] = []
            for refusal in rest where names.count < 40 {
                let name = String(refusal.place?.name.prefix(40) ?? "the model itself")
                if !names.contains(name) { names.append(name) }
            }
            lines.append("and \(rest.count) more: \(names.joined(separator: ", ")).")
        }
        return CompilerError(lines.joined(separator: "\n  "))
    }
}
