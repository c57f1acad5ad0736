import EspalierTestSupport
import Testing

@testable import EspalierFiles

/// Picture files of many kinds (Tests/Fixtures/make_pictures.py) against the pixels that Pillow gives for them.
@Suite struct PictureTests {
    static let names: [String] = (try? NPZ.names(Package.fixture("pictures/expected.npz").path)) ?? []

    private static func file(_ name: String) throws -> [UInt8] {
        try ByteFile.read(Package.fixture("pictures/\(name)").path)
    }

    @Test func thereAreFixtures() { #expect(Self.names.count >= 24) }

    @Test(arguments: names) func thePixelsArePillows(name: String) throws {
        let expected = try NPZ.read(Package.fixture("pictures/expected.npz").path, name: name)
        let image = try Picture.decode(Self.file(name), name: name).image
        #expect(image.width == 19 && image.height == 13)
        #expect(image.channels == (expected.shape.count == 2 ? 1 : 3))
        guard case .uint8(let pixels) = expected.values else {
            Issue.record("\(name) has no pixels")
            return
        }
        let differing = zip(image.pixels, pixels).count { $0 != $1 }
        #expect(differing == 0 && image.pixels.count == pixels.count)
    }

    @Test func theOrientationIsToldAndNotApplied() throws {
        for name in Self.names {
            let orientation = try Picture.decode(Self.file(name), name: name).orientation
            #expect(orientation == (name.hasPrefix("to_be_turned") ? 6 : 1), "\(name)")
        }
        let picture = try Picture.decode(Self.file("to_be_turned.png"), name: "x").image
        #expect(try picture == Picture.decode(Self.file("plain.png"), name: "x").image)
    }

    @Test func exifDataIsReadInEitherByteOrderAndItsDamageIsNoOrientation() {
        func tiff(_ order: String, _ number: (Int, Int) -> [UInt8], value: Int) -> [UInt8] {
            Array(order.utf8) + number(42, 2) + number(8, 4) + number(2, 2)
                + number(0x10F, 2) + number(3, 2) + number(1, 4) + number(0, 4)
                + number(0x112, 2) + number(3, 2) + number(1, 4) + number(value, 2) + [0, 0]
        }
        #expect(EXIF.orientation(tiff("II", littleEndian, value: 3)[...]) == 3)
        #expect(EXIF.orientation(tiff("MM", bigEndian, value: 8)[...]) == 8)
        #expect(EXIF.orientation(tiff("II", littleEndian, value: 9)[...]) == nil)
        #expect(EXIF.orientation(tiff("II", littleEndian, value: 0)[...]) == nil)
        let whole = tiff("MM", bigEndian, value: 5)
        for length in 0..<whole.count - 2 { #expect(EXIF.orientation(whole[..<length]) == nil) }
    }

    @Test func contentsDecideAndNotTheName() throws {
        try withScratchFolder { folder in
            try AtomicFile.write(Self.file("progressive.jpg"), to: folder + "/a.PNG")
            try AtomicFile.write(Self.file("plain.png"), to: folder + "/b.jpeg")
            try AtomicFile.write(Self.file("plain.png"), to: folder + "/c")
            #expect(try Picture.read(folder + "/a.PNG").image.width == 19)
            #expect(try Picture.read(folder + "/b.jpeg") == Picture.read(folder + "/c"))
        }
    }

    @Test func otherFormatsAreNamed() {
        func explain(_ bytes: [UInt8]) -> String? {
            sentence { _ = try Picture.decode(bytes, name: "a.jpg") }
        }
        func explain(_ text: String) -> String? { explain(Array(text.utf8)) }
        let convert = "not a PNG or JPEG file; convert the picture to PNG or JPEG."
        #expect(explain("GIF89a\u{1}\0") == "a.jpg is a GIF picture, \(convert)")
        #expect(explain("RIFF\u{1}\0\0\0WEBPVP8 ") == "a.jpg is a WebP picture, \(convert)")
        #expect(explain("\0\0\0\u{18}ftypheic") == "a.jpg is a HEIC picture, \(convert)")
        #expect(explain("\0\0\0\u{18}ftypavif") == "a.jpg is an AVIF picture, \(convert)")
        #expect(explain("BM\u{1}\0\0\0\0\0\0\0\u{36}\0") == "a.jpg is a BMP picture, \(convert)")
        #expect(explain("II*\0\u{8}\0") == "a.jpg is a TIFF picture, \(convert)")
        #expect(explain("<svg xmlns='x'/>") == "a.jpg is an SVG drawing, \(convert)")
        #expect(explain("<html><body>404") == "a.jpg is a web page, \(convert)")
        #expect(explain("some words") == "a.jpg is text, \(convert)")
        #expect(explain([1, 2, 3]) == "a.jpg is not a PNG or JPEG file; convert the picture to PNG or JPEG.")
        #expect(explain([]) == "a.jpg is empty; pass a PNG or JPEG file.")
    }

    @Test func aJPEGCutAnywhereIsASentence() throws {
        for name in ["baseline_420.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"] {
            let whole = try Self.file(name)
            for length in 3..<whole.count {
                let text = sentence { _ = try Picture.decode(Array(whole[..<length]), name: "cut") }
                #expect(text?.hasPrefix("cut is a damaged JPEG file (libjpeg: ") == true, "\(name) \(length)")
            }
        }
        let text = sentence {
            let whole = try Self.file("baseline_420.jpg")
            _ = try Picture.decode(Array(whole.dropLast(40)), name: "a.jpg")
        }
        #expect(
            text
                == "a.jpg is a damaged JPEG file (libjpeg: Premature end of JPEG file); copy or make the file again."
        )
    }

    @Test func aKindOfJPEGThatIsNotReadIsNotCalledDamaged() throws {
        var bytes = try Self.file("baseline_420.jpg")
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes[frame + 4] = 12  // bits a sample
        #expect(
            sentence { _ = try Picture.decode(bytes, name: "a.jpg") }
                == "a.jpg is a JPEG file of a kind that is not read (libjpeg: Unsupported JPEG data precision 12); "
                + "save it as an ordinary PNG or JPEG.")
        bytes[frame + 4] = 8
        bytes[frame + 1] = 0xC3  // lossless
        #expect(
            sentence { _ = try Picture.decode(bytes, name: "a.jpg") }?.contains("of a kind that is not read")
                == true)
    }

    @Test func dataBehindAJPEGIsNobodysBusiness() throws {
        let whole = try Self.file("baseline_420.jpg")
        #expect(try Picture.decode(whole + [1, 2, 3], name: "x") == Picture.decode(whole, name: "x"))
    }

    @Test func aForgedSizeIsRefusedBeforeAnythingIsAllocated() throws {
        var bytes = try Self.file("baseline_420.jpg")
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x3F, 0xFF, 0x3F, 0xFF])
        #expect(
            sentence { _ = try Picture.decode(bytes, name: "a.jpg") }
                == "a.jpg claims 16383 x 16383 pixels, more than \(bytes.count) bytes can hold; make the file again."
        )
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x00, 0x01, 0x40, 0x01])
        #expect(
            sentence { _ = try Picture.decode(bytes, name: "a.jpg") }
                == "a.jpg has 16385 x 1 pixels, over the limit of 16384 a side; scale the picture down.")
    }

    @Test func randomDamageIsAPictureOrASentence() throws {
        let seeds = try ["baseline_420.jpg", "progressive.jpg", "cmyk.jpg", "to_be_turned.jpg", "grey.jpg"]
            .map(Self.file)
        for number in 0..<2000 {
            var random = SplitMix64(state: UInt64(number))
            let bytes = mutated(seeds[number % seeds.count], with: &random)
            if let text = sentence({ _ = try Picture.decode(bytes, name: "fuzz") }) {
                #expect(text.hasPrefix("fuzz ") && text.hasSuffix("."), "seed \(number)")
            }
        }
    }
}
