import EspalierFiles

extension LayerValidation.Row {
    /// A recorded constant compared with the file's, value by value as they are stored there.
    init(_ name: String, _ constant: TFLiteTensor, recorded array: NumericArray) {
        self.init(
            tensor: name, name: constant.name, values: 0, valuesIdentical: 0, greatestDifference: 0,
            isFolded: false, channelsConstant: 0, channelsDead: 0)
        guard let values = constant.comparable, let recorded = array.comparable(to: constant.type) else {
            leftOut = "a constant of another type than \(array.typeName), or stored in another way"
            return
        }
        isConstant = true
        // Recordings that stack all tensors have a constant once for each input.
        let isRepeated = !values.isEmpty && !recorded.isEmpty && recorded.count % values.count == 0
        self.values = isRepeated ? recorded.count : max(values.count, recorded.count)
        for (index, other) in recorded.enumerated() where isRepeated || index < values.count {
            let value = values[index % values.count]
            if value == other { valuesIdentical += 1 }
            let difference = abs(value - other).rounded(.up)
            greatestDifference = max(greatestDifference, difference < 1e18 ? Int(difference) : Int.max)
        }
    }
}

extension NumericArray {
    /// The values, if the array has the type of a file's tensor.
    fileprivate func comparable(to type: TFLiteTensor.ElementType) -> [Double]? {
        guard typeName == "\(type)" else { return nil }
        return switch values {
        case .int8(let values): values.map(Double.init)
        case .uint8(let values): values.map(Double.init)
        case .int16(let values): values.map(Double.init)
        case .int32(let values): values.map(Double.init)
        case .int64(let values): values.map(Double.init)
        case .float32(let values): values.map(Double.init)
        case .float64(let values): values
        }
    }
}

extension TFLiteTensor {
    /// A constant's values where the file has them in order; nil for other types.
    fileprivate var comparable: [Double]? {
        func values<Word: FixedWidthInteger>(_: Word.Type) -> [Word]? {
            let size = MemoryLayout<Word>.size
            guard data.count % size == 0 else { return nil }
            let words = FlatVector(
                buffer: data.buffer, start: data.start, count: data.count / size, stride: size)
            return try? words.integers(as: Word.self)
        }
        return switch type {
        case .int8: values(Int8.self)?.map(Double.init)
        case .uint8: values(UInt8.self)?.map(Double.init)
        case .int16: values(Int16.self)?.map(Double.init)
        case .int32: values(Int32.self)?.map(Double.init)
        case .int64: values(Int64.self)?.map(Double.init)
        case .float32: values(UInt32.self)?.map { Double(Float(bitPattern: $0)) }
        default: nil
        }
    }
}
