"""A network as a float .onnx, its weights dequantised: what the peers' own quantisers start from."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import Layer, Network


def write(network: Network, target: str) -> None:
    nodes, constants = [], []

    def constant(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def clamped(layer: Layer, name: str) -> str:
        """The name under which a layer's own node gives what its range is then applied to."""
        if layer.range is None:
            return name
        inner = f"{name}_unclamped"
        if layer.range[1] is None:
            nodes.append(helper.make_node("Relu", [inner], [name]))
        else:
            limits = [constant(f"{name}_{edge}", np.array(limit)) for edge, limit in zip(("low", "high"), layer.range)]
            nodes.append(helper.make_node("Clip", [inner, *limits], [name]))
        return inner

    for layer in network.layers:
        inputs, name = [f"value{value}" for value in layer.inputs], f"value{layer.output}"
        at = len(nodes)
        inner = clamped(layer, name)
        settings = {}
        if layer.kind in ("convolution", "dense"):
            inputs += [constant(f"{name}_weights", layer.real_weights), constant(f"{name}_bias", layer.bias)]
        if layer.kind == "convolution":
            settings = {"group": layer.groups, "strides": layer.stride, "pads": layer.pads}
        if layer.kind == "dense":
            settings = {"transB": 1}
            nodes.insert(at, helper.make_node("Flatten", inputs[:1], [f"{name}_flat"]))
            inputs[0], at = f"{name}_flat", at + 1
        if layer.kind == "softmax":
            settings = {"axis": 1}
        operator = {"convolution": "Conv", "dense": "Gemm", "add": "Add", "pool": "GlobalAveragePool",
                    "softmax": "Softmax"}[layer.kind]
        nodes.insert(at, helper.make_node(operator, inputs, [inner], name=name, **settings))
    source, last = f"value{network.source}", f"value{network.layers[-1].output}"
    shape = [1, *network.values[network.source].shape]
    graph = helper.make_graph(
        nodes, "network", [helper.make_tensor_value_info(source, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(onnx.shape_inference.infer_shapes(model, strict_mode=True), target)
