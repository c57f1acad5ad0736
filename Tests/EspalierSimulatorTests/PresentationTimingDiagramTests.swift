import Foundation
import Testing

@testable import EspalierSimulator

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The texts of an SVG in order, or nil if it is not well-formed XML.
private func texts(_ svg: String) -> [String]? {
    final class Reader: NSObject, XMLParserDelegate {
        var texts: [String] = []
        var current: String?
        func parser(
            _: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            if name == "text" { current = "" }
        }
        func parser(_: XMLParser, foundCharacters string: String) { current? += string }
        func parser(
            _: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) {
            if name == "text", let text = current { texts.append(text) }
            if name == "text" { current = nil }
        }
    }
    let reader = Reader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    return parser.parse() ? reader.texts : nil
}

@Suite struct PresentationTimingDiagramTests {
    private let millisecond: UInt64 = 1_000_000

    private func oneTrigger(caption: String = "person 0.93") -> TimingDiagram {
        let edge = 500 * millisecond
        return TimingDiagram(
            title: "Doorway", durationNanoseconds: 1000 * millisecond,
            lanes: [
                .init(
                    name: "motion", direction: .input, edges: [.init(edge, true), .init(edge * 2 - 1, false)])
            ],
            triggers: [
                .init(
                    edgeNanoseconds: edge, frameNanoseconds: edge + 8 * millisecond,
                    spans: [
                        .init(.capture, edge, edge + 9 * millisecond),
                        .init(.prepare, edge + 9 * millisecond, edge + 9_420_000),
                        .init(.inference, edge + 9_420_000, edge + 13_260_000),
                    ], signalNanoseconds: edge + 13_300_000, outcome: .signalled, caption: caption,
                    note: "412 of 1024 blocks")
            ])
    }

    @Test func anEmptyRunIsThisPicture() {
        let diagram = TimingDiagram(
            title: "A & B", durationNanoseconds: 2, lanes: [], triggers: [])
        #expect(
            diagram.svg() == """
                <svg xmlns="http://www.w3.org/2000/svg" width="1200" height="251" viewBox="0 0 1200 251" \
                font-family="'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif">
                <title>A &amp; B</title>
                <rect width="1200" height="251" fill="#ffffff"/>
                <text x="24" y="40" font-size="20" fill="#1f2630" font-weight="600">A &amp; B</text>
                <text x="24" y="62" font-size="13" fill="#66707c"></text>
                <text x="1109.04" y="62" font-size="12" fill="#1f2630">inference</text>
                <rect x="1089.04" y="52" width="14" height="11" fill="#009e73" rx="2"/>
                <text x="1018.96" y="62" font-size="12" fill="#1f2630">prepare</text>
                <rect x="998.96" y="52" width="14" height="11" fill="#56b4e9" rx="2"/>
                <text x="928.88" y="62" font-size="12" fill="#1f2630">capture</text>
                <rect x="908.88" y="52" width="14" height="11" fill="#f0b429" rx="2"/>
                <line x1="130" y1="123" x2="130" y2="163" stroke="#e6e9ed" stroke-width="1"/>
                <text x="130" y="179" font-size="11" fill="#66707c" text-anchor="middle">0</text>
                <line x1="641" y1="123" x2="641" y2="163" stroke="#e6e9ed" stroke-width="1"/>
                <text x="641" y="179" font-size="11" fill="#66707c" text-anchor="middle">1</text>
                <line x1="1152" y1="123" x2="1152" y2="163" stroke="#e6e9ed" stroke-width="1"/>
                <text x="1152" y="179" font-size="11" fill="#66707c" text-anchor="middle">2</text>
                <text x="1166" y="179" font-size="11" fill="#66707c">ns</text>
                <text x="116" y="144" font-size="13" fill="#1f2630" text-anchor="end" \
                font-weight="600">work</text>
                <text x="116" y="157" font-size="10" fill="#66707c" text-anchor="end">magnified below</text>
                <line x1="130" y1="143" x2="1152" y2="143" stroke="#c3c9d1" stroke-width="1"/>
                <text x="24" y="219" font-size="13" fill="#66707c">No trigger in this run.</text>
                </svg>

                """)
    }

    @Test func oneTriggerSaysAllItsTimes() {
        #expect(
            texts(oneTrigger().svg()) == [
                "Doorway", "", "signalled", "inference", "prepare", "capture",
                "0", "100", "200", "300", "400", "500", "600", "700", "800", "900", "1000", "ms",
                "person 0.93", "1", "motion", "input", "work", "magnified below",
                "Each trigger, magnified", "time from the edge, the same scale for all",
                "frame", "prepare", "inference", "edge to signal", "0", "2", "4", "6", "8", "10", "12", "ms",
                "1", "person 0.93", "0.500 s · 412 of 1024 blocks", "8.00 ms after", "420 µs", "3.84 ms",
                "13.3 ms",
                "edge", "frame taken", "line set",
            ])
    }

    @Test func theSameDiagramGivesTheSameBytes() {
        #expect(oneTrigger().svg() == oneTrigger().svg())
        #expect(oneTrigger().svg() != oneTrigger(caption: "person 0.94").svg())
    }

    @Test func anyTextIsEscaped() throws {
        let caption = "<&\">\u{0}\u{1B}'é"
        let found = try #require(texts(oneTrigger(caption: caption).svg()))
        #expect(found.count { $0 == "<&\">\u{FFFD}\u{FFFD}'é" } == 2)
    }

    @Test func anyTimesGiveAWellFormedPicture() {
        for times in [
            [0, 0, 0, 0], [.max, .max, .max, .max], [5, 0, .max, 1], [.max, 0, 3, .max], [7, 9, 8, 3],
        ] as [[UInt64]] {
            let trigger = TimingDiagram.Trigger(
                edgeNanoseconds: times[0], frameNanoseconds: times[1],
                spans: [.init(.inference, times[2], times[1]), .init(.capture, times[0], times[3])],
                signalNanoseconds: times[3], outcome: .failed, caption: "")
            let diagram = TimingDiagram(
                title: "", durationNanoseconds: times[2],
                lanes: [.init(name: "", direction: .output, edges: [.init(times[1], true)])],
                triggers: [trigger, trigger])
            #expect(texts(diagram.svg()) != nil, "\(times)")
        }
    }

    @Test func onlyTheFirstTriggersGetAStrip() throws {
        var diagram = oneTrigger()
        diagram.triggers = Array(repeating: diagram.triggers[0], count: 45)
        let found = try #require(texts(diagram.svg()))
        #expect(found.count { $0 == "13.3 ms" } == 40)
        #expect(found.last == "and 5 more triggers in the trace")
    }

    // MARK: Parts

    @Test func durationsHaveThreeDigits() {
        let cases: [(UInt64, String)] = [
            (0, "0 ns"), (999, "999 ns"), (1000, "1.00 µs"), (9_994, "9.99 µs"), (9_995, "10.0 µs"),
            (99_949, "99.9 µs"), (99_950, "100 µs"), (999_499, "999 µs"), (999_500, "1.00 ms"),
            (12_345_678, "12.3 ms"), (999_500_000, "1.00 s"), (60_000_000_000, "60.0 s"),
            (3_600_000_000_000, "3600 s"),
        ]
        for (nanoseconds, text) in cases {
            #expect(NumberText.duration(nanoseconds: nanoseconds) == text)
        }
    }

    @Test func numbersAreTrimmed() {
        let cases: [(Double, String)] = [
            (0, "0"), (1.5, "1.5"), (-0.004, "0"), (-0.006, "-0.01"), (-12.345, "-12.35"), (100, "100"),
            (0.05, "0.05"),
        ]
        for (value, text) in cases { #expect(NumberText.trimmed(value) == text) }
        #expect(NumberText.fixed(2.5, decimals: 0) == "3")
        #expect(NumberText.fixed(0.07, decimals: 2) == "0.07")
    }

    @Test func axesHaveRoundTicks() {
        func labels(_ range: ClosedRange<Int>, _ count: Int) -> String {
            let axis = TimeAxis(range, tickCount: count)
            return axis.ticks.map(axis.label).joined(separator: " ") + " " + axis.unit.rawValue
        }
        #expect(labels(0...60_000_000_000, 14) == "0 5 10 15 20 25 30 35 40 45 50 55 60 s")
        #expect(labels(-21_000_000...40_000_000, 8) == "-20 -10 0 10 20 30 40 ms")
        #expect(labels(0...1_500_000, 8) == "0 200 400 600 800 1000 1200 1400 µs")
        #expect(labels(0...2, 14) == "0 1 2 ns")
        #expect(labels(0...0, 14) == "0 1 ns")
        #expect(labels(0...2_500_000_000, 6) == "0.0 0.5 1.0 1.5 2.0 2.5 s")
    }

    @Test func markersAreSpreadApart() {
        func spread(_ positions: [Double]) -> [Double] {
            TimingDiagram.spread(positions, distance: 10, within: 0...100)
        }
        #expect(spread([]) == [])
        #expect(spread([50]) == [50])
        #expect(spread([10, 12, 14, 60]) == [10, 20, 30, 60])
        #expect(spread([90, 95, 100]) == [80, 90, 100])
        #expect(spread(Array(repeating: 0, count: 21)) == (0...20).map { Double($0) * 5 })
    }
}
