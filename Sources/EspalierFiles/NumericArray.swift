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
    /// The type in the file, as NumPy says it: `float32`; `bool` and `float16` too, whose values are in a wider type here.
    public let typeName: String

    /// - Parameter typeName: that of the file, if it is not the values' own.
    ///
    /// Precondition: as many values as the product of `shape`, all of whose lengths are 0 or more.
    public init(shape: [Int], values: Values, typeName: String? = nil) {
        precondition(shape.allSatisfy { $0 >= 0 }, "A dimension is 0 or more.")
        precondition(Self.count(of: shape) == values.count, "The values and the shape must agree.")
        self.shape = shape
        self.values = values
        self.typeName = typeName ?? values.typeName
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

    /// Every value as an integer.
    ///
    /// - Returns: nil if a float is no integer, or its magnitude is 2^63 or more.
    public func asIntegers() -> [Int]? {
        switch values {
        case .int8(let values): values.map(Int.init)
        case .uint8(let values): values.map(Int.init)
        case .int16(let values): values.map(Int.init)
        case .int32(let values): values.map(Int.init)
        case .int64(let values): values.map(Int.init)
        case .float32(let values): Self.exact(values)
        case .float64(let values): Self.exact(values)
        }
    }

    private static func exact<Value: BinaryFloatingPoint>(_ values: [Value]) -> [Int]? {
        var integers: [Int] = []
        integers.reserveCapacity(values.count)
        for value in values {
            guard let integer = Int(exactly: value) else { return nil }
            integers.append(integer)
        }
        return integers
    }

    /// The array with its axes in the opposite order: what `x.T` is to NumPy.
    func withReversedAxes() -> NumericArray {
        guard shape.count > 1, count > 0 else {
            return NumericArray(shape: shape.reversed(), values: values, typeName: typeName)
        }
        let reversed = Array(shape.reversed())
        // Where the next value of each of the new axes is in the old order.
        var strides: [Int] = []
        var stride = 1
        for length in reversed {
            strides.append(stride)
            stride *= length
        }
        var places: [Int] = []
        places.reserveCapacity(count)
        var index = [Int](repeating: 0, count: reversed.count)
        var place = 0
        for _ in 0..<count {
            places.append(place)
            var axis = reversed.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < reversed[axis] { break }
                place -= strides[axis] * reversed[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return NumericArray(shape: reversed, values: values.taken(from: places), typeName: typeName)
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

    fileprivate func taken(from places: [Int]) -> NumericArray.Values {
        switch self {
        case .int8(let values): .int8(places.map { values[$0] })
        case .uint8(let values): .uint8(places.map { values[$0] })
        case .int16(let values): .int16(places.map { values[$0] })
        case .int32(let values): .int32(places.map { values[$0] })
        case .int64(let values): .int64(places.map { values[$0] })
        case .float32(let values): .float32(places.map { values[$0] })
        case .float64(let values): .float64(places.map { values[$0] })
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
    /// The array at `path`: `file.npy`, `file.npz:name`, or `file.npz` if that holds a single array. What the file holds
    /// decides, not what it is called.
    ///
    /// - Throws: `FileError`; for a name that an archive does not hold, its sentence lists the names that it
    ///   does.
    public static func read(_ path: String) throws(FileError) -> NumericArray {
        let (file, name) = splitArchivePath(path, isFile: ByteFile.exists)
        let bytes = try ByteFile.read(file)
        let format = FileFormat(bytes)
        let isCalledArchive = name != nil || file.hasSuffix(".npz")
        guard format == .archive || (format == nil && isCalledArchive) else {
            guard let name, format == .array else { return try NPY.decode(bytes, name: file) }
            throw FileError(
                file, "is a single .npy array and no archive with an array '\(name)'",
                do: "pass \(file) alone")
        }
        if bytes.isEmpty { throw FileError(file, "is empty", do: "pass a .npz archive") }
        if let name { return try NPZ.decode(bytes, array: name, name: file) }
        let names = try NPZ.names(bytes, name: file)
        guard let first = names.first else { throw NPZ.nothing(file) }
        guard names.count == 1 else {
            throw FileError(
                file, "holds \(names.count) arrays (\(NPZ.listing(names)))",
                do: "name one, as in \(file):\(first)")
        }
        return try NPZ.decode(bytes, array: first, name: file)
    }

    /// The file that holds the array at `path`: `a.npz` for `a.npz:x`.
    public static func file(of path: String) -> String {
        splitArchivePath(path, isFile: ByteFile.exists).archive
    }

    /// `a.npz:x` is ("a.npz", "x"), and so is `a:x` where `a` is a file; the first `.npz:` splits. Anything else is a
    /// path.
    static func splitArchivePath(
        _ path: String, isFile: (String) -> Bool
    ) -> (archive: String, name: String?) {
        guard !isFile(path) else { return (path, nil) }
        if let mark = path.range(of: ".npz:") {
            return (String(path[..<mark.upperBound].dropLast()), String(path[mark.upperBound...]))
        }
        guard let colon = path.lastIndex(of: ":"), isFile(String(path[..<colon])) else { return (path, nil) }
        return (String(path[..<colon]), String(path[path.index(after: colon)...]))
    }
}

extension String {
    /// The first place of `text`.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
