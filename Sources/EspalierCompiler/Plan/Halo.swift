/// How far beyond the picture any convolution looks that reads a tensor: the zero points to keep around it.
struct Halo: Equatable {
    var top = 0
    var bottom = 0
    var left = 0
    var right = 0

    init() {}

    init(of tensor: Int, in graph: Graph) {
        let shape = graph.tensors[tensor].shape
        for node in graph.nodes where node.inputs.contains(tensor) {
            let window: Window
            switch node.operation {
            case .convolution(let convolution), .depthwiseConvolution(let convolution):
                window = convolution.window
            default: continue
            }
            let output = graph.tensors[node.output].shape
            top = max(top, window.padTop)
            left = max(left, window.padLeft)
            let lastRow = (output.height - 1) * window.strideHeight + window.spanHeight - window.padTop
            let lastPixel = (output.width - 1) * window.strideWidth + window.spanWidth - window.padLeft
            bottom = max(bottom, lastRow - shape.height)
            right = max(right, lastPixel - shape.width)
        }
    }
}
