"""The network in whole numbers: TFLite's int8 specification as a list of operations, and a run of it.

The run exists to check the exported file: LiteRT's reference kernels have to give the same bits.
"""

from dataclasses import dataclass, field
from math import frexp

import numpy
import torch
from torch.nn import functional

from network import LABELS, LAYERS, SIDE, activation_scale, pad_same, weight_scale


@dataclass
class Tensor:
    """An activation: its shape without the batch, real value = scale * (stored - zero)."""

    name: str
    shape: tuple
    scale: numpy.float32
    zero: int


@dataclass
class Operation:
    kind: str  # as TFLite's BuiltinOperator spells it
    inputs: list
    output: Tensor
    layer: object = None
    relu: bool = False
    # int8 [outputs, kernel, kernel, inputs]; depthwise [1, kernel, kernel, inputs]
    weights: numpy.ndarray = None
    bias: numpy.ndarray = None  # int32 [outputs]
    scales: numpy.ndarray = field(default=None)  # float32 [outputs] of a convolution, [1] of the classifier


def operations(network):
    """The trained, folded network in int8."""
    x = image = Tensor("image", (SIDE, SIDE, 1), numpy.float32(1 / 255), -128)
    made, found = {}, []
    for layer in LAYERS:
        side = -(-x.shape[0] // layer.stride)
        output = activation(network, layer.name, (side, side, layer.outputs))
        kind = "DEPTHWISE_CONV_2D" if layer.depthwise else "CONV_2D"
        step = Operation(kind, [x], output, layer, relu=layer.skip is None)
        quantise(step, network.weight(layer.name), network.convolutions[layer.name].bias)
        found.append(step)
        x = output
        if layer.skip:
            total = activation(network, layer.name + "_add", x.shape)
            found.append(Operation("ADD", [made[layer.skip], x], total, relu=True))
            x = total
        made[layer.name] = x
    pooled = Tensor("pool", (1, 1, x.shape[2]), x.scale, x.zero)
    logits = activation(network, "classifier", (len(LABELS),))
    found.append(Operation("AVERAGE_POOL_2D", [x], pooled))
    classifier = Operation("FULLY_CONNECTED", [pooled], logits)
    quantise(classifier, network.weight("classifier"), network.classifier.bias)
    found.append(classifier)
    found.append(Operation("SOFTMAX", [logits], Tensor("scores", logits.shape, numpy.float32(1 / 256), -128)))
    return image, found


def activation(network, name, shape):
    scale, zero = activation_scale(*network.ranges[name])
    return Tensor(name, shape, numpy.float32(scale), zero)


def quantise(step, weight, bias):
    scale = weight_scale(weight)
    stored = torch.round(weight.detach() / scale.view(-1, *[1] * (weight.dim() - 1))).clamp(-127, 127)
    stored = stored.to(torch.int8).numpy()
    if step.kind == "DEPTHWISE_CONV_2D":
        stored = stored.transpose(1, 2, 3, 0)
    elif step.kind == "CONV_2D":
        stored = stored.transpose(0, 2, 3, 1)
    step.weights = numpy.ascontiguousarray(stored)
    step.scales = scale.numpy() if weight.dim() == 4 else scale.numpy()[:1]
    unit = step.inputs[0].scale.astype(numpy.float64) * scale.double().numpy()
    step.bias = numpy.round(bias.detach().double().numpy() / unit).astype(numpy.int32)


# Arithmetic: gemmlowp's fixed point, as TFLite's reference kernels use it.


def multiplier(real):
    """(fraction of 2^31, shift) of a positive real factor."""
    fraction, shift = frexp(real)
    fixed = int(round(fraction * 2**31))
    return (fixed // 2, shift + 1) if fixed == 2**31 else (fixed, shift)


def requantise(sums, real, once=False):
    """sums * real, int64; rounded in two steps as convolutions and ADD do it, or once as FULLY_CONNECTED."""
    fixed, shift = multiplier(real)
    if once:
        return (sums * fixed + (1 << (30 - shift))) >> (31 - shift)
    product = (sums << max(shift, 0)) * fixed
    nudged = product + torch.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = torch.div(nudged, 1 << 31, rounding_mode="trunc")
    right = max(-shift, 0)
    half = (1 << right) >> 1
    return torch.where(high >= 0, (high + half) >> right, -((-high + half) >> right))


def clamp(values, output, relu):
    return (values + output.zero).clamp(output.zero if relu else -128, 127)


def convolve(step, x):
    weights = torch.from_numpy(step.weights).double()
    weights = weights.permute(3, 0, 1, 2) if step.kind == "DEPTHWISE_CONV_2D" else weights.permute(0, 3, 1, 2)
    centred = (x - step.inputs[0].zero).double()
    groups = step.layer.inputs if step.layer.depthwise else 1
    sums = functional.conv2d(pad_same(centred, step.layer), weights, None, step.layer.stride, groups=groups)
    return sums.long() + torch.from_numpy(step.bias).long().view(-1, 1, 1)


def factor(step, channel=0):
    scales = [float(value) for value in (step.inputs[0].scale, step.scales[channel], step.output.scale)]
    return scales[0] * scales[1] / scales[2]


def run(steps, images):
    """images: int8 [N, 64, 64, 1]. Returns the logits as stored, int8 [N, 4]."""
    values = {"image": torch.from_numpy(images).permute(0, 3, 1, 2).long()}
    for step in steps:
        x = values[step.inputs[0].name]
        if step.kind.endswith("CONV_2D"):
            sums = convolve(step, x)
            channels = [requantise(sums[:, c], factor(step, c)) for c in range(sums.shape[1])]
            result = clamp(torch.stack(channels, 1), step.output, step.relu)
        elif step.kind == "ADD":
            scales = [float(tensor.scale) for tensor in step.inputs]
            twice = 2 * max(scales)
            total = sum(
                requantise((values[tensor.name] - tensor.zero) << 20, scale / twice)
                for tensor, scale in zip(step.inputs, scales))
            result = requantise(total, twice / ((1 << 20) * float(step.output.scale)))
            result = clamp(result, step.output, step.relu)
        elif step.kind == "AVERAGE_POOL_2D":
            count = x.shape[2] * x.shape[3]
            total = x.sum((2, 3), keepdim=True)
            nudged = total + torch.where(total > 0, count // 2, -(count // 2))
            result = torch.div(nudged, count, rounding_mode="trunc")
        elif step.kind == "FULLY_CONNECTED":
            centred = x.flatten(1) - step.inputs[0].zero
            sums = centred @ torch.from_numpy(step.weights).long().T + torch.from_numpy(step.bias).long()
            result = clamp(requantise(sums, factor(step), once=True), step.output, False)
        else:  # SOFTMAX keeps the order; LiteRT's own is what ships
            return values[step.inputs[0].name].to(torch.int8).numpy()
        values[step.output.name] = result
