import CEspalier
import EspalierCompiler
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCore

/// Scores from stored values: against the real functions, on single cells and on grids.
@Suite struct ScoresTests {
    /// A model whose output is its input, read by a rule; the table is the compiler's.
    private func scores(
        _ values: [Int8], _ height: Int, _ width: Int, _ channels: Int, _ rule: UInt32, _ table: [UInt32]
    ) throws -> (permille: [Int32], result: EspalierResult) {
        let bench = LayerBench()
        let input = bench.tensor(height, width, channels, halo: Halo(top: 1, left: 1))
        var model = bench.model(input: input, outputs: [input]).pointee
        model.scores = rule
        return try table.withUnsafeBufferPointer { table in
            model.score_table = table.isEmpty ? nil : table.baseAddress
            return try withUnsafePointer(to: model) { model in
                let arena = Arena(bytes: Int(model.pointee.arena_bytes))
                let engine = try Engine(
                    model: model, arena: arena.start, arenaBytes: arena.bytes.count)
                try values.withUnsafeBufferPointer { try engine.setInput($0) }
                let result = try engine.run()
                var permille = [Int32](repeating: -5, count: channels)
                try permille.withUnsafeMutableBufferPointer { try engine.copyScores(to: $0) }
                return (permille, result)
            }
        }
    }

    private func softmaxTable(_ scale: Double) -> [UInt32] {
        (0..<256).map { UInt32((exp(-scale * Double($0)) * 1_048_576).rounded()) }
    }

    private func noise(_ count: Int, seed: UInt64) -> [Int8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int8.random(in: -128...127, using: &random) }
    }

    /// Best score of each class over the cells, by the real softmax.
    private func softmaxOracle(_ values: [Int8], _ channels: Int, _ scale: Double) -> [Double] {
        var best = [Double](repeating: 0, count: channels)
        for cell in stride(from: 0, to: values.count, by: channels) {
            let logits = values[cell..<cell + channels].map { exp(Double($0) * scale) }
            let sum = logits.reduce(0, +)
            for (channel, logit) in logits.enumerated() { best[channel] = max(best[channel], logit / sum) }
        }
        return best
    }

    @Test(arguments: [(1, 1, 2), (1, 1, 3), (1, 1, 10), (1, 1, 1001), (2, 3, 5), (4, 1, 2), (7, 7, 21)])
    func softmaxIsTheRealOneToAThousandth(height: Int, width: Int, channels: Int) throws {
        for (seed, scale) in [0.01, 0.05, 0.2, 1.7].enumerated() {
            let values = noise(height * width * channels, seed: UInt64(seed))
            let (permille, result) = try scores(
                values, height, width, channels, ESPALIER_SCORES_SOFTMAX, softmaxTable(scale))
            let oracle = softmaxOracle(values, channels, scale)
            for (score, real) in zip(permille, oracle) {
                #expect(abs(Double(score) - real * 1000) < 0.502, "\(score) \(real)")
            }
            #expect(permille.allSatisfy { (0...1000).contains($0) })
            #expect(result.permille == permille.max())
            #expect(permille[Int(result.class_index)] == result.permille)
            #expect(
                Int(result.class_index) == permille.firstIndex(of: result.permille) || height * width == 1)
        }
    }

    @Test func aGridsSoftmaxTakesTheBestCellAndNotTheHighestLogit() throws {
        // The highest logit (100) has a rival in its cell; class 1 is alone in the other.
        let values: [Int8] = [100, 100, -100, 50]
        let (permille, result) = try scores(
            values, 2, 1, 2, ESPALIER_SCORES_SOFTMAX, softmaxTable(0.1))
        #expect(permille == [500, 1000])
        #expect([result.class_index, result.score, result.permille] == [1, 50, 1000])
    }

    @Test func withoutATableStoredValuesAre256ths() throws {
        for value in Int8.min...Int8.max {
            let (permille, result) = try scores(
                [value, -128], 1, 1, 2, ESPALIER_SCORES_PROBABILITIES, [])
            let real = (Double(value) + 128) / 256
            #expect(Double(permille[0]) == (real * 1000).rounded(.toNearestOrAwayFromZero))
            #expect(result.class_index == 0 && result.score == Int32(value) && result.permille == permille[0])
        }
    }

    @Test func aSigmoidsTableIsReadForEachClassByItsBestCell() throws {
        let table = (0..<256).map { UInt32((1000 / (1 + exp(-0.05 * Double($0 - 128)))).rounded()) }
        let values = noise(3 * 4 * 6, seed: 9)
        let (permille, result) = try scores(
            values, 3, 4, 6, ESPALIER_SCORES_SIGMOID, table)
        for channel in 0..<6 {
            let best = stride(from: channel, to: values.count, by: 6).map { values[$0] }.max()!
            #expect(permille[channel] == Int32(table[Int(best) + 128]))
        }
        #expect(result.permille == permille.max())
    }

    @Test func logitsNobodyReadsHaveAHighestClassButNoScore() throws {
        let bench = LayerBench()
        let input = bench.tensor(1, 1, 3)
        var model = bench.model(input: input, outputs: [input]).pointee
        model.scores = ESPALIER_SCORES_LOGITS
        try withUnsafePointer(to: model) { model in
            let arena = Arena(bytes: Int(model.pointee.arena_bytes))
            let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
            try [Int8]([3, 9, 9]).withUnsafeBufferPointer { try engine.setInput($0) }
            let result = try engine.run()
            #expect([result.class_index, result.score, result.permille] == [1, 9, -1])
            #expect(engine.scores == nil)
        }
    }
}
