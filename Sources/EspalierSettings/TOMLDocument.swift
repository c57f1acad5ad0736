public import EspalierFiles
import TOMLKit

/// A parsed TOML file that still knows its lines.
public struct TOMLDocument {
    let path: String
    let root: TOMLTable
    private let lines: [Substring]

    /// - Throws: for a file that cannot be read, is longer than 1 MiB, is not UTF-8 or not TOML.
    public init(path: String) throws(FileError) {
        let bytes = try ByteFile.read(path, limit: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
            throw FileError(path, "is not UTF-8 text", do: "save it as UTF-8")
        }
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        do {
            root = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw FileError(
                path, "line \(error.source.begin.line) is not TOML (\(error.description))", do: "correct it")
        } catch {
            throw FileError(path, "is not TOML", do: "correct it")
        }
    }

    /// The line, from 1, a key is on: in the n-th table of a header, or above all headers. Nil where the file
    /// writes it in another way, as an inline table.
    func line(of key: String, header: String, occurrence: Int) -> Int? {
        lines(under: header, occurrence: occurrence).first { index in
            let words = trimmed(lines[index])
            guard words.hasPrefix(key) else { return false }
            return trimmed(words.dropFirst(key.count)).first == "="
        }.map { $0 + 1 }
    }

    /// The line, from 1, of the n-th such header.
    func line(ofHeader header: String, occurrence: Int) -> Int? {
        guard !header.isEmpty else { return nil }
        let headers = lines.indices.filter { trimmed(lines[$0]).hasPrefix(header) }
        return headers.count < occurrence ? nil : headers[occurrence - 1] + 1
    }

    /// Indices of the lines from a header to the next one.
    private func lines(under header: String, occurrence: Int) -> Range<Int> {
        let start = header.isEmpty ? 0 : line(ofHeader: header, occurrence: occurrence) ?? lines.count
        let end = lines[start...].firstIndex { trimmed($0).first == "[" }
        return start..<(end ?? lines.count)
    }

    private func trimmed(_ text: Substring) -> Substring { text.drop { $0 == " " || $0 == "\t" } }
}

/// Where a file says something, kept for a sentence about it that can only be said later.
public struct Place: Equatable, Sendable {
    let path: String
    /// "line 7, [[output]] labels"; empty: the whole file.
    let words: String

    /// - Parameter problem: continues the sentence that the place begins.
    public func error(_ problem: String, do remedy: String) -> FileError {
        FileError(path, words.isEmpty ? problem : "\(words) \(problem)", do: remedy)
    }
}
