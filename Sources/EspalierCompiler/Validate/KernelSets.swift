public import EspalierCore

extension KernelSet {
    /// As `--isa` takes it.
    public var name: String { String(cString: nameBytes) }

    /// All that this machine can run, best first.
    public static var all: [KernelSet] {
        var sets: [KernelSet] = []
        while let next = KernelSet.at(sets.count) { sets.append(next) }
        return sets
    }
}
