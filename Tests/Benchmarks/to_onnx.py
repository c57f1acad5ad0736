"""A network as a float .onnx, its weights dequantised: what the peers' own quantisers start from."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import Layer, Network

OPERATORS = {"convolution": "Conv", "dense": "Gemm", "add": "Add", "pool": "GlobalAveragePool", "softmax": "Softmax"}


class Writer:
    def __init__(self):
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray | float) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **settings: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **settings))
        return output

    def layer(self, layer: Layer) -> None:
        inputs, name = [f"value{value}" for value in layer.inputs], f"value{layer.output}"
        settings = {}
        if layer.kind == "dense":
            inputs = [self.node("Flatten", inputs, f"{name}_flat")]
            settings = {"transB": 1}
        elif layer.kind == "convolution":
            settings = {"group": layer.groups, "strides": layer.stride, "pads": layer.pads}
        elif layer.kind == "softmax":
            settings = {"axis": 1}
        if layer.weights is not None:
            inputs += [self.constant(f"{name}_weights", layer.real_weights), self.constant(f"{name}_bias", layer.bias)]
        if layer.range is None:
            self.node(OPERATORS[layer.kind], inputs, name, **settings)
            return
        inner = self.node(OPERATORS[layer.kind], inputs, f"{name}_unclamped", **settings)
        low, high = layer.range
        if high is None:
            self.node("Relu", [inner], name)
        else:
            self.node("Clip", [inner, self.constant(f"{name}_low", low), self.constant(f"{name}_high", high)], name)


def write(network: Network, target: str) -> None:
    writer = Writer()
    for layer in network.layers:
        writer.layer(layer)
    shape = [1, *network.values[network.source].shape]
    graph = helper.make_graph(
        writer.nodes, "network",
        [helper.make_tensor_value_info(f"value{network.source}", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(f"value{network.layers[-1].output}", TensorProto.FLOAT, None)],
        writer.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(onnx.shape_inference.infer_shapes(model, strict_mode=True), target)
