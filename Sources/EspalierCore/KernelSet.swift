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

    /// The same of a layer and what it ends with, run in one pass; nil where that is nothing or the set has no kernel for
    /// it.
    @inline(__always)
    func runEnding(
        _ convolution: UnsafePointer<EspalierLayer>, tensors: UnsafePointer<EspalierTensor>,
        arena: UnsafeMutablePointer<Int8>
    ) -> Int32? {
        let done = espalier_kernels_run_ending(table, convolution, tensors, arena)
        return done == 0 ? nil : done &- 1
    }

    /// The kind of its kernels; none for the reference kernels.
    public var kind: KernelKinds { KernelKinds(rawValue: table.pointee.kernels) }

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

/// Kinds of kernels, which divide their scratch in different ways: ESPALIER_KERNELS_..., added up.
public struct KernelKinds: Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Of processors without vectors.
    public static let words = KernelKinds(rawValue: ESPALIER_KERNELS_WORDS)
    /// Of all x86 processors, and of all that run Linux on Arm.
    public static let x86 = KernelKinds(
        rawValue: ESPALIER_KERNELS_WORDS | ESPALIER_KERNELS_VECTORS | ESPALIER_KERNELS_AVX512VNNI)
    public static let arm = KernelKinds(
        rawValue: ESPALIER_KERNELS_WORDS | ESPALIER_KERNELS_NEON32 | ESPALIER_KERNELS_NEON
            | ESPALIER_KERNELS_NEONDOT)
    public static let all = KernelKinds(rawValue: x86.rawValue | arm.rawValue)

    /// The most bytes of scratch that kernels of these kinds take for a layer; on any machine.
    public func scratchBytes(
        of layer: UnsafePointer<EspalierLayer>, tensors: UnsafePointer<EspalierTensor>
    ) -> Int {
        Int(espalier_scratch_bytes(rawValue, layer, tensors))
    }
}

/// How kernels cut up a convolution, whatever its packing: what the compiler's cost model counts with.
public struct ConvolutionTiling: Sendable {
    /// The kernels of every set take its window and picture in pixel lanes.
    public let fitsPixelLanes: Bool
    /// How many strips of a narrow picture's rows pixel lanes put side by side.
    public let strips: Int
    /// Nil where the window is not Winograd's.
    public let winograd: Winograd?

    public struct Winograd: Sendable {
        /// Blocks of 4 tiles of 4x4 outputs.
        public let blocks: Int
        /// How often each weight is transformed.
        public let weightTransforms: Int
    }

    /// Asks the kernels for a layer's window and its tensors' shapes, which is all they look at.
    public init(of layer: UnsafePointer<EspalierLayer>, tensors: UnsafePointer<EspalierTensor>) {
        let tiling = espalier_tiling(layer, tensors)
        fitsPixelLanes = tiling.fits_pixel_lanes != 0
        strips = Int(tiling.strips)
        winograd =
            tiling.winograd_blocks == 0
            ? nil
            : Winograd(
                blocks: Int(tiling.winograd_blocks), weightTransforms: Int(tiling.winograd_transforms))
    }
}
