import EspalierTestSupport
import Foundation
import Testing

/// The int8 unit-test vectors of CMSIS-NN, all bit-exact. They are stated in multipliers and shifts, so each
/// is built as one layer by hand.
@Suite struct CMSISVectorTests {
    static let folder = "vectors/cmsis_nn_int8"

    @Test(.needsReference)
    func all46VectorsAreBitExact() throws {
        let vectors = try CMSISVector.readAll()
        #expect(vectors.count == 46)
        for vector in vectors {
            let (output, expected) = try (vector.layer().run(), vector.expected)
            #expect(output == expected, "\(vector.operation)/\(vector.name)")
        }
    }

    @Test(.needsReference)
    func theNaiveOracleGivesTheSameVectors() throws {
        for vector in try CMSISVector.readAll() {
            guard let output = try vector.layer().naive?(oracleRequantise) else { continue }
            let expected = try vector.expected
            #expect(output == expected, "\(vector.operation)/\(vector.name)")
        }
    }

    /// On the vectors' own accumulators: the cases that tell the two rules apart.
    @Test(.needsReference)
    func singleRoundingFailsSomeVectors() throws {
        let failing = try CMSISVector.readAll().filter { vector in
            guard let output = try vector.layer().naive?(singlyRounded) else { return false }
            return try output != vector.expected
        }
        #expect(
            failing.map(\.name).sorted() == [
                "conv_1_x_n_7", "conv_2x2_dilation", "conv_5", "depthwise_dilation", "grouped_conv_4",
            ])
    }
}

/// One case as its JSON file states it.
struct CMSISVector: Decodable {
    let name: String
    let operation: String
    private let config: [String: Setting]
    private let arrays: [String: Values]

    private enum CodingKeys: String, CodingKey {
        case name = "case"
        case operation = "op"
        case config, arrays
    }

    private struct Values: Decodable {
        let data: [Int32]
    }

    /// A number, or a word such as SAME.
    private struct Setting: Decodable {
        let number: Int?

        init(from decoder: any Decoder) throws {
            number = try? decoder.singleValueContainer().decode(Int.self)
        }
    }

    static func readAll() throws -> [CMSISVector] {
        let folder = try Reference.url(CMSISVectorTests.folder)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }
        return try files.sorted { $0.path < $1.path }.map {
            try JSONDecoder().decode(CMSISVector.self, from: Data(contentsOf: $0))
        }
    }

    /// A number of the configuration, by the first of some names that is there.
    func number(_ names: String..., default value: Int? = nil) throws -> Int {
        for name in names {
            if let number = config[name]?.number { return number }
        }
        return try #require(value, "\(self.name) has no \(names)")
    }

    /// An array, by the first of some names that is there; nil without one.
    func array(_ names: String...) -> [Int32]? {
        names.lazy.compactMap { arrays[$0]?.data }.first
    }

    func bytes(_ names: String...) throws -> [Int8] {
        let values = names.lazy.compactMap { arrays[$0]?.data }.first
        return try #require(values, "\(name) has no \(names)").map { Int8($0) }
    }

    var expected: [Int8] {
        get throws { try bytes("output_ref", "output") }
    }
}
