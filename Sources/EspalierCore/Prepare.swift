import CEspalier

/// From a camera frame to the input tensor in one pass: crop, resize, convert the colour, quantise.
///
/// The crop is the largest centred rectangle with the input's aspect ratio. Resizing averages over the area each
/// output pixel covers, with exact integer weights, rounding halves up: at a ratio of 1 pixels pass unchanged, and
/// the result is the same on every machine. Averages come before colour, one for each component of the format:
///
///     mean = floor((sum of weight x sample + area / 2) / area)
///
/// where a sample weighs the part of the box that its pixels cover. A chroma sample covers the two or four pixels
/// that share it, cut off where the box or the crop ends. The means are then converted once: red, green and blue
/// pass as they are or become luma, Y, U and V become red, green and blue (`YUVRange`). A grey input takes Y alone.
struct Preparation {
    let frame: FramePlanes
    let left: Int
    let top: Int
    let cropWidth: Int
    let cropHeight: Int

    /// - Throws: what `FramePlanes` throws, and `.pixels` where the input has neither 1 nor 3 channels.
    init(frame: EspalierFrame, input: Tensor) throws(Status) {
        self.frame = try FramePlanes(frame)
        guard input.channels == 1 || input.channels == 3 else { throw .pixels }
        let width = self.frame.width
        let height = self.frame.height
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
        for row in 0..<input.height {
            let box = rows(row, input, frame.main)
            let chromaBox = rows(row, input, frame.chroma)
            for pixel in 0..<input.width {
                if input.channels == 3 {
                    let colour = colour(box, chromaBox, pixel, input)
                    input.store(quantised(colour.red, 0, pixelTable), row, pixel, 0)
                    input.store(quantised(colour.green, 1, pixelTable), row, pixel, 1)
                    input.store(quantised(colour.blue, 2, pixelTable), row, pixel, 2)
                } else {
                    input.store(quantised(grey(box, pixel, input), 0, pixelTable), row, pixel, 0)
                }
            }
        }
    }

    // MARK: One output pixel

    @inline(__always)
    private func colour(_ rows: Span, _ chromaRows: Span, _ pixel: Int, _ input: Tensor) -> RGB {
        let columns = columns(pixel, input, frame.main)
        switch frame.colour {
        case .grey: return RGB(grey: mean(frame.main.sums(rows, columns, components: 1).0))
        case .rgb: return meanColour(rows, columns)
        case .yuv(let range):
            let luma = frame.main.sums(rows, columns, components: 1).0
            let chromaColumns = self.columns(pixel, input, frame.chroma)
            let (u, v, _) = frame.chroma.sums(chromaRows, chromaColumns, components: 2)
            return range.colour(mean(luma), mean(u), mean(v))
        }
    }

    @inline(__always)
    private func grey(_ rows: Span, _ pixel: Int, _ input: Tensor) -> UInt32 {
        let columns = columns(pixel, input, frame.main)
        switch frame.colour {
        case .grey: return mean(frame.main.sums(rows, columns, components: 1).0)
        case .rgb: return meanColour(rows, columns).luma
        case .yuv(let range): return range.grey(mean(frame.main.sums(rows, columns, components: 1).0))
        }
    }

    @inline(__always)
    private func meanColour(_ rows: Span, _ columns: Span) -> RGB {
        let (red, green, blue) = frame.main.sums(rows, columns, components: 3)
        return RGB(red: mean(red), green: mean(green), blue: mean(blue))
    }

    @inline(__always)
    private func mean(_ sum: UInt32) -> UInt32 {
        let area = UInt32(truncatingIfNeeded: cropWidth &* cropHeight)
        return (sum &+ area / 2) / area
    }

    private func rows(_ row: Int, _ input: Tensor, _ plane: Plane) -> Span {
        Span(row, of: input.height, origin: top, crop: cropHeight, shift: plane.rowShift)
    }

    private func columns(_ pixel: Int, _ input: Tensor, _ plane: Plane) -> Span {
        Span(pixel, of: input.width, origin: left, crop: cropWidth, shift: plane.columnShift)
    }

    @inline(__always)
    private func quantised(_ pixel: UInt32, _ channel: Int, _ table: UnsafePointer<Int8>?) -> Int8 {
        guard let table else { return Int8(truncatingIfNeeded: Int32(bitPattern: pixel) &- 128) }
        return table[channel &* 256 &+ Int(pixel)]
    }
}
