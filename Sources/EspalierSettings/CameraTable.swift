public import CEspalier
import CLinux
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
    /// of its own. Not checked: options may change it.
    ///
    /// - Throws: for a key that would change what the board's command does not hear of.
    func camera(over board: EspalierCamera?) throws(FileError) -> EspalierCamera {
        guard let source else {
            let base = board ?? .standard
            try checkFixed(base)
            return values(over: base)
        }
        var camera = values(over: .standard)
        camera.kind = source.kind
        setText(&camera.source, source.text)
        return camera
    }

    /// The camera of a board, checked.
    func checkedCamera() throws(FileError) -> EspalierCamera {
        var camera = try camera(over: nil)
        var problem = EspalierProblem()
        if espalier_camera_check(&camera, &problem) == 0 { return camera }
        throw fault(problem)
    }

    /// A problem with a setting of this table.
    func fault(_ problem: EspalierProblem) -> FileError {
        let sentence = text(problem.sentence).utf8.dropFirst(Int(problem.subject_bytes))
        let key = problem.key.map { String(cString: $0) } ?? ""
        return place(key).error(sentence: String(decoding: sentence, as: UTF8.self))
    }

    /// The standard camera with this table's keys and no source.
    var bare: EspalierCamera { values(over: .standard) }

    private func values(over base: EspalierCamera) -> EspalierCamera {
        var camera = base
        camera.format = format ?? camera.format
        camera.width = width.map(Int32.init) ?? camera.width
        camera.height = height.map(Int32.init) ?? camera.height
        camera.millihertz = framesPerSecond.map { Int32(($0 * 1000).rounded()) } ?? camera.millihertz
        camera.ring_frames = ring.map(Int32.init) ?? camera.ring_frames
        camera.input = input.map(Int32.init) ?? camera.input
        camera.silence_milliseconds = silence.map(Int32.init) ?? camera.silence_milliseconds
        return camera
    }

    /// - Throws: where this table says otherwise than a command that goes its own way.
    private func checkFixed(_ board: EspalierCamera) throws(FileError) {
        let wanted = values(over: board)
        let changes: [(key: String, now: Int32, then: Int32)] = [
            ("width", board.width, wanted.width), ("height", board.height, wanted.height),
            ("fps", board.millihertz, wanted.millihertz), ("format", board.format, wanted.format),
        ]
        for (key, now, then) in changes where now != then {
            var camera = board
            guard espalier_camera_is_fixed(&camera, key) != 0 else { continue }
            let text =
                switch key {
                case "format": "\"\(String(cString: espalier_format_word(now)))\""
                case "fps": (Double(now) / 1000).formatted()
                default: String(now)
                }
            throw place(key).error(
                "cannot be changed: the board's command has no {\(key)}, and is for \(text)",
                do: "leave it out, or give a command of your own with {\(key)}")
        }
    }

    /// The place of a key, or where it would be.
    func place(_ key: String) -> Place { places[key] ?? places[""]! }
}

extension TOMLSection {
    /// The table [snapshots], this section.
    func snapshots() throws(FileError) -> EspalierSnapshots {
        try allowOnly(["folder", "keep", "kinds", "occasion"])
        var snapshots = EspalierSnapshots.standard
        // An option may name the folder.
        if let folder = try text("folder", bytes: Int(ESPALIER_SETUP_PATH_BYTES) - 1) {
            setText(&snapshots.folder, folder)
        }
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
