import EspalierSimulator
import Testing

/// What a viewer sees in a dump: the names, and every signal's values by time.
private struct ParsedDump: Equatable {
    var timescale = ""
    var lastTime = 0
    /// `[name][(time, value)]`, the initial values at time 0 included.
    var history: [String: [String]] = [:]

    /// A small reader of the subset of IEEE 1364 that dumps use, token by token.
    init(_ text: String) {
        var tokens = text.split { $0 == " " || $0 == "\n" }.map(String.init)[...]
        var names: [String: String] = [:]
        func note(_ parsed: inout ParsedDump, _ code: Substring, _ value: String) {
            let name = names[String(code)] ?? "undeclared \(code)"
            parsed.history[name, default: []].append("\(parsed.lastTime) \(value)")
        }
        while let token = tokens.popFirst() {
            switch token.first {
            case "$" where token == "$var":
                let words = Array(tokens.prefix { $0 != "$end" })
                names[words[2]] = words[3...].joined(separator: " ")
                tokens = tokens.dropFirst(words.count + 1)
            case "$" where token == "$timescale":
                timescale = tokens.prefix { $0 != "$end" }.joined(separator: " ")
                tokens = tokens.drop { $0 != "$end" }.dropFirst()
            case "$" where token == "$dumpvars" || token == "$end": break
            case "$": tokens = tokens.drop { $0 != "$end" }.dropFirst()
            case "#": lastTime = Int(token.dropFirst()) ?? -1
            case "r", "s", "b": note(&self, tokens.removeFirst()[...], token)
            default: note(&self, token.dropFirst(), String(token.prefix(1)))
            }
        }
    }
}

@Suite struct PresentationVCDTests {
    @Test func aSmallDumpIsThisText() {
        var dump = VCD(tool: "espalier 0.1.0")
        let motion = dump.addLine("motion", initially: false)
        let person = dump.addLine("person present")
        let verdict = dump.addInteger("verdict", bits: 2)
        let score = dump.addReal("score")
        let label = dump.addText("label")
        dump.change(person, to: .level(true), at: 2500)
        dump.change(motion, to: .level(true), at: 1500)
        dump.change(verdict, to: .integer(2), at: 2400)
        dump.change(score, to: .real(0.9375), at: 2400)
        dump.change(label, to: .text("a µ\\"), at: 2400)
        #expect(
            dump.text(until: 3000) == """
                $version espalier 0.1.0 $end
                $timescale 1 ns $end
                $scope module board $end
                $var wire 1 ! motion $end
                $var wire 1 " person_present $end
                $var wire 1 # verdict [1] $end
                $var wire 1 $ verdict [0] $end
                $var real 64 % score $end
                $var string 1 & label $end
                $upscope $end
                $enddefinitions $end
                #0
                $dumpvars
                0!
                x"
                x#
                x$
                r0.0 %
                s &
                $end
                #1500
                1!
                #2400
                1#
                0$
                r0.9375 %
                sa\\040\\302\\265\\134 &
                #2500
                1"
                #3000

                """)
    }

    @Test func whatIsDumpedIsReadBack() {
        var dump = VCD(tool: "t", timescale: .nanosecond)
        let lines = (0..<200).map { dump.addLine("line\($0)", initially: $0 % 2 == 0) }
        var expected = Dictionary(
            uniqueKeysWithValues: (0..<200).map { ("line\($0)", ["0 \($0 % 2 == 0 ? 1 : 0)"]) })
        for step in 0..<1000 {
            let index = step * 37 % 200
            let level = step / 200 % 2 == index % 2
            dump.change(lines[index], to: .level(level), at: UInt64(10 + step))
            let value = level ? "1" : "0"
            if expected["line\(index)"]?.last?.hasSuffix(" " + value) == false {
                expected["line\(index)"]?.append("\(10 + step) \(value)")
            }
        }
        let parsed = ParsedDump(dump.text(until: 5000))
        #expect(parsed.history == expected)
        #expect(parsed.lastTime == 5000)
        #expect(parsed.timescale == "1 ns")
    }

    @Test func theOrderOfAddingDoesNotMatter() {
        func text(reversed: Bool) -> String {
            var dump = VCD(tool: "t")
            let a = dump.addLine("a", initially: false)
            let b = dump.addLine("b", initially: false)
            let changes: [(VCD.Signal, UInt64)] = [(a, 5), (b, 5), (a, 9), (b, 7)]
            for (signal, time) in reversed ? changes.reversed() : changes {
                dump.change(signal, to: .level(time != 9), at: time)
            }
            return dump.text()
        }
        #expect(text(reversed: false) == text(reversed: true))
        #expect(
            ParsedDump(text(reversed: true)).history == ["a": ["0 0", "5 1", "9 0"], "b": ["0 0", "5 1"]])
    }

    @Test func microsecondsRoundDown() {
        var dump = VCD(tool: "t", timescale: .microsecond)
        let line = dump.addLine("a", initially: false)
        dump.change(line, to: .level(true), at: 1999)
        dump.change(line, to: .level(false), at: 2000)
        let parsed = ParsedDump(dump.text())
        #expect(parsed.timescale == "1 us")
        #expect(parsed.history == ["a": ["0 0", "1 1", "2 0"]])
    }

    @Test func namesCannotBreakTheFile() {
        var dump = VCD(tool: "a $end tool\n", scope: "")
        _ = dump.addLine("two words\n$end", initially: true)
        _ = dump.addLine("", initially: false)
        #expect(ParsedDump(dump.text()).history == ["two_words__end": ["0 1"], "_": ["0 0"]])
    }

    @Test func aValueOfAnotherKindTraps() async {
        await #expect(processExitsWith: .failure) {
            var dump = VCD(tool: "t")
            let line = dump.addLine("a")
            dump.change(line, to: .real(1), at: 0)
        }
    }
}
