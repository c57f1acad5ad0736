import CEspalier
import CKernels

/// The kernels of one instruction set (Sources/CKernels); what they do not cover, the reference kernels run.
public struct KernelSet: @unchecked Sendable {
    /// A constant of the kernels' room.
    private let table: UnsafePointer<EspalierKernelSet>

    /// The best set of this machine.
    public static var best: KernelSet { KernelSet(table: espalier_kernels_best()) }

    /// The sets this machine can run, best first; nil past the last, which is the reference kernels alone.
    public static func at(_ index: Int) -> KernelSet? {
        espalier_kernels_at(UInt32(truncatingIfNeeded: index)).map { KernelSet(table: $0) }
    }

    private init(table: UnsafePointer<EspalierKernelSet>) {
        self.table = table
    }

    /// What stored activations are combined with by exclusive or.
    @inline(__always)
    var flip: Int8 { Int8(truncatingIfNeeded: Int32(bitPattern: table.pointee.flip)) }

    /// As `--isa` takes it: a C string that is never freed.
    public var nameBytes: UnsafePointer<CChar> { table.pointee.name }

    /// Whether it has a kernel of its own for layers packed for Winograd's transformation.
    public var hasWinograd: Bool { table.pointee.winograd != nil }

    /// Multiply-accumulates done by some rounds of nothing but this set's dot product; nil for the reference.
    public func exercise(rounds: UInt32) -> UInt64? {
        guard let exercise = table.pointee.exercise else { return nil }
        return exercise(rounds)
    }

    /// The stored blocks that silence made unnecessary; nil where the set has no kernel for this layer.
    @inline(__always)
    func run(
        _ layer: UnsafePointer<EspalierLayer>, tensors: UnsafePointer<EspalierTensor>,
        arena: UnsafeMutablePointer<Int8>
    ) -> Int32? {
        let done = espalier_kernels_run(table, layer, tensors, arena)
        return done == 0 ? nil : done &- 1
    }

    /// The same of a convolution and what it ends in among the layers behind it in the table, run in one pass, and how
    /// many layers that was; nil where it ends in nothing or the set has no kernel for that.
    @inline(__always)
    func runEnding(
        _ convolution: UnsafePointer<EspalierLayer>, behind: Int, tensors: UnsafePointer<EspalierTensor>,
        arena: UnsafeMutablePointer<Int8>
    ) -> (layers: Int, skipped: Int32)? {
        var layers: UInt32 = 0
        let done = espalier_kernels_run_ending(
            table, convolution, UInt32(truncatingIfNeeded: behind), tensors, arena, &layers)
        return done == 0 ? nil : (Int(truncatingIfNeeded: layers), done &- 1)
    }

    /// Which lists of kept blocks' places its kernels take: ESPALIER_PLACES_..., 0 for none.
    public var places: Int32 { table.pointee.places }

    /// Where the kernels of `kind`, ESPALIER_PLACES_..., find the inputs of a layer's kept blocks: `EspalierLayer.places` and
    /// `place_start`, on any machine.
    ///
    /// - Returns: how many places there are; 0 where the layer has none. `starts` stay as they were where one list is all
    ///   rows'.
    @discardableResult
    public static func listPlaces(
        _ kind: Int32, of layer: UnsafePointer<EspalierLayer>, tensors: UnsafePointer<EspalierTensor>,
        places: UnsafeMutablePointer<UInt16>? = nil, starts: UnsafeMutablePointer<UInt32>? = nil
    ) -> Int {
        Int(espalier_list_places(kind, layer, tensors, places, starts))
    }

    @inline(__always)
    func clearSurroundings(_ tensor: UnsafePointer<EspalierTensor>, arena: UnsafeMutablePointer<Int8>) {
        espalier_clear_surroundings(tensor, arena, table.pointee.flip)
    }
}
