import EspalierTestSupport
import Foundation
import Testing

/// Runs the `espalier` command of the test build.
func runTool(_ arguments: String...) throws -> Shell.Outcome { try Shell.run(Package.command, arguments) }

/// Not zero, and one sentence with these parts.
func requireRefusal(_ outcome: Shell.Outcome, _ parts: String...) {
    #expect(outcome.status != 0)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1 && lines.first?.hasSuffix(".") == true, "\(outcome.errors)")
    for part in parts { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
}

/// The shipped model's files.
enum Doorway {
    static let model = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path
    static let labels = Package.root.appendingPathComponent("models/doorway/labels.txt").path
    static let golden = Package.root.appendingPathComponent("models/doorway/golden.npz").path
    static let scenario = Package.root.appendingPathComponent("boards/simulator/scenario.toml").path
    static let reaction = Package.root.appendingPathComponent("boards/generic/reaction.toml").path
}

/// What a command takes, as it says itself.
struct CommandHelp: Decodable, Sendable {
    struct Name: Decodable, Sendable {
        let kind, name: String
        var text: String { (kind == "short" ? "-" : "--") + name }
    }

    struct Argument: Decodable, Sendable {
        let kind: String
        let abstract: String?
        let names: [Name]?
        let valueName: String?

        /// "-o, --output": every way to write it.
        var spelling: String { (names ?? []).map(\.text).sorted().joined(separator: ", ") }
        /// The long name where there is one.
        var option: String? { names?.first { $0.kind == "long" }?.text ?? names?.first?.text }
        var takesValue: Bool { kind == "option" }
    }

    let commandName: String
    let arguments: [Argument]?
    let subcommands: [CommandHelp]?

    var options: [Argument] { (arguments ?? []).filter { $0.kind != "positional" } }
    var spellings: Set<String> { Set(options.flatMap { ($0.names ?? []).map(\.text) }) }

    func command(_ name: String) throws -> CommandHelp {
        try #require(subcommands?.first { $0.commandName == name })
    }

    /// Of the whole tool.
    static func tool() throws -> CommandHelp { try dumped.get() }

    private static let dumped = Result {
        struct Dump: Decodable { let command: CommandHelp }
        let outcome = try runTool("--experimental-dump-help")
        return try JSONDecoder().decode(Dump.self, from: Data(outcome.output.utf8)).command
    }
}
