import EspalierFiles

/// Reads the uncompressed 24-bit BMPs of the reference folder.
enum Bitmap {
    static func read(_ path: String) throws -> Image {
        let bytes = try ByteFile.read(path)
        func number(_ position: Int) -> Int {
            (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << ($1 * 8) }
        }
        let start = number(10)
        let width = number(18)
        let height = number(22)
        let rowBytes = (width * 3 + 3) / 4 * 4
        var pixels: [UInt8] = []
        for row in (0..<height).reversed() {
            for pixel in 0..<width {
                let blue = start + row * rowBytes + pixel * 3
                pixels += [bytes[blue + 2], bytes[blue + 1], bytes[blue]]
            }
        }
        return Image(width: width, height: height, channels: 3, pixels: pixels)
    }
}
