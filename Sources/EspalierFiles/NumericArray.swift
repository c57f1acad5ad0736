// A typed array with a shape: what .npy files hold and what `validate` compares.

/// A dense array of numbers in C order (the last index runs fastest).
public struct NumericArray: Equatable, Sendable {
    /// The values, in one of the types that models and their test data use.
    public enum Values: Equatable, Sendable {
        case int8([Int8])
        case uint8([UInt8])
        case int16([Int16])
        case int32([Int32])
        case int64([Int64])
        case float32([Float])
        case float64([Double])
    }

    /// The length of every dimension; empty for a single number.
    public var shape: [Int]
    /// As many values as the product of `shape`.
    public var values: Values

    /// Precondition: as many values as the product of `shape`, all of whose lengths are 0 or more.
    public init(shape: [Int], values: Values) {
        precondition(shape.allSatisfy { $0 >= 0 }, "A dimension is 0 or more.")
        precondition(Self.count(of: shape) == values.count, "The values and the shape must agree.")
        self.shape = shape
        self.values = values
    }

    /// How many values there are.
    public var count: Int { values.count }

    /// The product of `shape`, or nil if it does not fit an `Int`. A zero anywhere makes it zero.
    static func count(of shape: [Int]) -> Int? {
        if shape.contains(0) { return 0 }
        var count = 1
        for length in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            count = product
        }
        return count
    }

    /// Every value as an integer; a float is rounded to the nearest, halves away from zero.
    ///
    /// - Returns: nil if a float is not finite or its magnitude is 2^63 or more.
    public func asIntegers() -> [Int]? {
        switch values {
        case .int8(let values): values.map(Int.init)
        case .uint8(let values): values.map(Int.init)
        case .int16(let values): values.map(Int.init)
        case .int32(let values): values.map(Int.init)
        case .int64(let values): values.map(Int.init)
        case .float32(let values): Self.rounded(values)
        case .float64(let values): Self.rounded(values)
        }
    }

    private static func rounded<Value: BinaryFloatingPoint>(_ values: [Value]) -> [Int]? {
        var integers: [Int] = []
        integers.reserveCapacity(values.count)
        for value in values {
            guard let integer = Int(exactly: value.rounded()) else { return nil }
            integers.append(integer)
        }
        return integers
    }
}

extension NumericArray.Values {
    /// How many values there are.
    public var count: Int {
        switch self {
        case .int8(let values): values.count
        case .uint8(let values): values.count
        case .int16(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .float32(let values): values.count
        case .float64(let values): values.count
        }
    }

    /// The type's name as NumPy says it: `int8`, `float32`.
    public var typeName: String {
        switch self {
        case .int8: "int8"
        case .uint8: "uint8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .float32: "float32"
        case .float64: "float64"
        }
    }
}

// MARK: - Files

extension NumericArray {
    /// The array at `path`: `file.npy`, `file.npz:name`, or `file.npz` if that holds a single array.
    ///
    /// - Throws: `FileError`; for a name that an archive does not hold, its sentence lists the names that it
    ///   does.
    public static func read(_ path: String) throws(FileError) -> NumericArray {
        guard let (archive, name) = splitArchivePath(path) else { return try NPY.read(path) }
        if let name { return try NPZ.read(archive, name: name) }
        let names = try NPZ.names(archive)
        guard names.count == 1 else {
            throw FileError(
                archive, "holds \(names.count) arrays (\(NPZ.listing(names)))",
                do: "name one, as in \(archive):\(names.first ?? "x")")
        }
        return try NPZ.read(archive, name: names[0])
    }

    /// The file that holds the array at `path`: `a.npz` for `a.npz:x`.
    public static func file(of path: String) -> String { splitArchivePath(path)?.archive ?? path }

    /// `a.npz:x` is ("a.npz", "x"), `a.npz` is ("a.npz", nil), anything else nil. The first `.npz:` splits.
    static func splitArchivePath(_ path: String) -> (archive: String, name: String?)? {
        if path.hasSuffix(".npz") { return (path, nil) }
        let bytes = Array(path.utf8)
        let mark = Array(".npz:".utf8)
        guard bytes.count >= mark.count,
            let start = (0...bytes.count - mark.count).first(where: { bytes[$0...].starts(with: mark) })
        else { return nil }
        let archive = String(decoding: bytes[..<(start + 4)], as: UTF8.self)
        return (archive, String(decoding: bytes[(start + 5)...], as: UTF8.self))
    }
}
