import CEspalier
import EspalierReaction
import EspalierSettings
import Foundation

/// The simulator's side of `espalier_link.h`: serves one firmware from a virtual board, the same the
/// in-process simulation uses. It answers; it never speaks first.
public struct LinkServer {
    private let scenario: Scenario
    private let stream: LinkStream

    /// - Parameters:
    ///   - input: the descriptor requests come from; `output`: the one replies go to. Both stay the caller's.
    ///   - patienceMilliseconds: how long, in real time, the firmware may take over one request.
    public init(scenario: Scenario, input: Int32, output: Int32, patienceMilliseconds: Int32 = 60_000) {
        self.scenario = scenario
        stream = LinkStream(input: input, output: output, patienceMilliseconds: patienceMilliseconds)
    }

    /// Serves until the firmware ends after it was told to stop.
    ///
    /// - Throws: a `LinkError` for the firmware, a `FileError` for a label it does not know.
    public func serve() throws -> SimulationRun {
        let labels = try greet()
        let board = scenario.makeBoard(labels: labels)
        var stopped = false
        while let request: EspalierLinkRequest = try stream.readOrEnd() {
            let reply = try answer(request, board)
            if reply?.event == ESPALIER_LINK_EVENT_STOP { stopped = true }
        }
        guard stopped else { throw LinkError.ended }
        return SimulationRun(board, labels: labels)
    }

    // MARK: Hello

    private func greet() throws -> [String] {
        guard let request: EspalierLinkRequest = try stream.readOrEnd() else { throw LinkError.ended }
        let helloBytes = MemoryLayout<EspalierLinkHello>.size
        let textBytes = Int(request.payload_bytes) - helloBytes
        guard request.kind == ESPALIER_LINK_HELLO, (0...1 << 20).contains(textBytes) else {
            throw LinkError.nonsense("its first words are no greeting")
        }
        let hello: EspalierLinkHello = try stream.read()
        do {
            try checkVersions(hello)
            let labels = try stream.read(bytes: textBytes).split(
                separator: 0, omittingEmptySubsequences: false
            )
            .dropLast().map { String(decoding: $0, as: UTF8.self) }
            guard labels.count == Int(hello.label_count) else {
                throw LinkError.nonsense("it does not send the labels it announces")
            }
            try checkFrame(hello)
            let settings = try scenario.settings(labels: labels)
            try stream.write(reply(ESPALIER_LINK_HELLO, payload: MemoryLayout<EspalierLinkSettings>.size))
            try stream.write(linkSettings(settings))
            return labels
        } catch {
            try? stream.write(reply(ESPALIER_LINK_REFUSED))
            throw error
        }
    }

    private func checkVersions(_ hello: EspalierLinkHello) throws(LinkError) {
        let versions = [
            ("link", hello.link_version, ESPALIER_LINK_VERSION),
            ("reaction", hello.reaction_abi_version, ESPALIER_REACTION_ABI_VERSION),
            ("model", hello.model_abi_version, ESPALIER_ABI_VERSION),
        ]
        for (name, theirs, ours) in versions where theirs != ours {
            throw .nonsense(
                "it speaks version \(theirs) of the \(name) contract, this simulator version \(ours)")
        }
    }

    private func checkFrame(_ hello: EspalierLinkHello) throws(LinkError) {
        let camera = scenario.camera
        guard camera.width * camera.height * 3 <= Int(hello.frame_bytes) else {
            throw .nonsense(
                "it has room for frames of \(hello.frame_bytes) bytes, "
                    + "too few for \(camera.width) x \(camera.height)"
            )
        }
    }

    private func linkSettings(_ reaction: EspalierReaction) -> EspalierLinkSettings {
        var settings = EspalierLinkSettings()
        settings.reaction = reaction
        settings.input_count = Int32(scenario.inputs.count)
        settings.output_count = Int32(scenario.outputs.count)
        setNames(&settings.inputs, scenario.inputs.map(\.name))
        setNames(&settings.outputs, scenario.outputs.map(\.name))
        return settings
    }

    // MARK: Requests

    /// Does what a request asks for; returns the reply it sent, if that request has one.
    private func answer(
        _ request: EspalierLinkRequest, _ board: VirtualBoard
    ) throws -> EspalierLinkReply? {
        var answer = EspalierLinkReply()
        switch request.kind {
        case ESPALIER_LINK_WAIT:
            answer = wait(request, board)
        case ESPALIER_LINK_FRAME:
            return try sendFrame(request, board)
        case ESPALIER_LINK_WORK:
            board.worked(macs: request.macs)
        case ESPALIER_LINK_LINE:
            board.setLine(request.line, high: request.level != 0)
            return nil
        case ESPALIER_LINK_RECORD:
            guard request.payload_bytes == UInt32(MemoryLayout<EspalierReactionRecord>.size) else {
                throw LinkError.nonsense("it sends a record of \(request.payload_bytes) bytes")
            }
            board.report(try stream.read())
            return nil
        default:
            throw LinkError.nonsense("it sends a request of the unknown kind \(request.kind)")
        }
        answer.kind = request.kind
        answer.time = board.now()
        try stream.write(answer)
        return answer
    }

    private func wait(_ request: EspalierLinkRequest, _ board: VirtualBoard) -> EspalierLinkReply {
        var answer = EspalierLinkReply()
        switch board.wait(until: request.until, frameAfter: request.after) {
        case .edge(let edge):
            answer.event = ESPALIER_LINK_EVENT_EDGE
            answer.edge_time = edge.time
            answer.edge_line = edge.line
            answer.edge_rising = edge.rising ? 1 : 0
        case .frame: answer.event = ESPALIER_LINK_EVENT_FRAME
        case .deadline: answer.event = ESPALIER_LINK_EVENT_DEADLINE
        case .trouble(let isPresent):
            answer.event = isPresent ? ESPALIER_LINK_EVENT_TROUBLE : ESPALIER_LINK_EVENT_WELL
        case .stop: answer.event = ESPALIER_LINK_EVENT_STOP
        }
        return answer
    }

    private func sendFrame(
        _ request: EspalierLinkRequest, _ board: VirtualBoard
    ) throws(LinkError) -> EspalierLinkReply {
        let frame: Frame?
        var answer = reply(ESPALIER_LINK_FRAME)
        answer.time = board.now()
        do throws(CameraFailure) {
            frame =
                request.until == .max  // ESPALIER_LINK_NEWEST
                ? try board.newestFrame() : try board.frame(nearest: request.until, after: request.after)
        } catch {
            answer.event = ESPALIER_LINK_EVENT_CAMERA_FAILED
            try stream.write(answer)
            return answer
        }
        guard let frame else {
            answer.event = ESPALIER_LINK_EVENT_NO_FRAME
            try stream.write(answer)
            return answer
        }
        let image = frame.image
        let pixels = UnsafeRawBufferPointer(start: image.pixels, count: Int(image.row_bytes * image.height))
        answer.event = ESPALIER_LINK_EVENT_CAPTURED
        answer.payload_bytes = UInt32(MemoryLayout<EspalierLinkFrame>.size + pixels.count)
        try stream.write(answer)
        try stream.write(
            EspalierLinkFrame(
                time: frame.time, sequence: frame.sequence, pixel_format: image.pixel_format,
                width: image.width,
                height: image.height, row_bytes: image.row_bytes))
        try stream.write(bytes: pixels)
        return answer
    }

    private func reply(_ kind: Int32, payload: Int = 0) -> EspalierLinkReply {
        var reply = EspalierLinkReply()
        reply.kind = kind
        reply.payload_bytes = UInt32(payload)
        return reply
    }
}

/// What is wrong with a firmware.
public enum LinkError: Error, Equatable {
    /// It ended, or closed the link, before it was told to stop.
    case ended
    /// It took longer than the simulator's patience.
    case silent
    /// It says what cannot be; the text completes "The firmware is unfit: ...".
    case nonsense(String)
}

// MARK: - Bytes

/// Fixed-width structures over a pair of descriptors, with bounded patience.
private struct LinkStream {
    let input: Int32
    let output: Int32
    let patienceMilliseconds: Int32

    func read<Message: BitwiseCopyable>() throws(LinkError) -> Message {
        guard let message: Message = try readOrEnd() else { throw .ended }
        return message
    }

    /// - Returns: nil where the stream ends before the message.
    func readOrEnd<Message: BitwiseCopyable>() throws(LinkError) -> Message? {
        let bytes = try read(bytes: MemoryLayout<Message>.size)
        guard bytes.count == MemoryLayout<Message>.size else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: Message.self) }
    }

    /// - Returns: fewer bytes where the stream ends.
    func read(bytes count: Int) throws(LinkError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            try waitUntilReady(input, Int16(POLLIN))
            let more = bytes.withUnsafeMutableBytes {
                systemRead(input, $0.baseAddress! + done, count - done)
            }
            if more < 0 && errno == EINTR { continue }
            if more <= 0 { return Array(bytes[..<done]) }
            done += more
        }
        return bytes
    }

    func write<Message: BitwiseCopyable>(_ message: Message) throws(LinkError) {
        let sent = withUnsafeBytes(of: message) { send($0) }
        try sent.get()
    }

    func write(bytes: UnsafeRawBufferPointer) throws(LinkError) { try send(bytes).get() }

    private func send(_ bytes: UnsafeRawBufferPointer) -> Result<Void, LinkError> {
        var rest = bytes[...]
        while !rest.isEmpty {
            do throws(LinkError) { try waitUntilReady(output, Int16(POLLOUT)) } catch {
                return .failure(error)
            }
            // No more than a pipe that is ready is sure to take: a firmware that does not read cannot block
            // this.
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(PIPE_BUF)))
            let done = systemWrite(output, piece.baseAddress!, piece.count)
            if done < 0 && errno == EINTR { continue }
            if done <= 0 { return .failure(.ended) }
            rest = rest.dropFirst(done)
        }
        return .success(())
    }

    private func waitUntilReady(_ descriptor: Int32, _ events: Int16) throws(LinkError) {
        var ready = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let count = poll(&ready, 1, patienceMilliseconds)
            if count > 0 { return }
            if count == 0 { throw .silent }
            if errno != EINTR { throw .ended }
        }
    }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
