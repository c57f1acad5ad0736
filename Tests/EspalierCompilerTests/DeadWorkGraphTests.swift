import EspalierCore
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Dead-work removal on random graphs: the same bits with and without, bounds that no activation leaves.
///
/// `ESPALIER_RANDOM_GRAPHS=200000 swift test --filter DeadWorkGraphTests` tries more of them.
@Suite struct DeadWorkGraphTests {
    static let seeds: Range<UInt64> =
        0..<(ProcessInfo.processInfo.environment["ESPALIER_RANDOM_GRAPHS"].flatMap { UInt64($0) } ?? 1500)

    @Test func noOutputBitOfAnyRandomGraphChanges() throws {
        var graphsChanged = 0
        var channelsRemoved = 0
        for seed in Self.seeds {
            let graph = RandomNetwork.graph(seed: seed)
            var trimmed = graph
            Passes.removeDeadWork(&trimmed)
            let removal = Removal(trimmed)
            guard removal.channelsConstant + removal.channelsDead > 0 else { continue }
            graphsChanged += 1
            channelsRemoved += removal.channelsConstant + removal.channelsDead
            #expect(try Network(graph).outputs(seed) == Network(trimmed).outputs(seed), "seed \(seed)")
        }
        // A generator that gives the pass nothing to do would test nothing.
        #expect(graphsChanged > Self.seeds.count / 3 && channelsRemoved > 2 * Self.seeds.count)
    }

    @Test func noActivationOfAnyRandomGraphLeavesItsBounds() throws {
        for seed in Self.seeds {
            let graph = RandomNetwork.graph(seed: seed)
            let intervals = IntervalAnalysis(graph).intervals
            try Network(graph).forEachActivation(seed) { tensor, channel, value in
                let bounds = intervals[tensor][channel]
                return bounds.low <= value && value <= bounds.high
            }
        }
    }

    @Test func everyRemovedConstantIsThatConstant() throws {
        for seed in Self.seeds {
            let graph = RandomNetwork.graph(seed: seed)
            var trimmed = graph
            Passes.removeDeadWork(&trimmed)
            try Network(graph).forEachActivation(seed) { tensor, channel, value in
                guard let constant = trimmed.tensors[tensor].selection?.constants[channel] else {
                    return true
                }
                return value == constant
            }
        }
    }

    /// The tests above must be able to fail: constants off by one, folded into the biases, are noticed.
    @Test func constantsFoldedWronglyAreNoticed() throws {
        var noticed = 0
        for seed in Self.seeds {
            let graph = RandomNetwork.graph(seed: seed)
            let analysis = IntervalAnalysis(graph)
            let wrong = analysis.intervals.map { channels in
                channels.map { interval in
                    guard let value = interval.constant else { return interval }
                    return Interval(low: value ^ 1, high: value ^ 1)
                }
            }
            let kept = KeptChannels(graph, analysis)
            var trimmed = graph
            trimmed.trim(
                to: Dictionary(uniqueKeysWithValues: graph.usedTensors.map { ($0, kept.channels(of: $0)) }),
                wrong)
            if try Network(graph).outputs(seed) != Network(trimmed).outputs(seed) { noticed += 1 }
        }
        #expect(noticed > 30)
    }

    /// Likewise a constant beside the zero point that is folded although a border reads zero points instead.
    @Test func bordersLeftOutOfAccountAreNoticed() throws {
        var noticed = 0
        for seed in Self.seeds {
            let graph = RandomNetwork.graph(seed: seed)
            // Each picture far smaller than the one before, and no padding: every tap always inside.
            var unpadded = graph
            for index in unpadded.tensors.indices {
                unpadded.tensors[index].shape.height = 10_000 - 100 * index
                unpadded.tensors[index].shape.width = 10_000 - 100 * index
            }
            for index in unpadded.nodes.indices {
                guard case .convolution(var convolution) = unpadded.nodes[index].operation else { continue }
                (convolution.window.strideHeight, convolution.window.strideWidth) = (1, 1)
                (convolution.window.padTop, convolution.window.padLeft) = (0, 0)
                unpadded.nodes[index].operation = .convolution(convolution)
            }
            let kept = KeptChannels(unpadded, IntervalAnalysis(graph))
            var trimmed = graph
            trimmed.trim(
                to: Dictionary(uniqueKeysWithValues: graph.usedTensors.map { ($0, kept.channels(of: $0)) }),
                IntervalAnalysis(graph).intervals)
            if try Network(graph).outputs(seed) != Network(trimmed).outputs(seed) { noticed += 1 }
        }
        #expect(noticed > 10)
    }
}

/// A graph, planned, in an arena.
struct Network {
    private let graph: Graph
    private let plan: Plan
    private let arena: Arena
    private static let runs = 4

    init(_ graph: Graph, costs: CostModel = CostModel(), kernels: KernelSet = .best) throws {
        self.graph = graph
        plan = try Planner.plan(graph, costs: costs)
        arena = try Arena(CompiledModel(plan), guardBytes: 64, kernels: kernels)
    }

    /// All outputs on a few inputs: noise, and the two ends of the range in turn.
    func outputs(_ seed: UInt64) throws -> [[Int8]] {
        var outputs: [[Int8]] = []
        for input in inputs(seed) {
            _ = try arena.run(input)
            for output in graph.outputs { outputs.append(values(graph.resolved(output))) }
        }
        #expect(arena.guardIsIntact, "seed \(seed)")
        return outputs
    }

    /// Hands over every value of every tensor; the body says whether it is right.
    func forEachActivation(_ seed: UInt64, _ body: (_ tensor: Int, _ channel: Int, _ value: Int8) -> Bool)
        throws
    {
        for input in inputs(seed) {
            try input.withUnsafeBufferPointer { try arena.engine.setInput($0) }
            for (index, node) in graph.nodes.enumerated() {
                try arena.engine.runLayer(index)
                let channels = graph.tensors[node.output].shape.channels
                let wrong = values(node.output).enumerated().contains {
                    !body(node.output, $0 % channels, $1)
                }
                #expect(!wrong, "seed \(seed), tensor \(node.output) of \(node.label)")
            }
        }
    }

    private func inputs(_ seed: UInt64) -> [[Int8]] {
        var random = SeededGenerator(seed: seed)
        let count = graph.tensors[graph.input].shape.count
        return (0..<Self.runs).map { run in
            run % 2 == 0
                ? random.bytes(count) : (0..<count).map { _ in Bool.random(using: &random) ? -128 : 127 }
        }
    }

    private func values(_ tensor: Int) -> [Int8] {
        let tensor = arena.engine.tensor(plan.indexOfSource[tensor]!)
        var values = [Int8](repeating: 0, count: tensor.count)
        values.withUnsafeMutableBufferPointer { tensor.copy(to: $0.baseAddress!) }
        return values
    }
}
