public import CEspalier

/// A tensor of the contract with its bytes: element access in [row][pixel][channel] terms over pack-4 storage.
///
/// Bytes in the arena are combined with `flip` by exclusive or: the form that the kernels in use want (0, or 0x80 for
/// value + 128). `base` points at quad 0 of pixel (0, 0). Rows -haloTop ..< height + haloBottom and pixels
/// -haloLeft ..< width + haloRight may be read; they hold the zero point outside the picture.
public struct Tensor {
    public let base: UnsafeMutablePointer<Int8>
    public let height: Int
    public let width: Int
    public let channels: Int
    public let quads: Int
    public let rowBytes: Int
    public let planeBytes: Int
    public let zeroPoint: Int32
    public let flip: Int8

    /// - Parameters:
    ///   - arena: where the tensor lives unless it is a constant. Constants are never written.
    ///   - flip: of the arena; constants are stored plain.
    @inlinable
    public init(_ tensor: EspalierTensor, arena: UnsafeMutablePointer<Int8>, flip: Int8) {
        if let constant = tensor.data {
            base = UnsafeMutablePointer(mutating: constant) + Int(tensor.offset)
            self.flip = 0
        } else {
            base = arena + Int(tensor.offset)
            self.flip = flip
        }
        height = Int(tensor.height)
        width = Int(tensor.width)
        channels = Int(tensor.channels)
        quads = Int(tensor.quads)
        rowBytes = Int(tensor.row_bytes)
        planeBytes = Int(tensor.plane_bytes)
        zeroPoint = tensor.zero_point
    }

    /// Elements of the logical tensor: height x width x channels.
    @inlinable
    public var count: Int { height &* width &* channels }

    /// The four channels of a quad at a pixel, which may lie in the halo.
    @inlinable @inline(__always)
    public func quad(_ quad: Int, _ row: Int, _ pixel: Int) -> UnsafeMutablePointer<Int8> {
        base + (quad &* planeBytes &+ row &* rowBytes &+ pixel &* 4)
    }

    @inlinable @inline(__always)
    public func pointer(_ row: Int, _ pixel: Int, _ channel: Int) -> UnsafeMutablePointer<Int8> {
        quad(channel &>> 2, row, pixel) + (channel & 3)
    }

    @inlinable
    public subscript(row: Int, pixel: Int, channel: Int) -> Int8 {
        @inline(__always) get { pointer(row, pixel, channel).pointee ^ flip }
    }

    /// Sets one element. Not a subscript's setter: that brings a coroutine, and a coroutine brings `malloc`.
    @inlinable @inline(__always)
    public func store(_ value: Int8, _ row: Int, _ pixel: Int, _ channel: Int) {
        pointer(row, pixel, channel).pointee = value ^ flip
    }

    /// Copies the elements out in [row][pixel][channel] order, or in [channel][row][pixel].
    public func copy(to values: UnsafeMutablePointer<Int8>, channelsFirst: Bool = false) {
        var next = values
        visit(channelsFirst) { element in
            next.pointee = element.pointee ^ flip
            next += 1
        }
    }

    /// Sets the elements from values in [row][pixel][channel] order, or in [channel][row][pixel].
    public func fill(from values: UnsafePointer<Int8>, channelsFirst: Bool = false) {
        var next = values
        visit(channelsFirst) { element in
            element.pointee = next.pointee ^ flip
            next += 1
        }
    }

    @inline(__always)
    private func visit(_ channelsFirst: Bool, _ body: (UnsafeMutablePointer<Int8>) -> Void) {
        for outer in 0..<(channelsFirst ? channels : 1) {
            for row in 0..<height {
                for pixel in 0..<width {
                    if channelsFirst {
                        body(pointer(row, pixel, outer))
                    } else {
                        for channel in 0..<channels { body(pointer(row, pixel, channel)) }
                    }
                }
            }
        }
    }
}
