import CEspalier
import EspalierCompiler
import Foundation

/// Damaged copies of some files, compiled one by one.
struct Campaign {
    private let files: [(name: String, bytes: [UInt8])]
    private let seed: UInt64
    private(set) var failures: [String] = []
    private(set) var slowestMilliseconds = 0
    private var compiled = 0
    private var refused = 0
    private var ran = 0

    init(files: [(name: String, bytes: [UInt8])], seed: UInt64) {
        self.files = files
        self.seed = seed
    }

    var tally: String { "\(compiled) compiled (\(ran) of them run), \(refused) refused" }

    /// Every file cut at every 64th byte.
    ///
    /// - Returns: how many cases that were.
    mutating func truncateAll() -> Int {
        var cases = 0
        for file in files {
            for length in stride(from: 0, to: file.bytes.count, by: 64) {
                attempt(Array(file.bytes[..<length]), "\(file.name) cut to \(length) bytes")
                cases += 1
            }
        }
        return cases
    }

    /// The mutation with a number: small files are drawn more often than large ones, and the tables that describe a
    /// model, at both ends of a file, more often than the weights between them.
    mutating func mutate(_ index: Int) {
        var random = SplitMix64(seed: seed &* 0x9e37_79b9 &+ UInt64(index))
        var file = files[random.below(files.count)]
        for _ in 0..<3 {
            let other = files[random.below(files.count)]
            if other.bytes.count < file.bytes.count { file = other }
        }
        var bytes = file.bytes
        for _ in 0...random.below(3) {
            let position = Self.position(in: bytes.count, &random)
            switch random.below(6) {
            case 0: bytes[position] ^= 1 << UInt8(random.below(8))
            case 1: bytes[position] = UInt8(truncatingIfNeeded: random.next())
            case 2, 3:
                let values: [UInt32] = [
                    0, 1, 2, 4, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000,
                    0xffff_ffff,
                    UInt32(bytes.count), UInt32(truncatingIfNeeded: random.next()),
                ]
                let value = values[random.below(values.count)]
                for byte in 0..<4 where position + byte < bytes.count {
                    bytes[position + byte] = UInt8(truncatingIfNeeded: value >> UInt32(byte * 8))
                }
            case 4:
                let source = Self.position(in: bytes.count, &random)
                for offset in 0..<min(1 + random.below(32), bytes.count - max(source, position)) {
                    bytes[position + offset] = bytes[source + offset]
                }
            default: bytes[position] = bytes[position] &+ (random.below(2) == 0 ? 1 : 255)
            }
        }
        attempt(bytes, "mutation \(index) of seed \(seed), from \(file.name)")
    }

    private static func position(in count: Int, _ random: inout SplitMix64) -> Int {
        let near = min(count, 4096)
        switch random.below(5) {
        case 0: return random.below(count)
        case 1: return random.below(near)
        default: return count - 1 - random.below(min(count, 8192))
        }
    }

    private mutating func attempt(_ bytes: [UInt8], _ name: String) {
        CrashReport.current(name)
        let start = ContinuousClock.now
        do throws(CompilerError) {
            let compilation = try Compilation(
                tflite: bytes, sourceName: "fuzz.tflite", options: CompileOptions(name: "fuzz"))
            compiled += 1
            if compilation.plan.flashBytes < 1 << 20, compilation.header.isEmpty {
                failures.append("\(name): no header")
            }
            try run(compilation, name)
        } catch {
            refused += 1
            // A sentence, and a line for each further thing that is in the way.
            let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
            if lines.count > 13 || lines.contains(where: { $0.isEmpty || $0.utf8.count > 700 })
                || !error.description.hasSuffix(".")
            {
                failures.append("\(name): not a sentence and lines: \(error.description)")
            }
        }
        let elapsed = start.duration(to: .now)
        let milliseconds = Int(elapsed / .milliseconds(1))
        slowestMilliseconds = max(slowestMilliseconds, milliseconds)
        if milliseconds > 20_000 { failures.append("\(name): took \(milliseconds) ms") }
    }

    /// Runs a small model once; the arena must be left alone beyond its end.
    private mutating func run(_ compilation: Compilation, _ name: String) throws(CompilerError) {
        let plan = compilation.plan
        guard plan.macs < 2_000_000, plan.arenaBytes < 1 << 20 else { return }
        let arena = try Arena(compilation.model(), guardBytes: 256)
        let input = plan.tensors[plan.input].shape.count
        _ = try arena.run((0..<input).map { Int8(truncatingIfNeeded: $0 &* 37) })
        ran += 1
        if !arena.guardIsIntact { failures.append("\(name): wrote beyond the arena") }
    }
}

/// A small generator with good bits for its size. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number 0 ..< limit.
    mutating func below(_ limit: Int) -> Int {
        Int(next() % UInt64(limit))
    }
}
