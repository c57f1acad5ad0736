/// Samples of one to three components in rows: how far apart they are, and how many pixels share one.
struct Plane {
    let start: UnsafePointer<UInt8>
    let rowBytes: Int
    let step: Int  // bytes from a sample to the next in its row
    let component: Int  // bytes from a sample's component to the next
    let columnShift: Int  // 2^columnShift pixels of a row share a sample
    let rowShift: Int  // and 2^rowShift of a column

    init(
        _ start: UnsafePointer<UInt8>, rowBytes: Int, step: Int, component: Int = 0, columnShift: Int = 0,
        rowShift: Int = 0
    ) {
        self.start = start
        self.rowBytes = rowBytes
        self.step = step
        self.component = component
        self.columnShift = columnShift
        self.rowShift = rowShift
    }

    /// A component of the sample that a pixel has.
    @inline(__always)
    func sample(_ row: Int, _ pixel: Int, _ component: Int) -> UInt32 {
        let offset = (row &>> rowShift) &* rowBytes &+ (pixel &>> columnShift) &* step
        return UInt32(start[offset &+ component &* self.component])
    }

    /// The weighted sums of the first `components` components over a box.
    ///
    /// All but the outermost columns weigh the same: they are added first and multiplied once a row.
    /// `components` is a constant wherever this is called, so that nothing of it is left in the loops.
    @inline(__always)
    func sums(_ rows: Span, _ columns: Span, components: Int) -> (UInt32, UInt32, UInt32) {
        let inner = columns.last &- columns.first &- 1
        let tail = (columns.last &- columns.first) &* step
        let second = component
        let third = 2 &* component
        var sum: (UInt32, UInt32, UInt32) = (0, 0, 0)
        var line = start + (rows.first &* rowBytes &+ columns.first &* step)
        for row in rows.first...rows.last {
            var middle: (UInt32, UInt32, UInt32) = (0, 0, 0)
            var sample = line
            var left = inner
            while left > 0 {
                sample += step
                middle.0 &+= UInt32(sample[0])
                if components > 1 { middle.1 &+= UInt32(sample[second]) }
                if components > 2 { middle.2 &+= UInt32(sample[third]) }
                left &-= 1
            }
            let weight = rows.weight(row)
            let end = line + tail
            sum.0 &+= weight &* columns.weighted(UInt32(line[0]), middle.0, UInt32(end[0]))
            if components > 1 {
                sum.1 &+= weight &* columns.weighted(UInt32(line[second]), middle.1, UInt32(end[second]))
            }
            if components > 2 {
                sum.2 &+= weight &* columns.weighted(UInt32(line[third]), middle.2, UInt32(end[third]))
            }
            line += rowBytes
        }
        return sum
    }
}

/// The samples that one side of an output pixel's box covers, and how much of each.
///
/// Lengths are counted in units of 1 / (output size) of a source pixel, so that every overlap is a whole number: a
/// source pixel is `outputs` units long, a sample shared by two pixels twice that, an output pixel `crop` units.
struct Span {
    let first: Int
    let last: Int
    let firstWeight: UInt32
    let innerWeight: UInt32  // of each between the first and the last
    let lastWeight: UInt32  // 0 where the last is the first

    /// - Parameters:
    ///   - index: of the output pixel, of `outputs`.
    ///   - origin: where the crop begins and `crop` how long it is, in pixels.
    ///   - shift: 2^shift pixels share a sample.
    @inline(__always)
    init(_ index: Int, of outputs: Int, origin: Int, crop: Int, shift: Int) {
        let unit = outputs &<< shift
        let begin = origin &* outputs &+ index &* crop
        let end = begin &+ crop
        first = begin / unit
        last = (end &- 1) / unit
        firstWeight = UInt32(truncatingIfNeeded: min(end, (first &+ 1) &* unit) &- begin)
        innerWeight = UInt32(truncatingIfNeeded: unit)
        lastWeight = first == last ? 0 : UInt32(truncatingIfNeeded: end &- last &* unit)
    }

    @inline(__always)
    func weight(_ sample: Int) -> UInt32 {
        if sample == first { return firstWeight }
        return sample == last ? lastWeight : innerWeight
    }

    /// The sum of a row from its first sample, the sum of those between, and its last.
    @inline(__always)
    func weighted(_ first: UInt32, _ inner: UInt32, _ last: UInt32) -> UInt32 {
        firstWeight &* first &+ innerWeight &* inner &+ lastWeight &* last
    }
}
