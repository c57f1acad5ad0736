import EspalierTestSupport
import Testing

/// Factors that spread accumulators of small layers over the stored range, with a random activation range; every third
/// one rectifies as most networks do, for which kernels have a way of their own.
func randomRequantisation(_ outputs: Int, _ random: inout SeededGenerator) -> Requantisation {
    let isPlain = Int.random(in: 0..<3, using: &random) == 0
    let lower = Bool.random(using: &random) ? Int32(-128) : Int32.random(in: -128 ... -60, using: &random)
    let upper = Bool.random(using: &random) ? Int32(127) : Int32.random(in: 40...127, using: &random)
    return Requantisation(
        multiplier: (0..<outputs).map { _ in Int32.random(in: (1 << 30)...Int32.max, using: &random) },
        shift: (0..<outputs).map { _ in Int32.random(in: -10 ... -6, using: &random) },
        zeroPoint: isPlain ? -128 : Int32.random(in: -128...127, using: &random),
        range: isPlain ? -128...127 : lower...upper)
}

/// nil when `actual` gives the expected bits, else a sentence with the first element that differs.
func firstMismatch(
    _ name: some CustomStringConvertible, _ expected: TestTensor, _ actual: () throws -> TestTensor
) -> String? {
    do {
        let actual = try actual()
        guard actual != expected else { return nil }
        guard actual.values.count == expected.values.count else {
            return "\(name): \(actual.values.count) values instead of \(expected.values.count)"
        }
        let index = zip(actual.values, expected.values).enumerated().first { $0.element.0 != $0.element.1 }?
            .offset
        guard let index else { return "\(name): another shape" }
        return "\(name): element \(index) is \(actual.values[index]) instead of \(expected.values[index])"
    } catch {
        return "\(name): \(error)"
    }
}

/// Expects every case of a sweep to agree; reports the first that does not, and how many.
func expectAgreement(_ cases: [ConvolutionTests.Case], sourceLocation: SourceLocation = #_sourceLocation) {
    expectNone(cases.compactMap { $0.mismatch() }, of: cases.count, sourceLocation: sourceLocation)
}

func expectNone(_ mismatches: [String], of count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
        mismatches.isEmpty, "\(mismatches.count) of \(count) differ; \(mismatches.first ?? "")",
        sourceLocation: sourceLocation)
    #expect(count > 0, sourceLocation: sourceLocation)
}
