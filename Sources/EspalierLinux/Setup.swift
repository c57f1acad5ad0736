public import CEspalier
import EspalierReaction

extension EspalierSetup {
    /// True for a setup whose numbers fit each other and this room: what the files' reader has checked with better
    /// sentences, checked again for whoever made it otherwise.
    public var isValid: Bool {
        guard abi_version == ESPALIER_SETUP_ABI_VERSION, MemoryLayout<EspalierSetup>.size == 4120,
            reaction.isValid, input_count >= 0, input_count <= ESPALIER_MOST_TRIGGERS,
            output_count >= 0, output_count <= ESPALIER_MOST_OUTPUTS, isCameraValid, areSnapshotsValid
        else { return false }
        for index in 0..<Int(reaction.trigger_count) {
            let trigger = reaction.trigger(index)
            if trigger.period_nanoseconds == 0 && trigger.line >= input_count { return false }
        }
        for index in 0..<Int(reaction.output_count) where reaction.output(index).line >= output_count {
            return false
        }
        return true
    }

    private var isCameraValid: Bool {
        let isRaw = camera.format > ESPALIER_FORMAT_ANY && camera.format < ESPALIER_FORMAT_MJPEG
        return camera.kind >= ESPALIER_CAMERA_V4L2 && camera.kind <= ESPALIER_CAMERA_PICTURES
            && camera.source.0 != 0
            && camera.format >= ESPALIER_FORMAT_ANY && camera.format <= ESPALIER_FORMAT_MJPEG
            && (isRaw || camera.kind != ESPALIER_CAMERA_COMMAND)
            && camera.width >= 1 && camera.width <= 4095 && camera.height >= 1 && camera.height <= 4095
            && camera.ring_frames >= 1 && camera.ring_frames <= 16
            && camera.millihertz >= 0 && camera.silence_milliseconds >= 0
    }

    private var areSnapshotsValid: Bool {
        snapshots.folder.0 == 0
            || snapshots.kinds >= ESPALIER_SNAPSHOT_CLEAN && snapshots.kinds <= 3
                && snapshots.keep >= 1 && snapshots.keep <= 1000
    }
}
