// What became of a trigger, as far as a picture cares: four outcomes, one colour each.

/// How a trigger ended, for colouring diagrams and frames. The colours are from the Okabe-Ito palette (2008),
/// which people with any kind of colour vision can tell apart.
public enum OutcomeStyle: Equatable, Sendable, CaseIterable {
    /// The verdict was signalled on an output line.
    case signalled
    /// There was a verdict, and nothing to signal.
    case quiet
    /// The edge was ignored: bounce, cooldown, a disarmed line.
    case ignored
    /// Something failed: no frame, a late verdict, a device error.
    case failed

    /// Red, green, blue; 0...255.
    var colour: (red: UInt8, green: UInt8, blue: UInt8) {
        switch self {
        case .signalled: (0xD5, 0x5E, 0x00)
        case .quiet: (0x00, 0x72, 0xB2)
        case .ignored: (0x8A, 0x8F, 0x98)
        case .failed: (0xB0, 0x1E, 0x68)
        }
    }

    /// The word in a legend.
    var word: String {
        switch self {
        case .signalled: "signalled"
        case .quiet: "nothing to signal"
        case .ignored: "ignored"
        case .failed: "failed"
        }
    }

    /// `#rrggbb`
    var hex: String {
        let digits = Array("0123456789abcdef")
        let (red, green, blue) = colour
        return "#" + [red, green, blue].map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }
}
