import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// The models of Tests/Fixtures/make_refused.py and what each is refused with: the first sentence says what matters most,
/// each further thing has a line.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let model: String
        /// How the first line begins.
        let first: String
        /// What it says to do, or has in it besides.
        let also: String
        /// How each further line begins, after its two blanks.
        var lines: [String] = []

        init(_ model: String, _ first: String, _ also: String, _ lines: String...) {
            self.model = model
            self.first = first
            self.also = also
            self.lines = lines
        }

        var testDescription: String { model }
    }

    private static let operators = [
        Case(
            "custom_edgetpu", "Operator 0 (CUSTOM 'edgetpu-custom-op'): compiled for an Edge TPU",
            "take the .tflite from before edgetpu_compiler"),
        Case(
            "custom_edgetpu_detector", "Operator 0 (CUSTOM 'edgetpu-custom-op'): compiled for an Edge TPU",
            "edgetpu_compiler", "Operator 3 (CUSTOM 'TFLite_Detection_PostProcess'): post-processing"),
        Case(
            "custom_ethos_u", "Operator 0 (CUSTOM 'ethos-u'): compiled by Vela for an Arm Ethos-U",
            "take the .tflite from before Vela"),
        Case(
            "custom_postprocess", "Operator 7 (CUSTOM 'TFLite_Detection_PostProcess'): post-processing",
            "cut the model before it"),
        Case(
            "custom_flex", "Operator 1 (CUSTOM 'FlexErf'): an operator of TensorFlow itself", "SELECT_TF_OPS"),
        Case(
            "custom_mediapipe",
            "Operator 0 (CUSTOM 'MaxPoolingWithArgmax2D'): one of MediaPipe's own operators",
            "export the model without it",
            "Operator 1 (CUSTOM 'Convolution2DTransposeBias'): likewise."),
        Case(
            "custom_unknown", "Operator 0 (CUSTOM 'MySecretOp'): a custom operator",
            "export the model without it"),
        Case(
            "custom_named_like_a_builtin", "Operator 0 (CUSTOM 'CONV_2D'): a custom operator",
            "not part of TFLite"),
        Case(
            "lstm", "Operator 0 (UNIDIRECTIONAL_SEQUENCE_LSTM): recurrent layers are not supported",
            "use a convolutional model"),
        Case("state", "Operator 0 (CONCATENATION): it reads 't1', which keeps its value", "without state"),
        Case(
            "several_operators", "Operator 1 (HARD_SWISH, the first of 3): this operator is not supported",
            "docs/operators.md", "Operator 2 (PRELU, the first of 2): likewise.",
            "Operator 4 (ELU): likewise.",
            "Operator 7 (MEAN): only the mean over height and width is supported, not over axes [1]."),
        Case(
            "arg_max", "Operator 2 (ARG_MAX): it is not supported, nor needed for classes",
            "takes the best score itself"),
        Case(
            "stablehlo", "Operator 0 (STABLEHLO_ADD): StableHLO operators are not supported",
            "TFLITE_BUILTINS_INT8"),
        Case(
            "operator_and_limits", "Operator 1 (ELU): this operator is not supported", "docs/operators.md",
            "Operator 2 (MEAN): only the mean over height and width"),
        Case(
            "concatenation_of_scales", "Operator 1 (CONCATENATION): 't1' has scale 0.2",
            "TFLiteConverter gives them all one"),
    ]

    private static let numbers = [
        Case("float32", "This is a float32 model, and Espalier takes full int8", "representative dataset"),
        Case(
            "float32_sparse", "This is a float32 model, and Espalier takes full int8",
            "representative dataset"),
        Case("float16", "This is a float16 model", "computed in float32"),
        Case(
            "dynamic_range", "This is a dynamic-range quantised model (int8 weights",
            "inputs and outputs are float32"),
        Case(
            "dynamic_range_int4", "This is a dynamic-range quantised model (int4 weights",
            "representative dataset"),
        Case(
            "weights_only", "Only this model's weights are int8; it computes in float32",
            "representative dataset"),
        Case(
            "int16", "This model computes in int16 (16x8 quantisation", "without EXPERIMENTAL_TFLITE_BUILTINS"
        ),
        Case(
            "float32_with_unknown_operator", "Operator 2 (GELU): this operator is not supported",
            "docs/operators.md",
            "This is a float32 model"),
        Case(
            "softmax_in_float",
            "Part of this model computes in float32 (1 of its 3 operators, the first is operator 2, SOFTMAX)",
            "convert the whole model"),
        Case(
            "int4_weights", "Operator 0 (CONV_2D): 't1' is int4, and Espalier computes in int8", "full int8"),
        Case("unquantised", "Operator 0 (RESHAPE): tensor 't1' has no quantisation", "full int8"),
    ]

    private static let structure = [
        Case(
            "two_inputs", "The model has 2 inputs ('t0' [1, 4, 4, 3], 't1' [1, 4, 4, 3])", "takes exactly one"
        ),
        Case("no_inputs", "The model has 0 inputs", "takes exactly one"),
        Case("no_operators", "The model has no operators", "export it again"),
        Case(
            "signatures", "The model has 2 subgraphs (signatures 'encode', 'decode')",
            "export the one you need"),
        Case("control_flow", "Operator 1 (WHILE): control flow is not supported", "without branches"),
        Case(
            "free_size", "The model's input 't0' has shape [-1, -1, -1, 3], with sides that are free",
            "a fixed size"),
        Case("zero_size", "The model's input 't0' has shape [1, 0, 4, 3]", "a fixed size"),
        Case("batch_of_8", "The model's input 't0' takes 8 pictures at once", "batch size 1"),
        Case("video", "The model's input 't0' has 5 dimensions", "[1, height, width, channels]"),
        Case("weights_in_another_file", "The values of 't2' are in another file", "in one file"),
    ]

    private static func sparse(_ name: String, _ what: String) -> Case {
        Case(
            "sparse_\(name)", "Operator 0 (FULLY_CONNECTED): sparse tensor 't2' is damaged: \(what)",
            "; fetch or export the model again.")
    }

    private static let storage = [
        sparse("segments_descend", "the segments of dimension 1 do not ascend (row 2)"),
        sparse("segments_too_few", "dimension 1 has 8 segments where 9 are needed"),
        sparse("segments_too_many", "dimension 1 has 10 segments where 9 are needed"),
        sparse("segments_begin_late", "the segments of dimension 1 do not begin with 0"),
        sparse(
            "segments_end_late", "the segments of dimension 1 do not begin with 0 and end with its 35 indices"
        ),
        sparse("segments_missing", "a compressed dimension has no segments"),
        sparse("index_out_of_range", "dimension 1 has index 16, but its shape [8, 16] allows 0 to 15"),
        sparse("indices_descend", "the indices of dimension 1 do not ascend (row 0)"),
        sparse("indices_of_no_kind", "its indices are of kind 0"),
        sparse("values_too_few", "it has 40 values where its segments and indices place 41"),
        sparse("values_too_many", "it has 40 values where its segments and indices place 39"),
        sparse("order_too_short", "its traversal order [0]"),
        sparse("order_repeats", "its traversal order [1, 1]"),
        sparse("order_out_of_range", "its traversal order [0, 7]"),
        sparse("order_very_long", "its traversal order has 400 entries"),
        sparse("block_map_out_of_range", "its traversal order [0, 1, 2], block map [9] and 3 dimensions"),
        sparse("blocks_do_not_divide", "its blocks of 5 do not divide the side 16"),
        sparse("blocks_of_nothing", "its blocks of 0 do not divide the side 16"),
        sparse("dense_size_wrong", "a dense dimension has 9 indices where its shape has 8"),
        sparse("dense_size_negative", "a dense dimension has -8 indices where its shape has 8"),
        sparse("format_unknown", "a dimension has format 2"),
        Case("sparse_uint8", "Operator 0 (FULLY_CONNECTED): 't2' is a sparse tensor of uint8", "only int8"),
        Case(
            "sparse_huge", "Operator 0 (FULLY_CONNECTED): sparse tensor 't2' has shape [60000, 60000]",
            "store it dense"),
        Case(
            "sparse_bias", "Operator 0 (FULLY_CONNECTED): 't3' should be a dense constant of int32",
            "sparse int32"),
        Case(
            "sparse_densify_damaged", "Operator 1 (CONV_2D): sparse tensor 't2' is damaged: it has 76",
            "again"),
        Case("sparse_densify_of_another_shape", "Operator 1 (CONV_2D): 't3' (int8 [4, 3, 3, 4])", "DENSIFY"),
        Case(
            "sparse_densify_of_an_activation",
            "Operator 0 (DENSIFY): it makes 't0' dense, which is no constant", "without"),
        Case(
            "external_beyond_the_file", "The file is cut off or damaged: buffer 1 has 81 bytes from byte 960",
            "the file has 860"),
        Case(
            "external_longer_than_the_file", "The file is cut off or damaged: buffer 1 has 860 bytes",
            "fetch or export"),
        Case(
            "external_overflow",
            "The file is cut off or damaged: buffer 1 has 16 bytes from byte 18446744073709551608", "again"),
        Case(
            "external_negative",
            "The file is cut off or damaged: buffer 2 has 12 bytes from byte 9223372036854775808", "again"),
        Case("external_cut_off", "The file is cut off or damaged: buffer 2 has 12 bytes", "fetch or export"),
        Case(
            "external_overlap", "The file is damaged: a buffer has bytes 756 to 768 in common",
            "fetch or export"),
        Case(
            "external_in_the_header", "The file is damaged: a buffer has bytes 4 to 8 in common",
            "fetch or export"),
        Case(
            "external_in_the_tables", "The file is damaged: a buffer has bytes ", "another part of the file"),
        Case(
            "external_too_short", "Operator 0 (CONV_2D): 't2' has 80 bytes for shape [3, 3, 3, 3]",
            "export the model again"),
        Case(
            "external_empty", "Operator 0 (CONV_2D): it reads 't2', which has no values",
            "computed by no operator"),
    ]

    private func bytes(_ model: String) throws -> [UInt8] {
        try ByteFile.read(Package.fixture("refused/\(model).tflite").path)
    }

    private func check(_ expected: Case) throws {
        let text = try #require(compilationRefusal(try bytes(expected.model)))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0].hasPrefix(expected.first), "\(text)")
        #expect(lines[0].contains(expected.also), "\(text)")
        #expect(lines[0].hasSuffix(expected.lines.isEmpty ? "." : ". Also in the way:"), "\(text)")
        #expect(lines.count == 1 + expected.lines.count, "\(text)")
        for (line, start) in zip(lines.dropFirst(), expected.lines) {
            #expect(line.hasPrefix("  " + start) && line.hasSuffix("."), "\(text)")
        }
    }

    @Test(arguments: operators)
    func anOperatorThatIsNotSupportedIsNamedFirstWithWhatItMeans(expected: Case) throws {
        try check(expected)
    }

    @Test(arguments: numbers)
    func aModelThatIsNotInt8IsNamedForWhatItIs(expected: Case) throws { try check(expected) }

    @Test(arguments: structure)
    func aModelOfAnotherStructureIsNamedForIt(expected: Case) throws { try check(expected) }

    @Test(arguments: storage)
    func constantsStoredWrongAreRefusedWithWhatIsWrong(expected: Case) throws { try check(expected) }

    @Test func everyRefusedModelHasACase() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Package.fixture("refused").path)
        let models = files.filter { $0.hasSuffix(".tflite") }.map { String($0.dropLast(7)) }
        let cases = (Self.operators + Self.numbers + Self.structure + Self.storage).map(\.model)
        #expect(models.sorted() == (cases + ["very_many_operators"]).sorted())
    }

    @Test func howeverMuchIsInTheWayTheListEnds() throws {
        let text = try #require(compilationRefusal(try bytes("very_many_operators")))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 13 && text.count < 1500)
        #expect(
            lines.last
                == "  and 8 more: ELU, GELU, HARD_SWISH, TANH, SIGN, RELU_0_TO_1, L2_NORMALIZATION, ZEROS_LIKE."
        )
    }

    @Test(.needsReference) func theBlockersOfModelsFromTheFieldAreAllListed() throws {
        func lines(_ path: String) throws -> [Substring] {
            let text = compilationRefusal(try ByteFile.read(Reference.url("models/\(path).tflite").path))
            return try #require(text).split(separator: "\n")
        }
        let sparse = try lines("field/face_detection_full_range_sparse")
        #expect(sparse.count == 3)
        #expect(sparse[0].hasPrefix("Operator 271 (RESIZE_BILINEAR, the first of 3)"))
        #expect(sparse[1].hasPrefix("  Operator 377 (DEPTH_TO_SPACE, the first of 2)"))
        #expect(sparse[2].hasPrefix("  This is a float16 model"))
        #expect(try lines("field/face_detection_short_range")[0].hasPrefix("This is a float16 model"))
        let shapes = try lines("exports/flatten_int8")
        #expect(
            shapes.map { $0.drop { $0 != "(" }.prefix { $0 != ")" } } == [
                "(SHAPE", "(STRIDED_SLICE", "(PACK",
            ])
        #expect(shapes[0].contains("batch_size=1"))
    }

    // MARK: Robustness

    /// Cut or changed anywhere, a file with sparse or external constants gives a model or sentences, soon.
    @Test(arguments: [
        "sparse_conv_4x4_order", "sparse_fully_connected_1x4", "sparse_external", "external_network",
    ])
    func damagedStorageEndsInAModelOrSentences(name: String) throws {
        let whole = try ByteFile.read(Package.fixture("operators/\(name).tflite").path)
        for length in 0..<whole.count {
            let text = try #require(compilationRefusal(Array(whole[..<length])), "cut to \(length) bytes")
            #expect(text.hasSuffix("."), "cut to \(length): \(text)")
        }
        for seed in UInt64(0)..<1500 {
            var random = SeededGenerator(seed: seed)
            var damaged = whole
            for _ in 0..<2 {
                damaged[Int.random(in: 0..<whole.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if let text = compilationRefusal(damaged) {
                #expect(text.hasSuffix(".") && text.count < 6000, "seed \(seed): \(text)")
            }
        }
    }

    @Test func sparseTensorsMayMake4096ValuesOfEachByteAnd64MiAtMost() {
        #expect(SparseTensor.limit(fileBytes: 1000) == 4_096_000)
        #expect(SparseTensor.limit(fileBytes: 1 << 30) == 1 << 26)
    }
}
