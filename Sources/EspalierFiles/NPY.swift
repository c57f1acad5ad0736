// NumPy's .npy format, versions 1 to 3: a magic, a length, a Python dictionary in text, the numbers.
// Specification: numpy.lib.format. Numbers of either byte order, in C or Fortran order; others get a sentence.

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
        let present = bytes.count - start
        let (count, remainder) = present.quotientAndRemainder(dividingBy: type.size)
        guard remainder == 0, NumericArray.count(of: header.shape) == count else {
            throw FileError(
                name,
                "holds \(present) bytes of values, which do not fit "
                    + "its shape \(header.shape) of \(type.name)",
                do: "copy or make the file again")
        }
        let values = bytes.withUnsafeBytes { type.load(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        guard let values else {
            throw FileError(
                name, "holds uint64 values of 2^63 and more", do: "save it as int64, float32 or float64")
        }
        let array = NumericArray(
            shape: header.fortranOrder ? header.shape.reversed() : header.shape, values: values,
            typeName: type.name)
        return header.fortranOrder ? array.withReversedAxes() : array
    }

    /// The bytes of a version 1 file, as `numpy.load` takes them: the values start at a multiple of 64.
    public static func encode(_ array: NumericArray) -> [UInt8] {
        let shape =
            array.shape.count == 1
            ? "(\(array.shape[0]),)" : "(" + array.shape.map(String.init).joined(separator: ", ") + ")"
        var header =
            "{'descr': '\(descr(array.values))', 'fortran_order': False, 'shape': \(shape), }"
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
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The parsed dictionary and the offset of the first value.
    private static func readHeader(
        _ bytes: [UInt8], name: String
    ) throws(FileError) -> (NPYHeader, start: Int) {
        guard !bytes.isEmpty else { throw FileError(name, "is empty", do: "pass a .npy file") }
        let cutShort = FileError(name, "is a .npy file cut short", do: "copy or make the file again")
        guard bytes.starts(with: magic) else {
            if magic.starts(with: bytes) { throw cutShort }
            throw notAnArray(bytes, name)
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

    /// What was given instead of a .npy file, and how it becomes one.
    private static func notAnArray(_ bytes: [UInt8], _ name: String) -> FileError {
        let save = "save the array with numpy.save"
        guard let kind = FileFormat(bytes) else { return FileError(name, "is not a .npy file", do: save) }
        let remedy =
            switch kind {
            case .png, .jpeg:
                "pass pictures as a folder with a folder for each class, or save their pixels with numpy.save"
            case .other("a Python pickle"): "load it with pickle and \(save)"
            case .other("a MATLAB file"): "load it with scipy.io.loadmat and \(save)"
            case .other(let text) where text.hasPrefix("text"): "load it with numpy.loadtxt and \(save)"
            case .other(let text) where text.hasSuffix("compressed file"): "unpack it"
            default: save
            }
        return FileError(name, "is \(kind.text), not a .npy file", do: remedy)
    }

    private static func elementType(_ descr: String, name: String) throws(FileError) -> ElementType {
        if let type = ElementType(descr) { return type }
        let problem =
            switch descr.drop(while: { "<>|=".contains($0) }).first {
            case "O": "holds Python objects"
            case "U", "S": "holds text"
            case "[": "holds records of several fields"
            case "c": "holds complex numbers"
            case "M", "m": "holds dates or times"
            default: "holds values of an unknown type"
            }
        throw FileError(
            name, "\(problem) (\(printable(descr)))",
            do: "save it as int8, uint8, int16, int32, int64, float32 or float64")
    }

    /// What a forged header says, fit for a sentence on a terminal.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(40).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }
}

// MARK: - The values

/// How a header spells an element type: its byte order, kind and size. What `NumericArray.Values` has no case for is
/// widened without loss.
private struct ElementType {
    enum Kind: Character {
        case boolean = "b"
        case signed = "i"
        case unsigned = "u"
        case float = "f"
    }

    let kind: Kind
    let size: Int
    let isBigEndian: Bool

    init?(_ descr: String) {
        let order = descr.first.flatMap { "<>|=".contains($0) ? $0 : nil }
        let rest = order == nil ? descr[...] : descr.dropFirst()
        guard let kind = rest.first.flatMap(Kind.init), let size = Int(rest.dropFirst()) else { return nil }
        let sizes: [Int]
        switch kind {
        case .boolean: sizes = [1]
        case .signed, .unsigned: sizes = [1, 2, 4, 8]
        case .float: sizes = [2, 4, 8]
        }
        // Only a single byte has no order.
        guard sizes.contains(size), size == 1 || (order != nil && order != "|") else { return nil }
        self.kind = kind
        self.size = size
        isBigEndian = order == ">"
    }

    /// As NumPy says it.
    var name: String {
        switch kind {
        case .boolean: "bool"
        case .signed: "int\(size * 8)"
        case .unsigned: "uint\(size * 8)"
        case .float: "float\(size * 8)"
        }
    }

    /// The values in `bytes`, whose length is a multiple of `size`; nil where one does not fit the wider type.
    func load(_ bytes: UnsafeRawBufferPointer) -> NumericArray.Values? {
        switch (kind, size) {
        case (.signed, 1): .int8(bytes.map { Int8(bitPattern: $0) })
        case (.unsigned, 1): .uint8(Array(bytes))
        case (.boolean, _): .uint8(bytes.map { $0 == 0 ? 0 : 1 })
        case (.signed, 2): .int16(words(bytes))
        case (.signed, 4): .int32(words(bytes))
        case (.signed, _): .int64(words(bytes))
        case (.unsigned, 2): .int32((words(bytes) as [UInt16]).map(Int32.init))
        case (.unsigned, 4): .int64((words(bytes) as [UInt32]).map(Int64.init))
        case (.unsigned, _): narrowed(words(bytes))
        case (.float, 2): .float32((words(bytes) as [UInt16]).map(Float.init(halfBits:)))
        case (.float, 4): .float32((words(bytes) as [UInt32]).map { Float(bitPattern: $0) })
        case (.float, _): .float64((words(bytes) as [UInt64]).map { Double(bitPattern: $0) })
        }
    }

    private func words<Word: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) -> [Word] {
        let size = MemoryLayout<Word>.size
        return (0..<bytes.count / size).map {
            let word = bytes.loadUnaligned(fromByteOffset: $0 * size, as: Word.self)
            return isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word)
        }
    }

    private func narrowed(_ words: [UInt64]) -> NumericArray.Values? {
        words.contains { $0 > Int64.max } ? nil : .int64(words.map(Int64.init))
    }
}

extension Float {
    /// IEEE 754 binary16, every value of which a Float holds.
    fileprivate init(halfBits bits: UInt16) {
        let fraction = UInt32(bits & 0x3FF)
        let exponent = UInt32(bits >> 10 & 0x1F)
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        switch exponent {
        case 0: self = sign * Float(fraction) * 0x1p-24
        case 31: self = fraction == 0 ? sign * .infinity : .nan
        default: self = sign * Float(bitPattern: (exponent + 112) << 23 | fraction << 13)
        }
    }
}

private func descr(_ values: NumericArray.Values) -> String {
    switch values {
    case .int8: "|i1"
    case .uint8: "|u1"
    case .int16: "<i2"
    case .int32: "<i4"
    case .int64: "<i8"
    case .float32: "<f4"
    case .float64: "<f8"
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
