// NumPy's .npy format, versions 1 to 3: a magic, a length, a Python dictionary in text, the numbers.
// Specification: numpy.lib.format. Only little-endian numbers in C order are taken; others get a sentence.

/// Reads and writes `.npy` files.
public enum NPY {
    /// The longest header taken. NumPy writes 128 bytes for ordinary arrays and refuses to read over 10,000.
    static let headerLimit = 65_536
    /// The most dimensions taken, which is NumPy's own limit.
    static let dimensionLimit = 64

    /// The array in the file at `path`.
    public static func read(_ path: String) throws(FileError) -> NumericArray {
        try decode(try ByteFile.read(path), name: path)
    }

    /// The array in `bytes`. `name` only appears in error sentences. Bytes after the last value are refused.
    public static func decode(_ bytes: [UInt8], name: String) throws(FileError) -> NumericArray {
        let (header, start) = try readHeader(bytes, name: name)
        let type = try elementType(header.descr, name: name)
        guard !header.fortranOrder else {
            throw FileError(
                name, "is in Fortran order", do: "save it with numpy.save(path, numpy.ascontiguousarray(x))")
        }
        let present = bytes.count - start
        let (count, remainder) = present.quotientAndRemainder(dividingBy: type.bytesPerValue)
        guard remainder == 0, NumericArray.count(of: header.shape) == count else {
            throw FileError(
                name,
                "holds \(present) bytes of values, which do not fit "
                    + "its shape \(header.shape) of \(type)",
                do: "copy or make the file again")
        }
        return bytes.withUnsafeBytes { buffer in
            NumericArray(
                shape: header.shape, values: type.load(UnsafeRawBufferPointer(rebasing: buffer[start...])))
        }
    }

    /// The bytes of a version 1 file, as `numpy.load` takes them: the values start at a multiple of 64.
    public static func encode(_ array: NumericArray) -> [UInt8] {
        let shape =
            array.shape.count == 1
            ? "(\(array.shape[0]),)" : "(" + array.shape.map(String.init).joined(separator: ", ") + ")"
        var header =
            "{'descr': '\(ElementType(array.values).descr)', 'fortran_order': False, 'shape': \(shape), }"
        let unpadded = magic.count + 4 + header.utf8.count + 1
        header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let length = header.utf8.count
        return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8)
            + littleEndianBytes(array.values)
    }

    /// Writes `array` to `path`, whole or not at all.
    public static func write(_ array: NumericArray, to path: String) throws(FileError) {
        try AtomicFile.write(encode(array), to: path)
    }
}

// MARK: - The preamble

extension NPY {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The parsed dictionary and the offset of the first value.
    private static func readHeader(
        _ bytes: [UInt8], name: String
    ) throws(FileError) -> (NPYHeader, start: Int) {
        guard !bytes.isEmpty else { throw FileError(name, "is empty", do: "pass a .npy file") }
        let cutShort = FileError(name, "is a .npy file cut short", do: "copy or make the file again")
        guard bytes.starts(with: magic) else {
            if magic.starts(with: bytes) { throw cutShort }
            throw FileError(name, "is not a .npy file", do: "save the array with numpy.save")
        }
        guard bytes.count >= 12 else { throw cutShort }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw FileError(
                name, "is a .npy file of version \(version)", do: "save it with numpy.save, version 1 to 3")
        }
        let start = version == 1 ? 10 : 12
        let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= headerLimit else {
            throw FileError(
                name, "has a header of \(length) bytes, over the limit of \(headerLimit)",
                do: "save it again with numpy.save")
        }
        guard start + length <= bytes.count else { throw cutShort }
        guard let header = NPYHeader(bytes[start..<start + length]) else {
            throw FileError(name, "has a header that makes no sense", do: "save it again with numpy.save")
        }
        return (header, start + length)
    }

    private static func elementType(_ descr: String, name: String) throws(FileError) -> ElementType {
        if let type = ElementType.allCases.first(where: { $0.spellings.contains(descr) }) { return type }
        let quoted = "(\(printable(descr)))"
        if descr.hasPrefix(">") {
            throw FileError(name, "holds big-endian values \(quoted)", do: "save it little-endian")
        }
        let problem =
            switch descr.drop(while: { "<|=".contains($0) }).first {
            case "O": "holds Python objects"
            case "U", "S": "holds text"
            default: "holds values of an unknown type"
            }
        throw FileError(
            name, "\(problem) \(quoted)",
            do: "save it as int8, uint8, int16, int32, int64, float32 or float64")
    }

    /// What a forged header says, fit for a sentence on a terminal.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(40).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }
}

// MARK: - The values

/// The element types taken, and how they are spelt in a header.
enum ElementType: CaseIterable {
    case int8, uint8, int16, int32, int64, float32, float64

    init(_ values: NumericArray.Values) {
        self =
            switch values {
            case .int8: .int8
            case .uint8: .uint8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .float32: .float32
            case .float64: .float64
            }
    }

    /// NumPy's spelling, as it writes it.
    var descr: String { spellings[0] }

    /// Every spelling read. A single byte has no order, so any mark before it is accepted.
    var spellings: [String] {
        switch self {
        case .int8: ["|i1", "<i1", ">i1", "i1"]
        case .uint8: ["|u1", "<u1", ">u1", "u1"]
        case .int16: ["<i2"]
        case .int32: ["<i4"]
        case .int64: ["<i8"]
        case .float32: ["<f4"]
        case .float64: ["<f8"]
        }
    }

    var bytesPerValue: Int {
        switch self {
        case .int8, .uint8: 1
        case .int16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// The values in `bytes`, whose length is a multiple of `bytesPerValue`.
    func load(_ bytes: UnsafeRawBufferPointer) -> NumericArray.Values {
        switch self {
        case .int8: .int8(bytes.map { Int8(bitPattern: $0) })
        case .uint8: .uint8(Array(bytes))
        case .int16: .int16(Self.words(bytes))
        case .int32: .int32(Self.words(bytes))
        case .int64: .int64(Self.words(bytes))
        case .float32: .float32((Self.words(bytes) as [UInt32]).map { Float(bitPattern: $0) })
        case .float64: .float64((Self.words(bytes) as [UInt64]).map { Double(bitPattern: $0) })
        }
    }

    private static func words<Word: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) -> [Word] {
        let size = MemoryLayout<Word>.size
        return (0..<bytes.count / size).map {
            Word(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Word.self))
        }
    }
}

private func littleEndianBytes(_ values: NumericArray.Values) -> [UInt8] {
    func bytes<Word: FixedWidthInteger>(_ words: [Word]) -> [UInt8] {
        words.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }
    return switch values {
    case .int8(let values): values.map { UInt8(bitPattern: $0) }
    case .uint8(let values): values
    case .int16(let values): bytes(values)
    case .int32(let values): bytes(values)
    case .int64(let values): bytes(values)
    case .float32(let values): bytes(values.map(\.bitPattern))
    case .float64(let values): bytes(values.map(\.bitPattern))
    }
}
