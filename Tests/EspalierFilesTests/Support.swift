// Helpers for the file tests: scratch folders, a seeded generator, and hand-made PNG files.

import EspalierFiles
import EspalierTestSupport
import Foundation

/// A folder of its own for `body`, removed afterwards.
func withScratchFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let name = "espalier-\(UUID().uuidString)"
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

/// The sentence that `body` throws, or nil if it succeeds.
func sentence(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch { return "\(error)" }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// `bytes` with one to four random edits: a changed byte, a cut, a doubled or removed run.
func mutated(_ bytes: [UInt8], with random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(at + Int.random(in: 1...16, using: &random), bytes.count)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes.removeSubrange(at...)
        case 3: bytes.removeSubrange(at..<end)
        default: bytes.insert(contentsOf: bytes[at..<end], at: at)
        }
    }
    return bytes
}

// MARK: - Containers

private func pngChunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return bigEndian(data.count, bytes: 4) + body + bigEndian(crc32(body), bytes: 4)
}

/// A zlib stream of one stored block (at most 65,535 bytes).
private func zlibStored(_ data: [UInt8]) -> [UInt8] {
    var a = 1
    var b = 0
    for byte in data {
        a = (a + Int(byte)) % 65_521
        b = (b + a) % 65_521
    }
    return [0x78, 0x01, 0x01] + littleEndian(data.count, bytes: 2) + littleEndian(~data.count, bytes: 2)
        + data + bigEndian(b << 16 | a, bytes: 4)
}

/// A PNG file made by hand. `scanlines` are the filtered rows, filter byte first; `extra` are chunks before
/// IDAT.
func handmadePNG(
    width: Int, height: Int, depth: Int, colourType: Int, interlaced: Bool = false,
    extra: [(String, [UInt8])] = [], scanlines: [UInt8]
) -> [UInt8] {
    let header =
        bigEndian(width, bytes: 4) + bigEndian(height, bytes: 4)
        + [UInt8(depth), UInt8(colourType), 0, 0, interlaced ? 1 : 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + pngChunk("IHDR", header)
        + extra.flatMap { pngChunk($0.0, $0.1) } + pngChunk("IDAT", zlibStored(scanlines))
        + pngChunk("IEND", [])
}
