/// What a scene is made of: points in metres, parts with a material, objects of parts, and the camera they
/// are seen by.

/// Metres: x to the right, y up from the ground, z forward from the foot of the camera.
typealias Point = SIMD3<Float>

/// Share of the light sent back, 0 ... 1: red, green, blue, near infrared. Night pictures show the last only.
typealias Material = SIMD4<Float>

/// One drawable piece.
struct Part {
    enum Shape {
        /// A round limb that tapers from one ball to another: ends and radii.
        case limb(Point, Point, Float, Float)
        /// A flat polygon and its outward normal; without one it is seen from both sides.
        case face([Point], normal: Point?)
    }

    var shape: Shape
    var material: Material
    /// Later layers of an object cover earlier ones; within a layer the nearer covers.
    var layer = 0
    /// Light of its own, in the same unit as the picture's: lamps, and eyes that send the infrared back.
    var glow: Material = .zero
    /// Leaves: how rough a limb's surface and outline are, 0 ... 1.
    var rough: Float = 0
}

/// Parts that stand on the ground together.
struct Object {
    var parts: [Part] = []
    /// Where it stands.
    var place: Point
    /// Half its extent on the ground, across and along, for the dark contact it makes there.
    var footprint: SIMD2<Float>
    private let headingSine: Float
    private let headingCosine: Float

    /// - Parameter heading: in turns: 0 looks away from the camera, 0.25 to the right, 0.5 at the camera.
    init(at place: Point, heading: Float, footprint: SIMD2<Float>) {
        self.place = place
        self.footprint = footprint
        headingSine = sine(heading)
        headingCosine = cosine(heading)
    }

    /// A point given as (to its right, up, forward) in the object's own terms.
    func world(_ side: Float, _ up: Float, _ forward: Float) -> Point {
        place + direction(side, up, forward)
    }

    func direction(_ side: Float, _ up: Float, _ forward: Float) -> Point {
        Point(side * headingCosine + forward * headingSine, up, forward * headingCosine - side * headingSine)
    }

    // MARK: Building

    /// A limb between two points of the object's own terms, with the radius at either.
    mutating func limb(
        _ from: Point, _ to: Point, _ radius: Float, _ endRadius: Float, _ material: Material, layer: Int = 0
    ) {
        let shape = Part.Shape.limb(
            world(from.x, from.y, from.z), world(to.x, to.y, to.z), radius, endRadius)
        parts.append(Part(shape: shape, material: material, layer: layer))
    }

    /// A limb of one radius.
    mutating func limb(_ from: Point, _ to: Point, _ radius: Float, _ material: Material, layer: Int = 0) {
        limb(from, to, radius, radius, material, layer: layer)
    }

    mutating func ball(
        _ centre: Point, _ radius: Float, _ material: Material, layer: Int = 0, glow: Material = .zero,
        rough: Float = 0
    ) {
        let middle = world(centre.x, centre.y, centre.z)
        let shape = Part.Shape.limb(middle, middle, radius, radius)
        parts.append(Part(shape: shape, material: material, layer: layer, glow: glow, rough: rough))
    }

    /// A polygon of the object's own terms; `normal` likewise.
    mutating func face(
        _ corners: [Point], normal: Point? = nil, _ material: Material, layer: Int = 0, glow: Material = .zero
    ) {
        let outward = normal.map { direction($0.x, $0.y, $0.z) }
        let shape = Part.Shape.face(corners.map { world($0.x, $0.y, $0.z) }, normal: outward)
        parts.append(Part(shape: shape, material: material, layer: layer, glow: glow))
    }

    /// A horizontal rectangle: extents along `forward` and half the width.
    struct Section {
        var up: Float
        var back: Float
        var front: Float
        var half: Float
    }

    /// The walls and the top between two sections: boxes, cabins, pots.
    mutating func hull(_ low: Section, _ high: Section, _ material: Material, layer: Int = 0) {
        func corner(_ section: Section, _ side: Float, _ forward: Float) -> Point {
            Point(side * section.half, section.up, forward)
        }
        for side: Float in [-1, 1] {
            face(
                [
                    corner(low, side, low.back), corner(low, side, low.front), corner(high, side, high.front),
                    corner(high, side, high.back),
                ], normal: Point(side, 0.2, 0), material, layer: layer)
        }
        for (lowZ, highZ, outward) in [(low.back, high.back, Float(-1)), (low.front, high.front, 1)] {
            face(
                [
                    corner(low, -1, lowZ), corner(low, 1, lowZ), corner(high, 1, highZ),
                    corner(high, -1, highZ),
                ], normal: Point(0, abs(lowZ - highZ) / (high.up - low.up + 0.01), outward), material,
                layer: layer)
        }
        face(
            [
                corner(high, -1, high.back), corner(high, 1, high.back), corner(high, 1, high.front),
                corner(high, -1, high.front),
            ], normal: Point(0, 1, 0), material, layer: layer)
    }

    mutating func box(
        up: ClosedRange<Float>, half: Float, along: Float, _ material: Material, layer: Int = 0
    ) {
        hull(
            Section(up: up.lowerBound, back: -along, front: along, half: half),
            Section(up: up.upperBound, back: -along, front: along, half: half), material, layer: layer)
    }

    /// A disc that stands in the forward direction, as a wheel does.
    mutating func disc(
        _ centre: Point, _ radius: Float, outward: Float?, _ material: Material, layer: Int = 0
    ) {
        let corners = (0..<14).map { step in
            Point(
                centre.x, centre.y + radius * sine(Float(step) / 14),
                centre.z + radius * cosine(Float(step) / 14))
        }
        face(corners, normal: outward.map { Point($0, 0, 0) }, material, layer: layer)
    }
}

// MARK: Camera

/// A pinhole camera above the door that looks out and a little down.
struct Camera {
    /// Metres above the ground.
    var height: Float
    /// Turns downwards.
    var pitch: Float
    /// Focal length in picture heights.
    var focal: Float
}

/// The camera with the size of its picture: from points to pixels and back.
struct View {
    let columns: Int
    let rows: Int
    let height: Float
    let focal: Float
    let pitchSine: Float
    let pitchCosine: Float

    init(_ camera: Camera, columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        height = camera.height
        focal = camera.focal * Float(rows)
        pitchSine = sine(camera.pitch)
        pitchCosine = cosine(camera.pitch)
    }

    /// Nothing nearer than this is drawn where it is.
    static let nearest: Float = 0.2

    func depth(_ point: Point) -> Float {
        point.z * pitchCosine - (point.y - height) * pitchSine
    }

    /// How far from the camera's foot the ground begins that the picture shows.
    var nearestGround: Float {
        let bottom = ray(Float(columns) / 2, Float(rows))
        return bottom.y < 0 ? height / -bottom.y * bottom.z : 0
    }

    /// Pixels right of the left edge, pixels below the top edge, pixels a metre.
    @inline(__always)
    func project(_ point: Point) -> (x: Float, y: Float, scale: Float) {
        let scale = focal / max(View.nearest, depth(point))
        let up = (point.y - height) * pitchCosine + point.z * pitchSine
        return (Float(columns) / 2 + point.x * scale, Float(rows) / 2 - up * scale, scale)
    }

    /// The direction of what a pixel sees; its component along the camera's axis is 1.
    @inline(__always)
    func ray(_ x: Float, _ y: Float) -> Point {
        let up = (Float(rows) / 2 - y) / focal
        return Point(
            (x - Float(columns) / 2) / focal, up * pitchCosine - pitchSine, up * pitchSine + pitchCosine)
    }
}
