// What a file is, by its first bytes: whatever it is called, a sentence can say what was given instead of what was wanted.

/// A format of files that people have at hand where pictures or arrays are asked for.
public enum FileFormat: Equatable, Sendable {
    case png, jpeg
    /// A .npy array, or a ZIP archive, which may hold some.
    case array, archive
    /// Anything else that is recognised, with its article: "a GIF picture".
    case other(String)

    /// The format of `bytes`; the first few hundred are enough. Nil where they are like nothing known.
    public init?(_ bytes: some Collection<UInt8>) {
        let head = Array(bytes.prefix(512))
        if head.starts(with: PNG.signature) {
            self = .png
        } else if head.starts(with: JPEG.signature) {
            self = .jpeg
        } else if head.starts(with: NPY.magic) {
            self = .array
        } else if head.starts(with: Array("PK\u{3}\u{4}".utf8))
            || head.starts(with: Array("PK\u{5}\u{6}".utf8))
        {
            self = .archive
        } else if let mark = FileFormat.marks.first(where: { $0.isIn(head) }) {
            self = .other(mark.text)
        } else if let text = FileFormat.text(head, isWhole: bytes.count <= 512) {
            self = .other(text)
        } else {
            return nil
        }
    }

    /// With its article, for a sentence: `FILE is a GIF picture`.
    public var text: String {
        switch self {
        case .png: "a PNG picture"
        case .jpeg: "a JPEG picture"
        case .array: "a .npy array"
        case .archive: "a ZIP archive"
        case .other(let text): text
        }
    }

    /// Whether it is a picture of a format that is read.
    public var isPicture: Bool { self == .png || self == .jpeg }

    private struct Mark {
        var text: String
        var pieces: [(offset: Int, bytes: [UInt8])]

        init(_ text: String, _ pieces: (Int, String)...) {
            self.text = text
            self.pieces = pieces.map { ($0, $1.unicodeScalars.map { UInt8($0.value) }) }
        }

        func isIn(_ head: [UInt8]) -> Bool {
            pieces.allSatisfy { head.dropFirst($0.offset).starts(with: $0.bytes) }
        }
    }

    /// Each byte as the scalar of its value.
    private static let marks: [Mark] = [
        Mark("a GIF picture", (0, "GIF8")),
        Mark("a WebP picture", (0, "RIFF"), (8, "WEBP")),
        Mark("a WAV recording", (0, "RIFF"), (8, "WAVE")),
        Mark("an AVI film", (0, "RIFF"), (8, "AVI ")),
        Mark("an AVIF picture", (4, "ftypavif")),
        Mark("a HEIC picture", (4, "ftyphei")),
        Mark("a HEIC picture", (4, "ftypmif1")),
        Mark("a film", (4, "ftyp")),
        Mark("a BMP picture", (0, "BM"), (6, "\0\0\0\0")),
        Mark("a TIFF picture", (0, "II*\0")),
        Mark("a TIFF picture", (0, "MM\0*")),
        Mark("a JPEG 2000 picture", (4, "jP  \r\n")),
        Mark("a JPEG XL picture", (4, "JXL \r\n")),
        Mark("a JPEG XL picture", (0, "\u{FF}\n")),
        Mark("an icon file", (0, "\0\0\u{1}\0")),
        Mark("a Photoshop file", (0, "8BPS")),
        Mark("a PDF document", (0, "%PDF")),
        Mark("a TFLite model", (4, "TFL3")),
        Mark("a MATLAB file", (0, "MATLAB 5.0 MAT-file")),
        Mark("an HDF5 file (.h5, .keras, or .mat 7.3)", (0, "\u{89}HDF\r\n")),
        Mark("a Parquet file", (0, "PAR1")),
        Mark("a gzip-compressed file", (0, "\u{1F}\u{8B}")),
        Mark("a Zstandard-compressed file", (0, "(\u{B5}/\u{FD}")),
        Mark("an xz-compressed file", (0, "\u{FD}7zXZ")),
        Mark("a Python pickle", (0, "\u{80}\u{2}")),
        Mark("a Python pickle", (0, "\u{80}\u{3}")),
        Mark("a Python pickle", (0, "\u{80}\u{4}\u{95}")),
        Mark("a Python pickle", (0, "\u{80}\u{5}\u{95}")),
        Mark("an AppleDouble file (what macOS keeps beside a file)", (0, "\0\u{5}\u{16}\u{7}")),
        Mark("a program", (0, "\u{7F}ELF")),
    ]

    /// Text, if every byte is: ASCII or UTF-8 without control characters.
    private static func text(_ head: [UInt8], isWhole: Bool) -> String? {
        guard !head.isEmpty, !head.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0C, 0x0D].contains($0) })
        else {
            return nil
        }
        // The last character may be cut off where the file is longer.
        let isUTF8 = (0...(isWhole ? 0 : 3)).contains { dropped in
            String(validating: head.dropLast(dropped), as: UTF8.self) != nil
        }
        guard isUTF8 else { return nil }
        let start = String(decoding: head, as: UTF8.self).drop(while: \.isWhitespace).prefix(100).lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "a web page" }
        if start.hasPrefix("<svg") || (start.hasPrefix("<?xml") && start.contains("<svg")) {
            return "an SVG drawing"
        }
        if start.hasPrefix("version https://git-lfs") { return "a Git LFS pointer and not the file itself" }
        let lines = head.prefix { $0 != 0x0A }
        return lines.contains(UInt8(ascii: ",")) || lines.contains(UInt8(ascii: ";"))
            ? "text (like CSV)" : "text"
    }
}
