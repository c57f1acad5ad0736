import EspalierTestSupport
import Testing

/// Depthwise convolution and pools against plain loops: all small shapes, then seeded random ones.
@Suite struct WindowTests {
    /// A window over a picture.
    struct Case: CustomStringConvertible {
        let geometry: Geometry
        let height: Int
        let width: Int
        let channels: Int
        let multiplier: Int
        let seed: UInt64

        var description: String {
            "\(geometry) \(height)x\(width)x\(channels) multiplier \(multiplier) seed \(seed)"
        }
    }

    private func smallCases(dilations: Int, multipliers: ClosedRange<Int>, channels: ClosedRange<Int>)
        -> [Case]
    {
        var cases: [Case] = []
        for kernel in 0..<9 {
            for stride in 1...3 {
                for dilation in 1...dilations {
                    for padding in Geometry.Padding.allCases {
                        for multiplier in multipliers {
                            for channels in channels {
                                var geometry = Geometry(
                                    kernelHeight: kernel / 3 + 1, kernelWidth: kernel % 3 + 1)
                                (geometry.strideHeight, geometry.strideWidth) = (stride, stride)
                                (geometry.dilationHeight, geometry.dilationWidth) = (dilation, dilation)
                                geometry.pad(padding, height: 6, width: 5)
                                cases.append(
                                    Case(
                                        geometry: geometry, height: 6, width: 5, channels: channels,
                                        multiplier: multiplier, seed: UInt64(cases.count)))
                            }
                        }
                    }
                }
            }
        }
        return cases
    }

    private func randomCases(
        _ count: Int, seed: UInt64, dilations: Int, multipliers: Int, widest: Int = 12
    ) -> [Case] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let height = Int.random(in: 9...12, using: &random)
            let width = Int.random(in: 9...widest, using: &random)
            var geometry = Geometry(
                kernelHeight: Int.random(in: 1...5, using: &random),
                kernelWidth: Int.random(in: 1...5, using: &random),
                strideHeight: Int.random(in: 1...3, using: &random),
                strideWidth: Int.random(in: 1...3, using: &random),
                dilationHeight: Int.random(in: 1...dilations, using: &random),
                dilationWidth: Int.random(in: 1...dilations, using: &random))
            geometry.pad(Bool.random(using: &random) ? .same : .valid, height: height, width: width)
            return Case(
                geometry: geometry, height: height, width: width,
                channels: Int.random(in: 1...17, using: &random),
                multiplier: Int.random(in: 1...multipliers, using: &random), seed: random.next())
        }
    }

    // MARK: Depthwise

    private func depthwiseMismatch(_ shape: Case, weightZeroPoint: Int32 = 0, silence: Bool = false)
        -> String?
    {
        var random = SeededGenerator(seed: shape.seed)
        let geometry = shape.geometry
        let outputs = shape.channels * shape.multiplier
        let zeroPoint = Int32.random(in: -128...127, using: &random)
        var input = TestTensor(
            shape.height, shape.width, shape.channels,
            random.bytes(shape.height * shape.width * shape.channels))
        if silence { input.silence(quads: Int.random(in: 0...2, using: &random), Int8(zeroPoint)) }
        let weights = NaiveWeights(
            values: random.bytes(outputs * geometry.taps, in: -127...127), zeroPoint: weightZeroPoint,
            bias: (0..<outputs).map { _ in Int32.random(in: -5_000...5_000, using: &random) })
        let scale = randomRequantisation(outputs, &random)
        let expected = naiveDepthwiseConvolution(
            input, zeroPoint: zeroPoint, weights, geometry, scale, multiplier: shape.multiplier)
        let bench = LayerBench()
        let source = bench.tensor(
            shape.height, shape.width, shape.channels, zeroPoint: zeroPoint,
            halo: geometry.halo(height: shape.height, width: shape.width), slack: Int(shape.seed % 3) * 4)
        let target = bench.tensor(
            geometry.outputHeight, geometry.outputWidth, outputs, zeroPoint: scale.zeroPoint)
        bench.depthwiseConvolution(
            source, weights, geometry, scale, multiplier: shape.multiplier, skipsSilence: silence, target)
        return firstMismatch(shape, expected) {
            try bench.run([input], inputs: [source], outputs: [target])[0]
        }
    }

    @Test func allSmallDepthwiseShapesAgree() {
        let cases = smallCases(dilations: 2, multipliers: 1...3, channels: 1...5)
        expectNone(cases.compactMap { depthwiseMismatch($0) }, of: cases.count)
    }

    @Test func randomDepthwiseShapesAgree() {
        let cases = randomCases(300, seed: 42, dilations: 2, multipliers: 3)
        expectNone(cases.compactMap { depthwiseMismatch($0) }, of: cases.count)
    }

    /// 10,000 pictures under the window of most networks: all widths around a vector's.
    @Test(arguments: 0..<4)
    func threeByThreeDepthwiseLayersAgree(part: UInt64) {
        var random = SeededGenerator(seed: 46 + part)
        let mismatches = (0..<2500).compactMap { _ in
            var geometry = Geometry(kernelHeight: 3, kernelWidth: 3)
            let stride = Int.random(in: 1...2, using: &random)
            (geometry.strideHeight, geometry.strideWidth) = (stride, stride)
            let height = Int.random(in: 3...9, using: &random)
            let width = Int.random(in: 3...40, using: &random)
            geometry.pad(Bool.random(using: &random) ? .same : .valid, height: height, width: width)
            let shape = Case(
                geometry: geometry, height: height, width: width,
                channels: Int.random(in: 1...9, using: &random), multiplier: 1, seed: random.next())
            return depthwiseMismatch(shape, silence: Bool.random(using: &random))
        }
        expectNone(mismatches, of: 2500)
    }

    @Test(arguments: [Int32(-128), -7, 127])
    func depthwiseWeightZeroPointsAreTakenOff(zeroPoint: Int32) {
        let cases = randomCases(40, seed: 43, dilations: 1, multipliers: 2)
        expectNone(cases.compactMap { depthwiseMismatch($0, weightZeroPoint: zeroPoint) }, of: cases.count)
    }

    // MARK: Pools

    private enum Pool: CustomStringConvertible {
        case max
        case average(roundingOrigin: Int32)

        var description: String {
            switch self {
            case .max: "max pool"
            case .average(let origin): "average pool from \(origin)"
            }
        }
    }

    private func poolMismatch(_ pool: Pool, _ shape: Case) -> String? {
        var random = SeededGenerator(seed: shape.seed)
        let geometry = shape.geometry
        let count = shape.height * shape.width * shape.channels
        // Few different values make ties frequent.
        let bytes = shape.seed % 2 == 0 ? random.bytes(count) : random.bytes(count, in: -3...3)
        let input = TestTensor(shape.height, shape.width, shape.channels, bytes)
        let range = randomRequantisation(0, &random).range
        let bench = LayerBench()
        let source = bench.tensor(shape.height, shape.width, shape.channels, slack: Int(shape.seed % 3) * 4)
        let target = bench.tensor(geometry.outputHeight, geometry.outputWidth, shape.channels)
        let expected: TestTensor
        switch pool {
        case .max:
            expected = naiveMaxPool(input, geometry, range: range)
            bench.maxPool(source, geometry, range, target)
        case .average(let origin):
            expected = naiveAveragePool(input, geometry, range: range, roundingOrigin: origin)
            bench.averagePool(source, geometry, range, roundingOrigin: origin, target)
        }
        return firstMismatch("\(pool) \(shape)", expected) {
            try bench.run([input], inputs: [source], outputs: [target])[0]
        }
    }

    private func expectPoolAgreement(_ pool: Pool) {
        let cases =
            smallCases(dilations: 1, multipliers: 1...1, channels: 1...5)
            + randomCases(400, seed: 44, dilations: 1, multipliers: 1, widest: 70)
        expectNone(cases.compactMap { poolMismatch(pool, $0) }, of: cases.count)
    }

    @Test func maxPoolsAgree() { expectPoolAgreement(.max) }

    @Test func averagePoolsAgree() { expectPoolAgreement(.average(roundingOrigin: 0)) }

    @Test func averagePoolsOfLegacyModelsAgree() { expectPoolAgreement(.average(roundingOrigin: -128)) }

    @Test func meansAgree() {
        var random = SeededGenerator(seed: 45)
        var mismatches: [String] = []
        for size in 0..<180 {
            let (height, width, channels) = (size % 4 + 1, size / 4 % 5 + 1, size / 20 + 1)
            let zeroPoint = Int32.random(in: -128...127, using: &random)
            let input = TestTensor(height, width, channels, random.bytes(height * width * channels))
            var scale = randomRequantisation(1, &random)
            scale.shift = [Int32.random(in: -4...0, using: &random)]
            let bench = LayerBench()
            let source = bench.tensor(height, width, channels, zeroPoint: zeroPoint)
            let target = bench.tensor(1, 1, channels, zeroPoint: scale.zeroPoint)
            bench.mean(source, scale, target)
            let mismatch = firstMismatch(
                "mean of \(height)x\(width)x\(channels)", naiveMean(input, zeroPoint: zeroPoint, scale)
            ) { try bench.run([input], inputs: [source], outputs: [target])[0] }
            if let mismatch { mismatches.append(mismatch) }
        }
        expectNone(mismatches, of: 180)
    }
}
