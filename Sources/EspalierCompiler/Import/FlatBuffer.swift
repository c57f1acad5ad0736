// A bounds-checked reader of the FlatBuffers wire format, as much of it as TFLite files use.
//
// Every offset is checked before it is followed, so any sequence of bytes gives values or a sentence, never a crash.
// Source: FlatBuffers "Internals" (https://flatbuffers.dev/internals/): little-endian scalars, tables that point back
// to a vtable of 16-bit field offsets, vectors and strings behind a 32-bit count.

/// The bytes of a file, and checked loads from them.
struct FlatBuffer {
    let bytes: [UInt8]

    func load<T: FixedWidthInteger>(_ type: T.Type, at position: Int) throws(CompilerError) -> T {
        let size = MemoryLayout<T>.size
        guard position >= 0, position <= bytes.count - size else { throw outside(position) }
        return bytes.withUnsafeBytes {
            T(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: T.self))
        }
    }

    /// The position that the 32-bit offset at a position leads to.
    func follow(_ position: Int) throws(CompilerError) -> Int {
        let target = position + Int(try load(UInt32.self, at: position))
        guard target < bytes.count else { throw outside(target) }
        return target
    }

    func root() throws(CompilerError) -> FlatTable {
        try FlatTable(buffer: self, position: follow(0))
    }

    func outside(_ position: Int) -> CompilerError {
        CompilerError(
            "The file is cut off or damaged: it refers to byte \(position) of \(bytes.count); fetch or export the model again."
        )
    }
}

/// A table: fields by slot number, absent ones with a default.
struct FlatTable {
    let buffer: FlatBuffer
    /// Where in the file it is.
    let position: Int
    private let vtable: Int
    private let vtableBytes: Int

    init(buffer: FlatBuffer, position: Int) throws(CompilerError) {
        self.buffer = buffer
        self.position = position
        vtable = position - Int(try buffer.load(Int32.self, at: position))
        vtableBytes = Int(try buffer.load(UInt16.self, at: vtable))
    }

    /// Where a field's value is, or nil where the table has none.
    private func field(_ slot: Int) throws(CompilerError) -> Int? {
        let entry = 4 + slot * 2
        guard entry + 2 <= vtableBytes else { return nil }
        let offset = Int(try buffer.load(UInt16.self, at: vtable + entry))
        return offset == 0 ? nil : position + offset
    }

    func scalar<T: FixedWidthInteger>(_ slot: Int, default value: T) throws(CompilerError) -> T {
        guard let at = try field(slot) else { return value }
        return try buffer.load(T.self, at: at)
    }

    func float(_ slot: Int, default value: Float) throws(CompilerError) -> Float {
        guard let at = try field(slot) else { return value }
        return Float(bitPattern: try buffer.load(UInt32.self, at: at))
    }

    func flag(_ slot: Int) throws(CompilerError) -> Bool {
        try scalar(slot, default: UInt8(0)) != 0
    }

    func table(_ slot: Int) throws(CompilerError) -> FlatTable? {
        guard let at = try field(slot) else { return nil }
        return try FlatTable(buffer: buffer, position: buffer.follow(at))
    }

    /// A vector whose elements have `stride` bytes; empty where absent.
    func vector(_ slot: Int, stride: Int) throws(CompilerError) -> FlatVector {
        guard let at = try field(slot) else {
            return FlatVector(buffer: buffer, start: 0, count: 0, stride: stride)
        }
        let start = try buffer.follow(at)
        let count = Int(try buffer.load(UInt32.self, at: start))
        guard count <= (buffer.bytes.count - start - 4) / stride else {
            throw buffer.outside(start + count * stride)
        }
        return FlatVector(buffer: buffer, start: start + 4, count: count, stride: stride)
    }

    /// At most the first 200 bytes of a string, with anything but printable ASCII replaced.
    func string(_ slot: Int) throws(CompilerError) -> String {
        let characters = try vector(slot, stride: 1)
        let bytes = buffer.bytes[characters.start..<characters.start + min(characters.count, 200)]
        return String(
            decoding: bytes.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

/// A vector inside the file. Its extent has been checked.
struct FlatVector {
    let buffer: FlatBuffer
    let start: Int
    let count: Int
    let stride: Int

    func integer<T: FixedWidthInteger>(_ index: Int, as type: T.Type = T.self) throws(CompilerError) -> T {
        guard index >= 0, index < count else { throw buffer.outside(start + index * stride) }
        return try buffer.load(T.self, at: start + index * stride)
    }

    func integers<T: FixedWidthInteger>(as type: T.Type = T.self) throws(CompilerError) -> [T] {
        var values: [T] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(try integer(index)) }
        return values
    }

    func floats() throws(CompilerError) -> [Float] {
        try integers(as: UInt32.self).map { Float(bitPattern: $0) }
    }

    func table(_ index: Int) throws(CompilerError) -> FlatTable {
        guard index >= 0, index < count else { throw buffer.outside(start + index * 4) }
        return try FlatTable(buffer: buffer, position: buffer.follow(start + index * 4))
    }

    var bytes: ArraySlice<UInt8> { buffer.bytes[start..<start + count * stride] }
}
