import CEspalier
import EspalierCore
import EspalierTestSupport
import Testing

@testable import EspalierCompiler

/// What the planner writes into a convolution of the layers behind it that may run with it in one pass, and that the arena
/// and the engine hold to it.
@Suite struct EndingPlanTests {
    /// An 8x8x4 input, and a 1x1 convolution of it: tensors 0 and 1. Then what a test adds.
    private struct Small {
        var graph = Graph(name: "ending")

        init(weightZeroPoint: Int32 = 0) {
            graph.tensors = [
                GraphTensor(name: "input", shape: Shape(8, 8, 4), scale: 1, zeroPoint: 3)
            ]
            convolution(0, weightZeroPoint: weightZeroPoint)
        }

        mutating func append(
            _ operation: Operation, _ inputs: [Int], _ shape: Shape = Shape(8, 8, 4), zeroPoint: Int32 = -128
        ) {
            let name = "t\(graph.tensors.count)"
            graph.tensors.append(GraphTensor(name: name, shape: shape, scale: 1, zeroPoint: zeroPoint))
            let output = graph.tensors.count - 1
            graph.nodes.append(Node(label: name, operation: operation, inputs: inputs, output: output))
            graph.outputs = [output]
        }

        mutating func convolution(_ input: Int, weightZeroPoint: Int32 = 0) {
            var random = SeededGenerator(seed: UInt64(graph.tensors.count))
            var convolution = Convolution(
                window: Window(kernelHeight: 1, kernelWidth: 1), weights: random.bytes(16, in: -127...127),
                bias: [10, -20, 30, 0], multipliers: Array(repeating: QuantizedMultiplier(0.005), count: 4),
                activation: ActivationRange())
            convolution.weightZeroPoint = weightZeroPoint
            append(.convolution(convolution), [input])
        }

        /// Factors of a usual size are exact in whole numbers.
        mutating func add(_ inputs: [Int], factor: Double = 0.4) {
            let factors = [0.5, factor, 1.9 / Double(1 << 20)]
            append(
                .add(factors.map { QuantizedMultiplier($0) }, leftShift: 20, ActivationRange()), inputs,
                zeroPoint: 7)
        }

        mutating func constant() -> Int {
            var random = SeededGenerator(seed: 9)
            graph.tensors.append(
                GraphTensor(
                    name: "constant", shape: Shape(8, 8, 4), scale: 1, zeroPoint: 1,
                    constant: random.bytes(256)))
            return graph.tensors.count - 1
        }

        mutating func mean(_ input: Int) {
            append(.mean(QuantizedMultiplier(1.1).dividedByCount(64)), [input], Shape(1, 1, 4))
        }

        mutating func pool(_ input: Int, kernel: Int = 8, output: Int = 1, isMax: Bool = false) {
            let window = Window(kernelHeight: kernel, kernelWidth: kernel)
            append(
                isMax
                    ? .maxPool(window, ActivationRange())
                    : .averagePool(window, ActivationRange(), roundingOrigin: 0), [input],
                Shape(output, output, 4), zeroPoint: graph.tensors[input].zeroPoint)
        }
    }

    /// The plan's `ends_with`; every set runs a layer by itself or with all of these, to the results of layer by layer.
    private func endings(_ graph: Graph) throws -> [Int32] {
        let plan = try Planner.plan(graph)
        let model = CompiledModel(plan)
        var random = SeededGenerator(seed: 17)
        let input = random.bytes(256)
        var results: [[Int8]] = []
        for kernels in KernelSet.all {
            for inOnePass in [false, true] {
                let arena = try Arena(model, kernels: kernels)
                try input.withUnsafeBufferPointer { try arena.engine.setInput($0) }
                var index = 0
                while index < plan.layers.count {
                    var layers = 1
                    if inOnePass {
                        layers = try arena.engine.runStep(index).layers
                        let all = 1 + Int(plan.layers[index].fields.ends_with)
                        #expect(layers == 1 || layers == all)
                        if kernels.name == "avx512vnni" { #expect(layers == all) }
                    } else {
                        try arena.engine.runLayer(index)
                    }
                    index += layers
                }
                var result: [Int8] = []
                for output in plan.outputs.indices {
                    let tensor = arena.engine.tensor(Int(plan.outputs[output]))
                    var values = [Int8](repeating: 0, count: tensor.count)
                    try values.withUnsafeMutableBufferPointer {
                        try arena.engine.copyOutput(output, to: $0)
                    }
                    result += values
                }
                results.append(result)
            }
        }
        #expect(results.allSatisfy { $0 == results[0] })
        return plan.layers.map(\.fields.ends_with)
    }

    @Test func aConvolutionEndsWithAnAdditionAndAPool() throws {
        var both = Small()
        both.add([1, 0])
        both.mean(2)
        #expect(try endings(both.graph) == [2, 0, 0])
        var addition = Small()
        addition.add([0, 1])
        #expect(try endings(addition.graph) == [1, 0])
        var pool = Small()
        pool.pool(1)
        #expect(try endings(pool.graph) == [1, 0])
        var next = Small()
        next.convolution(1)
        next.add([2, 1])
        next.pool(3)
        next.convolution(4)
        #expect(try endings(next.graph) == [0, 2, 0, 0, 0])
    }

    @Test func aResultThatIsReadElsewhereIsNotAddedTo() throws {
        var output = Small()
        output.add([1, 0])
        output.graph.outputs = [1, 2]
        #expect(try endings(output.graph) == [0, 0])
        var twice = Small()
        twice.add([1, 1])
        #expect(try endings(twice.graph) == [0, 0])
        var later = Small()
        later.add([1, 0])
        later.add([2, 1])
        #expect(try endings(later.graph) == [0, 0, 0])
        var between = Small()
        between.convolution(0)
        between.add([1, 0])
        #expect(try endings(between.graph) == [0, 0, 0])
    }

    @Test func whatNoKernelAddsIsNoEnding() throws {
        var constant = Small()
        let operand = constant.constant()
        constant.add([1, operand])
        #expect(try endings(constant.graph) == [0, 0])
        var inexact = Small()
        inexact.add([1, 0], factor: 1e-9)
        let plan = try Planner.plan(inexact.graph)
        if plan.layers[1].wholeFactors.isEmpty { #expect(try endings(inexact.graph) == [0, 0]) }
        var legacy = Small(weightZeroPoint: 4)
        legacy.add([1, 0])
        legacy.mean(2)
        #expect(try endings(legacy.graph) == [0, 0, 0])
    }

    @Test func aPoolOverAPartOfThePictureIsNoEnding() throws {
        var part = Small()
        part.pool(1, kernel: 4, output: 2)
        #expect(try endings(part.graph) == [0, 0])
        var corner = Small()
        corner.pool(1, kernel: 7, output: 1)
        #expect(try endings(corner.graph) == [0, 0])
        var greatest = Small()
        greatest.pool(1, isMax: true)
        #expect(try endings(greatest.graph) == [0, 0])
        var other = Small()
        other.mean(0)
        #expect(try endings(other.graph) == [0, 0])
    }

    /// A pool that runs with its convolution writes while the convolution still reads; one that does not may take its place.
    @Test func onlyWhatRunsInOnePassIsAliveTogether() throws {
        func overlap(_ graph: Graph) throws -> Bool {
            let plan = try Planner.plan(graph)
            let input = plan.tensors[plan.input]
            let output = plan.tensors[Int(plan.layers.last!.fields.output)]
            let (first, second) = (Int(input.fields.offset), Int(output.fields.offset))
            return first < second + output.bytes && second < first + input.bytes
        }
        var whole = Small()
        whole.pool(1)
        #expect(try !overlap(whole.graph))
        var part = Small()
        part.pool(1, kernel: 4, output: 2)
        #expect(try overlap(part.graph))
    }
}
