/// A picture in linear light, and the two ways to put a shape on it. Edges are smoothed by the share of a
/// pixel they cover.
struct Canvas {
    let columns: Int
    let rows: Int
    /// [rows][columns], premultiplied by `alpha`.
    var colour: [SIMD4<Float>]
    /// [rows][columns]: 0 where nothing was drawn.
    var alpha: [Float]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        colour = Array(repeating: .zero, count: columns * rows)
        alpha = Array(repeating: 0, count: columns * rows)
    }

    @inline(__always)
    mutating func put(_ index: Int, _ value: SIMD4<Float>, _ coverage: Float) {
        colour[index] = colour[index] * (1 - coverage) + value * coverage
        alpha[index] = alpha[index] * (1 - coverage) + coverage
    }

    /// Puts another canvas of the same size over this one.
    mutating func cover(with layer: Canvas) {
        for index in 0..<colour.count where layer.alpha[index] > 0 {
            colour[index] = colour[index] * (1 - layer.alpha[index]) + layer.colour[index]
        }
    }

    /// A shape's colour by where its surface looks: constants of one part.
    struct Shading {
        var ambient: SIMD4<Float>
        var direct: SIMD4<Float>
        var lamp: SIMD4<Float>
        /// Towards the sun, as (right, up, towards the camera).
        var sun: Point

        @inline(__always)
        func at(_ right: Float, _ up: Float) -> SIMD4<Float> {
            let towards = max(0, 1 - right * right - up * up).squareRoot()
            let lambert = max(0, right * sun.x + up * sun.y + towards * sun.z)
            return ambient * (0.72 + 0.28 * up) + direct * lambert + lamp * (0.25 + 0.75 * towards)
        }
    }

    /// A limb in pixels: ends (x, y), radii.
    mutating func limb(
        _ a: SIMD2<Float>, _ b: SIMD2<Float>, _ radiusA: Float, _ radiusB: Float, _ shading: Shading,
        rough: Float = 0
    ) {
        let widest = max(radiusA, radiusB) + 1
        let axis = b - a
        let square = (axis * axis).sum()
        for row in span(min(a.y, b.y) - widest, max(a.y, b.y) + widest, rows) {
            for column in span(min(a.x, b.x) - widest, max(a.x, b.x) + widest, columns) {
                let p = SIMD2(Float(column) + 0.5, Float(row) + 0.5)
                let t = square > 1e-6 ? clamp(((p - a) * axis).sum() / square) : 0
                var radius = blend(radiusA, radiusB, t)
                let away = p - (a + axis * t)
                var tone: Float = 1
                if rough > 0 {
                    let grain = noise(away.x / radius * 3.5 + a.x, away.y / radius * 3.5 + a.y, 1) - 0.5
                    radius *= 1 + 0.45 * rough * grain
                    tone += 1.5 * rough * grain
                }
                let distance = (away * away).sum().squareRoot()
                // Thinner than a pixel: as much light as it takes, over a pixel's width.
                let coverage = clamp(max(radius, 0.5) - distance + 0.5) * min(1, radius * 2)
                if coverage > 0 {
                    let normal = away / max(radius, 0.5)
                    let value = shading.at(clamp(normal.x, -1, 1), clamp(-normal.y, -1, 1)) * tone
                    put(row * columns + column, value, coverage)
                }
            }
        }
    }

    mutating func polygon(_ corners: [SIMD2<Float>], _ value: SIMD4<Float>) {
        forEachCovered(corners, columns: columns, rows: rows) { index, coverage in put(index, value, coverage)
        }
    }
}

/// Whole pixels between two edges, cut to 0 ..< limit.
@inline(__always)
func span(_ from: Float, _ to: Float, _ limit: Int) -> Range<Int> {
    let first = Int(clamp(from.rounded(.down), 0, Float(limit)))
    let last = Int(clamp(to.rounded(.up), 0, Float(limit)))
    return first..<max(first, last)
}

/// Visits the pixels of a polygon (even-odd) with the share of each it covers: four lines a row, exact ends.
func forEachCovered(
    _ corners: [SIMD2<Float>], columns: Int, rows: Int, _ visit: (_ index: Int, _ coverage: Float) -> Void
) {
    var low = SIMD2<Float>(repeating: .greatestFiniteMagnitude)
    var high = -low
    for corner in corners {
        low = pointwiseMin(low, corner)
        high = pointwiseMax(high, corner)
    }
    let lines = 4
    let across = span(low.x, high.x, columns)
    if across.isEmpty { return }
    var coverage = [Float](repeating: 0, count: across.count)
    var crossings: [Float] = []
    for row in span(low.y, high.y, rows) {
        for index in 0..<coverage.count { coverage[index] = 0 }
        for line in 0..<lines {
            let y = Float(row) + (Float(line) + 0.5) / Float(lines)
            crossings.removeAll(keepingCapacity: true)
            var previous = corners[corners.count - 1]
            for corner in corners {
                if (previous.y <= y) != (corner.y <= y) {
                    let t = (y - previous.y) / (corner.y - previous.y)
                    crossings.append(previous.x + (corner.x - previous.x) * t - Float(across.lowerBound))
                }
                previous = corner
            }
            crossings.sort()
            var pair = 0
            while pair + 1 < crossings.count {
                let left = clamp(crossings[pair], 0, Float(across.count))
                let right = clamp(crossings[pair + 1], 0, Float(across.count))
                var column = Int(left)
                while Float(column) < right {
                    coverage[column] +=
                        (min(right, Float(column + 1)) - max(left, Float(column))) / Float(lines)
                    column += 1
                }
                pair += 2
            }
        }
        for index in 0..<coverage.count where coverage[index] > 0 {
            visit(row * columns + across.lowerBound + index, min(1, coverage[index]))
        }
    }
}
