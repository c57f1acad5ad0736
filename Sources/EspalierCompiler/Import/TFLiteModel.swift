// The parts of a TFLite file that Espalier reads, by their slot numbers in TensorFlow Lite's schema.fbs (version 3).

/// One .tflite file: its first subgraph's tensors and operators, and what else the survey asks about.
struct TFLiteModel {
    var tensors: [TFLiteTensor]
    let operators: [TFLiteOperator]
    let inputs: [Int]
    let outputs: [Int]
    let subgraphCount: Int
    /// The names of the model's entry points; older files have none.
    let signatures: [String]

    /// - Throws: a sentence for a file that is no TFLite model or is damaged.
    init(bytes: [UInt8]) throws(CompilerError) {
        if let sentence = FileKind.sentence(for: FileEnds(of: bytes)) { throw CompilerError(sentence) }
        let buffer = FlatBuffer(bytes: bytes)
        let model = try buffer.root()
        let codes = try model.vector(1, stride: 4)
        let subgraphs = try model.vector(2, stride: 4)
        subgraphCount = subgraphs.count
        guard subgraphCount > 0 else {
            throw CompilerError("The file holds no model: it has no subgraph; export the model again.")
        }
        let subgraph = try subgraphs.table(0)
        let tensorTables = try subgraph.vector(0, stride: 4)
        try TFLiteModel.limit(tensorTables.count, "tensors")
        let operatorTables = try subgraph.vector(3, stride: 4)
        try TFLiteModel.limit(operatorTables.count, "operators")
        let buffers = try TFLiteBuffers(
            model.vector(4, stride: 4), besides: [codes, subgraphs, tensorTables, operatorTables])
        let signatureTables = try model.vector(7, stride: 4)
        var signatures: [String] = []
        for index in 0..<min(signatureTables.count, 16) {
            signatures.append(try signatureTables.table(index).string(2))
        }
        self.signatures = signatures

        var tensors: [TFLiteTensor] = []
        for index in 0..<tensorTables.count {
            tensors.append(try TFLiteTensor(tensorTables.table(index), index: index, buffers: buffers))
        }
        self.tensors = tensors

        var operators: [TFLiteOperator] = []
        for index in 0..<operatorTables.count {
            operators.append(
                try TFLiteOperator(
                    operatorTables.table(index), index: index, codes: codes, tensorCount: tensors.count))
        }
        self.operators = operators

        inputs = try TFLiteModel.indices(subgraph.vector(1, stride: 4), below: tensors.count)
        outputs = try TFLiteModel.indices(subgraph.vector(2, stride: 4), below: tensors.count)
    }

    /// Tensor indices; -1 stands for an absent optional operand.
    static func indices(_ vector: FlatVector, below count: Int) throws(CompilerError) -> [Int] {
        try limit(vector.count, "operands of one operator")
        var indices: [Int] = []
        for position in 0..<vector.count {
            let index = Int(try vector.integer(position, as: Int32.self))
            guard index >= -1, index < count else {
                throw CompilerError(
                    "The file is damaged: it refers to tensor \(index) of \(count); fetch or export the model again."
                )
            }
            indices.append(index)
        }
        return indices
    }

    /// Indices in the contract are 16-bit.
    private static func limit(_ count: Int, _ what: String) throws(CompilerError) {
        guard count <= 16_384 else {
            throw CompilerError(
                "The model has \(count) \(what), and Espalier takes at most 16384; split the model.")
        }
    }
}

/// A tensor as stored in the file.
struct TFLiteTensor {
    let index: Int
    let name: String
    let shape: [Int]
    /// The shape with -1 for sides that are free; empty where the file has none.
    let shapeSignature: [Int]
    let type: ElementType
    let scales: FlatVector
    let zeroPoints: FlatVector
    let data: FlatVector
    /// Keeps its value from one run to the next.
    let isVariable: Bool
    /// Its values are in a file of their own.
    let isElsewhere: Bool
    let sparsity: FlatTable?
    /// The values of a constant that the file stores in another way: sparse, or behind DENSIFY.
    var dense: Result<[Int8], CompilerError>?

    /// schema.fbs `TensorType`, and one for what it did not know when this was written.
    enum ElementType: Int8 {
        case float32 = 0
        case float16, int32, uint8, int64, string, bool, int16, complex64, int8, float64
        case complex128, uint64, resource, variant, uint32, uint16, int4, bfloat16, int2, uint4
        case float8e4m3fn, float8e5m2
        case unknown = -1

        var isFloat: Bool { [.float32, .float16, .bfloat16, .float64].contains(self) }
        var isEightBit: Bool { self == .int8 || self == .uint8 }
    }

    init(_ table: FlatTable, index: Int, buffers: TFLiteBuffers) throws(CompilerError) {
        self.index = index
        name = try table.string(3)
        shape = try TFLiteTensor.sides(table.vector(0, stride: 4), index, name)
        shapeSignature = try TFLiteTensor.sides(table.vector(7, stride: 4), index, name)
        type = ElementType(rawValue: try table.scalar(1, default: Int8(0))) ?? .unknown
        let quantisation = try table.table(4)
        let none = FlatVector(buffer: table.buffer, start: 0, count: 0, stride: 1)
        scales = try quantisation?.vector(2, stride: 4) ?? none
        zeroPoints = try quantisation?.vector(3, stride: 8) ?? none
        let buffer = Int(try table.scalar(2, default: UInt32(0)))
        data = buffer == 0 ? none : try buffers[buffer]
        isVariable = try table.flag(5)
        sparsity = try table.table(6)
        let external = try table.scalar(10, default: UInt32(0))
        isElsewhere = data.count == 0 && external != 0
    }

    private static func sides(_ vector: FlatVector, _ index: Int, _ name: String) throws(CompilerError)
        -> [Int]
    {
        guard vector.count <= 8 else {
            throw CompilerError(
                "Tensor \(index) ('\(name)') has \(vector.count) dimensions; at most 4 are supported.")
        }
        return try vector.integers(as: Int32.self).map(Int.init)
    }

    var isConstant: Bool { data.count > 0 || dense != nil }
}

/// An operator as stored in the file.
struct TFLiteOperator {
    let index: Int
    /// TFLite's name for it; a custom operator's own name stands in quotes.
    let name: String
    /// The name its author gave to a custom operator.
    let customName: String?
    let inputs: [Int]
    let outputs: [Int]
    let options: FlatTable?

    init(_ table: FlatTable, index: Int, codes: FlatVector, tensorCount: Int) throws(CompilerError) {
        self.index = index
        let entry = try codes.table(Int(try table.scalar(0, default: UInt32(0))))
        let code = max(
            Int(try entry.scalar(0, default: Int8(0))), Int(try entry.scalar(3, default: Int32(0))))
        customName = code == OperatorNames.custom ? try entry.string(1) : nil
        name = customName.map { "CUSTOM '\($0)'" } ?? OperatorNames.name(of: code)
        inputs = try TFLiteModel.indices(table.vector(1, stride: 4), below: tensorCount)
        outputs = try TFLiteModel.indices(table.vector(2, stride: 4), below: tensorCount)
        options = try table.table(4)
    }
}
