#!/usr/bin/env python3
"""Tiny models of every operator, with what LiteRT's reference kernels make of them.

    python3 -m venv venv && venv/bin/pip install -r Tests/Fixtures/requirements.txt
    venv/bin/python Tests/Fixtures/make_operators.py     # rewrites Tests/Fixtures/operators

Writes operators/<case>.tflite and operators/vectors.json: for each case the inputs of a few runs and the outputs, as
base64 of the tensors' bytes. Weights and inputs are random with a fixed seed; two runs write the same bytes.

Left out, since LiteRT's reference kernels refuse them: CONV_2D without a bias; SOFTMAX over more than 512 equal
values (an assertion stops the program), hence softmax_1001 has random inputs only.
"""
import base64
import json
import pathlib
import zlib

import numpy
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tflite_net import ABSENT, TYPES, Net, Sparse

FOLDER = pathlib.Path(__file__).parent / "operators"
CASES = {}


def case(shape, dtype="int8", **options):
    """Registers a function that builds a case's graph and returns its outputs."""

    def register(build):
        add_case(build.__name__, shape, build, dtype, **options)
        return build

    return register


def add_case(name, shape, build, dtype="int8", **options):
    assert name not in CASES, name
    CASES[name] = (shape, build, dtype, options)


# Convolutions

CONVOLUTIONS = {
    # name: (input height, width, channels, outputs, options)
    "1x1_c1_o1": (3, 4, 1, 1, dict(kernel=(1, 1))),
    "1x1_c4_o8": (3, 3, 4, 8, dict(kernel=(1, 1), activation="RELU")),
    "1x1_c17_o5_stride2": (5, 5, 17, 5, dict(kernel=(1, 1), stride=(2, 2))),
    "3x3_c3_o8": (5, 5, 3, 8, dict(activation="RELU6")),
    "3x3_c5_o7_valid": (5, 6, 5, 7, dict(padding="VALID")),
    "3x3_c8_o17_stride2": (6, 7, 8, 17, dict(stride=(2, 2), activation="RELU")),
    "3x3_c2_o3_stride2_even": (6, 6, 2, 3, dict(stride=(2, 2))),
    "3x3_c7_o4_stride3": (8, 7, 7, 4, dict(stride=(3, 3))),
    "3x3_c4_o4_stride3_valid": (8, 8, 4, 4, dict(stride=(3, 3), padding="VALID")),
    "3x3_c4_o5_dilation2": (6, 7, 4, 5, dict(dilation=(2, 2))),
    "3x3_c1_o2_dilation2_valid": (7, 6, 1, 2, dict(dilation=(2, 2), padding="VALID")),
    "2x3_c3_o5_dilation3x1": (7, 5, 3, 5, dict(kernel=(2, 3), dilation=(3, 1))),
    "1x5_c2_o4": (3, 8, 2, 4, dict(kernel=(1, 5))),
    "5x1_c5_o2_stride2x1": (8, 3, 5, 2, dict(kernel=(5, 1), stride=(2, 1), padding="VALID")),
    "10x4_c1_o8_stride2": (12, 6, 1, 8, dict(kernel=(10, 4), stride=(2, 2))),
    "2x2_c4_o4_even_kernel": (4, 5, 4, 4, dict(kernel=(2, 2))),
    "4x4_c3_o2_even_kernel": (5, 5, 3, 2, dict(kernel=(4, 4), stride=(2, 2))),
    "3x3_larger_than_input": (2, 1, 3, 4, dict(kernel=(5, 5))),
    "3x3_c3_o5_per_tensor": (4, 5, 3, 5, dict(per_channel=False)),
    "3x3_zero_points_low": (4, 4, 3, 4, dict(zero_point=-128, activation="RELU")),
    "3x3_zero_points_high": (4, 4, 3, 4, dict(zero_point=127)),
    "relu_n1_to_1": (4, 4, 3, 4, dict(activation="RELU_N1_TO_1")),
    "grouped_c4_o4_g2": (4, 5, 4, 4, dict(groups=2)),
    "grouped_c6_o9_g3": (5, 4, 6, 9, dict(groups=3, stride=(2, 2), activation="RELU")),
    "grouped_c10_o5_g5": (3, 4, 10, 5, dict(groups=5, kernel=(2, 3), padding="VALID")),
    "grouped_c16_o8_g2": (3, 3, 16, 8, dict(groups=2, dilation=(2, 1))),
}
for name, (height, width, channels, outputs, options) in CONVOLUTIONS.items():
    ends = {"3x3_zero_points_low": dict(zero_point=-128), "3x3_zero_points_high": dict(zero_point=127)}.get(name, {})
    add_case(f"conv_{name}", [1, height, width, channels],
             lambda net, outputs=outputs, options=options: [net.conv(net.input, outputs, **options)], **ends)

DEPTHWISE = {
    "c1": (4, 4, 1, dict()),
    "c3_valid": (5, 6, 3, dict(padding="VALID", activation="RELU6")),
    "c8_stride2": (6, 7, 8, dict(stride=(2, 2), activation="RELU")),
    "c17": (3, 3, 17, dict()),
    "c2_multiplier2": (4, 5, 2, dict(multiplier=2)),
    "c3_multiplier3": (5, 4, 3, dict(multiplier=3, stride=(2, 2))),
    "c1_multiplier8": (5, 5, 1, dict(multiplier=8, kernel=(5, 3), padding="VALID")),
    "c4_multiplier2_valid": (4, 4, 4, dict(multiplier=2, padding="VALID", activation="RELU")),
    "c5_dilation2": (6, 6, 5, dict(dilation=(2, 2))),
    "c4_dilation2_valid": (6, 7, 4, dict(dilation=(2, 2), padding="VALID")),
    "c7_5x5_stride3": (8, 7, 7, dict(kernel=(5, 5), stride=(3, 3))),
    "c4_1x3_stride1x2": (4, 7, 4, dict(kernel=(1, 3), stride=(1, 1))),
    "c5_per_tensor": (4, 4, 5, dict(per_channel=False)),
    "c4_no_bias": (4, 4, 4, dict(bias=False)),
    "c6_global": (4, 5, 6, dict(kernel=(4, 5), padding="VALID")),
}
for name, (height, width, channels, options) in DEPTHWISE.items():
    add_case(f"depthwise_{name}", [1, height, width, channels],
             lambda net, options=options: [net.depthwise(net.input, **options)])

FULLY_CONNECTED = {
    "rank2": ([1, 10], 7, dict()),
    "rank2_c1_o1": ([1, 1], 1, dict()),
    "rank2_relu": ([1, 17], 5, dict(activation="RELU")),
    "rank2_relu6_no_bias": ([1, 8], 4, dict(activation="RELU6", bias=False)),
    "absent_bias": ([1, 5], 6, dict(bias=ABSENT)),
    "rank4_flattened": ([1, 3, 2, 5], 6, dict()),
    "rank4_flattened_c4": ([1, 2, 3, 4], 3, dict()),
    "rank4_pixel": ([1, 1, 1, 9], 4, dict()),
    "rank4_keep_dims": ([1, 2, 3, 5], 4, dict(keep_dims=True)),
    "rank3_keep_dims": ([1, 6, 5], 3, dict(keep_dims=True)),
    "per_channel": ([1, 12], 6, dict(per_channel=True)),
}
for name, (shape, outputs, options) in FULLY_CONNECTED.items():
    add_case(f"fully_connected_{name}", shape,
             lambda net, outputs=outputs, options=options: [net.fully_connected(net.input, outputs, **options)])


# Elementwise

for code, word in (("ADD", "add"), ("MUL", "mul")):
    def binary(name, channels, build, code=code, word=word):
        add_case(f"{word}_{name}", [1, 3, 4, channels], lambda net: [build(net, code)])

    for channels in (1, 3, 4, 17):
        binary(f"same_shape_c{channels}", channels,
               lambda net, code: net.binary(code, net.input, net.quantize(net.input, scale=0.11)))
    binary("self", 5, lambda net, code: net.binary(code, net.input, net.input))
    binary("self_zero_point", 2, lambda net, code: net.binary(code, net.input, net.input, zero_point=-128))
    binary("relu", 4, lambda net, code: net.binary(code, net.input, net.quantize(net.input), "RELU"))
    binary("relu6", 5, lambda net, code: net.binary(code, net.input, net.quantize(net.input), "RELU6", scale=0.05))
    binary("far_scales", 3, lambda net, code: net.binary(code, net.input, net.quantize(net.input, scale=0.9)))
    binary("channels", 7, lambda net, code: net.binary(code, net.input, net.mean(net.input, True)))
    binary("channels_first_operand", 6, lambda net, code: net.binary(code, net.mean(net.input, True), net.input))
    binary("pixels", 5, lambda net, code: net.binary(code, net.input, net.conv(net.input, 1)))
    binary("constant", 5, lambda net, code: net.binary(code, net.input, net.constant([1, 3, 4, 5])))
    binary("constant_first", 3, lambda net, code: net.binary(code, net.constant([1, 3, 4, 3]), net.input))
    binary("constant_channels", 8, lambda net, code: net.binary(code, net.input, net.constant([8])))
    binary("constant_row", 4, lambda net, code: net.binary(code, net.input, net.constant([1, 1, 4, 4])))
    binary("constant_pixels", 4, lambda net, code: net.binary(code, net.input, net.constant([1, 3, 4, 1])))
    binary("constant_scalar", 6, lambda net, code: net.binary(code, net.input, net.constant([1])))
    binary("constant_rank0", 2, lambda net, code: net.binary(code, net.input, net.constant([])))
    add_case(f"{word}_rank2", [1, 9],
             lambda net, code=code: [net.binary(code, net.input, net.quantize(net.input, scale=0.2))])

for channels in (1, 4, 5):
    add_case(f"logistic_c{channels}", [1, 3, 4, channels], lambda net: [net.logistic(net.input)])
add_case("logistic_wide", [1, 256], lambda net: [net.logistic(net.input)], scale=0.1, zero_point=0)
add_case("tanh_c3", [1, 4, 4, 3], lambda net: [net.unary("TANH", net.input)])
add_case("leaky_relu_c5", [1, 3, 4, 5], lambda net: [net.leaky_relu(net.input, 0.3)])
add_case("hard_swish_c6", [1, 3, 4, 6], lambda net: [net.unary("HARD_SWISH", net.input)])
for code in ("RELU", "RELU6", "RELU_N1_TO_1"):
    add_case(f"{code.lower()}_c5", [1, 3, 4, 5], lambda net, code=code: [net.unary(code, net.input)])
    add_case(f"{code.lower()}_same_scale", [1, 3, 4, 2],
             lambda net, code=code: [net.unary(code, net.input, net.input.scale, net.input.zero_point)])
add_case("requantise_finer", [1, 4, 4, 5], lambda net: [net.quantize(net.input, scale=0.02)])
add_case("requantise_coarser", [1, 4, 4, 3], lambda net: [net.quantize(net.input, scale=0.3)])
add_case("requantise_moved", [1, 256], lambda net: [net.quantize(net.input, net.input.scale, 33)], zero_point=-5)


# Pools and means

for code, word in (("MAX_POOL_2D", "max_pool"), ("AVERAGE_POOL_2D", "average_pool")):
    for name, height, width, channels, options in (
            ("2x2", 4, 6, 4, dict()),
            ("2x2_odd_valid", 5, 5, 3, dict()),
            ("2x2_odd_same", 5, 5, 5, dict(padding="SAME")),
            ("3x3_stride1_same", 4, 5, 1, dict(kernel=(3, 3), stride=(1, 1), padding="SAME")),
            ("3x3_stride2_same_relu6", 6, 7, 8, dict(kernel=(3, 3), padding="SAME", activation="RELU6")),
            ("3x2_stride2x1_relu", 6, 4, 2, dict(kernel=(3, 2), stride=(2, 1), activation="RELU")),
            ("5x5_same", 3, 3, 7, dict(kernel=(5, 5), stride=(1, 1), padding="SAME")),
            ("global", 4, 3, 17, dict(kernel=(4, 3)))):
        add_case(f"{word}_{name}", [1, height, width, channels],
                 lambda net, code=code, options=options: [net.pool(code, net.input, **options)])

for name, height, width, channels, options in (
        ("keep_dims", 4, 5, 5, dict(keep_dims=True)), ("drop_dims", 4, 4, 4, dict(keep_dims=False)),
        ("keep_dims_same_scale", 3, 3, 8, dict(keep_dims=True, same_scale=True)),
        ("drop_dims_same_scale", 7, 7, 3, dict(keep_dims=False, same_scale=True)),
        ("one_pixel", 1, 1, 6, dict(keep_dims=True)),
        ("negative_axes", 3, 5, 2, dict(keep_dims=False, axes=(-3, -2))),
        ("swapped_axes", 2, 5, 7, dict(keep_dims=True, axes=(2, 1)))):
    add_case(f"mean_{name}", [1, height, width, channels], lambda net, options=options: [net.mean(net.input, **options)])


# Movement

for name, amounts in (
        ("rows_and_pixels", [[0, 0], [1, 2], [3, 0], [0, 0]]), ("rows", [[0, 0], [2, 0], [0, 0], [0, 0]]),
        ("channels_front", [[0, 0], [0, 0], [0, 0], [1, 0]]), ("all", [[0, 0], [1, 1], [0, 2], [2, 3]])):
    add_case(f"pad_{name}", [1, 3, 4, 5], lambda net, amounts=amounts: [net.pad(net.input, amounts)])
    add_case(f"padv2_{name}", [1, 3, 4, 3], lambda net, amounts=amounts: [net.pad(net.input, amounts, -77)])

BORDER = [[0, 0], [1, 1], [1, 1], [0, 0]]
UNEVEN = [[0, 0], [0, 1], [2, 1], [0, 0]]
for name, build in {
    "conv_valid": lambda net: [net.conv(net.pad(net.input, BORDER), 4, padding="VALID", stride=(2, 2))],
    "conv_uneven": lambda net: [net.conv(net.pad(net.input, UNEVEN), 5, padding="VALID")],
    "conv_same": lambda net: [net.conv(net.pad(net.input, UNEVEN), 3)],
    "depthwise_valid": lambda net: [net.depthwise(net.pad(net.input, UNEVEN), padding="VALID", stride=(2, 2))],
    "max_pool": lambda net: [net.pool("MAX_POOL_2D", net.pad(net.input, BORDER), kernel=(3, 3))],
    "average_pool": lambda net: [net.pool("AVERAGE_POOL_2D", net.pad(net.input, BORDER), kernel=(3, 3))],
    "used_twice": lambda net: (lambda p: [net.binary("ADD", net.conv(p, 3), p)])(net.pad(net.input, BORDER)),
    "two_convs": lambda net: (lambda p: [net.conv(p, 2, padding="VALID"), net.depthwise(p, padding="VALID")])(
        net.pad(net.input, UNEVEN)),
    "is_output_too": lambda net: (lambda p: [net.conv(p, 2, padding="VALID"), p])(net.pad(net.input, BORDER)),
    "value_conv": lambda net: [net.conv(net.pad(net.input, BORDER, 100), 4, padding="VALID")],
    "twice": lambda net: [net.conv(net.pad(net.pad(net.input, BORDER), UNEVEN), 4, padding="VALID")],
    "channels_conv": lambda net: [net.conv(net.pad(net.input, [[0, 0], [0, 0], [1, 0], [1, 2]]), 4)],
}.items():
    add_case(f"pad_before_{name}", [1, 4, 5, 3], build)

for name, shape, target in (("swap_sides", [1, 4, 6, 3], [1, 6, 4, 3]), ("rotate", [1, 4, 6, 3], [1, 3, 4, 6]),
                            ("channels_to_rows", [1, 2, 2, 8], [1, 8, 2, 2]), ("square", [1, 2, 2, 9], [1, 3, 3, 4])):
    add_case(f"reshape_{name}", shape, lambda net, target=target: [net.reshape(net.input, target)])
    add_case(f"reshape_{name}_conv", shape, lambda net, target=target: [net.conv(net.reshape(net.input, target), 5)])
add_case("reshape_flat_fully_connected", [1, 2, 3, 5],
         lambda net: [net.fully_connected(net.reshape(net.input, [1, 30]), 4)])
add_case("reshape_flat_output", [1, 2, 3, 5], lambda net: [net.reshape(net.input, [1, 30])])
add_case("reshape_flat_softmax", [1, 1, 1, 10], lambda net: [net.softmax(net.reshape(net.input, [1, 10]))])
add_case("reshape_vector_to_picture", [1, 24], lambda net: [net.conv(net.reshape(net.input, [1, 4, 6, 1]), 3)])
add_case("reshape_twice", [1, 4, 6, 3],
         lambda net: [net.reshape(net.reshape(net.input, [1, 72]), [1, 2, 9, 4])])
add_case("reshape_conv_reshape_add", [1, 4, 6, 3], lambda net: [net.binary(
    "ADD", net.reshape(net.conv(net.input, 3), [1, 6, 4, 3]), net.reshape(net.input, [1, 6, 4, 3]))])


def same_scale_branches(net, counts):
    """Convolutions to outputs with these channel counts and one scale."""
    return [net.conv(net.input, count, kernel=(1, 1), scale=0.05, zero_point=7) for count in counts]


for counts in ((1, 2), (3, 5), (4, 4), (5, 1, 2), (8, 3, 1, 4)):
    name = "_".join(map(str, counts))
    add_case(f"concatenate_channels_{name}", [1, 3, 4, 3],
             lambda net, counts=counts: [net.concatenate(same_scale_branches(net, counts), 3)])
add_case("concatenate_channels_negative_axis", [1, 3, 4, 2],
         lambda net: [net.concatenate(same_scale_branches(net, (2, 3)), -1)])
for axis, name in ((1, "rows"), (2, "pixels")):
    add_case(f"concatenate_{name}", [1, 3, 4, 5],
             lambda net, axis=axis: [net.concatenate(same_scale_branches(net, (5, 5, 5)), axis)])
add_case("concatenate_with_input", [1, 3, 3, 3], lambda net: [net.concatenate(
    [net.input, net.pool("MAX_POOL_2D", net.input, (3, 3), (1, 1), "SAME"), net.input], 3)])
add_case("concatenate_conv", [1, 4, 4, 3],
         lambda net: [net.conv(net.concatenate(same_scale_branches(net, (3, 2)), 3), 4)])
add_case("transpose_input", [1, 3, 5, 4], lambda net: [net.conv(net.transpose(net.input, [0, 2, 3, 1]), 6)])
add_case("transpose_input_c5_max_pool", [1, 5, 4, 4],
         lambda net: [net.pool("MAX_POOL_2D", net.transpose(net.input, [0, 2, 3, 1]))])


# Softmax

for size, beta, scale in ((1, 1.0, 0.05), (2, 1.0, 0.1), (5, 1.0, 0.05), (12, 1.0, 0.4), (17, 0.5, 0.2),
                          (33, 2.0, 0.03), (10, 1.0, 0.002)):
    add_case(f"softmax_{size}_beta{beta}_scale{scale}", [1, size],
             lambda net, beta=beta: [net.softmax(net.input, beta)], scale=scale)
add_case("softmax_picture", [1, 3, 2, 5], lambda net: [net.softmax(net.input)], scale=0.07)
add_case("softmax_1001", [1, 1001], lambda net: [net.softmax(net.input)], scale=0.1)
WITHOUT_ENDS = {"softmax_1001"}


# Float ends

def float_ends(net, build, scale=0.04, zero_point=3):
    return [net.dequantize(build(net.quantize(net.input, scale, zero_point)))]


add_case("float_conv", [1, 4, 4, 3], lambda net: float_ends(net, lambda x: net.conv(x, 5)), "float32")
add_case("float_fully_connected_softmax", [1, 9],
         lambda net: float_ends(net, lambda x: net.softmax(net.fully_connected(x, 4))), "float32")
add_case("float_transpose_conv", [1, 3, 4, 5],
         lambda net: float_ends(net, lambda x: net.conv(net.transpose(x, [0, 2, 3, 1]), 4)), "float32")


# Legacy uint8

for name, shape, build in (
        ("conv", [1, 5, 4, 3], lambda net: net.conv(net.input, 5, activation="RELU6")),
        ("conv_stride2", [1, 6, 5, 8], lambda net: net.conv(net.input, 3, stride=(2, 2))),
        ("conv_symmetric", [1, 4, 4, 4], lambda net: net.conv(net.input, 4, weight_zero_point=0)),
        ("conv_1x1_c17", [1, 2, 3, 17], lambda net: net.conv(net.input, 4, kernel=(1, 1))),
        ("conv_grouped", [1, 4, 4, 8], lambda net: net.conv(net.input, 6, groups=2)),
        ("conv_grouped_c6_g3", [1, 3, 4, 6], lambda net: net.conv(net.input, 3, groups=3, stride=(2, 2))),
        ("depthwise", [1, 5, 5, 5], lambda net: net.depthwise(net.input, activation="RELU")),
        ("depthwise_multiplier2", [1, 4, 5, 3], lambda net: net.depthwise(net.input, 2, stride=(2, 2))),
        ("fully_connected", [1, 11], lambda net: net.fully_connected(net.input, 5)),
        ("fully_connected_rank4", [1, 2, 2, 5], lambda net: net.fully_connected(net.input, 3)),
        ("add", [1, 3, 4, 5], lambda net: net.binary("ADD", net.input, net.conv(net.input, 5))),
        ("mul", [1, 3, 4, 3], lambda net: net.binary("MUL", net.input, net.conv(net.input, 3))),
        ("max_pool", [1, 5, 5, 3], lambda net: net.pool("MAX_POOL_2D", net.input, padding="SAME")),
        ("average_pool", [1, 5, 4, 6],
         lambda net: net.pool("AVERAGE_POOL_2D", net.input, (3, 3), padding="SAME", activation="RELU6")),
        ("softmax", [1, 10], lambda net: net.softmax(net.input)),
        ("logistic", [1, 3, 3, 2], lambda net: net.logistic(net.input)),
        ("reshape", [1, 3, 4, 2], lambda net: net.conv(net.reshape(net.input, [1, 2, 4, 3]), 2)),
        ("pad", [1, 3, 4, 2], lambda net: net.conv(net.pad(net.input, BORDER), 2, padding="VALID")),
        ("concatenate", [1, 3, 4, 2], lambda net: net.concatenate(same_scale_branches(net, (3, 2)), 3)),
        ("mean", [1, 3, 4, 5], lambda net: net.mean(net.input, True)),
        ("network", [1, 6, 6, 3], lambda net: net.softmax(net.reshape(net.conv(net.pool(
            "AVERAGE_POOL_2D", net.conv(net.depthwise(net.conv(net.input, 5, stride=(2, 2), activation="RELU6"),
                                                      activation="RELU6"), 6, (1, 1), activation="RELU6"),
            (3, 3), (1, 1)), 7, (1, 1)), [1, 7])))):
    add_case(f"uint8_{name}", shape, lambda net, build=build: [build(net)], "uint8")


# uint8 concatenations of different scales

def different_branches(net, count, **options):
    """The input and requantised copies of it."""
    scales = [(0.02, 100), (0.11, 37), (0.05, 255), (0.2, 0)][:count]
    return net.concatenate([net.input] + [net.quantize(net.input, *ends) for ends in scales], **options)


for name, shape, build in (
        ("channels", [1, 16, 16, 1], lambda net: different_branches(net, 4, axis=3, scale=0.07, zero_point=90)),
        ("rows", [1, 3, 4, 5], lambda net: different_branches(net, 2, axis=1, scale=0.04, zero_point=128)),
        ("pixels_of_two", [1, 8, 8, 2], lambda net: different_branches(net, 1, axis=2)),
        ("vector", [1, 256], lambda net: different_branches(net, 3, axis=-1, scale=0.3, zero_point=200)),
        ("constant", [1, 3, 4, 5], lambda net: net.concatenate([net.input, net.constant([1, 3, 4, 5], 0.02)], 3)),
        ("zero_points", [1, 256], lambda net: net.concatenate(
            [net.input, net.quantize(net.input, net.input.scale, 9)], 1, net.input.scale, 77)),
        ("then_conv", [1, 4, 4, 3], lambda net: net.conv(
            net.concatenate([net.conv(net.input, 3), net.conv(net.input, 2)], 3, 0.05, 120), 4))):
    add_case(f"uint8_concatenate_scales_{name}", shape, lambda net, build=build: [build(net)], "uint8")


# Storage

SPARSE = {
    # Rows dense, columns compressed: the usual form.
    "fully_connected": ([1, 16], lambda net: net.fully_connected(net.input, 8, sparse=Sparse((0, 1), "dc"))),
    "fully_connected_1x4": ([1, 32], lambda net: net.fully_connected(net.input, 8, sparse=Sparse(
        (0, 1, 2), "dcd", {1: 4}, "Uint16Vector"))),
    "fully_connected_4x2": ([1, 8], lambda net: net.fully_connected(net.input, 12, per_channel=True, sparse=Sparse(
        (0, 1, 2, 3), "dcdd", {0: 4, 1: 2}, "Int32Vector"))),
    "fully_connected_columns": ([1, 12], lambda net: net.fully_connected(net.input, 5, sparse=Sparse((1, 0), "cc"))),
    "fully_connected_nearly_empty": ([1, 24], lambda net: net.fully_connected(net.input, 6, sparse=Sparse(
        (0, 1), "cc", kept=0.03))),
    "fully_connected_empty": ([1, 8], lambda net: net.fully_connected(net.input, 4, sparse=Sparse(
        (0, 1), "dc", kept=0.0))),
    "fully_connected_all_dense": ([1, 6], lambda net: net.fully_connected(net.input, 3, sparse=Sparse((1, 0), "dd"))),
    "conv": ([1, 5, 4, 8], lambda net: net.conv(net.input, 6, sparse=Sparse((0, 1, 2, 3), "dddc", densify=True))),
    "conv_1x4": ([1, 4, 5, 8], lambda net: net.conv(net.input, 8, sparse=Sparse(
        (0, 1, 2, 3, 4), "dddcd", {3: 4}, densify=True))),
    "conv_taps": ([1, 6, 6, 4], lambda net: net.conv(net.input, 5, (5, 5), sparse=Sparse(
        (1, 2, 0, 3), "ccdc", index="Int32Vector", densify=True, kept=0.15))),
    "conv_4x4_order": ([1, 4, 4, 8], lambda net: net.conv(net.input, 8, sparse=Sparse(
        (1, 0, 2, 3, 4, 5), "dcdcdd", {0: 4, 3: 4}, "Uint16Vector", densify=True))),
    "conv_without_densify": ([1, 4, 4, 5], lambda net: net.conv(net.input, 4, (2, 3), sparse=Sparse(
        (0, 1, 2, 3), "cccc"))),
    "depthwise": ([1, 5, 5, 6], lambda net: net.depthwise(net.input, sparse=Sparse(
        (0, 1, 2, 3), "dddc", densify=True))),
}
for name, (shape, build) in SPARSE.items():
    add_case(f"sparse_{name}", shape, lambda net, build=build: [build(net)])
add_case("sparse_external", [1, 5, 4, 8], lambda net: [net.fully_connected(
    net.conv(net.input, 4, sparse=Sparse((0, 1, 2, 3), "dddc", densify=True)), 3, sparse=Sparse((0, 1), "dc"))],
    external=True)


@case([1, 6, 6, 3], external=True)
def external_network(net):
    body = net.conv(net.input, 8, activation="RELU", stride=(2, 2))
    body = net.binary("ADD", body, net.constant([8]))
    return [net.softmax(net.fully_connected(net.pool("AVERAGE_POOL_2D", net.depthwise(body)), 4))]


@case([1, 4, 5, 3], external=True)
def external_shared_buffer(net):
    # Two paddings with one content, which is stored once.
    return [net.conv(net.pad(net.conv(net.pad(net.input, BORDER), 3), BORDER), 2)]


@case([1, 5, 5, 3], "uint8", external=True)
def external_uint8(net):
    return [net.fully_connected(net.conv(net.input, 5), 4)]


# Graphs

@case([1, 6, 6, 3])
def graph_residual_and_concatenation(net):
    stem = net.conv(net.input, 5, activation="RELU")
    left = net.conv(net.conv(stem, 7, activation="RELU6"), 5)
    joined = net.binary("ADD", left, stem, "RELU", scale=0.05, zero_point=-100)
    branches = [net.conv(joined, 3, (1, 1), scale=0.06, zero_point=2),
                net.depthwise(joined, scale=0.06, zero_point=2),
                net.conv(net.pool("MAX_POOL_2D", joined, (3, 3), (1, 1), "SAME"), 2, (1, 1), scale=0.06, zero_point=2)]
    picture = net.pool("AVERAGE_POOL_2D", net.concatenate(branches, 3))
    flat = net.reshape(picture, [1, 90])
    return [net.softmax(net.fully_connected(flat, 4))]


@case([1, 8, 8, 3])
def graph_inverted_bottleneck(net):
    stem = net.conv(net.input, 8, stride=(2, 2), activation="RELU6")
    wide = net.depthwise(net.conv(stem, 17, (1, 1), activation="RELU6"), activation="RELU6")
    narrow = net.conv(wide, 8, (1, 1))
    return [net.fully_connected(net.mean(net.binary("ADD", stem, narrow), True), 5)]


@case([1, 4, 4, 4])
def graph_squeeze_and_excite(net):
    body = net.conv(net.input, 6)
    gate = net.logistic(net.conv(net.conv(net.mean(body, True), 2, (1, 1), activation="RELU"), 6, (1, 1)))
    return [net.binary("MUL", body, gate, scale=0.05)]


@case([1, 5, 5, 2])
def graph_two_outputs(net):
    body = net.conv(net.input, 3)
    return [net.softmax(net.fully_connected(body, 4)), net.pool("MAX_POOL_2D", body)]


@case([1, 4, 4, 3])
def graph_output_used_inside(net):
    body = net.conv(net.input, 3)
    return [net.conv(body, 2), body]


@case([1, 4, 4, 3])
def graph_long_lived_input(net):
    body = net.input
    for _ in range(4):
        body = net.conv(body, 3, activation="RELU")
    return [net.binary("ADD", body, net.input)]


@case([1, 4, 4, 3])
def graph_unused_layer(net):
    net.conv(net.input, 9)
    return [net.conv(net.input, 2)]


@case([1, 7, 5, 1])
def graph_halos_of_several_readers(net):
    body = net.conv(net.input, 4)
    sum_ = net.binary("ADD", net.conv(body, 4, (5, 5)), net.depthwise(body, kernel=(1, 3)))
    return [net.binary("ADD", sum_, net.conv(body, 4, (3, 3), dilation=(2, 2)))]


# Running

def rows(random, shape, dtype, ends):
    """Random inputs, and all of them at either end of the range."""
    if dtype == "float32":
        return [random.uniform(-6, 6, shape).astype(numpy.float32) for _ in range(3)]
    low, high = numpy.iinfo(TYPES[dtype][1]).min, numpy.iinfo(TYPES[dtype][1]).max
    inputs = [random.integers(low, high + 1, shape) for _ in range(2)]
    if ends:
        inputs += [numpy.full(shape, low), numpy.full(shape, high)]
    return [values.astype(TYPES[dtype][1]) for values in inputs]


def reference_outputs(model, values):
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def encoded(values):
    return base64.b64encode(values.tobytes()).decode()


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.tflite"):
        old.unlink()
    lines = []
    for name, (shape, build, dtype, options) in sorted(CASES.items()):
        seed = zlib.crc32(name.encode())
        net = Net(seed, shape, dtype, **options)
        model = net.finish(build(net))
        (FOLDER / f"{name}.tflite").write_bytes(model)
        # Few reference kernels take sparse weights: the same model with dense ones answers for it.
        twin = Net(seed, shape, dtype, dense=True, **options)
        oracle = twin.finish(build(twin))
        runs = []
        for values in rows(numpy.random.default_rng(seed + 1), shape, dtype, name not in WITHOUT_ENDS):
            outputs = reference_outputs(oracle, values)
            runs.append({"input": encoded(values), "outputs": [encoded(output) for output in outputs]})
        record = {"case": name, "inputType": dtype, "outputTypes": [str(o.dtype) for o in outputs],
                  "outputShapes": [list(o.shape) for o in outputs], "runs": runs}
        lines.append(json.dumps(record, separators=(",", ":")))
    (FOLDER / "vectors.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"{len(lines)} cases, {size // 1024} KiB")


main()
