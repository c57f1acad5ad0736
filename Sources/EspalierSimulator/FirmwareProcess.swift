public import EspalierFiles
import Foundation

/// A firmware binary on a simulated board: started with `--link`, served over its standard input and output.
public enum FirmwareProcess {
    /// Runs a scenario with a firmware of its own process. What it writes to standard error is passed on.
    ///
    /// Ignores SIGPIPE in the whole process from now on: a firmware that dies must not take the simulator
    /// with it.
    ///
    /// - Parameter patienceMilliseconds: how long, in real time, the firmware may keep silent.
    /// - Throws: a `FileError`, one sentence, when the firmware cannot be started, ends early, hangs or is of
    ///   another release, and for a label its model does not know.
    public static func run(
        _ path: String, _ scenario: Scenario, patienceMilliseconds: Int32 = 60_000
    ) throws(FileError) -> SimulationRun {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw FileError(path, "is not an executable file", do: "build the firmware with cross/build-node")
        }
        signal(SIGPIPE, SIG_IGN)
        let requests = Pipe()
        let replies = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["--link"]
        process.standardInput = replies
        process.standardOutput = requests
        do {
            try process.run()
        } catch {
            throw FileError(path, "cannot be started", do: "build it for this machine with cross/build-node")
        }
        let server = LinkServer(
            scenario: scenario, input: requests.fileHandleForReading.fileDescriptor,
            output: replies.fileHandleForWriting.fileDescriptor, patienceMilliseconds: patienceMilliseconds)
        let result = Result { try server.serve() }
        try? replies.fileHandleForWriting.close()
        let status = end(process, kill: result.isSilence)
        switch result {
        case .success(let run): return run
        case .failure(let error as FileError): throw error
        case .failure(let error):
            throw sentence(path, error as? LinkError ?? .ended, status, patienceMilliseconds)
        }
    }

    /// Waits for the process to end, and makes it end when it does not within five seconds, or at once.
    private static func end(_ process: Process, kill: Bool) -> String {
        let timer = DispatchSource.makeTimerSource()
        let identifier = process.processIdentifier
        timer.setEventHandler { _ = Foundation.kill(identifier, SIGKILL) }
        timer.schedule(deadline: .now() + (kill ? 0 : 5))
        timer.resume()
        process.waitUntilExit()
        timer.cancel()
        let isSignal = process.terminationReason == .uncaughtSignal
        return "\(isSignal ? "signal" : "exit status") \(process.terminationStatus)"
    }

    private static func sentence(
        _ path: String, _ error: LinkError, _ status: String, _ patienceMilliseconds: Int32
    ) -> FileError {
        switch error {
        case .ended:
            FileError(
                path, "ended before the scenario did (\(status))",
                do: "see what it wrote to standard error, or run it in a debugger")
        case .silent:
            FileError(
                path, "kept silent for \(Double(patienceMilliseconds) / 1000) seconds and was ended",
                do: "check that it was built by cross/build-node and does not hang")
        case .nonsense(let what):
            FileError(path, "does not fit: \(what)", do: "build firmware and tools from one release")
        }
    }
}

extension Result where Failure == any Error {
    fileprivate var isSilence: Bool {
        if case .failure(let error) = self { return error as? LinkError == .silent }
        return false
    }
}
