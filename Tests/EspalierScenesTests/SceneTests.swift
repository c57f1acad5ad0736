import EspalierScenes
import Testing

/// FNV-1a, 64 bits: enough to notice a changed byte.
private func hash(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
}

@Suite struct SceneTests {
    @Test func aSceneIsTheSameBytesOnEveryRunAndMachine() {
        var all: UInt64 = 0
        for seed: UInt64 in 0..<64 { all = all &* 31 &+ hash(Scene.random(seed: seed).render()) }
        // Whoever changes scenes on purpose puts the new number here and trains models/doorway again.
        #expect(all == 13_692_096_261_021_201_282)
    }

    @Test(arguments: Kind.allCases, Light.allCases)
    func everyKindAndLightRendersAtOddSizes(kind: Kind, light: Light) {
        for (width, height) in [(1, 1), (7, 3), (33, 65), (161, 119)] {
            for seconds in [-3.5, 0, 40] {
                let scene = Scene(kind: kind, seed: 11, light: light)
                #expect(scene.light == light)
                #expect(scene.render(width: width, height: height, at: seconds).count == width * height * 3)
            }
        }
    }

    @Test func anySeedRendersWhateverItDraws() {
        for seed: UInt64 in 0..<400 {
            let bytes = Scene.random(seed: seed &* 0x9E37_79B9).render(width: 40, height: 30)
            #expect(Set(bytes).count > 8, "seed \(seed &* 0x9E37_79B9) shows next to nothing")
        }
    }

    @Test func anyFourSeedsFromAMultipleOfFourShowEveryKind() {
        var orders: Set<[Kind]> = []
        for group: UInt64 in 0..<50 {
            let kinds = (0..<4).map { Scene.random(seed: group * 4 + $0).kind }
            #expect(Set(kinds).count == 4)
            orders.insert(kinds)
        }
        #expect(orders.count > 10)
    }

    @Test func allLightsAreAboutEquallyFrequent() {
        var counts = [Light: Int]()
        for seed: UInt64 in 0..<800 { counts[Scene.random(seed: seed).light, default: 0] += 1 }
        for light in Light.allCases { #expect((150...250).contains(counts[light] ?? 0)) }
    }

    @Test func theFigureIsAllThatAKindChanges() {
        for seed: UInt64 in 0..<40 {
            let empty = Scene(kind: .empty, seed: seed, light: .day).render()
            for kind in [Kind.person, .animal, .vehicle] {
                let other = Scene(kind: kind, seed: seed, light: .day).render()
                var far = 0
                for index in 0..<empty.count where abs(Int(empty[index]) - Int(other[index])) > 24 {
                    far += 1
                }
                #expect(far > 20, "seed \(seed): no \(kind) to be seen")
                #expect(far < empty.count * 3 / 4, "seed \(seed): \(kind) changes all of the picture")
            }
        }
    }

    @Test func scenesOfOneCameraShareItsPlace() {
        let first = Scene(kind: .empty, seed: 1, light: .day, camera: 9)
        let second = Scene(kind: .empty, seed: 1, light: .day, camera: 10)
        #expect(Scene(kind: .person, seed: 1).camera == Scene(kind: .vehicle, seed: 1).camera)
        #expect(first.render() != second.render())
    }

    @Test func timeMovesAWalkerAndTheNoise() {
        let scene = Scene(kind: .person, seed: 3)
        #expect(scene.render(at: 0) != scene.render(at: 0.5))
        #expect(scene.render(at: 0.5) == scene.render(at: 0.5))
    }

    /// Were the mean brightness to tell the kind, a network would learn that and nothing else.
    @Test func meanBrightnessHardlyTellsTheKind() {
        var samples: [(mean: Int, kind: Kind)] = []
        for seed: UInt64 in 10_000..<12_000 {
            let scene = Scene.random(seed: seed)
            let bytes = scene.render(width: 40, height: 30)
            samples.append((bytes.reduce(0) { $0 + Int($1) } / bytes.count, scene.kind))
        }
        // The best guess that knows only the mean, in 16 steps, fitted on one half and judged on the other.
        var counts = [[Int]](repeating: [0, 0, 0, 0], count: 16)
        for sample in samples.prefix(1000) { counts[sample.mean / 16][sample.kind.rawValue] += 1 }
        var right = 0
        for sample in samples.dropFirst(1000) {
            let row = counts[sample.mean / 16]
            if row.firstIndex(of: row.max() ?? 0) == sample.kind.rawValue { right += 1 }
        }
        #expect(right < 330, "\(right) of 1000 right from the mean brightness alone; chance is 250")
    }
}
