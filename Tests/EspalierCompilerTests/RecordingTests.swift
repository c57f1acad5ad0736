import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Recordings of every tensor (Tests/Fixtures/make_recordings.py), weights among them, and what is wrong with others.
@Suite struct RecordingTests {
    private static let folder = Package.fixture("recordings")

    private static func validation(_ name: String, withFile: Bool = true) throws -> LayerValidation {
        let bytes = try ByteFile.read(Package.fixture("operators/\(name).tflite").path)
        let compilation = try Compilation(
            tflite: bytes, sourceName: "\(name).tflite", options: CompileOptions(name: "model"))
        return try LayerValidation(compilation, compilation.model(), tflite: withFile ? bytes : nil)
    }

    private static func path(_ name: String) -> String { folder.appendingPathComponent("\(name).npz").path }

    /// The arrays of a recording with some changed, added or left out, in a file of their own.
    private static func changed(
        _ name: String, in folder: TemporaryFolder, _ change: (inout [String: NumericArray]) throws -> Void
    ) throws -> String {
        var arrays: [String: NumericArray] = [:]
        for array in try NPZ.names(path(name)) { arrays[array] = try NPZ.read(path(name), name: array) }
        try change(&arrays)
        let entries = arrays.sorted { $0.key < $1.key }.map {
            ZIPEntry(name: $0.key + ".npy", data: NPY.encode($0.value))
        }
        try AtomicFile.write(handmadeZIP(entries), to: folder.path("changed.npz"))
        return folder.path("changed.npz")
    }

    private static func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing"
        } catch { return "\(error)" }
    }

    @Test(arguments: [
        ("uint8_network", 8, 9), ("graph_two_outputs", 5, 4), ("float_conv", 3, 2),
        ("add_constant_pixels", 2, 1),
        ("conv_grouped_c6_o9_g3", 2, 2), ("transpose_input", 3, 3),
    ])
    func everyActivationAndEveryWeightIsCompared(name: String, activations: Int, constants: Int) throws {
        let rows = try Self.validation(name).run(recording: Self.path(name))
        let compared = rows.filter { $0.leftOut == nil }
        for row in compared {
            #expect(!row.isFolded && row.values > 0 && row.valuesIdentical == row.values, "\(row)")
        }
        #expect(compared.count { !$0.isConstant } == activations)
        #expect(compared.count { $0.isConstant } == constants)
        let numbers = rows.map { Int($0.tensor.dropFirst())! }
        #expect(numbers == numbers.sorted())
    }

    @Test func otherWeightsAreFound() throws {
        let folder = try TemporaryFolder()
        for (name, weights) in [
            ("uint8_network", "t2"), ("conv_grouped_c6_o9_g3", "t3"), ("graph_two_outputs", "t5"),
        ] {
            let path = try Self.changed(name, in: folder) { arrays in
                let array = try #require(arrays[weights])
                switch array.values {
                case .int8(var values):
                    values[1] = values[1] == 0 ? 3 : 0
                    arrays[weights] = NumericArray(shape: array.shape, values: .int8(values))
                case .uint8(var values):
                    values[1] ^= 1
                    arrays[weights] = NumericArray(shape: array.shape, values: .uint8(values))
                case .int32(var values):
                    values[1] += 9
                    arrays[weights] = NumericArray(shape: array.shape, values: .int32(values))
                default: Issue.record("\(name) has no such weights")
                }
            }
            let wrong = try Self.validation(name).run(recording: path).filter { !$0.holds }
            #expect(wrong.map(\.tensor) == [weights])
            #expect(wrong.first.map { $0.values - $0.valuesIdentical } == 1)
        }
    }

    @Test func otherActivationsAreFound() throws {
        let folder = try TemporaryFolder()
        let path = try Self.changed("uint8_network", in: folder) { arrays in
            guard case .uint8(var values)? = arrays["t7"]?.values else { return }
            values[5] = values[5] < 128 ? values[5] + 2 : values[5] - 2
            arrays["t7"] = NumericArray(shape: [3, 3, 3, 6], values: .uint8(values))
        }
        let wrong = try Self.validation("uint8_network").run(recording: path).filter { !$0.holds }
        #expect(wrong.map(\.tensor) == ["t7"] && wrong.first?.greatestDifference == 2)
        // Real values at a model's end are compared as such.
        let real = try Self.changed("float_conv", in: folder) { arrays in
            guard case .float32(var values)? = arrays["t5"]?.values else { return }
            values[0] += 1
            arrays["t5"] = NumericArray(shape: [3, 4, 4, 5], values: .float32(values))
        }
        #expect(
            try Self.validation("float_conv").run(recording: real).filter { !$0.holds }.map(\.tensor) == [
                "t5"
            ])
    }

    @Test func weightsStackedForEachInputAreTheSameWeights() throws {
        let folder = try TemporaryFolder()
        let path = try Self.changed("conv_grouped_c6_o9_g3", in: folder) { arrays in
            guard case .int8(let values)? = arrays["t2"]?.values else { return }
            arrays["t2"] = NumericArray(shape: [3, 9, 3, 3, 2], values: .int8(values + values + values))
        }
        let rows = try Self.validation("conv_grouped_c6_o9_g3").run(recording: path)
        try #require(rows.count == 4)
        #expect(rows[2].holds && rows[2].isConstant && rows[2].values == 3 * 162)
    }

    @Test func scratchMemoryOfTheRuntimeIsLeftOut() throws {
        let folder = try TemporaryFolder()
        let path = try Self.changed("graph_two_outputs", in: folder) { arrays in
            arrays["t9"] = NumericArray(shape: [1, 200], values: .int8(Array(repeating: 1, count: 200)))
        }
        let rows = try Self.validation("graph_two_outputs").run(recording: path)
        #expect(rows.last?.tensor == "t9" && rows.last?.leftOut == "no tensor of the model file")
        #expect(rows.filter { !$0.holds }.isEmpty)
    }

    @Test func recordingsThatDoNotFitAreExplained() throws {
        let folder = try TemporaryFolder()
        func explain(_ name: String, _ change: (inout [String: NumericArray]) -> Void) throws -> String {
            let path = try Self.changed(name, in: folder, change)
            return Self.sentence { _ = try Self.validation(name).run(recording: path) }
                .replacingOccurrences(of: path, with: "FILE")
        }
        _ = try explain("uint8_network") { _ in }
        #expect(
            try explain("uint8_network") { $0["t0"] = nil }
                == "FILE has no array for the model's input; record it as t<tensor index>.")
        #expect(
            try explain("uint8_network") { arrays in
                for name in arrays.keys where name != "t0" && name != "t2" { arrays[name] = nil }
            } == "FILE has no activation beside the model's input; record those of its layers.")
        #expect(
            try explain("uint8_network") { arrays in
                guard case .uint8(let values)? = arrays["t7"]?.values else { return }
                arrays["t7"] = NumericArray(
                    shape: [3, 3, 3, 6], values: .int8(values.map { Int8(bitPattern: $0 ^ 0x80) }))
            }
                == "FILE has 't7' of shape [3, 3, 3, 6] and type int8; record uint8 arrays [N, 3 x 3 x 6], with one N for "
                + "all.")
        #expect(
            try explain("graph_two_outputs") { arrays in
                arrays["t8"] = NumericArray(
                    shape: [2, 2, 2, 3], values: .int8(Array(repeating: 1, count: 24)))
            }
                == "FILE has 't8' of shape [2, 2, 2, 3] and type int8; record int8 arrays [N, 2 x 2 x 3], with one N for all."
        )
        #expect(
            try explain("graph_two_outputs") { $0["scores"] = $0["t7"] }
                == "FILE has an array 'scores'; name arrays t<tensor index>.")
    }
}
