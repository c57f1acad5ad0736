import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@Suite struct PNGTests {
    @Test(arguments: [1, 3])
    func whatIsWrittenIsReadBack(channels: Int) throws {
        var random = SplitMix64(state: 7)
        for (width, height) in [(1, 1), (3, 2), (97, 64), (256, 1)] {
            let image = Image(
                width: width, height: height, channels: channels,
                pixels: (0..<width * height * channels).map { _ in .random(in: 0...255, using: &random) })
            let bytes = try PNG.encode(image)
            #expect(try PNG.decode(bytes, name: "x") == image)
            #expect(try PNG.encode(image) == bytes)
        }
    }

    @Test func aFileOnDiskIsTheEncodingItself() throws {
        let image = Image(width: 2, height: 2, channels: 1, pixels: [0, 85, 170, 255])
        try withScratchFolder { folder in
            try PNG.write(image, to: folder + "/a.png")
            #expect(try PNG.read(folder + "/a.png") == image)
            #expect(try ByteFile.read(folder + "/a.png") == PNG.encode(image))
        }
    }

    // MARK: Every kind of file becomes 8-bit grey or RGB

    @Test func sixteenBitGreyKeepsItsHighByte() throws {
        let file = handmadePNG(
            width: 4, height: 1, depth: 16, colourType: 0,
            scanlines: [0, 0, 0, 0x40, 0x40, 0x80, 0x80, 0xFF, 0xFF])
        #expect(
            try PNG.decode(file, name: "x")
                == Image(width: 4, height: 1, channels: 1, pixels: [0, 0x40, 0x80, 0xFF]))
    }

    @Test func theLowerByteOfSixteenBitsIsNotLookedAt() throws {
        let values = stride(from: 0, through: 65_535, by: 5).map { $0 }
        let file = handmadePNG(
            width: values.count, height: 1, depth: 16, colourType: 0,
            scanlines: [0] + values.flatMap { bigEndian($0, bytes: 2) })
        #expect(try PNG.decode(file, name: "x").pixels == values.map { UInt8($0 >> 8) })
    }

    @Test func sixteenBitColourKeepsItsHighByte() throws {
        let file = handmadePNG(
            width: 1, height: 2, depth: 16, colourType: 2,
            scanlines: [0, 1, 1, 2, 2, 3, 3, 0, 0xFE, 0xFE, 0xFD, 0xFD, 0xFC, 0xFC])
        #expect(
            try PNG.decode(file, name: "x")
                == Image(width: 1, height: 2, channels: 3, pixels: [1, 2, 3, 0xFE, 0xFD, 0xFC]))
    }

    @Test func aPaletteBecomesItsColours() throws {
        // 2 bits an index: 0, 1, 2, 3.
        let file = handmadePNG(
            width: 4, height: 1, depth: 2, colourType: 3,
            extra: [("PLTE", [0, 0, 0, 200, 10, 20, 30, 210, 40, 255, 255, 255])],
            scanlines: [0, 0b0001_1011])
        #expect(
            try PNG.decode(file, name: "x")
                == Image(
                    width: 4, height: 1, channels: 3,
                    pixels: [0, 0, 0, 200, 10, 20, 30, 210, 40, 255, 255, 255]))
    }

    @Test func oneBitGreyBecomesBlackAndWhite() throws {
        let file = handmadePNG(width: 3, height: 2, depth: 1, colourType: 0, scanlines: [0, 0xA0, 0, 0x40])
        #expect(
            try PNG.decode(file, name: "x")
                == Image(width: 3, height: 2, channels: 1, pixels: [255, 0, 255, 0, 255, 0]))
    }

    @Test func alphaIsDropped() throws {
        let grey = handmadePNG(
            width: 3, height: 1, depth: 8, colourType: 4, scanlines: [0, 200, 255, 200, 0, 9, 128])
        #expect(
            try PNG.decode(grey, name: "x") == Image(width: 3, height: 1, channels: 1, pixels: [200, 200, 9]))
        let colour = handmadePNG(
            width: 2, height: 1, depth: 8, colourType: 6, scanlines: [0, 9, 8, 7, 255, 6, 5, 4, 0])
        #expect(
            try PNG.decode(colour, name: "x")
                == Image(width: 2, height: 1, channels: 3, pixels: [9, 8, 7, 6, 5, 4]))
    }

    @Test func aTransparentGreyStaysItself() throws {
        let file = handmadePNG(
            width: 2, height: 1, depth: 8, colourType: 0, extra: [("tRNS", [0, 200])], scanlines: [0, 200, 7])
        #expect(try PNG.decode(file, name: "x") == Image(width: 2, height: 1, channels: 1, pixels: [200, 7]))
    }

    @Test(arguments: [1, 20_000, 45_455, 55_556, 100_000, 250_000])
    func noGammaIsApplied(gamma: Int) throws {
        for (colourType, channels) in [(0, 1), (2, 3), (4, 1), (6, 3)] {
            let alpha = colourType >= 4 ? 1 : 0
            let stored: [UInt8] = [3, 50, 100, 150, 200, 251].flatMap { value in
                Array(repeating: UInt8(value), count: channels) + Array(repeating: 130, count: alpha)
            }
            let file = handmadePNG(
                width: 6, height: 1, depth: 8, colourType: colourType,
                extra: [("gAMA", bigEndian(gamma, bytes: 4))], scanlines: [0] + stored)
            let expected = [3, 50, 100, 150, 200, 251].flatMap {
                Array(repeating: UInt8($0), count: channels)
            }
            #expect(try PNG.decode(file, name: "x").pixels == expected, "colour type \(colourType)")
        }
    }

    @Test func noColourSpaceIsApplied() throws {
        let chromaticities = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000]
        for extra: [(String, [UInt8])] in [
            [("sRGB", [1])], [("cHRM", chromaticities.flatMap { bigEndian($0, bytes: 4) })],
            [("gAMA", bigEndian(55_556, bytes: 4)), ("sRGB", [0])], [("iCCP", Array("x\0\0rubbish".utf8))],
            [("gAMA", [1])], [("sBIT", [5, 6, 5])], [("bKGD", [0, 1, 0, 2, 0, 3])],
        ] {
            let file = handmadePNG(
                width: 2, height: 1, depth: 8, colourType: 2, extra: extra,
                scanlines: [0, 1, 50, 100, 150, 200, 250])
            #expect(try PNG.decode(file, name: "x").pixels == [1, 50, 100, 150, 200, 250], "\(extra)")
        }
    }

    @Test(arguments: [1, 2, 4]) func fewBitsAreSpreadOverTheWholeRange(depth: Int) throws {
        let levels = 1 << depth
        let scanline = stride(from: 0, to: 8, by: 8 / depth).map { start -> UInt8 in
            (0..<8 / depth).reduce(0) { $0 << depth | UInt8((start + $1) % levels) }
        }
        let file = handmadePNG(width: 8, height: 1, depth: depth, colourType: 0, scanlines: [0] + scanline)
        #expect(
            try PNG.decode(file, name: "x").pixels == (0..<8).map { UInt8($0 % levels * 255 / (levels - 1)) })
    }

    @Test func interlacedFilesAreTheSamePicture() throws {
        // A 3 x 3 picture visits the passes 1 (0,0), 4 (2,0), 5 (0,2) (2,2), 6 (1,0) (1,2), 7 row 1.
        let file = handmadePNG(
            width: 3, height: 3, depth: 8, colourType: 0, interlaced: true,
            scanlines: [0, 10, 0, 12, 0, 30, 32, 0, 11, 0, 31, 0, 20, 21, 22])
        #expect(
            try PNG.decode(file, name: "x")
                == Image(width: 3, height: 3, channels: 1, pixels: [10, 11, 12, 20, 21, 22, 30, 31, 32]))
    }

    // MARK: Errors are one sentence

    @Test func wrongFilesAreExplained() throws {
        func explain(_ bytes: [UInt8]) -> String? { sentence { _ = try PNG.decode(bytes, name: "a.png") } }
        let good = try PNG.encode(Image(width: 8, height: 8, channels: 3))
        var badCRC = good
        badCRC[20] ^= 1
        var wide = handmadePNG(width: 16_385, height: 1, depth: 8, colourType: 0, scanlines: [0])
        #expect(explain([]) == "a.png is empty; pass a PNG file.")
        #expect(explain(Array("GIF89a".utf8)) == "a.png is not a PNG file; convert the picture to PNG.")
        #expect(explain(good.dropLast(1)) == "a.png is a PNG file cut short; copy or make the file again.")
        #expect(
            explain(badCRC)
                == "a.png is a damaged PNG file (libpng: IHDR: CRC error); copy or make the file again.")
        #expect(
            explain(wide)
                == "a.png has 16385 x 1 pixels, over the limit of 16384 a side; scale the picture down.")
        wide = handmadePNG(width: 16_384, height: 16_384, depth: 8, colourType: 2, scanlines: [0])
        #expect(
            explain(wide)
                == "a.png claims 16384 x 16384 pixels, more than \(wide.count) bytes can hold; "
                + "make the file again.")
        #expect(
            sentence { _ = try PNG.read("/nowhere/a.png") }
                == "/nowhere/a.png cannot be read (no such file or directory); check the path.")
        #expect(
            sentence { _ = try PNG.read("/tmp") }
                == "/tmp cannot be read (is a directory); pass a file and not a folder.")
    }

    @Test func missingRowsAreAnError() {
        let file = handmadePNG(width: 4, height: 4, depth: 8, colourType: 0, scanlines: [0, 1, 2, 3, 4])
        #expect(
            sentence { _ = try PNG.decode(file, name: "a.png") }
                == "a.png is a damaged PNG file (libpng: Not enough image data); copy or make the file again."
        )
    }

    @Test func everyCutIsAnError() throws {
        let good = try PNG.encode(Image(width: 13, height: 9, channels: 3, filledWith: 77))
        for length in good.indices {
            #expect(throws: FileError.self) { try PNG.decode(Array(good[..<length]), name: "cut") }
        }
    }

    @Test func aContradictoryImageIsNotEncoded() {
        var image = Image(width: 2, height: 2, channels: 1)
        image.width = 3
        #expect(
            sentence { _ = try PNG.encode(image) }
                == "The image would have 4 bytes for 3 x 2 pixels of 1 channels; "
                + "make the image's sizes and pixels agree.")
    }

    @Test func randomDamageIsAPictureOrASentence() throws {
        let seeds = [
            try PNG.encode(Image(width: 13, height: 9, channels: 3, filledWith: 77)),
            handmadePNG(
                width: 4, height: 1, depth: 2, colourType: 3, extra: [("PLTE", [0, 0, 0, 200, 10, 20])],
                scanlines: [0, 0b0001_1011]),
            handmadePNG(
                width: 1, height: 1, depth: 16, colourType: 6, scanlines: [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ]
        for number in 0..<3000 {
            var random = SplitMix64(state: UInt64(number))
            let bytes = mutated(seeds[number % seeds.count], with: &random)
            if let text = sentence({ _ = try PNG.decode(bytes, name: "fuzz") }) {
                #expect(text.hasPrefix("fuzz ") && text.hasSuffix("."), "seed \(number)")
            }
        }
    }
}
