#!/usr/bin/env python3
"""Tiny models that cannot be compiled, each for another reason: operators, number types, structure, damaged storage.

    venv/bin/python Tests/Fixtures/make_refused.py     # rewrites Tests/Fixtures/refused

What each must be refused with is in RefusalTests.swift. Two runs write the same bytes.
"""
import copy
import pathlib
import zlib

import numpy
from ai_edge_litert import schema_py_generated as schema

from tflite_net import TYPES, Net, Sparse

FOLDER = pathlib.Path(__file__).parent / "refused"
CASES = {}

for dtype, number, kind in (("float16", schema.TensorType.FLOAT16, numpy.float16),
                            ("int16", schema.TensorType.INT16, numpy.int16),
                            ("int64", schema.TensorType.INT64, numpy.int64),
                            ("int4", schema.TensorType.INT4, numpy.int8)):
    TYPES[dtype] = (number, kind)


def case(shape, dtype="int8", **options):
    """Registers a function that returns a model: a net's outputs, schema objects or bytes."""

    def register(build):
        CASES[build.__name__] = (shape, dtype, options, build)
        return build

    return register


def operator(net, code, inputs, outputs, kind=None, custom=None, **options):
    """Adds an operator with any number of outputs; returns them."""
    net.operator(code, inputs, outputs[0] if outputs else net.input, kind, **options)
    net.operators[-1].outputs = [value.index for value in outputs]
    net.codes[-1].customCode = custom
    return outputs


def custom(net, name, inputs, shapes, dtype="int8"):
    quantised = dict(scale=0.05, zero_point=0) if dtype == "int8" else {}
    return operator(net, "CUSTOM", inputs, [net.tensor(shape, dtype, **quantised) for shape in shapes], custom=name)


def unknown(net, code, x, shape=None, inputs=(), kind=None):
    """An operator that is not supported, between int8 tensors."""
    return net.operator(code, [x, *inputs], net.output(shape or x.shape), kind)


# Operators

@case([1, 4, 4, 3])
def custom_edgetpu(net):
    return custom(net, "edgetpu-custom-op", [net.input], [[1, 4]] * 9)


@case([1, 4, 4, 3])
def custom_edgetpu_detector(net):
    boxes, scores = custom(net, "edgetpu-custom-op", [net.input], [[1, 10, 4], [1, 10, 3]])
    boxes, scores = net.dequantize(boxes), net.dequantize(scores)
    anchors = net.tensor([10, 4], "float32", data=numpy.zeros([10, 4]))
    return custom(net, "TFLite_Detection_PostProcess", [boxes, scores, anchors], [[1, 5, 4], [1, 5], [1, 5], [1]],
                  "float32")


@case([1, 4, 4, 3])
def custom_ethos_u(net):
    commands, weights = net.tensor([8], "uint8", data=[1] * 8), net.tensor([8], "uint8", data=[2] * 8)
    return custom(net, "ethos-u", [commands, weights, net.input], [[1, 4]])


@case([1, 4, 4, 3])
def custom_postprocess(net):
    body = net.conv(net.input, 4)
    boxes = net.dequantize(net.reshape(body, [1, 16, 4]))
    scores = net.dequantize(net.logistic(net.reshape(net.conv(body, 2), [1, 16, 2])))
    anchors = net.tensor([16, 4], "float32", data=numpy.zeros([16, 4]))
    return custom(net, "TFLite_Detection_PostProcess", [boxes, scores, anchors], [[1, 5, 4], [1, 5], [1, 5], [1]],
                  "float32")


@case([1, 4, 4, 3])
def custom_flex(net):
    return custom(net, "FlexErf", [net.conv(net.input, 3)], [[1, 4, 4, 3]])


@case([1, 4, 4, 3])
def custom_mediapipe(net):
    body = custom(net, "MaxPoolingWithArgmax2D", [net.input], [[1, 2, 2, 3], [1, 2, 2, 3]])
    return custom(net, "Convolution2DTransposeBias", [body[0]], [[1, 4, 4, 2]])


@case([1, 4, 4, 3])
def custom_unknown(net):
    return custom(net, "MySecretOp", [net.input], [[1, 4, 4, 3]])


@case([1, 4, 4, 3])
def custom_named_like_a_builtin(net):
    return custom(net, "CONV_2D", [net.input], [[1, 4, 4, 3]])


@case([1, 6, 4])
def lstm(net):
    gates = [net.constant([4, 4]) for _ in range(8)]
    absent = net.tensor([0], "float32")
    states = [net.tensor([1, 4], "int8", 0.05, 0), net.tensor([1, 4], "int16", 0.001, 0)]
    for state in states:
        net.tensors[state.index].isVariable = True
    return [net.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", [net.input, *gates, absent, *states], net.output([1, 6, 4]))]


@case([1, 8])
def state(net):
    kept = net.tensor([1, 8], "int8", net.input.scale, net.input.zero_point)
    net.tensors[kept.index].isVariable = True
    return [net.concatenate([net.input, kept], 1)]


@case([1, 4, 4, 3])
def several_operators(net):
    body = net.conv(net.input, 3)
    for code in ("HARD_SWISH", "PRELU", "HARD_SWISH", "ELU", "HARD_SWISH", "PRELU"):
        body = unknown(net, code, body)
    return [net.mean(body, True, axes=(1,))]


@case([1, 4, 4, 3])
def very_many_operators(net):
    body = net.input
    for code in ("ABS", "NEG", "EXP", "LOG", "SQRT", "RSQRT", "SQUARE", "SIN", "COS", "FLOOR", "CEIL", "ROUND", "ELU",
                 "GELU", "HARD_SWISH", "TANH", "SIGN", "RELU_0_TO_1", "L2_NORMALIZATION", "ZEROS_LIKE"):
        body = unknown(net, code, body)
    return [body]


@case([1, 4, 4, 3])
def arg_max(net):
    scores = net.fully_connected(net.conv(net.input, 3), 5)
    return operator(net, "ARG_MAX", [scores, net.integers([1])], [net.tensor([1], "int64")], "ArgMaxOptions")


@case([1, 4, 4, 3])
def stablehlo(net):
    return [unknown(net, "STABLEHLO_ADD", net.input, inputs=[net.input])]


@case([1, 4, 4, 3])
def operator_and_limits(net):
    body = unknown(net, "ELU", net.conv(net.input, 3))
    return [net.softmax(net.reshape(net.mean(body, True, axes=(1, 3)), [1, 3]))]


# Numbers

def weights(net, shape, dtype, quantised):
    data = net.random.integers(-7, 8, shape)
    return net.tensor(shape, dtype, data=data, **(dict(scale=0.01, zero_point=0) if quantised else {}))


def float_net(net, dtype="float32", through=None, activations="float32", sparse=None):
    """CONV_2D, SOFTMAX with weights of a type, directly or through an operator that makes floats of them."""
    quantised = dtype.startswith("int")
    filter_ = weights(net, [3, 1, 1, 3], dtype, quantised)
    if sparse:
        data = numpy.eye(3).reshape([3, 1, 1, 3])
        filter_ = net.tensor([3, 1, 1, 3], dtype, data=data, sparse=sparse)
    if through:
        filter_ = net.operator(through, [filter_], net.tensor([3, 1, 1, 3], "float32"))
    options = dict(scale=0.01, zero_point=0) if activations == "int16" else {}
    body = net.operator("CONV_2D", [net.input, filter_, net.tensor([3], "float32", data=[0, 0, 0])],
                        net.tensor([1, 4, 4, 3], activations, **options), "Conv2DOptions", strideH=1, strideW=1)
    return [net.operator("SOFTMAX", [body], net.tensor([1, 4, 4, 3], activations, **options), "SoftmaxOptions", beta=1.0)]


@case([1, 4, 4, 3], "float32")
def float32(net):
    return float_net(net)


@case([1, 4, 4, 3], "float32")
def float16(net):
    return float_net(net, "float16", "DEQUANTIZE")


@case([1, 4, 4, 3], "float32")
def float32_sparse(net):
    return float_net(net, sparse=Sparse((0, 1, 2, 3), "dddc"), through="DENSIFY")


@case([1, 4, 4, 3], "float32")
def dynamic_range(net):
    return float_net(net, "int8")


@case([1, 4, 4, 3], "float32")
def weights_only(net):
    return float_net(net, "int8", "DEQUANTIZE")


@case([1, 4, 4, 3], "float32")
def dynamic_range_int4(net):
    return float_net(net, "int4")


@case([1, 4, 4, 3], "int16", scale=0.01, zero_point=0)
def int16(net):
    return float_net(net, "int8", activations="int16")


@case([1, 4, 4, 3], "float32")
def float32_with_unknown_operator(net):
    body = float_net(net)[0]
    return [net.operator("GELU", [body], net.tensor(body.shape, "float32"))]


@case([1, 4, 4, 3])
def softmax_in_float(net):
    scores = net.dequantize(net.conv(net.input, 3))
    soft = net.operator("SOFTMAX", [scores], net.tensor(scores.shape, "float32"), "SoftmaxOptions", beta=1.0)
    return [net.conv(net.quantize(soft), 2)]


@case([1, 4, 4, 3])
def int4_weights(net):
    filter_ = weights(net, [3, 1, 1, 3], "int4", True)
    net.buffers[net.tensors[filter_.index].buffer].data = numpy.zeros(5, numpy.uint8)
    return [net.operator("CONV_2D", [net.input, filter_, net.integers([0, 0, 0])], net.output([1, 4, 4, 3]),
                         "Conv2DOptions", strideH=1, strideW=1)]


@case([1, 4, 4, 3])
def unquantised(net):
    body = net.tensor([1, 4, 4, 3], "int8")
    return [net.operator("RESHAPE", [net.input], body)]


# Structure

@case([1, 4, 4, 3])
def two_inputs(net):
    second = net.tensor([1, 4, 4, 3], "int8", 0.1, 3)
    model = net.model([net.binary("ADD", net.input, second)])
    model.subgraphs[0].inputs.append(second.index)
    return model


@case([1, 4, 4, 3])
def no_inputs(net):
    model = net.model([net.conv(net.constant([1, 4, 4, 3]), 2)])
    model.subgraphs[0].inputs = []
    return model


@case([1, 4, 4, 3])
def no_operators(net):
    return [net.input]


@case([1, 4, 4, 3])
def signatures(net):
    model = net.model([net.conv(net.input, 2)])
    model.subgraphs.append(copy.deepcopy(model.subgraphs[0]))
    model.signatureDefs = []
    for index, name in enumerate(("encode", "decode")):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex, signature.inputs, signature.outputs = name, index, [], []
        model.signatureDefs.append(signature)
    return model


@case([1, 4, 4, 3])
def control_flow(net):
    body = net.conv(net.input, 3)
    result = net.operator("WHILE", [body], net.output(body.shape), "WhileOptions", condSubgraphIndex=1,
                          bodySubgraphIndex=1)
    model = net.model([result])
    model.subgraphs.append(copy.deepcopy(model.subgraphs[0]))
    return model


def signature(net, sides):
    net.tensors[net.input.index].shapeSignature = sides


@case([1, 1, 1, 3])
def free_size(net):
    signature(net, [-1, -1, -1, 3])
    return [net.conv(net.input, 2)]


@case([1, 0, 4, 3])
def zero_size(net):
    return [net.operator("RELU", [net.input], net.output([1, 0, 4, 3]))]


@case([8, 4, 4, 3])
def batch_of_8(net):
    return [net.operator("RELU", [net.input], net.output([8, 4, 4, 3]))]


@case([1, 2, 4, 4, 3])
def video(net):
    return [net.operator("RELU", [net.input], net.output(net.input.shape))]


@case([1, 4, 4, 3])
def weights_in_another_file(net):
    result = net.conv(net.input, 2)
    filter_ = net.tensors[net.operators[-1].inputs[1]]
    filter_.buffer, filter_.externalBuffer = 0, 1
    return [result]


# int8 concatenations must be of one scale

@case([1, 4, 4, 3])
def concatenation_of_scales(net):
    return [net.concatenate([net.input, net.quantize(net.input, 0.2)], 3)]


# Sparse tensors

def sparse_case(name, damage, order=(0, 1), formats="dc", blocks=None, sides=(8, 16), densify=False, dtype="int8"):
    """A FULLY_CONNECTED whose sparse weights `damage(parameters, tensor, buffer)` has changed."""

    def build(net):
        sparse = Sparse(order, formats, blocks or {}, densify=densify)
        result = net.fully_connected(net.input, sides[0], sparse=sparse)
        tensor = next(tensor for tensor in net.tensors if tensor.sparsity)
        damage(tensor.sparsity, tensor, net.buffers[tensor.buffer])
        return [result]

    CASES[f"sparse_{name}"] = ([1, sides[1]], dtype, {}, build)


def change(field, edit, level=1):
    """Changes a field of a level: segments and indices are lists of numbers."""

    def damage(parameters, tensor, buffer):
        metadata = parameters.dimMetadata[level]
        if field in ("denseSize", "format"):
            setattr(metadata, field, edit(getattr(metadata, field)))
        else:
            getattr(metadata, field).values = edit(list(getattr(metadata, field).values))

    return damage


def put(position, number):
    def edit(numbers):
        numbers[position] = number
        return numbers

    return edit


def fields(**values):
    """Sets fields of the SparsityParameters."""

    def damage(parameters, tensor, buffer):
        for name, value in values.items():
            setattr(parameters, name, value)

    return damage


def data(edit):
    def damage(parameters, tensor, buffer):
        buffer.data = edit(buffer.data)

    return damage


def remove_segments(parameters, tensor, buffer):
    parameters.dimMetadata[1].arraySegments = None


def as_uint8(parameters, tensor, buffer):
    tensor.type = schema.TensorType.UINT8


def dimension_kind(parameters, tensor, buffer):
    parameters.dimMetadata[1].arrayIndicesType = 0


sparse_case("segments_descend", change("arraySegments", put(3, 0)))
sparse_case("segments_too_few", change("arraySegments", lambda numbers: numbers[:-1]))
sparse_case("segments_too_many", change("arraySegments", lambda numbers: numbers + numbers[-1:]))
sparse_case("segments_begin_late", change("arraySegments", put(0, 1)))
sparse_case("segments_end_late", change("arraySegments", put(-1, 200)))
sparse_case("segments_missing", remove_segments)
sparse_case("index_out_of_range", change("arrayIndices", put(0, 16)))
sparse_case("indices_descend", change("arrayIndices", put(0, 15)))
sparse_case("indices_of_no_kind", dimension_kind)
sparse_case("values_too_few", data(lambda values: values[:-1]))
sparse_case("values_too_many", data(lambda values: numpy.append(values, numpy.uint8(1))))
sparse_case("order_too_short", fields(traversalOrder=[0]))
sparse_case("order_repeats", fields(traversalOrder=[1, 1]))
sparse_case("order_out_of_range", fields(traversalOrder=[0, 7]))
sparse_case("order_very_long", fields(traversalOrder=list(range(400))))
sparse_case("block_map_out_of_range", fields(blockMap=[9]), (0, 1, 2), "dcd", {1: 4})
sparse_case("blocks_do_not_divide", change("denseSize", lambda size: 5, level=2), (0, 1, 2), "dcd", {1: 4})
sparse_case("blocks_of_nothing", change("denseSize", lambda size: 0, level=2), (0, 1, 2), "dcd", {1: 4})
sparse_case("dense_size_wrong", change("denseSize", lambda size: size + 1, level=0))
sparse_case("dense_size_negative", change("denseSize", lambda size: -8, level=0))
sparse_case("format_unknown", change("format", lambda format: 2))
sparse_case("uint8", as_uint8)


@case([1, 8])
def sparse_huge(net):
    # A file of 1 KB with weights of 3.6 GB.
    result = net.fully_connected(net.input, 4, sparse=Sparse((0, 1), "cc"))
    for tensor in net.tensors:
        if tensor.sparsity:
            tensor.shape = [60000, 60000]
        elif len(tensor.shape) == 2:
            tensor.shape = [1, 60000]
    return [result]


@case([1, 4, 4, 8])
def sparse_densify_of_another_shape(net):
    result = net.conv(net.input, 4, sparse=Sparse((0, 1, 2, 3), "dddc", densify=True))
    net.tensors[net.operators[0].outputs[0]].shape = [4, 3, 3, 4]
    return [result]


@case([1, 4, 4, 8])
def sparse_densify_damaged(net):
    result = net.conv(net.input, 4, sparse=Sparse((0, 1, 2, 3), "dddc", densify=True))
    tensor = next(tensor for tensor in net.tensors if tensor.sparsity)
    net.buffers[tensor.buffer].data = net.buffers[tensor.buffer].data[:-1]
    return [result]


@case([1, 4, 4, 8])
def sparse_densify_of_an_activation(net):
    return [net.operator("DENSIFY", [net.input], net.output(net.input.shape, like=net.input))]


@case([1, 8])
def sparse_bias(net):
    result = net.fully_connected(net.input, 4, sparse=Sparse((0, 1), "dc"))
    bias = net.tensors[net.operators[-1].inputs[2]]
    bias.sparsity = next(tensor for tensor in net.tensors if tensor.sparsity).sparsity
    return [result]


# Buffers behind the flatbuffer

def external_case(name, edit):
    """A small network whose buffer `edit(buffers, file_bytes)` has moved."""

    def build(net):
        model_bytes = bytearray(net.finish([net.conv(net.input, 3)]))
        model = schema.Model.GetRootAs(model_bytes)
        buffers = [model.Buffers(index) for index in range(1, model.BuffersLength())]

        def move(index, offset=None, size=None):
            table = buffers[index]._tab
            for slot, value in ((6, offset), (8, size)):
                if value is not None:
                    at = table.Pos + table.Offset(slot)
                    model_bytes[at:at + 8] = value.to_bytes(8, "little")

        end = edit(move, buffers, len(model_bytes))
        return bytes(model_bytes[:end])

    CASES[f"external_{name}"] = ([1, 4, 4, 3], "int8", dict(external=True), build)


external_case("beyond_the_file", lambda move, buffers, end: move(0, offset=end + 100))
external_case("longer_than_the_file", lambda move, buffers, end: move(0, size=end))
external_case("overflow", lambda move, buffers, end: move(0, offset=2**64 - 8, size=16))
external_case("negative", lambda move, buffers, end: move(1, offset=2**63))
external_case("overlap", lambda move, buffers, end: move(1, offset=buffers[0].Offset() + 4))
external_case("in_the_header", lambda move, buffers, end: move(0, offset=4))
external_case("in_the_tables", lambda move, buffers, end: move(0, offset=buffers[0]._tab.Pos - 40))
external_case("cut_off", lambda move, buffers, end: end - 4)
external_case("too_short", lambda move, buffers, end: move(0, size=buffers[0].Size() - 1))
external_case("empty", lambda move, buffers, end: move(0, size=0))


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.tflite"):
        old.unlink()
    for name, (shape, dtype, options, build) in sorted(CASES.items()):
        net = Net(zlib.crc32(name.encode()), shape, dtype, **options)
        result = build(net)
        if isinstance(result, list):
            result = net.finish(result)
        elif not isinstance(result, bytes):
            result = net.packed(result)
        (FOLDER / f"{name}.tflite").write_bytes(result)
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"{len(CASES)} models, {size // 1024} KiB")


main()
