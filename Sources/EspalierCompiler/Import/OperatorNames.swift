// What TFLite calls its operators, and what those mean that Espalier does not have.

enum OperatorNames {
    /// The code of operators that are not TFLite's own and have a name of their own.
    static let custom = 32

    static func name(of code: Int) -> String {
        builtin.indices.contains(code) ? builtin[code] : "operator code \(code)"
    }

    /// schema.fbs `BuiltinOperator`, in order of its values.
    private static let builtin: [String] = """
        ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE \
        EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D \
        LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 \
        RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM \
        EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND \
        TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN \
        EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX \
        MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV \
        SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT \
        REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV \
        REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU \
        SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU \
        REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE \
        NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL \
        PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS \
        HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE \
        READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM \
        MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX \
        UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT \
        STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM \
        STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM \
        STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS \
        STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM \
        STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT \
        STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT \
        STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA \
        STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER \
        STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE \
        STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
        """.split(separator: " ").map(String.init)

    /// What an operator that is not supported means for its model, and what to do.
    static func meaning(of node: TFLiteOperator) -> Meaning {
        let name = node.customName ?? node.name
        let known = (node.customName == nil ? builtins : customs).first { $0.covers(name) }
        return known ?? (node.customName == nil ? unknownBuiltin : unknownCustom)
    }

    struct Meaning: Sendable {
        enum Kind {
            /// A whole model in an accelerator's own code.
            case compiled
            /// It runs other subgraphs.
            case controlFlow
            /// It only makes boxes of what a detector computed.
            case postProcessing
            case other
        }

        let kind: Kind
        let sentence: String
        /// The names it holds for; a * stands for any ending.
        fileprivate let names: [String]

        fileprivate init(_ names: String, is kind: Kind = .other, _ sentence: String) {
            self.names = names.split(separator: " ").map(String.init)
            self.kind = kind
            self.sentence = sentence
        }

        fileprivate func covers(_ name: String) -> Bool {
            names.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
        }
    }

    private static let unknownBuiltin = Meaning(
        "",
        "this operator is not supported; docs/operators.md lists those that are. Export the model without it."
    )
    private static let unknownCustom = Meaning(
        "", "a custom operator that is not part of TFLite; export the model without it.")

    private static let customs = [
        Meaning(
            "edgetpu-custom-op", is: .compiled,
            "compiled for an Edge TPU; take the .tflite from before edgetpu_compiler (without _edgetpu in its name)."
        ),
        Meaning(
            "ethos-u", is: .compiled,
            "compiled by Vela for an Arm Ethos-U; take the .tflite from before Vela (without _vela in its name)."
        ),
        Meaning(
            "NeutronGraph", is: .compiled,
            "compiled for NXP's Neutron NPU; take the .tflite from before the Neutron converter."),
        Meaning(
            "vsi-npu", is: .compiled, "compiled for a VeriSilicon NPU; take the .tflite from before that."),
        Meaning(
            "DISPATCH_OP", is: .compiled,
            "compiled ahead of time for an NPU; take the .tflite from before that."),
        Meaning("MTKEXT_*", is: .compiled, "compiled for a MediaTek APU; take the .tflite from before that."),
        Meaning(
            "TFLite_Detection_PostProcess", is: .postProcessing,
            "post-processing (boxes and non-maximum suppression), which Espalier leaves to your program; cut the model "
                + "before it or export it without."),
        Meaning(
            "NonMaxSuppression* CombinedNonMaxSuppression", is: .postProcessing,
            "post-processing (non-maximum suppression), which Espalier leaves to your program; export the model without "
                + "it."),
        Meaning(
            "Flex*",
            "an operator of TensorFlow itself (select TF ops); convert with TFLITE_BUILTINS_INT8 alone, without "
                + "SELECT_TF_OPS."),
        Meaning(
            "Convolution2DTransposeBias MaxPoolingWithArgmax2D MaxUnpooling2D Landmarks2TransformMatrix "
                + "TransformLandmarks TransformTensorBilinear Resampler",
            "one of MediaPipe's own operators, which only MediaPipe runs; export the model without it."),
        Meaning(
            "AudioSpectrogram Mfcc Signal*",
            "audio processing inside the model; cut the model behind it and compute the features in your program."
        ),
        Meaning(
            "SimpleML*",
            "a decision forest of TensorFlow Decision Forests and no neural network; pass a network."),
        Meaning(
            "NumericVerify", "a check of the quantisation debugger; convert the model without the debugger."),
    ]

    private static let builtins = [
        Meaning(
            "LSTM RNN SVDF UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN BIDIRECTIONAL_SEQUENCE_LSTM "
                + "BIDIRECTIONAL_SEQUENCE_RNN",
            "recurrent layers are not supported; use a convolutional model."),
        Meaning(
            "VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE",
            "variables that live from one run to the next are not supported; export the model without state."),
        Meaning(
            "IF WHILE CALL CALL_ONCE STABLEHLO_WHILE STABLEHLO_CASE STABLEHLO_COMPOSITE", is: .controlFlow,
            "control flow is not supported; export the model without branches, loops and calls."),
        Meaning(
            "NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 TOPK_V2", is: .postProcessing,
            "post-processing is not supported and left to your program; cut the model before it or export it without."
        ),
        Meaning(
            "ARG_MAX ARG_MIN",
            "it is not supported, nor needed for classes: Espalier takes the best score itself; export the model without "
                + "it."),
        Meaning(
            "SHAPE STRIDED_SLICE PACK",
            "computing shapes while running is not supported; convert with a fixed batch size, e.g. "
                + "keras.Input(shape=..., batch_size=1)."),
        Meaning(
            "FAKE_QUANT",
            "the model was prepared for quantisation but is not quantised; convert it to int8 with a representative "
                + "dataset."),
        Meaning(
            "DELEGATE",
            "a part given to a delegate while running, which no file should hold; export the model again."),
        Meaning(
            "STABLEHLO_*",
            "StableHLO operators are not supported; convert the model to TFLite's built-in operators "
                + "(TFLITE_BUILTINS_INT8)."),
    ]
}
