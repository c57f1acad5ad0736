/// Draws objects: their shadows on the ground first, then themselves, far before near.
struct Painter {
    let view: View
    let lighting: Lighting
    /// [rows][columns]: share of the sun kept off the ground.
    private(set) var shadow: [Float]
    /// [rows][columns]: share of all light kept off the ground.
    private(set) var contact: [Float]

    init(view: View, lighting: Lighting) {
        self.view = view
        self.lighting = lighting
        shadow = Array(repeating: 0, count: view.rows * view.columns)
        contact = shadow
    }

    // MARK: Shadows

    mutating func castShadow(of object: Object) {
        if object.footprint != .zero {
            for (grown, share) in [(Float(1.7), Float(0.13)), (1.3, 0.28), (0.95, 0.45)] {
                let rim = (0..<12).map { step -> Point in
                    let turn = Float(step) / 12
                    let reach = object.footprint * grown
                    let point = object.world(reach.x * sine(turn), 0, reach.y * cosine(turn))
                    return Point(point.x, 0, point.z)
                }
                darken(rim, &contact, share)
            }
        }
        guard lighting.direct != .zero else { return }
        for part in object.parts {
            switch part.shape {
            case .limb(let a, let b, let radiusA, let radiusB):
                darken(outline(lighting.shadow(of: a), lighting.shadow(of: b), radiusA, radiusB), &shadow, 1)
            case .face(let corners, _):
                darken(corners.map(lighting.shadow), &shadow, 1)
            }
        }
    }

    /// The ground two discs and the space between them cover.
    private func outline(_ a: Point, _ b: Point, _ radiusA: Float, _ radiusB: Float) -> [Point] {
        let axis = b - a
        let length = (axis * axis).sum().squareRoot()
        let forward = length > 1e-4 ? axis / length : Point(0, 0, 1)
        let across = Point(forward.z, 0, -forward.x)
        return (0..<10).map { step in
            // Half a circle round b, then half a circle round a.
            let turn = (Float(step < 5 ? step : step - 5) / 8) - 0.25
            let end: Float = step < 5 ? 1 : -1
            let radius = step < 5 ? radiusB : radiusA
            return (step < 5 ? b : a) + (forward * cosine(turn) + across * sine(turn)) * (radius * end)
        }
    }

    private func darken(_ ground: [Point], _ plane: inout [Float], _ share: Float) {
        for point in ground where view.depth(point) < View.nearest { return }
        let corners = ground.map { point -> SIMD2<Float> in
            let pixel = view.project(point)
            return SIMD2(pixel.x, pixel.y)
        }
        forEachCovered(corners, columns: view.columns, rows: view.rows) { index, coverage in
            plane[index] = max(plane[index], coverage * share)
        }
    }

    // MARK: Figures

    func draw(_ object: Object, on canvas: inout Canvas, seconds: Float) {
        let sun =
            lighting.direct == .zero
            ? SIMD4<Float>.zero
            : lighting.direct * lighting.sunReaching(object.place.x, object.place.z, at: seconds)
        var order: [(layer: Int, depth: Float, index: Int)] = []
        order.reserveCapacity(object.parts.count)
        for (index, part) in object.parts.enumerated() {
            let middle = part.middle
            if view.depth(middle) < View.nearest { continue }
            if case .face(_, let normal?) = part.shape,
                (normal * (Point(0, view.height, 0) - middle)).sum() <= 0
            {
                continue
            }
            order.append((part.layer, view.depth(middle), index))
        }
        order.sort {
            $0.layer != $1.layer ? $0.layer < $1.layer : ($0.depth, $1.index) > ($1.depth, $0.index)
        }
        for entry in order { draw(object.parts[entry.index], sun: sun, on: &canvas) }
    }

    private func draw(_ part: Part, sun: SIMD4<Float>, on canvas: inout Canvas) {
        let middle = part.middle
        let towards = Point(0, view.height, 0) - middle
        let distance = (towards * towards).sum().squareRoot()
        let lamp = lighting.lamp(at: distance)
        switch part.shape {
        case .limb(let a, let b, let radiusA, let radiusB):
            let shading = Canvas.Shading(
                ambient: part.material * lighting.ambient + part.glow / 0.72, direct: part.material * sun,
                lamp: part.material * lamp, sun: Point(lighting.sun.x, lighting.sun.y, -lighting.sun.z))
            let (from, to) = (view.project(a), view.project(b))
            canvas.limb(
                SIMD2(from.x, from.y), SIMD2(to.x, to.y), radiusA * from.scale, radiusB * to.scale, shading,
                rough: part.rough)
        case .face(let corners, let normal):
            let outward = (normal ?? (corners[1] - corners[0]).cross(corners[2] - corners[0])).normalised
            let lit = (outward * lighting.sun).sum()
            let facing = (outward * towards).sum() / distance
            let sunlit = normal == nil ? abs(lit) : max(0, lit)
            let sky = 0.72 + 0.28 * outward.y
            let light = lighting.ambient * sky + sun * sunlit + lamp * (0.2 + 0.8 * abs(facing))
            let value = part.material * light + part.glow
            canvas.polygon(
                corners.map { corner in
                    let pixel = view.project(corner)
                    return SIMD2(pixel.x, pixel.y)
                }, value)
        }
    }

    /// The box an object fills in the picture, in pixels.
    func bounds(of object: Object) -> (low: SIMD2<Float>, high: SIMD2<Float>) {
        var low = SIMD2<Float>(repeating: .greatestFiniteMagnitude)
        var high = -low
        func include(_ point: Point, _ radius: Float) {
            let pixel = view.project(point)
            low = pointwiseMin(low, SIMD2(pixel.x, pixel.y) - radius * pixel.scale)
            high = pointwiseMax(high, SIMD2(pixel.x, pixel.y) + radius * pixel.scale)
        }
        for part in object.parts {
            switch part.shape {
            case .limb(let a, let b, let radiusA, let radiusB):
                include(a, radiusA)
                include(b, radiusB)
            case .face(let corners, _):
                for corner in corners { include(corner, 0) }
            }
        }
        return (low, high)
    }
}

extension Part {
    /// The mean of its corners or ends.
    var middle: Point {
        switch shape {
        case .limb(let a, let b, _, _): return (a + b) * 0.5
        case .face(let corners, _):
            var sum = Point.zero
            for corner in corners { sum += corner }
            return sum / Float(corners.count)
        }
    }
}

extension SIMD3<Float> {
    func cross(_ other: Self) -> Self {
        Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }

    /// At length 1; a vector without length stays as it is.
    var normalised: Self {
        let square = (self * self).sum()
        return square > 0 ? self / square.squareRoot() : self
    }
}
