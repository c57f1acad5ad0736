import CEspalier
public import EspalierCore

/// Times a compiled model on this machine: whole runs, and each layer of them.
///
/// Every run is timed by itself, after one warm run of each input. Whole runs and runs with a clock reading after each
/// layer alternate, so that both see the same machine.
public struct Benchmark {
    private let compilation: Compilation
    private let model: CompiledModel
    private let arena: Arena
    private let kernels: KernelSet
    private let clock = ContinuousClock()

    /// - Throws: a sentence where the model cannot run.
    public init(_ compilation: Compilation, kernels: KernelSet) throws(CompilerError) {
        self.compilation = compilation
        self.kernels = kernels
        model = compilation.model()
        arena = try Arena(model, kernels: kernels)
    }

    /// - Parameters:
    ///   - inputs: rows of quantised values, run in turn; at least one.
    ///   - seconds: how long to measure; every input runs at least once.
    public func run(inputs: [[Int8]], seconds: Double) throws(CompilerError) -> BenchmarkReport {
        var report = BenchmarkReport(compilation, isa: kernels.name)
        for input in inputs { report.hash(try arena.run(input)) }
        var whole = Durations()
        var layers = [Durations](repeating: Durations(), count: report.layers.count)
        let end = clock.now + .seconds(seconds)
        var index = 0
        do throws(Status) {
            while index < inputs.count || clock.now < end {
                let input = inputs[index % inputs.count]
                try set(input)
                let start = clock.now
                let result = try arena.engine.run()
                whole.append(clock.now - start)
                report.blocksSkipped += Int(result.blocks_skipped)
                if index % 4 == 0 { try runByLayer(input, into: &layers) }
                index += 1
            }
        } catch {
            throw CompilerError("\(error.text)")
        }
        report.blocksSkipped /= max(1, whole.count)
        report.take(whole, layers, peak: peak())
        return report
    }

    private func set(_ input: [Int8]) throws(Status) {
        try input.withUnsafeBufferPointer { values throws(Status) in try arena.engine.setInput(values) }
    }

    private func runByLayer(_ input: [Int8], into layers: inout [Durations]) throws(Status) {
        try set(input)
        var before = clock.now
        var index = 0
        while index < layers.count {
            let step = try arena.engine.runStep(index)
            let after = clock.now
            layers[index].append(after - before)
            before = after
            index += step.layers
        }
    }

    /// Multiply-accumulates a second of nothing but the set's dot product; nil where it has none.
    private func peak() -> Double? {
        let rounds: UInt32 = 20_000
        var best: Double?
        for _ in 0..<20 {
            let start = clock.now
            guard let macs = kernels.exercise(rounds: rounds) else { return nil }
            let rate = Double(macs) / ((clock.now - start).microseconds * 1e-6)
            best = max(best ?? 0, rate)
        }
        return best
    }
}

/// How long many runs of one thing took.
struct Durations {
    private var microseconds: [Double] = []

    var count: Int { microseconds.count }

    mutating func append(_ duration: Duration) { microseconds.append(duration.microseconds) }

    var times: BenchmarkReport.Times {
        let sorted = microseconds.sorted()
        guard let least = sorted.first else { return BenchmarkReport.Times() }
        return BenchmarkReport.Times(
            medianMicroseconds: sorted[sorted.count / 2], minimumMicroseconds: least,
            p99Microseconds: sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
    }
}

extension Duration {
    fileprivate var microseconds: Double {
        Double(components.seconds) * 1e6 + Double(components.attoseconds) * 1e-12
    }
}
