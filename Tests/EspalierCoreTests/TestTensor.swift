/// A small [height, width, channels] array in the order of the source model: what tests feed in and read out.
struct TestTensor: Equatable {
    let height: Int
    let width: Int
    let channels: Int
    var values: [Int8]  // [height][width][channels]

    init(_ height: Int, _ width: Int, _ channels: Int, _ values: [Int8]) {
        precondition(values.count == height * width * channels, "as many values as the shape has")
        self.height = height
        self.width = width
        self.channels = channels
        self.values = values
    }

    subscript(_ row: Int, _ pixel: Int, _ channel: Int) -> Int8 {
        values[(row * width + pixel) * channels + channel]
    }

    /// Gives the first channels, in quads, one value all over.
    mutating func silence(quads: Int, _ value: Int8) {
        for index in values.indices where index % channels < quads * 4 { values[index] = value }
    }

    /// True for pixels of the picture, false for those around it.
    func contains(_ row: Int, _ pixel: Int) -> Bool {
        row >= 0 && row < height && pixel >= 0 && pixel < width
    }
}

/// Where a kernel's window stands, in TFLite's terms.
struct Geometry: CustomStringConvertible {
    var kernelHeight = 1
    var kernelWidth = 1
    var strideHeight = 1
    var strideWidth = 1
    var dilationHeight = 1
    var dilationWidth = 1
    var padTop = 0
    var padLeft = 0
    var outputHeight = 1
    var outputWidth = 1

    var description: String {
        "\(kernelHeight)x\(kernelWidth) stride \(strideHeight)x\(strideWidth) dilation "
            + "\(dilationHeight)x\(dilationWidth) pad \(padTop),\(padLeft)"
    }

    var taps: Int { kernelHeight * kernelWidth }

    /// The output size and padding that TFLite gives an input of `height` x `width`.
    mutating func pad(_ padding: Padding, height: Int, width: Int) {
        let reachY = (kernelHeight - 1) * dilationHeight + 1
        let reachX = (kernelWidth - 1) * dilationWidth + 1
        switch padding {
        case .same:
            outputHeight = (height + strideHeight - 1) / strideHeight
            outputWidth = (width + strideWidth - 1) / strideWidth
            padTop = max(0, (outputHeight - 1) * strideHeight + reachY - height) / 2
            padLeft = max(0, (outputWidth - 1) * strideWidth + reachX - width) / 2
        case .valid:
            outputHeight = (height - reachY) / strideHeight + 1
            outputWidth = (width - reachX) / strideWidth + 1
        }
    }

    enum Padding: CaseIterable { case same, valid }

    /// The rows and pixels around an input that its windows touch.
    func halo(height: Int, width: Int) -> Halo {
        let lastRow = (outputHeight - 1) * strideHeight - padTop + (kernelHeight - 1) * dilationHeight
        let lastPixel = (outputWidth - 1) * strideWidth - padLeft + (kernelWidth - 1) * dilationWidth
        return Halo(
            top: padTop, bottom: max(0, lastRow - height + 1), left: padLeft,
            right: max(0, lastPixel - width + 1))
    }
}

/// Rows and pixels of zero points around a tensor.
struct Halo {
    var top = 0
    var bottom = 0
    var left = 0
    var right = 0
}

/// A real factor per output as multiplier * 2^shift / 2^31, and where the result goes.
struct Requantisation {
    var multiplier: [Int32]
    var shift: [Int32]
    var zeroPoint: Int32
    var range: ClosedRange<Int32> = -128...127
}
