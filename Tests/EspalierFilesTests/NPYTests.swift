import EspalierFiles
import EspalierTestSupport
import Testing

/// A `.npy` file with the given dictionary, unpadded.
private func handmadeNPY(_ header: String, version: UInt8 = 1, data: [UInt8] = []) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [version, 0]
        + littleEndian(header.utf8.count, bytes: version == 1 ? 2 : 4) + Array(header.utf8) + data
}

private func dictionary(_ descr: String, _ shape: String, fortran: String = "False") -> String {
    "{'descr': \(descr), 'fortran_order': \(fortran), 'shape': \(shape), }"
}

@Suite struct NPYTests {
    static let samples: [NumericArray] = [
        NumericArray(shape: [2, 2], values: .int8([-128, -1, 0, 127])),
        NumericArray(shape: [3], values: .uint8([0, 128, 255])),
        NumericArray(shape: [1, 2, 1], values: .int16([-32_768, 32_767])),
        NumericArray(shape: [2], values: .int32([.min, .max])),
        NumericArray(shape: [2], values: .int64([.min, .max])),
        NumericArray(shape: [4], values: .float32([-0.0, 0.1, .infinity, .leastNonzeroMagnitude])),
        NumericArray(shape: [], values: .float64([2.5])),
        NumericArray(shape: [4, 0, 7], values: .float64([])),
    ]

    @Test(arguments: samples)
    func whatIsWrittenIsReadBack(array: NumericArray) throws {
        #expect(try NPY.decode(NPY.encode(array), name: "x") == array)
        try withScratchFolder { folder in
            try NPY.write(array, to: folder + "/a.npy")
            #expect(try NumericArray.read(folder + "/a.npy") == array)
        }
    }

    @Test func theFileIsWhatNumPyWrites() {
        let array = NumericArray(shape: [2, 1], values: .int16([1, -2]))
        let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }"
        let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        #expect(
            NPY.encode(array)
                == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8) + [1, 0, 0xFE, 0xFF])
    }

    @Test(arguments: [1, 2, 3] as [UInt8])
    func everyVersionIsRead(version: UInt8) throws {
        let file = handmadeNPY(dictionary("'<i4'", "(1,)"), version: version, data: [4, 3, 2, 1])
        #expect(try NPY.decode(file, name: "x") == NumericArray(shape: [1], values: .int32([0x0102_0304])))
    }

    @Test func theDictionaryMayBeSpeltInAnyWayPythonAllows() throws {
        let header = "{ \"shape\" : ( 2L ,3 ),\"fortran_order\":False , \"descr\":\"|i1\"}\n"
        #expect(try NPY.decode(handmadeNPY(header, data: [1, 2, 3, 4, 5, 6]), name: "x").shape == [2, 3])
    }

    @Test func wrongFilesAreExplained() {
        func explain(_ bytes: [UInt8]) -> String? { sentence { _ = try NPY.decode(bytes, name: "a.npy") } }
        func explain(_ header: String, data: [UInt8] = []) -> String? {
            explain(handmadeNPY(header, data: data))
        }
        let types = "save it as int8, uint8, int16, int32, int64, float32 or float64."
        let nonsense = "a.npy has a header that makes no sense; save it again with numpy.save."
        let cut = "a.npy is a .npy file cut short; copy or make the file again."
        #expect(explain([] as [UInt8]) == "a.npy is empty; pass a .npy file.")
        #expect(explain([1, 2]) == "a.npy is not a .npy file; save the array with numpy.save.")
        #expect(explain([0x93, 0x4E]) == cut)
        #expect(explain(handmadeNPY(dictionary("'<i4'", "(1,)")).dropLast(1)) == cut)
        #expect(explain(dictionary("'|O'", "(1,)")) == "a.npy holds Python objects (|O); \(types)")
        #expect(explain(dictionary("'<U7'", "(1,)")) == "a.npy holds text (<U7); \(types)")
        #expect(
            explain(dictionary("'<V2'", "(1,)")) == "a.npy holds values of an unknown type (<V2); \(types)")
        #expect(explain(dictionary("'<c8'", "(1,)")) == "a.npy holds complex numbers (<c8); \(types)")
        #expect(explain(dictionary("'<M8[s]'", "(1,)")) == "a.npy holds dates or times (<M8[s]); \(types)")
        #expect(
            explain(dictionary("[('x', '<f4')]", "(1,)"))
                == "a.npy holds records of several fields ([('x', '<f4')]); \(types)")
        #expect(
            explain(dictionary("'<u8'", "(1,)"), data: [0, 0, 0, 0, 0, 0, 0, 0x80])
                == "a.npy holds uint64 values of 2^63 and more; save it as int64, float32 or float64.")
        #expect(
            explain(dictionary("'<i4'", "(2,)"), data: [1, 2, 3, 4])
                == "a.npy holds 4 bytes of values, which do not fit its shape [2] of int32; "
                + "copy or make the file again.")
        #expect(
            explain(handmadeNPY(dictionary("'<i4'", "(2,)"), version: 4))
                == "a.npy is a .npy file of version 4; save it with numpy.save, version 1 to 3.")
        for header in [
            "{}", "{'descr': '<i4'}", dictionary("'<i4'", "(-1,)"), dictionary("'<i4'", "(1"),
            dictionary("'<i4'", "(99999999999999999999,)"), dictionary("'<i4'", "(1,)", fortran: "Perhaps"),
            dictionary("'<i4'", "(1,)") + "x", dictionary("'<i4", "(1,)"), "{'shape': (), 'shape': (), }",
            dictionary("'<i4'", "(" + String(repeating: "1,", count: 65) + ")"),
        ] {
            #expect(explain(header) == nonsense, "\(header)")
        }
    }

    @Test func everyByteOrderAndWidthIsRead() throws {
        func values(_ descr: String, _ data: [UInt8]) throws -> NumericArray {
            try NPY.decode(handmadeNPY(dictionary("'\(descr)'", "(1,)"), data: data), name: "x")
        }
        #expect(try values(">i2", [0xFF, 0xFE]).values == .int16([-2]))
        #expect(try values(">i4", [1, 2, 3, 4]).values == .int32([0x0102_0304]))
        #expect(try values(">i8", [0, 0, 0, 0, 0, 0, 1, 0]).values == .int64([256]))
        #expect(try values(">f4", [0x3F, 0x80, 0, 0]).values == .float32([1]))
        #expect(try values(">f8", [0xC0, 0, 0, 0, 0, 0, 0, 0]).values == .float64([-2]))
        let wider: [(String, [UInt8], NumericArray.Values, String)] = [
            ("<u2", [0xFF, 0xFF], .int32([65_535]), "uint16"),
            (">u2", [0x01, 0x00], .int32([256]), "uint16"),
            ("<u4", [0xFF, 0xFF, 0xFF, 0xFF], .int64([4_294_967_295]), "uint32"),
            ("<u8", [5, 0, 0, 0, 0, 0, 0, 0], .int64([5]), "uint64"), ("|b1", [7], .uint8([1]), "bool"),
            ("<f2", [0x00, 0x3C], .float32([1]), "float16"),
            (">f2", [0xC0, 0x00], .float32([-2]), "float16"),
            ("<f2", [0x01, 0x00], .float32([0x1p-24]), "float16"),
            ("<f2", [0xFF, 0x7B], .float32([65_504]), "float16"),
            ("<f2", [0x00, 0xFC], .float32([-.infinity]), "float16"),
        ]
        for (descr, data, expected, name) in wider {
            let array = try values(descr, data)
            #expect(array.values == expected && array.typeName == name, "\(descr)")
        }
    }

    @Test func fortranOrderIsPutInOrder() throws {
        // x[i, j, k] = 100 i + 10 j + k of shape [2, 3, 4], the first index fastest.
        var data: [UInt8] = []
        for k in 0..<4 { for j in 0..<3 { for i in 0..<2 { data.append(UInt8(100 * i + 10 * j + k)) } } }
        let file = handmadeNPY(dictionary("'|u1'", "(2, 3, 4)", fortran: "True"), data: data)
        var expected: [UInt8] = []
        for i in 0..<2 { for j in 0..<3 { for k in 0..<4 { expected.append(UInt8(100 * i + 10 * j + k)) } } }
        #expect(try NPY.decode(file, name: "x") == NumericArray(shape: [2, 3, 4], values: .uint8(expected)))
        for shape in ["(0, 3)", "(3, 0)", "()", "(1,)"] {
            let count = shape == "()" || shape == "(1,)" ? 1 : 0
            let small = handmadeNPY(
                dictionary("'<i2'", shape, fortran: "True"), data: [UInt8](repeating: 1, count: 2 * count))
            #expect(try NPY.decode(small, name: "x").count == count)
        }
    }

    @Test func whatIsNoArrayIsNamed() {
        func explain(_ bytes: [UInt8]) -> String {
            sentence { _ = try NPY.decode(bytes, name: "a.npy") } ?? ""
        }
        func explain(_ text: String) -> String { explain(Array(text.utf8)) }
        #expect(
            explain("1.5,2,3\n4,5,6\n")
                == "a.npy is text (like CSV), not a .npy file; load it with numpy.loadtxt and save the array with numpy.save."
        )
        #expect(
            explain("MATLAB 5.0 MAT-file, Platform: GLNXA64" + String(repeating: "\0", count: 90))
                == "a.npy is a MATLAB file, not a .npy file; load it with scipy.io.loadmat and save the array with numpy.save."
        )
        #expect(
            explain([0x80, 4, 0x95, 1, 0])
                == "a.npy is a Python pickle, not a .npy file; load it with pickle and save the array with numpy.save."
        )
        #expect(
            explain([0x1F, 0x8B, 8, 0]) == "a.npy is a gzip-compressed file, not a .npy file; unpack it.")
        #expect(
            explain([0x89] + Array("HDF\r\n".utf8)).contains("is an HDF5 file (.h5, .keras, or .mat 7.3)"))
        #expect(explain([0, 0, 0, 0] + Array("TFL3".utf8)).contains("is a TFLite model, not a .npy file"))
        #expect(
            explain([0x89] + Array("PNG\r\n\u{1A}\n".utf8)).contains(
                "is a PNG picture, not a .npy file; pass pictures"))
        #expect(explain("<!DOCTYPE html>\n<html>").contains("is a web page"))
        #expect(explain("version https://git-lfs.github.com/spec/v1\n").contains("is a Git LFS pointer"))
        #expect(explain([1, 2, 3, 4, 5]) == "a.npy is not a .npy file; save the array with numpy.save.")
    }

    @Test func aShapeThatOverflowsIsRefused() {
        for shape in ["(4611686018427387904, 4)", "(9223372036854775807, 9223372036854775807)"] {
            let text = sentence { _ = try NPY.decode(handmadeNPY(dictionary("'<i4'", shape)), name: "a") }
            #expect(text?.hasPrefix("a holds 0 bytes of values, which do not fit its shape") == true)
        }
    }

    @Test func hugeLengthsBesideAZeroAreAnEmptyArray() throws {
        let header = dictionary("'<i4'", "(9223372036854775807, 9223372036854775807, 0)")
        #expect(try NPY.decode(handmadeNPY(header), name: "a").count == 0)
    }

    @Test func aHeaderOverTheLimitIsRefused() {
        let file = handmadeNPY(String(repeating: " ", count: 65_537), version: 2)
        #expect(
            sentence { _ = try NPY.decode(file, name: "a") }
                == "a has a header of 65537 bytes, over the limit of 65536; save it again with numpy.save.")
    }

    @Test func valuesBecomeIntegers() {
        #expect(NumericArray(shape: [2], values: .int8([-128, 127])).asIntegers() == [-128, 127])
        #expect(NumericArray(shape: [2], values: .uint8([0, 255])).asIntegers() == [0, 255])
        #expect(NumericArray(shape: [2], values: .float32([-2, 250])).asIntegers() == [-2, 250])
        #expect(NumericArray(shape: [2], values: .float32([1, 0.5])).asIntegers() == nil)
        #expect(NumericArray(shape: [1], values: .float64([.nan])).asIntegers() == nil)
        #expect(NumericArray(shape: [1], values: .float64([9.3e18])).asIntegers() == nil)
    }

    @Test func randomDamageIsAnArrayOrASentence() {
        let seeds = Self.samples.map(NPY.encode)
        for number in 0..<4000 {
            var random = SplitMix64(state: UInt64(number))
            let bytes = mutated(seeds[number % seeds.count], with: &random)
            if let text = sentence({ _ = try NPY.decode(bytes, name: "fuzz") }) {
                #expect(text.hasPrefix("fuzz ") && text.hasSuffix("."), "seed \(number)")
            }
        }
    }
}
