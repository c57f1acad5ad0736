"""An int8 .tflite classifier as a plain list of layers, for the peers that do not read .tflite: channels first,
padding in the convolution that wants it, weights as stored with their scales."""
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
RANGES = {0: None, 1: (0.0, None), 3: (0.0, 6.0)}  # ActivationFunctionType: none, ReLU, ReLU6


@dataclass
class Value:
    """A tensor between layers. Real values are scale * (stored - zero)."""
    shape: list[int]  # channels first, without the batch
    scale: float
    zero: int

    @property
    def largest(self) -> float:
        return self.scale * max(127 - self.zero, self.zero + 128)


@dataclass
class Layer:
    kind: str  # convolution, dense, add, pool (over the whole picture) or softmax
    inputs: list[int]
    output: int
    range: tuple[float, float | None] | None = None
    weights: np.ndarray | None = None  # int8 [output, input of its group, height, width]; dense: [output, input]
    scales: np.ndarray | None = None  # of the weights, one an output
    bias: np.ndarray | None = None  # real
    groups: int = 1
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right

    @property
    def real_weights(self) -> np.ndarray:
        return self.weights * self.scales.reshape(-1, *[1] * (self.weights.ndim - 1))


@dataclass
class Network:
    values: dict[int, Value]
    layers: list[Layer]
    source: int


class Reader:
    def __init__(self, file: str):
        self.model = schema.Model.GetRootAs(bytearray(open(file, "rb").read()), 0)
        self.graph = self.model.Subgraphs(0)
        self.network = Network({}, [], self.graph.Inputs(0))
        self.alias: dict[int, int] = {}  # of what only moved or padded another value, that value
        self.padding: dict[int, np.ndarray] = {}

    def read(self) -> Network:
        self.define(self.network.source)
        for index in range(self.graph.OperatorsLength()):
            self.operator(self.graph.Operators(index))
        return self.network

    def define(self, tensor: int) -> Value:
        details = self.graph.Tensors(tensor)
        shape = [int(side) for side in details.ShapeAsNumpy()[1:]]
        # Converted from a network with channels first, a model may keep its input so: a small first side tells.
        if len(shape) == 3 and not (tensor == self.network.source and shape[0] <= 3):
            shape = [shape[2], *shape[:2]]
        quantisation = details.Quantization()
        value = Value(shape, float(quantisation.Scale(0)), int(quantisation.ZeroPoint(0)))
        return self.network.values.setdefault(tensor, value)

    def stored(self, tensor: int, kind: type) -> np.ndarray:
        details = self.graph.Tensors(tensor)
        values = np.frombuffer(self.model.Buffers(details.Buffer()).DataAsNumpy().tobytes(), kind)
        return values.reshape(details.ShapeAsNumpy())

    def operator(self, operator: schema.Operator) -> None:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs, output = [int(tensor) for tensor in operator.InputsAsNumpy()], int(operator.Outputs(0))
        source = self.alias.get(inputs[0], inputs[0])
        if name in ("RESHAPE", "TRANSPOSE", "PAD"):
            self.alias[output] = source
            if name == "PAD":
                self.padding[output] = self.stored(inputs[1], np.int32)
            return
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            layer = self.convolution(operator, name, inputs, output)
        elif name == "FULLY_CONNECTED":
            layer = self.weighted(Layer("dense", [source], output), inputs, self.stored(inputs[1], np.int8))
            layer.range = RANGES[self.options(operator, schema.FullyConnectedOptions).FusedActivationFunction()]
        elif name == "ADD":
            sources = [self.alias.get(tensor, tensor) for tensor in inputs]
            activation = self.options(operator, schema.AddOptions).FusedActivationFunction()
            layer = Layer("add", sources, output, RANGES[activation])
        elif name in ("AVERAGE_POOL_2D", "MEAN") and self.define(output).shape[1:] in ([], [1, 1]):
            layer = Layer("pool", [source], output)
        elif name == "SOFTMAX":
            layer = Layer("softmax", [source], output)
        else:
            raise ValueError(f"{name} is not among the operators that network.py knows")
        self.define(output)
        self.network.layers.append(layer)

    def convolution(self, operator: schema.Operator, name: str, inputs: list[int], output: int) -> Layer:
        source = self.alias.get(inputs[0], inputs[0])
        weights = self.stored(inputs[1], np.int8)
        if name == "CONV_2D":
            options, weights, groups = self.options(operator, schema.Conv2DOptions), weights.transpose(0, 3, 1, 2), 1
        else:
            options = self.options(operator, schema.DepthwiseConv2DOptions)
            weights, groups = weights.transpose(3, 0, 1, 2), self.network.values[source].shape[0]
        layer = self.weighted(Layer("convolution", [source], output, groups=groups), inputs, weights)
        layer.range = RANGES[options.FusedActivationFunction()]
        if self.network.values[source].shape[1:] == [1, 1] == list(weights.shape[2:]):
            layer.kind, layer.weights = "dense", layer.weights[:, :, 0, 0]
        layer.stride = (options.StrideH(), options.StrideW())
        if inputs[0] in self.padding:
            (top, bottom), (left, right) = self.padding[inputs[0]][1:3].tolist()
            layer.pads = (top, left, bottom, right)
        elif options.Padding() == schema.Padding.SAME:
            layer.pads = same(self.network.values[source].shape[1:], weights.shape[2:], layer.stride)
        return layer

    def weighted(self, layer: Layer, inputs: list[int], weights: np.ndarray) -> Layer:
        scales = self.graph.Tensors(inputs[1]).Quantization().ScaleAsNumpy()
        layer.weights = np.ascontiguousarray(weights)
        layer.scales = np.broadcast_to(scales, len(weights)).astype(np.float32)
        source = self.network.values[layer.inputs[0]]
        layer.bias = (self.stored(inputs[2], np.int32) * layer.scales * source.scale).astype(np.float32)
        return layer

    @staticmethod
    def options(operator: schema.Operator, kind: type):
        options = kind()
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options


def same(sides: list[int], kernel: tuple[int, ...], stride: tuple[int, int]) -> tuple[int, int, int, int]:
    """TFLite's SAME padding: what is odd goes to the bottom and to the right."""
    totals = [max(0, (-(-side // step) - 1) * step + taps - side) for side, taps, step in zip(sides, kernel, stride)]
    return (totals[0] // 2, totals[1] // 2, totals[0] - totals[0] // 2, totals[1] - totals[1] // 2)


def read(file: str) -> Network:
    return Reader(file).read()
