// Other files that hold class names: they may be in another order than the classes, or have more beside them.

enum LabelFormats {
    static let remedy = "give one class name a line, in the classes' order, or a JSON list of the names"

    /// - Parameter lines: without blanks around them.
    static func refuseOthers(_ lines: [String], _ path: String) throws(FileError) {
        let lines = lines.filter { !$0.isEmpty }
        guard let first = lines.first else { return }
        if first.hasPrefix("version https://git-lfs") {
            throw FileError(path, "is a Git LFS pointer", do: "fetch the file with git lfs pull")
        }
        guard let kind = kind(of: lines, first) else { return }
        throw FileError(path, "is \(kind)", do: remedy)
    }

    private static func kind(of lines: [String], _ first: String) -> String? {
        func any(_ isIt: (String) -> Bool) -> Bool { lines.contains(where: isIt) }
        let brackets = lines.filter { line in
            line.allSatisfy { "[](){},; ".contains($0) } && line.contains { "[](){}".contains($0) }
        }
        if any({ squeezed($0).hasPrefix("item{") }) || any({ $0 == "item" }) && any({ $0.hasPrefix("{") }) {
            return "a label map (.pbtxt)"
        }
        if first.hasPrefix("<") { return "XML or HTML" }
        if any({ $0.hasPrefix("names:") }) || first == "---" { return "YAML" }
        // A list of texts in JSON is read.
        if first.hasPrefix("[") || first.hasPrefix("{") { return nil }
        if !brackets.isEmpty || any(isCode) { return "a list in brackets, as code has it" }
        let listed = lines.filter(hasListMark)
        if listed.count > 1 || lines.first(where: { !$0.hasPrefix("#") }).map(hasListMark) == true {
            return "a YAML or Markdown list"
        }
        if any({ $0.hasSuffix(";") || $0.hasSuffix(",,") || $0.hasPrefix(",") || $0.hasPrefix("|") }) {
            return "a table with columns (CSV)"
        }
        return nil
    }

    private static func squeezed(_ line: String) -> String { line.filter { $0 != " " && $0 != "\t" } }

    /// `names = [`, `char *names[] = {"car", "truck"}`, a line that opens or closes.
    private static func isCode(_ line: String) -> Bool {
        let line = squeezed(line)
        if "])}".contains(line.first ?? " ") || "[({".contains(line.last ?? " ") { return true }
        return ["=[", "={", "=("].contains { line.contains($0) }
    }

    private static func hasListMark(_ line: String) -> Bool {
        ["- ", "* ", "+ ", "• "].contains { line.hasPrefix($0) }
    }

    // MARK: Tables

    /// Numbers before or behind the names that nobody means as part of them, and that do not count from 0.
    static func refuseOtherNumbers(_ lines: [String], _ path: String) throws(FileError) {
        guard lines.count > 1 else { return }
        if let numbering = LabelNumbering(lines[...]) {
            let isOwn = numbering.numbers == Array(lines.indices)
            guard numbering.isClear, numbering.tellsApart, !isOwn,
                Set(numbering.numbers).count == lines.count
            else { return }
            throw FileError(
                path, "has numbers before its names that are not 0, 1, 2 and so on",
                do: "leave the numbers out and give a line for every class, in order")
        }
        if hasNumbersBehind(lines[...]) || lines.count > 2 && hasNumbersBehind(lines.dropFirst()) {
            throw FileError(path, "is a table with names and numbers (CSV)", do: remedy)
        }
        if lines.count > 2, let numbering = LabelNumbering(lines.dropFirst()), numbering.isClear,
            isCount(numbering.numbers)
        {
            throw FileError(path, "is a table with a header (CSV or YAML)", do: remedy)
        }
    }

    /// Tabs in most lines are between columns; a single one may have slipped into a name.
    static func refuseTabs(_ names: [String], _ path: String) throws(FileError) {
        if names.count(where: { $0.contains("\t") }) * 2 > names.count {
            throw FileError(path, "is a table with columns between tabs", do: remedy)
        }
    }

    /// What is around and between columns of one line.
    static func refuseColumns(_ name: String, _ place: String) throws(FileError) {
        let problem: String
        if name.hasSuffix(",") {
            problem = "ends in a comma, as lines of lists and tables do"
        } else if hasQuotedColumns(name) {
            problem = "has several texts in quotes, as tables and lists do (CSV)"
        } else if name.count > 2, name.hasPrefix("\""), name.hasSuffix("\""),
            name.dropFirst().dropLast().contains("\"\"")
        {
            problem = "has quotes twice, as tables do (CSV)"
        } else {
            return
        }
        throw FileError(place, problem, do: remedy)
    }

    private static func hasQuotedColumns(_ name: String) -> Bool {
        let name = squeezed(name)
        return ["\"", "'"].contains { quote in
            [",", ";", ":", "|"].contains { name.contains(quote + $0 + quote) }
        }
    }

    private static func isCount(_ numbers: [Int]) -> Bool {
        guard let first = numbers.first, first == 0 || first == 1 else { return false }
        return numbers == Array(first..<first + numbers.count)
    }

    /// `person,0`, `car,1`.
    private static func hasNumbersBehind(_ lines: ArraySlice<String>) -> Bool {
        var numbers: [Int] = []
        var names: Set<String> = []
        for line in lines {
            let digits = String(line.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
            let rest = line.dropLast(digits.count)
            let name = rest.reversed().drop { ",;:=|> \t".contains($0) }
            let separator = rest.suffix(rest.count - name.count)
            guard let number = Int(digits), separator.contains(where: { $0 != " " }),
                name.contains(where: \.isLetter)
            else { return false }
            numbers.append(number)
            names.insert(String(name))
        }
        return isCount(numbers) && names.count == lines.count && !lines.isEmpty
    }
}
