import ArgumentParser

/// Shared by the commands that measure times.
struct MeasuringOptions: ParsableArguments {
    @Option(help: "How long to measure; tune: each packing.")
    var seconds = 1.0

    func validate() throws {
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds \(seconds) is not above 0 and at most 3600.")
        }
    }
}
