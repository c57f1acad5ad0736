/// What lies and stands about at any door, and may look like a figure: drawn for every class alike.
struct Clutter {
    enum Thing: CaseIterable {
        case bin, plant, parcel, bicycle, coat, mailbox, gnome, ball, sack, broom, bench, tyre, shrub, stool
    }

    let thing: Thing
    let place: Point
    let heading: Float
    private let size: Float
    private let first: Material
    private let second: Material
    private let variant: Int

    /// - Parameter fixed: belongs to the camera's place: what nobody carries away.
    init(_ random: inout Generator, backdrop: Backdrop, fixed: Bool) {
        thing =
            fixed
            ? random.pick([.bin, .plant, .mailbox, .bench, .shrub, .shrub, .coat])
            : random.pick(Thing.allCases)
        let far: Float = thing == .shrub || thing == .mailbox ? 7.5 : 5
        let z = random.uniform(1.6...far)
        var x = random.uniform(-0.62...0.62) * z
        if let wall = backdrop.wall, random.chance(0.5), z < 4 { x = wall - 0.25 * (wall > 0 ? 1 : -1) }
        place = Point(x, 0, z)
        heading = random.uniform()
        size = random.uniform(0.8...1.25)
        first = Person.cloth(&random)
        second = Person.cloth(&random)
        variant = random.whole(4)
    }

    func object(at seconds: Float) -> Object {
        let half = 0.3 * size
        var body = Object(at: place, heading: heading, footprint: SIMD2(half, half))
        switch thing {
        case .bin: bin(&body)
        case .plant: plant(&body, seconds)
        case .parcel: parcel(&body)
        case .bicycle: bicycle(&body)
        case .coat: coat(&body, seconds)
        case .mailbox: mailbox(&body)
        case .gnome: gnome(&body)
        case .ball: ball(&body)
        case .sack: sack(&body)
        case .broom: broom(&body)
        case .bench: bench(&body)
        case .tyre: tyre(&body)
        case .shrub: shrub(&body)
        case .stool: stool(&body)
        }
        return body
    }

    // MARK: Things

    private func parcel(_ body: inout Object) {
        let card = Material(0.46, 0.33, 0.2, 0.48) * (0.8 + 0.3 * size)
        body.box(up: 0...0.26 * size, half: 0.22 * size, along: 0.3 * size, card)
        body.box(
            up: 0.26 * size...0.27 * size, half: 0.04, along: 0.3 * size, Material(0.6, 0.55, 0.4, 0.6),
            layer: 1)
        if variant > 1 {
            body.box(up: 0.27 * size...0.5 * size, half: 0.16, along: 0.2, card * 0.85, layer: 2)
        }
    }

    private func mailbox(_ body: inout Object) {
        body.limb(.zero, Point(0, 1, 0), 0.045, Material(0.2, 0.16, 0.12, 0.3))
        body.box(up: 1...1.28, half: 0.13, along: 0.24, first, layer: 1)
        body.limb(Point(0, 1.28, -0.22), Point(0, 1.28, 0.22), 0.13, first * 0.9, layer: 2)
    }

    private func gnome(_ body: inout Object) {
        let tall = 0.42 * size
        body.limb(Point(0, 0.15 * tall, 0), Point(0, 0.45 * tall, 0), 0.24 * tall, 0.18 * tall, first)
        body.ball(Point(0, 0.68 * tall, 0), 0.15 * tall, Material(0.6, 0.42, 0.35, 0.5))
        body.limb(
            Point(0, 0.6 * tall, 0.1 * tall), Point(0, 0.45 * tall, 0.15 * tall), 0.12 * tall,
            Material(0.75, 0.75, 0.75, 0.7))
        body.limb(Point(0, 0.78 * tall, 0), Point(0, 1.15 * tall, -0.05), 0.15 * tall, 0.01, second)
    }

    private func ball(_ body: inout Object) {
        body.footprint = SIMD2(0.1, 0.1)
        body.ball(Point(0, 0.12 * size, 0), 0.12 * size, first)
    }

    private func sack(_ body: inout Object) {
        body.limb(
            Point(0, 0.14, -0.2 * size), Point(0, 0.2 * size, 0.14), 0.17 * size, 0.22 * size, first)
        if variant > 1 {
            body.limb(Point(0, 0.3 * size, 0.12), Point(0, 0.5 * size, 0.1), 0.12, 0.05, first * 0.9)
        }
    }

    private func broom(_ body: inout Object) {
        body.footprint = SIMD2(0.1, 0.1)
        body.limb(Point(0, 0.1, 0), Point(0.1, 1.35 * size, -0.2), 0.018, Material(0.45, 0.33, 0.2, 0.5))
        body.limb(Point(-0.14, 0.08, 0.02), Point(0.14, 0.08, 0.02), 0.06, first)
    }

    private func bench(_ body: inout Object) {
        let wood = Material(0.3, 0.2, 0.12, 0.4)
        body.footprint = SIMD2(0.25, 0.6)
        for end: Float in [-0.55, 0.55] {
            for x: Float in [-0.18, 0.18] {
                body.limb(Point(x, 0, end), Point(x, 0.42, end), 0.03, wood * 0.7)
            }
        }
        body.box(up: 0.4...0.45, half: 0.22, along: 0.65, wood, layer: 1)
        if variant > 0 {
            body.face(
                [
                    Point(-0.22, 0.55, -0.65), Point(-0.22, 0.55, 0.65), Point(-0.27, 0.82, 0.65),
                    Point(-0.27, 0.82, -0.65),
                ], wood * 1.1, layer: 1)
        }
    }

    private func tyre(_ body: inout Object) {
        for step in 0..<12 {
            let (a, b) = (Float(step) / 12, Float(step + 1) / 12)
            body.limb(
                Point(0, 0.3 + 0.24 * sine(a), 0.24 * cosine(a)),
                Point(0, 0.3 + 0.24 * sine(b), 0.24 * cosine(b)),
                0.09, Material(0.04, 0.04, 0.04, 0.08))
        }
    }

    private func shrub(_ body: inout Object) {
        let leaf = Material(0.08, 0.15, 0.06, 0.42) * (0.6 + 0.5 * size)
        body.footprint = SIMD2(0.4, 0.4) * size
        for step in 0..<20 {
            let turn = Float(step) * 0.382 + Float(variant) * 0.1
            let up = (0.16 + 0.045 * Float(step)) * size
            let out = (step < 14 ? 0.3 : 0.13) * size
            body.ball(
                Point(out * sine(turn), up, out * cosine(turn)),
                (0.15 + 0.06 * fraction(turn * 2.9)) * size,
                leaf * (0.7 + 0.6 * fraction(turn * 3.7)), rough: 1)
        }
    }

    private func stool(_ body: inout Object) {
        for turn: Float in [0, 0.25, 0.5, 0.75] {
            body.limb(
                Point(0.2 * sine(turn), 0, 0.2 * cosine(turn)),
                Point(0.12 * sine(turn), 0.45, 0.12 * cosine(turn)),
                0.02, second)
        }
        body.box(up: 0.45...0.5, half: 0.18, along: 0.18, first, layer: 1)
        if variant == 0 { body.ball(Point(0, 0.62, 0), 0.13, second, layer: 2) }
    }

    private func bin(_ body: inout Object) {
        typealias Section = Object.Section
        let tall = 1.02 * size
        let shade = variant == 0 ? Material(0.05, 0.12, 0.06, 0.2) : first
        body.hull(
            Section(up: 0.03, back: -0.22, front: 0.22, half: 0.2),
            Section(up: tall, back: -0.3, front: 0.3, half: 0.27),
            shade)
        body.hull(
            Section(up: tall, back: -0.32, front: 0.33, half: 0.29),
            Section(up: tall + 0.08, back: -0.3, front: 0.25, half: 0.26), variant < 2 ? shade * 0.8 : second,
            layer: 1)
        for side: Float in [-1, 1] {
            body.disc(
                Point(side * 0.25, 0.1, -0.24), 0.11, outward: side, Material(0.03, 0.03, 0.03, 0.05),
                layer: 1)
        }
    }

    private func plant(_ body: inout Object, _ seconds: Float) {
        typealias Section = Object.Section
        let pot = 0.32 * size
        body.hull(
            Section(up: 0, back: -0.12, front: 0.12, half: 0.12),
            Section(up: pot, back: -0.18, front: 0.18, half: 0.18), Material(0.42, 0.2, 0.12, 0.4) * size)
        let leaf = Material(0.1, 0.19, 0.07, 0.45) * (0.6 + 0.5 * size)
        for step in 0..<11 {
            let turn = Float(step) * 0.382
            let sway = 0.02 * sine(seconds * 0.4 + turn)
            let out = (0.16 + 0.12 * fraction(turn * 2.3)) * size
            let up = pot + (0.25 + 0.45 * fraction(turn * 1.7)) * size * (variant == 0 ? 1.8 : 1)
            let tip = Point(out * sine(turn) + sway, up, out * cosine(turn))
            body.limb(
                Point(0, pot, 0), tip, 0.05, variant < 2 ? 0.02 : 0.09,
                leaf * (0.7 + 0.5 * fraction(turn * 5.1)),
                layer: 1)
        }
    }

    private func bicycle(_ body: inout Object) {
        body.footprint = SIMD2(0.06, 0.7)
        let tyre = Material(0.04, 0.04, 0.04, 0.08)
        for centre: Float in [-0.52, 0.52] {
            for step in 0..<12 {
                let (a, b) = (Float(step) / 12, Float(step + 1) / 12)
                body.limb(
                    Point(0, 0.34 + 0.32 * sine(a), centre + 0.32 * cosine(a)),
                    Point(0, 0.34 + 0.32 * sine(b), centre + 0.32 * cosine(b)), 0.02, tyre)
            }
        }
        let (rear, front, crank) = (Point(0, 0.34, -0.52), Point(0, 0.34, 0.52), Point(0, 0.3, -0.08))
        let (seat, bar) = (Point(0, 0.82, -0.22), Point(0, 0.86, 0.34))
        for (from, to) in [
            (rear, crank), (rear, seat), (crank, seat), (seat, bar), (crank, bar), (bar, front),
        ] {
            body.limb(from, to, 0.022, first)
        }
        body.limb(seat + Point(0, 0.08, -0.12), seat + Point(0, 0.1, 0.12), 0.05, 0.025, tyre)
        body.limb(bar + Point(-0.26, 0.12, 0), bar + Point(0.26, 0.12, 0), 0.018, tyre)
        if variant == 0 {
            body.box(up: 0.85...1.08, half: 0.16, along: 0.001, second)
        }
    }

    /// A coat on a hook or a stand, at a person's height, sometimes with a hat above: no legs, no face.
    private func coat(_ body: inout Object, _ seconds: Float) {
        let sway = 0.015 * sine(seconds * 0.3)
        body.footprint = SIMD2(0.12, 0.12)
        let pole = Material(0.2, 0.14, 0.09, 0.3)
        body.limb(.zero, Point(0, 1.75 * size, 0), 0.025, pole)
        body.limb(Point(-0.22, 0.03, 0), Point(0.22, 0.03, 0), 0.03, pole)
        let top = 1.48 * size
        for side: Float in [-1, 0, 1] {
            body.limb(
                Point(side * 0.12, top, 0), Point(side * 0.15 + sway, top - (0.75 + 0.06 * side), 0.02), 0.08,
                0.12, first,
                layer: 1)
        }
        for side: Float in [-1, 1] {
            body.limb(
                Point(side * 0.2, top, 0), Point(side * 0.27 + sway, top - 0.58, 0.03), 0.055, 0.05,
                first * 0.85,
                layer: 1)
        }
        if variant == 0 {
            body.limb(Point(0, top + 0.24, 0), Point(0, top + 0.34, 0), 0.11, 0.08, second, layer: 2)
            body.limb(Point(-0.16, top + 0.22, 0), Point(0.16, top + 0.22, 0), 0.03, second, layer: 2)
        }
    }
}
