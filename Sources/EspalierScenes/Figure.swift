/// The one figure of a scene: a person, an animal or a vehicle, and where such a figure may be.
enum Figure {
    case person(Person)
    case animal(Animal)
    case vehicle(Vehicle)

    init?(_ kind: Kind, _ random: inout Generator) {
        switch kind {
        case .empty: return nil
        case .person: self = .person(Person(&random))
        case .animal: self = .animal(Animal(&random))
        case .vehicle: self = .vehicle(Vehicle(&random))
        }
    }

    /// Metres a second.
    var speed: Float {
        switch self {
        case .person(let person): person.speed
        case .animal(let animal): animal.speed
        case .vehicle(let vehicle): vehicle.speed
        }
    }

    /// The longer side, in pixels of a picture 120 high, from which a figure can be told.
    var smallest: Float {
        switch self {
        case .person: 36
        case .animal: 26
        case .vehicle: 40
        }
    }

    func object(at place: Point, heading: Float, seconds: Float, lighting: Lighting) -> Object {
        switch self {
        case .person(let person):
            person.object(at: place, heading: heading, seconds: seconds)
        case .animal(let animal):
            animal.object(at: place, heading: heading, seconds: seconds, eyesShine: lighting.light == .night)
        case .vehicle(let vehicle):
            vehicle.object(at: place, heading: heading, light: lighting.light)
        }
    }

    /// A place and heading this figure may be at, before anything is in its way.
    func candidate(_ backdrop: Backdrop, _ view: View, _ random: inout Generator) -> (Point, Float) {
        let near = random.uniform()
        var z: Float
        var heading: Float
        switch self {
        case .person:
            z = 1.7 + 2.8 * near * near
            heading = random.pick([0.5, 0.5, 0, 0.25, 0.75]) + random.uniform(-0.12...0.12)
        case .animal(let animal):
            z = 0.15 + view.nearestGround + animal.length * (0.3 + 1.3 * near)
            heading = random.pick([0.25, 0.75, 0.25, 0.75, 0.5, 0]) + random.uniform(-0.12...0.12)
        case .vehicle(let vehicle):
            if vehicle.model == .scooter {
                z = random.uniform(1.7...3.4)
                heading = random.uniform()
            } else if random.chance(0.45) {
                z = random.uniform(3.8...6.5)
                let x = backdrop.drivewayMiddle(at: z)
                return (Point(x, 0, z), random.pick([0.5, 0]) + random.uniform(-0.05...0.05))
            } else {
                z = random.chance(0.5) ? min(backdrop.street, 9) : random.uniform(4.5...7)
                heading = random.pick([0.25, 0.75]) + random.uniform(-0.1...0.1)
            }
        }
        let across = random.uniform(-0.4...0.4) * Float(view.rows) / view.focal
        return (Point(across * z, 0, z), heading)
    }
}

/// Someone out of the picture whose shadow falls into it.
struct Passer {
    private let person: Person
    private let place: Point
    private let heading: Float

    init(_ random: inout Generator) {
        person = Person(&random)
        place = Point(random.sign() * random.uniform(3...5), 0, random.uniform(0.5...3.5))
        heading = random.uniform()
    }

    func object(at seconds: Float) -> Object {
        person.object(at: place, heading: heading, seconds: seconds)
    }
}
