import CEspalier
import CLinux
import EspalierLinux
import EspalierSettings
import Foundation
import Testing

/// The devices that Tests/Rigs makes in a virtual machine: a chip "rig-gpio" whose lines PIR, BUTTON, RELAY, FAULT ...
/// are moved and read through sysfs, a chip "rig-spare" with another BUTTON, and vivid, a camera of the kernel's.
///
/// Tests that need them are skipped elsewhere: `make rig-uml` runs them.
enum DeviceRig {
    static let isHere = variable("ESPALIER_RIG_CONFIGFS") != nil
    static let isMeasuring = isHere && variable("ESPALIER_RIG_MEASURE") != nil
    static let reason: Comment = "there are no test devices on this machine; `make rig-uml` brings its own"

    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
    private static var chip: String { variable("ESPALIER_RIG_CONFIGFS") ?? "" }

    /// Where the kernel shows the lines now: a chip that comes back may have another number.
    private static var lines: String {
        "/sys/devices/platform/\(word(chip + "/dev_name"))/\(word(chip + "/bank0/chip_name"))"
    }

    private static func word(_ path: String) -> String {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(in: .newlines)
    }

    static var camera: String { variable("ESPALIER_RIG_VIDEO") ?? "" }

    /// Moves an input line from outside.
    static func pull(_ line: Int, up: Bool) {
        write(lines + "/sim_gpio\(line)/pull", up ? "pull-up" : "pull-down")
    }

    /// The level outsiders see on a line.
    static func level(_ line: Int) -> Int? {
        Int(word(lines + "/sim_gpio\(line)/value"))
    }

    /// True while a program has lines of a chip.
    static var isInUse: Bool { word("/sys/kernel/debug/gpio").contains("espalier") }

    /// Takes the chip away, or brings it back.
    static func setChip(present: Bool) {
        write(chip + "/live", present ? "1" : "0")
    }

    private static func write(_ path: String, _ text: String) {
        let descriptor = open(path, O_WRONLY)
        precondition(descriptor >= 0, "\(path): \(String(cString: strerror(errno)))")
        _ = text.withCString { Foundation.write(descriptor, $0, strlen($0)) }
        Foundation.close(descriptor)
    }
}

extension EspalierLine {
    init(_ name: String, chip: String = "", offset: Int32 = 0) {
        self.init()
        setText(&self.name, name)
        setText(&self.chip, chip)
        self.offset = offset
    }
}

extension EspalierProblem {
    var text: String {
        EspalierSettings.text(sentence)
    }
}
