public import CEspalier
import CLinux
public import EspalierReaction

/// A simulated board at the other end of a byte stream, as `espalier_link.h` describes it: the firmware's
/// side.
///
/// It owns no memory but its fields: frames go into the buffer it is given. When the link breaks, every wait
/// ends with `.stop` and `isBroken` says why the loop ended.
public struct LinkBoard {
    /// What went wrong with the link, if anything.
    public private(set) var isBroken = false

    private let input: Int32
    private let output: Int32
    private let frameBuffer: UnsafeMutablePointer<UInt8>
    private let frameBytes: UInt32
    private var time: Int64 = 0

    /// - Parameters:
    ///   - input: the descriptor replies come from.
    ///   - output: the descriptor requests go to; may be the same one.
    ///   - frameBuffer: `frameBytes` bytes, the longest frame the simulator may send.
    public init(input: Int32, output: Int32, frameBuffer: UnsafeMutablePointer<UInt8>, frameBytes: UInt32) {
        self.input = input
        self.output = output
        self.frameBuffer = frameBuffer
        self.frameBytes = frameBytes
    }

    // MARK: Hello

    /// Introduces the firmware and takes the settings of the reaction.
    ///
    /// - Returns: nil when the link is broken, the simulator refused, or its settings are not valid here.
    public mutating func hello(_ model: UnsafePointer<EspalierModel>) -> EspalierReaction? {
        var hello = EspalierLinkHello()
        hello.link_version = ESPALIER_LINK_VERSION
        hello.model_abi_version = model.pointee.abi_version
        hello.reaction_abi_version = ESPALIER_REACTION_ABI_VERSION
        hello.label_count = model.pointee.labels == nil ? 0 : model.pointee.label_count
        hello.macs = model.pointee.macs
        hello.macs_kept = model.pointee.macs_kept
        hello.frame_bytes = frameBytes
        if let name = model.pointee.name {
            copyName(name, to: &hello.model)
        }
        sendHello(&hello, labels: model.pointee.labels)
        let reply = receive(ESPALIER_LINK_HELLO)
        var settings = EspalierLinkSettings()
        guard reply.payload_bytes == UInt32(MemoryLayout<EspalierLinkSettings>.size), !isBroken else {
            isBroken = true
            return nil
        }
        read(&settings, MemoryLayout<EspalierLinkSettings>.size)
        return isBroken || !settings.reaction.isValid ? nil : settings.reaction
    }

    private mutating func sendHello(
        _ hello: inout EspalierLinkHello, labels: UnsafePointer<UnsafePointer<CChar>?>?
    ) {
        var bytes = MemoryLayout<EspalierLinkHello>.size
        for index in 0..<Int(hello.label_count) { bytes += length(labels?[index]) + 1 }
        var request = EspalierLinkRequest()
        request.kind = ESPALIER_LINK_HELLO
        request.payload_bytes = UInt32(truncatingIfNeeded: bytes)
        write(&request, MemoryLayout<EspalierLinkRequest>.size)
        write(&hello, MemoryLayout<EspalierLinkHello>.size)
        var zero: CChar = 0
        for index in 0..<Int(hello.label_count) {
            if let label = labels?[index] {
                write(label, length(label) + 1)
            } else {
                write(&zero, 1)
            }
        }
    }

    private func length(_ text: UnsafePointer<CChar>?) -> Int {
        guard let text else { return 0 }
        var count = 0
        while text[count] != 0 { count += 1 }
        return count
    }

    /// Copies a name, cut to fit, into one of the link's fixed fields, which is all zeros.
    private func copyName<Field>(_ name: UnsafePointer<CChar>, to field: inout Field) {
        let count = min(length(name), MemoryLayout<Field>.size - 1)
        withUnsafeMutableBytes(of: &field) { bytes in
            for index in 0..<count { bytes[index] = UInt8(bitPattern: name[index]) }
        }
    }

    // MARK: Messages

    /// Sends a request that has no payload and returns its reply.
    private mutating func ask(_ request: EspalierLinkRequest) -> EspalierLinkReply {
        send(request)
        return receive(request.kind)
    }

    private mutating func send(_ request: EspalierLinkRequest) {
        var request = request
        write(&request, MemoryLayout<EspalierLinkRequest>.size)
    }

    /// Reads a reply's header. Of a broken link it is empty, and its time the last one known.
    private mutating func receive(_ kind: Int32) -> EspalierLinkReply {
        var reply = EspalierLinkReply()
        read(&reply, MemoryLayout<EspalierLinkReply>.size)
        if !isBroken && reply.kind != kind { isBroken = true }
        if isBroken { return EspalierLinkReply() }
        time = reply.time
        return reply
    }

    private mutating func read(_ bytes: UnsafeMutableRawPointer, _ count: Int) {
        if !isBroken && espalier_read(input, bytes, count) != 0 { isBroken = true }
    }

    private mutating func write(_ bytes: UnsafeRawPointer, _ count: Int) {
        if !isBroken && espalier_write(output, bytes, count) != 0 { isBroken = true }
    }
}

// MARK: - The board contract

extension LinkBoard: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    /// Simulated time stands still between requests: it is the time of the last reply.
    public mutating func now() -> Int64 { time }

    public mutating func worked(macs: UInt64) {
        var request = EspalierLinkRequest()
        request.kind = ESPALIER_LINK_WORK
        request.macs = macs
        _ = ask(request)
    }

    /// Real time. Asked right after a line was set, it is the moment that request had been written.
    public mutating func stopwatch() -> Int64 { espalier_monotonic_nanoseconds() }

    public mutating func wait(until: Int64, frameAfter: Int64) -> Wake {
        var request = EspalierLinkRequest()
        request.kind = ESPALIER_LINK_WAIT
        request.until = until
        request.after = frameAfter
        let reply = ask(request)
        switch reply.event {
        case ESPALIER_LINK_EVENT_EDGE:
            return .edge(Edge(line: reply.edge_line, rising: reply.edge_rising != 0, time: reply.edge_time))
        case ESPALIER_LINK_EVENT_FRAME: return .frame
        case ESPALIER_LINK_EVENT_DEADLINE: return .deadline
        case ESPALIER_LINK_EVENT_TROUBLE: return .trouble(true)
        case ESPALIER_LINK_EVENT_WELL: return .trouble(false)
        default: return .stop
        }
    }

    public mutating func setLine(_ line: Int32, high: Bool) throws(LineFailure) {
        var request = EspalierLinkRequest()
        request.kind = ESPALIER_LINK_LINE
        request.line = line
        request.level = high ? 1 : 0
        send(request)
        if isBroken { throw LineFailure() }
    }

    public mutating func newestFrame() throws(CameraFailure) -> Frame? {
        try frame(nearest: .max, after: -1)  // ESPALIER_LINK_NEWEST
    }

    public mutating func frame(
        nearest time: Int64, after sequence: Int64
    ) throws(CameraFailure) -> Frame? {
        var request = EspalierLinkRequest()
        request.kind = ESPALIER_LINK_FRAME
        request.until = time
        request.after = sequence
        let reply = ask(request)
        if reply.event == ESPALIER_LINK_EVENT_NO_FRAME { return nil }
        guard reply.event == ESPALIER_LINK_EVENT_CAPTURED else { throw CameraFailure() }
        var header = EspalierLinkFrame()
        let headerBytes = UInt32(MemoryLayout<EspalierLinkFrame>.size)
        guard reply.payload_bytes >= headerBytes, reply.payload_bytes - headerBytes <= frameBytes else {
            isBroken = true
            throw CameraFailure()
        }
        read(&header, Int(headerBytes))
        read(frameBuffer, Int(reply.payload_bytes - headerBytes))
        if isBroken { throw CameraFailure() }
        let image = EspalierFrame(
            pixels: UnsafePointer(frameBuffer), pixel_format: header.pixel_format, width: header.width,
            height: header.height, row_bytes: header.row_bytes)
        return Frame(image: image, time: header.time, sequence: header.sequence)
    }

    /// Simulated boards have none: the simulator ends a firmware that keeps silent.
    public mutating func feedWatchdog() {}

    public mutating func report(_ record: EspalierReactionRecord) {
        var request = EspalierLinkRequest()
        request.kind = ESPALIER_LINK_RECORD
        request.payload_bytes = UInt32(MemoryLayout<EspalierReactionRecord>.size)
        send(request)
        var record = record
        write(&record, MemoryLayout<EspalierReactionRecord>.size)
    }
}
