/// What one camera always sees: ground, path, driveway, street, the wall beside the door, a boundary, and the
/// far row of trees or houses. Painted pixel by pixel: each ray meets the first surface in its way.
struct Backdrop {
    let camera: Camera
    private let salt: UInt32

    // Ground: straight bands given by their middle at z = 0, drift a metre, half the width.
    private struct Band {
        var middle: Float
        var drift: Float
        var half: Float
        var material: Material
        var slab: Float

        func holds(_ x: Float, _ z: Float) -> Bool { abs(x - middle - drift * z) < half }
    }

    private let lawn: Material
    private let lawnGrain: Float
    private let path: Band
    private let driveway: Band
    private let porchEnd: Float
    private let porch: Material
    private let streetStart: Float
    private let streetEnd: Float
    private let asphalt = Material(0.12, 0.12, 0.125, 0.13)

    // Upright surfaces.
    private enum Boundary { case hedge, fence, wall, none }
    private let boundary: Boundary
    private let boundaryAt: Float
    private let boundaryHeight: Float
    private let boundaryMaterial: Material
    private let farAt: Float
    private let farHouses: Bool
    private let farMaterial: Material
    private let sideWall: Float?
    private let sideWallEnd: Float
    private let brick: Material
    private let bricks: Bool

    /// Where vehicles stand: the middle of the driveway at a distance.
    func drivewayMiddle(at z: Float) -> Float { driveway.middle + driveway.drift * z }
    /// Metres from the camera to the middle of the street.
    var street: Float { (streetStart + streetEnd) / 2 }
    /// The x of the wall beside the door, if there is one.
    var wall: Float? { sideWall }

    init(seed: UInt64) {
        var random = Generator(seed: seed, stream: 1)
        salt = UInt32(truncatingIfNeeded: random.next())
        camera = Camera(
            height: random.uniform(1.0...1.8), pitch: random.uniform(0.025...0.065),
            focal: random.uniform(0.66...0.98))
        let greens = Material(0.16, 0.24, 0.09, 0.46) * random.uniform(0.7...1.3)
        let gravel = Material(0.4, 0.37, 0.33, 0.4) * random.uniform(0.7...1.2)
        let earth = Material(0.26, 0.2, 0.14, 0.33) * random.uniform(0.7...1.2)
        lawn = random.pick([greens, greens, gravel, earth])
        lawnGrain = random.uniform(0.25...0.6)
        let pale = Material(0.5, 0.49, 0.46, 0.48)
        let paving = [pale, Material(0.36, 0.22, 0.17, 0.4), Material(0.3, 0.3, 0.3, 0.32)]
        path = Band(
            middle: random.uniform(-0.5...0.5), drift: random.uniform(-0.28...0.28),
            half: random.uniform(0.45...1.1), material: random.pick(paving) * random.uniform(0.75...1.15),
            slab: random.uniform(0.3...0.9))
        let side = random.sign()
        driveway = Band(
            middle: side * random.uniform(1.2...2.6), drift: -side * random.uniform(-0.06...0.3),
            half: random.uniform(1.4...2),
            material: random.pick(paving + [asphalt]) * random.uniform(0.7...1.1),
            slab: random.uniform(0.4...3))
        porchEnd = random.uniform(0.4...1.8)
        porch = random.pick(paving) * random.uniform(0.7...1.2)
        streetStart = random.uniform(6...9.5)
        streetEnd = streetStart + random.uniform(2.6...4)
        boundary = random.pick([.hedge, .hedge, .fence, .wall, .none])
        boundaryAt = streetEnd + random.uniform(0.5...3)
        boundaryHeight = random.uniform(0.7...2.1)
        switch boundary {
        case .hedge: boundaryMaterial = Material(0.08, 0.15, 0.05, 0.4) * random.uniform(0.7...1.5)
        case .fence: boundaryMaterial = Material(0.36, 0.27, 0.19, 0.42) * random.uniform(0.6...1.6)
        case .wall, .none: boundaryMaterial = Material(0.45, 0.4, 0.36, 0.45) * random.uniform(0.6...1.4)
        }
        farAt = boundaryAt + random.uniform(4...14)
        farHouses = random.chance(0.5)
        farMaterial =
            farHouses
            ? Material(0.45, 0.36, 0.3, 0.42) * random.uniform(0.6...1.4)
            : Material(0.07, 0.12, 0.05, 0.3) * random.uniform(0.7...1.4)
        sideWall = random.chance(0.6) ? random.sign() * random.uniform(0.7...1.9) : nil
        sideWallEnd = random.uniform(1...4)
        bricks = random.chance(0.6)
        brick =
            bricks
            ? Material(0.38, 0.19, 0.14, 0.36) * random.uniform(0.7...1.4)
            : Material(0.6, 0.57, 0.52, 0.58) * random.uniform(0.6...1.3)
    }

    // MARK: Painting

    /// Fills a canvas.
    /// - Parameters:
    ///   - shadow: [rows][columns]: share of the sun the scene's objects keep off the ground.
    ///   - contact: [rows][columns]: share of all light they keep off it.
    func paint(
        on canvas: inout Canvas, view: View, lighting: Lighting, shadow: [Float], contact: [Float],
        seconds: Float
    ) {
        for row in 0..<view.rows {
            for column in 0..<view.columns {
                let ray = view.ray(Float(column) + 0.5, Float(row) + 0.5)
                let index = row * view.columns + column
                let length = (ray * ray).sum().squareRoot()
                var value: SIMD4<Float>
                let toGround = ray.y < -1e-4 ? view.height / -ray.y : .greatestFiniteMagnitude
                if let sideWall, let toWall = distance(to: sideWall, ray), toWall < toGround {
                    let (y, z) = (view.height + ray.y * toWall, ray.z * toWall)
                    let open = lighting.sun.x * sideWall < 0 ? abs(lighting.sun.x) : 0
                    let light =
                        lighting.ambient * (0.8 + 0.05 * min(y, 3)) + lighting.direct * open
                        + lighting.lamp(at: toWall * length) * (abs(ray.x) / length)
                    value = wallMaterial(z, y) * light
                } else if toGround * ray.z < boundaryAt {
                    let (x, z) = (ray.x * toGround, ray.z * toGround)
                    let sun =
                        lighting.direct == .zero
                        ? 0 : lighting.sunReaching(x, z, at: seconds) * (1 - shadow[index])
                    let light =
                        lighting.ambient + lighting.direct * (sun * lighting.sun.y)
                        + lighting.lamp(at: toGround * length)
                        * (0.3 + 0.7 * view.height / (toGround * length))
                    value = groundMaterial(x, z) * light * (1 - contact[index])
                } else {
                    value = upright(ray, view: view, lighting: lighting)
                }
                value = pointwiseMax(value, .zero)
                canvas.colour[index] = value
                canvas.alpha[index] = 1
            }
        }
    }

    /// True where the wall beside the door hides what stands behind it.
    func wallHides(_ place: Point) -> Bool {
        guard let sideWall else { return false }
        return place.z > sideWallEnd || place.x * (sideWall > 0 ? 1 : -1) > abs(sideWall)
    }

    /// Puts the wall beside the door back in front of what was drawn behind it.
    /// - Parameter bare: the canvas as it was painted.
    func restoreWall(on canvas: inout Canvas, from bare: Canvas, view: View) {
        guard let sideWall else { return }
        for row in 0..<view.rows {
            for column in 0..<view.columns {
                let ray = view.ray(Float(column) + 0.5, Float(row) + 0.5)
                guard let along = distance(to: sideWall, ray), view.height + ray.y * along > 0 else {
                    continue
                }
                canvas.colour[row * view.columns + column] = bare.colour[row * view.columns + column]
            }
        }
    }

    /// The columns, of a view, the wall beside the door fills: nothing behind it is seen there.
    func wallColumns(_ view: View) -> ClosedRange<Float>? {
        guard let sideWall else { return nil }
        let edge = view.project(Point(sideWall, view.height, sideWallEnd)).x
        return sideWall < 0 ? min(-1e4, edge)...edge : edge...max(1e4, edge)
    }

    private func distance(to wall: Float, _ ray: Point) -> Float? {
        guard ray.x * wall > 0 else { return nil }
        let along = wall / ray.x
        return ray.z * along < sideWallEnd ? along : nil
    }

    func groundMaterial(_ x: Float, _ z: Float) -> Material {
        let fade = 1 / (1 + z * z * 0.02)
        if z > streetStart && z < streetEnd {
            let kerb = z < streetStart + 0.25 || z > streetEnd - 0.2
            return kerb ? Material(0.45, 0.44, 0.42, 0.45) : asphalt * (0.85 + 0.3 * noise(x, z * 2, salt))
        }
        if z < porchEnd && abs(x) < 1.6 { return tiled(porch, 0.45, x, z, fade) }
        if path.holds(x, z) { return tiled(path.material, path.slab, x - path.drift * z, z, fade) }
        if driveway.holds(x, z) { return tiled(driveway.material, driveway.slab, x, z, fade) }
        let grain = noise(x * 7, z * 7, salt &+ 3) * 0.6 + noise(x * 23, z * 19, salt &+ 4) * 0.4
        let patch = noise(x * 0.8, z * 0.8, salt &+ 5)
        return lawn * (0.75 + 0.5 * patch + (grain - 0.5) * 2 * lawnGrain * fade)
    }

    private func tiled(_ material: Material, _ slab: Float, _ x: Float, _ z: Float, _ fade: Float) -> Material
    {
        let (u, v) = (x / slab, z / slab)
        let joint = fraction(u) < 0.05 || fraction(v) < 0.05 ? 1 - 0.4 * fade : 1
        let tone = cell(Int32(clamp(u.rounded(.down), -1e6, 1e6)), Int32(v.rounded(.down)), salt)
        return material * (joint * (0.88 + 0.12 * tone + 0.2 * (noise(x * 4, z * 4, salt &+ 6) - 0.5)))
    }

    private func wallMaterial(_ along: Float, _ up: Float) -> Material {
        guard bricks else { return brick * (0.9 + 0.2 * noise(along * 5, up * 5, salt &+ 7)) }
        let course = (up / 0.075).rounded(.down)
        let shifted = along / 0.22 + (fraction(course / 2) < 0.25 ? 0 : 0.5)
        let mortar = fraction(up / 0.075) < 0.14 || fraction(shifted) < 0.06
        return mortar
            ? Material(0.45, 0.43, 0.4, 0.45)
            : brick * (0.75 + 0.5 * cell(Int32(shifted), Int32(course), salt))
    }

    /// Boundary, far row or sky: what a ray meets that misses the ground.
    private func upright(_ ray: Point, view: View, lighting: Lighting) -> SIMD4<Float> {
        let light = lighting.ambient + lighting.direct * (0.25 + 0.5 * max(0, -lighting.sun.z))
        var toPlane = boundaryAt / ray.z
        var x = ray.x * toPlane
        var y = view.height + ray.y * toPlane
        if boundary != .none && y < boundaryTop(x) {
            return boundarySurface(x, y) * (light + lighting.lamp(at: toPlane))
        }
        toPlane = farAt / ray.z
        x = ray.x * toPlane
        y = view.height + ray.y * toPlane
        if farHouses {
            let house = Int32(clamp((x / 9).rounded(.down), -1e6, 1e6))
            let across = fraction(x / 9)
            let eaves = 4.5 + 2 * cell(house, 0, salt)
            if across > 0.12 && y < eaves {
                let window = fraction(across * 4.5) > 0.6 && fraction(y / 2.6 - 0.1) > 0.5
                let glass =
                    lighting.light == .dusk && cell(house, Int32(across * 4.5), salt) > 0.6
                    ? SIMD4<Float>(0.6, 0.45, 0.22, 0.3) : lighting.sky * 0.25
                return window ? glass : farMaterial * (0.8 + 0.4 * cell(house, 1, salt)) * light
            }
            if across > 0.08 && y < eaves + 2.2 - abs(across - 0.55) * 4 {
                return Material(0.16, 0.12, 0.11, 0.2) * light
            }
        } else if y < 3 + 4 * noise(x * 0.25, 0, salt &+ 8) + 1.2 * noise(x * 1.3, 0, salt &+ 9) {
            return farMaterial * (0.5 + noise(x * 1.5, y * 1.5, salt &+ 10)) * light
        }
        let rise = clamp(ray.y * 1.4 + 0.2)
        return lighting.sky * (1.1 - 0.35 * rise) * (0.92 + 0.16 * noise(ray.x * 2, ray.y * 6, salt &+ 11))
    }

    private func boundaryTop(_ x: Float) -> Float {
        boundary == .hedge ? boundaryHeight * (0.85 + 0.3 * noise(x * 2, 0, salt &+ 12)) : boundaryHeight
    }

    private func boundarySurface(_ x: Float, _ y: Float) -> Material {
        switch boundary {
        case .hedge: boundaryMaterial * (0.4 + 1.2 * noise(x * 4, y * 4, salt &+ 13))
        case .fence: boundaryMaterial * (fraction(x / 0.3) < 0.14 ? 0.45 : 0.8 + 0.3 * noise(x * 3, 0, salt))
        case .wall, .none: boundaryMaterial * (0.85 + 0.3 * noise(x * 3, y * 5, salt &+ 14))
        }
    }
}
