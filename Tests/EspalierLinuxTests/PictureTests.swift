import CEspalier
import CLinux
import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// PNG and JPEG with memory from a pool, against the host's own reader and writer.
@Suite struct PictureTests {
    private let pool = UnsafeMutableRawPointer.allocate(
        byteCount: Int(ESPALIER_PICTURE_POOL_BYTES), alignment: 64)

    private var poolBytes: UnsafeMutablePointer<UInt8> { pool.assumingMemoryBound(to: UInt8.self) }

    private func picture(_ pixels: inout [UInt8], _ width: Int, _ height: Int, _ channels: Int)
        -> EspalierPicture
    {
        pixels.withUnsafeMutableBufferPointer {
            EspalierPicture(
                pixels: $0.baseAddress, capacity: UInt32($0.count), width: Int32(width),
                height: Int32(height),
                channels: Int32(channels))
        }
    }

    @Test(arguments: [1, 3]) func whatIsWrittenIsReadByOthers(channels: Int) throws {
        let folder = try TemporaryFolder()
        for (width, height) in [(1, 1), (7, 5), (640, 480)] {
            var pixels = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 640) }
            var written = picture(&pixels, width, height, channels)
            let path = folder.path("a.png")
            #expect(
                espalier_picture_write(&written, path, poolBytes, UInt32(ESPALIER_PICTURE_POOL_BYTES)) == 0)
            let image = try PNG.read(path)
            #expect(image.width == width && image.height == height && image.channels == channels)
            #expect(image.pixels == pixels)
            #expect(!FileManager.default.fileExists(atPath: path + ".part"))
        }
    }

    @Test(arguments: [1, 3]) func whatOthersWriteIsRead(channels: Int) throws {
        let folder = try TemporaryFolder()
        var image = Image(width: 33, height: 9, channels: channels, filledWith: 0)
        for index in image.pixels.indices { image.pixels[index] = UInt8(truncatingIfNeeded: index * 11) }
        try PNG.write(image, to: folder.path("b.png"))
        var pixels = [UInt8](repeating: 0, count: 33 * 9 * 3)
        var read = picture(&pixels, 0, 0, 0)
        var problem = EspalierProblem()
        #expect(
            espalier_picture_read(
                &read, folder.path("b.png"), poolBytes, UInt32(ESPALIER_PICTURE_POOL_BYTES), &problem) == 0)
        #expect(read.width == 33 && read.height == 9 && read.channels == Int32(channels))
        #expect(Array(pixels.prefix(image.pixels.count)) == image.pixels)
    }

    /// A PNG is the same picture for the board as for the host, whatever else the file says.
    @Test func theBoardReadsThePixelsThatTheHostReads() throws {
        let folder = Package.fixture("pictures").path
        // Of JPEG the baseline ones: a progressive one takes more memory than there is.
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            espalier_is_picture_name($0) != 0 && !["progressive.jpg", "cmyk.jpg"].contains($0)
        }
        #expect(names.count >= 20)
        for name in names {
            let image = try Picture.read("\(folder)/\(name)").image
            var pixels = [UInt8](repeating: 0, count: image.width * image.height * 3)
            var read = picture(&pixels, 0, 0, 0)
            var problem = EspalierProblem()
            #expect(
                espalier_picture_read(
                    &read, "\(folder)/\(name)", poolBytes, UInt32(ESPALIER_PICTURE_POOL_BYTES), &problem) == 0
            )
            #expect(Int(read.channels) == image.channels, "\(name)")
            #expect(Array(pixels.prefix(image.pixels.count)) == image.pixels, "\(name)")
        }
    }

    private func fixture(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: Package.fixture("pictures/\(name)")))
    }

    @Test func aFolderShowsPicturesOfEitherKindInAnyCaseAndNothingElse() throws {
        let folder = try TemporaryFolder()
        for name in ["b.PNG", "a.jpg", "c.JpEg", ".hidden.png", "notes.txt", "png"] {
            try Data().write(to: URL(fileURLWithPath: folder.path(name)))
        }
        var shown = EspalierFolder()
        #expect(espalier_folder_open(&shown, folder.url.path) == 0)
        defer { espalier_folder_close(&shown) }
        let names = (0..<4).map { _ in
            var path = [CChar](repeating: 0, count: 600)
            #expect(espalier_folder_next(&shown, &path, 600) == 0)
            return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(separator: "/").last.map(String.init) ?? ""
        }
        #expect(names == ["a.jpg", "b.PNG", "c.JpEg", "a.jpg"])
    }

    @Test func whatCannotBeReadIsOneSentence() throws {
        let folder = try TemporaryFolder()
        let whole = try PNG.encode(Image(width: 64, height: 64, channels: 3, filledWith: 7))
        var pixels = [UInt8](repeating: 0, count: 64 * 64 * 3)
        let cases: [(String, [UInt8], String)] = [
            ("short.png", Array(whole.prefix(60)), "it ends too early"),
            ("text.png", Array("not a picture at all".utf8), "Not a PNG file"),
            ("progressive.jpg", try fixture("progressive.jpg"), "a progressive or CMYK JPEG"),
            ("cmyk.jpg", try fixture("cmyk.jpg"), "a progressive or CMYK JPEG"),
            ("cut.jpg", try Array(fixture("baseline_420.jpg").dropLast(20)), "damaged or cut short"),
            ("start.jpg", try Array(fixture("baseline_420.jpg").prefix(20)), "it is damaged"),
            (
                "large.png", try PNG.encode(Image(width: 65, height: 64, channels: 3, filledWith: 7)),
                "larger than"
            ),
        ]
        for (name, bytes, reason) in cases {
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
            var read = picture(&pixels, 0, 0, 0)
            var problem = EspalierProblem()
            #expect(
                espalier_picture_read(
                    &read, folder.path(name), poolBytes, UInt32(ESPALIER_PICTURE_POOL_BYTES), &problem)
                    == ESPALIER_PROBLEM_SETUP)
            #expect(problem.text.contains(reason), "\(problem.text)")
        }
        var read = picture(&pixels, 0, 0, 0)
        var problem = EspalierProblem()
        #expect(espalier_picture_read(&read, folder.path("none.png"), poolBytes, 1 << 19, &problem) != 0)
        #expect(problem.text.hasSuffix("cannot be opened (No such file or directory)"))
    }

    @Test func anyDamagedPictureIsRefusedOrReadAndNothingElse() throws {
        let folder = try TemporaryFolder()
        let whole = try PNG.encode(Image(width: 20, height: 20, channels: 3, filledWith: 90))
        var random = SeededGenerator(seed: 3)
        var pixels = [UInt8](repeating: 0, count: 20 * 20 * 3 + 64)
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int.random(in: 8..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path("c.png")))
            var read = picture(&pixels, 0, 0, 0)
            read.capacity = 20 * 20 * 3
            var problem = EspalierProblem()
            _ = espalier_picture_read(
                &read, folder.path("c.png"), poolBytes, UInt32(ESPALIER_PICTURE_POOL_BYTES), &problem)
            #expect(pixels.suffix(64).allSatisfy { $0 == 0 })
        }
    }

    @Test func aCaptionIsWrittenAtTheBottomAndNowhereElse() {
        var pixels = [UInt8](repeating: 100, count: 60 * 40)
        var drawn = picture(&pixels, 60, 40, 1)
        espalier_picture_caption(&drawn, "person 0.93 and what does not fit any more")
        #expect(pixels.prefix(60 * 26).allSatisfy { $0 == 100 })
        #expect(pixels.suffix(60 * 14).allSatisfy { $0 == 0x16 || $0 == 0xF2 })
        #expect(pixels.contains(0xF2))
        var small = [UInt8](repeating: 100, count: 4)
        var tiny = picture(&small, 2, 2, 1)
        espalier_picture_caption(&tiny, "x")
        #expect(small == [100, 100, 100, 100])
    }

    @Test func aFolderIsShownInTheOrderOfItsNamesAndRoundAgain() throws {
        let folder = try TemporaryFolder()
        for name in ["b.png", "a.png", ".hidden.png", "c.txt", "d.png"] {
            try Data().write(to: URL(fileURLWithPath: folder.path(name)))
        }
        var pictures = EspalierFolder()
        #expect(espalier_folder_open(&pictures, folder.url.path) == 0)
        defer { espalier_folder_close(&pictures) }
        var path = [CChar](repeating: 0, count: 512)
        let names = (0..<5).map { _ -> String in
            #expect(espalier_folder_next(&pictures, &path, 512) == 0)
            return URL(fileURLWithPath: String(cString: path)).lastPathComponent
        }
        #expect(names == ["a.png", "b.png", "d.png", "a.png", "b.png"])
        #expect(espalier_folder_open(&pictures, "/nowhere") == ENOENT)
    }

    @Test func aJPEGIsDecodedTwiceAlikeAndDamageIsRefused() throws {
        try #require(espalier_jpeg_is_here() == 1)
        // 16 x 16, grey 128, baseline, as libjpeg writes it.
        let jpeg = try #require(Data(base64Encoded: Self.greyJPEG))
        var pixels = [UInt8](repeating: 0, count: 16 * 16 * 3)
        for _ in 0..<3 {
            var read = picture(&pixels, 0, 0, 0)
            let status = jpeg.withUnsafeBytes {
                espalier_jpeg_decode(
                    &read, $0.bindMemory(to: UInt8.self).baseAddress, UInt32(jpeg.count), poolBytes,
                    UInt32(ESPALIER_PICTURE_POOL_BYTES))
            }
            #expect(status == 0)
            #expect(read.width == 16 && read.height == 16 && read.channels == 1)
            #expect(pixels.prefix(256).allSatisfy { (126...130).contains($0) })
        }
        var random = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var bytes = [UInt8](jpeg)
            bytes[Int.random(in: 2..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            var read = picture(&pixels, 0, 0, 0)
            read.capacity = 256
            _ = espalier_jpeg_decode(
                &read, bytes, UInt32(bytes.count), poolBytes, UInt32(ESPALIER_PICTURE_POOL_BYTES))
        }
        var read = picture(&pixels, 0, 0, 0)
        #expect(espalier_jpeg_decode(&read, [0xFF, 0xD8, 0xFF], 3, poolBytes, 1 << 19) == -1)
        #expect(espalier_jpeg_decode(&read, [UInt8](jpeg), UInt32(jpeg.count), poolBytes, 1000) == -1)
    }

    private static let greyJPEG = """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcp\
        LDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAQABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgED\
        AwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RF\
        RkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJ\
        ytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/ACiiiv/Z
        """
}
