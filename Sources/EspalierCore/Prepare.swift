import CEspalier

/// From a camera frame to the input tensor in one pass: crop, resize, convert the colour, quantise.
///
/// The crop is the largest centred rectangle with the input's aspect ratio. Resizing averages over the area each
/// output pixel covers, with exact integer weights, rounding halves up: at a ratio of 1 pixels pass unchanged, and
/// the result is the same on every machine. Grey is ITU-R BT.601 luma in 16-bit fixed point, as Pillow's "L".
struct Preparation {
    /// A side this long keeps every sum of a box below 2^32.
    static var longestSide: Int32 { 4095 }

    let frame: EspalierFrame
    let left: Int
    let top: Int
    let cropWidth: Int
    let cropHeight: Int

    /// - Throws: `.frame` for a frame without pixels or of an impossible size, `.pixels` for a format that is
    ///   unknown, or where the input has neither 1 nor 3 channels.
    init(frame: EspalierFrame, input: Tensor) throws(Status) {
        let sides = 1...Preparation.longestSide
        guard frame.pixels != nil, sides.contains(frame.width), sides.contains(frame.height) else {
            throw .frame
        }
        let bytesPerPixel: Int32
        switch frame.pixel_format {
        case ESPALIER_PIXELS_GRAY8: bytesPerPixel = 1
        case ESPALIER_PIXELS_RGB24: bytesPerPixel = 3
        default: throw .pixels
        }
        guard frame.row_bytes >= frame.width &* bytesPerPixel else { throw .frame }
        guard input.channels == 1 || input.channels == 3 else { throw .pixels }
        self.frame = frame
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
        for row in 0..<input.height {
            for pixel in 0..<input.width {
                if frame.pixel_format == ESPALIER_PIXELS_GRAY8 {
                    let grey = boxAverage(row, pixel, input, channel: 0, bytesPerPixel: 1)
                    for channel in 0..<input.channels {
                        input.store(quantised(grey, channel, pixelTable), row, pixel, channel)
                    }
                } else {
                    let red = boxAverage(row, pixel, input, channel: 0, bytesPerPixel: 3)
                    let green = boxAverage(row, pixel, input, channel: 1, bytesPerPixel: 3)
                    let blue = boxAverage(row, pixel, input, channel: 2, bytesPerPixel: 3)
                    if input.channels == 3 {
                        input.store(quantised(red, 0, pixelTable), row, pixel, 0)
                        input.store(quantised(green, 1, pixelTable), row, pixel, 1)
                        input.store(quantised(blue, 2, pixelTable), row, pixel, 2)
                    } else {
                        let luma = (red &* 19595 &+ green &* 38470 &+ blue &* 7471 &+ 0x8000) &>> 16
                        input.store(quantised(luma, 0, pixelTable), row, pixel, 0)
                    }
                }
            }
        }
    }

    /// The mean of one channel over the box of the crop that an output pixel covers.
    ///
    /// Lengths are counted in units of 1 / (output size) of a source pixel, so that every overlap is a whole number:
    /// a source pixel is `input.width` units wide, an output pixel `cropWidth` units.
    private func boxAverage(_ row: Int, _ pixel: Int, _ input: Tensor, channel: Int, bytesPerPixel: Int)
        -> UInt32
    {
        let firstY = row &* cropHeight
        let lastY = firstY &+ cropHeight
        let firstX = pixel &* cropWidth
        let lastX = firstX &+ cropWidth
        var sum: UInt32 = 0
        var y = firstY / input.height
        while y &* input.height < lastY {
            let coveredY = min(lastY, (y &+ 1) &* input.height) &- max(firstY, y &* input.height)
            let line =
                frame.pixels! + ((top &+ y) &* Int(frame.row_bytes) &+ left &* bytesPerPixel &+ channel)
            var lineSum: UInt32 = 0
            var x = firstX / input.width
            while x &* input.width < lastX {
                let coveredX = min(lastX, (x &+ 1) &* input.width) &- max(firstX, x &* input.width)
                lineSum &+= UInt32(truncatingIfNeeded: coveredX) &* UInt32(line[x &* bytesPerPixel])
                x &+= 1
            }
            sum &+= lineSum &* UInt32(truncatingIfNeeded: coveredY)
            y &+= 1
        }
        let area = UInt32(truncatingIfNeeded: cropWidth &* cropHeight)
        return (sum &+ area / 2) / area
    }

    @inline(__always)
    private func quantised(_ pixel: UInt32, _ channel: Int, _ table: UnsafePointer<Int8>?) -> Int8 {
        guard let table else { return Int8(truncatingIfNeeded: Int32(bitPattern: pixel) &- 128) }
        return table[channel &* 256 &+ Int(pixel)]
    }
}
