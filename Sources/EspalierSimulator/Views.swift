public import EspalierFiles
public import EspalierScenes
import EspalierSettings
import Foundation

// What a virtual camera can see: pictures from files, and rendered scenes.

/// Pictures in a row, one a frame and again from the first: a file, or a folder's files in the order of their
/// names.
public struct Pictures: FrameGenerator {
    private let images: [Image]

    /// Precondition: at least one picture.
    public init(_ images: [Image]) {
        precondition(!images.isEmpty, "A camera needs at least one picture.")
        self.images = images
    }

    public func frame(at time: Int64, number: Int) -> Image { images[number % images.count] }
}

/// A rendered scene, moving.
public struct RenderedScene: FrameGenerator {
    private let scene: Scene
    private let width: Int
    private let height: Int
    private let middle: Int64

    /// - Parameter middle: the moment, in nanoseconds, at which the scene's figure is in the middle of the
    ///   picture.
    public init(_ scene: Scene, width: Int, height: Int, middle: Int64) {
        self.scene = scene
        self.width = width
        self.height = height
        self.middle = middle
    }

    public func frame(at time: Int64, number: Int) -> Image {
        let pixels = scene.render(width: width, height: height, at: Double(time - middle) / 1e9)
        return Image(width: width, height: height, channels: 3, pixels: pixels)
    }
}

/// Turns a scenario file's `see`, `light` and `seed` into views; reads each picture once.
struct ViewReader {
    private let scenarioPath: String
    private let seed: UInt64
    private var images: [String: Image] = [:]

    /// - Parameter seed: the scenario's: the camera's place, and scenes without a seed of their own.
    init(scenarioPath: String, seed: UInt64) {
        self.scenarioPath = scenarioPath
        self.seed = seed
    }

    /// - Parameter middle: see `RenderedScene`.
    /// - Returns: nil where the section has no `see`.
    mutating func generator(
        _ section: TOMLSection, width: Int, height: Int, middle: Int64
    ) throws(FileError) -> (any FrameGenerator)? {
        let light = try light(section)
        let ownSeed = try section.integer("seed", in: 0...Int.max).map(UInt64.init)
        guard let see = try section.text("see") else { return nil }
        if let kind = Kind.allCases.first(where: { $0.name == see }) {
            let scene = Scene(kind: kind, seed: ownSeed ?? seed, light: light, camera: seed)
            return RenderedScene(scene, width: width, height: height, middle: middle)
        }
        let paths = try picturePaths(section, see)
        var pictures: [Image] = []
        for path in paths { pictures.append(try picture(path, width: width, height: height)) }
        return Pictures(pictures)
    }

    private func light(_ section: TOMLSection) throws(FileError) -> Light? {
        guard let name = try section.text("light") else { return nil }
        guard let light = Light.allCases.first(where: { "\($0)" == name }) else {
            let names = Light.allCases.map { "\($0)" }.joined(separator: ", ")
            throw section.error("light", "is \"\(name)\"", do: "choose among \(names)")
        }
        return light
    }

    private mutating func picture(_ path: String, width: Int, height: Int) throws(FileError) -> Image {
        if let image = images[path] { return image }
        let file = try Picture.read(path)
        guard file.orientation == 1 else {
            throw FileError(
                path,
                "is to be turned, says its EXIF orientation, and a camera's pixels are taken as they are stored",
                do: "save it upright, as with Pillow's ImageOps.exif_transpose")
        }
        let image = file.image
        guard image.width == width, image.height == height else {
            throw FileError(
                path,
                "has \(image.width) x \(image.height) pixels, "
                    + "the camera of \(scenarioPath) \(width) x \(height)",
                do: "resize it, or change the camera's width and height")
        }
        images[path] = image
        return image
    }

    /// A file, or the PNG and JPEG files of a folder in the order of their names; relative to the scenario's folder.
    /// Whatever is called a picture has to be one that can be read; other files in a folder are nobody's business.
    private func picturePaths(_ section: TOMLSection, _ see: String) throws(FileError) -> [String] {
        let folder = URL(fileURLWithPath: scenarioPath).deletingLastPathComponent()
        let path = URL(fileURLWithPath: see, relativeTo: folder).path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let kinds = Kind.allCases.map(\.name).joined(separator: ", ")
            throw section.error(
                "see", "is \"\(see)\", which is not there",
                do: "name a PNG or JPEG file, a folder, or \(kinds)")
        }
        guard isFolder.boolValue else { return [path] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let endings = [
            ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic",
            ".avif",
        ]
        let pictures = names.filter { name in
            !name.hasPrefix(".") && endings.contains { name.lowercased().hasSuffix($0) }
        }.sorted()
        guard !pictures.isEmpty else {
            throw section.error(
                "see", "names a folder without PNG or JPEG files", do: "put some there, or name another")
        }
        return pictures.map { path + "/" + $0 }
    }
}
