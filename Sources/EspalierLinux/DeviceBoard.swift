public import CEspalier
public import CLinux
import EspalierCore
public import EspalierReaction

/// A real board: GPIO lines, a camera, the kernel's clock, the service manager's watchdog.
///
///     var board = DeviceBoard(devices, setup, labels: model.pointee.labels, labelCount: 2)
///     guard board.open() else { ... devices.pointee.problem says why ... }
///     var loop = ReactionLoop(board: board, classifier: classifier, settings: board.settings)
///     let counters = loop.run()
///     loop.board.close(counters)
///
/// All its memory is `devices`, which has to stay where it is; it allocates nothing after `open`.
public struct DeviceBoard {
    let devices: UnsafeMutablePointer<EspalierDevices>
    let setup: UnsafePointer<EspalierSetup>
    private let labels: UnsafePointer<UnsafePointer<CChar>?>?
    private let labelCount: Int32
    private var lines: DeviceLines
    private var camera: DeviceCamera
    private var clock = DeviceClock()
    private var mayHaveFrame = true
    private var isTroubled = false
    private var snapshotError: Int32 = 0

    /// - Parameters:
    ///   - devices: prepared by `espalier_devices_prepare`.
    ///   - setup: stays where it is. Precondition: its reaction is valid.
    public init(
        _ devices: UnsafeMutablePointer<EspalierDevices>, _ setup: UnsafePointer<EspalierSetup>,
        labels: UnsafePointer<UnsafePointer<CChar>?>?, labelCount: Int32
    ) {
        self.devices = devices
        self.setup = setup
        self.labels = labels
        self.labelCount = labelCount
        lines = DeviceLines(devices, setup)
        camera = DeviceCamera(devices, setup)
    }

    /// Edges the kernel dropped, as far as it lets us know.
    public var lostEdges: Int64 { lines.lostEdges }

    /// Opens lines, camera and snapshots. After a failure everything is closed, and `devices.problem` says why.
    public mutating func open() -> Bool {
        guard lines.open() else { return false }
        guard camera.open(now: now()) else {
            lines.close()
            return false
        }
        guard setup.pointee.snapshots.folder.0 == 0 || startSnapshots() else {
            camera.close()
            lines.close()
            return false
        }
        return true
    }

    /// Opens everything, looks at the camera, prints what was found, gives everything back. False with
    /// `devices.problem` where something is not as it should be.
    mutating func check() -> Bool {
        guard lines.open() else { return false }
        defer { lines.close() }
        if setup.pointee.snapshots.folder.0 != 0 {
            guard startSnapshots() else { return false }
            espalier_snapshots_stop()
        }
        var look = CameraLook(devices, setup)
        let isFine = look.take()
        var found = look.found
        if isFine {
            espalier_print_check(setup, devices, &found)
        } else {
            espalier_print_check(setup, devices, nil)
        }
        return isFine
    }

    private func startSnapshots() -> Bool {
        espalier_snapshots_apart(setup, &devices.pointee.problem) == 0
            && espalier_snapshots_start(
                espalier_setup_snapshots(setup), devices.pointee.snapshot, devices.pointee.snapshot_bytes,
                devices.pointee.snapshot_pool, &devices.pointee.problem) == 0
    }

    /// The setup's reaction, without the debouncing that the kernel does already, and with the watchdog of the
    /// service manager where the setup has none. Valid after `open`.
    public var settings: EspalierReaction {
        var settings = setup.pointee.reaction
        for index in 0..<Int(settings.trigger_count) where lines.isDebounced(settings.trigger(index).line) {
            espalier_clear_debounce(&settings, Int32(truncatingIfNeeded: index))
        }
        if settings.watchdog_nanoseconds == 0 {
            settings.watchdog_nanoseconds = espalier_watchdog_period() / 2
        }
        return settings
    }

    /// Sets the outputs to their safe levels, gives everything back, and prints what it all came to, if it came to
    /// anything.
    public mutating func close(_ counters: ReactionCounters?) {
        lines.close()
        camera.close()
        espalier_snapshots_stop()
        guard let counters else { return }
        var summary = EspalierSummary(counters)
        let snapshots = espalier_snapshots_counters()
        summary.lost_edges = lines.lostEdges
        summary.chip_restarts = lines.restarts
        summary.dropped_frames = camera.droppedFrames
        summary.camera_restarts = camera.restarts
        espalier_print_summary(&summary, snapshots)
    }

    private func label(_ record: EspalierReactionRecord) -> UnsafePointer<CChar>? {
        guard let labels, record.class_index >= 0, record.class_index < labelCount else { return nil }
        return labels[Int(record.class_index)]
    }
}

// MARK: - The board contract

extension DeviceBoard: BoardClock, EdgeSource, OutputLine, FrameSource, Watchdog, RecordSink {
    public mutating func now() -> Int64 { clock.now() }

    /// A real clock has moved on by itself, and so has the camera.
    public mutating func worked(macs: UInt64) {
        mayHaveFrame = true
        camera.disturb()
    }

    public mutating func stopwatch() -> Int64 { clock.stopwatch() }

    public mutating func wait(until: Int64, frameAfter: Int64) -> Wake {
        while true {
            if espalier_is_stopping() != 0 { return .stop }
            let time = clock.read()
            if let edge = lines.nextEdge(now: time) { return .edge(edge) }
            takeIn(time)
            lines.tend(now: time)
            camera.tend(now: time)
            if isTroubled != (lines.areTroubled || camera.isTroubled) {
                isTroubled = !isTroubled
                return .trouble(isTroubled)
            }
            if camera.hasFrame(after: frameAfter) { return .frame }
            if time >= until { return .deadline }
            sleep(until: min(until, min(lines.wakeTime, camera.wakeTime)))
        }
    }

    /// Asks the camera only where it may have something: the last wait said so, or there was none since.
    private mutating func takeIn(_ time: Int64) {
        if mayHaveFrame { camera.takeIn(now: time) }
        mayHaveFrame = camera.descriptor < 0
    }

    private mutating func sleep(until: Int64) {
        var waiting = EspalierWaiting()
        var ready: UInt32 = 0
        var broken: UInt32 = 0
        lines.addDescriptors(to: &waiting)
        espalier_wait_for(&waiting, camera.descriptor)
        espalier_wait_for(&waiting, camera.errorDescriptor)
        _ = espalier_wait(&waiting, until, &ready, &broken)
        lines.note(ready: ready, broken: broken)
        let ofCamera = (ready | broken) &>> UInt32(truncatingIfNeeded: waiting.count &- 2)
        mayHaveFrame = mayHaveFrame || ofCamera & 1 != 0
        if ofCamera & 2 != 0 { camera.listen() }
    }

    public mutating func setLine(_ line: Int32, high: Bool) throws(LineFailure) {
        clock.passes()
        try lines.set(line, high: high, now: clock.time)
    }

    public mutating func newestFrame() throws(CameraFailure) -> Frame? {
        takeIn(clock.time)
        camera.disturb()
        if !camera.decodes { clock.stands() }
        return try camera.newestFrame()
    }

    public mutating func frame(
        nearest time: Int64, after sequence: Int64
    ) throws(CameraFailure) -> Frame? {
        takeIn(clock.time)
        camera.disturb()
        if !camera.decodes { clock.stands() }
        return try camera.frame(nearest: time, after: sequence)
    }

    public mutating func feedWatchdog() { espalier_notify_alive() }

    /// The record's line of JSON; then the snapshot, which never holds up a signal.
    public mutating func report(_ record: EspalierReactionRecord) {
        var record = record
        let label = label(record)
        espalier_print_record(&record, label)
        takeSnapshot(&record, label)
    }

    private mutating func takeSnapshot(_ record: inout EspalierReactionRecord, _ label: UnsafePointer<CChar>?)
    {
        guard setup.pointee.snapshots.folder.0 != 0, record.outcome == ESPALIER_OUTCOME_VERDICT,
            record.signalled != 0 || setup.pointee.snapshots.occasion == ESPALIER_SNAPSHOT_VERDICTS,
            let frame = camera.frame(sequence: record.frame_sequence),
            let picture = espalier_snapshots_begin()
        else { return complainOfSnapshots() }
        guard copy(frame.image, to: picture) else { return espalier_snapshots_cancel() }
        espalier_snapshots_end(&record, label)
        complainOfSnapshots()
    }

    private func copy(_ image: EspalierFrame, to picture: UnsafeMutablePointer<EspalierPicture>) -> Bool {
        var image = image
        let isGrey = image.pixel_format == ESPALIER_PIXELS_GRAY8
        picture.pointee.width = image.width
        picture.pointee.height = image.height
        picture.pointee.channels = isGrey ? 1 : 3
        let row = Int(image.width) &* (isGrey ? 1 : 3)
        guard row &* Int(image.height) <= Int(picture.pointee.capacity) else { return false }
        for index in 0..<image.height {
            let target = picture.pointee.pixels + Int(index) &* row
            let status =
                isGrey
                ? espalier_frame_row_grey(&image, index, target) : espalier_frame_row(&image, index, target)
            guard status == ESPALIER_OK else { return false }
        }
        return true
    }

    /// Once for each time that writing begins to fail.
    private mutating func complainOfSnapshots() {
        let error = espalier_snapshots_counters().error
        if error != snapshotError && error != 0 {
            espalier_problem_snapshot(&devices.pointee.problem, espalier_setup_snapshots(setup), error)
            espalier_say(&devices.pointee.problem)
        }
        snapshotError = error
    }
}
