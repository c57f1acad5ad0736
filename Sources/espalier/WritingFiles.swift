import ArgumentParser
import EspalierFiles
import Foundation

/// Shared by the commands that write files.
struct ForceOption: ParsableArguments {
    @Flag(help: "Replace files that Espalier did not write; inputs are never written over.")
    var force = false
}

extension Destination {
    /// Says what was written: on the standard output, or beside it where the file itself went there.
    func note(_ text: String) {
        if isFile {
            print(text)
        } else {
            complain(text)
        }
    }
}
