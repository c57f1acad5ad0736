import ArgumentParser
import EspalierCore

/// Which instruction set's kernels to use: shared by the commands that run models.
struct KernelOptions: ParsableArguments {
    @Option(
        help:
            "The kernels to use, of those this machine can run: avx512vnni, avx2 (with the dot product of AVX-VNNI where there is one), avx2-plain, sse41; on Arm neondot, neon, neon32, smlad; everywhere portable, reference. Default: the best."
    )
    var isa: String?

    /// - Throws: a sentence that lists what this machine can run.
    func set() throws -> KernelSet {
        guard let isa else { return .best }
        let all = KernelSet.all
        guard
            let found = all.first(where: { $0.name == isa })
                ?? all.first(where: { $0.name.hasPrefix(isa + "-") })
        else {
            throw CommandFailure(
                "--isa \(isa) is nothing this machine can run; choose among "
                    + all.map(\.name).joined(separator: ", ") + ".")
        }
        return found
    }
}
