public import EspalierCore
public import EspalierReaction

/// A classifier for tests: a closure decides.
///
///     ScriptedClassifier { frame in
///         Verdict(classIndex: frame.sequence < 20 ? 0 : 1, score: 100, permille: 900)
///     }
public struct ScriptedClassifier: Classifier {
    private let script: (Frame) throws(Status) -> Verdict
    private var frame: Frame?

    /// - Parameter script: gives a verdict on a frame, or a status to fail with.
    public init(_ script: @escaping (Frame) throws(Status) -> Verdict) {
        self.script = script
    }

    public mutating func prepare(_ frame: Frame) { self.frame = frame }

    public mutating func run() throws(Status) -> Verdict {
        guard let frame else { throw .frame }
        return try script(frame)
    }
}
