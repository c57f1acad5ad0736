// PNG files: read through CPictures, written through libpng's simplified interface, which returns error codes.

import CPNG
import CPictures

/// Reads any PNG as an 8-bit `Image`, and writes `Image`s as PNG.
///
/// Pixels are read as they are stored, as Pillow, OpenCV and the board do it: no gamma, no colour profile. Grey files
/// become 1 channel, files with any colour (palettes included) 3. Of 16-bit values the upper 8 bits are taken; alpha and
/// transparent colours are dropped, whatever is under them; of an animation the default picture is read.
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
        return try Picture.pixels(of: bytes, name: name, format: "PNG", library: "libpng", espalier_png_file)
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
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Walks the chunks' lengths from the signature to IEND. libpng stops after the last row and would not
    /// notice a file whose end is missing.
    private static func checkContainer(_ bytes: [UInt8], name: String) throws(FileError) {
        guard !bytes.isEmpty else { throw FileError(name, "is empty", do: "pass a PNG file") }
        guard bytes.starts(with: signature) else {
            if signature.starts(with: bytes) { throw cutShort(name) }
            throw FileError(name, "is not a PNG file", do: "convert the picture to PNG")
        }
        guard walk(bytes, { _, _ in }) else { throw cutShort(name) }
    }

    /// The contents of the first chunk of a type.
    static func chunk(_ type: String, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var found: ArraySlice<UInt8>?
        _ = walk(bytes) { name, contents in
            if found == nil, name.elementsEqual(type.utf8) { found = contents }
        }
        return found
    }

    /// Visits every chunk's type and contents.
    ///
    /// - Returns: whether it came to IEND.
    private static func walk(_ bytes: [UInt8], _ visit: (ArraySlice<UInt8>, ArraySlice<UInt8>) -> Void)
        -> Bool
    {
        var position = signature.count
        while position + 12 <= bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = position + 12 + length
            guard end <= bytes.count else { break }
            let type = bytes[position + 4..<position + 8]
            if type.elementsEqual("IEND".utf8) { return true }
            visit(type, bytes[position + 8..<end - 4])
            position = end
        }
        return false
    }

    private static func cutShort(_ name: String) -> FileError {
        FileError(name, "is a PNG file cut short", do: "copy or make the file again")
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

    private static func message(_ png: png_image) -> String {
        withUnsafeBytes(of: png.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// What incompressible rows with their filter bytes can grow to: zlib's bound is below 1/6 more, a chunk
    /// header comes every 8 KiB, and the chunks around the data take less than 1 KiB.
    private static func largestEncoding(_ image: Image) -> Int {
        let rows = image.pixels.count + image.height
        return rows + rows / 6 + rows / 512 + 1024
    }
}
