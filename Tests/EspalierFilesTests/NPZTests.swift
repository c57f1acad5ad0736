import EspalierFiles
import EspalierTestSupport
import Testing

@Suite struct NPZTests {
    static let images = NumericArray(shape: [2, 2], values: .int8([1, 2, 3, 4]))
    static let labels = NumericArray(shape: [2], values: .int64([7, 9]))
    static let archive = handmadeZIP([
        ZIPEntry(name: "x.npy", data: NPY.encode(images)),
        ZIPEntry(name: "readme.txt", data: Array("hello".utf8)),
        ZIPEntry(name: "labels.npy", data: NPY.encode(labels), deflated: true),
    ])

    @Test func storedAndDeflatedArraysAreRead() throws {
        #expect(try NPZ.names(Self.archive, name: "a.npz") == ["x", "labels"])
        #expect(try NPZ.decode(Self.archive, array: "x", name: "a.npz") == Self.images)
        #expect(try NPZ.decode(Self.archive, array: "labels", name: "a.npz") == Self.labels)
    }

    @Test func aPathNamesAnArrayAfterAColon() throws {
        try withScratchFolder { folder in
            let path = folder + "/a.npz"
            try AtomicFile.write(Self.archive, to: path)
            #expect(try NumericArray.read(path + ":labels") == Self.labels)
            #expect(
                sentence { _ = try NumericArray.read(path) }
                    == "\(path) holds 2 arrays (x, labels); name one, as in \(path):x.")
            #expect(
                sentence { _ = try NumericArray.read(path + ":y") }
                    == "\(path) has no array 'y'; choose one of: x, labels.")
            let single = handmadeZIP([ZIPEntry(name: "x.npy", data: NPY.encode(Self.images))])
            try AtomicFile.write(single, to: path)
            #expect(try NumericArray.read(path) == Self.images)
        }
    }

    @Test func whatAFileHoldsDecidesAndNotItsName() throws {
        try withScratchFolder { folder in
            let single = handmadeZIP([ZIPEntry(name: "x.npy", data: NPY.encode(Self.images))])
            try AtomicFile.write(single, to: folder + "/zip.npy")
            #expect(try NumericArray.read(folder + "/zip.npy") == Self.images)
            #expect(try NumericArray.read(folder + "/zip.npy:x") == Self.images)
            #expect(try NumericArray.read(folder + "/zip.npy:x.npy") == Self.images)
            #expect(
                sentence { _ = try NumericArray.read(folder + "/zip.npy:y") }
                    == "\(folder)/zip.npy has no array 'y'; choose one of: x.")
            try NPY.write(Self.labels, to: folder + "/array.npz")
            #expect(try NumericArray.read(folder + "/array.npz") == Self.labels)
            #expect(
                sentence { _ = try NumericArray.read(folder + "/array.npz:x") }
                    == "\(folder)/array.npz is a single .npy array and no archive with an array 'x'; "
                    + "pass \(folder)/array.npz alone.")
            // A name that looks like an array of an archive, and is a file.
            try NPY.write(Self.labels, to: folder + "/odd.npz:x")
            #expect(try NumericArray.read(folder + "/odd.npz:x") == Self.labels)
            try AtomicFile.write([], to: folder + "/empty.npz")
            #expect(
                sentence { _ = try NumericArray.read(folder + "/empty.npz:x") }
                    == "\(folder)/empty.npz is empty; pass a .npz archive.")
            #expect(
                sentence { _ = try NumericArray.read(folder + "/none.npz:x") }
                    == "\(folder)/none.npz cannot be read (no such file or directory); check the path.")
        }
    }

    @Test func wrongArchivesAreExplained() {
        func explain(_ bytes: [UInt8]) -> String? {
            sentence { _ = try NPZ.decode(bytes, array: "x", name: "a.npz") }
        }
        let data = NPY.encode(Self.images)
        var badCRC = handmadeZIP([ZIPEntry(name: "x.npy", data: data)])
        badCRC[35 + data.count - 1] ^= 1
        #expect(explain([]) == "a.npz is empty; pass a .npz archive.")
        #expect(
            explain([1, 2, 3, 4, 5])
                == "a.npz cannot be opened as a .npz archive (libzip: Not a zip archive); "
                + "save it with numpy.savez.")
        #expect(
            explain(Array("not a zip file at all".utf8))
                == "a.npz is text, not a .npz archive; save the arrays with numpy.savez.")
        #expect(
            explain(Array(Self.archive.dropLast(30)))
                == "a.npz is a .npz archive cut short or damaged (libzip: Not a zip archive); "
                + "copy or make the archive again.")
        let nothing = "a.npz is a ZIP archive without any .npy array; save the arrays with numpy.savez."
        #expect(explain(handmadeZIP([])) == nothing)
        #expect(explain(handmadeZIP([ZIPEntry(name: "a.txt", data: [1])])) == nothing)
        #expect(
            explain(
                handmadeZIP([ZIPEntry(name: "m/data.pkl", data: [1]), ZIPEntry(name: "m/data/0", data: [1])]))
                == "a.npz is a PyTorch file, not a .npz archive; load it with torch.load and save the array with "
                + "numpy.save(path, x.numpy()).")
        #expect(
            explain(badCRC)
                == "a.npz:x cannot be unpacked (libzip: CRC error); copy or make the archive again.")
        #expect(
            explain(handmadeZIP([ZIPEntry(name: "x.npy", data: data, claimedSize: 2_147_483_649)]))
                == "a.npz:x claims 2147483649 bytes, over the limit of 2147483648; split the array.")
        #expect(
            explain(handmadeZIP([ZIPEntry(name: "x.npy", data: [1, 2])]))
                == "a.npz:x is not a .npy file; save the array with numpy.save.")
    }

    @Test func everyCutIsAnError() {
        for length in Self.archive.indices {
            #expect(throws: FileError.self) {
                try NPZ.decode(Array(Self.archive[..<length]), array: "x", name: "cut")
            }
        }
    }

    @Test func randomDamageIsAnArrayOrASentence() {
        for number in 0..<3000 {
            var random = SplitMix64(state: UInt64(number))
            let bytes = mutated(Self.archive, with: &random)
            let name = number % 2 == 0 ? "x" : "labels"
            if let text = sentence({ _ = try NPZ.decode(bytes, array: name, name: "fuzz") }) {
                #expect(text.hasPrefix("fuzz") && text.hasSuffix("."), "seed \(number)")
            }
        }
    }
}
