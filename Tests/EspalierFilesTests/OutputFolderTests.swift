import EspalierFiles
import Foundation
import Testing

@Suite struct OutputFolderTests {
    private func run(
        _ path: String, _ files: [String: String], force: Bool = false, removesOthers: Bool = true
    ) throws {
        var folder = try OutputFolder(path, of: "a test", force: force)
        try folder.prepare(files.keys.sorted()) { name throws(FileError) in files[name].map { Array($0.utf8) }
        }
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            try folder.write(Array(text.utf8), to: name)
        }
        try folder.finish(removesOthers: removesOthers)
    }

    private func put(_ text: String, _ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0 != OutputFolder.listName }
            .sorted()
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aLaterRunRemovesWhatAnEarlierOneWroteAndNothingElse() throws {
        try withScratchFolder { folder in
            try put("mine", folder + "/frames/99-cat.png")
            try run(folder, ["a.txt": "1", "frames/01-x.png": "2", "frames/02-x.png": "3"])
            try run(folder, ["a.txt": "4", "frames/01-y.png": "5"])
            #expect(try names(folder) == ["a.txt", "frames", "frames/01-y.png", "frames/99-cat.png"])
            #expect(try text(folder + "/a.txt") == "4")
        }
    }

    @Test func aFileThatIsNotOnTheListIsRefusedBeforeAnythingIsWritten() throws {
        try withScratchFolder { folder in
            try put("mine", folder + "/frames/01-x.png")
            let files = ["a.txt": "1", "frames/01-x.png": "2"]
            let refused = sentence { try run(folder, files) }
            #expect(refused?.contains("01-x.png is not on the list") == true, "\(refused ?? "")")
            #expect(try names(folder) == ["frames", "frames/01-x.png"])
            #expect(try text(folder + "/frames/01-x.png") == "mine")
            try run(folder, files, force: true)
            #expect(try text(folder + "/frames/01-x.png") == "2")
        }
    }

    @Test func aChangedFileIsNeitherReplacedNorRemoved() throws {
        try withScratchFolder { folder in
            try run(folder, ["a.txt": "1", "b.txt": "2"])
            try put("2 and a note", folder + "/b.txt")
            let refused = sentence { try run(folder, ["a.txt": "3", "b.txt": "4"]) }
            #expect(refused?.contains("b.txt was changed since a test wrote it") == true)
            #expect(try text(folder + "/a.txt") == "1")
            try run(folder, ["a.txt": "3"])
            #expect(try text(folder + "/b.txt") == "2 and a note")
        }
    }

    @Test func whatHoldsTheSameAlreadyMayStay() throws {
        try withScratchFolder { folder in
            try put("1", folder + "/a.txt")
            try run(folder, ["a.txt": "1"])
            #expect(try text(folder + "/a.txt") == "1")
        }
    }

    @Test func anInterruptedRunsFilesAreKnownToTheNext() throws {
        try withScratchFolder { folder in
            try run(folder, ["a.txt": "1", "b.txt": "2"])
            var interrupted = try OutputFolder(folder, of: "a test", force: false)
            try interrupted.prepare(["a.txt", "b.txt", "c.txt"])
            try interrupted.write([9], to: "a.txt")
            try interrupted.write([9], to: "c.txt")
            // A line that was cut short counts for nothing.
            let list = folder + "/" + OutputFolder.listName
            try put(try text(list) + "0123  d.t", list)
            try put("mine", folder + "/d.t")
            try run(folder, ["b.txt": "4"])
            #expect(try names(folder) == ["b.txt", "d.t"])
        }
    }

    @Test func noListReachesOutOfTheFolder() throws {
        try withScratchFolder { folder in
            try put("mine", folder + "/precious")
            let digest = Digest.sha256(Array("mine".utf8))
            let lines = ["../precious", "/\(folder)/precious", "x/../../precious"].map {
                "\(digest)  \($0)\n"
            }
            try put(
                "# Written by a test: what it wrote here.\n" + lines.joined(),
                folder + "/out/" + OutputFolder.listName)
            try run(folder + "/out", ["a.txt": "1"])
            #expect(try text(folder + "/precious") == "mine")
        }
    }

    @Test func aListOfSomebodyElseIsNoList() throws {
        try withScratchFolder { folder in
            try put("my notes", folder + "/" + OutputFolder.listName)
            #expect(sentence { try run(folder, ["a.txt": "1"], force: true) }?.contains("no list") == true)
            #expect(try text(folder + "/" + OutputFolder.listName) == "my notes")
        }
    }

    @Test func filesOfSeveralRunsMayStayTogether() throws {
        try withScratchFolder { folder in
            try run(folder, ["a.txt": "1"], removesOthers: false)
            try run(folder, ["b.txt": "2"], removesOthers: false)
            try run(folder, ["a.txt": "3"], removesOthers: false)
            #expect(try text(folder + "/a.txt") == "3" && text(folder + "/b.txt") == "2")
        }
    }

    @Test func foldersThatInputsAreReadFromAreNotWrittenTo() throws {
        try withScratchFolder { folder in
            try put("a picture", folder + "/frames/door.png")
            try put("a scenario", folder + "/scenario.toml")
            InputFiles.note([folder + "/frames/door.png", folder + "/scenario.toml"])
            let refused = sentence { try run(folder, ["frames/01-x.png": "1"], force: true) }
            #expect(refused?.contains("door.png, which this command reads") == true)
            try run(folder, ["trace.txt": "1"])  // beside the scenario, where people keep it
        }
    }

    @Test func whatIsNoFolderIsOneSentence() throws {
        try withScratchFolder { folder in
            try put("x", folder + "/file")
            try FileManager.default.createDirectory(
                atPath: folder + "/a.txt", withIntermediateDirectories: false)
            #expect(
                sentence { try run(folder + "/file", [:]) }?.contains("is a file and not a folder") == true)
            #expect(sentence { try run(folder + "/file/x", [:]) }?.contains("cannot be made") == true)
            #expect(
                sentence { try run(folder, ["a.txt": "1"], force: true) }?.contains("is a folder") == true)
            #expect(sentence { try run("-", [:]) }?.contains("no folder") == true)
        }
    }
}
