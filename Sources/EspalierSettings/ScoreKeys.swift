public import EspalierFiles

/// The keys above all headers that say how a model's scores are read: what `--scores` and `--score-output` say on a
/// command line, which go before them.
public struct ScoreKeys: Equatable, Sendable {
    public static let keys = ["scores", "score_output"]

    /// "probabilities", "sigmoid" or "softmax".
    public var scores: String?
    /// The name or number of the output that has them.
    public var output: String?

    /// Nothing said: as the model leaves no doubt.
    public init() {}

    init(_ root: TOMLSection) throws(FileError) {
        let rules = ["probabilities", "sigmoid", "softmax"].map { ($0, $0) }
        scores = try root.choice("scores", rules)
        output = try root.text("score_output")
    }
}
