import Foundation

/// Says which case was running when the process dies.
enum CrashReport {
    /// The running case's name, as bytes that a signal handler may read.
    nonisolated(unsafe) private static let name = UnsafeMutablePointer<UInt8>.allocate(capacity: 512)
    nonisolated(unsafe) private static var length = 0

    static func install() {
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            Foundation.signal(signal) { number in
                CrashReport.write()
                _exit(128 + number)
            }
        }
    }

    static func current(_ text: String) {
        length = 0
        for byte in text.utf8.prefix(500) {
            name[length] = byte
            length += 1
        }
        name[length] = 0x0a
    }

    private static func write() {
        _ = Foundation.write(2, "crashed in ", 11)
        _ = Foundation.write(2, name, length + 1)
    }
}

/// The most memory this process has held, in MiB.
func peakMebibytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
}
