import CEspalier
import EspalierCore

extension Plan {
    /// Asks the kernels of these kinds how much scratch each layer takes. Lists made ahead take none: they come first.
    mutating func reserveScratch(for kernels: KernelKinds) throws(CompilerError) {
        let compiled = CompiledModel(self)
        let model = compiled.pointer.pointee
        for index in layers.indices {
            let bytes = kernels.scratchBytes(of: model.layers + index, tensors: model.tensors)
            guard bytes <= Planner.arenaLimit else { throw ArenaLayout.tooLarge }
            layers[index].fields.scratch_bytes = Int32(bytes)
        }
        withExtendedLifetime(compiled) {}
    }
}

extension ConvolutionTiling {
    /// How kernels cut up a convolution of this window.
    init(_ window: Window, input: Shape, output: Shape) {
        var layer = PlannedLayer(label: "")
        layer.setWindow(window)
        layer.fields.output = 1
        let inputs: [UInt16] = [0]
        let tensors = [EspalierTensor(input), EspalierTensor(output)]
        self = inputs.withUnsafeBufferPointer { inputs in
            layer.fields.inputs = inputs.baseAddress
            return ConvolutionTiling(of: &layer.fields, tensors: tensors)
        }
    }
}

extension EspalierTensor {
    /// Of a shape that fits the arena, at the arena's start.
    init(_ shape: Shape, halo: Halo = Halo()) {
        self.init()
        height = Int32(shape.height)
        width = Int32(shape.width)
        channels = Int32(shape.channels)
        quads = Int32(shape.quads)
        row_bytes = Int32(halo.left + shape.width + halo.right) * 4
        plane_bytes = Int32(halo.top + shape.height + halo.bottom) * row_bytes
        offset = Int32(halo.top) * row_bytes + Int32(halo.left) * 4
        halo_top = Int32(halo.top)
        halo_bottom = Int32(halo.bottom)
        halo_left = Int32(halo.left)
        halo_right = Int32(halo.right)
    }
}
