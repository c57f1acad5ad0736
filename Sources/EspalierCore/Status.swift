import CEspalier

/// Why the core refused to run. The codes are those of `espalier.h`.
///
/// A plain structure and not an enumeration: an enumeration's implied `Hashable` pulls the hasher, and with it a
/// source of random numbers, into firmware.
public struct Status: Error, Sendable {
    public let code: Int32

    public static var ok: Status { Status(code: ESPALIER_OK) }
    public static var abi: Status { Status(code: ESPALIER_ERROR_ABI) }
    public static var arenaSize: Status { Status(code: ESPALIER_ERROR_ARENA_SIZE) }
    public static var arenaAlignment: Status { Status(code: ESPALIER_ERROR_ARENA_ALIGNMENT) }
    public static var operation: Status { Status(code: ESPALIER_ERROR_OPERATION) }
    public static var count: Status { Status(code: ESPALIER_ERROR_COUNT) }
    public static var frame: Status { Status(code: ESPALIER_ERROR_FRAME) }
    public static var pixels: Status { Status(code: ESPALIER_ERROR_PIXELS) }
    public static var index: Status { Status(code: ESPALIER_ERROR_INDEX) }
    public static var scores: Status { Status(code: ESPALIER_ERROR_SCORES) }

    /// One sentence: what is wrong and what to do.
    public var text: StaticString {
        switch code {
        case ESPALIER_OK: "Success."
        case ESPALIER_ERROR_ABI:
            "The model header was written for another ABI version; compile the model again with this release."
        case ESPALIER_ERROR_ARENA_SIZE:
            "The arena is too small; give the model as many bytes as espalier_arena_size() returns."
        case ESPALIER_ERROR_ARENA_ALIGNMENT:
            "The arena is misaligned; align it to ESPALIER_ARENA_ALIGNMENT bytes."
        case ESPALIER_ERROR_OPERATION:
            "The model has an operation this core does not know; compile the model again with this release."
        case ESPALIER_ERROR_COUNT:
            "The number of values differs from the tensor's; pass height x width x channels of them."
        case ESPALIER_ERROR_FRAME:
            "The frame has no pixels, overlapping rows, or a side of 0, over 4095 or odd; check its size fields."
        case ESPALIER_ERROR_PIXELS:
            "The pixel format is unknown or does not fit the model's channels; pass one of ESPALIER_PIXELS_*."
        case ESPALIER_ERROR_INDEX:
            "There is no output or row with this index; pass one below output_count or the frame's height."
        case ESPALIER_ERROR_SCORES:
            "No output of the model has scores; choose one when compiling, with --score-output and --scores."
        default: "Unknown status code."
        }
    }
}
