/// What is wrong with a model, where, and what to do: one sentence.
public struct CompilerError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
