import CFont

/// The font of annotated frames: that of the board's captions.
enum BitmapFont {
    /// Dots a character.
    static let width = Int(ESPALIER_FONT_WIDTH)
    static let height = Int(ESPALIER_FONT_HEIGHT)
    /// Dots from one character to the next, and from one line to the next.
    static let advance = Int(ESPALIER_FONT_ADVANCE)
    static let lineAdvance = Int(ESPALIER_FONT_LINE_ADVANCE)

    /// Whether the dot at (column, row) of a character is set. Characters beyond ASCII are replaced by a
    /// look-alike where there is one, otherwise by "?".
    static func isSet(_ character: Character, column: Int, row: Int) -> Bool {
        let code = character.asciiValue ?? lookAlikes[character] ?? UInt8(ascii: "?")
        return espalier_font_dot(code, Int32(column), Int32(row)) != 0
    }

    private static let lookAlikes: [Character: UInt8] = [
        "µ": UInt8(ascii: "u"), "μ": UInt8(ascii: "u"), "→": UInt8(ascii: ">"), "·": UInt8(ascii: "-"),
        "–": UInt8(ascii: "-"), "−": UInt8(ascii: "-"), "×": UInt8(ascii: "x"), "’": UInt8(ascii: "'"),
    ]
}
