/// What a doorway camera may see.
public enum Kind: Int, CaseIterable, Sendable {
    case empty, person, animal, vehicle

    /// The label of `models/doorway/labels.txt`.
    public var name: String {
        switch self {
        case .empty: "empty"
        case .person: "person"
        case .animal: "animal"
        case .vehicle: "vehicle"
        }
    }
}

/// A doorway camera's picture, made up from a seed: the same bytes on every run and every machine.
///
/// Everything but the figure (place, light, clutter, weather, sensor) comes from the seed and the camera
/// alone, never from the kind: scenes of one seed and different kinds show the same place with and without a
/// figure, and nothing in the surroundings tells the kind.
///
///     let scene = Scene(kind: .person, seed: 7, light: .dusk)
///     let frame = scene.render(width: 160, height: 120, at: 0.5)  // [120][160][3]
///
/// Synthetic through and through: accuracy on these pictures says nothing about a real camera's.
public struct Scene: Sendable {
    public let kind: Kind
    public let seed: UInt64
    public let light: Light
    /// The seed of the place: path, driveway, walls, what stands there always, and where the camera hangs.
    public let camera: UInt64

    private let backdrop: Backdrop
    private let lighting: Lighting
    private let sensor: Sensor
    private let clutter: [Clutter]
    private let passer: Passer?
    private let figure: Figure?
    private let origin: Point
    private let heading: Float

    /// - Parameters:
    ///   - seed: decides everything that is not given.
    ///   - light: one of the four, or nil for the seed's choice.
    ///   - camera: several scenes of one camera share its place; nil for a place of the seed's own.
    public init(kind: Kind, seed: UInt64, light: Light? = nil, camera: UInt64? = nil) {
        self.kind = kind
        self.seed = seed
        self.camera = camera ?? mixed(seed &+ 0x5EED)
        let backdrop = Backdrop(seed: self.camera)
        self.backdrop = backdrop
        var random = Generator(seed: seed, stream: 2)
        let chosen = random.pick(Light.allCases)
        self.light = light ?? chosen
        lighting = Lighting(self.light, &random)
        random = Generator(seed: seed, stream: 3)
        sensor = Sensor(self.light, &random)
        random = Generator(seed: self.camera, stream: 4)
        var things = (0..<random.pick([0, 1, 1, 1, 2])).map { _ in
            Clutter(&random, backdrop: backdrop, fixed: true)
        }
        random = Generator(seed: seed, stream: 5)
        things += (0..<random.pick([0, 0, 1, 1, 2])).map { _ in
            Clutter(&random, backdrop: backdrop, fixed: false)
        }
        clutter = things
        passer = random.chance(0.12) ? Passer(&random) : nil
        random = Generator(seed: seed, stream: 6 + UInt64(kind.rawValue))
        figure = Figure(kind, &random)
        (origin, heading) = Scene.placement(of: figure, among: things, backdrop, lighting, &random)
    }

    /// A scene of any kind and light. Of four seeds 4n ... 4n + 3 each shows another kind, in an order that
    /// only n decides: any run of seeds is balanced.
    public static func random(seed: UInt64) -> Scene {
        var kinds = Kind.allCases
        var random = Generator(seed: seed / 4, stream: 0)
        for last in stride(from: kinds.count - 1, to: 0, by: -1) {
            kinds.swapAt(last, random.whole(last + 1))
        }
        return Scene(kind: kinds[Int(seed % 4)], seed: seed)
    }

    // MARK: Rendering

    /// The picture at a time.
    /// - Parameters:
    ///   - seconds: figures and shadows move with it; walkers and drivers pass through the middle of the
    ///     picture about second 0. Any value, also below 0.
    /// - Returns: red, green, blue bytes, [height][width][3].
    /// - Precondition: width and height are 1 ... 4095.
    public func render(width: Int = 160, height: Int = 120, at seconds: Double = 0) -> [UInt8] {
        precondition((1...4095).contains(width) && (1...4095).contains(height))
        let time = Float(seconds)
        let view = View(backdrop.camera, columns: width, rows: height)
        var painter = Painter(view: view, lighting: lighting)
        let shown = figureObject(at: time)
        var objects = clutter.map { $0.object(at: time) }
        if let shown { objects.append(shown) }
        for object in objects { painter.castShadow(of: object) }
        if let passer { painter.castShadow(of: passer.object(at: time)) }

        var canvas = Canvas(columns: width, rows: height)
        backdrop.paint(
            on: &canvas, view: view, lighting: lighting, shadow: painter.shadow, contact: painter.contact,
            seconds: time)
        draw(objects, figure: shown == nil ? nil : clutter.count, on: &canvas, painter, time)
        sensor.addWeather(to: &canvas, light: lighting, seconds: time)
        return sensor.develop(canvas, moment: seed ^ mixed(seconds.bitPattern))
    }

    /// Far before near; what the wall beside the door hides comes first, then the wall again over it.
    private func draw(
        _ objects: [Object], figure: Int?, on canvas: inout Canvas, _ painter: Painter, _ time: Float
    ) {
        let view = painter.view
        let order = objects.indices.sorted {
            (view.depth(objects[$0].place), $1) > (view.depth(objects[$1].place), $0)
        }
        let bare = canvas
        for hidden in [true, false] {
            for index in order where backdrop.wallHides(objects[index].place) == hidden {
                if index == figure {
                    drawMoving(objects[index], on: &canvas, painter, time)
                } else {
                    painter.draw(objects[index], on: &canvas, seconds: time)
                }
            }
            if hidden { backdrop.restoreWall(on: &canvas, from: bare, view: view) }
        }
    }

    private func drawMoving(_ object: Object, on canvas: inout Canvas, _ painter: Painter, _ time: Float) {
        guard let figure else { return }
        let scale = painter.view.project(object.place).scale
        let smear = Int(figure.speed * abs(sine(heading)) * sensor.exposure * scale)
        if smear < 2 {
            painter.draw(object, on: &canvas, seconds: time)
        } else {
            var layer = Canvas(columns: canvas.columns, rows: canvas.rows)
            painter.draw(object, on: &layer, seconds: time)
            layer.smear(min(smear, canvas.columns / 8))
            canvas.cover(with: layer)
        }
    }

    private func figureObject(at time: Float) -> Object? {
        guard let figure else { return nil }
        let way = Point(sine(heading), 0, cosine(heading)) * (figure.speed * time)
        let place = origin + way
        // Passed the camera, or too far to be more than a speck.
        guard place.z > 0.5, place.z < 40, abs(place.x) < 40 else { return nil }
        return figure.object(at: place, heading: heading, seconds: time, lighting: lighting)
    }

    // MARK: Placement

    /// A place where the figure is mostly in the picture's middle square and mostly not hidden: the best of
    /// some.
    private static func placement(
        of figure: Figure?, among clutter: [Clutter], _ backdrop: Backdrop, _ lighting: Lighting,
        _ random: inout Generator
    ) -> (Point, Float) {
        guard let figure else { return (.zero, 0) }
        let view = View(backdrop.camera, columns: 160, rows: 120)
        let painter = Painter(view: view, lighting: lighting)
        let boxes = clutter.map { thing in
            (depth: view.depth(thing.place), box: painter.bounds(of: thing.object(at: 0)))
        }
        var best: (score: Float, place: Point, heading: Float) = (-1, Point(0, 0, 3), 0.5)
        for _ in 0..<24 {
            let (place, heading) = figure.candidate(backdrop, view, &random)
            let object = figure.object(at: place, heading: heading, seconds: 0, lighting: lighting)
            let box = painter.bounds(of: object)
            let area = overlap(box, (box.low, box.high))
            let inside = overlap(box, (SIMD2(20, 0), SIMD2(140, 120))) / max(area, 1)
            var hidden: Float = 0
            for other in boxes where other.depth < view.depth(place) {
                hidden += overlap(box, other.box) / max(area, 1)
            }
            if let columns = backdrop.wallColumns(view), backdrop.wallHides(place) {
                hidden +=
                    overlap(
                        box, (SIMD2(columns.lowerBound, -1e4), SIMD2(columns.upperBound, 1e4))) / max(area, 1)
            }
            let extent = (box.high - box.low).max()
            var score =
                min(inside / 0.85, 1) * (1 - clamp(hidden * 2 - 0.1)) * min(extent / figure.smallest, 1)
            if case .animal = figure {
                // Small as they are, animals of the ground's own tone would often be nowhere to be seen.
                let ground = lighting.tone(backdrop.groundMaterial(place.x, place.z))
                let coat =
                    object.parts.reduce(0) { $0 + lighting.tone($1.material) } / Float(object.parts.count)
                score *= min(abs(coat - ground) / (coat + ground) / 0.25, 1)
            }
            if score > best.score { best = (score, place, heading) }
            if score > 0.99 { break }
        }
        return (best.place, best.heading)
    }

    private static func overlap(
        _ a: (low: SIMD2<Float>, high: SIMD2<Float>), _ b: (low: SIMD2<Float>, high: SIMD2<Float>)
    ) -> Float {
        let shared = pointwiseMin(a.high, b.high) - pointwiseMax(a.low, b.low)
        return shared.min() > 0 ? shared.x * shared.y : 0
    }
}
