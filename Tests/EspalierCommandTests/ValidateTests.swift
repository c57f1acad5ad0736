import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

/// `espalier validate` as a user meets it: what it ran, what it compared, what it left out, and what did not hold.
@Suite struct ValidateTests {
    private let model = Package.root.appendingPathComponent("models/doorway/doorway.tflite").path
    private let names = Package.root.appendingPathComponent("models/doorway/labels.txt").path
    private let golden = Package.root.appendingPathComponent("models/doorway/golden.npz").path
    private let twoOutputs = Package.fixture("operators/graph_two_outputs.tflite").path
    private let recording = Package.fixture("recordings/graph_two_outputs.npz").path

    private func validate(_ model: String, _ arguments: String...) throws -> Shell.Outcome {
        try Shell.run(Package.command, ["validate", model] + arguments)
    }

    private func json(_ outcome: Shell.Outcome) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    private func expectRefusal(_ outcome: Shell.Outcome, _ sentence: String) {
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Error: \(sentence)\n")
        #expect(outcome.output == "")
    }

    // MARK: Nothing compared, nothing demanded, something not held

    @Test func nothingToCompareWithIsNoSuccess() throws {
        let outcome = try validate(model, "--inputs", "\(golden):inputs")
        let rows = try NumericArray.read("\(golden):inputs").shape[0]
        #expect(outcome.status == 1)
        #expect(
            outcome.output
                == "\(rows) rows run\nNothing was compared: give --expected, --labels, --layers, or pictures in class folders.\n"
        )
        let report = try json(try validate(model, "--inputs", "\(golden):inputs", "--json"))
        #expect(report["holds"] as? Bool == false && report["compared"] as? Bool == false)
        #expect(report["rows"] as? Int == rows)
    }

    @Test func labelsWithoutAMinimumAreReportedAndDemandNothing() throws {
        let folder = try TemporaryFolder()
        let rows = try NumericArray.read("\(golden):inputs").shape[0]
        try NPY.write(
            NumericArray(shape: [rows], values: .int64(Array(repeating: 0, count: rows))),
            to: folder.path("y.npy"))
        let outcome = try validate(model, "--inputs", "\(golden):inputs", "--labels", folder.path("y.npy"))
        #expect(outcome.status == 0)
        #expect(outcome.output.hasSuffix("\nNothing was demanded: give --minimum-top1 to make it a check.\n"))
        #expect(!outcome.output.contains("Everything asked for holds"))
    }

    @Test func aFailingRunNamesEachDemandThatDoesNotHold() throws {
        let folder = try TemporaryFolder()
        var outputs = try NumericArray.read("\(golden):outputs")
        let rows = outputs.shape[0]
        guard case .int8(var values) = outputs.values else { throw CocoaError(.coderInvalidValue) }
        values[0] = values[0] == 127 ? 126 : values[0] + 1
        outputs.values = .int8(values)
        try NPY.write(outputs, to: folder.path("wrong.npy"))
        try NPY.write(
            NumericArray(shape: [rows], values: .uint8(Array(repeating: 3, count: rows))),
            to: folder.path("y.npy"))
        let arguments = [
            "validate", model, "--inputs", "\(golden):inputs", "--expected", folder.path("wrong.npy"),
            "--labels",
            folder.path("y.npy"), "--minimum-top1", "0.99",
        ]
        let outcome = try Shell.run(Package.command, arguments)
        #expect(outcome.status == 1)
        let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("Does not hold: ") }
        try #require(lines.count == 2)
        #expect(lines[0].hasSuffix(": \(rows - 1) of \(rows) rows bit-identical, \(rows) demanded."))
        #expect(
            lines[1].hasPrefix("Does not hold: labels: top-1 ") && lines[1].hasSuffix(" %, 99.00 % demanded.")
        )
        let report = try json(try Shell.run(Package.command, arguments + ["--json"]))
        let demands = try #require(report["demands"] as? [[String: Any]])
        try #require(demands.map { $0["holds"] as? Bool } == [false, false])
        #expect(demands[1]["demanded"] as? String == "99.00 %")
        // Of two demands one that holds is not named.
        let agreement = try Shell.run(Package.command, arguments + ["--minimum-agreement", "0.5"])
        #expect(agreement.output.components(separatedBy: "Does not hold").count == 2)
        #expect(agreement.output.contains("Does not hold: labels: "))
    }

    @Test func aMinimumInPercentIsAskedAbout() throws {
        let outcome = try validate(model, "--inputs", "\(golden):inputs", "--minimum-top1", "90")
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("A minimum is a share between 0 and 1, not 90.0 (0.9?)."))
    }

    // MARK: Several outputs

    @Test func everyOutputIsComparedByItsNameOrNumber() throws {
        for (first, second) in [("t7", "t8"), ("0", "1")] {
            let outcome = try validate(
                twoOutputs, "--inputs", "\(recording):t0", "--expected", "\(second)=\(recording):t8",
                "--expected",
                "\(first)=\(recording):t7")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            try #require(lines.count > 2)
            #expect(
                lines[1].hasPrefix(
                    "output 't8': 3 of 3 rows bit-identical to those expected, greatest difference 0"))
            #expect(
                lines[2].hasPrefix(
                    "output 't7': 3 of 3 rows bit-identical to those expected, greatest difference 0"))
        }
        let plain = try validate(
            twoOutputs, "--inputs", "\(recording):t0", "--expected", "\(recording):t7", "--json")
        let outputs = try #require(try json(plain)["outputs"] as? [[String: Any]])
        #expect(outputs.map { $0["output"] as? String } == ["t7"])
    }

    @Test func theOutputThatDiffersIsNamed() throws {
        let folder = try TemporaryFolder()
        var boxes = try NumericArray.read("\(recording):t8")
        guard case .int8(var values) = boxes.values else { throw CocoaError(.coderInvalidValue) }
        values[13] = values[13] < 0 ? values[13] + 5 : values[13] - 5
        boxes.values = .int8(values)
        try NPY.write(boxes, to: folder.path("a=b.npy"))
        let outcome = try validate(
            twoOutputs, "--inputs", "\(recording):t0", "--expected", "t7=\(recording):t7", "--expected",
            "t8=\(folder.path("a=b.npy"))")
        #expect(outcome.status == 1)
        #expect(
            outcome.output.hasSuffix("Does not hold: output 't8': 2 of 3 rows bit-identical, 3 demanded.\n"))
        #expect(outcome.output.contains("greatest difference 5"))
        // A minimum agreement is about the scores; the other output is reported.
        let agreeing = try validate(
            twoOutputs, "--inputs", "\(recording):t0", "--expected", "t7=\(recording):t7", "--expected",
            "t8=\(folder.path("a=b.npy"))", "--minimum-agreement", "1")
        #expect(agreeing.status == 0 && agreeing.output.contains("output 't8': 2 of 3"))
    }

    @Test func outputsThatAreNotThereOrTwiceAreExplained() throws {
        let outputs = "the outputs are 0 't7', 1 't8'."
        func expected(_ values: String...) throws -> Shell.Outcome {
            try Shell.run(
                Package.command,
                ["validate", twoOutputs, "--inputs", "\(recording):t0"]
                    + values.flatMap { ["--expected", $0] })
        }
        expectRefusal(
            try expected("boxes=\(recording):t8"),
            "--expected boxes=\(recording):t8 names the output 'boxes', which there is not; \(outputs)")
        expectRefusal(
            try expected("2=\(recording):t8"),
            "--expected 2=\(recording):t8 names the output '2', which there is not; \(outputs)")
        expectRefusal(
            try expected("0=\(recording):t7", "\(recording):t7"),
            "--expected \(recording):t7 is for an output that another --expected is for; \(outputs)")
        expectRefusal(
            try expected("0=\(recording):t8"),
            "\(recording):t8 has shape [3, 2, 2, 3], and the outputs are [N, 4] with N = 3; pass one row for each input."
        )
        expectRefusal(
            try validate(
                twoOutputs, "--inputs", "\(recording):t0", "--expected", "1=\(recording):t8",
                "--minimum-agreement", "1"),
            "--minimum-agreement needs --expected for output 0, the one with the scores; \(outputs)")
    }

    // MARK: Expected outputs and labels

    @Test func expectedValuesThatAreNotThisOutputsAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("e.npy")
        let good = try NumericArray.read("\(golden):outputs")
        let (rows, classes) = (good.shape[0], good.shape[1])
        func complaint(_ shape: [Int], _ values: NumericArray.Values) throws -> String {
            try NPY.write(NumericArray(shape: shape, values: values), to: path)
            let outcome = try validate(model, "--inputs", "\(golden):inputs", "--expected", path)
            #expect(outcome.status == 1)
            return outcome.errors.replacingOccurrences(of: path, with: "FILE")
        }
        let what = "and the outputs are [N, \(classes)] with N = \(rows)"
        func zeros<T: Numeric>(_ count: Int, _: T.Type) -> [T] { Array(repeating: 0, count: count) }
        #expect(
            try complaint([rows], .int64(zeros(rows, Int64.self)))
                == "Error: FILE has shape [\(rows)], \(what); pass class numbers with --labels.\n")
        #expect(
            try complaint([classes, rows], .int8(zeros(rows * classes, Int8.self)))
                == "Error: FILE has shape [\(classes), \(rows)], \(what); pass x.transpose(1, 0).\n")
        #expect(
            try complaint([rows, classes + 1], .int8(zeros(rows * (classes + 1), Int8.self)))
                == "Error: FILE has shape [\(rows), \(classes + 1)], \(what); pass one row for each input.\n")
        #expect(
            try complaint([rows, classes], .int32(zeros(rows * classes, Int32.self)))
                == "Error: FILE holds int32, and outputs are int8 or uint8 as stored, or float32 real values; convert it.\n"
        )
        #expect(
            try complaint([rows, classes], .float32((0..<rows * classes).map { $0 == 3 ? .nan : 0 }))
                == "Error: FILE holds nan (value 3 in order), which no output can be; make it again.\n")
        #expect(
            try complaint([rows, classes], .float64((0..<rows * classes).map { Double($0 % 100 - 120) }))
                .hasSuffix(
                    "and the output covers 0 to 0.9961; pass this output's values, in real numbers or as int8.\n"
                ))
    }

    @Test func realExpectedValuesOfAnyWidthAreComparedToTheBit() throws {
        let folder = try TemporaryFolder()
        let good = try NumericArray.read("\(golden):outputs")
        guard case .int8(let values) = good.values else { throw CocoaError(.coderInvalidValue) }
        let reals = values.map { (Double($0) + 128) / 256 }
        for array in [
            NumericArray(shape: good.shape, values: .float64(reals)),
            NumericArray(shape: good.shape, values: .float32(reals.map(Float.init))),
        ] {
            try NPY.write(array, to: folder.path("e.npy"))
            let outcome = try validate(
                model, "--inputs", "\(golden):inputs", "--expected", folder.path("e.npy"))
            #expect(outcome.status == 0, "\(outcome.output)")
        }
    }

    @Test func labelsAreOneClassNumberAnInput() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("y.npy")
        let rows = try NumericArray.read("\(golden):inputs").shape[0]
        let classes = 4
        func run(_ shape: [Int], _ values: NumericArray.Values, _ type: String? = nil) throws -> String {
            try NPY.write(NumericArray(shape: shape, values: values, typeName: type), to: path)
            let outcome = try validate(model, "--inputs", "\(golden):inputs", "--labels", path)
            #expect((outcome.status == 0) == outcome.errors.isEmpty)
            return outcome.errors.replacingOccurrences(of: path, with: "FILE")
        }
        func cycle<T: Numeric>(_ first: Int, _ count: Int, _: T.Type) -> [T] {
            (0..<rows).map { T(exactly: first + $0 % count)! }
        }
        #expect(try run([rows], .int64(cycle(0, 4, Int64.self))) == "")
        #expect(try run([rows, 1], .int16(cycle(0, 4, Int16.self))) == "")
        #expect(try run([rows], .float32(cycle(0, 4, Float.self))) == "")
        #expect(try run([rows], .int8(cycle(-1, 2, Int8.self))) == "")
        #expect(
            try run([rows, classes], .uint8((0..<rows * classes).map { $0 % classes == 1 ? 1 : 0 }))
                == "Error: FILE has shape [\(rows), 4], a value for each class, and labels are class numbers; pass "
                + "numpy.argmax(x, axis=1).\n")
        #expect(
            try run([rows], .int64(cycle(1, 4, Int64.self)))
                == "Error: FILE has label 4, and the model has classes 0 to 3; subtract 1 if they count from 1.\n"
        )
        #expect(
            try run([rows], .int64(cycle(0, 12, Int64.self)))
                == "Error: FILE has label 4, and the model has classes 0 to 3; pass the labels of this model.\n"
        )
        #expect(
            try run([rows], .float32((0..<rows).map { $0 == 1 ? 0.5 : 1 }))
                == "Error: FILE holds float32 values that are no whole numbers; pass the class number of each input.\n"
        )
        #expect(
            try run([rows], .int8(Array(repeating: -1, count: rows)))
                == "Error: FILE labels no input, as all its labels are negative; pass classes 0 to 3.\n")
        #expect(
            try run([2], .int8([0, 1])) == "Error: FILE has 2 labels for \(rows) inputs; pass one for each.\n"
        )
        #expect(
            try run([rows, 3], .int8(Array(repeating: 0, count: rows * 3)))
                == "Error: FILE has shape [\(rows), 3], and labels are one class number for each of \(rows) inputs; pass an "
                + "array of shape [\(rows)].\n")
    }

    // MARK: Grids and models without scores

    /// A row a class: the highest value is of that class, each in another cell.
    private func gridRows(classes: Int, cells: Int) -> [Int8] {
        var values = [Int8](repeating: -100, count: classes * cells * classes)
        for row in 0..<classes {
            let cell = (row * 5 + 1) % cells
            values[(row * cells + cell) * classes + row] = 100
        }
        return values
    }

    @Test func aGridHasAClassAChannelAndItsBestCellDecides() throws {
        let grid = Package.fixture("operators/logistic_c4.tflite").path
        let folder = try TemporaryFolder()
        let (inputs, labels) = (folder.path("x.npy"), folder.path("y.npy"))
        let sides = [3, 4]
        try NPY.write(
            NumericArray(
                shape: [4] + sides + [4], values: .int8(gridRows(classes: 4, cells: sides[0] * sides[1]))),
            to: inputs)
        func run(_ classes: [Int8]) throws -> Shell.Outcome {
            try NPY.write(NumericArray(shape: [classes.count], values: .int8(classes)), to: labels)
            return try validate(grid, "--inputs", inputs, "--labels", labels, "--minimum-top1", "1", "--json")
        }
        let right = try run([0, 1, 2, 3])
        #expect(right.status == 0, "\(right.errors)")
        #expect(try json(right)["rowsCorrect"] as? Int == 4)
        #expect(try json(try run([0, 1, 3, 2]))["rowsCorrect"] as? Int == 2)
        expectRefusal(
            try run([0, 1, 2, 47]),
            "\(labels) has label 47, and the model has classes 0 to 3; pass the labels of this model.")
    }

    @Test func labelsNeedAnOutputThatIsKnownToHaveScores() throws {
        let boxes = Package.fixture("operators/graph_output_used_inside.tflite").path
        let folder = try TemporaryFolder()
        let (inputs, labels) = (folder.path("x.npy"), folder.path("y.npy"))
        let shape = [2, 4, 4, 3]
        let count = shape.reduce(1, *)
        try NPY.write(
            NumericArray(shape: shape, values: .int8((0..<count).map { Int8($0 * 37 % 200 - 100) })),
            to: inputs)
        try NPY.write(NumericArray(shape: [2], values: .int8([0, 1])), to: labels)
        let outcomes = try [
            ("--labels are classes", validate(boxes, "--inputs", inputs, "--labels", labels)),
            (
                "--minimum-agreement is about",
                validate(boxes, "--inputs", inputs, "--expected", labels, "--minimum-agreement", "1")
            ),
            ("class folders are classes", validate(boxes, "--inputs", folder.url.path)),
        ]
        for (about, outcome) in outcomes {
            requireRefusal(
                outcome, "\(about) ",
                " the output with the scores, and none of the model's 2 outputs is sure",
                "choose one with --score-output NAME and say how to read it with --scores")
        }
        // Chosen, it is compared.
        let chosen = try validate(
            boxes, "--inputs", inputs, "--labels", labels, "--score-output", "0", "--scores", "sigmoid")
        #expect(chosen.status == 0, "\(chosen.errors)")
        // Without classes nothing is asked for.
        #expect(try validate(boxes, "--inputs", inputs).errors == "")
    }

    // MARK: Inputs

    @Test func theSamePixelsGetTheSameClassWhateverTheFileSaysOfColour() throws {
        let folder = try TemporaryFolder()
        for (index, name) in ["empty", "person", "animal", "vehicle"].enumerated() {
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent(name), withIntermediateDirectories: true)
            let file = ["plain", "gamma", "profile", "alpha_gamma"][index]
            try FileManager.default.copyItem(
                at: Package.fixture("pictures/\(file).png"),
                to: folder.url.appendingPathComponent("\(name)/a.png"))
        }
        let outcome = try validate(model, "--label-names", names, "--inputs", folder.url.path, "--json")
        // All four are one class, so that exactly one folder's is right.
        #expect(try json(outcome)["rowsCorrect"] as? Int == 1)
    }

    @Test func ofAFolderEverythingIsRunOrNamed() throws {
        let folder = try TemporaryFolder()
        func put(_ fixture: String, _ name: String) throws {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Package.fixture("pictures/\(fixture)"), to: url)
        }
        try put("plain.png", "person/a.png")
        try put("baseline_420.jpg", "person/b.jpg")
        try put("progressive.jpg", "person/c.JPG")
        try put("to_be_turned.jpg", "empty/d.jpeg")
        try put("grey.jpg", "unicorn/e.jpg")
        _ = try folder.write("GIF89a", to: "person/f.gif")
        let whole = try ByteFile.read(folder.path("person/b.jpg"))
        try AtomicFile.write(Array(whole.dropLast(30)), to: folder.path("person/g.jpg"))
        let arguments = ["validate", model, "--label-names", names, "--inputs", folder.url.path]
        let outcome = try Shell.run(Package.command, arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = outcome.output.replacingOccurrences(of: folder.url.path, with: "F")
        #expect(text.hasPrefix("4 rows run\n3 left out:\n"), "\(text)")
        #expect(
            text.contains(
                "\n  F/unicorn is named like no label (empty, person, animal, vehicle); it has 1 file\n"))
        #expect(text.contains("\n  F/person/f.gif is a GIF picture, not a PNG or JPEG file\n"))
        #expect(
            text.contains("\n  F/person/g.jpg is a damaged JPEG file (libjpeg: Premature end of JPEG file)\n")
        )
        #expect(
            text.contains(
                "\nwarning: 1 of the pictures are to be turned, says their EXIF orientation, and were run as they "
            ))
        #expect(text.contains("of 4 labelled rows"))
        let report = try json(try Shell.run(Package.command, arguments + ["--json"]))
        let leftOut = try #require(report["leftOut"] as? [[String: String]])
        #expect(leftOut.count == 3 && leftOut[2]["path"] == folder.path("person/g.jpg"))
        #expect(report["toBeTurned"] as? [String] == [folder.path("empty/d.jpeg")])
    }

    @Test func aFolderOfDamagedPicturesIsAnError() throws {
        let folder = try TemporaryFolder()
        for name in ["empty", "person"] {
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent(name), withIntermediateDirectories: true)
            let whole = try ByteFile.read(Package.fixture("pictures/baseline_420.jpg").path)
            try AtomicFile.write(Array(whole.prefix(200)), to: folder.path("\(name)/a.jpg"))
        }
        let outcome = try validate(model, "--label-names", names, "--inputs", folder.url.path)
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.hasPrefix(
                "Error: No picture can be used: \(folder.path("empty/a.jpg")) is a damaged JPEG"))
    }

    @Test func classesOfOneNameAreOneClassForAFolder() throws {
        let folder = try TemporaryFolder()
        let labels = try folder.write("thing\nthing\nthing\nthing\n", to: "labels.txt")
        let pictures = folder.url.appendingPathComponent("pictures/thing")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        for name in ["plain.png", "palette.png", "grey.jpg"] {
            try FileManager.default.copyItem(
                at: Package.fixture("pictures/\(name)"), to: pictures.appendingPathComponent(name))
        }
        let outcome = try validate(
            model, "--label-names", labels, "--inputs", folder.path("pictures"), "--minimum-top1", "1")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }

    @Test func aPictureIsNoArrayAndAModelOfNumbersTakesNoPictures() throws {
        let picture = Package.fixture("pictures/plain.png").path
        expectRefusal(
            try validate(model, "--inputs", picture),
            "\(picture) is a PNG picture, not a .npy file; pass pictures as a folder with a folder for each class, or save "
                + "their pixels with numpy.save.")
        let numbers = Package.fixture("operators/fully_connected_rank2.tflite").path
        let outcome = try validate(numbers, "--inputs", Package.fixture("pictures").path)
        #expect(
            outcome.status == 1 && outcome.errors.contains("is no picture")
                && outcome.errors.contains("pass an array."))
    }

    @Test func aWarningIsPrintedAndInTheJSON() throws {
        let folder = try TemporaryFolder()
        try NPY.write(
            NumericArray(shape: [2, 64, 64, 1], values: .uint8(Array(repeating: 7, count: 8192))),
            to: folder.path("x.npy"))
        let warning = "\(folder.path("x.npy")) holds 7 everywhere; is it the right array?"
        let text = try validate(model, "--inputs", folder.path("x.npy"))
        #expect(text.output.hasPrefix("warning: \(warning)\n"))
        let report = try json(try validate(model, "--inputs", folder.path("x.npy"), "--json"))
        #expect(report["warnings"] as? [String] == [warning])
    }

    @Test func otherCommandsSayItOnTheStandardError() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("x.npy")
        try NPY.write(
            NumericArray(shape: [2, 64, 64, 1], values: .uint8(Array(repeating: 7, count: 8192))), to: path)
        let warning = "warning: \(path) holds 7 everywhere; is it the right array?\n"
        let benchmark = try Shell.run(
            Package.command, ["benchmark", model, "--inputs", path, "--seconds", "0.01", "--json"])
        #expect(benchmark.status == 0 && benchmark.errors == warning)
        _ = try json(benchmark)
        let inspection = try Shell.run(Package.command, ["inspect", model, "--calibration", path])
        #expect(inspection.status == 0 && inspection.errors == warning)
        try NPY.write(
            NumericArray(shape: [2, 1, 64, 32], values: .uint8(Array(repeating: 7, count: 4096))), to: path)
        let refused = try Shell.run(Package.command, ["inspect", model, "--calibration", path])
        #expect(refused.status == 1 && refused.errors.contains("the model takes [N, 64, 64, 1]"))
    }

    // MARK: Layers

    @Test func recordedWeightsAreComparedAndSummedUp() throws {
        let outcome = try validate(twoOutputs, "--layers", recording)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output.hasSuffix(
                "4 of 4 recorded weights and other constants are the model's\nEverything asked for holds.\n"))
        let legacy = try validate(
            Package.fixture("operators/uint8_network.tflite").path, "--layers",
            Package.fixture("recordings/uint8_network.npz").path)
        #expect(legacy.status == 0 && legacy.output.contains("9 of 9 recorded weights"), "\(legacy.errors)")
    }

    @Test func aRecordingOfAnotherModelNamesItsTensors() throws {
        let outcome = try validate(
            Package.fixture("operators/conv_3x3_c3_o5_per_tensor.tflite").path, "--layers",
            Package.fixture("recordings/uint8_network.npz").path)
        #expect(outcome.status == 1)
        let outcomes = try validate(
            Package.fixture("operators/graph_two_outputs.tflite").path, "--layers",
            Package.fixture("recordings/conv_grouped_c6_o9_g3.npz").path)
        #expect(
            outcomes.status == 1 && outcomes.errors.contains("record int8 arrays [N, "), "\(outcomes.errors)")
    }
}
