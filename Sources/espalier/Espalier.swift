import ArgumentParser
import EspalierCompiler
import EspalierFiles
@preconcurrency import Foundation

/// The host command: everything a user does before a board is involved.
@main
struct Espalier: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "espalier",
        abstract:
            "Compiles int8 networks, pruned or not, into C weight headers, and runs them here and on simulated boards.",
        version: Compilation.toolVersion,
        subcommands: [
            Compile.self, Inspect.self, Validate.self, Benchmark.self, Tune.self, Simulate.self, Scenes.self,
            Boards.self, Doctor.self, Setup.self, Run.self,
        ])

    static func main() {
        InputFiles.watch()
        StandardOutput.checkAtExit()
        main(nil)
    }
}

/// What is printed is a command's result too: on a full disk it does not end well.
enum StandardOutput {
    /// However the command ends, and whatever it printed: help and versions too. A reader that has gone (`| head`) ends
    /// it by SIGPIPE, without a word, also where whoever started the command ignores that signal.
    static func checkAtExit() {
        signal(SIGPIPE, SIG_DFL)
        atexit {
            errno = 0
            guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
            if errno == EPIPE {
                signal(SIGPIPE, SIG_DFL)
                raise(SIGPIPE)
            }
            let reason = errno == 0 ? "" : " (\(String(cString: strerror(errno)).lowercased()))"
            let sentence =
                "Error: The standard output cannot be written\(reason); free some space, or send it elsewhere."
            complain(sentence)
            _exit(1)
        }
    }
}
