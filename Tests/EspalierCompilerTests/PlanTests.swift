import CEspalier
import EspalierFiles
import EspalierTestSupport
import Foundation
import Testing

@testable import EspalierCompiler

/// What the planner promises for any model: nothing alive overlaps, halos are inside, pruned blocks are nowhere.
@Suite struct PlanTests {
    static let fixtures: [String] = {
        let folder = Package.fixture("operators").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".tflite") }.sorted().map { "\(folder)/\($0)" }
    }()

    static func compile(_ path: String) throws -> Compilation {
        try Compilation(
            tflite: ByteFile.read(path), sourceName: "m.tflite", options: CompileOptions(name: "m"))
    }

    @Test func noTwoLiveTensorsOverlapInAnyFixture() throws {
        #expect(Self.fixtures.count > 100)
        var checked = 0
        for path in Self.fixtures {
            // Some fixtures have operators that are not supported; OperatorFixtureTests says which.
            guard let compilation = try? Self.compile(path) else { continue }
            try check(compilation.plan, path)
            checked += 1
        }
        #expect(checked > 200)
    }

    @Test(.needsReference) func noTwoLiveTensorsOverlapInTheReferenceModels() throws {
        for name in ["resnet8_cifar10_int8", "mobilenet_v2_1.0_224_int8_nchw", "vww_96_int8"] {
            try check(ReferenceModel.compilation(name).plan, name)
        }
        try check(ReferenceModel.compilation("resnet8_cifar10_int8", for: .cortexA53).plan, "for an A53")
    }

    private func check(_ plan: Plan, _ name: String) throws {
        func range(_ index: Int) -> Range<Int> {
            let tensor = plan.tensors[index]
            let start = Int(
                tensor.fields.offset - tensor.fields.halo_top * tensor.fields.row_bytes - tensor.fields
                    .halo_left * 4)
            return start..<start + tensor.bytes
        }
        var lastUse = [Int: Int]()
        var firstUse = [plan.input: -1]
        for (step, layer) in plan.layers.enumerated() {
            for input in layer.inputs { lastUse[Int(input)] = step }
            for ended in step...step + Int(layer.fields.ends_with) {
                let output = Int(plan.layers[ended].fields.output)
                firstUse[output] = min(firstUse[output] ?? step, step)
            }
        }
        for output in plan.outputs { lastUse[Int(output)] = plan.layers.count }
        for (step, layer) in plan.layers.enumerated() where layer.fields.scratch_bytes > 0 {
            let scratch = Int(layer.fields.scratch)..<Int(layer.fields.scratch + layer.fields.scratch_bytes)
            #expect(scratch.lowerBound >= 0 && scratch.upperBound <= plan.arenaBytes, "\(name)")
            for index in plan.tensors.indices where plan.tensors[index].data.isEmpty {
                let alive = firstUse[index]! <= step && step <= lastUse[index] ?? -1
                #expect(
                    !alive || !range(index).overlaps(scratch), "\(name): tensor \(index), scratch of \(step)")
            }
        }
        for index in plan.tensors.indices where plan.tensors[index].data.isEmpty {
            #expect(range(index).lowerBound >= 0 && range(index).upperBound <= plan.arenaBytes, "\(name)")
            #expect(range(index).lowerBound % Int(ESPALIER_ARENA_ALIGNMENT) == 0, "\(name)")
            for other in 0..<index where plan.tensors[other].data.isEmpty {
                if plan.tensors[other].liesIn == index {
                    #expect(range(index) == range(other) && additionEnds(other, in: index, plan), "\(name)")
                    continue
                }
                let alive =
                    firstUse[index]! <= lastUse[other] ?? -1 && firstUse[other]! <= lastUse[index] ?? -1
                #expect(
                    !alive || !range(index).overlaps(range(other)), "\(name): tensors \(other) and \(index)")
            }
        }
    }

    /// Whether `result` is read by an addition alone, which writes `sum` and follows the convolution that wrote `result`.
    private func additionEnds(_ result: Int, in sum: Int, _ plan: Plan) -> Bool {
        guard let step = plan.layers.firstIndex(where: { $0.inputs.contains(UInt16(result)) }), step > 0
        else { return false }
        let addition = plan.layers[step]
        return addition.fields.operation == ESPALIER_OPERATION_ADD && Int(addition.fields.output) == sum
            && Int(plan.layers[step - 1].fields.output) == result
            && !plan.layers[(step + 1)...].contains { $0.inputs.contains(UInt16(result)) }
    }

    /// VWW as shipped has most weights at zero: what is stored is exactly what is not.
    @Test(.needsReference) func prunedBlocksAreStoredNowhere() throws {
        for name in ["vww_96_int8", "resnet8_cifar10_int8"] {
            for layer in try ReferenceModel.compilation(name).plan.layers where layer.fields.row_blocks > 0 {
                let outputs = Int(layer.fields.block_outputs)
                let blocks = stride(from: 0, to: layer.weights.count, by: 4 * outputs).map {
                    Array(layer.weights[$0..<$0 + 4 * outputs])
                }
                #expect(blocks.allSatisfy { $0.contains { $0 != 0 } }, "\(name) \(layer.label)")
                let bits = layer.mask.reduce(0) { $0 + $1.nonzeroBitCount }
                #expect(layer.mask.isEmpty || bits == blocks.count, "\(name) \(layer.label)")
                #expect(layer.mask.isEmpty == (layer.live.blocks == Int(layer.fields.blocks_kept)))
            }
        }
    }

    @Test(.needsReference) func mobileNetV2sPadsAndTransposeLeaveNothingBehind() throws {
        let plan = try ReferenceModel.compilation("mobilenet_v2_1.0_224_int8_nchw").plan
        #expect(!plan.layers.contains { $0.fields.operation == ESPALIER_OPERATION_PAD })
        #expect(!plan.layers.contains { $0.fields.operation == ESPALIER_OPERATION_RESHAPE })
    }
}
