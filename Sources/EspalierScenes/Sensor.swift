/// From light to bytes: what hangs in the air before the lens, the lens, the exposure, the chip's noise.
struct Sensor {
    private enum Weather { case clear, rain, leaves, insects }

    private let weather: Weather
    private let weatherCount: Int
    private let salt: UInt32
    private let softness: Float
    private let passes: Int
    private let vignette: Float
    private let target: Float
    private let adaptation: Float
    private let read: Float
    private let shot: Float
    private let monochrome: Bool
    private let saturation: Float
    private let balance: SIMD4<Float>
    private let contrast: Float
    /// Seconds a row is exposed: what motion blurs over.
    let exposure: Float

    init(_ light: Light, _ random: inout Generator) {
        salt = UInt32(truncatingIfNeeded: random.next())
        let dice = random.uniform()
        switch light {
        case .sun: weather = dice < 0.2 ? .leaves : .clear
        case .night: weather = dice < 0.2 ? .rain : dice < 0.45 ? .insects : .clear
        case .day, .dusk: weather = dice < 0.25 ? .rain : dice < 0.4 ? .leaves : .clear
        }
        weatherCount = weather == .rain ? 20 + random.whole(50) : 1 + random.whole(7)
        softness = random.uniform(0.1...0.25)
        passes = random.chance(0.05) ? 2 + random.whole(3) : 1
        vignette = random.uniform(0...0.45)
        target = random.uniform(0.2...0.4)
        adaptation = random.uniform(0.6...0.95)
        monochrome = light == .night
        switch light {
        case .day, .sun:
            (read, shot, exposure) = (random.uniform(0.0005...0.003), random.uniform(0.004...0.018), 0.01)
        case .dusk:
            (read, shot, exposure) = (random.uniform(0.001...0.007), random.uniform(0.01...0.035), 0.05)
        case .night:
            (read, shot, exposure) = (random.uniform(0.001...0.006), random.uniform(0.008...0.03), 0.06)
        }
        saturation = random.chance(0.05) ? 0 : random.uniform(0.65...1.15)
        balance = SIMD4(random.uniform(0.88...1.12), 1, random.uniform(0.88...1.12), 1)
        contrast = random.uniform(-0.1...0.5)
    }

    // MARK: Before the lens

    /// Rain, falling leaves or insects near the lens.
    func addWeather(to canvas: inout Canvas, light: Lighting, seconds: Float) {
        let size = Float(canvas.rows)
        let width = Float(canvas.columns)
        let near = light.ambient + light.direct * 0.6 + light.lamp(at: 0.7)
        for index in 0..<weatherCount {
            let own = Int32(index)
            func number(_ salted: UInt32) -> Float { cell(own, Int32(salted), salt) }
            let speed = weather == .rain ? 4 + 2 * number(1) : 0.25 + 0.2 * number(1)
            let fallen = fraction(number(2) + seconds * speed) * 1.2 - 0.1
            var x = number(3) * width
            var y = fallen * size
            switch weather {
            case .clear: return
            case .rain:
                let long = size * (0.03 + 0.05 * number(4))
                canvas.limb(
                    SIMD2(x, y), SIMD2(x + long * 0.15, y + long), 0.12 + 0.13 * number(5), 0.1,
                    flat(near * 0.35))
            case .leaves:
                x += size * 0.06 * sine(number(4) + seconds * 0.5)
                let radius = size * (0.006 + 0.016 * number(5) * number(5))
                let turn = number(6) + seconds * 0.3
                canvas.limb(
                    SIMD2(x, y), SIMD2(x + radius * 2 * cosine(turn), y + radius * 2 * sine(turn)), radius,
                    radius * 0.3,
                    flat(Material(0.3, 0.2, 0.07, 0.4) * near))
            case .insects:
                x += size * 0.2 * sine(number(4) + seconds * 0.4)
                y = number(7) * size + size * 0.15 * sine(number(6) + seconds * 0.6)
                let radius = size * (0.006 + 0.03 * number(5) * number(5) * number(5))
                let drift = size * 0.05 * number(8)
                canvas.limb(
                    SIMD2(x, y), SIMD2(x + drift, y + drift * 0.4), radius, flat(near * 0.9), softened: true)
            }
        }
    }

    private func flat(_ value: SIMD4<Float>) -> Canvas.Shading {
        Canvas.Shading(ambient: value / 0.72, direct: .zero, lamp: .zero, sun: .zero)
    }

    // MARK: Exposure

    /// - Parameter moment: seeds the noise: another one each frame.
    /// - Returns: [rows][columns][3].
    func develop(_ canvas: consuming Canvas, moment: UInt64) -> [UInt8] {
        for _ in 0..<passes { canvas.soften(passes > 1 ? 0.25 : softness) }
        let columns = canvas.columns
        let rows = canvas.rows
        let weights: SIMD4<Float> = monochrome ? SIMD4(0, 0, 0, 1) : SIMD4(0.3, 0.59, 0.11, 0)
        var total: Float = 0
        for value in canvas.colour { total += min(1.5, (value * weights).sum()) }
        let mean = max(total / Float(columns * rows), 1e-4)
        let wanted = target / mean
        // The gain follows the picture only in part, and has an end: dark stays darker than bright.
        let gain = min(6, monochrome || wanted < 1 ? wanted * 0.8 + 0.2 : 1 + (wanted - 1) * adaptation)
        var random = Generator(seed: moment, stream: UInt64(salt))
        var bytes = [UInt8](repeating: 0, count: columns * rows * 3)
        for row in 0..<rows {
            let v = (Float(row) + 0.5) / Float(rows) - 0.5
            for column in 0..<columns {
                let u = ((Float(column) + 0.5) / Float(columns) - 0.5) * 1.2
                let falloff = 1 - vignette * (u * u + v * v) * 2
                var value = canvas.colour[row * columns + column] * (gain * falloff)
                if monochrome {
                    value = SIMD4(repeating: value.w)
                } else {
                    value *= balance
                    let grey = SIMD4<Float>(repeating: (value * weights).sum())
                    value = grey + (value - grey) * saturation
                }
                value = pointwiseMax(value, .zero)
                let deviation = SIMD4<Float>(repeating: read) + shot * value.squareRoot()
                let bits = random.next()
                value += deviation * (monochrome ? SIMD4(repeating: gaussian(bits)) : gaussians(bits))
                value = pointwiseMin(pointwiseMax(value, .zero), .one).squareRoot()
                value += contrast * value * (1 - value) * (2 * value - 1)
                let index = (row * columns + column) * 3
                bytes[index] = UInt8(clamp(value.x) * 255 + 0.5)
                bytes[index + 1] = UInt8(clamp(value.y) * 255 + 0.5)
                bytes[index + 2] = UInt8(clamp(value.z) * 255 + 0.5)
            }
        }
        return bytes
    }

    /// About normal, deviation 1: the mean of four bytes.
    @inline(__always)
    private func gaussian(_ bits: UInt64) -> Float {
        let sum = (bits & 0xFF) &+ (bits &>> 8 & 0xFF) &+ (bits &>> 16 & 0xFF) &+ (bits &>> 24 & 0xFF)
        return (Float(sum) - 510) / 147.8
    }

    @inline(__always)
    private func gaussians(_ bits: UInt64) -> SIMD4<Float> {
        let second = mixed(bits)
        return SIMD4(gaussian(bits), gaussian(bits &>> 32), gaussian(second), 0)
    }
}

extension Canvas {
    /// A limb out of focus: its edge fades over its whole radius.
    mutating func limb(
        _ a: SIMD2<Float>, _ b: SIMD2<Float>, _ radius: Float, _ shading: Shading, softened: Bool
    ) {
        let value = shading.at(0, 0)
        let axis = b - a
        let square = max((axis * axis).sum(), 1e-6)
        for row in span(min(a.y, b.y) - radius, max(a.y, b.y) + radius, rows) {
            for column in span(min(a.x, b.x) - radius, max(a.x, b.x) + radius, columns) {
                let p = SIMD2(Float(column) + 0.5, Float(row) + 0.5)
                let away = p - (a + axis * clamp(((p - a) * axis).sum() / square))
                let distance = (away * away).sum().squareRoot() / radius
                if distance < 1 { put(row * columns + column, value, smooth(1 - distance) * 0.8) }
            }
        }
    }

    /// The lens's blur: [share, 1 - 2 share, share] along rows and columns.
    mutating func soften(_ share: Float) {
        for row in 0..<rows {
            var previous = colour[row * columns]
            for column in 0..<columns {
                let index = row * columns + column
                let here = colour[index]
                let next = column + 1 < columns ? colour[index + 1] : here
                colour[index] = here * (1 - 2 * share) + (previous + next) * share
                previous = here
            }
        }
        var above = Array(colour[0..<columns])
        for row in 0..<rows {
            for column in 0..<columns {
                let index = row * columns + column
                let here = colour[index]
                let below = row + 1 < rows ? colour[index + columns] : here
                colour[index] = here * (1 - 2 * share) + (above[column] + below) * share
                above[column] = here
            }
        }
    }

    /// A blur along rows over a length in pixels: what a moving figure leaves while the shutter is open.
    mutating func smear(_ length: Int) {
        guard length > 1 else { return }
        let reach = length / 2
        var lineColour = Array(repeating: SIMD4<Float>.zero, count: columns)
        var lineAlpha = Array(repeating: Float(0), count: columns)
        for row in 0..<rows {
            let start = row * columns
            for column in 0..<columns {
                var sum = SIMD4<Float>.zero
                var cover: Float = 0
                for source in max(0, column - reach)...min(columns - 1, column + reach) {
                    sum += colour[start + source]
                    cover += alpha[start + source]
                }
                lineColour[column] = sum / Float(2 * reach + 1)
                lineAlpha[column] = cover / Float(2 * reach + 1)
            }
            for column in 0..<columns {
                colour[start + column] = lineColour[column]
                alpha[start + column] = lineAlpha[column]
            }
        }
    }
}
