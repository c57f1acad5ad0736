import EspalierTestSupport
import Foundation
import Testing

/// Every option of every command: one name, one meaning; and the documents name no other.
@Suite struct OptionTests {
    /// The options whose name means two things, with the commands in which it has the second meaning.
    private let ownMeaning: [String: Set<String>] = [
        "--inputs": ["benchmark"],  // an array, and no folder of pictures
        "--labels": ["scenes"],  // written there, read by validate; classes of pictures in both
        "--size": ["scenes"],  // of the arrays' pictures; elsewhere of the camera's frames
    ]

    private func commands() throws -> [CommandHelp] {
        try (CommandHelp.tool().subcommands ?? []).filter { $0.commandName != "help" }
    }

    @Test func anOptionHasOneMeaningWhereverItAppears() throws {
        struct Meaning: Equatable {
            let kind: String
            let help: String
        }
        var known: [String: (Meaning, command: String)] = [:]
        for command in try commands() {
            for option in command.options {
                let spelling = option.spelling
                // A command's own result; `--output` alone is a line.
                if spelling.contains("-o,") || spelling.hasSuffix("-o") { continue }
                if ownMeaning[spelling]?.contains(command.commandName) == true { continue }
                let meaning = Meaning(kind: option.kind, help: option.abstract ?? "")
                #expect(!meaning.help.isEmpty, "\(command.commandName) \(spelling) has no help")
                if let (other, where_) = known[spelling] {
                    #expect(meaning == other, "\(spelling) in \(command.commandName) and in \(where_)")
                } else {
                    known[spelling] = (meaning, command.commandName)
                }
            }
        }
        #expect(known.count > 30)
    }

    @Test func everyResultIsNamedTheSameWay() throws {
        for name in ["compile", "tune", "scenes", "simulate"] {
            let options = try CommandHelp.tool().command(name).options
            #expect(options.contains { $0.spelling == "--output, -o" }, "\(name)")
            #expect(options.contains { $0.spelling == "--force" }, "\(name)")
        }
        let setup = try CommandHelp.tool().command("setup")  // where --output is a line
        #expect(
            setup.options.contains { $0.spelling == "--header, -o" } && setup.spellings.contains("--force"))
    }

    @Test func everyCommandThatTakesAModelTakesAllThatCompileTakes() throws {
        let compiling = try Self.compiling()
        #expect(compiling.contains("--pixel-mean") && compiling.contains("--tuned"))
        let takers = try commands().filter { command in
            (command.arguments ?? []).contains { $0.kind == "positional" && $0.valueName == "model" }
                || command.spellings.contains("--model")
        }
        #expect(
            Set(takers.map(\.commandName)).isSuperset(of: [
                "compile", "inspect", "validate", "benchmark", "tune", "simulate", "run",
            ]))
        for command in takers {
            #expect(compiling.isSubset(of: command.spellings), "\(command.commandName)")
        }
    }

    /// What says how a model is compiled: all of compile's options but where the header goes.
    static func compiling() throws -> Set<String> {
        let own: Set = ["-o", "--output", "--force", "-h", "--help", "--version", "--reaction"]
        return try CommandHelp.tool().command("compile").spellings.subtracting(own)
    }

    @Test func whatIsSaidOfAModelIsNotDroppedWhereAFirmwareRuns() throws {
        for option in try CommandHelp.tool().command("compile").options {
            guard let name = option.option, try Self.compiling().contains(name) else { continue }
            let value = name == "--scores" ? "softmax" : "1"
            let outcome = try Shell.run(
                Package.command,
                ["simulate", Doorway.scenario, "--firmware", "/bin/true", name]
                    + (option.takesValue ? [value] : []))
            #expect(outcome.status != 0 && outcome.errors.contains("\(name) goes with --model"), "\(name)")
        }
    }

    @Test func labelsAreReadTheSameByEveryCommand() throws {
        let folder = try TemporaryFolder()
        let reaction = try folder.write(
            "[[trigger]]\nline = \"GPIO17\"\n[[output]]\nline = \"GPIO27\"\nlabels = [\"person\"]\n"
                + "[camera]\ndevice = \"/dev/video0\"\n",
            to: "r.toml")
        let other = try folder.write("leer\nMensch\nTier\nAuto\n", to: "l.txt")
        requireRefusal(
            try runTool("setup", "--reaction", reaction, "--label-names", other, "-o", folder.path("s.h")),
            "person")
        #expect(
            try runTool(
                "setup", "--reaction", reaction, "--label-names", Doorway.labels, "-o", folder.path("s.h")
            ).status == 0)
    }

    // MARK: Documents

    /// Options that documents name and that are others' or the scripts' own.
    private func known(in words: [String], _ tool: CommandHelp) throws -> Set<String>? {
        guard let program = words.first.map({ ($0 as NSString).lastPathComponent }) else { return nil }
        switch program {
        case "espalier":
            guard let name = words.dropFirst().first,
                let command = tool.subcommands?.first(where: { $0.commandName == name })
            else { return words.count > 1 ? nil : tool.spellings }
            return command.spellings
        case "build", "package":
            return try CommandHelp.tool().command("compile").spellings.union(["--model", "--reaction"])
        case "build-node":
            return [
                "--model-header", "--setup-header", "-o", "--output", "--force", "--target", "--cpu",
                "--frame-bytes",
                "--help",
            ]
        default: return nil
        }
    }

    @Test func documentsNameNoOptionThatIsNot() throws {
        let tool = try CommandHelp.tool()
        let manager = FileManager.default
        var files = ["README.md", "CONTRIBUTING.md"]
        for folder in ["docs", "boards", "models"] {
            let paths = try manager.subpathsOfDirectory(
                atPath: Package.root.appendingPathComponent(folder).path)
            files += paths.filter { $0.hasSuffix(".md") || $0.hasSuffix(".toml") }.map { "\(folder)/\($0)" }
        }
        var checked = 0
        for file in files {
            let text = try String(contentsOf: Package.root.appendingPathComponent(file), encoding: .utf8)
            for line in text.split(separator: "\n") {
                for call in calls(in: String(line)) {
                    guard let options = try known(in: call, tool) else { continue }
                    for word in call where word.hasPrefix("--") {
                        let option = String(word.prefix { $0.isLetter || $0.isNumber || $0 == "-" })
                        checked += 1
                        #expect(
                            options.contains(option), "\(file): \(option) in `\(call.joined(separator: " "))`"
                        )
                    }
                }
            }
        }
        #expect(checked > 30)
    }

    /// The words of each call of espalier or of a script in a line: from the program to a comment, a pipe or a quote.
    private func calls(in line: String) -> [[String]] {
        var calls: [[String]] = []
        let words = line.split(separator: " ").map(String.init)
        for (index, word) in words.enumerated() {
            let isTool = word == "espalier" || word == "`espalier" || word.hasSuffix("/espalier")
            guard
                isTool || word.hasSuffix("cross/build") || word.hasSuffix("cross/package")
                    || word.hasSuffix("cross/build-node")
            else { continue }
            var call = [word.replacingOccurrences(of: "`", with: "")]
            for next in words[(index + 1)...] {
                if ["#", "|", ">", "&&"].contains(where: next.hasPrefix) { break }
                call.append(next.replacingOccurrences(of: "`", with: ""))
                if next.contains("`") { break }
            }
            calls.append(call)
        }
        return calls
    }
}
