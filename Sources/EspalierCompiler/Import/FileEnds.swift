/// The beginning and the end of a file, as `FileKind` asks about them.
struct FileEnds {
    static let headBytes = 1 << 16
    static let tailBytes = 1 << 18

    private let bytes: [UInt8]
    /// The file's last bytes, where archives have their list of names.
    private let tail: [UInt8]
    let count: Int

    init(head: [UInt8], tail: [UInt8], count: Int) {
        bytes = head
        self.tail = tail
        self.count = count
    }

    init(of bytes: [UInt8]) {
        self.init(
            head: Array(bytes.prefix(Self.headBytes)), tail: Array(bytes.suffix(Self.tailBytes)),
            count: bytes.count)
    }

    subscript(position: Int) -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    func has(_ magic: [UInt8], at position: Int = 0) -> Bool {
        bytes.count >= position + magic.count && bytes[position...].starts(with: magic)
    }
    func has(_ magic: String, at position: Int = 0) -> Bool { has(Array(magic.utf8), at: position) }
    func hasAny(_ magics: [String], at position: Int = 0) -> Bool {
        magics.contains { has($0, at: position) }
    }
    func hasAny(_ magics: [[UInt8]]) -> Bool { magics.contains { has($0) } }
    func ends(with magic: [UInt8]) -> Bool { tail.suffix(magic.count).elementsEqual(magic) }
    func isAll(_ value: UInt8) -> Bool { bytes.allSatisfy { $0 == value } && tail.allSatisfy { $0 == value } }

    func contains(_ text: String, within limit: Int = 1 << 12) -> Bool {
        let wanted = Array(text.utf8)
        let end = min(bytes.count, limit) - wanted.count
        return end >= 0 && (0...end).contains { bytes[$0...].starts(with: wanted) }
    }

    func isPrintable(_ position: Int) -> Bool { (0x20...0x7e).contains(self[position]) }

    func hexadecimal(_ count: Int) -> String {
        bytes.prefix(count).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    // MARK: Formats that need a closer look

    /// A FlatBuffer's identifier is four letters or digits behind an offset that stays in the file.
    var isFlatBuffer: Bool {
        guard count >= 16 else { return false }
        let root = Int(self[0]) | Int(self[1]) << 8 | Int(self[2]) << 16 | Int(self[3]) << 24
        return root >= 8 && root < count
            && bytes[4..<8].allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
            }
    }

    /// A TFLite model behind its own length.
    var isSizePrefixed: Bool {
        let size = Int(self[0]) | Int(self[1]) << 8 | Int(self[2]) << 16 | Int(self[3]) << 24
        return has("TFL3", at: 8) && size + 4 == count
    }

    var identifier: String { String(decoding: bytes[4..<8], as: UTF8.self) }

    /// A header of JSON behind its length in 64 bits.
    var hasSafetensorsHeader: Bool { has("{\"", at: 8) && self[5] == 0 && self[6] == 0 && self[7] == 0 }

    /// The names in a zip archive: of its own list at the end, else of the entries at its beginning.
    var zipNames: [String] {
        let listed = FileEnds.names(in: tail[...], signature: [0x50, 0x4b, 1, 2], lengthAt: 28, nameAt: 46)
        return listed.isEmpty
            ? FileEnds.names(in: bytes[...], signature: [0x50, 0x4b, 3, 4], lengthAt: 26, nameAt: 30) : listed
    }

    private static func names(
        in bytes: ArraySlice<UInt8>, signature: [UInt8], lengthAt: Int, nameAt: Int
    ) -> [String] {
        var names: [String] = []
        var position = bytes.startIndex
        while position + nameAt <= bytes.endIndex, names.count < 4096 {
            guard bytes[position] == signature[0], bytes[position...].starts(with: signature) else {
                position += 1
                continue
            }
            let length = Int(bytes[position + lengthAt]) | Int(bytes[position + lengthAt + 1]) << 8
            let name = bytes[(position + nameAt)...].prefix(length)
            names.append(
                String(
                    decoding: name.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
            )
            position += nameAt + length
        }
        return names.filter { !$0.hasSuffix("/") }
    }

    /// The file as text from its first character that is no blank on, and what is odd about its encoding; nil where it is none.
    var text: (String, encoding: String)? {
        if has([0xff, 0xfe]) || has([0xfe, 0xff]) {
            let isLittle = bytes[0] == 0xff
            let units = stride(from: 2, to: bytes.count - 1, by: 2).map { at in
                isLittle
                    ? UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
                    : UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
            }
            return (FileEnds.trimmed(String(decoding: units, as: UTF16.self)), " in UTF-16")
        }
        let body = has([0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
        guard body.allSatisfy({ $0 >= 0x20 || (0x08...0x0d).contains($0) || $0 == 0x1b }) else { return nil }
        let text = String(decoding: body, as: UTF8.self)
        // Bytes that are no UTF-8 are another encoding while they are few; one character may be cut off by the head's end.
        let strange = text.unicodeScalars.count { $0 == "\u{fffd}" }
        guard strange * 4 <= text.unicodeScalars.count else { return nil }
        return (FileEnds.trimmed(text), strange > 1 ? " in an unknown encoding" : "")
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0.isWhitespace }.map { $0.isNewline ? "\n" : $0.isPlain ? $0 : "?" })
    }

    // MARK: Protocol buffers

    enum Protobuf { case onnx, savedModel, coreML, frozenGraph, checkpointGraph, paddle, caffe }

    /// Which protocol buffer this is, going by the fields it has on top.
    ///
    /// Sources: onnx.proto3 `ModelProto`, saved_model.proto, graph.proto `GraphDef`, Core ML's Model.proto, Paddle's
    /// framework.proto, caffe.proto `NetParameter`.
    var protobuf: Protobuf? {
        guard let fields = topFields, let first = fields.first else { return nil }
        let numbers = Set(fields.map(\.number))
        if first.number == 1, first.value != nil {
            let isMessage =
                fields.first { $0.number == 2 && $0.payload != nil }.map { self[$0.payload!] == 0x0a }
                ?? false
            let words = ["serve", "saved_model", "NoOp", "Placeholder", "StatefulPartitionedCall"]
            if first.value == 1, isMessage, words.contains(where: { contains($0, within: 1 << 16) }) {
                return .savedModel
            }
            if isMessage { return .coreML }
            let isModel =
                !numbers.isDisjoint(with: [2, 7, 8])
                && numbers.isSubset(of: [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25])
            return isModel ? .onnx : nil
        }
        guard first.number == 1 || first.number == 7 || first.number == 8, let payload = first.payload else {
            return nil
        }
        if first.number != 1 { return numbers.isSuperset(of: [7, 8]) ? .onnx : nil }
        if self[payload] == 0x08, self[payload + 2] == 0x10 { return .paddle }
        if self[payload] == 0x0a { return contains("\u{12}", within: 256) ? .frozenGraph : nil }
        if self[payload] == 0x12, contains("NodeDef", within: 1 << 16) || numbers.contains(2) {
            return .checkpointGraph
        }
        return isPrintable(payload) && !numbers.isDisjoint(with: [2, 100]) ? .caffe : nil
    }

    /// The fields on top as far as they begin in the head; nil where this is no protocol buffer.
    private var topFields: [(number: Int, value: UInt64?, payload: Int?)]? {
        var fields: [(number: Int, value: UInt64?, payload: Int?)] = []
        var position = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: 0, to: 63, by: 7) {
                guard position < bytes.count else { return nil }
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7f) << UInt64(shift)
                if byte < 0x80 { return value }
            }
            return nil
        }
        while position < bytes.count, fields.count < 64 {
            guard let key = varint(), key >> 3 > 0, key >> 3 < 10_000 else { return nil }
            let number = Int(key >> 3)
            switch key & 7 {
            case 0:
                guard let value = varint() else { return nil }
                fields.append((number, value, nil))
            case 2:
                guard let length = varint(), length < 1 << 40 else { return nil }
                fields.append((number, nil, position))
                position += Int(length)
            default: return nil
            }
        }
        return fields
    }
}

extension Character {
    /// Whether it can be shown inside a sentence.
    var isPlain: Bool { unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }
}
