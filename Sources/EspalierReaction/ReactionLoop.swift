public import CEspalier
import EspalierCore

/// Does on a board what the machine asks for, until the board says stop.
///
///     var loop = ReactionLoop(board: board, classifier: EngineClassifier(engine), settings: .standard)
///     let counters = loop.run()
///
/// Errors of the board are events like any other: counted, in the record, and never the end of the loop.
public struct ReactionLoop<B: Board, C: Classifier> {
    public var board: B
    public var classifier: C
    private var machine: ReactionMachine
    private var frame: Frame?

    /// Precondition: `settings.isValid`.
    public init(board: B, classifier: C, settings: EspalierReaction) {
        self.board = board
        self.classifier = classifier
        machine = ReactionMachine(settings)
    }

    /// Runs to the end: every trigger reported, the outputs safe.
    public mutating func run() -> ReactionCounters {
        var action = machine.start(now: board.now())
        while true {
            if case .finish = action { return machine.counters }
            let event = perform(action)
            action = machine.handle(event, now: board.now())
        }
    }

    private mutating func perform(_ action: Action) -> Event {
        switch action {
        case .wait(let until): return wait(until: until, frameAfter: .max)
        case .waitForFrame(let after, let until): return wait(until: until, frameAfter: after)
        case .capture: return capture { (board: inout B) throws(CameraFailure) in try board.newestFrame() }
        case .captureNearest(let time, let after):
            return capture { (board: inout B) throws(CameraFailure) in
                try board.frame(nearest: time, after: after)
            }
        case .prepare: return prepare()
        case .run: return runModel()
        case .setLine(let line, let high): return setLine(line, high)
        case .feedWatchdog:
            board.feedWatchdog()
            return .watchdogFed
        case .report, .finish:
            board.report(machine.record)
            return .reported
        }
    }

    private mutating func wait(until: Int64, frameAfter: Int64) -> Event {
        switch board.wait(until: until, frameAfter: frameAfter) {
        case .edge(let edge): return .edge(edge, stopwatch: board.stopwatch())
        case .frame: return .frameReady
        case .deadline: return .deadline
        case .trouble(let isPresent): return .trouble(isPresent)
        case .stop: return .stop
        }
    }

    private mutating func capture(_ choose: (inout B) throws(CameraFailure) -> Frame?) -> Event {
        do throws(CameraFailure) {
            frame = try choose(&board)
        } catch {
            return .cameraFailed
        }
        guard let frame else { return .noFrame }
        return .frame(time: frame.time, sequence: frame.sequence)
    }

    private mutating func prepare() -> Event {
        guard let frame else { return .classifierFailed }
        do throws(Status) {
            try classifier.prepare(frame)
            return .prepared
        } catch {
            return .classifierFailed
        }
    }

    private mutating func runModel() -> Event {
        let start = board.stopwatch()
        do throws(Status) {
            let verdict = try classifier.run()
            let nanoseconds = board.stopwatch() - start
            board.worked(macs: verdict.macs)
            return .verdict(verdict, nanoseconds: nanoseconds)
        } catch {
            return .classifierFailed
        }
    }

    private mutating func setLine(_ line: Int32, _ high: Bool) -> Event {
        if machine.settings.dry_run != 0 { return .lineSet(stopwatch: board.stopwatch()) }
        do throws(LineFailure) {
            try board.setLine(line, high: high)
            return .lineSet(stopwatch: board.stopwatch())
        } catch {
            return .lineFailed
        }
    }
}
