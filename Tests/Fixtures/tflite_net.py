"""Writes small quantised .tflite models with random weights: one `Net` a model, one method an operator.

    net = Net(seed=1, shape=[1, 5, 4, 3])
    hidden = net.conv(net.input, outputs=7, kernel=(3, 3), activation="RELU")
    model_bytes = net.finish([hidden])

Every method returns the operator's output. Scales are chosen so that the stored values spread over most of their range
and RELU6 cuts some of them.

`Net(..., external=True)` keeps the buffers behind the flatbuffer, as ai-edge-quantizer writes them; weights made with a
`Sparse` are stored sparse, or dense with the same values in `Net(..., dense=True)`.
"""
import dataclasses
import math

import flatbuffers
import numpy
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    "int8": (schema.TensorType.INT8, numpy.int8),
    "uint8": (schema.TensorType.UINT8, numpy.uint8),
    "int32": (schema.TensorType.INT32, numpy.int32),
    "float32": (schema.TensorType.FLOAT32, numpy.float32),
}


ABSENT = object()  # an optional input that is listed as -1; None is one that is not listed


@dataclasses.dataclass
class Value:
    """A tensor of the model."""

    index: int
    shape: list
    dtype: str
    scale: float
    zero_point: int

    @property
    def channels(self):
        return self.shape[-1]


@dataclasses.dataclass
class Sparse:
    """How to store weights sparse, and which to prune: all but `kept` of the blocks, or of the values where there are none."""

    order: tuple  # the dimension of each level
    formats: str  # "d" dense, "c" compressed, one a level
    blocks: dict = dataclasses.field(default_factory=dict)  # block size by dimension, ascending
    index: str = "Uint8Vector"
    densify: bool = False  # behind a DENSIFY, as the converter writes it for operators without a sparse kernel
    kept: float = 0.3

    def split(self, data):
        """The tensor with each blocked dimension cut in two: [outer..., inside of blocks...]."""
        shape, outer, inner = [], [], []
        for axis, side in enumerate(data.shape):
            outer.append(len(shape))
            shape.append(side // self.blocks.get(axis, 1))
            if axis in self.blocks:
                inner.append(len(shape))
                shape.append(self.blocks[axis])
        return data.reshape(shape).transpose(outer + inner)

    def prune(self, data, random):
        rank = data.ndim
        blocks = self.split(data)  # a view
        kept = random.random(blocks.shape[:rank]) < self.kept
        blocks *= kept.reshape(kept.shape + (1,) * (blocks.ndim - rank)).astype(data.dtype)

    def store(self, data):
        """(values, SparsityParameters)"""
        levels = [schema.DimensionMetadataT() for _ in self.order]
        segments, indices, values = [[0] for _ in levels], [[] for _ in levels], []
        expanded = self.split(data).transpose(self.order)

        def walk(level, part):
            if level == len(levels):
                return values.append(part)
            for index, below in enumerate(part):
                if self.formats[level] == "d":
                    walk(level + 1, below)
                elif numpy.any(below):
                    indices[level].append(index)
                    walk(level + 1, below)
            if self.formats[level] == "c":
                segments[level].append(len(indices[level]))

        walk(0, expanded)
        for level, metadata in enumerate(levels):
            if self.formats[level] == "d":
                metadata.format, metadata.denseSize = schema.DimensionType.DENSE, expanded.shape[level]
                continue
            metadata.format = schema.DimensionType.SPARSE_CSR
            for field, numbers in (("arraySegments", segments[level]), ("arrayIndices", indices[level])):
                vector = getattr(schema, self.index + "T")()
                vector.values = numbers
                setattr(metadata, field, vector)
                setattr(metadata, field + "Type", getattr(schema.SparseIndexVector, self.index))
        parameters = schema.SparsityParametersT()
        parameters.traversalOrder, parameters.blockMap = list(self.order), sorted(self.blocks)
        parameters.dimMetadata = levels
        return numpy.array(values, data.dtype), parameters


class Net:
    def __init__(self, seed, shape, dtype="int8", scale=None, zero_point=None, external=False, dense=False):
        self.external, self.dense = external, dense
        self.random = numpy.random.default_rng(seed)
        self.tensors, self.buffers, self.operators, self.codes = [], [schema.BufferT()], [], []
        self.dtype = "int8" if dtype == "float32" else dtype
        quantised = dtype != "float32"
        self.input = self.tensor(
            shape, dtype, (scale or self.random_scale()) if quantised else None,
            self.random_zero_point(zero_point) if quantised else None)

    # Tensors

    def random_scale(self):
        return float(numpy.float32(self.random.uniform(0.03, 0.06)))

    def random_zero_point(self, given=None):
        if given is not None:
            return given
        return int(self.random.integers(-60, 60)) + (128 if self.dtype == "uint8" else 0)

    def tensor(self, shape, dtype=None, scale=None, zero_point=None, data=None, scales=None, dimension=0, sparse=None):
        """Adds a tensor: quantised with one scale and zero point, or one scale a slice of `dimension`."""
        dtype = dtype or self.dtype
        tensor = schema.TensorT()
        if sparse and not self.dense:
            data, tensor.sparsity = sparse.store(data)
        tensor.shape, tensor.type, tensor.name = list(shape), TYPES[dtype][0], f"t{len(self.tensors)}"
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = numpy.frombuffer(numpy.asarray(data, TYPES[dtype][1]).tobytes(), numpy.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        if scale is not None or scales is not None:
            quantization = schema.QuantizationParametersT()
            quantization.scale = [scale] if scales is None else [float(s) for s in scales]
            quantization.zeroPoint = [zero_point] if scales is None else [0] * len(scales)
            quantization.quantizedDimension = dimension
            tensor.quantization = quantization
        self.tensors.append(tensor)
        return Value(len(self.tensors) - 1, list(shape), dtype, scale, zero_point)

    def constant(self, shape, scale=None, zero_point=None):
        """A random quantised constant operand."""
        low, high = (0, 256) if self.dtype == "uint8" else (-128, 128)
        data = self.random.integers(low, high, shape)
        return self.tensor(shape, None, scale or self.random_scale(), self.random_zero_point(zero_point), data)

    def integers(self, data):
        data = numpy.asarray(data, numpy.int32)
        return self.tensor(list(data.shape), "int32", data=data)

    # Operators

    def operator(self, code, inputs, output, kind=None, version=1, **options):
        """Adds an operator. `kind` is the name of its options table, `options` that table's fields."""
        number = getattr(schema.BuiltinOperator, code)
        opcode = schema.OperatorCodeT()
        opcode.builtinCode, opcode.version = number, version
        opcode.deprecatedBuiltinCode = min(number, 127)
        self.codes.append(opcode)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.codes) - 1
        operator.inputs = [-1 if value is ABSENT else value.index for value in inputs if value is not None]
        operator.outputs = [output.index]
        if kind:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = getattr(schema, kind + "T")()
            for name, value in options.items():
                setattr(operator.builtinOptions, name, value)
        self.operators.append(operator)
        return output

    def output(self, shape, like=None, scale=None, zero_point=None):
        """The output of an operator: quantised like another tensor, or anew."""
        if like is not None:
            return self.tensor(shape, like.dtype, like.scale, like.zero_point)
        return self.tensor(shape, None, scale or self.random_scale(), self.random_zero_point(zero_point))

    def weights(self, shape, depth, x, output_scale, axis, per_channel, zero_point, outputs, sparse=None):
        """Random weights with scales that give outputs a deviation of some 50 steps."""
        scale = 50 * output_scale / (x.scale * 75 * 73 * math.sqrt(depth))
        if self.dtype == "uint8":
            zero_point = 128 + (zero_point if zero_point is not None else int(self.random.integers(-20, 20)))
            data = self.random.integers(0, 256, shape)
            return self.tensor(shape, None, scale, zero_point, data), [scale] * outputs
        data = self.random.integers(-127, 128, shape)
        if sparse:
            sparse.prune(data, self.random)
        if not per_channel:
            quantization, scales = dict(scale=scale, zero_point=0), [scale] * outputs
        else:
            scales = numpy.float32(scale * self.random.uniform(0.4, 1.6, outputs))
            quantization = dict(scales=scales, dimension=axis)
        stored = self.tensor(shape, "int8", data=data, sparse=sparse, **quantization)
        if sparse and sparse.densify and not self.dense:
            stored = self.operator("DENSIFY", [stored], self.tensor(shape, "int8", **quantization), "DensifyOptions")
        return stored, scales

    def bias(self, x, scales, output_scale, per_channel):
        scales = [float(numpy.float32(numpy.float32(x.scale) * numpy.float32(s))) for s in scales]
        data = [int(self.random.integers(-40, 40) * output_scale / s) for s in scales]
        if per_channel and self.dtype == "int8":
            return self.tensor([len(scales)], "int32", data=data, scales=scales)
        return self.tensor([len(scales)], "int32", scales[0], 0, data)

    @staticmethod
    def window(x, kernel, stride, dilation, padding):
        """[height, width] of an output."""
        sides = []
        for side, k, s, d in zip(x.shape[1:3], kernel, stride, dilation):
            reach = (k - 1) * d + 1
            sides.append(-(-side // s) if padding == "SAME" else (side - reach) // s + 1)
            assert sides[-1] > 0
        return sides

    def conv(self, x, outputs, kernel=(3, 3), stride=(1, 1), dilation=(1, 1), padding="SAME", activation="NONE",
             per_channel=True, bias=True, groups=1, scale=None, zero_point=None, weight_zero_point=None, sparse=None):
        shape = [1, *self.window(x, kernel, stride, dilation, padding), outputs]
        y = self.output(shape, scale=scale, zero_point=zero_point)
        depth = x.channels // groups
        w, scales = self.weights([outputs, *kernel, depth], depth * kernel[0] * kernel[1], x, y.scale, 0, per_channel,
                                 weight_zero_point, outputs, sparse)
        b = self.bias(x, scales, y.scale, per_channel) if bias else None
        return self.operator(
            "CONV_2D", [x, w, b], y, "Conv2DOptions", version=3, padding=getattr(schema.Padding, padding),
            strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=getattr(schema.ActivationFunctionType, activation))

    def depthwise(self, x, multiplier=1, kernel=(3, 3), stride=(1, 1), dilation=(1, 1), padding="SAME",
                  activation="NONE", per_channel=True, bias=True, scale=None, zero_point=None,
                  weight_zero_point=None, sparse=None):
        outputs = x.channels * multiplier
        y = self.output([1, *self.window(x, kernel, stride, dilation, padding), outputs], scale=scale,
                        zero_point=zero_point)
        w, scales = self.weights([1, *kernel, outputs], kernel[0] * kernel[1], x, y.scale, 3, per_channel,
                                 weight_zero_point, outputs, sparse)
        b = self.bias(x, scales, y.scale, per_channel) if bias else None
        return self.operator(
            "DEPTHWISE_CONV_2D", [x, w, b], y, "DepthwiseConv2DOptions", version=3,
            padding=getattr(schema.Padding, padding), strideH=stride[0], strideW=stride[1],
            dilationHFactor=dilation[0], dilationWFactor=dilation[1], depthMultiplier=multiplier,
            fusedActivationFunction=getattr(schema.ActivationFunctionType, activation))

    def fully_connected(self, x, outputs, activation="NONE", per_channel=False, bias=True, keep_dims=False,
                        scale=None, zero_point=None, weight_zero_point=None, sparse=None):
        depth = x.channels if keep_dims or len(x.shape) == 2 else math.prod(x.shape)
        y = self.output([*x.shape[:-1], outputs] if keep_dims else [math.prod(x.shape) // depth, outputs],
                        scale=scale, zero_point=zero_point)
        w, scales = self.weights([outputs, depth], depth, x, y.scale, 0, per_channel, weight_zero_point, outputs,
                                 sparse)
        b = ABSENT if bias is ABSENT else self.bias(x, scales, y.scale, per_channel) if bias else None
        return self.operator(
            "FULLY_CONNECTED", [x, w, b], y, "FullyConnectedOptions", version=4, keepNumDims=keep_dims,
            fusedActivationFunction=getattr(schema.ActivationFunctionType, activation))

    def binary(self, code, a, b, activation="NONE", scale=None, zero_point=None):
        """ADD or MUL."""
        shape = list(numpy.broadcast_shapes(a.shape, b.shape))
        scale = scale or (1.4 * max(a.scale, b.scale) if code == "ADD" else 60 * a.scale * b.scale)
        y = self.output(shape, scale=float(numpy.float32(scale)), zero_point=zero_point)
        return self.operator(code, [a, b], y, {"ADD": "AddOptions", "MUL": "MulOptions"}[code], version=2,
                             fusedActivationFunction=getattr(schema.ActivationFunctionType, activation))

    def pad(self, x, amounts, value=None):
        """PAD, or PADV2 with a stored `value`. Amounts: [[before, after]] for each axis of x."""
        shape = [side + sum(amount) for side, amount in zip(x.shape, amounts)]
        y = self.output(shape, like=x)
        if value is None:
            return self.operator("PAD", [x, self.integers(amounts)], y, "PadOptions", version=2)
        constant = self.tensor([1], None, x.scale, x.zero_point, [value])
        return self.operator("PADV2", [x, self.integers(amounts), constant], y, "PadV2Options", version=2)

    def pool(self, code, x, kernel=(2, 2), stride=(2, 2), padding="VALID", activation="NONE"):
        """MAX_POOL_2D or AVERAGE_POOL_2D."""
        y = self.output([1, *self.window(x, kernel, stride, (1, 1), padding), x.channels], like=x)
        return self.operator(
            code, [x], y, "Pool2DOptions", version=2, padding=getattr(schema.Padding, padding), strideH=stride[0],
            strideW=stride[1], filterHeight=kernel[0], filterWidth=kernel[1],
            fusedActivationFunction=getattr(schema.ActivationFunctionType, activation))

    def mean(self, x, keep_dims, same_scale=False, axes=(1, 2)):
        shape = [1, 1, 1, x.channels] if keep_dims else [1, x.channels]
        y = self.output(shape, like=x) if same_scale else self.output(shape, scale=float(numpy.float32(x.scale / 3)))
        return self.operator("MEAN", [x, self.integers(axes)], y, "ReducerOptions", version=2, keepDims=keep_dims)

    def reshape(self, x, shape):
        y = self.output(shape, like=x)
        return self.operator("RESHAPE", [x, self.integers(shape)], y, "ReshapeOptions", newShape=list(shape))

    def concatenate(self, values, axis, scale=None, zero_point=None):
        """Quantised like the first value, or with a scale and a zero point of its own."""
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        y = self.output(shape, values[0] if scale is None else None, scale, zero_point)
        return self.operator("CONCATENATION", values, y, "ConcatenationOptions", version=2, axis=axis,
                             fusedActivationFunction=schema.ActivationFunctionType.NONE)

    def softmax(self, x, beta=1.0):
        y = self.output(x.shape, scale=1 / 256, zero_point=0 if self.dtype == "uint8" else -128)
        return self.operator("SOFTMAX", [x], y, "SoftmaxOptions", version=2, beta=beta)

    def logistic(self, x):
        y = self.output(x.shape, scale=1 / 256, zero_point=0 if self.dtype == "uint8" else -128)
        return self.operator("LOGISTIC", [x], y, version=2)

    def unary(self, code, x, scale=None, zero_point=None):
        """RELU, RELU6, TANH, HARD_SWISH."""
        if code == "TANH":
            scale, zero_point = 1 / 128, 128 if self.dtype == "uint8" else 0
        y = self.output(x.shape, scale=scale, zero_point=zero_point)
        kind = "HardSwishOptions" if code == "HARD_SWISH" else None
        return self.operator(code, [x], y, kind, version=1 if code in ("HARD_SWISH", "RELU_N1_TO_1") else 2)

    def leaky_relu(self, x, alpha):
        return self.operator("LEAKY_RELU", [x], self.output(x.shape), "LeakyReluOptions", version=2, alpha=alpha)

    def quantize(self, x, scale=None, zero_point=None):
        y = self.output(x.shape, scale=scale, zero_point=zero_point)
        return self.operator("QUANTIZE", [x], y, "QuantizeOptions", version=2)

    def dequantize(self, x):
        return self.operator("DEQUANTIZE", [x], self.tensor(x.shape, "float32"), "DequantizeOptions", version=2)

    def transpose(self, x, order):
        y = self.output([x.shape[axis] for axis in order], like=x)
        return self.operator("TRANSPOSE", [x, self.integers(order)], y, "TransposeOptions", version=2)

    # The file

    def finish(self, outputs):
        """The model's bytes."""
        model = self.model(outputs)
        return self.packed_behind(model) if self.external else self.packed(model)

    def model(self, outputs):
        """The model as the schema's objects."""
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = [self.input.index], [value.index for value in outputs]
        model = schema.ModelT()
        model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, self.codes, [graph], self.buffers
        return model

    @staticmethod
    def packed(model):
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def packed_behind(self, model):
        """The model with its buffers behind the flatbuffer, each once, at multiples of 16 bytes."""
        contents = [None if buffer.data is None else bytes(buffer.data) for buffer in model.buffers]
        for buffer, content in zip(model.buffers, contents):
            if content is not None:
                buffer.data, buffer.offset, buffer.size = None, 1, 1  # keeps room for both
        end = len(self.packed(model))
        places, behind = {}, b""
        for buffer, content in zip(model.buffers, contents):
            if content is None:
                continue
            if content not in places:
                behind += bytes(-(end + len(behind)) % 16)
                places[content] = end + len(behind)
                behind += content
            buffer.offset, buffer.size = places[content], len(content)
        model_bytes = self.packed(model)
        assert len(model_bytes) == end
        return model_bytes + behind
