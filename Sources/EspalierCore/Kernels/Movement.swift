import CEspalier

// Operators that move values without changing them. The compiler removes most of them before they get here.

/// The input inside a border of one value.
func pad(_ step: Step) {
    let layer = step.layer.pointee
    let output = step.output
    let border = Int8(truncatingIfNeeded: layer.pad_value)
    for y in 0..<output.height {
        for x in 0..<output.width {
            for channel in 0..<output.channels { output.store(border, y, x, channel) }
        }
    }
    copy(step.input(0), to: output, Int(layer.pad_top), Int(layer.pad_left), Int(layer.pad_front))
}

/// The inputs one after the other along an axis: 0 rows, 1 pixels, 2 channels.
func concatenate(_ step: Step) {
    let output = step.output
    var position = 0
    for index in 0..<Int(step.layer.pointee.input_count) {
        let input = step.input(index)
        switch step.layer.pointee.pad_front {
        case 0:
            copy(input, to: output, position, 0, 0)
            position &+= input.height
        case 1:
            copy(input, to: output, 0, position, 0)
            position &+= input.width
        default:
            copy(input, to: output, 0, 0, position)
            position &+= input.channels
        }
    }
}

/// The same values in [row][pixel][channel] order under another shape.
func reshape(_ step: Step) {
    let input = step.input(0)
    let output = step.output
    var row = 0
    var pixel = 0
    var channel = 0
    for y in 0..<input.height {
        for x in 0..<input.width {
            for c in 0..<input.channels {
                output.store(input[y, x, c], row, pixel, channel)
                channel &+= 1
                guard channel == output.channels else { continue }
                channel = 0
                pixel &+= 1
                guard pixel == output.width else { continue }
                pixel = 0
                row &+= 1
            }
        }
    }
}

/// Copies a tensor into another one, starting at a row, pixel and channel of it.
private func copy(_ source: Tensor, to target: Tensor, _ row: Int, _ pixel: Int, _ channel: Int) {
    for y in 0..<source.height {
        for x in 0..<source.width {
            for c in 0..<source.channels {
                target.store(source[y, x, c], row &+ y, pixel &+ x, channel &+ c)
            }
        }
    }
}
