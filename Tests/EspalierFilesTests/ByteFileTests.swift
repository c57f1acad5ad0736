import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// Parts of files, without reading the rest.
@Suite struct ByteFileTests {
    @Test func aPartOfAFileIsReadWhereItIsAndAsFarAsItGoes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("0123456789", to: "digits")
        func part(_ start: Int, _ count: Int) throws -> String {
            String(decoding: try ByteFile.read(path, at: start, count: count), as: UTF8.self)
        }
        #expect(try part(0, 3) == "012")
        #expect(try part(7, 100) == "789")
        #expect(try part(10, 5) == "")
        #expect(try part(400, 5) == "")
        #expect(try part(2, 0) == "")
    }

    @Test func aPartOfAFileOfGigabytesIsReadAtOnce() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("begin", to: "huge")
        #expect(truncate(path, 20 << 30) == 0)
        #expect(try ByteFile.read(path, at: 0, count: 5) == Array("begin".utf8))
        #expect(try ByteFile.read(path, at: (20 << 30) - 2, count: 5) == [0, 0])
    }

    @Test func whatCannotBeReadIsSaidWithItsPath() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: FileError.self) {
            try ByteFile.read(folder.path("none"), at: 0, count: 5)
        }
        #expect(error?.description.hasPrefix("\(folder.path("none")) cannot be read") == true)
    }
}
