/// How much of the arena a convolution's kernels may use while they run (Sources/CKernels): lists of the blocks to visit
/// and, in pixel lanes, the input of a band of rows gathered without halos. Kernels without vectors gather windows in
/// pixel lanes, 32 bytes and a bit a block, which is never more.
enum Scratch {
    /// What a band may take, to stay in the first-level cache, and the most pixels it may have.
    private static let bandBytes = 28_672
    private static let bandPixels = 1024
    /// Zeros behind a band, and what is written past the ends of lists and bands to whole vectors.
    private static let ends = 320 + 192

    static func bytes(
        _ window: Window, blocks: Int, outputsPerRow: Int, quads: Int, output: Shape
    ) -> Int {
        // Channel lanes: one list of where inputs and weights lie.
        if outputsPerRow > 4 { return blocks * 8 }
        // Pixel lanes: places, live bits, and for the mask rows of four outputs lists of places and weights.
        let lists = (blocks + (blocks + 31) / 32 + 4 / outputsPerRow * blocks * (1 + outputsPerRow)) * 4
        return lists + gathered(window, quads: quads, output: output) + ends
    }

    /// Kernels number the words of a band with 16 bits.
    static func fitsPixelLanes(_ window: Window, quads: Int, output: Shape) -> Bool {
        gathered(window, quads: quads, output: output) / 4 < 65536 - 80
    }

    /// The input of one band, [quads][kernel columns][row parities][rows][width][4]. Some kernels cut narrow pictures into
    /// strips, others do not; either may take more, as the one may need a smaller band.
    private static func gathered(_ window: Window, quads: Int, output: Shape) -> Int {
        let strips = strips(
            kernelHeight: window.kernelHeight, height: output.height, width: output.width)
        return max(
            gathered(window, quads: quads, height: output.height, width: output.width),
            gathered(window, quads: quads, height: output.height / strips, width: output.width * strips))
    }

    private static func gathered(_ window: Window, quads: Int, height: Int, width: Int) -> Int {
        let parities = window.strideHeight == 2 && window.kernelHeight > 1 ? 2 : 1
        var band = height
        while true {
            let rows = band + (window.spanHeight - 1) / parities
            let bytes = quads * window.kernelWidth * parities * rows * width * 4
            if band == 1 || (bytes <= bandBytes && band * width <= bandPixels) { return bytes }
            band = (band + 1) / 2
        }
    }

    /// How many strips of a picture's rows lie side by side, to be 16 pixels together (avx512vnni/gather.h).
    static func strips(kernelHeight: Int, height: Int, width: Int) -> Int {
        let divides = width < 16 && 16 % width == 0 && height.isMultiple(of: 16 / width)
        return kernelHeight > 1 && divides ? 16 / width : 1
    }
}

/// How a layer is cut up for Winograd's transformation, and what that takes of the arena
/// (Sources/CKernels/neon/winograd.h).
struct WinogradSize {
    /// Blocks of 4 tiles: two pairs, each of neighbours in a row.
    let blocks: Int
    /// How often the weights are transformed: for every band of blocks, or once where 16 outputs are all.
    let weightTransforms: Int
    /// The inputs of a band, the weights of 16 outputs, the sums of a block. Lists of blocks, for sets that run the
    /// layer in channel lanes, are shorter.
    let scratchBytes: Int

    /// What a band's inputs may take.
    private static let inputBytes = 81_920

    init(_ output: Shape, inputQuads: Int) {
        blocks = ((output.width + 7) / 8 * ((output.height + 3) / 4) + 1) / 2
        let blockBytes = 36 * inputQuads * 4 * 4 * 2
        let isOneGroup = output.channels <= 16
        let band = isOneGroup ? 1 : min(max(Self.inputBytes / blockBytes, 1), blocks)
        weightTransforms = isOneGroup ? 1 : (blocks + band - 1) / band
        scratchBytes = band * blockBytes + 36 * inputQuads * 4 * 16 * 2 + 36 * 4 * 16 * 4
    }
}
