// The parts of a TFLite file that Espalier reads, by their slot numbers in TensorFlow Lite's schema.fbs (version 3).

/// One .tflite file: its single subgraph's tensors and operators.
struct TFLiteModel {
    let tensors: [TFLiteTensor]
    let operators: [TFLiteOperator]
    let inputs: [Int]
    let outputs: [Int]

    /// - Throws: a sentence for a file that is no TFLite model, is damaged, or has no or several subgraphs.
    init(bytes: [UInt8]) throws(CompilerError) {
        guard bytes.count >= 8, Array(bytes[4..<8]) == Array("TFL3".utf8) else {
            throw CompilerError(
                "This is not a TFLite model (its bytes 4 to 7 are not \"TFL3\"); pass a .tflite file.")
        }
        let buffer = FlatBuffer(bytes: bytes)
        let model = try buffer.root()
        let codes = try model.vector(1, stride: 4)
        let subgraphs = try model.vector(2, stride: 4)
        let buffers = try model.vector(4, stride: 4)
        guard subgraphs.count == 1 else {
            throw CompilerError(
                "The model has \(subgraphs.count) subgraphs, and Espalier compiles exactly one; export it without "
                    + "control flow.")
        }
        let subgraph = try subgraphs.table(0)

        let tensorTables = try subgraph.vector(0, stride: 4)
        try TFLiteModel.limit(tensorTables.count, "tensors")
        var tensors: [TFLiteTensor] = []
        for index in 0..<tensorTables.count {
            tensors.append(try TFLiteTensor(tensorTables.table(index), index: index, buffers: buffers))
        }
        self.tensors = tensors

        let operatorTables = try subgraph.vector(3, stride: 4)
        try TFLiteModel.limit(operatorTables.count, "operators")
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
    let type: ElementType
    let scales: FlatVector
    let zeroPoints: FlatVector
    let data: FlatVector

    /// schema.fbs `TensorType`.
    enum ElementType: Int8 {
        case float32 = 0
        case float16, int32, uint8, int64, string, bool, int16, complex64, int8, float64
    }

    init(_ table: FlatTable, index: Int, buffers: FlatVector) throws(CompilerError) {
        self.index = index
        name = try table.string(3)
        let dimensions = try table.vector(0, stride: 4)
        guard dimensions.count <= 8 else {
            throw CompilerError(
                "Tensor \(index) ('\(name)') has \(dimensions.count) dimensions; at most 4 are supported.")
        }
        shape = try dimensions.integers(as: Int32.self).map(Int.init)
        let code = try table.scalar(1, default: Int8(0))
        guard let type = ElementType(rawValue: code) else {
            throw CompilerError(
                "Tensor \(index) ('\(name)') has element type \(code), which is not supported; quantise the model to int8."
            )
        }
        self.type = type
        let quantisation = try table.table(4)
        let none = FlatVector(buffer: table.buffer, start: 0, count: 0, stride: 1)
        scales = try quantisation?.vector(2, stride: 4) ?? none
        zeroPoints = try quantisation?.vector(3, stride: 8) ?? none
        let buffer = Int(try table.scalar(2, default: UInt32(0)))
        data = buffer == 0 ? none : try buffers.table(buffer).vector(0, stride: 1)
    }

    var isConstant: Bool { data.count > 0 }
}

/// An operator as stored in the file.
struct TFLiteOperator {
    let index: Int
    let code: Int
    let inputs: [Int]
    let outputs: [Int]
    let options: FlatTable?

    init(_ table: FlatTable, index: Int, codes: FlatVector, tensorCount: Int) throws(CompilerError) {
        self.index = index
        let entry = try codes.table(Int(try table.scalar(0, default: UInt32(0))))
        code = max(Int(try entry.scalar(0, default: Int8(0))), Int(try entry.scalar(3, default: Int32(0))))
        inputs = try TFLiteModel.indices(table.vector(1, stride: 4), below: tensorCount)
        outputs = try TFLiteModel.indices(table.vector(2, stride: 4), below: tensorCount)
        options = try table.table(4)
    }

    var name: String {
        TFLiteOperator.names.indices.contains(code) ? TFLiteOperator.names[code] : "operator code \(code)"
    }

    /// schema.fbs `BuiltinOperator`, in order of its values.
    static let names: [String] = """
        ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR \
        FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC \
        LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH \
        SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN \
        GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM \
        STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST \
        PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV \
        SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD \
        REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE \
        ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V \
        UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE \
        MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 \
        DENSIFY SEGMENT_SUM BATCH_MATMUL
        """.split(separator: " ").map(String.init)
}
