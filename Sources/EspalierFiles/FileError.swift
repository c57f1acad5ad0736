// The one error of this room. Its description is what the tool prints, so it is a whole sentence.

/// What is wrong with a file, in one sentence: where, what, and what to do.
///
/// `FileError("a.png", "is empty", do: "pass a PNG file")` reads "a.png is empty; pass a PNG file."
public struct FileError: Error, CustomStringConvertible, Equatable, Sendable {
    /// The path as the user gave it, or the name the caller gave to bytes.
    public let path: String
    /// What is wrong; continues the sentence that the path begins.
    public let problem: String
    /// What the user can do about it.
    public let remedy: String

    public init(_ path: String, _ problem: String, do remedy: String) {
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String { "\(path) \(problem); \(remedy)." }
}
