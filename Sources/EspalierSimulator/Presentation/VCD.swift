// Value change dump (IEEE 1364-2005, section 18): what every waveform viewer opens. Deterministic: no date,
// changes sorted by time, then by declaration, then by the order they were added in.

/// A value change dump: declare signals, add changes in any order, take the text.
///
///     var dump = VCD(tool: "espalier 0.1.0")
///     let motion = dump.addLine("motion", initially: false)
///     dump.change(motion, to: .level(true), at: 1_500)
///     let text = dump.text(until: 2_000)
public struct VCD: Sendable {
    /// What a signal can hold.
    public enum Value: Equatable, Sendable {
        /// A line: high or low.
        case level(Bool)
        /// An unsigned integer, such as a verdict's index.
        case integer(Int)
        /// A real number, such as a score.
        case real(Double)
        /// A text, such as a label. An extension of GTKWave; other viewers skip it.
        case text(String)
    }

    /// The length of one tick. Viewers that store one sample a tick (PulseView) need a coarse one for long
    /// traces: a minute has 60 million microseconds, and a thousand times as many nanoseconds.
    public enum Timescale: Sendable {
        case nanosecond, microsecond

        var text: String { self == .nanosecond ? "1 ns" : "1 us" }
        var nanoseconds: UInt64 { self == .nanosecond ? 1 : 1000 }
    }

    /// A declared signal of one dump.
    public struct Signal: Equatable, Sendable {
        fileprivate let kind: Kind
        /// The first of its declarations.
        fileprivate let index: Int
        /// How many declarations it has: the bits of an integer, most significant first; otherwise 1.
        fileprivate let count: Int
    }

    fileprivate enum Kind {
        case line, integer, real, text
    }

    /// One `$var`: a wire of one bit, a real or a text.
    private struct Declaration {
        var type: String
        var name: String
        /// nil is unknown.
        var initial: Value?
    }

    private struct Change {
        var time: UInt64
        var signal: Int
        var value: Value
    }

    private let tool: String
    private let scope: String
    private let timescale: Timescale
    private var declarations: [Declaration] = []
    private var changes: [Change] = []

    /// An empty dump. `tool` is the name and version that the header states; `scope` groups the signals in a
    /// viewer.
    public init(tool: String, scope: String = "board", timescale: Timescale = .nanosecond) {
        self.tool = tool
        self.scope = scope
        self.timescale = timescale
    }

    /// Declares a line. Until its first change it is `initially`, or unknown ("x").
    public mutating func addLine(_ name: String, initially level: Bool? = nil) -> Signal {
        declare("wire 1", Self.identifier(name), level.map { .level($0) })
        return Signal(kind: .line, index: declarations.count - 1, count: 1)
    }

    /// Declares an unsigned integer of 1...62 `bits`, unknown until its first change unless given.
    ///
    /// It is dumped as single wires, `name [7]` to `name [0]`: GTKWave joins them into a vector again, and
    /// PulseView, which stops reading at a vector, shows them as lines.
    public mutating func addInteger(_ name: String, bits: Int = 8, initially value: Int? = nil) -> Signal {
        precondition((1...62).contains(bits), "An integer has 1...62 bits.")
        precondition((0..<1 << bits).contains(value ?? 0), "The value needs more bits.")
        for bit in (0..<bits).reversed() {
            let level: Value? = value.map { .level($0 >> bit & 1 == 1) }
            declare("wire 1", "\(Self.identifier(name)) [\(bit)]", level)
        }
        return Signal(kind: .integer, index: declarations.count - bits, count: bits)
    }

    /// Declares a real number, 0 until its first change unless given: the format has no unknown reals.
    public mutating func addReal(_ name: String, initially value: Double = 0) -> Signal {
        declare("real 64", Self.identifier(name), .real(value))
        return Signal(kind: .real, index: declarations.count - 1, count: 1)
    }

    /// Declares a text, empty until its first change.
    public mutating func addText(_ name: String) -> Signal {
        declare("string 1", Self.identifier(name), .text(""))
        return Signal(kind: .text, index: declarations.count - 1, count: 1)
    }

    /// Adds a change. `nanoseconds` counts from the start of the trace; changes may come in any order.
    ///
    /// Precondition: the signal is this dump's and of the value's kind; an integer fits its bits.
    public mutating func change(_ signal: Signal, to value: Value, at nanoseconds: UInt64) {
        precondition(signal.index + signal.count <= declarations.count, "The signal is of another dump.")
        precondition(signal.kind == Self.kind(of: value), "The value is not of the signal's kind.")
        guard case .integer(let integer) = value else {
            changes.append(Change(time: nanoseconds, signal: signal.index, value: value))
            return
        }
        precondition((0..<1 << signal.count).contains(integer), "The value needs more bits.")
        for place in 0..<signal.count {
            let level = integer >> (signal.count - 1 - place) & 1 == 1
            changes.append(Change(time: nanoseconds, signal: signal.index + place, value: .level(level)))
        }
    }

    /// The whole file. A change to the value that a signal already has is left out; `until`, if given, is
    /// stated as the last time so that the viewer shows the quiet end too.
    public func text(until nanoseconds: UInt64? = nil) -> String {
        var output = header()
        var current = declarations.map(\.initial)
        var lastTime: UInt64 = 0
        for change in sortedChanges() where current[change.signal] != change.value {
            current[change.signal] = change.value
            let time = change.time / timescale.nanoseconds
            if time != lastTime { output += "#\(time)\n" }
            lastTime = time
            output += line(change.value, change.signal)
        }
        if let nanoseconds, nanoseconds / timescale.nanoseconds > lastTime {
            output += "#\(nanoseconds / timescale.nanoseconds)\n"
        }
        return output
    }
}

// MARK: - Text

extension VCD {
    private mutating func declare(_ type: String, _ name: String, _ initial: Value?) {
        declarations.append(Declaration(type: type, name: name, initial: initial))
    }

    private static func kind(of value: Value) -> Kind {
        switch value {
        case .level: .line
        case .integer: .integer
        case .real: .real
        case .text: .text
        }
    }

    private func sortedChanges() -> [Change] {
        changes.enumerated().sorted {
            ($0.element.time, $0.element.signal, $0.offset) < ($1.element.time, $1.element.signal, $1.offset)
        }.map(\.element)
    }

    private func header() -> String {
        var text = "$version \(Self.words(tool)) $end\n$timescale \(timescale.text) $end\n"
        text += "$scope module \(Self.identifier(scope)) $end\n"
        for (index, declaration) in declarations.enumerated() {
            text += "$var \(declaration.type) \(Self.code(index)) \(declaration.name) $end\n"
        }
        text += "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n"
        for (index, declaration) in declarations.enumerated() {
            text += line(declaration.initial, index)
        }
        return text + "$end\n"
    }

    /// One value change. Unknown values are only ever those of wires, and integers have become wires.
    private func line(_ value: Value?, _ signal: Int) -> String {
        let code = Self.code(signal)
        return switch value {
        case .level(let level): "\(level ? 1 : 0)\(code)\n"
        case .real(let value): "r\(value) \(code)\n"
        case .text(let value): "s\(Self.escaped(value)) \(code)\n"
        case .integer, nil: "x\(code)\n"
        }
    }

    /// The short code of a signal: digits of base 94, "!" to "~", the least significant first.
    private static func code(_ index: Int) -> String {
        var text = ""
        var rest = index
        repeat {
            text.unicodeScalars.append(Unicode.Scalar(UInt8(33 + rest % 94)))
            rest = rest / 94 - 1
        } while rest >= 0
        return text
    }

    /// A name without white space, which would end it; anything but printable ASCII becomes "_".
    private static func identifier(_ name: String) -> String {
        let bytes = name.utf8.map { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "$") ? $0 : 0x5F }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    /// Text for the header, which a "$" could end.
    private static func words(_ text: String) -> String {
        String(
            decoding: text.utf8.map { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "$") ? $0 : 0x5F },
            as: UTF8.self)
    }

    /// GTKWave's escapes: a backslash and three octal digits for white space, backslashes and bytes beyond
    /// ASCII.
    private static func escaped(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "\\") {
                output.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                output += "\\\(byte >> 6)\(byte >> 3 & 7)\(byte & 7)"
            }
        }
        return output
    }
}
