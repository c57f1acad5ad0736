// Helpers for the file tests: scratch folders, a seeded generator, and hand-made PNG and ZIP containers, so
// that no binary file needs to be checked in.

import EspalierFiles
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

func bigEndian(_ value: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

func littleEndian(_ value: Int, bytes: Int) -> [UInt8] { bigEndian(value, bytes: bytes).reversed() }

/// The CRC-32 of PNG and ZIP.
func crc32(_ bytes: some Sequence<UInt8>) -> Int {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return Int(~crc)
}

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

/// One file in a handmade archive. Deflated means one stored deflate block, which every inflater takes.
struct ZIPEntry {
    var name: String
    var data: [UInt8]
    var deflated = false
    /// The uncompressed size to claim, if not the true one.
    var claimedSize: Int?
}

/// A ZIP archive made by hand, without dates.
func handmadeZIP(_ entries: [ZIPEntry]) -> [UInt8] {
    var files: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
        let size = entry.data.count
        let stored = [1] + littleEndian(size, bytes: 2) + littleEndian(~size, bytes: 2)
        let body = entry.deflated ? stored + entry.data : entry.data
        let common =
            littleEndian(20, bytes: 2) + littleEndian(0, bytes: 2)
            + littleEndian(entry.deflated ? 8 : 0, bytes: 2) + littleEndian(0, bytes: 2)
            + littleEndian(0x21, bytes: 2) + littleEndian(crc32(entry.data), bytes: 4)
            + littleEndian(body.count, bytes: 4) + littleEndian(entry.claimedSize ?? size, bytes: 4)
            + littleEndian(entry.name.utf8.count, bytes: 2) + littleEndian(0, bytes: 2)
        let offset = files.count
        files += Array("PK\u{3}\u{4}".utf8) + common + Array(entry.name.utf8) + body
        directory += Array("PK\u{1}\u{2}".utf8) + littleEndian(20, bytes: 2) + common
        directory += [UInt8](repeating: 0, count: 10) + littleEndian(offset, bytes: 4)
        directory += Array(entry.name.utf8)
    }
    let count = littleEndian(entries.count, bytes: 2)
    return files + directory + Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0] + count + count
        + littleEndian(directory.count, bytes: 4) + littleEndian(files.count, bytes: 4) + [0, 0]
}
