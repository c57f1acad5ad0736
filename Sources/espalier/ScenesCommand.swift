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

    @OptionGroup var writing: ForceOption

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
        try Destination.requireDistinct([output, labels].compactMap { $0 })
        let arrays = try output.map { try Destination($0, of: .anonymous, force: writing.force) }
        let classFile = try labels.map { try Destination($0, of: .anonymous, force: writing.force) }
        let kinds = (0..<count).map(kind)
        var folder = try png.map { try OutputFolder($0, of: "espalier scenes", force: writing.force) }
        if let folder {
            let names = kinds.indices.map { pictureName($0, kinds[$0]) }
            let indices = Dictionary(zip(names, names.indices)) { first, _ in first }
            try folder.prepare(names) { name throws(FileError) in
                guard let index = indices[name] else { return nil }
                return try PNG.encode(image(pixels(index, kinds[index])))
            }
        }
        var pictures: [UInt8] = []
        if output != nil { pictures.reserveCapacity(shape.reduce(1, *)) }
        for index in 0..<count where output != nil || png != nil {
            let pixels = pixels(index, kinds[index])
            if output != nil {
                pictures += try preparer.prepare(pixels, Scenes.frame.width, Scenes.frame.height)
            }
            try folder?.write(PNG.encode(image(pixels)), to: pictureName(index, kinds[index]))
        }
        try folder?.finish(removesOthers: false)
        try arrays?.write(NPY.encode(NumericArray(shape: shape, values: .uint8(pictures))))
        let classes = NumericArray(shape: [count], values: .uint8(kinds.map { UInt8($0.rawValue) }))
        try classFile?.write(NPY.encode(classes))
    }

    private func ownSeed(_ index: Int) -> UInt64 { seed + UInt64(everyClass ? index / 4 : index) }

    private func kind(_ index: Int) -> Kind {
        everyClass ? Kind.allCases[index % 4] : Scene.random(seed: ownSeed(index)).kind
    }

    private func pixels(_ index: Int, _ kind: Kind) -> [UInt8] {
        Scene(kind: kind, seed: ownSeed(index), light: light?.light).render(
            width: Scenes.frame.width, height: Scenes.frame.height)
    }

    private func image(_ pixels: [UInt8]) -> Image {
        Image(width: Scenes.frame.width, height: Scenes.frame.height, channels: 3, pixels: pixels)
    }

    private func pictureName(_ index: Int, _ kind: Kind) -> String { "\(kind.name)/\(ownSeed(index)).png" }

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
