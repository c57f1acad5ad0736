/// Along one side of the picture: which of a window's taps lie inside it, for every position of the window.
///
/// Taps outside read the zero point and so add nothing. At each position the taps inside are consecutive.
struct SideReach {
    /// The different sets of taps inside; every position of the window has one of them. No more than twice the taps,
    /// because neither the first tap inside nor the last one moves back.
    let classes: [Range<Int>]
    /// Taps inside at every position, and taps inside at some position.
    let always: Range<Int>
    let ever: Range<Int>

    init(taps: Int, stride: Int, dilation: Int, padding: Int, input: Int, output: Int) {
        var classes: [Range<Int>] = []
        var always = 0..<taps
        var ever = 0..<0
        var position = 0
        while position < output {
            let start = position * stride - padding
            let end = min(taps, Self.taps(before: input - start, dilation))
            let first = min(end, Self.taps(before: -start, dilation))
            let inside = first < end ? first..<end : 0..<0
            if classes.last != inside { classes.append(inside) }
            always = always.clamped(to: inside)
            if ever.isEmpty {
                ever = inside
            } else if !inside.isEmpty {
                ever = min(ever.lowerBound, first)..<max(ever.upperBound, end)
            }
            position += 1
            if inside.count == taps {
                // So it stays up to the last position at which the window is whole.
                let last = (input - (taps - 1) * dilation - 1 + padding) / stride
                position = max(position, min(last + 1, output))
            }
        }
        self.classes = classes
        self.always = always
        self.ever = ever
    }

    /// How many of the taps 0, dilation, 2 x dilation ... lie before a distance.
    private static func taps(before distance: Int, _ dilation: Int) -> Int {
        distance <= 0 ? 0 : (distance + dilation - 1) / dilation
    }
}

/// A convolution's window over its picture, both sides together.
struct WindowReach {
    let rows: SideReach
    let columns: SideReach
    let kernelWidth: Int
    let taps: Int

    init(_ window: Window, input: Shape, output: Shape) {
        rows = SideReach(
            taps: window.kernelHeight, stride: window.strideHeight, dilation: window.dilationHeight,
            padding: window.padTop, input: input.height, output: output.height)
        columns = SideReach(
            taps: window.kernelWidth, stride: window.strideWidth, dilation: window.dilationWidth,
            padding: window.padLeft, input: input.width, output: output.width)
        kernelWidth = window.kernelWidth
        taps = window.kernelHeight * window.kernelWidth
    }

    /// Whether a tap reads the picture at every position.
    func isAlwaysInside(_ tap: Int) -> Bool {
        rows.always.contains(tap / kernelWidth) && columns.always.contains(tap % kernelWidth)
    }

    /// Whether a tap reads the picture at no position.
    func isNeverInside(_ tap: Int) -> Bool {
        !rows.ever.contains(tap / kernelWidth) || !columns.ever.contains(tap % kernelWidth)
    }
}
