import CEspalier
import CLinux
import EspalierLinux
import EspalierSettings
import Foundation

extension CheckUp {
    /// Opens the camera as the reaction would, and looks at what comes.
    mutating func checkCamera(_ setup: EspalierSetup) {
        if setup.camera.kind == ESPALIER_CAMERA_V4L2 { tellFormats(text(setup.camera.source)) }
        if setup.camera.kind == ESPALIER_CAMERA_PICTURES { tellPictures(text(setup.camera.source)) }
        let fault = Devices.use(setup) { devices, setup, memory, bytes -> String? in
            let isRoom =
                espalier_devices_prepare(devices, setup, memory, bytes, &devices.pointee.problem) == 0
            var look = CameraLook(devices, setup)
            guard isRoom, look.take() else { return text(devices.pointee.problem.sentence) }
            var found = look.found
            var camera = setup.pointee.camera
            let seen = sentence { espalier_describe_look(devices, &camera, &found, $0, $1) }
            good("camera: \(seen)")
            let noted = sentence { espalier_note_look(&camera, &found, $0, $1) }
            if !noted.isEmpty { note("camera: \(noted)") }
            return nil
        }
        if let fault { bad(fault) }
    }

    /// What a device offers, whatever comes of it.
    private func tellFormats(_ source: String) {
        var path = [CChar](repeating: 0, count: 300)
        var problem = EspalierProblem()
        let descriptor = espalier_video_find(source, &path, 300, &problem)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var next: UInt32 = 0
        var offered: [String] = []
        while case let format = espalier_video_next_format(descriptor, &next), format != 0 {
            offered.append(String(cString: espalier_format_name(format)))
        }
        if !offered.isEmpty { note("camera: \(source) offers \(offered.joined(separator: ", "))") }
    }

    private func tellPictures(_ path: String) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        let others = names.filter { espalier_is_picture_name($0) == 0 }.sorted()
        var sentence = "camera: \(names.count - others.count) PNG and JPEG files in \(path)"
        if !others.isEmpty {
            let some = others.prefix(3).joined(separator: ", ") + (others.count > 3 ? ", ..." : "")
            sentence += "; \(others.count) left out, which are not called so (\(some))"
        }
        note(sentence)
    }
}

/// A text that a function of the C rooms writes.
private func sentence(_ write: (UnsafeMutablePointer<CChar>, UInt32) -> Void) -> String {
    var text = [CChar](repeating: 0, count: 600)
    write(&text, UInt32(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
