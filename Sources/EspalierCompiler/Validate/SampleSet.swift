import EspalierFiles
import Foundation

/// Inputs to validate with: rows of an array, or pictures in class folders.
public enum SampleSet: Sendable {
    /// Quantised values in the source model's order, one row after the other.
    case rows(values: [Int8], perRow: Int)
    /// Pictures, prepared as a camera frame is.
    case pictures([String])

    public var count: Int {
        switch self {
        case .rows(let values, let perRow): values.count / perRow
        case .pictures(let paths): paths.count
        }
    }

    /// The rows of arrays; pictures have none.
    public var rows: [[Int8]] {
        guard case .rows(let values, let perRow) = self else { return [] }
        return stride(from: 0, to: values.count, by: perRow).map { Array(values[$0..<$0 + perRow]) }
    }

    // MARK: Arrays

    /// The rows of an array of shape [N, ...]: int8 as stored by the model, uint8 pixels, float32 real values.
    ///
    /// - Throws: a sentence where type or shape do not fit the model's input.
    public init(_ array: NumericArray, source: String, plan: Plan) throws(CompilerError) {
        let input = plan.tensors[plan.input]
        let sides = plan.inputSides
        let perRow = input.shape.count
        let given = Array(array.shape.dropFirst())
        let isFlat = given == [perRow]
        guard array.shape.count >= 2, isFlat || given.filter({ $0 != 1 }) == sides.filter({ $0 != 1 }) else {
            throw CompilerError(
                "\(source) has shape \(array.shape), and the model takes [N, "
                    + "\(sides.map(String.init).joined(separator: ", "))]; reshape it.")
        }
        guard array.count > 0 else { throw CompilerError("\(source) has no rows; pass at least one.") }
        let values: [Int8]
        switch array.values {
        case .int8(let stored): values = stored
        case .uint8(let pixels): values = plan.stored(pixels: pixels)
        case .float32(let reals):
            let zeroPoint = Float(input.fields.zero_point)
            values = reals.map { real in
                let moved = (real / input.fields.scale).rounded(.toNearestOrAwayFromZero) + zeroPoint
                return moved.isNaN ? 0 : Int8(max(-128, min(127, moved)))
            }
        default:
            throw CompilerError(
                "\(source) holds \(array.values.typeName), and inputs are int8, uint8 or float32; convert it."
            )
        }
        self = .rows(values: values, perRow: perRow)
    }

    // MARK: Folders

    /// The PNGs of a folder of class folders, with the class of each.
    ///
    /// Folders named like the model's labels are those classes; without labels the sorted folders are classes 0, 1, ...
    public static func pictures(
        folder: String, labels: [String], classes: Int
    ) throws(CompilerError) -> (samples: SampleSet, classes: [Int]) {
        let folders = try names(in: folder).filter { isFolder("\(folder)/\($0)") }
        guard !folders.isEmpty else {
            throw CompilerError(
                "\(folder) has no class folders; put the PNGs of each class in a folder of its own.")
        }
        guard !labels.isEmpty || folders.count == classes else {
            throw CompilerError(
                "\(folder) has \(folders.count) class folders and the model \(classes) classes; name the classes with "
                    + "--label-names.")
        }
        var paths: [String] = []
        var indices: [Int] = []
        for (position, name) in folders.enumerated() {
            let index = labels.isEmpty ? position : labels.firstIndex(of: name)
            guard let index else {
                throw CompilerError(
                    "\(folder)/\(name) is named like no label (\(labels.joined(separator: ", "))); rename it."
                )
            }
            for file in try names(in: "\(folder)/\(name)") where file.lowercased().hasSuffix(".png") {
                paths.append("\(folder)/\(name)/\(file)")
                indices.append(index)
            }
        }
        guard !paths.isEmpty else {
            throw CompilerError("\(folder) has no PNG in its class folders; add some.")
        }
        return (.pictures(paths), indices)
    }

    private static func names(in folder: String) throws(CompilerError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw CompilerError("\(folder) cannot be listed; check that it is a folder and its permissions.")
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

extension Plan {
    /// The source input's sides without the batch, as the caller's arrays have them.
    var inputSides: [Int] {
        let shape = tensors[input].shape
        return inputChannelsFirst
            ? [shape.channels, shape.height, shape.width] : [shape.height, shape.width, shape.channels]
    }

    /// An input of noise, the same on every machine: Park and Miller's minimal standard generator.
    public func noise() -> [Int8] {
        var state: UInt64 = 1
        return (0..<tensors[input].shape.count).map { _ in
            state = state * 48_271 % 2_147_483_647
            return Int8(truncatingIfNeeded: Int(state >> 8))
        }
    }

    /// Pixels as the model stores them, channel by channel.
    func stored(pixels: [UInt8]) -> [Int8] {
        guard !pixelTable.isEmpty else { return pixels.map { Int8(bitPattern: $0 ^ 0x80) } }
        let shape = tensors[input].shape
        let perChannel = inputChannelsFirst ? shape.height * shape.width : 1
        return pixels.enumerated().map { index, pixel in
            pixelTable[index / perChannel % shape.channels * 256 + Int(pixel)]
        }
    }
}
