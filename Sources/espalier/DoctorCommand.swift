import ArgumentParser
import CEspalier
import CLinux
import EspalierLinux
import EspalierSettings
import Foundation

/// `espalier doctor`: whether this machine has what a reaction needs, and how to mend what it has not.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks chip, lines, camera, folder and clock for a reaction on this machine.",
        discussion: "Nothing is requested or changed. Exits with 1 when anything has to be mended.")

    @OptionGroup var options: SetupOptions

    func run() throws {
        var checkUp = CheckUp()
        let board = try BoardFolder.board(options.board)
        let setup = try options.setup(labels: nil)
        checkUp.good("board \(board.name) (\(board.title)), reaction \(options.reaction)")
        checkUp.checkLines(setup)
        checkUp.checkCamera(setup)
        checkUp.checkSnapshots(setup)
        checkUp.checkClock()
        print(checkUp.faults == 0 ? "all is well" : "\(checkUp.faults) to mend")
        if checkUp.faults > 0 { throw ExitCode(1) }
    }
}

/// The checks, each a line: what is well, or what is not and how to mend it.
struct CheckUp {
    private(set) var faults = 0

    func good(_ what: String) { print("ok    \(what)") }

    mutating func bad(_ what: String) {
        faults += 1
        print("MEND  \(what)")
    }

    mutating func checkLines(_ setup: EspalierSetup) {
        let inputs = elements(setup.inputs, of: EspalierLine.self).prefix(Int(setup.input_count))
        let outputs = elements(setup.outputs, of: EspalierLine.self).prefix(Int(setup.output_count))
        for (index, line) in inputs.enumerated() { check(line, "input \(index)") }
        for (index, line) in outputs.enumerated() { check(line, "output \(index)") }
    }

    private mutating func check(_ line: EspalierLine, _ role: String) {
        var line = line
        var place = EspalierPlace()
        var problem = EspalierProblem()
        if espalier_line_find(&line, &place, &problem) != 0 {
            return bad("\(role): \(text(problem.sentence))")
        }
        let spot = "\(text(place.path)) (\(text(place.label))) line \(place.offset)"
        if place.is_used == 0 { return good("\(role): \(spot), free") }
        let user = text(place.consumer)
        bad("\(role): \(spot) is in use by \(user.isEmpty ? "the kernel" : user); stop that program first")
    }

    mutating func checkCamera(_ setup: EspalierSetup) {
        switch setup.camera.kind {
        case ESPALIER_CAMERA_V4L2: checkDevice(setup.camera)
        case ESPALIER_CAMERA_COMMAND: checkCommand(text(setup.camera.source))
        default: checkPictures(text(setup.camera.source))
        }
    }

    private mutating func checkDevice(_ camera: EspalierCamera) {
        var path = [CChar](repeating: 0, count: 300)
        var problem = EspalierProblem()
        let descriptor = espalier_video_find(text(camera.source), &path, 300, &problem)
        guard descriptor >= 0 else { return bad("camera: \(text(problem.sentence))") }
        defer { close(descriptor) }
        var next: UInt32 = 0
        var offered: [Int32] = []
        while case let format = espalier_video_next_format(descriptor, &next), format != 0 {
            offered.append(format)
        }
        let names = offered.map { String(cString: espalier_format_name($0)) }.joined(separator: ", ")
        let name = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if offered.isEmpty {
            bad("camera: \(name) offers no format this program reads; pipe rpicam-vid or ffmpeg instead")
        } else if camera.format != ESPALIER_FORMAT_ANY && !offered.contains(camera.format) {
            bad("camera: \(name) offers \(names); set [camera] format to one of them")
        } else {
            good("camera: \(name) offers \(names)")
        }
    }

    private mutating func checkCommand(_ command: String) {
        let program = String(command.split(separator: " ").first ?? "")
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(
            String.init)
        let candidates = program.contains("/") ? [program] : folders.map { "\($0)/\(program)" }
        if let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) {
            good("camera: \(path) is there")
        } else {
            bad("camera: there is no program \(program); install it, or correct [camera] command")
        }
    }

    private mutating func checkPictures(_ path: String) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return bad("camera: there is no \(path); correct [camera] pictures")
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let count = isFolder.boolValue ? names.filter { $0.hasSuffix(".png") }.count : 1
        if count == 0 {
            bad("camera: \(path) has no .png files; put some there")
        } else {
            good("camera: \(count) pictures in \(path)")
        }
    }

    mutating func checkSnapshots(_ setup: EspalierSetup) {
        let folder = text(setup.snapshots.folder)
        if folder.isEmpty { return }
        if FileManager.default.isWritableFile(atPath: folder) {
            good("snapshots: \(folder) can be written to")
        } else {
            bad("snapshots: \(folder) cannot be written to; make it, and give it to this user")
        }
    }

    mutating func checkClock() {
        var resolution = timespec()
        clock_getres(CLOCK_MONOTONIC, &resolution)
        let nanoseconds = resolution.tv_sec * 1_000_000_000 + resolution.tv_nsec
        if nanoseconds <= 1_000_000 {
            good("clock: \(nanoseconds) ns")
        } else {
            bad("clock: steps of \(nanoseconds) ns; use a kernel with high-resolution timers")
        }
        good("GPIO through libgpiod \(String(cString: espalier_line_library()))")
    }
}
