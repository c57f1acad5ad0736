public import CEspalier
import EspalierFiles

// The tables [camera] and [snapshots].

extension EspalierCamera {
    /// 640 x 480 at 30 frames a second, in the first format the camera offers; no source yet.
    public static var standard: EspalierCamera {
        var camera = EspalierCamera()
        camera.width = 640
        camera.height = 480
        camera.millihertz = 30_000
        camera.ring_frames = 2
        camera.input = -1
        camera.silence_milliseconds = 5000
        return camera
    }
}

extension EspalierSnapshots {
    /// None; with a folder, annotated ones of what set an output high, the last 100.
    public static var standard: EspalierSnapshots {
        var snapshots = EspalierSnapshots()
        snapshots.kinds = ESPALIER_SNAPSHOT_ANNOTATED
        snapshots.occasion = ESPALIER_SNAPSHOT_SIGNALS
        snapshots.keep = 100
        return snapshots
    }
}

/// A table [camera]: what it says, to be laid over a board's camera.
struct CameraTable: Sendable {
    private var source: (kind: Int32, text: String)?
    private var format: Int32?
    private var width: Int?
    private var height: Int?
    private var framesPerSecond: Double?
    private var ring: Int?
    private var input: Int?
    private var silence: Int?
    private let places: [String: Place]

    private static let sources = [
        ("device", ESPALIER_CAMERA_V4L2), ("command", ESPALIER_CAMERA_COMMAND),
        ("pictures", ESPALIER_CAMERA_PICTURES),
    ]

    static let keys =
        sources.map(\.0) + ["format", "width", "height", "fps", "ring", "input", "silence_ms"]

    init(_ section: TOMLSection) throws(FileError) { try self.init(section, besides: []) }

    /// - Parameter others: keys that somebody else reads.
    init(_ section: TOMLSection, besides others: [String]) throws(FileError) {
        try section.allowOnly(Self.keys + others)
        var places = ["": section.place()]
        for key in Self.keys { places[key] = section.place(key) }
        self.places = places
        for (key, kind) in Self.sources {
            guard let text = try section.text(key, bytes: Int(ESPALIER_SETUP_PATH_BYTES) - 1) else {
                continue
            }
            guard source == nil else {
                throw section.error(
                    key, "is a second source of frames", do: "give one of device, command and pictures")
            }
            guard !text.isEmpty else { throw section.error(key, "is empty", do: "name one, or leave it out") }
            source = (kind, text)
        }
        format = try section.choice("format", formats)
        width = try section.integer("width", in: 1...4095)
        height = try section.integer("height", in: 1...4095)
        framesPerSecond = try section.number("fps", in: 0.01...1000, orZero: true, units: [0.001])
        ring = try section.integer("ring", in: 1...16)
        input = try section.integer("input", in: -1...31)
        silence = try section.integer("silence_ms", in: 100...86_400_000, units: [1000])
    }

    /// The board's camera with this table's keys; the standard camera with them, where the table has a source
    /// of its own.
    func camera(over board: EspalierCamera?) throws(FileError) -> EspalierCamera {
        var camera = source == nil ? board ?? .standard : .standard
        if let source {
            camera.kind = source.kind
            setText(&camera.source, source.text)
        }
        camera.format = format ?? camera.format
        camera.width = width.map(Int32.init) ?? camera.width
        camera.height = height.map(Int32.init) ?? camera.height
        camera.millihertz = framesPerSecond.map { Int32(($0 * 1000).rounded()) } ?? camera.millihertz
        camera.ring_frames = ring.map(Int32.init) ?? camera.ring_frames
        camera.input = input.map(Int32.init) ?? camera.input
        camera.silence_milliseconds = silence.map(Int32.init) ?? camera.silence_milliseconds
        try check(camera)
        return camera
    }

    private func check(_ camera: EspalierCamera) throws(FileError) {
        switch camera.kind {
        case 0:
            throw place("").error(
                "names no source of frames, and the board has no camera",
                do: "give one of device, command and pictures")
        case ESPALIER_CAMERA_COMMAND
        where [ESPALIER_FORMAT_ANY, ESPALIER_FORMAT_MJPEG].contains(camera.format):
            throw place("format").error(
                "has to name the raw format that the command writes", do: "give for example format = \"yu12\""
            )
        case ESPALIER_CAMERA_PICTURES where format != nil:
            throw place("format").error("cannot go with pictures", do: "leave it out")
        case ESPALIER_CAMERA_COMMAND where camera.input != -1,
            ESPALIER_CAMERA_PICTURES where camera.input != -1:
            throw place("input").error("is for a device", do: "leave it out")
        default: break
        }
        let halvesRows = [ESPALIER_FORMAT_NV12, ESPALIER_FORMAT_YU12].contains(camera.format)
        let halvesPixels = halvesRows || [ESPALIER_FORMAT_YUYV, ESPALIER_FORMAT_UYVY].contains(camera.format)
        for (key, size, halves) in [
            ("width", camera.width, halvesPixels), ("height", camera.height, halvesRows),
        ] where halves && size % 2 != 0 {
            throw place(key).error("is \(size), but the format shares colours in pairs", do: "make it even")
        }
    }

    private func place(_ key: String) -> Place { places[key] ?? places[""]! }
}

extension TOMLSection {
    /// The table [snapshots], this section.
    func snapshots() throws(FileError) -> EspalierSnapshots {
        try allowOnly(["folder", "keep", "kinds", "occasion"])
        var snapshots = EspalierSnapshots.standard
        guard let folder = try text("folder", bytes: Int(ESPALIER_SETUP_PATH_BYTES) - 1) else {
            throw missing("folder", do: "say where snapshots go, or leave the table out")
        }
        setText(&snapshots.folder, folder)
        snapshots.keep = try integer("keep", in: 1...1000).map(Int32.init) ?? snapshots.keep
        snapshots.occasion = try choice("occasion", occasions) ?? snapshots.occasion
        if let kinds = try choices("kinds", kinds) {
            snapshots.kinds = kinds.reduce(0, |)
            if kinds.isEmpty { throw error("kinds", "is empty", do: "give \"clean\", \"annotated\" or both") }
        }
        return snapshots
    }
}

// MARK: - Words

private let formats = [
    ("any", ESPALIER_FORMAT_ANY), ("grey", ESPALIER_FORMAT_GREY), ("yuyv", ESPALIER_FORMAT_YUYV),
    ("uyvy", ESPALIER_FORMAT_UYVY), ("nv12", ESPALIER_FORMAT_NV12), ("yu12", ESPALIER_FORMAT_YU12),
    ("rgb24", ESPALIER_FORMAT_RGB24), ("bgr24", ESPALIER_FORMAT_BGR24), ("mjpeg", ESPALIER_FORMAT_MJPEG),
]
private let kinds = [("clean", ESPALIER_SNAPSHOT_CLEAN), ("annotated", ESPALIER_SNAPSHOT_ANNOTATED)]
private let occasions = [
    ("signals", ESPALIER_SNAPSHOT_SIGNALS), ("verdicts", ESPALIER_SNAPSHOT_VERDICTS),
]
