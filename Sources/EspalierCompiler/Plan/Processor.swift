import CEspalier
import EspalierCore

/// What kernels cost on one kind of processor, in cycles: the built-in tables for compiling on another machine.
///
/// The x86 table is fitted to `espalier benchmark` of pruned and dense layers, the Arm ones to instruction counts
/// of layers in every packing (docs/performance-arm.md). `espalier tune` replaces estimates by measurements.
public struct Processor: Sendable {
    public var name: String
    /// The kernel sets that run there, whose measurements therefore count there; none of `generic`, which is any.
    public var kernels: [String] = []
    public var cyclesPerMicrosecond: Double
    /// A layer, whatever it does, and what pixel lanes add to it.
    var layer: Double
    var pixelLayer: Double = 0
    /// Channel lanes: a block of 16 outputs at one pixel, where two groups share the pixel and where one is alone; and
    /// the end of 16 outputs of a pixel.
    var channelVisit: Double
    var channelVisitAlone: Double
    /// The same of 8 outputs at stride 2, as first layers have them; nil where they cost as much as 16.
    var channelVisitOfEight: Double?
    var channelPixel: Double
    /// Pixel lanes: a block of a mask row on 16 pixels; where single outputs have few segments, times this.
    var pixelVisit: [PackingKind: Double]
    var fewSegments: Double
    /// The end of 4 outputs on 16 pixels; 4 outputs of a layer; a block of a mask row in a list; a list on 8 segments;
    /// 16 pixels gathered.
    var pixelSegment: Double
    var quad: Double
    var listedBlock: Double
    var list: Double
    var gatheredVector: Double
    /// Looking at an input quad for silence; and a depthwise layer's quad, and one of its pixels.
    var look = 8.0
    var depthwiseQuad = 30.0
    var depthwisePixel = 0.9
    /// Bytes of few channels are gathered without those that fill up their quads (avx512vnni/few_channels.h).
    var packsFewChannels = false
    /// Where single outputs have few segments, four lists are walked together, filled up to the longest.
    var fillsUpLists = false
    /// Whose scratch a header reserves: that of all kernels that may run it, on this processor and its relatives.
    var reserves: KernelKinds
    /// Whose lists of kept blocks are made ahead (EspalierLayer.places): ESPALIER_PLACES_..., 0 for nobody's.
    var places: Int32 = 0
    /// Nil where there are no kernels for it.
    var winograd: Winograd?

    /// Winograd's transformation, for blocks of 4 tiles and 16 outputs: the transform of a quad's inputs and weights; the
    /// products of a quad at one of 36 positions; the end of a position; the outputs of a quad of one tile.
    struct Winograd {
        var inputs: Double
        var weights: Double
        var product: Double
        var position: Double
        var outputs: Double
    }

    public static let all = [
        generic, avx512vnni, avx2, cortexA76, cortexA72, cortexA53, cortexA7, arm1176, cortexM,
    ]

    /// By the name `--cpu` takes.
    public static func named(_ name: String) -> Processor? { all.first { $0.name == name } }

    /// The table for kernels that run on this machine.
    public static func running(_ kernels: KernelSet) -> Processor {
        var processor =
            kernels.name == "portable"
            ? cortexM : all.first { $0.kernels.contains(kernels.name) } ?? generic
        processor.places = kernels.places
        return processor
    }

    /// Kernels with a dot product and wide vectors, as `avx512vnni`.
    public static let generic = {
        var processor = avx512vnni
        processor.name = "generic"
        processor.kernels = []
        processor.places = 0
        processor.reserves = .all
        return processor
    }()

    /// x86-64 with 512-bit dot products (Ice Lake, Zen 4 and later).
    public static let avx512vnni = Processor(
        name: "avx512vnni", kernels: ["avx512vnni"], cyclesPerMicrosecond: 4370, layer: 360, pixelLayer: 540,
        channelVisit: 0.484,
        channelVisitAlone: 0.66, channelPixel: 2.1,
        pixelVisit: [.pixels1x4: 0.47, .pixels2x4: 0.9, .pixels4x4: 1.8], fewSegments: 1.12,
        pixelSegment: 7, quad: 100, listedBlock: 0.165, list: 10, gatheredVector: 2,
        packsFewChannels: true, fillsUpLists: true, reserves: .x86, places: ESPALIER_PLACES_AVX512VNNI)

    /// x86-64 with 256-bit vectors; proportions hold for narrower ones too.
    public static let avx2 = Processor(
        name: "avx2", kernels: ["avx2", "avx2-plain", "sse41"], cyclesPerMicrosecond: 4370, layer: 600,
        channelVisit: 1.05,
        channelVisitAlone: 1, channelPixel: 4.7,
        pixelVisit: [.pixels1x4: 1.6, .pixels2x4: 2.43, .pixels4x4: 4.7], fewSegments: 1,
        pixelSegment: 20, quad: 180, listedBlock: 0.5, list: 24, gatheredVector: 0, depthwisePixel: 2,
        reserves: .x86)

    /// aarch64 without SDOT (Raspberry Pi 3, 4 and Zero 2 W).
    public static let cortexA72 = Processor(
        name: "cortex-a72", kernels: ["neon"], cyclesPerMicrosecond: 1500, layer: 120, channelVisit: 6,
        channelVisitAlone: 6,
        channelVisitOfEight: 2.85, channelPixel: 20.7,
        pixelVisit: [.pixels1x4: 5.56, .pixels2x4: 12.2, .pixels4x4: 24.6], fewSegments: 1,
        pixelSegment: 87, quad: 218, listedBlock: 0, list: 1.2, gatheredVector: 4.2,
        look: 30, depthwiseQuad: 100, depthwisePixel: 10, reserves: .arm, places: ESPALIER_PLACES_NEON,
        winograd: withoutDotProduct)

    /// aarch64 with SDOT (Raspberry Pi 5).
    public static let cortexA76 = Processor(
        name: "cortex-a76", kernels: ["neondot"], cyclesPerMicrosecond: 6000, layer: 600, channelVisit: 4.7,
        channelVisitAlone: 4.7, channelVisitOfEight: 2.4, channelPixel: 26,
        pixelVisit: [.pixels1x4: 6, .pixels2x4: 12.2, .pixels4x4: 22.2], fewSegments: 1,
        pixelSegment: 110, quad: 250, listedBlock: 0, list: 0, gatheredVector: 3,
        look: 30, depthwiseQuad: 100, depthwisePixel: 6, reserves: .arm, places: ESPALIER_PLACES_NEONDOT)

    /// The same instructions, issued in order; proportions as for the A72 until somebody measures them.
    public static let cortexA53 = {
        var processor = cortexA72
        processor.name = "cortex-a53"
        processor.cyclesPerMicrosecond = 1000
        return processor
    }()

    /// 32-bit Arm with NEON (Raspberry Pi 2, and later ones with a 32-bit system).
    public static let cortexA7 = Processor(
        name: "cortex-a7", kernels: ["neon32"], cyclesPerMicrosecond: 900, layer: 300, channelVisit: 6,
        channelVisitAlone: 6,
        channelVisitOfEight: 3.1, channelPixel: 16,
        pixelVisit: [.pixels1x4: 6.2, .pixels2x4: 12.4, .pixels4x4: 27], fewSegments: 1,
        pixelSegment: 60, quad: 60, listedBlock: 1, list: 10, gatheredVector: 3,
        look: 30, depthwiseQuad: 100, depthwisePixel: 16, reserves: .arm,
        winograd: withoutDotProduct)

    private static let withoutDotProduct = Winograd(
        inputs: 248, weights: 492, product: 27, position: 10, outputs: 133)

    /// ARMv6 (Raspberry Pi Zero and 1): no vectors, as on a microcontroller.
    public static let arm1176 = {
        var processor = cortexM
        processor.name = "arm1176"
        processor.cyclesPerMicrosecond = 1000
        return processor
    }()

    /// Microcontrollers: instructions of the kernels in words (Sources/CKernels/words).
    public static let cortexM = Processor(
        name: "cortex-m", kernels: ["smlad"], cyclesPerMicrosecond: 200, layer: 1000, channelVisit: 110,
        channelVisitAlone: 110,
        channelPixel: 200, pixelVisit: [.pixels1x4: 74, .pixels2x4: 148, .pixels4x4: 296], fewSegments: 1,
        pixelSegment: 800, quad: 100, listedBlock: 0, list: 0, gatheredVector: 90,
        look: 60, depthwiseQuad: 200, depthwisePixel: 90, reserves: .words)
}
