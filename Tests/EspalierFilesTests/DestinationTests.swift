import EspalierFiles
import Foundation
import Testing

@Suite struct DestinationTests {
    private let greeting = OwnFile { $0.starts(with: Array("hello".utf8)) }

    private func refusal(_ path: String, force: Bool = false) -> String? {
        sentence { _ = try Destination(path, of: greeting, force: force) }
    }

    @Test func whatEspalierDidNotWriteIsReplacedByForceOnly() throws {
        try withScratchFolder { folder in
            let path = folder + "/a"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
            #expect(
                refusal(path)
                    == "\(path) exists, and Espalier did not write it; name another file, or pass --force to replace it."
            )
            try Destination(path, of: greeting, force: true).write([1])
            #expect(try ByteFile.read(path) == [1])
        }
    }

    @Test(arguments: ["", "hello, world"]) func emptyAndOwnFilesAreReplaced(text: String) throws {
        try withScratchFolder { folder in
            let path = folder + "/a"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            try Destination(path, of: greeting, force: false).write([1])
            #expect(try ByteFile.read(path) == [1])
        }
    }

    @Test func anInputIsNeverReplacedWhateverThePath() throws {
        try withScratchFolder { folder in
            let manager = FileManager.default
            try manager.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: false)
            let path = folder + "/a"
            try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
            try manager.createSymbolicLink(atPath: folder + "/soft", withDestinationPath: "a")
            try manager.linkItem(atPath: path, toPath: folder + "/hard")
            InputFiles.note([path])
            for other in ["/a", "/soft", "/hard", "/sub/../a", "//a"] {
                let text = try #require(refusal(folder + other, force: true))
                #expect(text.contains("is read by this command"), "\(text)")
            }
            #expect(try ByteFile.read(path) == Array("hello".utf8))
            // A new file, even one that gets the old one's number, is no input.
            try manager.removeItem(atPath: path)
            try manager.removeItem(atPath: folder + "/hard")
            try Data("hello".utf8).write(to: URL(fileURLWithPath: folder + "/b"))
            #expect(refusal(folder + "/b") == nil)
        }
    }

    @Test func anInputThatIsFoundLaterIsNotReplacedEither() throws {
        try withScratchFolder { folder in
            let path = folder + "/a"
            try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
            let destination = try Destination(path, of: greeting, force: false)
            InputFiles.note([path])
            #expect(sentence { try destination.write([1]) }?.contains("is read by this command") == true)
            #expect(try ByteFile.read(path) == Array("hello".utf8))
        }
    }

    @Test func whatCannotBeWrittenIsSaidBeforeTheWork() throws {
        try withScratchFolder { folder in
            #expect(refusal(folder)?.contains("is a directory") == true)
            #expect(refusal(folder + "/none/a")?.contains("make its folder first") == true)
            #expect(refusal(folder + "/a/")?.contains("is a directory") == true)
            #expect(refusal("")?.contains("empty path") == true)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/loose", withDestinationPath: "nowhere")
            #expect(refusal(folder + "/loose")?.contains("a link to what is not there") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["loose"])
        }
    }

    @Test func twoFilesHaveTwoPlaces() throws {
        try withScratchFolder { folder in
            let pairs = [("/a", "/a"), ("/a", "/../" + (folder as NSString).lastPathComponent + "/a")]
            for (one, other) in pairs {
                #expect(sentence { try Destination.requireDistinct([folder + one, folder + other]) } != nil)
            }
            try Destination.requireDistinct([folder + "/a", folder + "/b"])
        }
    }
}
