// A frame as a person wants to see it: enlarged, framed in the outcome's colour, with its verdict written
// beneath.

public import EspalierFiles

/// What is drawn around a captured frame.
///
///     let picture = Annotation(
///         outcome: .signalled, title: "person 0.93", lines: ["motion at 12.345 s", "412 of 1024 blocks"],
///         scores: [.init(label: "empty", value: 0.04), .init(label: "person", value: 0.93)]
///     ).drawn(around: frame)
public struct Annotation: Equatable, Sendable {
    /// One class and its score.
    public struct Score: Equatable, Sendable {
        public var label: String
        /// 0...1; what lies outside is drawn as the nearest end.
        public var value: Double

        public init(label: String, value: Double) {
            self.label = label
            self.value = value
        }
    }

    /// Colours the frame and the title's mark.
    public var outcome: OutcomeStyle
    /// The first line, such as the label and its score.
    public var title: String
    /// Further lines: time, frame age, blocks. Lines over 60 characters are cut.
    public var lines: [String]
    /// One bar each, in this order; the highest is drawn in the outcome's colour.
    public var scores: [Score]

    public init(outcome: OutcomeStyle, title: String, lines: [String] = [], scores: [Score] = []) {
        self.outcome = outcome
        self.title = title
        self.lines = lines
        self.scores = scores
    }

    /// The annotated picture, RGB. Frames smaller than 320 pixels are enlarged by a whole number, pixel by
    /// pixel, so that what the model saw stays visible.
    ///
    /// Precondition: the result's sides are at most `Image.sideLimit`.
    public func drawn(around frame: Image) -> Image {
        let enlargement = max(1, (320 + max(frame.width, frame.height) - 1) / max(frame.width, frame.height))
        let pictureWidth = frame.width * enlargement
        let pictureHeight = frame.height * enlargement
        let width = max(pictureWidth + 2 * CaptionLayout.border, captionWidth)
        var canvas = Canvas(
            width: width, height: pictureHeight + 2 * CaptionLayout.border + captionHeight,
            colour: CaptionLayout.background
        )

        canvas.fill(
            x: 0, y: 0, width: width, height: pictureHeight + 2 * CaptionLayout.border, outcome.colour)
        canvas.fill(
            x: CaptionLayout.border, y: CaptionLayout.border, width: width - 2 * CaptionLayout.border,
            height: pictureHeight,
            CaptionLayout.background)
        canvas.draw(frame, x: (width - pictureWidth) / 2, y: CaptionLayout.border, enlargement: enlargement)
        drawCaption(on: &canvas, top: pictureHeight + 2 * CaptionLayout.border + CaptionLayout.padding)
        return canvas.image
    }
}

// MARK: - The caption

/// Sizes in pixels; the text is drawn with two pixels a dot.
private enum CaptionLayout {
    static let border = 6
    static let padding = 10
    static let dot = 2
    static let characterWidth = BitmapFont.advance * dot
    static let lineHeight = BitmapFont.lineAdvance * dot
    static let longestLine = 60
    static let shortestBar = 100
    static let background: Colour = (0x16, 0x1A, 0x1F)
    static let text: Colour = (0xF2, 0xF4, 0xF6)
    static let faint: Colour = (0xA9, 0xB2, 0xBC)
    static let track: Colour = (0x2C, 0x33, 0x3B)
}

extension Annotation {
    private var shownTitle: Substring { title.prefix(CaptionLayout.longestLine) }
    private var shownLines: [Substring] { lines.map { $0.prefix(CaptionLayout.longestLine) } }
    private var labelLength: Int { scores.map { min($0.label.count, 16) }.max() ?? 0 }

    private var captionWidth: Int {
        // The title has its mark, two characters wide, before it.
        let longest = max(shownTitle.count + 2, shownLines.map(\.count).max() ?? 0)
        let scoreRow =
            scores.isEmpty ? 0 : (labelLength + 6) * CaptionLayout.characterWidth + CaptionLayout.shortestBar
        return max(longest * CaptionLayout.characterWidth, scoreRow) + 2 * CaptionLayout.padding
    }

    private var captionHeight: Int {
        let gap = scores.isEmpty ? 0 : CaptionLayout.padding
        return (1 + lines.count + scores.count) * CaptionLayout.lineHeight + gap + 2 * CaptionLayout.padding
    }

    private func drawCaption(on canvas: inout Canvas, top: Int) {
        let left = CaptionLayout.padding
        let textHeight = 7 * CaptionLayout.dot
        canvas.fill(x: left, y: top, width: textHeight, height: textHeight, outcome.colour)
        canvas.write(shownTitle, x: left + 2 * CaptionLayout.characterWidth, y: top, CaptionLayout.text)
        var y = top + CaptionLayout.lineHeight
        for line in shownLines {
            canvas.write(line, x: left, y: y, CaptionLayout.faint)
            y += CaptionLayout.lineHeight
        }
        y += scores.isEmpty ? 0 : CaptionLayout.padding
        let highest = scores.map(\.value).max()
        for score in scores {
            draw(score, isHighest: score.value == highest, on: &canvas, y: y)
            y += CaptionLayout.lineHeight
        }
    }

    /// One row: label, bar, number.
    private func draw(_ score: Score, isHighest: Bool, on canvas: inout Canvas, y: Int) {
        let value = score.value.isNaN ? 0 : min(max(score.value, 0), 1)
        let barLeft = CaptionLayout.padding + (labelLength + 1) * CaptionLayout.characterWidth
        let barWidth = canvas.width - barLeft - CaptionLayout.padding - 5 * CaptionLayout.characterWidth
        let height = 7 * CaptionLayout.dot
        let filled = Int((value * Double(barWidth)).rounded())
        let colour = isHighest ? CaptionLayout.text : CaptionLayout.faint
        canvas.write(score.label.prefix(16), x: CaptionLayout.padding, y: y, colour)
        canvas.fill(x: barLeft, y: y, width: barWidth, height: height, CaptionLayout.track)
        canvas.fill(
            x: barLeft, y: y, width: filled, height: height, isHighest ? outcome.colour : CaptionLayout.faint)
        canvas.write(
            NumberText.fixed(value, decimals: 2)[...], x: barLeft + barWidth + CaptionLayout.characterWidth,
            y: y,
            colour)
    }
}

// MARK: - Drawing

private typealias Colour = (red: UInt8, green: UInt8, blue: UInt8)

/// An RGB picture to draw on. Everything drawn is inside it: the layout above makes it large enough.
private struct Canvas {
    private(set) var image: Image
    var width: Int { image.width }

    init(width: Int, height: Int, colour: Colour) {
        image = Image(width: width, height: height, channels: 3)
        fill(x: 0, y: 0, width: width, height: height, colour)
    }

    mutating func set(x: Int, y: Int, _ colour: Colour) {
        let offset = image.offset(x: x, y: y)
        image.pixels[offset] = colour.red
        image.pixels[offset + 1] = colour.green
        image.pixels[offset + 2] = colour.blue
    }

    mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
        for row in y..<y + height {
            for column in x..<x + width { set(x: column, y: row, colour) }
        }
    }

    /// A grey or RGB picture, each pixel a square of `enlargement` pixels a side.
    mutating func draw(_ picture: Image, x: Int, y: Int, enlargement: Int) {
        for row in 0..<picture.height {
            for column in 0..<picture.width {
                let offset = picture.offset(x: column, y: row)
                let last = picture.channels - 1
                let colour = (
                    picture.pixels[offset], picture.pixels[offset + min(1, last)],
                    picture.pixels[offset + min(2, last)]
                )
                fill(
                    x: x + column * enlargement, y: y + row * enlargement, width: enlargement,
                    height: enlargement, colour)
            }
        }
    }

    mutating func write(_ text: Substring, x: Int, y: Int, _ colour: Colour) {
        for (index, character) in text.enumerated() {
            for row in 0..<BitmapFont.height {
                for column in 0..<BitmapFont.width
                where BitmapFont.isSet(character, column: column, row: row) {
                    fill(
                        x: x + index * CaptionLayout.characterWidth + column * CaptionLayout.dot,
                        y: y + row * CaptionLayout.dot,
                        width: CaptionLayout.dot, height: CaptionLayout.dot, colour)
                }
            }
        }
    }
}
