public import CEspalier

/// A setup as C text, for the firmware to bake in: the same bytes each time, every number in a line of its own name.
public struct SetupHeader {
    /// The whole header.
    public private(set) var text = ""
    private let setup: EspalierSetup

    /// - Parameters:
    ///   - sources: the files it was made from, for the banner.
    ///   - toolVersion: of the tool that writes it.
    public init(_ setup: EspalierSetup, sources: [String], toolVersion: String) {
        self.setup = setup
        line("/* Written by espalier \(toolVersion): do not edit.")
        line(" * Sources: \(sources.joined(separator: ", ")). */")
        line("#ifndef ESPALIER_GENERATED_SETUP_H")
        line("#define ESPALIER_GENERATED_SETUP_H")
        line("")
        line("#include \"espalier_setup.h\"")
        line("")
        writeNeeds()
        line("static const EspalierSetup espalier_setup = {")
        write("    .abi_version = \(setup.abi_version)u, .input_count = \(setup.input_count), ")
        line(".output_count = \(setup.output_count), .board = \(quoted(EspalierSettings.text(setup.board))),")
        writeLines("inputs", elements(setup.inputs, of: EspalierLine.self).prefix(Int(setup.input_count)))
        writeLines("outputs", elements(setup.outputs, of: EspalierLine.self).prefix(Int(setup.output_count)))
        writeCamera("camera", setup.camera)
        writeCamera("bare", setup.bare)
        writeSnapshots(setup.snapshots)
        writeReaction(setup.reaction)
        line("};")
        line("")
        line("#endif")
    }

    private mutating func write(_ words: String) { text += words }
    private mutating func line(_ words: String) { text += words + "\n" }

    /// What main.c reserves, and what cross/build-node leaves out.
    private mutating func writeNeeds() {
        var setup = setup
        line("#define ESPALIER_SETUP_MEMORY_BYTES \(espalier_setup_memory_bytes(&setup))")
        let mayDecode =
            setup.camera.kind == ESPALIER_CAMERA_PICTURES
            || setup.camera.kind == ESPALIER_CAMERA_V4L2
                && (setup.camera.format == ESPALIER_FORMAT_MJPEG
                    || setup.camera.format == ESPALIER_FORMAT_ANY)
        if !mayDecode { line("#define ESPALIER_SETUP_WITHOUT_JPEG") }
        if setup.camera.kind != ESPALIER_CAMERA_PICTURES { line("#define ESPALIER_SETUP_WITHOUT_PICTURES") }
        if EspalierSettings.text(setup.snapshots.folder).isEmpty {
            line("#define ESPALIER_SETUP_WITHOUT_SNAPSHOTS")
        }
        line("")
    }

    private mutating func writeLines(_ name: String, _ lines: some Collection<EspalierLine>) {
        if lines.isEmpty { return }
        line("    .\(name) = {")
        for each in lines {
            write("        { .chip = \(quoted(EspalierSettings.text(each.chip))), ")
            write(".name = \(quoted(EspalierSettings.text(each.name))), .offset = \(each.offset), ")
            line(".bias = \(each.bias), .drive = \(each.drive), .active_low = \(each.active_low) },")
        }
        line("    },")
    }

    private mutating func writeCamera(_ name: String, _ camera: EspalierCamera) {
        line("    .\(name) = {")
        line("        .source = \(quoted(EspalierSettings.text(camera.source))),")
        line("        .kind = \(camera.kind), .format = \(camera.format), .width = \(camera.width),")
        line("        .height = \(camera.height), .millihertz = \(camera.millihertz),")
        line("        .ring_frames = \(camera.ring_frames), .input = \(camera.input),")
        line("        .silence_milliseconds = \(camera.silence_milliseconds),")
        line("    },")
    }

    private mutating func writeSnapshots(_ snapshots: EspalierSnapshots) {
        line("    .snapshots = {")
        line(
            "        .folder = \(quoted(EspalierSettings.text(snapshots.folder))), .kinds = \(snapshots.kinds),"
        )
        line("        .occasion = \(snapshots.occasion), .keep = \(snapshots.keep),")
        line("    },")
    }

    private mutating func writeReaction(_ reaction: EspalierReaction) {
        line("    .reaction = {")
        line("        .abi_version = \(reaction.abi_version)u, .dry_run = \(reaction.dry_run),")
        line("        .trigger_count = \(reaction.trigger_count), .output_count = \(reaction.output_count),")
        line("        .frame_age_nanoseconds = \(reaction.frame_age_nanoseconds),")
        line("        .deadline_nanoseconds = \(reaction.deadline_nanoseconds),")
        line("        .pretrigger_nanoseconds = \(reaction.pretrigger_nanoseconds),")
        line("        .watchdog_nanoseconds = \(reaction.watchdog_nanoseconds),")
        line("        .burst_frames = \(reaction.burst_frames), .burst_votes = \(reaction.burst_votes),")
        line("        .triggers = {")
        let triggers = elements(reaction.triggers, of: EspalierTrigger.self)
        for trigger in triggers.prefix(Int(reaction.trigger_count)) { writeTrigger(trigger) }
        line("        },")
        line("        .outputs = {")
        let outputs = elements(reaction.outputs, of: EspalierOutput.self)
        for output in outputs.prefix(Int(reaction.output_count)) { writeOutput(output) }
        line("        },")
        line("    },")
    }

    private mutating func writeTrigger(_ trigger: EspalierTrigger) {
        line("            { .line = \(trigger.line), .edge = \(trigger.edge),")
        line("              .debounce_nanoseconds = \(trigger.debounce_nanoseconds),")
        line("              .hold_off_nanoseconds = \(trigger.hold_off_nanoseconds),")
        line("              .settle_nanoseconds = \(trigger.settle_nanoseconds),")
        line("              .cooldown_nanoseconds = \(trigger.cooldown_nanoseconds),")
        line("              .period_nanoseconds = \(trigger.period_nanoseconds),")
        line("              .stuck_nanoseconds = \(trigger.stuck_nanoseconds) },")
    }

    private mutating func writeOutput(_ output: EspalierOutput) {
        line(
            "            { .line = \(output.line), .mode = \(output.mode), .label_mask = \(output.label_mask)u,"
        )
        line("              .duration_nanoseconds = \(output.duration_nanoseconds),")
        line("              .threshold_high_permille = \(output.threshold_high_permille),")
        line("              .threshold_low_permille = \(output.threshold_low_permille),")
        line("              .score_rule = \(output.score_rule), .trigger_mask = \(output.trigger_mask)u,")
        line("              .safe_high = \(output.safe_high) },")
    }

    /// A C string: bytes beyond plain ASCII in octal, which ends after three digits.
    private func quoted(_ text: String) -> String {
        var literal = "\""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "?"):
                literal += "\\" + String(Unicode.Scalar(byte))
            case 0x20...0x7E: literal.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 8)
                literal += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return literal + "\""
    }
}
