// PNG files through libpng's simplified interface, which returns error codes where the classic one would
// longjmp across Swift frames.

import CPNG

/// Reads any PNG as an 8-bit `Image`, and writes `Image`s as PNG.
///
/// Grey files become 1 channel, files with any colour (palettes included) 3. Sixteen-bit values are taken as
/// sRGB-encoded and scaled to 8 bits; transparency is composited on black, in linear light, as libpng does
/// it.
public enum PNG {
    /// The picture in the file at `path`.
    ///
    /// - Throws: `FileError` if the file is absent, empty, not a PNG, cut short, damaged or over the limits.
    public static func read(_ path: String) throws(FileError) -> Image {
        try decode(try ByteFile.read(path), name: path)
    }

    /// The picture in `bytes`. `name` only appears in error sentences.
    ///
    /// Sides over `Image.sideLimit`, and more pixels than so few bytes can hold, are refused before anything
    /// is allocated for them.
    public static func decode(_ bytes: [UInt8], name: String) throws(FileError) -> Image {
        try checkContainer(bytes, name: name)
        var png = png_image()
        png.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&png) }
        // libpng keeps pointing into `bytes` from begin to finish; hence one scope for both.
        let image: Image? = bytes.withUnsafeBytes { source in
            guard png_image_begin_read_from_memory(&png, source.baseAddress, source.count) != 0,
                isWithinLimits(png, byteCount: source.count)
            else { return nil }
            let channels = png.format & PNG_FORMAT_FLAG_COLOR != 0 ? 3 : 1
            png.format = channels == 3 ? PNG_FORMAT_FLAG_COLOR : 0
            png.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
            let count = Int(png.width) * Int(png.height) * channels
            guard let pixels = finishRead(&png, count: count) else { return nil }
            return Image(
                width: Int(png.width), height: Int(png.height), channels: channels, pixels: pixels)
        }
        guard let image else { throw decodeError(png, byteCount: bytes.count, name: name) }
        return image
    }

    /// The PNG bytes of `image`: 8-bit grey or RGB, no date or other text in it, the same for the same
    /// picture.
    ///
    /// - Throws: `FileError` if the image's fields contradict each other, as they can after being assigned
    ///   to.
    public static func encode(_ image: Image) throws(FileError) -> [UInt8] {
        try encode(image, name: "The image")
    }

    /// Writes `image` to `path`, whole or not at all.
    public static func write(_ image: Image, to path: String) throws(FileError) {
        try AtomicFile.write(try encode(image, name: path), to: path)
    }
}

// MARK: - Reading

extension PNG {
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Walks the chunks' lengths from the signature to IEND. libpng stops after the last row and would not
    /// notice a file whose end is missing.
    private static func checkContainer(_ bytes: [UInt8], name: String) throws(FileError) {
        guard !bytes.isEmpty else { throw FileError(name, "is empty", do: "pass a PNG file") }
        guard bytes.starts(with: signature) else {
            if signature.starts(with: bytes) { throw cutShort(name) }
            throw FileError(name, "is not a PNG file", do: "convert the picture to PNG")
        }
        var position = signature.count
        while position + 12 <= bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = position + 12 + length
            guard end <= bytes.count else { break }
            if bytes[position + 4..<position + 8].elementsEqual("IEND".utf8) { return }
            position = end
        }
        throw cutShort(name)
    }

    private static func isWithinLimits(_ png: png_image, byteCount: Int) -> Bool {
        png.width <= Image.sideLimit && png.height <= Image.sideLimit && fits(png, byteCount: byteCount)
    }

    /// Deflate shrinks at most 1032:1 and a pixel has at least 1 bit: n bytes hold at most 8256 n pixels.
    private static func fits(_ png: png_image, byteCount: Int) -> Bool {
        Int(png.width) * Int(png.height) <= 8256 * byteCount
    }

    /// The decoded pixels, or nil with libpng's message in `png`.
    private static func finishRead(_ png: inout png_image, count: Int) -> [UInt8]? {
        var black = png_color(red: 0, green: 0, blue: 0)
        var done = false
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            done = png_image_finish_read(&png, &black, buffer.baseAddress, 0, nil) != 0
            initialised = done ? count : 0
        }
        return done ? pixels : nil
    }

    private static func decodeError(_ png: png_image, byteCount: Int, name: String) -> FileError {
        if png.warning_or_error & png_uint_32(PNG_IMAGE_ERROR) != 0 {
            return FileError(
                name, "is a damaged PNG file (libpng: \(message(png)))", do: "make the file again")
        }
        let size = "\(png.width) x \(png.height)"
        if max(png.width, png.height) > Image.sideLimit {
            return FileError(
                name, "has \(size) pixels, over the limit of \(Image.sideLimit) a side",
                do: "scale the picture down")
        }
        return FileError(
            name, "claims \(size) pixels, more than \(byteCount) bytes can hold", do: "make the file again")
    }

    private static func cutShort(_ name: String) -> FileError {
        FileError(name, "is a PNG file cut short", do: "copy or make the file again")
    }

    private static func message(_ png: png_image) -> String {
        withUnsafeBytes(of: png.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

// MARK: - Writing

extension PNG {
    private static func encode(_ image: Image, name: String) throws(FileError) -> [UInt8] {
        let sides = 1...Image.sideLimit
        guard sides.contains(image.width), sides.contains(image.height), [1, 3].contains(image.channels),
            image.pixels.count == image.width * image.height * image.channels
        else {
            throw FileError(
                name,
                "would have \(image.pixels.count) bytes for \(image.width) x \(image.height) pixels "
                    + "of \(image.channels) channels",
                do: "make the image's sizes and pixels agree")
        }
        var png = png_image()
        png.version = png_uint_32(PNG_IMAGE_VERSION)
        png.width = png_uint_32(image.width)
        png.height = png_uint_32(image.height)
        png.format = image.channels == 3 ? PNG_FORMAT_FLAG_COLOR : 0
        defer { png_image_free(&png) }

        var done = false
        let bytes = [UInt8](unsafeUninitializedCapacity: largestEncoding(image)) { buffer, initialised in
            var size = png_alloc_size_t(buffer.count)
            done = png_image_write_to_memory(&png, buffer.baseAddress, &size, 0, image.pixels, 0, nil) != 0
            initialised = done ? Int(size) : 0
        }
        guard done else {
            throw FileError(name, "cannot be encoded (libpng: \(message(png)))", do: "free some memory")
        }
        return bytes
    }

    /// What incompressible rows with their filter bytes can grow to: zlib's bound is below 1/6 more, a chunk
    /// header comes every 8 KiB, and the chunks around the data take less than 1 KiB.
    private static func largestEncoding(_ image: Image) -> Int {
        let rows = image.pixels.count + image.height
        return rows + rows / 6 + rows / 512 + 1024
    }
}
