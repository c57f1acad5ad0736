import CEspalier

/// From a camera frame to the input tensor in one pass: crop, resize, convert the colour, quantise.
///
/// The crop is the largest centred rectangle with the input's aspect ratio. Resizing averages each component over the
/// area an output pixel covers, with exact integer weights, rounding halves up; a sample that two or four pixels share
/// counts for each of them. At a ratio of 1 pixels pass unchanged, and the result is the same on every machine. The
/// colour is converted after that. Grey of red, green and blue is ITU-R BT.601 luma in 16-bit fixed point, as Pillow's
/// "L".
struct Preparation {
    /// A side this long keeps every sum of a box below 2^32.
    static var longestSide: Int32 { 4095 }

    private let pixels: Pixels
    private let left: Int
    private let top: Int
    private let cropWidth: Int
    private let cropHeight: Int

    /// - Throws: `.frame` for a frame without pixels or of an impossible size, `.pixels` for a format that is
    ///   unknown, or where the input has neither 1 nor 3 channels.
    init(frame: EspalierFrame, input: Tensor) throws(Status) {
        pixels = try Pixels(frame)
        guard input.channels == 1 || input.channels == 3 else { throw .pixels }
        let width = Int(frame.width)
        let height = Int(frame.height)
        if width &* input.height > height &* input.width {
            cropHeight = height
            cropWidth = max(1, height &* input.width / input.height)
        } else {
            cropWidth = width
            cropHeight = max(1, width &* input.height / input.width)
        }
        left = (width &- cropWidth) / 2
        top = (height &- cropHeight) / 2
    }

    /// - Parameter pixelTable: [channels][256] stored value of each pixel value; without one it is pixel - 128.
    func run(into input: Tensor, pixelTable: UnsafePointer<Int8>?) {
        let needsFirstOnly = pixels.isGrey || input.channels == 1 && pixels.greyIsFirst
        for row in 0..<input.height {
            let rows = Span(row, of: input.height, over: cropHeight, from: top)
            for pixel in 0..<input.width {
                let columns = Span(pixel, of: input.width, over: cropWidth, from: left)
                let first = mean(pixels.first, rows, columns)
                let second = needsFirstOnly ? first : mean(pixels.second, rows, columns)
                let third = needsFirstOnly ? first : mean(pixels.third, rows, columns)
                if input.channels == 1 {
                    input.store(quantised(pixels.grey(first, second, third), 0, pixelTable), row, pixel, 0)
                } else {
                    let (red, green, blue) = pixels.rgb(first, second, third)
                    input.store(quantised(red, 0, pixelTable), row, pixel, 0)
                    input.store(quantised(green, 1, pixelTable), row, pixel, 1)
                    input.store(quantised(blue, 2, pixelTable), row, pixel, 2)
                }
            }
        }
    }

    /// The mean of a component over a box of the frame.
    @inline(__always)
    private func mean(_ plane: Plane, _ rows: Span, _ columns: Span) -> UInt32 {
        var sum: UInt32 = 0
        for y in rows.first...rows.last {
            let line = plane.start + (y &>> plane.halvesY) &* plane.rowBytes
            var lineSum = columns.firstWeight &* sample(line, columns.first, plane)
            if columns.last > columns.first {
                var inner: UInt32 = 0
                for x in columns.first &+ 1..<columns.last { inner &+= sample(line, x, plane) }
                lineSum &+= columns.weight &* inner &+ columns.lastWeight &* sample(line, columns.last, plane)
            }
            sum &+= lineSum &* rows.weight(of: y)
        }
        let area = UInt32(truncatingIfNeeded: cropWidth &* cropHeight)
        return (sum &+ area / 2) / area
    }

    @inline(__always)
    private func sample(_ line: UnsafePointer<UInt8>, _ x: Int, _ plane: Plane) -> UInt32 {
        UInt32(line[(x &>> plane.halvesX) &* plane.step])
    }

    @inline(__always)
    private func quantised(_ pixel: UInt32, _ channel: Int, _ table: UnsafePointer<Int8>?) -> Int8 {
        guard let table else { return Int8(truncatingIfNeeded: Int32(bitPattern: pixel) &- 128) }
        return table[channel &* 256 &+ Int(pixel)]
    }
}

/// The pixels that one output pixel covers along one side, and by how much.
///
/// Lengths are counted in units of 1 / (output size) of a source pixel, so that every overlap is a whole number: a source
/// pixel is `count` units long, an output pixel `crop` units.
private struct Span {
    /// Source pixels, both included.
    let first: Int
    let last: Int
    let firstWeight: UInt32
    let lastWeight: UInt32
    /// Of those in between.
    let weight: UInt32

    @inline(__always)
    init(_ index: Int, of count: Int, over crop: Int, from offset: Int) {
        let start = index &* crop
        let end = start &+ crop
        let firstPixel = start / count
        let lastPixel = (end &- 1) / count
        first = offset &+ firstPixel
        last = offset &+ lastPixel
        firstWeight = UInt32(truncatingIfNeeded: min(end, (firstPixel &+ 1) &* count) &- start)
        lastWeight = UInt32(truncatingIfNeeded: end &- max(start, lastPixel &* count))
        weight = UInt32(truncatingIfNeeded: count)
    }

    @inline(__always)
    func weight(of pixel: Int) -> UInt32 {
        pixel == first ? firstWeight : pixel == last ? lastWeight : weight
    }
}
