import CEspalier
import EspalierCore
import EspalierTestSupport
import Testing

/// From a camera frame to stored values, against a brute-force area average in whole numbers.
@Suite struct PreparationTests {
    /// A frame that owns its pixels, with `padding` unused bytes at the end of each row.
    struct Picture {
        let format: Int32
        let width: Int
        let height: Int
        var padding = 0
        var pixels: [UInt8]  // [height][width][bytesPerPixel], no padding

        var bytesPerPixel: Int { format == ESPALIER_PIXELS_RGB24 ? 3 : 1 }

        static func random(
            _ format: Int32, _ width: Int, _ height: Int, padding: Int = 0, seed: UInt64
        ) -> Picture {
            var random = SeededGenerator(seed: seed)
            let count = width * height * (format == ESPALIER_PIXELS_RGB24 ? 3 : 1)
            return Picture(
                format: format, width: width, height: height, padding: padding,
                pixels: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }

        func value(_ x: Int, _ y: Int, _ channel: Int) -> Int {
            Int(pixels[(y * width + x) * bytesPerPixel + channel])
        }

        /// Rows with their padding, which holds `rubbish`.
        func bytes(rubbish: UInt8) -> [UInt8] {
            let row = width * bytesPerPixel
            return (0..<height).flatMap {
                Array(pixels[$0 * row..<($0 + 1) * row]) + [UInt8](repeating: rubbish, count: padding)
            }
        }
    }

    /// What the core stores for a picture.
    private func prepared(
        _ picture: Picture, _ height: Int, _ width: Int, _ channels: Int, table: [Int8]? = nil,
        rubbish: UInt8 = 99
    ) throws -> [Int8] {
        let bench = LayerBench()
        let input = bench.tensor(
            height, width, channels, zeroPoint: -5, halo: Halo(top: 1, bottom: 2, left: 1, right: 1))
        var model = bench.model(input: input, outputs: [input]).pointee
        if let table { model.pixel_table = bench.keep(table) }
        let arena = Arena(bytes: Int(model.arena_bytes))
        let engine = try Engine(model: bench.keep([model]), arena: arena.start, arenaBytes: arena.bytes.count)
        try picture.bytes(rubbish: rubbish).withUnsafeBufferPointer { bytes in
            try engine.setFrame(
                EspalierFrame(
                    pixels: bytes.baseAddress, pixel_format: picture.format, width: Int32(picture.width),
                    height: Int32(picture.height),
                    row_bytes: Int32(picture.width * picture.bytesPerPixel + picture.padding)))
        }
        var values = [Int8](repeating: 0, count: height * width * channels)
        try values.withUnsafeMutableBufferPointer { try engine.copyOutput(0, to: $0) }
        withExtendedLifetime(bench) {}
        return values
    }

    // MARK: Oracle

    /// Pillow's conversion to "L".
    private func luma(_ red: Int, _ green: Int, _ blue: Int) -> Int {
        (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16
    }

    /// Each crop pixel repeated width x height times, then averaged in boxes as large as the crop: every
    /// number whole.
    private func expected(_ picture: Picture, _ height: Int, _ width: Int, _ channels: Int) -> [Int8] {
        let wide = picture.width * height > picture.height * width
        let cropWidth = wide ? max(1, picture.height * width / height) : picture.width
        let cropHeight = wide ? picture.height : max(1, picture.width * height / width)
        let left = (picture.width - cropWidth) / 2
        let top = (picture.height - cropHeight) / 2
        func average(_ row: Int, _ pixel: Int, _ channel: Int) -> Int {
            var sum = 0
            for fineY in row * cropHeight..<(row + 1) * cropHeight {
                for fineX in pixel * cropWidth..<(pixel + 1) * cropWidth {
                    sum += picture.value(left + fineX / width, top + fineY / height, channel)
                }
            }
            let area = cropWidth * cropHeight
            return (2 * sum + area) / (2 * area)
        }
        return (0..<height * width).flatMap { index -> [Int8] in
            let (row, pixel) = (index / width, index % width)
            let values = (0..<picture.bytesPerPixel).map { average(row, pixel, $0) }
            let all: [Int]
            switch (values.count, channels) {
            case (1, _): all = [Int](repeating: values[0], count: channels)
            case (_, 1): all = [luma(values[0], values[1], values[2])]
            default: all = values
            }
            return all.map { Int8($0 - 128) }
        }
    }

    // MARK: Resizing

    @Test func allSmallFramesAndInputsAgree() throws {
        let sides = [1, 2, 3, 4, 7]
        var mismatches: [String] = []
        var count = 0
        for format in [ESPALIER_PIXELS_GRAY8, ESPALIER_PIXELS_RGB24] {
            for channels in [1, 3] {
                for frame in 0..<25 {
                    for input in 0..<25 {
                        let picture = Picture.random(
                            format, sides[frame % 5], sides[frame / 5], padding: count % 3,
                            seed: UInt64(count))
                        let (height, width) = (sides[input % 5], sides[input / 5])
                        if try prepared(picture, height, width, channels)
                            != expected(picture, height, width, channels)
                        {
                            let sizes = "\(picture.width)x\(picture.height) to \(width)x\(height)x\(channels)"
                            mismatches.append("format \(format) \(sizes)")
                        }
                        count += 1
                    }
                }
            }
        }
        expectNone(mismatches, of: count)
    }

    @Test(arguments: [(160, 120, 24, 32), (97, 61, 20, 20), (30, 200, 9, 16), (13, 11, 40, 40)])
    func cameraSizesAgree(width: Int, height: Int, inputHeight: Int, inputWidth: Int) throws {
        let picture = Picture.random(ESPALIER_PIXELS_RGB24, width, height, padding: 5, seed: UInt64(width))
        for channels in [1, 3] {
            #expect(
                try prepared(picture, inputHeight, inputWidth, channels)
                    == expected(picture, inputHeight, inputWidth, channels))
        }
    }

    @Test func pixelsPassUnchangedAtARatioOfOne() throws {
        let picture = Picture.random(ESPALIER_PIXELS_RGB24, 9, 6, seed: 1)
        #expect(try prepared(picture, 6, 9, 3) == picture.pixels.map { Int8(Int($0) - 128) })
    }

    @Test func halvesRoundUp() throws {
        let picture = Picture(format: ESPALIER_PIXELS_GRAY8, width: 2, height: 2, pixels: [10, 11, 10, 11])
        #expect(try prepared(picture, 1, 1, 1) == [-117])
    }

    @Test func theCropIsCentred() throws {
        // 7 wide, 3 high, to a square: pixels 2 ... 4 of each row.
        let picture = Picture(
            format: ESPALIER_PIXELS_GRAY8, width: 7, height: 3,
            pixels: (0..<21).map { [2, 3, 4].contains($0 % 7) ? 200 : 0 })
        #expect(try prepared(picture, 1, 1, 1) == [72])
        let upright = Picture(
            format: ESPALIER_PIXELS_GRAY8, width: 3, height: 7,
            pixels: (0..<21).map { (6..<15).contains($0) ? 200 : 0 })
        #expect(try prepared(upright, 1, 1, 1) == [72])
    }

    @Test func aFrameOfOnePixelFillsTheInput() throws {
        let picture = Picture(format: ESPALIER_PIXELS_RGB24, width: 1, height: 1, pixels: [3, 130, 255])
        #expect(try prepared(picture, 3, 2, 3) == (0..<6).flatMap { _ in [Int8(-125), 2, 127] })
    }

    @Test func theLargestWhiteFrameStaysWhite() throws {
        let side = 4_095
        let picture = Picture(
            format: ESPALIER_PIXELS_GRAY8, width: side, height: side,
            pixels: [UInt8](repeating: 255, count: side * side))
        #expect(try prepared(picture, 1, 1, 1) == [127])
        #expect(try prepared(picture, 2, 2, 1) == [127, 127, 127, 127])
    }

    // MARK: Colour and memory

    @Test func greyIsPillowsLuma() throws {
        // Image.new("RGB", (1, 1), colour).convert("L")
        let golden: [([UInt8], Int)] = [
            ([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([255, 255, 255], 255), ([1, 2, 3], 2),
            ([0, 0, 0], 0), ([200, 100, 50], 124), ([17, 211, 96], 140), ([254, 255, 255], 255),
            ([3, 0, 1], 1),
        ]
        for (colour, grey) in golden {
            let picture = Picture(format: ESPALIER_PIXELS_RGB24, width: 1, height: 1, pixels: colour)
            #expect(try prepared(picture, 1, 1, 1) == [Int8(grey - 128)], "\(colour)")
        }
    }

    @Test func bytesBetweenRowsAreNotLookedAt() throws {
        let picture = Picture.random(ESPALIER_PIXELS_RGB24, 11, 7, padding: 13, seed: 2)
        var tight = picture
        tight.padding = 0
        let values = try prepared(picture, 5, 5, 3, rubbish: 0)
        #expect(try prepared(picture, 5, 5, 3, rubbish: 255) == values)
        #expect(try prepared(tight, 5, 5, 3) == values)
    }

    @Test func aPixelTableIsReadForEachChannelAndValue() throws {
        var random = SeededGenerator(seed: 4)
        let table = random.bytes(3 * 256)
        let picture = Picture(
            format: ESPALIER_PIXELS_RGB24, width: 16, height: 16,
            pixels: (UInt8.min...UInt8.max).flatMap { [$0, 255 - $0, $0 ^ 0x55] })
        let looked = (0..<256).flatMap { (pixel: Int) -> [Int8] in
            [table[pixel], table[256 + 255 - pixel], table[512 + (pixel ^ 0x55)]]
        }
        #expect(try prepared(picture, 16, 16, 3, table: table) == looked)
    }

    // MARK: Refusals

    @Test func impossibleFramesAreRefused() {
        func code(channels: Int = 1, _ change: (inout EspalierFrame) -> Void) -> Int32 {
            let bench = LayerBench()
            let input = bench.tensor(2, 2, channels)
            let model = bench.model(input: input, outputs: [input])
            let arena = Arena(bytes: Int(model.pointee.arena_bytes))
            let pixels = [UInt8](repeating: 0, count: 64)
            return pixels.withUnsafeBufferPointer { pixels in
                var frame = EspalierFrame(
                    pixels: pixels.baseAddress, pixel_format: ESPALIER_PIXELS_RGB24, width: 4, height: 4,
                    row_bytes: 12)
                change(&frame)
                do throws(Status) {
                    try Engine(model: model, arena: arena.start, arenaBytes: arena.bytes.count).setFrame(
                        frame)
                    return ESPALIER_OK
                } catch {
                    return error.code
                }
            }
        }
        #expect(code { _ in } == ESPALIER_OK)
        #expect(code { $0.pixels = nil } == ESPALIER_ERROR_FRAME)
        for side in [Int32.min, -1, 0, 4_096, .max] {
            #expect(code { $0.width = side } == ESPALIER_ERROR_FRAME, "width \(side)")
            #expect(code { $0.height = side } == ESPALIER_ERROR_FRAME, "height \(side)")
        }
        for rowBytes in [Int32.min, -12, 0, 11] {
            #expect(code { $0.row_bytes = rowBytes } == ESPALIER_ERROR_FRAME, "row bytes \(rowBytes)")
        }
        for format in [Int32.min, -1, 0, 8, 0x101, 0x102, 0x103, 0x204] {
            #expect(code { $0.pixel_format = format } == ESPALIER_ERROR_PIXELS, "format \(format)")
        }
        for channels in [2, 4, 5] { #expect(code(channels: channels) { _ in } == ESPALIER_ERROR_PIXELS) }
        #expect(code(channels: 3) { _ in } == ESPALIER_OK)
    }
}
