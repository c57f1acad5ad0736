import EspalierFiles
import Testing

@testable import EspalierSimulator

/// A part of a picture as text: one character for each colour in `key`, "?" for any other; every `step`-th
/// pixel.
private func sketch(
    _ image: Image, x: Range<Int>, y: Range<Int>, step: Int, key: [[UInt8]: Character]
) -> String {
    stride(from: y.lowerBound, to: y.upperBound, by: step).map { row in
        String(
            stride(from: x.lowerBound, to: x.upperBound, by: step).map { column -> Character in
                let offset = image.offset(x: column, y: row)
                return key[Array(image.pixels[offset..<offset + 3])] ?? "?"
            })
    }.joined(separator: "\n")
}

@Suite struct PresentationAnnotationTests {
    private let key: [[UInt8]: Character] = [
        [0x16, 0x1A, 0x1F]: ".", [0xF2, 0xF4, 0xF6]: "#", [0xA9, 0xB2, 0xBC]: "+", [0x2C, 0x33, 0x3B]: "-",
        [0xD5, 0x5E, 0x00]: "O",
    ]

    @Test func theCaptionIsThisPicture() {
        let picture = Annotation(
            outcome: .signalled, title: "Hi", lines: ["g1"],
            scores: [.init(label: "a", value: 0.25), .init(label: "b", value: 0.75)]
        ).drawn(around: Image(width: 320, height: 2, channels: 1, filledWith: 255))
        #expect(picture.width == 332)
        #expect(picture.height == 2 + 12 + 10 + 2 * 20 + 10 + 2 * 20 + 10)
        #expect(
            sketch(picture, x: 10..<62, y: 24..<114, step: 2, key: key) == """
                OOOOOOO.....#...#...#.....
                OOOOOOO.....#...#.........
                OOOOOOO.....#...#..##.....
                OOOOOOO.....#####...#.....
                OOOOOOO.....#...#...#.....
                OOOOOOO.....#...#...#.....
                OOOOOOO.....#...#..###....
                ..........................
                ..........................
                ..........................
                ........+.................
                .......++.................
                .++++...+.................
                +...+...+.................
                +...+...+.................
                .++++...+.................
                ....+..+++................
                .+++......................
                ..........................
                ..........................
                ..........................
                ..........................
                ..........................
                ..........................
                ..........................
                ............++++++++++++++
                ............++++++++++++++
                .+++........++++++++++++++
                ....+.......++++++++++++++
                .++++.......++++++++++++++
                +...+.......++++++++++++++
                .++++.......++++++++++++++
                ..........................
                ..........................
                ..........................
                #...........OOOOOOOOOOOOOO
                #...........OOOOOOOOOOOOOO
                ####........OOOOOOOOOOOOOO
                #...#.......OOOOOOOOOOOOOO
                #...#.......OOOOOOOOOOOOOO
                #...#.......OOOOOOOOOOOOOO
                ####........OOOOOOOOOOOOOO
                ..........................
                ..........................
                ..........................
                """)
    }

    @Test func barsAreAsLongAsTheirScores() {
        let picture = Annotation(
            outcome: .signalled, title: "",
            scores: [.init(label: "a", value: 0.25), .init(label: "b", value: 2)]
        ).drawn(around: Image(width: 320, height: 1, channels: 1))
        // The bar begins after the label and a space, and leaves room for "0.25" and a space.
        let bar = picture.width - 10 - 2 * 12 - 10 - 5 * 12
        func length(_ row: Int, _ colour: Character) -> Int {
            sketch(picture, x: 34..<34 + bar, y: row..<row + 1, step: 1, key: key).count { $0 == colour }
        }
        #expect(length(13 + 10 + 20 + 10, "+") == (bar + 2) / 4)
        #expect(length(13 + 10 + 20 + 10 + 20, "O") == bar)
    }

    @Test func smallFramesAreEnlargedByAWholeNumber() {
        let frame = Image(width: 2, height: 1, channels: 3, pixels: [255, 0, 0, 0, 0, 255])
        let picture = Annotation(outcome: .quiet, title: "").drawn(around: frame)
        #expect(picture.width == 320 + 12)
        func pixel(_ x: Int, _ y: Int) -> [UInt8] {
            Array(picture.pixels[picture.offset(x: x, y: y)...].prefix(3))
        }
        #expect(pixel(6, 6) == [255, 0, 0])
        #expect(pixel(6 + 159, 6 + 159) == [255, 0, 0])
        #expect(pixel(6 + 160, 6) == [0, 0, 255])
        #expect(pixel(5, 6) == [0x00, 0x72, 0xB2])
        #expect(pixel(6 + 320, 6 + 159) == [0x00, 0x72, 0xB2])
        #expect(pixel(6, 6 + 160) == [0x00, 0x72, 0xB2])
    }

    @Test func aLongLineWidensThePictureUpToALimit() {
        func width(_ count: Int) -> Int {
            Annotation(outcome: .failed, title: "x", lines: [String(repeating: "m", count: count)])
                .drawn(around: Image(width: 1, height: 1, channels: 1)).width
        }
        #expect(width(10) == 332)
        #expect(width(60) == 60 * 12 + 20)
        #expect(width(61) == width(60))
    }

    @Test func everyCharacterOfASCIIHasAGlyphOfItsOwn() {
        let glyphs = (0x20...0x7E).map { code in
            (0..<40).map {
                BitmapFont.isSet(Character(Unicode.Scalar(UInt8(code))), column: $0 % 5, row: $0 / 5)
            }
        }
        #expect(Set(glyphs).count == 95)
        #expect(glyphs[0].allSatisfy { !$0 })
    }

    @Test func otherCharactersAreReplaced() {
        func same(_ a: Character, _ b: Character) -> Bool {
            (0..<40).allSatisfy {
                BitmapFont.isSet(a, column: $0 % 5, row: $0 / 5)
                    == BitmapFont.isSet(b, column: $0 % 5, row: $0 / 5)
            }
        }
        #expect(same("µ", "u"))
        #expect(same("→", ">"))
        #expect(same("é", "?"))
        #expect(same("\u{7}", "?"))
    }
}
