/// People of every age, in any clothes: a skeleton of joints, posed, then dressed with limbs.
struct Person {
    enum Pose: CaseIterable { case walking, standing, crouching, bending, reaching, carrying }

    let pose: Pose
    /// Metres a second along the heading.
    let speed: Float
    private let stature: Float
    private let build: Float
    private let stride: Float
    private let phase: Float
    private let skin: Material
    private let hair: Material
    private let top: Material
    private let trousers: Material
    private let shoes: Material
    private let skirt: Bool
    private let headgear: Int
    private let load: Int
    private let loadMaterial: Material

    /// Clothes dye absorbs light but little near infrared, so cloth is brighter at night than by day.
    static func cloth(_ random: inout Generator) -> Material {
        let tone = random.chance(0.45) ? random.uniform(0.03...0.12) : random.uniform(0.12...0.75)
        let spread: ClosedRange<Float> = random.chance(0.6) ? 0.85...1.15 : 0.45...1.4
        let red = tone * random.uniform(spread)
        let green = tone * random.uniform(spread) * 0.95
        let blue = tone * random.uniform(spread)
        return Material(red, green, blue, blend(tone, random.uniform(0.15...0.7), 0.7))
    }

    init(_ random: inout Generator) {
        pose = random.pick([
            .walking, .walking, .walking, .standing, .standing, .crouching, .bending, .reaching,
            .carrying,
        ])
        speed = pose == .walking ? random.uniform(0.7...1.6) : pose == .carrying ? random.uniform(0.5...1) : 0
        stature = random.chance(0.18) ? random.uniform(1.0...1.45) : random.uniform(1.5...1.95)
        build = random.uniform(0.85...1.3)
        stride = random.uniform(0.05...0.1)
        phase = random.uniform()
        skin = random.pick([
            Material(0.62, 0.42, 0.33, 0.55), Material(0.42, 0.26, 0.18, 0.5),
            Material(0.2, 0.11, 0.07, 0.42),
            Material(0.7, 0.52, 0.43, 0.58),
        ])
        hair = random.pick([
            Material(0.05, 0.04, 0.03, 0.15), Material(0.2, 0.12, 0.06, 0.3), Material(0.5, 0.38, 0.2, 0.45),
            Material(0.5, 0.5, 0.5, 0.5),
        ])
        top = Person.cloth(&random)
        trousers = Person.cloth(&random)
        shoes = random.chance(0.7) ? Material(0.05, 0.05, 0.05, 0.2) : Material(0.7, 0.7, 0.7, 0.7)
        skirt = random.chance(0.22)
        headgear = random.whole(7)
        load = random.whole(9)
        loadMaterial = Person.cloth(&random)
    }

    /// The figure at a time; `origin` is where it stands then.
    func object(at origin: Point, heading: Float, seconds: Float) -> Object {
        var body = Object(at: origin, heading: heading, footprint: SIMD2(0.24, 0.24) * build)
        let h = stature
        let wide = h * build
        let beat = phase + seconds * speed * 0.7
        let low: Float = pose == .crouching ? 0.27 : pose == .bending ? 0.47 : 0.52
        let lean: Float = pose == .crouching ? 0.12 : pose == .bending ? 0.27 : 0.012
        let back: Float = pose == .crouching ? -0.1 : pose == .bending ? -0.09 : 0
        let bob = 0.012 * sine(beat * 2)
        let hip = Point(0, (low + bob) * h, back * h)
        let rise: Float = pose == .bending ? 0.2 : 0.285
        let chest = hip + Point(0, rise * h, lean * h)
        let head = chest + Point(0, (pose == .bending ? 0.06 : 0.125) * h, (lean * 0.55 + 0.01) * h)

        for side: Float in [-1, 1] {
            leg(&body, side, hip, beat)
            // Torso: from the hip to the shoulder on each side, so that it is wider than deep.
            body.limb(
                hip + Point(side * 0.035 * wide, 0, 0), chest + Point(side * 0.06 * wide, 0, 0), 0.058 * wide,
                0.062 * wide, top)
            arm(&body, side, chest, beat)
        }
        body.limb(hip, chest, 0.07 * wide, 0.068 * wide, top)
        if skirt { drape(&body, hip) }
        body.limb(chest + Point(0, 0.03 * h, 0), head, 0.032 * wide, skin)
        dressHead(&body, head)
        carry(&body, hip, chest, head)
        return body
    }

    private func leg(_ body: inout Object, _ side: Float, _ hip: Point, _ beat: Float) {
        let h = stature
        let swing = speed > 0 ? sine(beat + (side > 0 ? 0.5 : 0)) * (stride + 0.02) : 0.012 * side
        let top = hip + Point(side * 0.042 * h, 0, 0)
        var foot = Point(side * 0.05 * h, 0.035 * h, 0)
        var knee: Point
        if speed > 0 {
            let lift = max(0, sine(beat + (side > 0 ? 0.75 : 0.25))) * 0.05
            foot = Point(side * 0.045 * h, (0.035 + lift) * h, swing * 2.2 * h)
            knee = (top + foot) * 0.5 + Point(0, 0.01 * h, (0.02 + lift) * h)
        } else if pose == .crouching {
            knee = Point(side * 0.08 * h, 0.28 * h, 0.14 * h)
        } else {
            knee = (top + foot) * 0.5 + Point(0, 0, 0.015 * h)
            foot.z += swing * h
        }
        body.limb(top, knee, 0.053 * h * build, 0.04 * h * build, trousers)
        body.limb(knee, foot, 0.038 * h * build, 0.026 * h, trousers)
        body.limb(
            foot - Point(0, 0.012 * h, 0.01 * h), foot + Point(0, -0.015 * h, 0.08 * h), 0.026 * h, shoes)
    }

    private func arm(_ body: inout Object, _ side: Float, _ chest: Point, _ beat: Float) {
        let h = stature
        let shoulder = chest + Point(side * 0.105 * h * build, 0, 0)
        let swing = speed > 0 ? sine(beat + (side > 0 ? 0 : 0.5)) * stride * 1.3 * h : 0.01 * h
        var elbow = shoulder + Point(side * 0.02 * h, -0.16 * h, swing * 0.6)
        var hand = elbow + Point(-side * 0.01 * h, -0.14 * h, swing + 0.03 * h)
        if pose == .carrying || (pose == .crouching && side > 0) {
            elbow = shoulder + Point(side * 0.02 * h, -0.14 * h, 0.04 * h)
            hand = elbow + Point(-side * 0.05 * h, 0.01 * h, 0.15 * h)
        } else if pose == .reaching && side > 0 {
            elbow = shoulder + Point(0.03 * h, -0.06 * h, 0.12 * h)
            hand = elbow + Point(-0.02 * h, 0.1 * h, 0.11 * h)
        } else if pose == .bending {
            elbow = shoulder + Point(0, -0.14 * h, 0.05 * h)
            hand = elbow + Point(0, -0.13 * h, 0.04 * h)
        }
        body.limb(shoulder, elbow, 0.035 * h * build, 0.029 * h * build, top)
        body.limb(elbow, hand, 0.028 * h * build, 0.021 * h, top)
        body.ball(hand, 0.024 * h, skin)
    }

    private func drape(_ body: inout Object, _ hip: Point) {
        let h = stature
        for side: Float in [-1, 0, 1] {
            body.limb(
                hip + Point(side * 0.03 * h, 0, 0), Point(side * 0.07 * h, hip.y * 0.45, hip.z * 0.5),
                0.06 * h * build, 0.085 * h * build, top)
        }
    }

    private func dressHead(_ body: inout Object, _ head: Point) {
        let h = stature
        let size = 0.058 * h + 0.012
        let middle = head + Point(0, size * 0.5, 0)
        body.limb(middle - Point(0, size * 0.25, 0), middle + Point(0, size * 0.2, 0), size * 0.88, skin)
        let crown = middle + Point(0, size * 0.35, -size * 0.3)
        switch headgear {
        case 0:  // hood
            body.ball(middle + Point(0, size * 0.15, -size * 0.35), size * 1.12, top)
        case 1:  // brimmed hat
            body.limb(crown, crown + Point(0, size * 0.7, size * 0.2), size * 0.95, size * 0.7, loadMaterial)
            body.limb(
                crown + Point(-size * 1.2, size * 0.1, size * 0.3),
                crown + Point(size * 1.2, size * 0.1, size * 0.3),
                size * 0.28, loadMaterial)
        case 2:  // cap
            body.ball(crown + Point(0, size * 0.1, size * 0.1), size * 0.88, loadMaterial)
            body.limb(
                crown + Point(0, 0, size), crown + Point(0, -0.1 * size, size * 1.5), size * 0.25,
                loadMaterial)
        case 3:  // long hair
            body.ball(crown, size * 0.95, hair)
            body.limb(crown, crown - Point(0, size * 2, size * 0.2), size * 0.8, size * 0.6, hair)
        default:
            body.ball(crown, size * 0.92, hair)
        }
    }

    private func carry(_ body: inout Object, _ hip: Point, _ chest: Point, _ head: Point) {
        let h = stature
        switch load {
        case 0:  // bag at the hand
            let bag = Point(0.15 * h, hip.y - 0.13 * h, 0.02 * h)
            body.limb(bag, bag - Point(0, 0.1 * h, 0), 0.07 * h, 0.085 * h, loadMaterial)
        case 1:  // rucksack
            body.limb(
                chest + Point(0, -0.02 * h, -0.1 * h), hip + Point(0, 0.08 * h, -0.1 * h), 0.085 * h,
                loadMaterial)
        case 2 where pose != .bending && pose != .crouching:  // umbrella
            let crown = head + Point(0.06 * h, 0.24 * h, 0.04 * h)
            body.limb(chest + Point(0.12 * h, -0.1 * h, 0.1 * h), crown, 0.008, Material(0.2, 0.2, 0.2, 0.3))
            let rim = (0..<12).map { step -> Point in
                let turn = Float(step) / 12
                return crown + Point(0.33 * h * sine(turn), -0.1 * h, 0.33 * h * cosine(turn))
            }
            for step in 0..<12 {
                body.face(
                    [crown, rim[step], rim[(step + 1) % 12]], loadMaterial * (step % 2 == 0 ? 1 : 0.85))
            }
        default:
            break
        }
        if pose == .carrying {
            let card = Material(0.5, 0.36, 0.22, 0.5)
            let (low, high) = (chest.y - 0.16 * h, chest.y + 0.02 * h)
            body.hull(
                Object.Section(up: low, back: 0.14 * h, front: 0.3 * h, half: 0.12 * h),
                Object.Section(up: high, back: 0.14 * h, front: 0.3 * h, half: 0.12 * h), card)
        }
    }
}
