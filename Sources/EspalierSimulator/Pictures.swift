public import EspalierFiles

/// Pictures in a row, one a frame and again from the first: a file, or a folder's files in the order of their names.
public struct Pictures: FrameGenerator {
    private let images: [Image]

    /// Precondition: at least one picture.
    public init(_ images: [Image]) {
        precondition(!images.isEmpty, "A camera needs at least one picture.")
        self.images = images
    }

    public func frame(at time: Int64, number: Int) -> Image { images[number % images.count] }
}
