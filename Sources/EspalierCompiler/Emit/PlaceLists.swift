import EspalierCore

extension Plan {
    /// Lists ahead where kernels find the inputs of kept blocks. Places follow from where the tensors lie.
    mutating func listPlaces() {
        let compiled = CompiledModel(self)
        withExtendedLifetime(compiled) {
            let model = compiled.pointer.pointee
            for index in layers.indices {
                let layer = model.layers + index
                let count = KernelSet.listPlaces(of: layer, tensors: model.tensors)
                guard count > 0 else { continue }
                var places = [UInt16](repeating: 0, count: count)
                var starts = [UInt32](repeating: 0, count: layers[index].rowStart.count)
                KernelSet.listPlaces(of: layer, tensors: model.tensors, places: &places, starts: &starts)
                layers[index].places = places
                layers[index].placeStart = starts
            }
        }
    }
}
