// Containers made by hand, so that fewer binary files need to be checked in.

public func bigEndian(_ value: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

public func littleEndian(_ value: Int, bytes: Int) -> [UInt8] { bigEndian(value, bytes: bytes).reversed() }

/// The CRC-32 of PNG and ZIP.
public func crc32(_ bytes: some Sequence<UInt8>) -> Int {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return Int(~crc)
}

/// One file in a handmade archive. Deflated means one stored deflate block, which every inflater takes.
public struct ZIPEntry {
    public var name: String
    public var data: [UInt8]
    public var deflated: Bool
    /// The uncompressed size to claim, if not the true one.
    public var claimedSize: Int?

    public init(name: String, data: [UInt8], deflated: Bool = false, claimedSize: Int? = nil) {
        self.name = name
        self.data = data
        self.deflated = deflated
        self.claimedSize = claimedSize
    }
}

/// A ZIP archive made by hand, without dates.
public func handmadeZIP(_ entries: [ZIPEntry]) -> [UInt8] {
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
