/// Cats, dogs, foxes and birds: bodies of tapered limbs that walk, stand, sit, lie or fly.
struct Animal {
    enum Species: CaseIterable { case cat, dog, fox, bird }
    enum Pose { case walking, standing, sitting, lying, flying }

    let species: Species
    let pose: Pose
    /// Metres a second along the heading.
    let speed: Float
    /// Metres from nose to rump: what decides from how far it can be made out.
    let length: Float
    private let legLength: Float
    private let girth: Float
    private let coat: Material
    private let second: Material
    private let tailUp: Float
    private let phase: Float
    private let pricked: Bool

    init(_ random: inout Generator) {
        species = random.pick([.cat, .cat, .dog, .dog, .dog, .fox, .fox, .bird, .bird])
        let coats: [Material] = [
            Material(0.05, 0.045, 0.04, 0.12), Material(0.42, 0.25, 0.1, 0.5),
            Material(0.62, 0.57, 0.5, 0.62),
            Material(0.3, 0.28, 0.26, 0.38), Material(0.2, 0.12, 0.07, 0.3), Material(0.55, 0.4, 0.22, 0.55),
        ]
        let dice = random.uniform()
        switch species {
        case .cat:
            pose = dice < 0.5 ? .walking : dice < 0.65 ? .standing : dice < 0.88 ? .sitting : .lying
            length = random.uniform(0.46...0.62)
            legLength = length * random.uniform(0.4...0.48)
            girth = length * random.uniform(0.14...0.19)
            coat = random.pick(coats)
            second = random.chance(0.5) ? Material(0.7, 0.68, 0.65, 0.7) : coat
        case .dog:
            pose = dice < 0.55 ? .walking : dice < 0.75 ? .standing : dice < 0.92 ? .sitting : .lying
            length = random.uniform(0.6...1.05)
            legLength = length * random.uniform(0.38...0.6)
            girth = length * random.uniform(0.14...0.2)
            coat = random.pick(coats)
            second = random.pick(coats)
        case .fox:
            pose = dice < 0.7 ? .walking : dice < 0.9 ? .standing : .sitting
            length = random.uniform(0.62...0.8)
            legLength = length * random.uniform(0.44...0.5)
            girth = length * random.uniform(0.13...0.16)
            coat = Material(0.48, 0.22, 0.08, 0.5) * random.uniform(0.8...1.2)
            second = Material(0.75, 0.7, 0.65, 0.72)
        case .bird:
            pose = dice < 0.7 ? .standing : .flying
            length = random.uniform(0.3...0.6)
            legLength = length * random.uniform(0.25...0.55)
            girth = length * random.uniform(0.24...0.3)
            coat = random.pick([
                Material(0.06, 0.06, 0.07, 0.12), Material(0.35, 0.36, 0.4, 0.42),
                Material(0.75, 0.75, 0.73, 0.75),
                Material(0.3, 0.22, 0.15, 0.38),
            ])
            second = random.pick([coat, Material(0.8, 0.8, 0.78, 0.8), Material(0.07, 0.07, 0.07, 0.15)])
        }
        speed = pose == .walking ? random.uniform(0.5...1.4) : pose == .flying ? random.uniform(1...2.5) : 0
        tailUp = random.uniform(-0.5...1)
        phase = random.uniform()
        pricked = species != .dog || random.chance(0.5)
    }

    /// The figure at a time; `origin` is the ground under it then.
    func object(at origin: Point, heading: Float, seconds: Float, eyesShine: Bool) -> Object {
        let standing = pose != .flying
        var body = Object(
            at: origin, heading: heading, footprint: standing ? SIMD2(girth * 1.2, length * 0.45) : .zero)
        if species == .bird {
            bird(&body, seconds)
        } else {
            quadruped(&body, phase + seconds * speed * 1.6, eyesShine)
        }
        return body
    }

    private func quadruped(_ body: inout Object, _ beat: Float, _ eyesShine: Bool) {
        let l = length
        let up: Float = pose == .lying ? girth : legLength + girth * 0.6
        var rump = Point(0, up, -0.33 * l)
        var breast = Point(0, up + 0.02 * l, 0.3 * l)
        if pose == .sitting {
            rump = Point(0, girth * 1.15, -0.2 * l)
            breast = Point(0, legLength + girth * 0.9, 0.13 * l)
        }
        body.limb(rump, breast, girth, girth * 1.08, coat)
        body.limb(
            breast - Point(0, girth * 0.3, -girth * 0.2), (rump + breast) * 0.5 - Point(0, girth * 0.35, 0),
            girth * 0.75,
            second)
        for side: Float in [-1, 1] {
            if pose == .lying {
                body.limb(
                    breast - Point(-side * girth * 0.5, girth * 0.5, 0),
                    breast + Point(side * girth * 0.5, -girth * 0.7, 0.24 * l), girth * 0.3, coat)
                continue
            }
            for (joint, front) in [(breast, Float(1)), (rump, -1)] {
                let swing =
                    pose == .walking ? sine(beat + (side * front > 0 ? 0.5 : 0)) * 0.28 * legLength : 0
                let hip = joint + Point(side * girth * 0.55, -girth * 0.3, 0)
                var foot = Point(hip.x, girth * 0.2, joint.z + swing + (front < 0 ? -0.03 * l : 0))
                if pose == .sitting && front < 0 { foot.z += 0.16 * l }
                let knee = (hip + foot) * 0.5 + Point(0, 0, front < 0 ? -0.05 * l : 0.02 * l)
                body.limb(hip, knee, girth * (front < 0 ? 0.6 : 0.48), girth * 0.3, coat)
                body.limb(knee, foot, girth * 0.3, girth * 0.22, coat)
                body.limb(foot, foot + Point(0, -girth * 0.05, girth * 0.3), girth * 0.2, second)
            }
        }
        tail(&body, rump)
        head(&body, breast, eyesShine)
    }

    private func tail(_ body: inout Object, _ rump: Point) {
        let l = length
        let root = rump + Point(0, girth * 0.5, -girth * 0.8)
        switch species {
        case .fox:
            let middle = root + Point(0, -0.06 * l, -0.22 * l)
            body.limb(root, middle, girth * 0.4, girth * 0.62, coat)
            body.limb(middle, middle + Point(0, -0.04 * l, -0.2 * l), girth * 0.62, girth * 0.2, second)
        case .cat:
            let middle = root + Point(0, 0.12 * l * tailUp, -0.2 * l)
            body.limb(root, middle, girth * 0.26, girth * 0.22, coat)
            body.limb(middle, middle + Point(0, 0.26 * l * tailUp + 0.05 * l, -0.06 * l), girth * 0.22, coat)
        default:
            body.limb(root, root + Point(0, 0.22 * l * tailUp, -0.22 * l), girth * 0.3, girth * 0.14, coat)
        }
    }

    private func head(_ body: inout Object, _ breast: Point, _ eyesShine: Bool) {
        let l = length
        let reach: Float = pose == .sitting ? 0.06 : 0.14
        let size = girth * (species == .cat ? 0.82 : 0.72)
        let skull = breast + Point(0, girth * (species == .dog ? 1.35 : 1.1), reach * l)
        body.limb(breast + Point(0, girth * 0.3, girth * 0.2), skull, girth * 0.75, size * 0.75, coat)
        body.ball(skull, size, coat)
        let snout: Float = species == .cat ? 0.75 : 1.7
        body.limb(
            skull + Point(0, -size * 0.25, size * 0.5), skull + Point(0, -size * 0.45, size * snout),
            size * 0.6,
            size * 0.34, species == .fox ? second : coat)
        body.ball(
            skull + Point(0, -size * 0.38, size * (snout + 0.25)), size * 0.18,
            Material(0.03, 0.03, 0.03, 0.08))
        for side: Float in [-1, 1] {
            let root = skull + Point(side * size * 0.55, size * 0.6, -size * 0.1)
            let tip =
                pricked
                ? root + Point(side * size * 0.25, size * 0.9, 0)
                : root + Point(side * size * 0.5, -size * 0.9, 0)
            body.limb(
                root, tip, size * 0.38, pricked ? size * 0.08 : size * 0.3, pricked ? coat : coat * 0.75)
            let eye = skull + Point(side * size * 0.42, size * 0.15, size * 0.82)
            let facing = body.direction(0, 0, 1).z < -0.3
            body.ball(
                eye, size * 0.15, Material(0.02, 0.02, 0.02, 0.1),
                glow: eyesShine && facing ? Material(repeating: 1.6) : .zero)
        }
    }

    private func bird(_ body: inout Object, _ seconds: Float) {
        let l = length
        let aloft: Float = pose == .flying ? 0.7 + 0.6 * abs(tailUp) + 0.05 * sine(seconds * 3) : 0
        let middle = Point(0, legLength + girth + aloft, 0)
        body.limb(
            middle + Point(0, -0.03 * l, -0.18 * l), middle + Point(0, 0.06 * l, 0.1 * l), girth * 0.75,
            girth, coat)
        body.limb(
            middle + Point(0, -0.06 * l, 0), middle + Point(0, -0.02 * l, 0.12 * l), girth * 0.8, second)
        body.limb(
            middle + Point(0, -0.02 * l, -0.2 * l), middle + Point(0, -0.1 * l, -0.55 * l), girth * 0.4,
            girth * 0.25,
            coat * 0.8)
        let skull = middle + Point(0, 0.28 * l, 0.24 * l)
        body.limb(middle + Point(0, 0.08 * l, 0.12 * l), skull, girth * 0.6, girth * 0.48, coat)
        body.ball(skull, girth * 0.52, coat)
        body.limb(
            skull + Point(0, 0, girth * 0.4), skull + Point(0, -0.03 * l, girth * 1.05), girth * 0.16,
            girth * 0.04,
            Material(0.55, 0.36, 0.1, 0.4))
        for side: Float in [-1, 1] {
            if pose == .flying {
                let flap = sine(phase + seconds * 3) * 0.5
                let root = middle + Point(side * girth * 0.6, 0.08 * l, 0.12 * l)
                let wrist = root + Point(side * 0.4 * l, 0.4 * l * flap + 0.1 * l, 0.05 * l)
                let tip = wrist + Point(side * 0.45 * l, 0.3 * l * flap, -0.15 * l)
                body.face(
                    [root, wrist, tip, wrist - Point(0, 0, 0.35 * l), root - Point(0, 0, 0.36 * l)],
                    coat * 0.9)
            } else {
                let foot = Point(side * girth * 0.4, 0.01, 0.04 * l)
                body.limb(
                    middle - Point(-side * girth * 0.4, girth * 0.7, 0), foot, 0.012,
                    Material(0.4, 0.25, 0.1, 0.3))
                body.limb(foot, foot + Point(0, 0, 0.1 * l), 0.01, Material(0.4, 0.25, 0.1, 0.3))
                body.limb(
                    middle + Point(side * girth * 0.75, 0.02 * l, 0.05 * l),
                    middle + Point(side * girth * 0.4, -0.06 * l, -0.34 * l), girth * 0.42, girth * 0.16,
                    coat * 0.85)
            }
        }
    }
}
