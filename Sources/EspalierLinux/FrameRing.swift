/// Which frames are kept, oldest first: the newest few of a camera.
struct FrameRing {
    /// A frame and the buffer it lies in.
    struct Entry {
        var buffer: Int32
        var bytes: UInt32
        var time: Int64
        var sequence: Int64
    }

    static var mostEntries: Int { 16 }

    let capacity: Int
    private(set) var count = 0
    private var first = 0
    private var entries = InlineArray<16, Entry>(
        repeating: Entry(buffer: -1, bytes: 0, time: 0, sequence: -1))

    /// Precondition: 1 ... 16 frames.
    init(capacity: Int) {
        precondition(capacity >= 1 && capacity <= FrameRing.mostEntries)
        self.capacity = capacity
    }

    var isFull: Bool { count == capacity }
    var newest: Entry? { count == 0 ? nil : self[count - 1] }

    /// The i-th oldest.
    subscript(index: Int) -> Entry { entries[(first &+ index) & 15] }

    /// Precondition: not full.
    mutating func append(_ entry: Entry) {
        precondition(!isFull)
        entries[(first &+ count) & 15] = entry
        count &+= 1
    }

    /// Precondition: not empty.
    mutating func removeOldest() -> Entry {
        precondition(count > 0)
        let oldest = self[0]
        first = (first &+ 1) & 15
        count &-= 1
        return oldest
    }

    mutating func removeAll() { count = 0 }

    /// Of the frames with a higher sequence number than `after`: the one nearest to a time, of two as near the
    /// earlier.
    func nearest(to time: Int64, after sequence: Int64) -> Entry? {
        var best: Entry?
        for index in 0..<count {
            let entry = self[index]
            if entry.sequence <= sequence { continue }
            if let best, distance(best.time, time) <= distance(entry.time, time) { continue }
            best = entry
        }
        return best
    }

    private func distance(_ one: Int64, _ other: Int64) -> Int64 { one > other ? one - other : other - one }
}
