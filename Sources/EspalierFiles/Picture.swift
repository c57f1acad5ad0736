// Picture files of the formats that are read, recognised by their first bytes: what a file is called does not matter.

import CPictures

/// A PNG or JPEG file's picture.
///
/// Pixels are as stored, the same bytes that Pillow gives. JPEGs become 1 channel where they are grey, else 3; CMYK is
/// converted without a profile, as Pillow does it.
public struct Picture: Equatable, Sendable {
    public var image: Image
    /// How the file's EXIF data asks viewers to turn the picture: 1 as it is, 2...8 mirrored or turned. It is not applied:
    /// Pillow, torchvision and TensorFlow do not apply it either (OpenCV and viewers do).
    public var orientation = 1

    /// The picture in the file at `path`.
    ///
    /// - Throws: `FileError` if the file is absent, empty, of another format, cut short, damaged or over the limits.
    public static func read(_ path: String) throws(FileError) -> Picture {
        try decode(try ByteFile.read(path), name: path)
    }

    /// The picture in `bytes`. `name` only appears in error sentences.
    public static func decode(_ bytes: [UInt8], name: String) throws(FileError) -> Picture {
        switch FileFormat(bytes) {
        case .png:
            let orientation = PNG.chunk("eXIf", in: bytes).flatMap(EXIF.orientation)
            return Picture(image: try PNG.decode(bytes, name: name), orientation: orientation ?? 1)
        case .jpeg:
            let orientation = JPEG.exif(in: bytes).flatMap(EXIF.orientation)
            return Picture(image: try JPEG.decode(bytes, name: name), orientation: orientation ?? 1)
        case .some(let format):
            throw FileError(name, "is \(format.text), not a PNG or JPEG file", do: remedy(format))
        case nil where bytes.isEmpty: throw FileError(name, "is empty", do: "pass a PNG or JPEG file")
        case nil: throw FileError(name, "is not a PNG or JPEG file", do: remedy(nil))
        }
    }

    private static func remedy(_ format: FileFormat?) -> String {
        if case .array = format { return "pass arrays by themselves, as --inputs FILE" }
        return "convert the picture to PNG or JPEG"
    }

    /// Reads through one of the functions of CPictures.
    static func pixels(
        of bytes: [UInt8], name: String, format: String, library: String,
        _ read: (
            UnsafeMutablePointer<EspalierPictureFile>?, UnsafePointer<UInt8>?, Int,
            UnsafeMutablePointer<UInt8>?, Int
        )
            -> Int32
    ) throws(FileError) -> Image {
        var file = EspalierPictureFile()
        func damaged() -> FileError {
            let words = withUnsafeBytes(of: file.problem) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isOfAnotherKind = ["nsupported", "not supported", "not implemented", "Sorry"].contains {
                words.contains($0)
            }
            guard !isOfAnotherKind else {
                return FileError(
                    name, "is a \(format) file of a kind that is not read (\(library): \(words))",
                    do: "save it as an ordinary PNG or JPEG")
            }
            return FileError(
                name, "is a damaged \(format) file (\(library): \(words))", do: "copy or make the file again")
        }
        guard read(&file, bytes, bytes.count, nil, 0) == 0 else { throw damaged() }
        let (width, height, channels) = (Int(file.width), Int(file.height), Int(file.channels))
        guard max(width, height) <= Image.sideLimit else {
            throw FileError(
                name, "has \(width) x \(height) pixels, over the limit of \(Image.sideLimit) a side",
                do: "scale the picture down")
        }
        // Deflate shrinks at most 1032:1 and a pixel has at least 1 bit: n bytes hold at most 8256 n pixels. JPEG is far
        // below that.
        guard width * height <= 8256 * bytes.count else {
            throw FileError(
                name, "claims \(width) x \(height) pixels, more than \(bytes.count) bytes can hold",
                do: "make the file again")
        }
        let count = width * height * channels
        var isRead = false
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            isRead = read(&file, bytes, bytes.count, buffer.baseAddress, count) == 0
            initialised = isRead ? count : 0
        }
        guard isRead else { throw damaged() }
        return Image(width: width, height: height, channels: channels, pixels: pixels)
    }
}

/// Reads JPEG files: baseline and progressive, grey, colour and CMYK, through libjpeg with its default transform.
public enum JPEG {
    static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

    /// The picture in `bytes`. `name` only appears in error sentences.
    ///
    /// - Throws: `FileError` also where a part of the picture is missing or damaged, which libjpeg would fill with grey.
    public static func decode(_ bytes: [UInt8], name: String) throws(FileError) -> Image {
        try Picture.pixels(of: bytes, name: name, format: "JPEG", library: "libjpeg", espalier_jpeg_file)
    }

    /// The EXIF data, past its mark: segments before the first scan are walked.
    static func exif(in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let mark = Array("Exif\0\0".utf8)
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {  // padding
                position += 1
                continue
            }
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            let end = position + 2 + length
            guard marker != 0xDA, length >= 2, end <= bytes.count else { return nil }
            let contents = bytes[position + 4..<end]
            if marker == 0xE1, contents.starts(with: mark) { return contents.dropFirst(mark.count) }
            position = end
        }
        return nil
    }
}

/// The one thing of interest in EXIF data.
enum EXIF {
    /// The orientation (tag 0x112 of the first directory), 1...8; nil where there is none.
    static func orientation(_ tiff: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(tiff)
        let isBigEndian = bytes.starts(with: Array("MM".utf8))
        guard isBigEndian || bytes.starts(with: Array("II".utf8)) else { return nil }
        func number(_ position: Int, _ size: Int) -> Int? {
            guard position >= 0, position + size <= bytes.count else { return nil }
            let digits = bytes[position..<position + size]
            return (isBigEndian ? Array(digits) : digits.reversed()).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for entry in 0..<entries {
            let position = directory + 2 + entry * 12
            guard let tag = number(position, 2) else { return nil }
            if tag == 0x112 { return number(position + 8, 2).flatMap { (1...8).contains($0) ? $0 : nil } }
        }
        return nil
    }
}
