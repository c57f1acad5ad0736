/// A seeded source of random numbers: SplitMix64, so that a scene is the same bytes on every machine.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014; constants as
/// in Vigna's public-domain `splitmix64.c`.
struct Generator {
    private var state: UInt64

    /// - Parameter stream: independent sequences of one seed: drawing more from one never changes another.
    init(seed: UInt64, stream: UInt64) {
        state = mixed(mixed(seed) &+ stream &* 0x9E37_79B9_7F4A_7C15)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return mixed(state)
    }

    /// 0 ..< 1, in steps of 2^-24.
    mutating func uniform() -> Float {
        Float(next() &>> 40) * 0x1p-24
    }

    mutating func uniform(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// 0 ..< count.
    mutating func whole(_ count: Int) -> Int {
        Int(next() &>> 33) % count
    }

    mutating func chance(_ probability: Float) -> Bool {
        uniform() < probability
    }

    mutating func pick<Item>(_ items: [Item]) -> Item {
        items[whole(items.count)]
    }

    mutating func sign() -> Float {
        chance(0.5) ? 1 : -1
    }
}

/// SplitMix64's finaliser: every bit of the input changes half of the output's.
@inline(__always)
func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
}

// MARK: Textures

/// A random number 0 ..< 1 that belongs to a cell of a grid.
@inline(__always)
func cell(_ x: Int32, _ y: Int32, _ salt: UInt32) -> Float {
    var h = UInt32(bitPattern: x) &* 0x85EB_CA6B ^ UInt32(bitPattern: y) &* 0xC2B2_AE35 ^ salt
    h = (h ^ (h &>> 15)) &* 0x2C1B_3C6D
    h = (h ^ (h &>> 12)) &* 0x297A_2D39
    return Float((h ^ (h &>> 15)) &>> 8) * 0x1p-24
}

/// Value noise, 0 ... 1: cells of side 1 blended smoothly.
@inline(__always)
func noise(_ x: Float, _ y: Float, _ salt: UInt32) -> Float {
    let floorX = x.rounded(.down)
    let floorY = y.rounded(.down)
    let column = Int32(max(-1e9, min(1e9, floorX)))
    let row = Int32(max(-1e9, min(1e9, floorY)))
    let u = smooth(x - floorX)
    let v = smooth(y - floorY)
    let top = blend(cell(column, row, salt), cell(column &+ 1, row, salt), u)
    let bottom = blend(cell(column, row &+ 1, salt), cell(column &+ 1, row &+ 1, salt), u)
    return blend(top, bottom, v)
}

@inline(__always)
func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }

@inline(__always)
func blend(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }

@inline(__always)
func clamp(_ value: Float, _ low: Float = 0, _ high: Float = 1) -> Float { max(low, min(high, value)) }

/// The part after the point, 0 ..< 1.
@inline(__always)
func fraction(_ value: Float) -> Float { value - value.rounded(.down) }

// MARK: Angles

/// The sine of an angle in turns (1 = a full circle), to 4e-6: our own, since a C library's last bits differ
/// from another's.
func sine(_ turns: Float) -> Float {
    var t = turns - turns.rounded()
    if t > 0.25 { t = 0.5 - t }
    if t < -0.25 { t = -0.5 - t }
    let x = t * 6.2831853
    let square = x * x
    return x
        * (1 + square * (-0.16666667 + square * (0.008333333 + square * (-0.0001984127 + square * 2.7e-6))))
}

func cosine(_ turns: Float) -> Float { sine(turns + 0.25) }
