import CEspalier
import EspalierCompiler
import EspalierCore
import EspalierTestSupport
import Foundation
import Testing

/// Tiny models of every operator (Tests/Fixtures/make_operators.py), compiled in memory and run: all bits are
/// those of LiteRT's reference kernels.
@Suite struct OperatorFixtureTests {
    /// Operators the compiler refuses; support for one moves its fixture to the test below.
    static let refused = ["hard_swish_c6", "leaky_relu_c5", "tanh_c3"]

    @Test(arguments: try OperatorFixture.readAll().filter { !refused.contains($0.name) })
    func everyFixtureIsBitExact(fixture: OperatorFixture) throws {
        for mismatch in try fixture.mismatches() { Issue.record("\(mismatch)") }
    }

    @Test(arguments: try OperatorFixture.readAll().filter { refused.contains($0.name) })
    func operatorsWithoutSupportAreRefusedByName(fixture: OperatorFixture) throws {
        let error = #expect(throws: CompilerError.self) { try fixture.mismatches() }
        let text = try #require(error).description
        #expect(text.hasPrefix("Operator 0 (") && text.contains("is not supported"), "\(text)")
    }

    @Test func everyModelHasVectorsAndTheOtherWayRound() throws {
        let fixtures = try OperatorFixture.readAll()
        let files = try FileManager.default.contentsOfDirectory(atPath: Package.fixture("operators").path)
        let models = files.filter { $0.hasSuffix(".tflite") }.map { String($0.dropLast(7)) }
        #expect(models.sorted() == fixtures.map(\.name).sorted())
        #expect(fixtures.count > 200)
    }
}

/// A model with the inputs of some runs and the outputs they must give, tensors as little-endian bytes.
struct OperatorFixture: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let inputType: String
    let outputTypes: [String]
    let runs: [Run]

    struct Run: Decodable {
        let input: Data
        let outputs: [Data]
    }

    private enum CodingKeys: String, CodingKey {
        case name = "case"
        case inputType, outputTypes, runs
    }

    var testDescription: String { name }

    static func readAll() throws -> [OperatorFixture] {
        try JSONDecoder().decode(
            [OperatorFixture].self, from: Data(contentsOf: Package.fixture("operators/vectors.json")))
    }

    /// One sentence for each output of each run that differs.
    func mismatches() throws -> [String] {
        let bytes = try [UInt8](Data(contentsOf: Package.fixture("operators/\(name).tflite")))
        let compilation = try Compilation(
            tflite: bytes, sourceName: "\(name).tflite", options: CompileOptions(name: "fixture"))
        let model = compilation.model()
        let arena = UnsafeMutableRawPointer.allocate(
            byteCount: Int(model.pointer.pointee.arena_bytes), alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        defer { arena.deallocate() }
        let rubbish = arena.initializeMemory(
            as: Int8.self, repeating: 0x55, count: Int(model.pointer.pointee.arena_bytes))
        let engine = try Engine(
            model: model.pointer, arena: rubbish, arenaBytes: Int(model.pointer.pointee.arena_bytes))

        var found: [String] = []
        for (run, values) in runs.enumerated() {
            let input = engine.model.pointee.tensors[Int(engine.model.pointee.input)]
            try Self.stored(values.input, inputType, input).withUnsafeBufferPointer {
                try engine.setInput($0)
            }
            _ = try engine.run()
            for (index, expected) in values.outputs.enumerated() {
                let tensor = engine.model.pointee.tensors[Int(engine.model.pointee.outputs[index])]
                var actual = [Int8](repeating: 0, count: Int(tensor.height * tensor.width * tensor.channels))
                try actual.withUnsafeMutableBufferPointer { try engine.copyOutput(index, to: $0) }
                if let difference = Self.difference(actual, expected, outputTypes[index], tensor) {
                    found.append("\(name) run \(run) output \(index): \(difference)")
                }
            }
        }
        return found
    }

    // MARK: Types of the ends

    /// What the core stores for values of the source model's type.
    private static func stored(_ data: Data, _ type: String, _ tensor: EspalierTensor) -> [Int8] {
        switch type {
        case "float32":
            return floats(data).map { value in
                let quantised =
                    (value / tensor.scale).rounded(.toNearestOrAwayFromZero) + Float(tensor.zero_point)
                return Int8(max(-128, min(127, quantised)))
            }
        case "uint8": return data.map { Int8(truncatingIfNeeded: Int($0) - 128) }
        default: return data.map { Int8(bitPattern: $0) }
        }
    }

    /// nil when the stored values mean the expected ones.
    private static func difference(
        _ actual: [Int8], _ expected: Data, _ type: String, _ tensor: EspalierTensor
    ) -> String? {
        if type == "float32" {
            return first(actual.map { tensor.scale * Float(Int32($0) - tensor.zero_point) }, floats(expected))
        }
        return first(actual, stored(expected, type, tensor))
    }

    private static func first<Value: Equatable>(_ actual: [Value], _ expected: [Value]) -> String? {
        guard actual.count == expected.count else {
            return "\(actual.count) values instead of \(expected.count)"
        }
        let differing = actual.indices.filter { actual[$0] != expected[$0] }
        guard let index = differing.first else { return nil }
        return "\(differing.count) of \(actual.count) differ, first element \(index): expected "
            + "\(expected[index]), got \(actual[index])"
    }

    private static func floats(_ data: Data) -> [Float] {
        let bytes = [UInt8](data)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(
                bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
        }
    }
}
