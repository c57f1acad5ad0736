import EspalierTestSupport
import Foundation
import Testing

/// What keeps the house tidy, and no compiler looks after.
@Suite struct TidyTests {
    /// The text files of the project, by their paths in it.
    private func files(_ endings: String...) throws -> [String: String] {
        let folders = ["Sources", "Tests", "docs", "boards", "include", "cross", "models", ".ci"]
        var texts: [String: String] = [:]
        for folder in folders {
            let root = Package.root.appendingPathComponent(folder)
            let paths = try #require(FileManager.default.enumerator(atPath: root.path))
            for case let path as String in paths where endings.contains(where: { path.hasSuffix($0) }) {
                texts["\(folder)/\(path)"] = try String(
                    contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            }
        }
        for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] where endings.contains(".md") {
            texts[name] = try String(contentsOf: Package.root.appendingPathComponent(name), encoding: .utf8)
        }
        return texts
    }

    @Test func everyPathThatADocumentNamesIsThere() throws {
        let named = /(?:Sources|Tests|docs|boards|cross|include|models)\/[A-Za-z0-9_.\/-]*[A-Za-z0-9]/
        var count = 0
        for (document, text) in try files(".md") where document != "CHANGELOG.md" {
            for match in text.matches(of: named) {
                count += 1
                let path = Package.root.appendingPathComponent(String(match.output)).path
                #expect(FileManager.default.fileExists(atPath: path), "\(document) names \(match.output)")
            }
        }
        #expect(count > 100)
    }

    @Test func everyLinkOfADocumentLeadsToAFile() throws {
        let link = /\]\(([^)#:\s]+)(?:#[^)]*)?\)/
        for (document, text) in try files(".md") {
            let folder = Package.root.appendingPathComponent(document).deletingLastPathComponent()
            for match in text.matches(of: link) {
                let path = folder.appendingPathComponent(String(match.output.1)).path
                #expect(
                    FileManager.default.fileExists(atPath: path), "\(document) links to \(match.output.1)")
            }
        }
    }

    @Test func noFileHoldsWhatAMergeLeaves() throws {
        for (path, text) in try files(".md", ".swift", ".c", ".h", ".toml", ".sh", ".py") {
            let lines = text.split(separator: "\n")
            let isTorn = lines.contains { $0.hasPrefix("<<<<<" + "<< ") || $0.hasPrefix(">>>>>" + ">> ") }
            #expect(!isTorn, "\(path) has a conflict in it")
        }
    }
}
