// The few system calls of this room, under names that no type here shadows.

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `read(2)`, repeated when a signal interrupts it. Returns the bytes read, 0 at the end, or -1 with `errno`.
func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 || errno != EINTR { return count }
    }
}

/// `write(2)` until nothing is left. Returns 0 or the `errno`.
func systemWriteAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
    bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = write(descriptor, piece.baseAddress, piece.count)
            if count < 0, errno != EINTR { return errno }
            rest = rest.dropFirst(max(count, 0))
        }
        return 0
    }
}

/// The system's words for an `errno`, in lower case so that they fit into a sentence.
func systemText(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    return text.prefix(1).lowercased() + text.dropFirst()
}

/// Writes a line to the standard error; where that cannot be written there is nobody left to tell.
public func complain(_ line: String) {
    _ = systemWriteAll(STDERR_FILENO, Array((line + "\n").utf8))
}
