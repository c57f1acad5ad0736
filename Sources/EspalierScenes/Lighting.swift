/// The light of a scene.
public enum Light: Int, CaseIterable, Sendable {
    /// Under cloud: soft, without cast shadows.
    case day
    /// Low or high sun: hard cast shadows.
    case sun
    /// After sunset: weak and blue, often with a lamp at the door.
    case dusk
    /// The camera's infrared lamp alone: grey, bright near and dark far.
    case night
}

/// A light in numbers. Intensities are per channel (red, green, blue, near infrared); white paper in full
/// light is 1.
struct Lighting {
    let light: Light
    /// From everywhere.
    let ambient: SIMD4<Float>
    /// From the sun, where it reaches.
    let direct: SIMD4<Float>
    /// From beside the camera, at 1 m.
    let lamp: SIMD4<Float>
    let sky: SIMD4<Float>
    /// Towards the sun; unit length.
    let sun: Point
    /// The house keeps the sun off where z < houseShade + houseSlope * x.
    let houseShade: Float
    let houseSlope: Float
    /// Leaves between sun and ground: share of the ground in their shade, 0 for none.
    let foliage: Float
    let foliageSalt: UInt32

    init(_ light: Light, _ random: inout Generator) {
        self.light = light
        let azimuth = random.uniform()
        let elevation = random.uniform(0.05...0.17)
        let flat = cosine(elevation)
        sun = Point(flat * sine(azimuth), sine(elevation), flat * cosine(azimuth))
        let tint = random.uniform(-0.06...0.06)
        let warm = SIMD4<Float>(1 + tint, 1, 1 - tint, 1)
        let strength = random.uniform(0.75...1.25)
        switch light {
        case .day:
            ambient = SIMD4(0.72, 0.74, 0.78, 0.7) * warm * strength
            direct = SIMD4(0.16, 0.16, 0.15, 0.15) * random.uniform()
            lamp = .zero
            sky = SIMD4(0.86, 0.9, 0.96, 0.9) * warm * strength
        case .sun:
            ambient = SIMD4(0.26, 0.29, 0.35, 0.27) * strength
            direct = SIMD4(1.02, 0.94, 0.8, 0.95) * warm
            lamp = .zero
            sky = SIMD4(0.5, 0.68, 0.98, 0.6) * strength
        case .dusk:
            ambient = SIMD4(0.1, 0.112, 0.145, 0.11) * strength
            direct = .zero
            lamp = random.chance(0.65) ? SIMD4(0.42, 0.33, 0.2, 0.3) * random.uniform(0.4...1.3) : .zero
            sky = SIMD4(0.2, 0.22, 0.34, 0.25) * strength
        case .night:
            ambient = SIMD4(repeating: random.uniform(0.01...0.05))
            direct = .zero
            lamp = SIMD4(repeating: random.uniform(0.9...1.4))
            sky = SIMD4(repeating: random.uniform(0.01...0.08))
        }
        houseShade = random.chance(0.4) ? random.uniform(0.8...5) : -100
        houseSlope = random.uniform(-0.7...0.7)
        foliage = random.chance(0.3) ? random.uniform(0.25...0.55) : 0
        foliageSalt = UInt32(truncatingIfNeeded: random.next())
    }

    /// The share of the sun that reaches a point of the ground, 0 ... 1; leaves sway.
    @inline(__always)
    func sunReaching(_ x: Float, _ z: Float, at seconds: Float) -> Float {
        if z < houseShade + houseSlope * x { return 0 }
        if foliage == 0 { return 1 }
        let sway = 0.12 * sine(seconds * 0.23) + 0.05 * sine(seconds * 0.71)
        let leaves =
            0.7 * noise(x * 0.9 + sway, z * 0.6 + sway, foliageSalt)
            + 0.3 * noise(x * 3.7 - sway * 3, z * 3.1, foliageSalt &+ 1)
        return 1 - clamp((foliage - leaves) * 9 + 0.3)
    }

    /// How bright a material looks in this light's pictures: as the eye sees it by day, near infrared at night.
    func tone(_ material: Material) -> Float {
        light == .night ? material.w : (material * SIMD4(0.3, 0.59, 0.11, 0)).sum()
    }

    /// The lamp's light at a distance from the camera, in metres.
    @inline(__always)
    func lamp(at distance: Float) -> SIMD4<Float> {
        lamp / (0.6 + distance * distance * 0.11)
    }

    /// Where the sun throws a point's shadow on the ground.
    func shadow(of point: Point) -> Point {
        let reach = max(0, point.y) / sun.y
        return Point(point.x - sun.x * reach, 0, point.z - sun.z * reach)
    }
}
