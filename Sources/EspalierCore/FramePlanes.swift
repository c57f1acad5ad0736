public import CEspalier

/// Where a frame's samples lie and what they mean: the one place that knows the pixel formats of `espalier.h`.
public struct FramePlanes {
    /// A side this long keeps every sum of a box below 2^32.
    static var longestSide: Int32 { 4095 }

    /// With a value in a case, so that Swift makes it no `Hashable`, whose hasher firmware would have to seed.
    enum Colour {
        case grey  // `main` holds grey
        case rgb  // `main` holds red, green and blue
        case yuv(YUVRange)  // `main` holds luma, `chroma` U and V
    }

    public let width: Int
    public let height: Int
    let colour: Colour
    let main: Plane
    let chroma: Plane

    /// - Throws: `.pixels` for an unknown format; `.frame` for a frame without pixels or of an impossible size.
    public init(_ frame: EspalierFrame) throws(Status) {
        let sides = 1...FramePlanes.longestSide
        guard let start = frame.pixels, sides.contains(frame.width), sides.contains(frame.height) else {
            throw .frame
        }
        let isFullRange = frame.pixel_format & ESPALIER_PIXELS_FULL_RANGE != 0
        let format = frame.pixel_format & ~ESPALIER_PIXELS_FULL_RANGE
        let range: YUVRange = isFullRange ? .full : .limited
        let bytesPerPixel: Int  // in a row of `main`
        switch format {
        case ESPALIER_PIXELS_GRAY8: (colour, bytesPerPixel) = (.grey, 1)
        case ESPALIER_PIXELS_RGB24, ESPALIER_PIXELS_BGR24: (colour, bytesPerPixel) = (.rgb, 3)
        case ESPALIER_PIXELS_YUYV, ESPALIER_PIXELS_UYVY: (colour, bytesPerPixel) = (.yuv(range), 2)
        case ESPALIER_PIXELS_NV12, ESPALIER_PIXELS_YU12: (colour, bytesPerPixel) = (.yuv(range), 1)
        default: throw .pixels
        }
        if case .yuv = colour {} else if isFullRange { throw .pixels }
        width = Int(frame.width)
        height = Int(frame.height)
        let rowBytes = Int(frame.row_bytes)
        guard rowBytes >= width &* bytesPerPixel else { throw .frame }

        let end = rowBytes &* height  // of the first plane
        switch format {
        case ESPALIER_PIXELS_BGR24:
            main = Plane(start + 2, rowBytes: rowBytes, step: 3, component: -1)
            chroma = main
        case ESPALIER_PIXELS_YUYV:
            main = Plane(start, rowBytes: rowBytes, step: 2)
            chroma = Plane(start + 1, rowBytes: rowBytes, step: 4, component: 2, columnShift: 1)
        case ESPALIER_PIXELS_UYVY:
            main = Plane(start + 1, rowBytes: rowBytes, step: 2)
            chroma = Plane(start, rowBytes: rowBytes, step: 4, component: 2, columnShift: 1)
        case ESPALIER_PIXELS_NV12:
            main = Plane(start, rowBytes: rowBytes, step: 1)
            chroma = Plane(
                start + end, rowBytes: rowBytes, step: 2, component: 1, columnShift: 1, rowShift: 1)
        case ESPALIER_PIXELS_YU12:
            guard rowBytes & 1 == 0 else { throw .frame }
            main = Plane(start, rowBytes: rowBytes, step: 1)
            chroma = Plane(
                start + end, rowBytes: rowBytes / 2, step: 1, component: end / 4, columnShift: 1, rowShift: 1)
        default:
            main = Plane(start, rowBytes: rowBytes, step: bytesPerPixel, component: 1)
            chroma = main
        }
        // Neighbours share chroma in pairs: a side that is not whole pairs has no layout.
        guard width & chroma.columnShift == 0, height & chroma.rowShift == 0 else { throw .frame }
    }

    // MARK: Rows

    /// One row at full resolution as red, green, blue: 3 x width bytes. Each pixel takes the chroma sample it shares.
    ///
    /// - Throws: `.index` for a row the frame does not have.
    public func copyRow(_ row: Int, rgb: UnsafeMutablePointer<UInt8>) throws(Status) {
        guard row >= 0, row < height else { throw .index }
        switch colour {
        case .grey:
            for pixel in 0..<width { store(RGB(grey: main.sample(row, pixel, 0)), rgb + 3 &* pixel) }
        case .rgb:
            for pixel in 0..<width { store(rgbSample(row, pixel), rgb + 3 &* pixel) }
        case .yuv(let range):
            for pixel in 0..<width {
                let u = chroma.sample(row, pixel, 0)
                let v = chroma.sample(row, pixel, 1)
                store(range.colour(main.sample(row, pixel, 0), u, v), rgb + 3 &* pixel)
            }
        }
    }

    /// One row at full resolution as grey: width bytes.
    ///
    /// - Throws: `.index` for a row the frame does not have.
    public func copyRow(_ row: Int, grey: UnsafeMutablePointer<UInt8>) throws(Status) {
        guard row >= 0, row < height else { throw .index }
        for pixel in 0..<width {
            let value =
                switch colour {
                case .grey: main.sample(row, pixel, 0)
                case .rgb: rgbSample(row, pixel).luma
                case .yuv(let range): range.grey(main.sample(row, pixel, 0))
                }
            grey[pixel] = UInt8(truncatingIfNeeded: value)
        }
    }

    @inline(__always)
    private func rgbSample(_ row: Int, _ pixel: Int) -> RGB {
        RGB(
            red: main.sample(row, pixel, 0), green: main.sample(row, pixel, 1),
            blue: main.sample(row, pixel, 2))
    }

    @inline(__always)
    private func store(_ colour: RGB, _ target: UnsafeMutablePointer<UInt8>) {
        target[0] = UInt8(truncatingIfNeeded: colour.red)
        target[1] = UInt8(truncatingIfNeeded: colour.green)
        target[2] = UInt8(truncatingIfNeeded: colour.blue)
    }
}
