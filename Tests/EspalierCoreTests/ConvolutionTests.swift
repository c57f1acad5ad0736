import EspalierTestSupport
import Testing

/// The reference convolution and its static mask against plain loops: all small shapes, then seeded random
/// ones.
@Suite struct ConvolutionTests {
    /// One convolution, everything about it decided by a few sizes and a seed.
    struct Case: CustomStringConvertible {
        var geometry = Geometry()
        var padding = Geometry.Padding.same
        var height = 5
        var width = 4
        var channels = 1
        var outputs = 1
        var groups = 1
        var blockOutputs = 1
        var weightZeroPoint: Int32 = 0
        var roundsOnce = false
        /// The share of blocks kept, or nil for a layer without a mask.
        var kept: Double?
        /// Whether some input quads hold nothing but the zero point, and kernels look for them.
        var silence = false
        /// Packed for Winograd's kernels, where they can be: 3x3, stride 1, every block kept.
        var winograd = false
        /// An addition behind the convolution, in the same place.
        var addition: FollowingAddition?
        /// A pool over the whole picture behind both.
        var pool: FollowingPool?
        var seed: UInt64

        var description: String {
            "\(geometry) \(padding) \(height)x\(width)x\(channels) -> \(outputs), groups \(groups), "
                + "blocks of \(blockOutputs), kept \(kept.map { "\($0)" } ?? "all"), "
                + "weight zero point \(weightZeroPoint), rounds once \(roundsOnce), silence \(silence), "
                + "Winograd \(winograd), "
                + "\(addition.map { "\($0)" } ?? "no addition"), "
                + "\(pool.map { "\($0)" } ?? "no pool"), seed \(seed)"
        }

        /// Runs the case both ways; nil when the bits agree.
        func mismatch() -> String? {
            var random = SeededGenerator(seed: seed)
            var geometry = geometry
            geometry.pad(padding, height: height, width: width)
            let zeroPoint = Int32.random(in: -128...127, using: &random)
            var input = TestTensor(height, width, channels, random.bytes(height * width * channels))
            if silence { input.silence(quads: Int.random(in: 0...3, using: &random), Int8(zeroPoint)) }
            let depth = channels / groups
            var weights = NaiveWeights(
                values: random.bytes(outputs * geometry.taps * depth, in: -127...127),
                zeroPoint: weightZeroPoint,
                bias: (0..<outputs).map { _ in Int32.random(in: -9_000...9_000, using: &random) })
            let mask = kept.map { Mask(self, taps: geometry.taps, share: $0, &random) }
            mask?.clear(&weights, self, taps: geometry.taps)
            var scale = randomRequantisation(outputs, &random)
            if let addition { scale.zeroPoint = addition.resultZeroPoint }
            let result = naiveConvolution(
                input, zeroPoint: zeroPoint, weights, geometry, scale, groups: groups,
                rounding: roundsOnce ? singlyRounded : oracleRequantise)

            let bench = LayerBench()
            let source = bench.tensor(
                height, width, channels, zeroPoint: zeroPoint,
                halo: geometry.halo(height: height, width: width),
                slack: Int(seed % 3) * 4)
            let sum = bench.tensor(
                geometry.outputHeight, geometry.outputWidth, outputs,
                zeroPoint: addition?.zeroPoint ?? scale.zeroPoint, halo: addition?.halo ?? Halo())
            let target =
                addition == nil ? sum : bench.tensor(inPlaceOf: sum, zeroPoint: scale.zeroPoint)
            bench.convolution(
                source, weights, geometry, scale, groups: groups, blockOutputs: blockOutputs,
                roundsOnce: roundsOnce, skipsSilence: silence, winograd: winograd,
                keep: mask.map { mask in { mask.keeps($0, $1) } }, target)
            var inputs = [input]
            var sources = [source]
            var expected = [result]
            var targets = [sum]
            if let addition {
                let other = TestTensor(
                    result.height, result.width, outputs, random.bytes(result.values.count))
                inputs.append(other)
                sources.append(addition.append(to: bench, target, sum))
                expected = [addition.expected(result, other)]
            }
            if let pool {
                targets.append(pool.append(to: bench, sum))
                expected.append(pool.expected(expected[0], zeroPoint: bench.tensors[sum].zero_point))
            }
            return expected.indices.lazy.compactMap { index in
                firstMismatch(self, expected[index]) {
                    try bench.run(inputs, inputs: sources, outputs: targets)[index]
                }
            }.first
        }
    }

    /// Random kept blocks, the first mask row always pruned whole where there are two.
    struct Mask {
        let blocks: Int
        let kept: [Bool]

        init(_ convolution: Case, taps: Int, share: Double, _ random: inout SeededGenerator) {
            let rows = (convolution.outputs + convolution.blockOutputs - 1) / convolution.blockOutputs
            blocks = taps * ((convolution.channels + 3) / 4)
            let firstKept = rows > 1 ? blocks : 0
            let draws = (0..<rows * blocks).map { _ in Double.random(in: 0..<1, using: &random) < share }
            // A row of 16 outputs keeps all or nothing.
            let isWhole = convolution.blockOutputs == 16
            kept = draws.indices.map { [blocks] in
                draws[isWhole ? $0 / blocks * blocks : $0] && $0 >= firstKept
            }
        }

        func keeps(_ row: Int, _ block: Int) -> Bool { kept[row * blocks + block] }

        /// Makes the weights of the blocks that are cut zero, for the oracle.
        func clear(_ weights: inout NaiveWeights, _ convolution: Case, taps: Int) {
            let quads = (convolution.channels + 3) / 4
            for output in 0..<convolution.outputs {
                for tap in 0..<taps {
                    for channel in 0..<convolution.channels
                    where !keeps(output / convolution.blockOutputs, tap * quads + channel / 4) {
                        weights.values[(output * taps + tap) * convolution.channels + channel] = 0
                    }
                }
            }
        }
    }

    @Test(arguments: [1, 2, 4, 16])
    func allSmallDenseShapesAgree(blockOutputs: Int) {
        expectAgreement(smallShapes(blockOutputs: blockOutputs, kept: nil))
    }

    @Test(arguments: [1, 2, 4, 16])
    func allSmallPrunedShapesAgreeWithZeroWeights(blockOutputs: Int) {
        expectAgreement(smallShapes(blockOutputs: blockOutputs, kept: 0.5))
    }

    private func smallShapes(blockOutputs: Int, kept: Double?) -> [Case] {
        var cases: [Case] = []
        for kernel in 0..<9 {
            for step in 0..<4 {
                for padding in Geometry.Padding.allCases {
                    for channels in 1...5 {
                        for outputs in 1...5 {
                            var geometry = Geometry()
                            geometry.kernelHeight = kernel / 3 + 1
                            geometry.kernelWidth = kernel % 3 + 1
                            geometry.strideHeight = step % 2 + 1
                            geometry.strideWidth = step % 2 + 1
                            geometry.dilationHeight = step / 2 + 1
                            geometry.dilationWidth = step / 2 + 1
                            cases.append(
                                Case(
                                    geometry: geometry, padding: padding, height: 6, width: 5,
                                    channels: channels,
                                    outputs: outputs, blockOutputs: blockOutputs, kept: kept,
                                    seed: UInt64(cases.count)))
                        }
                    }
                }
            }
        }
        return cases
    }

    /// 10,000 shapes: rows that fill vectors, half fill them and just miss; one output and several groups of 16.
    @Test(arguments: 0..<8)
    func randomShapesAgree(part: UInt64) {
        var random = SeededGenerator(seed: 41 + part)
        expectAgreement((0..<1250).map { _ in randomCase(&random) })
    }

    private func randomCase(_ random: inout SeededGenerator) -> Case {
        var geometry = Geometry()
        geometry.kernelHeight = Int.random(in: 1...4, using: &random)
        geometry.kernelWidth = Int.random(in: 1...4, using: &random)
        let stride = Int.random(in: 1...3, using: &random)
        geometry.strideHeight = stride
        geometry.strideWidth = Int.random(in: 0..<8, using: &random) == 0 ? 4 - stride : stride
        geometry.dilationHeight = Int.random(in: 0..<4, using: &random) == 0 ? 2 : 1
        geometry.dilationWidth = Int.random(in: 0..<4, using: &random) == 0 ? 2 : 1
        let outputs = Int.random(in: 0..<4, using: &random) == 0 ? 70 : 20
        return Case(
            geometry: geometry, padding: Bool.random(using: &random) ? .same : .valid,
            height: Int.random(in: 7...9, using: &random), width: Int.random(in: 7...38, using: &random),
            channels: Int.random(in: 1...12, using: &random),
            outputs: Int.random(in: 1...outputs, using: &random),
            blockOutputs: [1, 2, 4, 16].randomElement(using: &random)!,
            roundsOnce: Int.random(in: 0..<6, using: &random) == 0,
            kept: Bool.random(using: &random) ? Double.random(in: 0...1, using: &random) : nil,
            silence: Bool.random(using: &random), seed: random.next())
    }

    /// Pictures of several hundred pixels, which wide tiles and whole vectors' rows need; at stride 2 half as wide.
    @Test(arguments: [1, 2, 4])
    func largePicturesAgree(blockOutputs: Int) {
        var random = SeededGenerator(seed: 77 + UInt64(blockOutputs))
        expectAgreement(
            [(16, 16), (32, 32), (17, 17), (9, 32), (6, 48), (40, 16), (13, 64)].flatMap { height, width in
                (0..<10).map { index in
                    var geometry = Geometry()
                    geometry.kernelHeight = index % 5 == 4 ? 1 : 3
                    geometry.kernelWidth = geometry.kernelHeight
                    geometry.strideHeight = index % 2 + 1
                    geometry.strideWidth = geometry.strideHeight
                    return Case(
                        geometry: geometry, height: height * geometry.strideHeight,
                        width: width * geometry.strideWidth, channels: Int.random(in: 1...9, using: &random),
                        outputs: Int.random(in: 1...9, using: &random), blockOutputs: blockOutputs,
                        roundsOnce: index == 9, kept: 0.5, silence: index == 8, seed: random.next())
                }
            })
    }

    /// Pictures of whole tiles of 4x4 outputs and of parts of them, on sets with a kernel for it and on others.
    @Test func layersPackedForWinogradAgree() {
        var random = SeededGenerator(seed: 59)
        var geometry = Geometry()
        geometry.kernelHeight = 3
        geometry.kernelWidth = 3
        expectAgreement(
            (0..<500).map { index in
                Case(
                    geometry: geometry, padding: index % 2 == 0 ? .same : .valid,
                    height: 3 + index % 11, width: Int.random(in: 3...21, using: &random),
                    channels: Int.random(in: 1...34, using: &random),
                    outputs: Int.random(in: 1...34, using: &random), blockOutputs: 16,
                    roundsOnce: index % 7 == 0, silence: index % 3 == 0, winograd: true, seed: random.next())
            })
    }

    @Test func masksLongerThanOneWordAgree() {
        var geometry = Geometry()
        geometry.kernelHeight = 3
        geometry.kernelWidth = 3
        expectAgreement(
            [1, 2, 4].flatMap { blockOutputs in
                [0.05, 0.3, 1].map { kept in
                    Case(
                        geometry: geometry, height: 3, width: 3, channels: 33, outputs: 6,
                        blockOutputs: blockOutputs, kept: kept, seed: UInt64(blockOutputs))
                }
            })
    }

    @Test func layersPrunedWholeGiveTheirBias() {
        expectAgreement([Case(channels: 7, outputs: 5, kept: 0, seed: 8)])
    }

    @Test func weightZeroPointsAreTakenOff() {
        var geometry = Geometry()
        geometry.kernelHeight = 3
        geometry.kernelWidth = 2
        expectAgreement(
            [Int32(-128), -15, 3, 127].flatMap { zeroPoint in
                [1, 3, 4, 6].map { channels in
                    Case(
                        geometry: geometry, channels: channels, outputs: 3, weightZeroPoint: zeroPoint,
                        seed: UInt64(channels))
                }
            })
    }

    @Test func groupsSeeTheirOwnChannelsOnly() {
        var geometry = Geometry()
        geometry.kernelHeight = 2
        geometry.kernelWidth = 3
        expectAgreement(
            [(2, 2, 2), (6, 3, 3), (6, 4, 2), (10, 10, 5), (12, 8, 4)].map { channels, outputs, groups in
                Case(geometry: geometry, channels: channels, outputs: outputs, groups: groups, seed: 5)
            })
    }

    @Test func fullyConnectedLayersRoundOnce() {
        expectAgreement(
            (0..<200).map { seed in
                Case(
                    height: 1, width: 1, channels: seed % 40 + 1, outputs: seed % 7 + 1, roundsOnce: true,
                    seed: UInt64(seed))
            })
    }
}
