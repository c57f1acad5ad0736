// An 8-bit picture in memory: what PNG.swift reads and writes, what scenes render and what a camera delivers
// on the host. Nothing but pixels; no colour management, no row padding.

/// An 8-bit picture, grey or RGB, rows from top to bottom without padding.
public struct Image: Equatable, Sendable {
    /// Pixels a row, at least 1.
    public var width: Int
    /// Rows, at least 1.
    public var height: Int
    /// 1 is grey, 3 is red, green, blue.
    public var channels: Int
    /// `[height][width][channels]`, sRGB-encoded as in any ordinary file.
    public var pixels: [UInt8]

    /// The longest side any file is read or written with. It keeps a forged header from asking for gigabytes.
    public static let sideLimit = 16_384

    /// A picture over the given pixels.
    ///
    /// Precondition: sides 1...`sideLimit`, 1 or 3 channels, exactly `height * width * channels` bytes. Code
    /// that takes these numbers from a user checks them first, as `PNG.decode` does.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition((1...Self.sideLimit).contains(width), "An image's width is 1...\(Self.sideLimit).")
        precondition((1...Self.sideLimit).contains(height), "An image's height is 1...\(Self.sideLimit).")
        precondition(channels == 1 || channels == 3, "An image has 1 (grey) or 3 (RGB) channels.")
        precondition(
            pixels.count == width * height * channels, "An image needs height x width x channels bytes.")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// A picture of one value in every channel: `0` is black. Same preconditions.
    public init(width: Int, height: Int, channels: Int, filledWith value: UInt8 = 0) {
        precondition((1...Self.sideLimit).contains(width), "An image's width is 1...\(Self.sideLimit).")
        precondition((1...Self.sideLimit).contains(height), "An image's height is 1...\(Self.sideLimit).")
        self.init(
            width: width, height: height, channels: channels,
            pixels: [UInt8](repeating: value, count: width * height * max(channels, 0)))
    }

    /// Where pixel (x, y) starts in `pixels`; the coordinates are the caller's to check.
    public func offset(x: Int, y: Int) -> Int { (y * width + x) * channels }
}
