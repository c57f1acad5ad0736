/// One pixel's colour, each component 0 ... 255.
struct RGB {
    let red: UInt32
    let green: UInt32
    let blue: UInt32

    @inline(__always)
    init(red: UInt32, green: UInt32, blue: UInt32) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    @inline(__always)
    init(grey: UInt32) { self.init(red: grey, green: grey, blue: grey) }

    /// ITU-R BT.601 luma in 16-bit fixed point, as Pillow's "L".
    var luma: UInt32 { (red &* 19595 &+ green &* 38470 &+ blue &* 7471 &+ 0x8000) &>> 16 }
}

/// From Y'CbCr to RGB by ITU-R BT.601 (Kr = 0.299, Kb = 0.114), in integers with 16 bits of fraction:
///
///     base  = luma x (Y - floor) + 0x8000
///     red   = clamp((base + redV x (V - 128)) >> 16)
///     green = clamp((base - greenU x (U - 128) - greenV x (V - 128)) >> 16)
///     blue  = clamp((base + blueU x (U - 128)) >> 16)
///
/// U is Cb and V is Cr, `clamp` limits to 0 ... 255, `>>` rounds down and 0x8000 thus makes halves round up. The
/// factors are the real ones x 65,536, rounded: 1, 2 (1 - Kr), 2 Kb (1 - Kb) / Kg, 2 Kr (1 - Kr) / Kg and 2 (1 - Kb),
/// for limited range the first x 255 / 219 and the others x 255 / 224. Where U = V = 128 the result is the
/// rounded real value; elsewhere it is at most 1 off.
struct YUVRange {
    let floor: Int32
    let luma: Int32
    let redV: Int32
    let greenU: Int32
    let greenV: Int32
    let blueU: Int32

    /// Luma 0 ... 255, as JPEG has it.
    static var full: YUVRange {
        YUVRange(floor: 0, luma: 65536, redV: 91881, greenU: 22553, greenV: 46802, blueU: 116_130)
    }

    /// Luma 16 ... 235, chroma 16 ... 240, as video has it.
    static var limited: YUVRange {
        YUVRange(floor: 16, luma: 76309, redV: 104_597, greenU: 25675, greenV: 53279, blueU: 132_201)
    }

    /// Luma alone: what `colour` gives for each component where there is no chroma.
    @inline(__always)
    func grey(_ y: UInt32) -> UInt32 { clamped(base(y)) }

    @inline(__always)
    func colour(_ y: UInt32, _ u: UInt32, _ v: UInt32) -> RGB {
        let base = base(y)
        let u = Int32(bitPattern: u) &- 128
        let v = Int32(bitPattern: v) &- 128
        return RGB(
            red: clamped(base &+ redV &* v), green: clamped(base &- greenU &* u &- greenV &* v),
            blue: clamped(base &+ blueU &* u))
    }

    @inline(__always)
    private func base(_ y: UInt32) -> Int32 { luma &* (Int32(bitPattern: y) &- floor) &+ 0x8000 }

    @inline(__always)
    private func clamped(_ value: Int32) -> UInt32 { UInt32(bitPattern: max(0, min(255, value &>> 16))) }
}
