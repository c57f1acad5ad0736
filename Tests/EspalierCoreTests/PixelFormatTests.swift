import CEspalier
import EspalierCore
import EspalierTestSupport
import Testing

/// Camera formats, against a picture that is spread out pixel by pixel first.
@Suite struct PixelFormatTests {
    /// Bytes of a frame, and by hand what each of its pixels is.
    struct Camera {
        let format: Int32
        let width: Int
        let height: Int
        let padding: Int
        var bytes: [UInt8]

        var plain: Int32 { format & ~ESPALIER_PIXELS_FULL_RANGE }
        var rowBytes: Int {
            switch plain {
            case ESPALIER_PIXELS_BGR24, ESPALIER_PIXELS_RGB24: width * 3 + padding
            case ESPALIER_PIXELS_YUYV, ESPALIER_PIXELS_UYVY: width * 2 + padding
            default: width + padding
            }
        }

        init(_ format: Int32, _ width: Int, _ height: Int, padding: Int, seed: UInt64) {
            self.format = format
            self.width = width
            self.height = height
            self.padding = padding
            bytes = []
            var random = SeededGenerator(seed: seed)
            let isPlanar = plain == ESPALIER_PIXELS_NV12 || plain == ESPALIER_PIXELS_YU12
            let count = rowBytes * height * (isPlanar ? 3 : 2) / 2
            bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        }

        /// The three components of a pixel, where the formats' definitions put them.
        func components(_ x: Int, _ y: Int) -> [Int] {
            let row = y * rowBytes
            let places: [Int]
            switch plain {
            case ESPALIER_PIXELS_RGB24: places = [row + 3 * x, row + 3 * x + 1, row + 3 * x + 2]
            case ESPALIER_PIXELS_BGR24: places = [row + 3 * x + 2, row + 3 * x + 1, row + 3 * x]
            case ESPALIER_PIXELS_YUYV:
                places = [row + 2 * x, row + x / 2 * 4 + 1, row + x / 2 * 4 + 3]
            case ESPALIER_PIXELS_UYVY:
                places = [row + 2 * x + 1, row + x / 2 * 4, row + x / 2 * 4 + 2]
            case ESPALIER_PIXELS_NV12:
                let pair = rowBytes * height + y / 2 * rowBytes + x / 2 * 2
                places = [row + x, pair, pair + 1]
            default:
                let u = rowBytes * height + y / 2 * (rowBytes / 2) + x / 2
                places = [row + x, u, u + rowBytes / 2 * (height / 2)]
            }
            return places.map { Int(bytes[$0]) }
        }

        func withFrame<Result>(_ body: (EspalierFrame) throws -> Result) rethrows -> Result {
            try bytes.withUnsafeBufferPointer {
                try body(
                    EspalierFrame(
                        pixels: $0.baseAddress, pixel_format: format, width: Int32(width),
                        height: Int32(height), row_bytes: Int32(rowBytes)))
            }
        }
    }

    static let yuv = [
        ESPALIER_PIXELS_YUYV, ESPALIER_PIXELS_UYVY, ESPALIER_PIXELS_NV12, ESPALIER_PIXELS_YU12,
    ]
    static let formats =
        [ESPALIER_PIXELS_RGB24, ESPALIER_PIXELS_BGR24] + yuv + yuv.map { $0 | ESPALIER_PIXELS_FULL_RANGE }

    /// BT.601 in real numbers.
    private func rgb(_ yuv: [Int], full: Bool) -> [Double] {
        let y = full ? Double(yuv[0]) : Double(yuv[0] - 16) * 255 / 219
        let scale = full ? 1.0 : 255.0 / 224
        let (u, v) = (Double(yuv[1] - 128) * scale, Double(yuv[2] - 128) * scale)
        let green = y - 0.114 * 1.772 / 0.587 * u - 0.299 * 1.402 / 0.587 * v
        return [y + 1.402 * v, green, y + 1.772 * u].map { min(max($0, 0), 255) }
    }

    private func prepared(_ camera: Camera, _ height: Int, _ width: Int, _ channels: Int) throws -> [Int] {
        let bench = LayerBench()
        let input = bench.tensor(height, width, channels, zeroPoint: 3, halo: Halo(top: 1, left: 1))
        let model = bench.model(input: input, outputs: [input])
        let arena = Arena(bytes: Int(model.pointee.arena_bytes))
        let engine = try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count)
        try camera.withFrame { try engine.setFrame($0) }
        var values = [Int8](repeating: 0, count: height * width * channels)
        try values.withUnsafeMutableBufferPointer { try engine.copyOutput(0, to: $0) }
        withExtendedLifetime(bench) {}
        return values.map { Int($0) + 128 }
    }

    /// The components' means over each box in whole numbers, rounded; then the colour, at most one step from the real
    /// formula.
    private func check(_ camera: Camera, _ height: Int, _ width: Int, _ channels: Int) throws {
        let wide = camera.width * height > camera.height * width
        let cropWidth = wide ? max(1, camera.height * width / height) : camera.width
        let cropHeight = wide ? camera.height : max(1, camera.width * height / width)
        let (left, top) = ((camera.width - cropWidth) / 2, (camera.height - cropHeight) / 2)
        let values = try prepared(camera, height, width, channels)
        for index in 0..<height * width {
            let (row, pixel) = (index / width, index % width)
            var sums = [0, 0, 0]
            for fineY in row * cropHeight..<(row + 1) * cropHeight {
                for fineX in pixel * cropWidth..<(pixel + 1) * cropWidth {
                    let parts = camera.components(left + fineX / width, top + fineY / height)
                    for part in 0..<3 { sums[part] += parts[part] }
                }
            }
            let area = cropWidth * cropHeight
            let means = sums.map { (2 * $0 + area) / (2 * area) }
            let isYUV = camera.plain >= ESPALIER_PIXELS_YUYV
            let isFull = camera.format != camera.plain
            var wanted = isYUV ? rgb(means, full: isFull) : means.map(Double.init)
            if channels == 1 {
                let grey = isYUV ? rgb([means[0], 128, 128], full: isFull)[0] : luma(means)
                wanted = [grey]
            }
            for channel in 0..<channels {
                let difference = abs(Double(values[index * channels + channel]) - wanted[channel])
                #expect(difference <= (isYUV || channels == 1 ? 0.51 : 0), "\(camera.format) \(index)")
            }
        }
    }

    private func luma(_ rgb: [Int]) -> Double {
        0.299 * Double(rgb[0]) + 0.587 * Double(rgb[1]) + 0.114 * Double(rgb[2])
    }

    @Test(arguments: formats) func everyFormatIsReadWhereItsSamplesLie(format: Int32) throws {
        var seed = UInt64(format)
        for (width, height) in [(2, 2), (4, 2), (2, 6), (6, 4), (10, 8), (16, 12)] {
            for (inputWidth, inputHeight) in [(1, 1), (2, 2), (3, 2), (4, 4), (5, 7), (16, 12), (20, 9)] {
                for channels in [1, 3] {
                    seed += 1
                    let camera = Camera(format, width, height, padding: Int(seed % 3) * 2, seed: seed)
                    try check(camera, inputHeight, inputWidth, channels)
                }
            }
        }
    }

    /// All 2^24 colours, each through a row of 256 of them.
    @Test(arguments: [0, ESPALIER_PIXELS_FULL_RANGE]) func everyColourIsTheNearestToTheStandard(range: Int32)
    {
        var camera = Camera(ESPALIER_PIXELS_YUYV | range, 256, 1, padding: 0, seed: 1)
        var row = [UInt8](repeating: 0, count: 768)
        var worst = 0.0
        for pair in 0..<65_536 where pair % 7 == 0 || pair % 256 == 128 || pair / 256 == 128 {
            for pixel in 0..<256 {
                camera.bytes[2 * pixel] = UInt8(pixel)
                camera.bytes[2 * pixel + 1] = UInt8(pixel & 1 == 0 ? pair & 255 : pair >> 8)
            }
            let status = camera.withFrame { frame in
                withUnsafePointer(to: frame) { espalier_frame_row($0, 0, &row) }
            }
            #expect(status == ESPALIER_OK)
            for pixel in 0..<256 {
                let wanted = rgb([pixel, pair & 255, pair >> 8], full: range != 0)
                for part in 0..<3 { worst = max(worst, abs(Double(row[3 * pixel + part]) - wanted[part])) }
            }
        }
        #expect(worst <= 0.51)
    }

    @Test(arguments: formats) func rowsAreThoseOfAnInputOfTheSameSize(format: Int32) throws {
        let camera = Camera(format, 12, 8, padding: 4, seed: 9)
        let values = try prepared(camera, 8, 12, 3)
        var row = [UInt8](repeating: 0, count: 36)
        for y in 0..<8 {
            let status = camera.withFrame { frame in
                withUnsafePointer(to: frame) { espalier_frame_row($0, Int32(y), &row) }
            }
            #expect(status == ESPALIER_OK)
            #expect(row.map(Int.init) == Array(values[y * 36..<(y + 1) * 36]))
        }
        let status = camera.withFrame { frame in
            withUnsafePointer(to: frame) { espalier_frame_row($0, 8, &row) }
        }
        #expect(status == ESPALIER_ERROR_INDEX)
    }

    @Test func framesThatCannotBeAreRefused() {
        func status(_ format: Int32, _ width: Int32, _ height: Int32, _ rowBytes: Int32) -> Int32 {
            var row = [UInt8](repeating: 0, count: 64)
            let bytes = [UInt8](repeating: 0, count: 256)
            return bytes.withUnsafeBufferPointer {
                var frame = EspalierFrame(
                    pixels: $0.baseAddress, pixel_format: format, width: width, height: height,
                    row_bytes: rowBytes)
                return espalier_frame_row(&frame, 0, &row)
            }
        }
        #expect(status(ESPALIER_PIXELS_YUYV, 4, 3, 8) == ESPALIER_OK)
        #expect(status(ESPALIER_PIXELS_YUYV, 3, 4, 8) == ESPALIER_ERROR_FRAME)
        #expect(status(ESPALIER_PIXELS_YUYV, 4, 4, 7) == ESPALIER_ERROR_FRAME)
        #expect(status(ESPALIER_PIXELS_NV12, 4, 3, 4) == ESPALIER_ERROR_FRAME)
        #expect(status(ESPALIER_PIXELS_YU12, 4, 4, 5) == ESPALIER_ERROR_FRAME)
        #expect(status(ESPALIER_PIXELS_BGR24, 4, 4, 11) == ESPALIER_ERROR_FRAME)
        #expect(status(ESPALIER_PIXELS_RGB24 | ESPALIER_PIXELS_FULL_RANGE, 4, 4, 12) == ESPALIER_ERROR_PIXELS)
        #expect(status(8, 4, 4, 64) == ESPALIER_ERROR_PIXELS)
    }
}
