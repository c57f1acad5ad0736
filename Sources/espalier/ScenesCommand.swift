import ArgumentParser
import CEspalier
import EspalierCore
import EspalierFiles
import EspalierScenes
import Foundation

/// `espalier scenes`: doorway pictures with their classes, for training, validating and looking at.
struct Scenes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Renders labelled scenes of a doorway camera.",
        discussion: """
            Scene i is made from seed S + i alone; of four scenes from a multiple of four on, each shows \
            another class: 0 empty, 1 person, 2 animal, 3 vehicle. With --every-class scenes 4i ... 4i + 3 are \
            those of seed S + i. Arrays hold what the firmware makes of a camera frame of 160 x 120 pixels: \
            cropped, resized and converted by the same code.
            """)

    @Option(help: "How many scenes, at least 1.")
    var count: Int

    @Option(help: "The seed of the first scene.")
    var seed: UInt64 = 0

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "Writes uint8 [count, height, width, channels].")
    var output: String?

    @Option(help: "Writes the class of each scene, uint8 [count].")
    var labels: String?

    @Option(help: "The size of the arrays' pictures, width x height.")
    var size = "64x64"

    @Flag(help: "Grey pictures of 1 channel, or colour of 3.")
    var channels = Channels.grey

    @Option(help: "One light for all: day, sun, dusk or night. Default: the seed's choice.")
    var light: LightName?

    @Flag(help: "Every seed four times, once as each class: the same place with and without a figure.")
    var everyClass = false

    @Option(help: "Writes every frame, 160 x 120 in colour, into the folder of its class in this folder.")
    var png: String?

    enum Channels: String, EnumerableFlag { case grey, rgb }

    enum LightName: String, CaseIterable, ExpressibleByArgument {
        case day, sun, dusk, night

        var light: Light {
            switch self {
            case .day: .day
            case .sun: .sun
            case .dusk: .dusk
            case .night: .night
            }
        }
    }

    private static let frame = (width: 160, height: 120)

    func validate() throws {
        guard count > 0, count <= 10_000_000 else { throw ValidationError("--count is 1 to 10,000,000.") }
        guard seed <= UInt64.max - UInt64(count) else { throw ValidationError("--seed is too large.") }
        guard output != nil || labels != nil || png != nil else {
            throw ValidationError("Nothing to write; pass -o, --labels or --png.")
        }
        _ = try sides()
    }

    func run() throws {
        let (width, height) = try sides()
        let shape = [count, height, width, channels == .grey ? 1 : 3]
        let preparer = FramePreparer(height: height, width: width, channels: shape[3])
        var pictures: [UInt8] = []
        if output != nil { pictures.reserveCapacity(shape.reduce(1, *)) }
        var classes: [UInt8] = []
        for index in 0..<count {
            let own = seed + UInt64(everyClass ? index / 4 : index)
            let kind = everyClass ? Kind.allCases[index % 4] : Scene.random(seed: own).kind
            classes.append(UInt8(kind.rawValue))
            guard output != nil || png != nil else { continue }
            let pixels = Scene(kind: kind, seed: own, light: light?.light).render(
                width: Scenes.frame.width, height: Scenes.frame.height)
            if output != nil {
                pictures += try preparer.prepare(pixels, Scenes.frame.width, Scenes.frame.height)
            }
            if let png { try write(pixels, in: "\(png)/\(kind.name)", seed: own) }
        }
        if let output { try NPY.write(NumericArray(shape: shape, values: .uint8(pictures)), to: output) }
        if let labels { try NPY.write(NumericArray(shape: [count], values: .uint8(classes)), to: labels) }
    }

    private func write(_ pixels: [UInt8], in folder: String, seed: UInt64) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let image = Image(width: Scenes.frame.width, height: Scenes.frame.height, channels: 3, pixels: pixels)
        try PNG.write(image, to: "\(folder)/\(seed).png")
    }

    private func sides() throws -> (width: Int, height: Int) {
        let parts = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1024).contains(width),
            (1...1024).contains(height)
        else {
            throw ValidationError(
                "--size '\(size)' is no size; write width x height, as in 64x64, up to 1024.")
        }
        return (width, height)
    }
}

/// Camera frames to pixels of an input's size, through `Engine.setFrame`: training sees what the board sees.
final class FramePreparer {
    private let tensor: UnsafeMutablePointer<EspalierTensor>
    private let model: UnsafeMutablePointer<EspalierModel>
    private let arena: UnsafeMutableRawPointer

    /// - Precondition: sides of 1...4095, 1 or 3 channels.
    init(height: Int, width: Int, channels: Int) {
        tensor = .allocate(capacity: 1)
        model = .allocate(capacity: 1)
        arena = .allocate(byteCount: height * width * 4, alignment: Int(ESPALIER_ARENA_ALIGNMENT))
        arena.initializeMemory(as: Int8.self, repeating: 0, count: height * width * 4)
        // A model that is nothing but its input: one quad a pixel, no halo, stored value = pixel - 128.
        var input = EspalierTensor()
        input.height = Int32(height)
        input.width = Int32(width)
        input.channels = Int32(channels)
        input.quads = 1
        input.row_bytes = Int32(width * 4)
        input.plane_bytes = Int32(height * width * 4)
        input.zero_point = -128
        tensor.initialize(to: input)
        var only = EspalierModel()
        only.abi_version = UInt32(ESPALIER_ABI_VERSION)
        only.arena_bytes = UInt32(height * width * 4)
        only.tensor_count = 1
        only.tensors = UnsafePointer(tensor)
        model.initialize(to: only)
    }

    deinit {
        tensor.deallocate()
        model.deallocate()
        arena.deallocate()
    }

    /// - Parameter pixels: [frameHeight][frameWidth][3].
    /// - Returns: [height][width][channels].
    func prepare(_ pixels: [UInt8], _ frameWidth: Int, _ frameHeight: Int) throws -> [UInt8] {
        let engine = try Engine(
            model: model, arena: arena.assumingMemoryBound(to: Int8.self),
            arenaBytes: Int(model.pointee.arena_bytes))
        try pixels.withUnsafeBufferPointer { buffer in
            try engine.setFrame(
                EspalierFrame(
                    pixels: buffer.baseAddress, pixel_format: ESPALIER_PIXELS_RGB24, width: Int32(frameWidth),
                    height: Int32(frameHeight), row_bytes: Int32(frameWidth * 3)))
        }
        let input = engine.tensor(0)
        var values = [Int8](repeating: 0, count: input.count)
        values.withUnsafeMutableBufferPointer { input.copy(to: $0.baseAddress!) }
        return values.map { UInt8(bitPattern: $0) ^ 0x80 }
    }
}
