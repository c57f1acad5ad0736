import CEspalier

/// Where the samples of one component of a frame lie.
struct Plane {
    let start: UnsafePointer<UInt8>
    /// Bytes from a sample to the next of its row, and to the one below it.
    let step: Int
    let rowBytes: Int
    /// 1 where a sample stands for two pixels of a row, or of a column; 0 where it stands for one.
    var halvesX: Int = 0
    var halvesY: Int = 0
}

/// The components of a frame: grey; red, green and blue; or luma and the two colour differences.
struct Pixels {
    let first: Plane
    let second: Plane
    let third: Plane
    let isGrey: Bool
    private let isLuma: Bool
    private let colour: ColourMatrix

    /// - Throws: `.frame` for a frame without pixels, of an impossible size or with rows that overlap, `.pixels` for
    ///   an unknown format.
    init(_ frame: EspalierFrame) throws(Status) {
        let sides = 1...Preparation.longestSide
        guard let start = frame.pixels, sides.contains(frame.width), sides.contains(frame.height) else {
            throw .frame
        }
        let isFull = frame.pixel_format & ESPALIER_PIXELS_FULL_RANGE != 0
        let format = frame.pixel_format & ~ESPALIER_PIXELS_FULL_RANGE
        isLuma = format >= ESPALIER_PIXELS_YUYV
        isGrey = format == ESPALIER_PIXELS_GRAY8
        if isFull && !isLuma { throw .pixels }
        colour = isFull ? .full : .limited
        let row = Int(frame.row_bytes)
        let below = row &* Int(frame.height)
        let pixelBytes: Int32
        switch format {
        case ESPALIER_PIXELS_GRAY8:
            pixelBytes = 1
            first = Plane(start: start, step: 1, rowBytes: row)
            second = first
            third = first
        case ESPALIER_PIXELS_RGB24, ESPALIER_PIXELS_BGR24:
            pixelBytes = 3
            let red = format == ESPALIER_PIXELS_RGB24 ? 0 : 2
            first = Plane(start: start + red, step: 3, rowBytes: row)
            second = Plane(start: start + 1, step: 3, rowBytes: row)
            third = Plane(start: start + (2 &- red), step: 3, rowBytes: row)
        case ESPALIER_PIXELS_YUYV, ESPALIER_PIXELS_UYVY:
            pixelBytes = 2
            let luma = format == ESPALIER_PIXELS_YUYV ? 0 : 1
            first = Plane(start: start + luma, step: 2, rowBytes: row)
            second = Plane(start: start + (1 &- luma), step: 4, rowBytes: row, halvesX: 1)
            third = Plane(start: start + (3 &- luma), step: 4, rowBytes: row, halvesX: 1)
        case ESPALIER_PIXELS_NV12:
            pixelBytes = 1
            first = Plane(start: start, step: 1, rowBytes: row)
            second = Plane(start: start + below, step: 2, rowBytes: row, halvesX: 1, halvesY: 1)
            third = Plane(start: start + below + 1, step: 2, rowBytes: row, halvesX: 1, halvesY: 1)
        case ESPALIER_PIXELS_YU12:
            pixelBytes = 1
            first = Plane(start: start, step: 1, rowBytes: row)
            second = Plane(start: start + below, step: 1, rowBytes: row / 2, halvesX: 1, halvesY: 1)
            third = Plane(
                start: start + (below &+ below / 4), step: 1, rowBytes: row / 2, halvesX: 1, halvesY: 1)
        default: throw .pixels
        }
        guard frame.row_bytes >= frame.width &* pixelBytes else { throw .frame }
        // Two pixels share their colour: a lone one at the end would have none.
        if second.halvesX == 1 && (frame.width & 1 != 0 || frame.row_bytes & 1 != 0) { throw .frame }
        if second.halvesY == 1 && frame.height & 1 != 0 { throw .frame }
    }

    /// Three components, 0 ... 255 each, as red, green and blue. Grey frames have one; it is all three.
    @inline(__always)
    func rgb(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> (UInt32, UInt32, UInt32) {
        isLuma ? colour.rgb(first, second, third) : (first, second, third)
    }

    /// Three components as grey; of luma and colour differences only the first counts.
    @inline(__always)
    func grey(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> UInt32 {
        if isGrey { return first }
        if isLuma { return colour.grey(first) }
        return (first &* 19595 &+ second &* 38470 &+ third &* 7471 &+ 0x8000) &>> 16
    }

    /// True where grey needs the first component only.
    var greyIsFirst: Bool { isGrey || isLuma }

    /// Writes a row at full resolution: grey bytes of a grey frame, red, green and blue of any other.
    func copyRow(_ row: Int, width: Int, to target: UnsafeMutablePointer<UInt8>) {
        let lumas = first.start + row &* first.rowBytes
        if isGrey {
            for pixel in 0..<width { target[pixel] = lumas[pixel] }
            return
        }
        let seconds = second.start + (row &>> second.halvesY) &* second.rowBytes
        let thirds = third.start + (row &>> third.halvesY) &* third.rowBytes
        for pixel in 0..<width {
            let shared = pixel &>> second.halvesX
            let (red, green, blue) = rgb(
                UInt32(lumas[pixel &* first.step]), UInt32(seconds[shared &* second.step]),
                UInt32(thirds[shared &* third.step]))
            target[3 &* pixel] = UInt8(truncatingIfNeeded: red)
            target[3 &* pixel &+ 1] = UInt8(truncatingIfNeeded: green)
            target[3 &* pixel &+ 2] = UInt8(truncatingIfNeeded: blue)
        }
    }
}

/// From luma and colour differences to red, green and blue: ITU-R BT.601-7, sections 2.5.1 to 2.5.4, in 16-bit fixed
/// point, rounded half up, clamped to 0 ... 255.
struct ColourMatrix {
    let black: Int32
    let luma: Int32
    let redFromV: Int32
    let greenFromU: Int32
    let greenFromV: Int32
    let blueFromU: Int32

    /// Luma 16 ... 235, differences 16 ... 240: video.
    static var limited: ColourMatrix {
        ColourMatrix(
            black: 16, luma: 76_309, redFromV: 104_597, greenFromU: 25_675, greenFromV: 53_279,
            blueFromU: 132_201)
    }

    /// All of them 0 ... 255: JPEG (JFIF 1.02).
    static var full: ColourMatrix {
        ColourMatrix(
            black: 0, luma: 65_536, redFromV: 91_881, greenFromU: 22_554, greenFromV: 46_802,
            blueFromU: 116_130)
    }

    @inline(__always)
    func rgb(_ y: UInt32, _ u: UInt32, _ v: UInt32) -> (UInt32, UInt32, UInt32) {
        let light = (Int32(bitPattern: y) &- black) &* luma
        let u = Int32(bitPattern: u) &- 128
        let v = Int32(bitPattern: v) &- 128
        return (
            clamped(light &+ redFromV &* v), clamped(light &- greenFromU &* u &- greenFromV &* v),
            clamped(light &+ blueFromU &* u)
        )
    }

    @inline(__always)
    func grey(_ y: UInt32) -> UInt32 { clamped((Int32(bitPattern: y) &- black) &* luma) }

    @inline(__always)
    private func clamped(_ value: Int32) -> UInt32 {
        UInt32(bitPattern: min(max((value &+ 0x8000) &>> 16, 0), 255))
    }
}
