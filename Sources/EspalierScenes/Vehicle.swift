/// Cars, vans, lorries and scooters: hulls on wheels.
struct Vehicle {
    enum Model: CaseIterable { case hatchback, saloon, offRoader, van, pickup, scooter }

    let model: Model
    /// Metres a second along the heading.
    let speed: Float
    /// Metres from end to end.
    let length: Float
    private let half: Float
    private let belt: Float
    private let roof: Float
    private let paint: Material
    private let trim: Material
    private let lightsOn: Bool
    private let box: Bool

    init(_ random: inout Generator) {
        model = random.pick([
            .hatchback, .hatchback, .saloon, .offRoader, .van, .van, .pickup, .scooter, .scooter,
        ])
        speed = model == .scooter || random.chance(0.4) ? 0 : random.uniform(0.8...4)
        let scale = random.uniform(0.92...1.08)
        switch model {
        case .hatchback: (length, half, belt, roof) = (3.9 * scale, 0.86, 0.9, 1.48 * scale)
        case .saloon: (length, half, belt, roof) = (4.6 * scale, 0.9, 0.88, 1.42 * scale)
        case .offRoader: (length, half, belt, roof) = (4.5 * scale, 0.95, 1.08, 1.78 * scale)
        case .van: (length, half, belt, roof) = (4.9 * scale, 0.98, 1.15, 2.15 * scale)
        case .pickup: (length, half, belt, roof) = (5.1 * scale, 0.95, 1.05, 1.75 * scale)
        case .scooter: (length, half, belt, roof) = (1.75 * scale, 0.3, 0.75, 1.1 * scale)
        }
        let tone = random.uniform(0.03...0.75)
        let grey = Material(tone, tone, tone * 1.02, tone * 0.9)
        let lacquers: [Material] = [
            Material(0.4, 0.03, 0.03, 0.3), Material(0.04, 0.08, 0.3, 0.2), Material(0.05, 0.2, 0.12, 0.25),
            Material(0.5, 0.42, 0.3, 0.45), Material(0.15, 0.3, 0.42, 0.35), Material(0.6, 0.3, 0.04, 0.4),
        ]
        let coloured = random.pick(lacquers) * random.uniform(0.6...1.3)
        paint = random.chance(0.55) ? grey : coloured
        trim = Material(0.06, 0.06, 0.065, 0.1) * random.uniform(0.6...2)
        lightsOn = random.chance(speed > 0 ? 0.8 : 0.25)
        box = random.chance(0.5)
    }

    /// The figure at a time; `origin` is the ground under its middle then.
    func object(at origin: Point, heading: Float, light: Light) -> Object {
        var body = Object(at: origin, heading: heading, footprint: SIMD2(half * 1.05, length * 0.5))
        if model == .scooter {
            scooter(&body)
            return body
        }
        let end = length / 2
        typealias Section = Object.Section
        body.hull(
            Section(up: 0.26, back: -end, front: end, half: half * 0.97),
            Section(up: 0.55, back: -end, front: end, half: half), paint * 0.8)
        body.hull(
            Section(up: 0.55, back: -end, front: end, half: half),
            Section(up: belt, back: -end + 0.05, front: end - 0.12, half: half * 0.96), paint, layer: 1)
        cabin(&body, end)
        for side: Float in [-1, 1] {
            for axle in [end * 0.62, -end * 0.6] {
                let wheel = Point(side * half * 1.005, 0.32, axle)
                body.disc(wheel, 0.4, outward: side, trim * 0.5, layer: 3)
                body.disc(wheel, 0.33, outward: side, Material(0.03, 0.03, 0.03, 0.05), layer: 3)
                body.disc(wheel, 0.19, outward: side, Material(0.4, 0.4, 0.42, 0.4), layer: 4)
            }
            body.face(
                [
                    Point(side * half * 0.99, 0.28, -0.005), Point(side * half * 0.99, belt, -0.005),
                    Point(side * half * 0.99, belt, 0.015), Point(side * half * 0.99, 0.28, 0.015),
                ], normal: Point(side, 0, 0), paint * 0.5, layer: 3)
        }
        lights(&body, end, light)
        return body
    }

    private func cabin(_ body: inout Object, _ end: Float) {
        typealias Section = Object.Section
        let glass = Material(0.07, 0.08, 0.09, 0.12)
        let (back, front, slopeBack, slopeFront): (Float, Float, Float, Float)
        switch model {
        case .hatchback: (back, front, slopeBack, slopeFront) = (-end + 0.08, end * 0.42, 0.3, 0.75)
        case .saloon: (back, front, slopeBack, slopeFront) = (-end * 0.68, end * 0.4, 0.6, 0.8)
        case .offRoader: (back, front, slopeBack, slopeFront) = (-end + 0.06, end * 0.4, 0.15, 0.55)
        case .van: (back, front, slopeBack, slopeFront) = (-end + 0.02, end * 0.78, 0.03, 0.7)
        default: (back, front, slopeBack, slopeFront) = (-end * 0.15, end * 0.5, 0.12, 0.65)
        }
        let lower = Section(up: belt, back: back, front: front, half: half * 0.95)
        let upper = Section(up: roof, back: back + slopeBack, front: front - slopeFront, half: half * 0.8)
        body.hull(lower, upper, glass, layer: 2)
        let rail = Section(up: roof - 0.05, back: upper.back, front: upper.front, half: half * 0.81)
        body.hull(rail, upper, paint, layer: 4)
        for side: Float in [-1, 1] {
            for (low, high) in [(lower.back, upper.back), (lower.front, upper.front), (0.1, 0.1)] {
                let foot = Point(side * lower.half, belt, min(max(low, back), front))
                body.face(
                    [
                        foot - Point(0, 0, 0.05), foot + Point(0, 0, 0.05),
                        Point(side * upper.half, roof, high + 0.05),
                        Point(side * upper.half, roof, high - 0.05),
                    ], normal: Point(side, 0.1, 0), paint, layer: 3)
            }
            if model == .van {
                body.face(
                    [
                        Point(side * half * 0.955, belt, back), Point(side * half * 0.955, belt, end * 0.2),
                        Point(side * half * 0.805, roof, end * 0.2), Point(side * half * 0.805, roof, back),
                    ], normal: Point(side, 0.1, 0), paint, layer: 3)
            }
        }
        if model == .pickup && box {
            body.hull(
                Section(up: belt, back: -end + 0.1, front: back - 0.05, half: half * 0.8),
                Section(up: belt + 0.3, back: -end + 0.3, front: back - 0.1, half: half * 0.7), trim * 3,
                layer: 2)
        }
    }

    private func lights(_ body: inout Object, _ end: Float, _ light: Light) {
        let dark = light == .dusk || light == .night
        let beam: Material =
            lightsOn ? (dark ? Material(2.2, 2.1, 1.8, 1.8) : Material(0.8, 0.8, 0.75, 0.5)) : .zero
        let brake: Material = lightsOn && dark ? Material(0.9, 0.08, 0.05, 0.25) : .zero
        func plate(_ x: ClosedRange<Float>, _ y: ClosedRange<Float>, _ z: Float) -> [Point] {
            [
                Point(x.lowerBound, y.lowerBound, z), Point(x.upperBound, y.lowerBound, z),
                Point(x.upperBound, y.upperBound, z), Point(x.lowerBound, y.upperBound, z),
            ]
        }
        let (forward, backward) = (Point(0, 0, 1), Point(0, 0, -1))
        for side: Float in [-1, 1] {
            let (inner, outer) = (side * half * 0.62, side * half * 0.92)
            let across = min(inner, outer)...max(inner, outer)
            body.face(
                plate(across, 0.6...0.76, end), normal: forward, Material(0.7, 0.7, 0.7, 0.6), layer: 3,
                glow: beam)
            body.face(
                plate(across, 0.62...0.84, -end), normal: backward, Material(0.4, 0.05, 0.04, 0.3), layer: 3,
                glow: brake)
        }
        body.face(plate(-half * 0.55...half * 0.55, 0.44...0.62, end), normal: forward, trim, layer: 3)
        // Number plates send a lamp's light straight back.
        let shine: Material = light == .night ? Material(repeating: 0.5) : .zero
        for (z, outward) in [(end + 0.01, forward), (-end - 0.01, backward)] {
            body.face(
                plate(-0.26...0.26, 0.38...0.5, z), normal: outward, Material(0.75, 0.75, 0.6, 0.7), layer: 4,
                glow: shine)
        }
    }

    private func scooter(_ body: inout Object) {
        let end = length / 2
        let tyre = Material(0.04, 0.04, 0.04, 0.07)
        for z in [end - 0.25, -end + 0.25] {
            let hub = Point(0, 0.25, z)
            body.disc(hub, 0.26, outward: nil, tyre)
            body.limb(hub - Point(0.05, 0, 0), hub + Point(0.05, 0, 0), 0.22, tyre)
            body.limb(hub - Point(0.06, 0, 0), hub + Point(0.06, 0, 0), 0.1, Material(0.5, 0.5, 0.5, 0.5))
        }
        let column = Point(0, 0.95, end - 0.48)
        body.limb(Point(0, 0.3, end - 0.27), column, 0.05, trim * 2)
        body.limb(Point(0, 0.42, end - 0.42), Point(0, 0.85, end - 0.5), 0.17, 0.14, paint)
        body.limb(Point(0, 0.42, end - 0.2), Point(0, 0.36, end - 0.36), 0.1, paint)
        body.limb(Point(0, 0.33, end - 0.5), Point(0, 0.33, -0.15), 0.11, trim * 1.5)
        body.limb(Point(0, 0.5, -end + 0.42), Point(0, 0.55, -0.12), 0.19, 0.16, paint)
        body.limb(Point(0, 0.74, -end + 0.35), Point(0, 0.76, -0.1), 0.11, 0.12, trim)
        body.limb(column - Point(0.32, 0, 0), column + Point(0.32, 0, 0), 0.025, trim)
        body.ball(column + Point(0, -0.05, 0.12), 0.09, Material(0.7, 0.7, 0.7, 0.6))
        for side: Float in [-1, 1] {
            body.limb(column + Point(side * 0.22, 0, 0), column + Point(side * 0.3, 0.2, 0), 0.012, trim)
            body.ball(column + Point(side * 0.3, 0.22, 0), 0.055, trim)
        }
        if box {
            var boxed = Object.Section(up: 0.86, back: -end + 0.02, front: -end + 0.44, half: 0.21)
            let low = boxed
            boxed.up = 1.26
            body.hull(low, boxed, paint * 0.9, layer: 1)
        }
    }
}
