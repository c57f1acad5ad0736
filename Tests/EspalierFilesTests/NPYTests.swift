import EspalierFiles
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
        #expect(explain(Array("PK".utf8)) == "a.npy is not a .npy file; save the array with numpy.save.")
        #expect(explain([0x93, 0x4E]) == cut)
        #expect(explain(handmadeNPY(dictionary("'<i4'", "(1,)")).dropLast(1)) == cut)
        #expect(
            explain(dictionary("'>i4'", "(1,)"))
                == "a.npy holds big-endian values (>i4); save it little-endian.")
        #expect(explain(dictionary("'|O'", "(1,)")) == "a.npy holds Python objects (|O); \(types)")
        #expect(explain(dictionary("'<U7'", "(1,)")) == "a.npy holds text (<U7); \(types)")
        #expect(
            explain(dictionary("'<f2'", "(1,)"))
                == "a.npy holds values of an unknown type (<f2); \(types)")
        #expect(
            explain(dictionary("[('x', '<f4')]", "(1,)"))
                == "a.npy holds values of an unknown type ([('x', '<f4')]); \(types)")
        #expect(
            explain(dictionary("'<i4'", "(1,)", fortran: "True"))
                == "a.npy is in Fortran order; save it with numpy.save(path, numpy.ascontiguousarray(x)).")
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
        #expect(NumericArray(shape: [3], values: .float32([-2.5, 2.5, 2.49])).asIntegers() == [-3, 3, 2])
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
