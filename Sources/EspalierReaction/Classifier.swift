import CEspalier
public import EspalierCore

/// What turns a frame into a verdict: a model in an engine, or a script in a test.
public protocol Classifier {
    /// Takes what it needs from the frame; its pixels are not read afterwards.
    mutating func prepare(_ frame: Frame) throws(Status)

    /// Classifies the frame prepared last.
    mutating func run() throws(Status) -> Verdict
}

/// What a classifier found.
public struct Verdict: Sendable {
    /// Index of the class with the highest score.
    public var classIndex: Int32
    /// That score as the model stores it, -128 ... 127.
    public var score: Int32
    /// That score in thousandths, 0 ... 1000.
    public var permille: Int32
    /// The scores of the first 64 classes in thousandths: those that groups are made of.
    public var classPermille: InlineArray<64, Int32>
    /// Multiply-accumulates done: what a simulated board's clock is moved by.
    public var macs: UInt64
    /// 1x4 weight blocks that the model stores, that the compiler cut, and that this input made unnecessary.
    public var blocksKept: UInt32
    public var blocksPruned: UInt32
    public var blocksSkipped: UInt32

    /// The scores of all other classes are 0 until they are set.
    public init(
        classIndex: Int32, score: Int32, permille: Int32, macs: UInt64 = 0, blocksKept: UInt32 = 0,
        blocksPruned: UInt32 = 0, blocksSkipped: UInt32 = 0
    ) {
        self.classIndex = classIndex
        self.score = score
        self.permille = permille
        classPermille = InlineArray(repeating: 0)
        if classIndex >= 0 && classIndex < 64 { classPermille[Int(classIndex)] = permille }
        self.macs = macs
        self.blocksKept = blocksKept
        self.blocksPruned = blocksPruned
        self.blocksSkipped = blocksSkipped
    }
}

extension Verdict {
    /// The score of an output's group of classes, in thousandths: the best of them or their sum, at most 1000;
    /// below every threshold without any.
    func permille(of output: EspalierOutput) -> Int32 {
        var score: Int32 = 0
        var isFirst = true
        // Doubled, not shifted: on 32-bit boards a 64-bit shift counts as allocating in Embedded Swift.
        var bit: UInt64 = 1
        for index in 0..<64 {
            let belongs = output.label_mask & bit != 0
            bit &+= bit
            guard belongs else { continue }
            let next = classPermille[index]
            if output.score_rule == ESPALIER_SCORE_SUM {
                score &+= next
            } else if isFirst || next > score {
                score = next
            }
            isFirst = false
        }
        return isFirst ? .min : min(score, 1000)
    }
}

/// A compiled model as a classifier.
public struct EngineClassifier: Classifier {
    public let engine: Engine

    public init(_ engine: Engine) {
        self.engine = engine
    }

    public mutating func prepare(_ frame: Frame) throws(Status) {
        try engine.setFrame(frame.image)
    }

    public mutating func run() throws(Status) -> Verdict {
        let result = try engine.run()
        guard let scores = engine.scores else { throw .scores }
        var verdict = Verdict(
            classIndex: result.class_index, score: result.score, permille: result.permille,
            macs: engine.model.pointee.macs_kept, blocksKept: result.blocks_kept,
            blocksPruned: result.blocks_pruned, blocksSkipped: result.blocks_skipped)
        scores.visit(below: 64) { index, _, permille in
            verdict.classPermille[Int(index)] = max(verdict.classPermille[Int(index)], permille)
        }
        return verdict
    }
}
