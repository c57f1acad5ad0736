import EspalierCore

extension Plan {
    /// Lists ahead where the kernels of `kind` find the inputs of kept blocks: ESPALIER_PLACES_..., 0 for nobody's. Places
    /// follow from the tensors' halos, not from where they lie.
    mutating func listPlaces(_ kind: Int32) {
        guard kind != 0 else { return }
        let compiled = CompiledModel(self)
        withExtendedLifetime(compiled) {
            let model = compiled.pointer.pointee
            for index in layers.indices {
                let layer = model.layers + index
                let count = KernelSet.listPlaces(kind, of: layer, tensors: model.tensors)
                guard count > 0 else { continue }
                var places = [UInt16](repeating: 0, count: count)
                let channels = Int(model.tensors[Int(layer.pointee.output)].channels)
                var starts = [UInt32](repeating: .max, count: channels + 1)
                KernelSet.listPlaces(
                    kind, of: layer, tensors: model.tensors, places: &places, starts: &starts)
                layers[index].fields.places_of = kind
                layers[index].places = places
                layers[index].placeStart = Array(starts.prefix { $0 != .max })
            }
        }
    }
}
