import CEspalier
import EspalierReaction
import Testing

/// One action and one event at a time, written out.
@Suite struct ReactionMachineTests {
    static let person = Verdict(classIndex: 1, score: 100, permille: 890)
    static let nobody = Verdict(classIndex: 0, score: 120, permille: 970)

    static func settings(_ change: (inout EspalierReaction) -> Void = { _ in }) -> EspalierReaction {
        var settings = EspalierReaction.standard
        settings.outputs.0.label_mask = 0b10
        settings.triggers.0.settle_nanoseconds = 5
        settings.frame_age_nanoseconds = 20
        settings.deadline_nanoseconds = 50
        settings.outputs.0.duration_nanoseconds = 100
        settings.triggers.0.cooldown_nanoseconds = 200
        change(&settings)
        return settings
    }

    static func edge(_ time: Int64, rising: Bool = true) -> Event {
        .edge(Edge(line: 0, rising: rising, time: time), stopwatch: 7000)
    }

    @Test func aPersonGivesAPulseAndOneRecordWithAllItsTimes() {
        var machine = ReactionMachine(Self.settings())
        expect(machine.start(now: 0), "wait for ever")
        expect(machine.handle(Self.edge(10), now: 11), "wait until 15")
        expect(machine.handle(.deadline, now: 15), "capture")
        expect(machine.handle(.frame(time: 4, sequence: 3), now: 15), "prepare")
        expect(machine.handle(.prepared, now: 16), "run")
        expect(machine.handle(.verdict(Self.person, nanoseconds: 400), now: 30), "set high")
        expect(machine.handle(.lineSet(stopwatch: 7900), now: 31), "report")
        let record = machine.record
        #expect(record.trigger == 1)
        #expect(record.outcome == ESPALIER_OUTCOME_VERDICT)
        #expect([record.edge_time, record.frame_time, record.frame_sequence] == [10, 4, 3])
        #expect([record.run_time, record.verdict_time, record.signal_time] == [16, 30, 31])
        #expect([record.real_inference_nanoseconds, record.real_edge_to_signal_nanoseconds] == [400, 900])
        #expect([record.class_index, record.score, record.permille, record.signalled] == [1, 100, 890, 1])
        expect(machine.handle(.reported, now: 31), "wait until 131")
        expect(machine.handle(.deadline, now: 131), "set low")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 131), "wait for ever")
        expect(machine.handle(.stop, now: 140), "finish")
    }

    @Test func aVerdictForAnotherClassLeavesTheOutputAlone() {
        var machine = ReactionMachine(Self.settings())
        advance(&machine, edgeAt: 0, verdict: Self.nobody)
        #expect(machine.record.signalled == 0)
        #expect(machine.record.signal_time == -1)
        #expect(machine.counters.verdicts == 1)
        #expect(machine.counters.signals == 0)
    }

    @Test func aScoreOneThousandthBelowTheThresholdDoesNotSignal() {
        for (permille, signalled) in [(499, 0), (500, 1)] as [(Int32, Int32)] {
            var machine = ReactionMachine(Self.settings())
            advance(&machine, edgeAt: 0, verdict: Verdict(classIndex: 1, score: 0, permille: permille))
            #expect(machine.record.signalled == signalled)
        }
    }

    @Test(arguments: [
        (1, true, true), (1, false, false), (2, true, false), (2, false, true), (3, true, true),
    ])
    func onlyTheEdgesAskedForAreTriggers(edges: Int32, rising: Bool, isTrigger: Bool) {
        var machine = ReactionMachine(Self.settings { $0.triggers.0.edge = edges })
        expect(
            machine.handle(Self.edge(0, rising: rising), now: 0), isTrigger ? "wait until 5" : "wait for ever"
        )
        _ = machine.handle(.stop, now: 1)
        #expect(machine.counters.triggers == (isTrigger ? 1 : 0))
    }

    @Test func triggersInTheCooldownAreRefusedByTheirOwnTimeStamp() {
        var machine = ReactionMachine(Self.settings())
        advance(&machine, edgeAt: 0, verdict: Self.nobody)  // verdict at 20: busy before, cooldown to 220
        expect(machine.handle(.reported, now: 20), "wait for ever")
        for (time, outcome) in [(19, ESPALIER_OUTCOME_BUSY), (20, ESPALIER_OUTCOME_COOLDOWN)]
            as [(Int64, Int32)]
        {
            expect(machine.handle(Self.edge(time), now: 500), "report")
            #expect(machine.record.outcome == outcome)
            expect(machine.handle(.reported, now: 500), "wait for ever")
        }
        expect(machine.handle(Self.edge(219), now: 500), "report")
        #expect(machine.record.outcome == ESPALIER_OUTCOME_COOLDOWN)
        expect(machine.handle(.reported, now: 500), "wait for ever")
        expect(machine.handle(Self.edge(220), now: 500), "capture")
    }

    @Test func aTriggerWhileAnotherIsServedIsRefusedAndTheFirstGoesOn() {
        var machine = ReactionMachine(Self.settings())
        expect(machine.handle(Self.edge(0), now: 0), "wait until 5")
        expect(machine.handle(Self.edge(2), now: 2), "report")
        #expect(machine.record.trigger == 2)
        #expect(machine.record.outcome == ESPALIER_OUTCOME_BUSY)
        expect(machine.handle(.reported, now: 3), "wait until 5")
        expect(machine.handle(.deadline, now: 5), "capture")
    }

    @Test func aFrameTooOldIsRefusedUntilANewerOneComes() {
        var machine = ReactionMachine(Self.settings())
        expect(machine.handle(Self.edge(100), now: 105), "capture")
        expect(machine.handle(.frame(time: 84, sequence: 8), now: 105), "wait for a frame after 8 until 155")
        expect(machine.handle(.frameReady, now: 120), "capture")
        expect(machine.handle(.frame(time: 85, sequence: 9), now: 120), "prepare")
    }

    @Test func theDeadlineTellsOldFramesFromNone() {
        var machine = ReactionMachine(Self.settings())
        expect(machine.handle(Self.edge(100), now: 105), "capture")
        expect(machine.handle(.noFrame, now: 105), "wait for a frame after -1 until 155")
        expect(machine.handle(.deadline, now: 155), "report")
        #expect(machine.record.outcome == ESPALIER_OUTCOME_NO_FRAME)
        _ = machine.handle(.reported, now: 155)
        expect(machine.handle(Self.edge(200), now: 205), "capture")
        expect(machine.handle(.frame(time: 1, sequence: 0), now: 205), "wait for a frame after 0 until 255")
        expect(machine.handle(.deadline, now: 255), "report")
        #expect(machine.record.outcome == ESPALIER_OUTCOME_FRAME_TOO_OLD)
        #expect(machine.record.frame_time == -1)
    }

    @Test func anOutputThatFollowsStaysUntilAnotherVerdictSaysOtherwise() {
        var machine = ReactionMachine(Self.settings { $0.outputs.0.mode = ESPALIER_OUTPUT_FOLLOW })
        advance(&machine, edgeAt: 0, verdict: Self.person)
        expect(machine.handle(.reported, now: 20), "wait for ever")
        expect(machine.handle(Self.edge(1000), now: 1005), "capture")
        _ = machine.handle(.frame(time: 1000, sequence: 5), now: 1005)
        _ = machine.handle(.prepared, now: 1005)
        expect(machine.handle(.verdict(Self.nobody, nanoseconds: 0), now: 1010), "set low")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 1011), "report")
        #expect(machine.record.signalled == 0)
        #expect(machine.record.signal_time == 1011)
    }

    @Test func anOutputThatFollowsGoesLowWhenTheCameraFails() {
        var machine = ReactionMachine(Self.settings { $0.outputs.0.mode = ESPALIER_OUTPUT_FOLLOW })
        advance(&machine, edgeAt: 0, verdict: Self.person)
        _ = machine.handle(.reported, now: 20)
        expect(machine.handle(Self.edge(1000), now: 1005), "capture")
        expect(machine.handle(.cameraFailed, now: 1006), "set low")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 1006), "report")
        #expect(machine.record.outcome == ESPALIER_OUTCOME_CAMERA_FAILED)
        #expect(machine.counters.cameraFailures == 1)
    }

    @Test func aLineThatCannotBeLoweredIsTriedAgain() {
        var machine = ReactionMachine(Self.settings())
        advance(&machine, edgeAt: 0, verdict: Self.person)
        expect(machine.handle(.reported, now: 20), "wait until 120")
        expect(machine.handle(.deadline, now: 120), "set low")
        expect(machine.handle(.lineFailed, now: 120), "wait until 10000120")
        expect(machine.handle(.deadline, now: 10_000_120), "set low")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 10_000_120), "wait for ever")
        #expect(machine.counters.lineFailures == 1)
    }

    @Test func aLineThatCannotBeRaisedIsLoweredAndTheTriggerHasNotSignalled() {
        var machine = ReactionMachine(Self.settings())
        advance(&machine, edgeAt: 0, verdict: Self.person, stopBefore: "set")
        expect(machine.handle(.lineFailed, now: 20), "set low")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 20), "report")
        #expect(machine.record.signalled == 0)
        #expect(machine.counters.signals == 0)
    }

    @Test func aSecondPersonExtendsThePulse() {
        var machine = ReactionMachine(Self.settings { $0.triggers.0.cooldown_nanoseconds = 0 })
        advance(&machine, edgeAt: 0, verdict: Self.person)
        expect(machine.handle(.reported, now: 20), "wait until 120")
        expect(machine.handle(Self.edge(100), now: 105), "capture")
        _ = machine.handle(.frame(time: 100, sequence: 5), now: 105)
        _ = machine.handle(.prepared, now: 105)
        expect(machine.handle(.verdict(Self.person, nanoseconds: 0), now: 150), "set high")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 150), "report")
        expect(machine.handle(.reported, now: 150), "wait until 250")
    }

    @Test func stoppingEndsTheTriggerInFlightAndLowersTheOutput() {
        var machine = ReactionMachine(Self.settings { $0.triggers.0.cooldown_nanoseconds = 0 })
        advance(&machine, edgeAt: 0, verdict: Self.person)
        _ = machine.handle(.reported, now: 20)
        expect(machine.handle(Self.edge(50), now: 50), "wait until 55")
        expect(machine.handle(.stop, now: 51), "set low")
        expect(machine.handle(.lineSet(stopwatch: 0), now: 51), "report")
        #expect(machine.record.outcome == ESPALIER_OUTCOME_STOPPED)
        expect(machine.handle(.reported, now: 51), "finish")
    }

    @Test func classesBeyondTheMaskNeverSignal() {
        for index in [-1, 64, 1000] as [Int32] {
            var machine = ReactionMachine(Self.settings { $0.outputs.0.label_mask = .max })
            advance(&machine, edgeAt: 0, verdict: Verdict(classIndex: index, score: 0, permille: 1000))
            #expect(machine.record.signalled == 0)
        }
        for index in 0..<64 as Range<Int32> {
            var machine = ReactionMachine(Self.settings { $0.outputs.0.label_mask = 1 << UInt64(index) })
            advance(&machine, edgeAt: 0, verdict: Verdict(classIndex: index, score: 0, permille: 1000))
            #expect(machine.record.signalled == 1)
        }
    }

    @Test func settingsOutOfBoundsAreNotValid() {
        #expect(EspalierReaction.standard.isValid)
        let faults: [(inout EspalierReaction) -> Void] = [
            { $0.abi_version += 1 }, { $0.triggers.0.edge = 0 }, { $0.triggers.0.edge = 4 },
            { $0.triggers.0.settle_nanoseconds = -1 },
            { $0.outputs.0.duration_nanoseconds = 86_400_000_000_001 },
        ]
        for fault in faults { #expect(!Self.settings(fault).isValid) }
    }
}

// MARK: - Helpers

/// Takes a machine that is idle through a trigger with a fresh frame, with the verdict at edge + 20, up to
/// its report.
private func advance(
    _ machine: inout ReactionMachine, edgeAt time: Int64, verdict: Verdict, stopBefore: String = "report"
) {
    var action = machine.handle(ReactionMachineTests.edge(time), now: time + 5)
    action = machine.handle(.frame(time: time, sequence: 0), now: time + 5)
    action = machine.handle(.prepared, now: time + 5)
    action = machine.handle(.verdict(verdict, nanoseconds: 0), now: time + 20)
    if stopBefore == "report", case .setLine = action {
        _ = machine.handle(.lineSet(stopwatch: 0), now: time + 20)
    }
}

private func expect(_ action: Action, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(words(action) == expected, sourceLocation: sourceLocation)
}

private func words(_ action: Action) -> String {
    switch action {
    case .wait(.max): "wait for ever"
    case .wait(let until): "wait until \(until)"
    case .waitForFrame(let after, let until): "wait for a frame after \(after) until \(until)"
    case .capture: "capture"
    case .captureNearest(let time, let after): "capture near \(time) after \(after)"
    case .prepare: "prepare"
    case .run: "run"
    case .setLine(0, let high): high ? "set high" : "set low"
    case .setLine(let line, let high): "set \(line) \(high ? "high" : "low")"
    case .feedWatchdog: "feed"
    case .report: "report"
    case .finish: "finish"
    }
}
