import CEspalier
import CLinux
import EspalierReaction

/// The GPIO lines of a setup: opened, read in the order of their time stamps, set, and opened anew when their chip
/// has been away.
struct DeviceLines {
    private(set) var lostEdges: Int64 = 0
    /// How often lines came back after their chip had gone.
    private(set) var restarts: Int64 = 0

    private let devices: UnsafeMutablePointer<EspalierDevices>
    private let setup: UnsafePointer<EspalierSetup>
    private let inputCount: Int32
    private let outputCount: Int32
    /// Bit i: line i has an edge in `edges`, or may have one in the kernel.
    private var hasEdge: UInt32 = 0
    private var mayHaveEdge: UInt32 = 0
    /// Bit i: the line is closed because its chip is away.
    private var missingInputs: UInt32 = 0
    private var missingOutputs: UInt32 = 0
    /// Bit i: the level asked for last; what an output gets back when its chip comes back.
    private var levels: UInt32 = 0
    private var recovery = Recovery()
    private var checkTime: Int64 = 0

    /// Older kernels wake nobody when a chip goes (before 6.10 or so), so its lines are asked this often.
    private static var checkNanoseconds: Int64 { 1_000_000_000 }

    /// So long after lines were opened anew they are asked whether they are there: a chip may open and fail again.
    private static var proofNanoseconds: Int64 { 250_000_000 }

    /// Nothing is opened yet. In a dry run there are no outputs.
    init(_ devices: UnsafeMutablePointer<EspalierDevices>, _ setup: UnsafePointer<EspalierSetup>) {
        self.devices = devices
        self.setup = setup
        inputCount = setup.pointee.input_count
        outputCount = setup.pointee.reaction.dry_run != 0 ? 0 : setup.pointee.output_count
    }

    /// A chip has gone, and its lines have not answered since.
    var areTroubled: Bool { recovery.isTroubled }

    // MARK: Opening and closing

    /// Opens the outputs with their safe levels, then the inputs. After a failure everything is closed again and
    /// `devices.problem` says why.
    mutating func open() -> Bool {
        for index in 0..<outputCount where !openOutput(index) {
            close()
            return false
        }
        for index in 0..<inputCount where !openInput(index) {
            close()
            return false
        }
        return true
    }

    private mutating func openOutput(_ index: Int32) -> Bool {
        let safe = safeHigh(index)
        let port = espalier_output_port(devices, index)!
        let line = espalier_setup_output(setup, index)
        guard espalier_line_open_output(port, line, safe ? 1 : 0, &devices.pointee.problem) == 0 else {
            return false
        }
        espalier_watch_output(port, safe ? 1 : 0)
        if safe { levels |= bit(index) } else { levels &= ~bit(index) }
        return true
    }

    private mutating func openInput(_ index: Int32) -> Bool {
        let port = espalier_input_port(devices, index)!
        let line = espalier_setup_input(setup, index)
        mayHaveEdge |= bit(index)
        hasEdge &= ~bit(index)
        return espalier_line_open_input(port, line, debounce(index), &devices.pointee.problem) == 0
    }

    /// Sets every output to its safe level and gives all lines back.
    mutating func close() {
        for index in 0..<outputCount where missingOutputs & bit(index) == 0 {
            let port = espalier_output_port(devices, index)!
            if port.pointee.request != nil { _ = espalier_line_set(port, safeHigh(index) ? 1 : 0) }
        }
        espalier_forget_outputs()
        for index in 0..<outputCount { espalier_line_close(espalier_output_port(devices, index)) }
        for index in 0..<inputCount { espalier_line_close(espalier_input_port(devices, index)) }
    }

    // MARK: Debouncing

    /// The debounce time all triggers of a line agree on, 0 where they do not: the kernel has one a line.
    private func debounce(_ line: Int32) -> Int64 {
        var agreed: Int64 = -1
        for index in 0..<Int(setup.pointee.reaction.trigger_count) {
            let trigger = setup.pointee.reaction.trigger(index)
            guard trigger.line == line && trigger.period_nanoseconds == 0 else { continue }
            if agreed >= 0 && agreed != trigger.debounce_nanoseconds { return 0 }
            agreed = trigger.debounce_nanoseconds
        }
        return max(agreed, 0)
    }

    /// True for a line whose edges the kernel has debounced already.
    func isDebounced(_ line: Int32) -> Bool {
        line < inputCount && espalier_input_port(devices, line).pointee.debounced > 0
    }

    // MARK: Edges

    func addDescriptors(to waiting: inout EspalierWaiting) {
        for index in 0..<inputCount {
            espalier_wait_for(&waiting, espalier_input_port(devices, index).pointee.descriptor)
        }
    }

    /// Takes note of what `espalier_wait` says of the first descriptors, one an input.
    mutating func note(ready: UInt32, broken: UInt32) {
        mayHaveEdge |= (ready | broken) & (bit(inputCount) &- 1)
    }

    /// The earliest edge that is waiting on any line.
    mutating func nextEdge(now: Int64) -> Edge? {
        var first: Int32 = -1
        for index in 0..<inputCount {
            if hasEdge & bit(index) == 0 && mayHaveEdge & bit(index) != 0 { read(index, now) }
            guard hasEdge & bit(index) != 0 else { continue }
            if first < 0 || edge(index).pointee.time < edge(first).pointee.time { first = index }
        }
        if first < 0 { return nil }
        hasEdge &= ~bit(first)
        let edge = edge(first).pointee
        return Edge(line: first, rising: edge.rising != 0, time: edge.time)
    }

    private mutating func read(_ index: Int32, _ now: Int64) {
        let port = espalier_input_port(devices, index)!
        guard port.pointee.request != nil else {
            mayHaveEdge &= ~bit(index)
            return
        }
        let result = espalier_line_read(port, edge(index))
        if result > 0 {
            hasEdge |= bit(index)
            lostEdges &+= edge(index).pointee.lost
        } else {
            mayHaveEdge &= ~bit(index)
            if result < 0 { lose(port, now) }
        }
    }

    private func edge(_ index: Int32) -> UnsafeMutablePointer<EspalierEdge> {
        espalier_input_edge(devices, index)
    }

    // MARK: Outputs

    /// - Throws: where the line refuses, or its chip is away.
    mutating func set(_ index: Int32, high: Bool, now: Int64) throws(LineFailure) {
        guard index < outputCount else { return }
        let isMissing = missingOutputs & bit(index) != 0
        if !isMissing {
            let port = espalier_output_port(devices, index)!
            if espalier_line_set(port, high ? 1 : 0) == 0 {
                if high { levels |= bit(index) } else { levels &= ~bit(index) }
                return
            }
            lose(port, now)
        }
        throw LineFailure()
    }

    private func safeHigh(_ line: Int32) -> Bool {
        for index in 0..<Int(setup.pointee.reaction.output_count) {
            let output = setup.pointee.reaction.output(index)
            if output.line == line { return output.safe_high != 0 }
        }
        return false
    }

    // MARK: Chips that come and go

    /// When `tend` has something to do.
    var wakeTime: Int64 {
        inputCount &+ outputCount == 0 ? .max : min(checkTime, recovery.time)
    }

    /// Looks whether the chips are still there, and whether those that went are back.
    mutating func tend(now: Int64) {
        if now >= recovery.time { reopen(now) }
        guard now >= checkTime else { return }
        checkTime = now + DeviceLines.checkNanoseconds
        for index in 0..<inputCount { check(espalier_input_port(devices, index), now) }
        for index in 0..<outputCount { check(espalier_output_port(devices, index), now) }
        guard missingInputs | missingOutputs == 0, recovery.works(now: now) else { return }
        restarts &+= 1
        espalier_forget_said(&devices.pointee.said_of_lines)
        complain("espalier: the GPIO lines are back.\n")
    }

    private mutating func check(_ port: UnsafeMutablePointer<EspalierPort>, _ now: Int64) {
        if port.pointee.request != nil && espalier_line_level(port) < 0 { lose(port, now) }
    }

    /// A line that answers with an error takes all lines of its chip with it: they are opened anew together.
    private mutating func lose(_ port: UnsafeMutablePointer<EspalierPort>, _ now: Int64) {
        espalier_problem_chip_gone(&devices.pointee.problem, port)
        espalier_say_once(&devices.pointee.problem, &devices.pointee.said_of_lines)
        espalier_forget_outputs()
        var chip = port.pointee
        for index in 0..<inputCount {
            let input = espalier_input_port(devices, index)!
            guard espalier_is_same_chip(input, &chip) != 0 else { continue }
            missingInputs |= bit(index)
            espalier_line_close(input)
        }
        for index in 0..<outputCount {
            let output = espalier_output_port(devices, index)!
            if espalier_is_same_chip(output, &chip) != 0 {
                missingOutputs |= bit(index)
                espalier_line_close(output)
            } else if missingOutputs & bit(index) == 0 {
                espalier_watch_output(output, safeHigh(index) ? 1 : 0)
            }
        }
        recovery.failed(now: now)
    }

    private mutating func reopen(_ now: Int64) {
        for index in 0..<outputCount where missingOutputs & bit(index) != 0 {
            let wasHigh = levels & bit(index) != 0
            guard openOutput(index) else { return recovery.failed(now: now) }
            missingOutputs &= ~bit(index)
            if wasHigh != safeHigh(index) { try? set(index, high: wasHigh, now: now) }
        }
        for index in 0..<inputCount where missingInputs & bit(index) != 0 {
            guard openInput(index) else { return recovery.failed(now: now) }
            missingInputs &= ~bit(index)
        }
        guard missingInputs | missingOutputs == 0 else { return }  // gone again meanwhile
        recovery.opened()
        checkTime = now + DeviceLines.proofNanoseconds
    }

    private func bit(_ index: Int32) -> UInt32 { 1 &<< UInt32(truncatingIfNeeded: index) }
}

func complain(_ text: StaticString) {
    espalier_complain(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
}
