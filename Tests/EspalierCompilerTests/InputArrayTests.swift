import CEspalier
import EspalierFiles
import EspalierTestSupport
import Testing

@testable import EspalierCompiler

/// What may be passed as a model's input, and what the sentence says about everything else.
@Suite struct InputArrayTests {
    /// A plan with nothing but an input.
    private static func plan(
        _ height: Int, _ width: Int, _ channels: Int, scale: Float = 1 / 255, zeroPoint: Int32 = -128,
        type: InputType = .int8, channelsFirst: Bool = false
    ) -> Plan {
        var plan = Plan(name: "model")
        var fields = EspalierTensor()
        fields.height = Int32(height)
        fields.width = Int32(width)
        fields.channels = Int32(channels)
        fields.scale = scale
        fields.zero_point = zeroPoint
        plan.tensors = [PlannedTensor(name: "input", fields: fields, bytes: 0)]
        plan.inputType = type
        plan.inputChannelsFirst = channelsFirst
        return plan
    }

    private static let unit = plan(96, 96, 3)
    private static let signedUnit = plan(96, 96, 1, scale: 2 / 255, zeroPoint: -1)
    private static let pixels = plan(32, 32, 3, scale: 1)
    private static let signedPixels = plan(32, 32, 3, scale: 1, zeroPoint: 0)
    private static let normalised = plan(224, 224, 3, scale: 0.01863, zeroPoint: -14, channelsFirst: true)
    private static let keywords = plan(49, 10, 1, scale: 0.5847, zeroPoint: 83)
    private static let machine = plan(1, 1, 640, scale: 0.391, zeroPoint: 89)

    /// The stored values and warnings, or the sentence.
    private static func result(_ array: NumericArray, _ plan: Plan) -> (
        stored: [Int8], warnings: [String], error: String?
    ) {
        var warnings: [String] = []
        do {
            let samples = try SampleSet(array, source: "x.npy", plan: plan, warnings: &warnings)
            guard case .rows(let values, _) = samples else { return ([], warnings, nil) }
            return (values, warnings, nil)
        } catch {
            return ([], warnings, error.description)
        }
    }

    // MARK: Shapes

    /// Zeros, whose warning is of no interest here.
    private static func complaint(_ shape: [Int], _ plan: Plan) -> String? {
        result(
            NumericArray(shape: shape, values: .int8(Array(repeating: 0, count: shape.reduce(1, *)))), plan
        ).error
    }

    @Test(arguments: [
        ([2, 3, 96, 96], "x.transpose(0, 2, 3, 1)"), ([3, 96, 96], "x.transpose(1, 2, 0)[numpy.newaxis]"),
        ([96, 96, 3], "x[numpy.newaxis]"), ([96, 96, 3, 5], "x.transpose(3, 0, 1, 2)"),
        ([1, 2, 96, 96, 3], "x[0]"), ([2, 2, 96, 96, 3], "x.reshape(-1, 96, 96, 3)"),
        ([27_648], "x[numpy.newaxis]"), ([2, 96, 3, 96], "x.transpose(0, 1, 3, 2)"),
    ])
    func anotherOrderOfTheAxesIsMendedWithTheRightCall(shape: [Int], call: String) throws {
        let complaint = try #require(Self.complaint(shape, Self.unit))
        #expect(complaint.hasPrefix("x.npy has shape \(shape), "))
        #expect(complaint.contains("the model takes [N, 96, 96, 3]"))
        #expect(complaint.hasSuffix("; pass \(call)."), "\(complaint)")
    }

    @Test func theSentenceForChannelsFirst() {
        #expect(
            Self.complaint([8, 3, 96, 96], Self.unit)
                == "x.npy has shape [8, 3, 96, 96], [N, 96, 96, 3] with its axes in another order, and the model takes "
                + "[N, 96, 96, 3]; pass x.transpose(0, 2, 3, 1).")
    }

    @Test func theSameGoesForOtherInputs() {
        let cases: [(Plan, [Int], String)] = [
            (Self.normalised, [2, 224, 224, 3], "x.transpose(0, 3, 1, 2)"),
            (Self.normalised, [224, 224, 3], "x.transpose(2, 0, 1)[numpy.newaxis]"),
            (Self.signedUnit, [96, 96], "x[numpy.newaxis]"),
            (Self.signedUnit, [96, 96, 5], "x.transpose(2, 0, 1)"),
            (Self.keywords, [2, 10, 49], "x.transpose(0, 2, 1)"),
            (Self.keywords, [49, 10], "x[numpy.newaxis]"),
            (Self.keywords, [10, 49], "x.transpose(1, 0)[numpy.newaxis]"),
            (Self.keywords, [4, 10, 49, 1], "x.transpose(0, 2, 1, 3)"),
            (Self.machine, [640], "x[numpy.newaxis]"), (Self.machine, [640, 7], "x.transpose(1, 0)"),
        ]
        for (plan, shape, call) in cases {
            #expect(Self.complaint(shape, plan)?.hasSuffix("; pass \(call).") == true, "\(shape)")
        }
    }

    @Test func noAdviceMakesUpPlacesForValues() throws {
        let cases: [(Plan, [Int], String)] = [
            (Self.unit, [2, 96, 96, 4], "leave out alpha, as in x[..., :3]"),
            (Self.unit, [2, 96, 96, 1], "repeat the grey value, as in numpy.repeat(x, 3, axis=-1)"),
            (
                Self.unit, [2, 96, 96],
                "repeat the grey value, as in numpy.repeat(x[..., numpy.newaxis], 3, axis=-1)"
            ),
            (Self.signedUnit, [2, 96, 96, 3], "make the pictures grey first"),
            (
                Self.unit, [2, 48, 48, 3],
                "scale the pictures to it, or pass them as PNG or JPEG files in class folders"
            ),
            (
                Self.normalised, [2, 3, 48, 48],
                "scale the pictures to it, or pass them as PNG or JPEG files in class folders"
            ),
            // As many values a row as the model takes, in another arrangement.
            (Self.unit, [2, 192, 144], "pass rows of that shape"),
            (Self.unit, [2, 3, 7], "pass rows of that shape"),
            (Self.machine, [2, 641], "pass rows of that shape"),
        ]
        for (plan, shape, advice) in cases {
            let complaint = try #require(Self.complaint(shape, plan))
            #expect(complaint.hasSuffix("; \(advice).") && !complaint.contains("reshape"), "\(complaint)")
        }
        #expect(Self.complaint([0, 96, 96, 3], Self.unit) == "x.npy has no rows; pass at least one.")
        #expect(
            Self.complaint([], Self.unit)
                == "x.npy is a single number, and the model takes [N, 96, 96, 3]; pass an array.")
    }

    @Test func sidesOfOneMayBeLeftOutAndRowsMayBeFlat() {
        for shape in [[2, 96, 96], [2, 96, 96, 1], [2, 1, 96, 96], [2, 9216]] {
            #expect(Self.complaint(shape, Self.signedUnit) == nil, "\(shape)")
        }
        #expect(Self.complaint([3, 640], Self.machine) == nil)
        #expect(Self.complaint([3, 1, 1, 640], Self.machine) == nil)
    }

    /// The advice is taken: the mended array is [row][pixel][channel] again.
    @Test func theCallsOfAllOrdersGiveTheModelsOrder() {
        let sides = ArrayShape(sides: [4, 5, 3])
        for (shape, call, axes) in [
            ([2, 3, 4, 5], "x.transpose(0, 2, 3, 1)", [0, 2, 3, 1]),
            ([4, 5, 3, 2], "x.transpose(3, 0, 1, 2)", [3, 0, 1, 2]),
            ([2, 5, 4, 3], "x.transpose(0, 2, 1, 3)", [0, 2, 1, 3]),
            ([2, 5, 3, 4], "x.transpose(0, 3, 1, 2)", [0, 3, 1, 2]),
        ] {
            #expect(sides.mending(shape)?.call == call)
            #expect(sides.fits(axes.map { shape[$0] }))
        }
    }

    // MARK: Real values

    private static func reals(_ plan: Plan, _ value: (Int) -> Float) -> NumericArray {
        let shape = [2] + plan.inputSides
        return NumericArray(shape: shape, values: .float32((0..<shape.reduce(1, *)).map(value)))
    }

    @Test func pixelValuesForAModelOfZeroToOneAreRefusedAndTheOtherWayRound() {
        func ramp(_ index: Int) -> Float { Float(index % 256) }
        let cases: [(Plan, (Int) -> Float, String, String)] = [
            (
                Self.unit, ramp, "from 0 to 255, and the model's input covers 0 to 1",
                "x / 255, or the pixels as uint8"
            ),
            (Self.signedUnit, ramp, "from 0 to 255", "x / 127.5 - 1, or the pixels as uint8"),
            (Self.signedPixels, ramp, "covers -128 to 127", "x - 128, or the pixels as uint8"),
            (
                Self.pixels, { ramp($0) / 255 }, "from 0 to 1, and the model's input covers 0 to 255",
                "x * 255"
            ),
            (Self.pixels, { ramp($0) / 127.5 - 1 }, "from -1 to 1", "(x + 1) * 127.5"),
            (Self.pixels, { ramp($0) - 128 }, "from -128 to 127", "x + 128"),
            (
                Self.unit, { ramp($0) / 127.5 - 1 }, "from -1 to 1, and the model's input covers 0 to 1",
                "(x + 1) / 2"
            ),
            (Self.unit, { ramp($0) - 128 }, "from -128 to 127", "(x + 128) / 255"),
            (Self.signedUnit, { ramp($0) - 128 }, "from -128 to 127", "(x + 128) / 127.5 - 1"),
            (Self.signedPixels, { ramp($0) / 255 }, "from 0 to 1", "x * 255 - 128"),
        ]
        for (plan, value, what, remedy) in cases {
            let error = Self.result(Self.reals(plan, value), plan).error ?? "nothing"
            #expect(error.contains(what) && error.hasSuffix("; pass \(remedy)."), "\(error)")
        }
    }

    @Test func darkPicturesInPixelValuesAreRefusedToo() {
        // Seven of eight values are 0 and lie inside.
        let dark = Self.reals(Self.unit) { $0 % 8 == 0 ? Float($0 / 8 % 100) : 0 }
        #expect(
            Self.result(dark, Self.unit).error?.hasSuffix("pass x / 255, or the pixels as uint8.") == true)
    }

    @Test func valuesInTheirRangeAreTakenWithoutAWord() {
        for (plan, low, high) in [
            (Self.unit, 0, 1), (Self.signedUnit, -1, 1), (Self.pixels, 0, 255),
            (Self.signedPixels, -128, 127),
            (Self.normalised, -2.1, 2.6), (Self.keywords, -120, 25), (Self.machine, -80, 14),
        ] as [(Plan, Float, Float)] {
            let array = Self.reals(plan) { low + (high - low) * Float($0 % 1001) / 1000 }
            let result = Self.result(array, plan)
            #expect(result.error == nil && result.warnings == [], "\(result)")
            #expect(result.stored.count == array.count)
        }
    }

    @Test func whatMayBeMeantIsTakenWithAWarning() {
        let half = Self.result(Self.reals(Self.signedUnit) { Float($0 % 256) / 255 }, Self.signedUnit)
        #expect(
            half.warnings == [
                "x.npy holds real values from 0 to 1, and the model's input covers -0.9961 to 1.004; if that is not meant, "
                    + "pass x * 2 - 1."
            ])
        let wide = Self.result(Self.reals(Self.unit) { Float($0 % 100) / 66 }, Self.unit)
        #expect(
            wide.warnings.count == 1
                && wide.warnings[0].contains("33.0 % of the values lie outside and are cut off"))
        let zeros = Self.result(Self.reals(Self.unit) { _ in 0 }, Self.unit)
        #expect(zeros.warnings == ["x.npy holds 0 everywhere; is it the right array?"])
        let unscaled = Self.result(Self.reals(Self.normalised) { Float($0 % 256) / 255 }, Self.normalised)
        #expect(unscaled.warnings.count == 1 && unscaled.warnings[0].contains("covers -2.124 to 2.627"))
    }

    @Test func valuesOfWhichNothingIsLeftAreRefused() {
        let tiny = Self.result(Self.reals(Self.keywords) { Float($0 % 50) / 1000 }, Self.keywords)
        #expect(
            tiny.error?.hasPrefix("x.npy holds real values from 0 to 0.049, and the model's input covers")
                == true)
        let huge = Self.result(Self.reals(Self.machine) { 1000 + Float($0 % 50) }, Self.machine)
        #expect(
            huge.error?.contains("from 1000 to 1049, and the model's input covers -84.85 to 14.86") == true)
    }

    @Test func whatIsNotFiniteIsRefusedWithItsPlace() {
        for value in [Float.nan, .infinity, -.infinity] {
            let array = Self.reals(Self.unit) { $0 == 77 ? value : 0.5 }
            #expect(
                Self.result(array, Self.unit).error
                    == "x.npy holds \(value) (value 77 in order); pass finite numbers only.")
        }
    }

    // MARK: Pixels and stored values

    private static func bytes(_ plan: Plan, _ value: (Int) -> UInt8) -> NumericArray {
        let shape = [2] + plan.inputSides
        return NumericArray(shape: shape, values: .uint8((0..<shape.reduce(1, *)).map(value)))
    }

    private static func stored(_ plan: Plan, _ value: (Int) -> Int8) -> NumericArray {
        let shape = [2] + plan.inputSides
        return NumericArray(shape: shape, values: .int8((0..<shape.reduce(1, *)).map(value)))
    }

    @Test func pixelsAreForPictures() throws {
        func ramp(_ index: Int) -> UInt8 { UInt8(index % 251) }
        for plan in [Self.unit, Self.signedUnit, Self.pixels, Self.signedPixels] {
            let result = Self.result(Self.bytes(plan, ramp), plan)
            #expect(result.error == nil && result.warnings == [], "\(result.warnings)")
        }
        #expect(
            Self.result(Self.bytes(Self.machine, ramp), Self.machine).error
                == "x.npy holds uint8 pixels, and the model's input [N, 640] is no picture; pass int8 as the model stores "
                + "it, or float32 real values.")
        let keywords = Self.result(Self.bytes(Self.keywords, ramp), Self.keywords)
        #expect(
            keywords.warnings.count == 1
                && keywords.warnings[0].contains("if it takes no pixels, pass int8 or float32"))
        let plain = Self.result(Self.bytes(Self.normalised, ramp), Self.normalised)
        #expect(
            plain.warnings.count == 1 && plain.warnings[0].contains("give --pixel-mean and --pixel-deviation")
        )
        // A legacy model's own type is no pixels but what it stores.
        let legacy = Self.plan(1, 1, 640, scale: 0.391, zeroPoint: 89, type: .uint8)
        let result = Self.result(Self.bytes(legacy, ramp), legacy)
        #expect(result.error == nil && result.warnings == [] && result.stored[3] == -125)
    }

    @Test func aMeanInAnotherUnitIsRefused() throws {
        func refusal(mean: Double, deviation: [Double]) throws -> String? {
            var options = CompileOptions(name: "m")
            options.pixelMean = [mean]
            options.pixelDeviation = deviation
            let bytes = try ByteFile.read(HeaderTests.model)
            do {
                _ = try Compilation(tflite: bytes, sourceName: "m.tflite", options: options)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(try refusal(mean: 127.5, deviation: [127.5]) == nil)
        // In units of 0 to 1, the mean without the deviation, a deviation that is far too large.
        for (mean, deviation) in [(0.485, [0.229]), (123.7, []), (123.7, [20_000])] {
            #expect(
                try refusal(mean: mean, deviation: deviation)
                    == "--pixel-mean and --pixel-deviation leave hardly one of the values 0 to 255 different from another; "
                    + "both are in these values, 255 times what they are for 0 to 1, and go together.")
        }
    }

    /// Smooth, from 0 to 255 and back, as pictures are.
    private static func wave(_ index: Int, _ plan: Plan) -> UInt8 {
        let pixel = index / plan.tensors[0].shape.channels
        let phase = (pixel % plan.tensors[0].shape.width) * 8 % 510
        return UInt8(phase < 256 ? phase : 510 - phase)
    }

    @Test func pixelsCastToInt8AreRecognised() {
        for plan in [Self.unit, Self.signedUnit] {
            let right = Self.stored(plan) { Int8(bitPattern: Self.wave($0, plan) ^ 0x80) }
            #expect(Self.result(right, plan).warnings == [])
            let cast = Self.stored(plan) { Int8(bitPattern: Self.wave($0, plan)) }
            #expect(
                Self.result(cast, plan).warnings == [
                    "x.npy holds int8 values that jump between 127 and -128 as pixels do that were cast to int8; pass the "
                        + "pixels as uint8."
                ])
            let drawing = Self.stored(plan) {
                Self.wave($0, plan) > 160 ? 127 : Self.wave($0, plan) < 96 ? -128 : 5
            }
            #expect(Self.result(drawing, plan).warnings == [])
            let halved = Self.stored(plan) { Int8(Self.wave($0, plan) / 2) }
            #expect(Self.result(halved, plan).warnings.first?.contains("none is below 0") == true)
        }
    }

    @Test func fewDifferentValuesAreDoubted() {
        func warning(_ array: NumericArray) -> String {
            Self.result(array, Self.unit).warnings.first ?? "none"
        }
        #expect(
            warning(Self.bytes(Self.unit) { _ in 0 }) == "x.npy holds 0 everywhere; is it the right array?")
        #expect(
            warning(Self.stored(Self.unit) { _ in -7 }) == "x.npy holds -7 everywhere; is it the right array?"
        )
        #expect(
            warning(Self.bytes(Self.unit) { UInt8($0 % 2) }).contains(
                "holds only 0 and 1, and uint8 is taken for pixels"))
        #expect(
            warning(Self.stored(Self.unit) { Int8($0 % 2) }).contains(
                "holds only 0, 1, and int8 is taken as the model"))
        #expect(
            warning(Self.stored(Self.unit) { $0 % 3 == 0 ? 127 : -128 }).contains("100.0 % are -128 or 127"))
    }

    @Test func flatRowsOfColourPlanesAreRecognised() {
        let side = 32
        func picture(_ row: Int, _ column: Int, _ channel: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: row * 5 + column * 2 + channel * 60)
        }
        var byPixel: [UInt8] = []
        var byPlane: [UInt8] = []
        for row in 0..<side {
            for column in 0..<side { for channel in 0..<3 { byPixel.append(picture(row, column, channel)) } }
        }
        for channel in 0..<3 {
            for row in 0..<side { for column in 0..<side { byPlane.append(picture(row, column, channel)) } }
        }
        func warnings(_ values: [UInt8], _ shape: [Int]) -> [String] {
            Self.result(NumericArray(shape: shape, values: .uint8(values)), Self.pixels).warnings
        }
        #expect(warnings(byPixel, [1, 3072]) == [])
        #expect(warnings(byPixel, [1, 32, 32, 3]) == [])
        #expect(
            warnings(byPlane, [1, 3072]) == [
                "x.npy has flat rows that look like planes of red, green and blue, and they are taken pixel by pixel; pass "
                    + "x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)."
            ])
    }

    // MARK: Types

    @Test func typesThatSayNothingAreRefusedWithTheCallThatIsMeant() throws {
        let count = 96 * 96
        func complaint(_ values: NumericArray.Values, _ name: String? = nil) -> String {
            Self.result(NumericArray(shape: [1, 96, 96], values: values, typeName: name), Self.signedUnit)
                .error ?? "nothing"
        }
        func ramp<T: FixedWidthInteger>(_: T.Type, from least: Int, to greatest: Int) -> [T] {
            (0..<count).map { T(least + $0 % (greatest - least + 1)) }
        }
        #expect(
            complaint(.int64(ramp(Int64.self, from: 0, to: 255)))
                == "x.npy holds int64, and inputs are int8 as the model stores them, uint8 pixels, or float32 real values; for "
                + "pixels pass x.astype(numpy.uint8).")
        #expect(
            complaint(.int16(ramp(Int16.self, from: -128, to: 127))).hasSuffix("pass x.astype(numpy.int8)."))
        #expect(
            complaint(.int32(ramp(Int32.self, from: 0, to: 65_535)), "uint16")
                .hasSuffix(
                    "holds uint16, and inputs are int8 as the model stores them, uint8 pixels, or float32 real values; "
                        + "for 16-bit pixels pass (x >> 8).astype(numpy.uint8)."))
        #expect(
            complaint(.uint8(ramp(UInt8.self, from: 0, to: 1)), "bool").hasSuffix(
                "pass x * numpy.uint8(255)."))
        #expect(
            complaint(.int32(ramp(Int32.self, from: -1000, to: 1000))).hasSuffix(
                "convert it to the one that is meant."))
        for (values, name) in [
            (.float64((0..<count).map { Double($0 % 256) / 127.5 - 1 }), nil),
            (.float32((0..<count).map { Float($0 % 256) / 127.5 - 1 }), "float16"),
        ] as [(NumericArray.Values, String?)] {
            #expect(complaint(values, name) == "nothing")
        }
    }
}
