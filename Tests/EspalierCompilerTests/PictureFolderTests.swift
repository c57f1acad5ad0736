import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// Folders of pictures as people have them: what is used, and that everything else is named.
@Suite struct PictureFolderTests {
    private static let png = try? PNG.encode(Image(width: 4, height: 3, channels: 3, filledWith: 9))
    private static let jpeg = try? ByteFile.read(Package.fixture("pictures/baseline_420.jpg").path)

    /// Writes files, making the folders they are in.
    private static func write(_ files: [(String, [UInt8])], to folder: TemporaryFolder) throws {
        for (name, bytes) in files {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
    }

    private static func names(_ paths: [String], _ folder: TemporaryFolder) -> [String] {
        paths.map { String($0.dropFirst(folder.url.path.count + 1)) }
    }

    @Test func whateverIsCalledWhatever() throws {
        let folder = try TemporaryFolder()
        let (png, jpeg) = try (#require(Self.png), #require(Self.jpeg))
        try Self.write(
            [
                ("cat/a.png", png), ("cat/b.PNG", png), ("cat/c.jpg", jpeg), ("cat/d.JPG", jpeg),
                ("cat/e.jpeg", png),
                ("dog/f.JPEG", jpeg), ("dog/g.png", jpeg), ("dog/h", jpeg),
            ], to: folder)
        let pictures = try PictureFolder(folder.url.path, labels: ["cat", "dog"], classes: 2)
        #expect(
            Self.names(pictures.pictures, folder) == [
                "cat/a.png", "cat/b.PNG", "cat/c.jpg", "cat/d.JPG", "cat/e.jpeg", "dog/f.JPEG", "dog/g.png",
                "dog/h",
            ])
        #expect(pictures.classes == [0, 0, 0, 0, 0, 1, 1, 1])
        #expect(pictures.leftOut == [])
    }

    @Test func whatIsLeftOutIsNamedWithItsReason() throws {
        let folder = try TemporaryFolder()
        let (png, jpeg) = try (#require(Self.png), #require(Self.jpeg))
        try Self.write(
            [
                ("readme.txt", Array("hello".utf8)), ("loose.jpg", jpeg), (".git/config", [1]),
                ("cat/a.png", png),
                ("cat/b.gif", Array("GIF89a".utf8)), ("cat/c.webp", Array("RIFF0000WEBPVP8 ".utf8)),
                ("cat/d.jpg", []), ("cat/e.jpg", Array("<html>404".utf8)), ("cat/more/f.png", png),
                ("cat/.hidden.png", png), ("cat/notes.txt", Array("x".utf8)), ("cat/g.png", [1, 2, 3]),
                ("unicorn/h.png", png), ("unicorn/i.png", png), ("dog/j.tif", Array("II*\0\u{8}\0".utf8)),
                ("cat/.DS_Store", [0]), ("cat/._a.png", [0, 5, 22, 7]), ("Thumbs.db", [1]),
                ("cat/Thumbs.db", [1]),
                ("__MACOSX/cat/._a.png", [1]), ("desktop.ini", [1]),
            ], to: folder)
        for name in ["empty", "fish"] {
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("cat/link.png"), withDestinationPath: "a.png")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("cat/broken.png"), withDestinationPath: "none.png")
        #expect(mkfifo(folder.path("cat/pipe.png"), 0o600) == 0)
        let pictures = try PictureFolder(
            folder.url.path, labels: ["cat", "dog", "fish", "empty"], classes: 4)
        #expect(Self.names(pictures.pictures, folder) == ["cat/a.png", "cat/link.png"])
        let leftOut = pictures.leftOut.map { "\(Self.names([$0.path], folder)[0]) \($0.reason)" }
        #expect(
            leftOut.sorted() == [
                ".git is hidden",
                "cat/.hidden.png is hidden",
                "cat/b.gif is a GIF picture, not a PNG or JPEG file",
                "cat/broken.png cannot be read (no such file or directory)",
                "cat/c.webp is a WebP picture, not a PNG or JPEG file",
                "cat/d.jpg is empty",
                "cat/e.jpg is a web page, not a PNG or JPEG file",
                "cat/g.png is not a PNG or JPEG file",
                "cat/more is a folder in a class folder",
                "cat/notes.txt is text, not a PNG or JPEG file",
                "cat/pipe.png is no ordinary file",
                "dog has no PNG or JPEG picture",
                "dog/j.tif is a TIFF picture, not a PNG or JPEG file",
                "empty has no PNG or JPEG picture",
                "fish has no PNG or JPEG picture",
                "loose.jpg is beside the class folders and not in one",
                "readme.txt is beside the class folders and not in one",
                "unicorn is named like no label (cat, dog, fish, empty); it has 2 files",
            ])
    }

    @Test func aFolderOfWhichNothingCanBeUsedIsAnError() throws {
        let png = try #require(Self.png)
        func explain(_ files: [(String, [UInt8])], labels: [String] = ["cat", "dog"]) throws -> String {
            let folder = try TemporaryFolder()
            try Self.write(files, to: folder)
            do {
                _ = try PictureFolder(folder.url.path, labels: labels, classes: 2)
                return "nothing"
            } catch { return "\(error)".replacingOccurrences(of: folder.url.path, with: "FOLDER") }
        }
        #expect(
            try explain([("cat/a.gif", Array("GIF89a".utf8)), ("cat/b.gif", Array("GIF89a".utf8))])
                == "FOLDER has no PNG or JPEG picture of a class that can be used: FOLDER/cat/a.gif is a GIF picture, not a "
                + "PNG or JPEG file, and so on; put pictures into folders named like the classes.")
        #expect(
            try explain([("Cat/a.png", png)])
                == "FOLDER has no PNG or JPEG picture of a class that can be used: FOLDER/Cat is named like no label (cat, "
                + "dog); it has 1 file; put pictures into folders named like the classes.")
        let classFolders =
            "FOLDER has no class folders; put the pictures of each class in a folder of its own."
        #expect(try explain([("a.png", png), ("b.png", png)]) == classFolders)
        #expect(try explain([]) == classFolders)
        #expect(
            try explain([("cat/a.png", png)], labels: [])
                == "FOLDER has 1 class folders and the model 2 classes; name the classes with --label-names.")
    }

    @Test func aGreyJPEGIsGreyForAModelOfColourAndAColouredOneLumaForAGreyModel() throws {
        func outputs(_ model: String, _ image: Image) throws -> [Int8] {
            let bytes = try ByteFile.read(Package.fixture("operators/\(model).tflite").path)
            let compilation = try Compilation(
                tflite: bytes, sourceName: "m.tflite", options: CompileOptions(name: "model"))
            return try Arena(compilation.model()).run(image)
        }
        let grey = try Picture.read(Package.fixture("pictures/grey.jpg").path).image
        let colour = Image(
            width: grey.width, height: grey.height, channels: 3,
            pixels: grey.pixels.flatMap { [$0, $0, $0] })
        #expect(try outputs("conv_3x3_c3_o8", grey) == outputs("conv_3x3_c3_o8", colour))
        #expect(try outputs("conv_1x1_c1_o1", grey) == outputs("conv_1x1_c1_o1", colour))
        let other = try Picture.read(Package.fixture("pictures/baseline_444.jpg").path).image
        #expect(try outputs("conv_3x3_c3_o8", grey) != outputs("conv_3x3_c3_o8", other))
    }

    @Test func withoutLabelsTheFoldersAreTheClassesInOrder() throws {
        let folder = try TemporaryFolder()
        let png = try #require(Self.png)
        try Self.write([("b/1.png", png), ("a/2.png", png), (".cache/3.png", png)], to: folder)
        let pictures = try PictureFolder(folder.url.path, labels: [], classes: 2)
        #expect(
            Self.names(pictures.pictures, folder) == ["a/2.png", "b/1.png"] && pictures.classes == [0, 1])
    }
}
