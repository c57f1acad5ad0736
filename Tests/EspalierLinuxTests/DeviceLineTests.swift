import CEspalier
import CLinux
import EspalierLinux
import Testing

/// GPIO lines on a real kernel's chips.
@Suite(.serialized, .enabled(if: DeviceRig.isHere, DeviceRig.reason)) struct DeviceLineTests {
    private func place(_ line: EspalierLine) -> (place: EspalierPlace, problem: EspalierProblem, kind: Int32)
    {
        var line = line
        var place = EspalierPlace()
        var problem = EspalierProblem()
        let kind = espalier_line_find(&line, &place, &problem)
        return (place, problem, kind)
    }

    @Test func aLineIsFoundByItsNameOnAnyChip() {
        let found = place(EspalierLine("RELAY"))
        #expect(found.kind == 0)
        #expect(found.place.offset == 2)
        #expect(found.place.is_used == 0)
    }

    @Test func aLineIsFoundByItsOffsetOnAChipWithALabel() {
        let found = place(EspalierLine("", chip: "rig-gpio", offset: 9))
        #expect(found.kind == 0)
        #expect(found.place.offset == 9)
    }

    @Test func anAmbiguousNameListsItsCandidates() {
        let found = place(EspalierLine("BUTTON"))
        #expect(found.kind == ESPALIER_PROBLEM_SETUP)
        #expect(found.problem.text.contains("ambiguous"))
        #expect(found.problem.text.contains("(rig-gpio) line 1"))
        #expect(found.problem.text.contains("(rig-spare) line 0"))
        #expect(place(EspalierLine("BUTTON", chip: "rig-spare")).place.offset == 0)
    }

    @Test func unknownNamesAndChipsAreNamedWithWhatThereIs() {
        let line = place(EspalierLine("DOORBELL"))
        #expect(line.kind == ESPALIER_PROBLEM_SETUP)
        #expect(line.problem.text.hasPrefix("no chip has line DOORBELL; there are /dev/gpiochip"))
        let chip = place(EspalierLine("PIR", chip: "pinctrl-rp1"))
        #expect(chip.problem.text.hasPrefix("no GPIO chip is called pinctrl-rp1; there are /dev/gpiochip"))
    }

    @Test func anOutputHasItsLevelFromTheFirstMomentAndABusyLineIsRefused() {
        var line = EspalierLine("RELAY")
        var port = EspalierPort()
        var problem = EspalierProblem()
        #expect(espalier_line_open_output(&port, &line, 1, &problem) == 0)
        #expect(DeviceRig.level(2) == 1)
        #expect(espalier_line_set(&port, 0) == 0)
        #expect(DeviceRig.level(2) == 0)
        var other = EspalierPort()
        #expect(espalier_line_open_output(&other, &line, 0, &problem) == ESPALIER_PROBLEM_MACHINE)
        #expect(problem.text.contains("in use by espalier"))
        espalier_line_close(&port)
        #expect(espalier_line_open_output(&other, &line, 0, &problem) == 0)
        espalier_line_close(&other)
    }

    @Test func activeLowTurnsLevelsAndEdgesRound() {
        var line = EspalierLine("LED0")
        line.active_low = 1
        var port = EspalierPort()
        var problem = EspalierProblem()
        #expect(espalier_line_open_output(&port, &line, 0, &problem) == 0)
        #expect(DeviceRig.level(5) == 1)
        espalier_line_close(&port)
        var input = EspalierLine("PIR")
        input.active_low = 1
        DeviceRig.pull(0, up: true)
        #expect(espalier_line_open_input(&port, &input, 0, &problem) == 0)
        DeviceRig.pull(0, up: false)
        var edge = EspalierEdge()
        #expect(espalier_line_read(&port, &edge) == 1)
        #expect(edge.rising == 1)
        #expect(espalier_line_level(&port) == 1)
        espalier_line_close(&port)
    }

    @Test func edgesKeepTheirOrderAndTheirTimes() {
        var line = EspalierLine("PIR")
        var port = EspalierPort()
        var problem = EspalierProblem()
        DeviceRig.pull(0, up: false)
        #expect(espalier_line_open_input(&port, &line, 0, &problem) == 0)
        let start = espalier_monotonic_nanoseconds()
        for index in 0..<10 { DeviceRig.pull(0, up: index % 2 == 0) }
        var times: [Int64] = [start]
        var edge = EspalierEdge()
        for index in 0..<10 {
            #expect(espalier_line_read(&port, &edge) == 1)
            #expect(edge.rising == (index % 2 == 0 ? 1 : 0))
            #expect(edge.lost == 0)
            times.append(edge.time)
        }
        #expect(espalier_line_read(&port, &edge) == 0)
        #expect(times == times.sorted())
        #expect(edge.time <= espalier_monotonic_nanoseconds())
        espalier_line_close(&port)
    }

    @Test func edgesTheKernelDroppedAreCounted() {
        var line = EspalierLine("PIR")
        var port = EspalierPort()
        var problem = EspalierProblem()
        DeviceRig.pull(0, up: false)
        #expect(espalier_line_open_input(&port, &line, 0, &problem) == 0)
        // Its queue has room for 16 on the first interface, for 16 a line on the second; an odd number is lost, so
        // that one direction comes twice.
        for index in 0..<33 { DeviceRig.pull(0, up: index % 2 == 0) }
        var edge = EspalierEdge()
        var lost: Int64 = 0
        var read = 0
        while espalier_line_read(&port, &edge) == 1 {
            lost += edge.lost
            read += 1
        }
        DeviceRig.pull(0, up: true)
        DeviceRig.pull(0, up: false)
        while espalier_line_read(&port, &edge) == 1 { lost += edge.lost }
        #expect(read < 33)
        #expect(lost > 0)
        espalier_line_close(&port)
    }
}
