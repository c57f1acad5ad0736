/// How much of the arena a convolution's kernels may use while they run: lists of the blocks to visit and, in pixel
/// lanes with stride 2, the input split into even and odd rows and columns (Sources/CKernels).
enum Scratch {
    static func bytes(_ window: Window, blocks: Int, outputsPerRow: Int, quads: Int, output: Shape) -> Int {
        // Channel lanes: one list of where inputs and weights lie.
        if outputsPerRow > 4 { return blocks * 8 }
        // Pixel lanes: places, live bits, and for the mask rows of four outputs lists of places and weights.
        let lists = (blocks + (blocks + 31) / 32 + 4 / outputsPerRow * blocks * 2) * 4
        guard window.strideHeight == 2, window.strideWidth == 2 else { return lists }
        let phases = min(2, window.kernelHeight) * min(2, window.kernelWidth)
        let rows = output.height + window.kernelHeight / 2
        let pixels = output.width + window.kernelWidth / 2
        return lists + quads * phases * rows * pixels * 4 + 64
    }
}
