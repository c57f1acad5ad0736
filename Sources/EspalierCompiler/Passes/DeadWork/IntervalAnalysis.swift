/// Bounds of every channel of every tensor, from the input to the outputs, with the arithmetic of the kernels: no data,
/// no statistics, so what holds here holds on every input.
///
/// An interval per channel, over all pixels. Relations between channels are lost, which only makes intervals wider.
/// Source: interval arithmetic as in abstract interpretation (Cousot and Cousot, 1977), on exact integers.
struct IntervalAnalysis {
    /// [tensor][channel]; empty for a tensor that no node of the graph touches.
    private(set) var intervals: [[Interval]]
    let graph: Graph

    init(_ graph: Graph) {
        self.graph = graph
        intervals = Array(repeating: [], count: graph.tensors.count)
        intervals[graph.input] = Array(repeating: .full, count: graph.tensors[graph.input].shape.channels)
        for node in graph.nodes {
            for input in node.inputs where intervals[input].isEmpty { bindConstant(input) }
            intervals[node.output] = bounds(of: node)
        }
    }

    private mutating func bindConstant(_ tensor: Int) {
        let channels = graph.tensors[tensor].shape.channels
        guard let values = graph.tensors[tensor].constant, values.count >= channels else {
            intervals[tensor] = Array(repeating: .full, count: channels)
            return
        }
        intervals[tensor] = values[..<channels].map { Interval(low: $0, high: $0) }
        for (index, value) in values.enumerated() {
            let known = intervals[tensor][index % channels]
            intervals[tensor][index % channels] = known.hull(Interval(low: value, high: value))
        }
    }

    // MARK: Operators

    private func bounds(of node: Node) -> [Interval] {
        let input = intervals[node.inputs[0]]
        let output = graph.tensors[node.output]
        switch node.operation {
        case .convolution(let convolution): return bounds(convolution, node, isDepthwise: false)
        case .depthwiseConvolution(let convolution): return bounds(convolution, node, isDepthwise: true)
        case .add(let multipliers, let leftShift, let range):
            return elementwise(node) { first, second in
                let terms = [first, second].enumerated().map { index, term in
                    multipliers[index].apply(
                        term.lowerBound << Int64(leftShift)...term.upperBound << Int64(leftShift))
                }
                guard let first = terms[0], let second = terms[1] else { return range.interval(of: nil) }
                let sum = first.lowerBound + second.lowerBound...first.upperBound + second.upperBound
                return range.interval(of: moved(multipliers[2].apply(sum), by: output.zeroPoint))
            }
        case .multiply(let multiplier, let range):
            return elementwise(node) { first, second in
                let corners = [
                    first.lowerBound * second.lowerBound, first.lowerBound * second.upperBound,
                    first.upperBound * second.lowerBound, first.upperBound * second.upperBound,
                ]
                let product = corners.min()!...corners.max()!
                return range.interval(of: moved(multiplier.apply(product), by: output.zeroPoint))
            }
        case .maxPool(_, let range):
            return input.map { range.interval(of: Int64($0.low)...Int64($0.high)) }
        case .averagePool(let window, let range, _):
            // A rounded mean lies between the least and the greatest value, unless the 32-bit sum wraps.
            let isExact = window.kernelHeight * window.kernelWidth < 1 << 22
            return input.map { range.interval(of: isExact ? Int64($0.low)...Int64($0.high) : nil) }
        case .mean(let multiplier): return mean(node, multiplier)
        case .softmax: return Array(repeating: .full, count: output.shape.channels)
        case .pad(_, _, let front, let value): return pad(node, front: front, value: value)
        case .concatenate(let axis): return concatenate(node, axis: axis)
        case .reshape:
            if graph.tensors[node.inputs[0]].shape.channels == output.shape.channels { return input }
            let all = input.dropFirst().reduce(input[0]) { $0.hull($1) }
            return Array(repeating: all, count: output.shape.channels)
        case .table(let table):
            return input.map { interval in
                let entries = table[Int(interval.low) + 128...Int(interval.high) + 128]
                return Interval(low: entries.min()!, high: entries.max()!)
            }
        }
    }

    /// Bounds of two inputs less their zero points, channel by channel; one channel is repeated.
    private func elementwise(
        _ node: Node, _ combine: (ClosedRange<Int64>, ClosedRange<Int64>) -> Interval
    ) -> [Interval] {
        (0..<graph.tensors[node.output].shape.channels).map { channel in
            let ranges = node.inputs.map { input in
                let all = intervals[input]
                return centred(all[all.count == 1 ? 0 : channel], input)
            }
            return combine(ranges[0], ranges[1])
        }
    }

    /// An interval less its tensor's zero point.
    func centred(_ interval: Interval, _ tensor: Int) -> ClosedRange<Int64> {
        let zeroPoint = Int64(graph.tensors[tensor].zeroPoint)
        return Int64(interval.low) - zeroPoint...Int64(interval.high) - zeroPoint
    }

    private func mean(_ node: Node, _ multiplier: QuantizedMultiplier) -> [Interval] {
        let source = graph.tensors[node.inputs[0]].shape
        let pixels = Int64(source.height * source.width)
        let zeroPoint = graph.tensors[node.output].zeroPoint
        return intervals[node.inputs[0]].map { interval in
            let range = centred(interval, node.inputs[0])
            let sum = range.lowerBound * pixels...range.upperBound * pixels
            return ActivationRange().interval(of: moved(multiplier.apply(sum), by: zeroPoint))
        }
    }

    private func pad(_ node: Node, front: Int, value: Int32) -> [Interval] {
        let source = graph.tensors[node.inputs[0]].shape
        let output = graph.tensors[node.output].shape
        let stored = Int8(truncatingIfNeeded: value)
        let border = Interval(low: stored, high: stored)
        var bounds = Array(repeating: border, count: output.channels)
        let hasBorder = source.height < output.height || source.width < output.width
        for (channel, interval) in intervals[node.inputs[0]].enumerated() {
            bounds[front + channel] = hasBorder ? interval.hull(border) : interval
        }
        return bounds
    }

    private func concatenate(_ node: Node, axis: Int) -> [Interval] {
        if axis == 2 { return node.inputs.flatMap { intervals[$0] } }
        var bounds = intervals[node.inputs[0]]
        for input in node.inputs.dropFirst() {
            bounds = zip(bounds, intervals[input]).map { $0.hull($1) }
        }
        return bounds
    }
}
