import CEspalier

// The second half of the machine: from a verdict to the lines, and how a trigger ends.

extension ReactionMachine {
    mutating func decide(_ verdict: Verdict, _ nanoseconds: Int64, _ now: Int64) {
        current.real_inference_nanoseconds &+= nanoseconds
        count(verdict)
        if isVoteOpen {
            frameDeadline = now + settings.deadline_nanoseconds
            phase = .capturing
            return
        }
        current.verdict_time = now
        isFaulty = false
        showFaults()
        let trigger = Int(current.trigger_index)
        inputs[trigger].cooldownEnd = now + inputs[trigger].settings.cooldown_nanoseconds
        decided = 0
        for output in 0..<outputCount where concerns(output) {
            if drivers[output].decide(vote.votes(output) >= settings.burst_votes) { decided |= bit(output) }
        }
        if decided == 0 { endCurrent(ESPALIER_OUTCOME_VERDICT, now) } else { phase = .deciding }
    }

    /// Adds a frame's verdict to the vote, and to the record if it is the best so far.
    mutating func count(_ verdict: Verdict) {
        var best = Int32.min
        vote.addFrame()
        for output in 0..<outputCount where concerns(output) {
            let score = verdict.permille(of: drivers[output].settings)
            best = max(best, score)
            if drivers[output].passes(score) { vote.add(output) }
            current.votes = max(current.votes, vote.votes(output))
        }
        current.frames = vote.frames
        if vote.frames > 1 && best <= current.group_permille { return }
        noteFrame()
        current.group_permille = best
        current.class_index = verdict.classIndex
        current.score = verdict.score
        current.permille = verdict.permille
        current.blocks_kept = verdict.blocksKept
        current.blocks_pruned = verdict.blocksPruned
        current.blocks_skipped = verdict.blocksSkipped
    }

    /// True where another frame could still change what an output does.
    var isVoteOpen: Bool {
        for output in 0..<outputCount where concerns(output) && vote.isOpen(output, settings) { return true }
        return false
    }

    /// True for an output that the trigger in flight decides.
    func concerns(_ output: Int) -> Bool {
        drivers[output].settings.isDecidedByVerdicts
            && drivers[output].settings.trigger_mask & bit(Int(current.trigger_index)) != 0
    }

    mutating func lineWasSet(_ stopwatch: Int64, _ now: Int64) {
        drivers[written].wasWritten(now, held: isHeld(written))
        guard phase == .deciding, decided & bit(written) != 0 else { return }
        if drivers[written].isHigh { current.signalled |= Int32(bitPattern: bit(written)) }
        if current.signal_time < 0 {
            current.signal_time = now
            if stopwatch != 0 && currentStopwatch != 0 {
                current.real_edge_to_signal_nanoseconds = stopwatch - currentStopwatch
            }
        }
        endDecision(now)
    }

    mutating func lineFailed(_ now: Int64) {
        counters.lineFailures &+= 1
        if phase == .stopping { return drivers[written].giveUp() }
        let afterVerdict = phase == .deciding && decided & bit(written) != 0
        drivers[written].failed(now, afterVerdict: afterVerdict)
        isFaulty = true
        showFaults()
        if afterVerdict { endDecision(now) }
    }

    mutating func endDecision(_ now: Int64) {
        decided &= ~bit(written)
        if decided == 0 { endCurrent(ESPALIER_OUTCOME_VERDICT, now) }
    }

    mutating func showFaults() {
        var isStuck = false
        for index in 0..<inputCount where inputs[index].isStuck { isStuck = true }
        for output in 0..<outputCount where drivers[output].settings.mode == ESPALIER_OUTPUT_FAULT {
            drivers[output].show(isFaulty || isTroubled || isStuck)
        }
    }

    // MARK: The end of a trigger

    mutating func stop(_ now: Int64) {
        if phase != .idle && phase != .stopping { endCurrent(ESPALIER_OUTCOME_STOPPED, now) }
        phase = .stopping
        for index in 0..<inputCount { inputs[index].stop() }
        for index in 0..<outputCount { drivers[index].stop() }
        countInputs()
    }

    mutating func endWithoutVerdict(_ outcome: Int32, _ now: Int64) {
        isFaulty = true
        showFaults()
        for output in 0..<outputCount where concerns(output) { drivers[output].lowerWithoutVerdict() }
        endCurrent(outcome, now)
    }

    mutating func endCurrent(_ outcome: Int32, _ now: Int64) {
        busyEnd = now
        phase = .idle
        end(current, outcome)
    }

    mutating func end(_ ended: EspalierReactionRecord, _ outcome: Int32) {
        record = ended
        record.outcome = outcome
        if outcome != ESPALIER_OUTCOME_VERDICT { forgetVerdict() }
        counters.add(record)
        countInputs()
        reporting = true
    }

    /// A burst that broke off has no verdict, whatever its first frames said.
    mutating func forgetVerdict() {
        record.class_index = -1
        record.score = 0
        record.permille = 0
        record.group_permille = 0
    }

    mutating func countInputs() {
        counters.bounces = 0
        counters.missedBeats = 0
        for index in 0..<inputCount {
            counters.bounces &+= inputs[index].bounces
            counters.missedBeats &+= inputs[index].missedBeats
        }
    }
}
