import Foundation

/// What `benchmark` found. Encodable: its fields are the JSON output's.
public struct BenchmarkReport: Codable, Sendable {
    public struct Times: Codable, Sendable {
        public var medianMicroseconds = 0.0
        public var minimumMicroseconds = 0.0
        public var p99Microseconds = 0.0
    }

    public struct Layer: Codable, Sendable {
        public var index: Int
        public var operation: String
        public var source: String
        public var isa: String
        public var medianMicroseconds = 0.0
        public var minimumMicroseconds = 0.0
        public var p99Microseconds = 0.0
        /// Multiply-accumulates of the source layer, and of the blocks that are stored.
        public var macs: UInt64
        public var macsKept: UInt64
        public var blocks: Int
        public var blocksKept: Int
        /// Source multiply-accumulates in a second, in thousand millions.
        public var gmacPerSecond = 0.0
        /// Run in one pass with the layer before, which has the time of both.
        public var isFused = false
    }

    public var model: String
    public var isa: String
    public var runs = 0
    public var medianMicroseconds = 0.0
    public var minimumMicroseconds = 0.0
    public var p99Microseconds = 0.0
    public var macs: UInt64
    public var macsKept: UInt64
    public var gmacPerSecond = 0.0
    /// Of the instruction set's dot product on registers, measured in the same run; absent for the reference kernels.
    public var peakGmacPerSecond: Double?
    /// Multiply-accumulates of kept blocks in the median run, against that peak.
    public var fractionOfPeak: Double?
    public var blocks: Int
    public var blocksKept: Int
    /// Of the kept ones, those that silence made unnecessary, in the mean of all runs.
    public var blocksSkipped = 0
    /// FNV-1a of the first output of every input, in order: the same for every instruction set.
    public var outputHash = "cbf29ce484222325"
    public var layers: [Layer]

    init(_ compilation: Compilation, isa: String) {
        let inspection = Inspection(compilation)
        model = inspection.name
        self.isa = isa
        macs = inspection.macs
        macsKept = inspection.macsKept
        blocks = inspection.blocks
        blocksKept = inspection.blocksKept
        layers = inspection.layers.map { layer in
            Layer(
                index: layer.index, operation: layer.operation, source: layer.source, isa: isa,
                macs: layer.macs, macsKept: layer.macsKept, blocks: layer.blocks,
                blocksKept: layer.blocksKept)
        }
    }

    /// Adds an output to the hash.
    ///
    /// Source: Fowler, Noll and Vo, "The FNV Non-Cryptographic Hash Algorithm".
    mutating func hash(_ output: [Int8]) {
        var hash = UInt64(outputHash, radix: 16)!
        for value in output { hash = (hash ^ UInt64(UInt8(bitPattern: value))) &* 0x100_0000_01b3 }
        outputHash = String(format: "%016llx", hash)
    }

    mutating func take(_ whole: Durations, _ layers: [Durations], peak: Double?) {
        runs = whole.count
        let times = whole.times
        medianMicroseconds = times.medianMicroseconds
        minimumMicroseconds = times.minimumMicroseconds
        p99Microseconds = times.p99Microseconds
        gmacPerSecond = Self.rate(macs, times.medianMicroseconds)
        peakGmacPerSecond = peak.map { $0 * 1e-9 }
        fractionOfPeak = peakGmacPerSecond.map { Self.rate(macsKept, times.medianMicroseconds) / $0 }
        for (index, durations) in layers.enumerated() {
            let times = durations.times
            self.layers[index].isFused = durations.count == 0
            self.layers[index].medianMicroseconds = times.medianMicroseconds
            self.layers[index].minimumMicroseconds = times.minimumMicroseconds
            self.layers[index].p99Microseconds = times.p99Microseconds
            self.layers[index].gmacPerSecond = Self.rate(self.layers[index].macs, times.medianMicroseconds)
        }
    }

    private static func rate(_ macs: UInt64, _ microseconds: Double) -> Double {
        microseconds > 0 ? Double(macs) / microseconds * 1e-3 : 0
    }

    // MARK: Text

    /// The report for a terminal.
    public var text: String {
        var lines = [
            "\(model) with \(isa): median \(number(medianMicroseconds)) us, least \(number(minimumMicroseconds)), "
                + "p99 \(number(p99Microseconds)), \(runs) runs",
            "MACs \(macs), kept \(macsKept): \(number(gmacPerSecond)) GMAC/s"
                + (fractionOfPeak.map {
                    "; the kept ones at \(number($0 * 100)) % of this core's \(number(peakGmacPerSecond ?? 0)) GMAC/s"
                } ?? ""),
            "blocks \(blocks), kept \(blocksKept), skipped \(blocksSkipped); output hash \(outputHash)", "",
            "layer  median us    share     GMAC/s  kept MACs  operation",
        ]
        let total = layers.reduce(0) { $0 + $1.medianMicroseconds }
        for layer in layers {
            let share = total > 0 ? layer.medianMicroseconds / total * 100 : 0
            let kept = layer.macs > 0 ? number(Double(layer.macsKept) / Double(layer.macs) * 100) + " %" : "-"
            let rate = layer.macs > 0 ? number(layer.gmacPerSecond) : "-"
            lines.append(
                padded("\(layer.index)", 5) + padded(number(layer.medianMicroseconds, digits: 2), 11)
                    + padded(number(share) + " %", 9) + padded(rate, 11) + padded(kept, 11)
                    + "  \(layer.operation), \(layer.source)"
                    + (layer.isFused ? ", in one pass with layer \(layer.index - 1)" : ""))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func number(_ value: Double, digits: Int = 1) -> String {
        String(format: "%.\(digits)f", value)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
