"""The doorway network: its layers as a table, and the module that trains, prunes and imitates int8.

Shapes are TFLite's: 64 x 64 x 1 in, SAME padding, which at stride 2 pads on the right and below only.
"""

from collections import namedtuple

import torch
from torch import nn
from torch.nn import functional

LABELS = ["empty", "person", "animal", "vehicle"]
SIDE = 64

# skip: the layer whose output is added to this one's (ADD); pruned: the share of 1x4 blocks that goes.
Layer = namedtuple("Layer", "name inputs outputs kernel stride depthwise skip pruned")


def depthwise(name, channels, stride):
    return Layer(name, channels, channels, 3, stride, True, None, 0.0)


def convolution(name, inputs, outputs, kernel=1, stride=1, skip=None, pruned=0.0):
    return Layer(name, inputs, outputs, kernel, stride, False, skip, pruned)


LAYERS = [
    convolution("conv1", 1, 16, 3, 2),  # 32 x 32
    convolution("conv2", 16, 32, 3, 2, pruned=0.55),  # 16 x 16
    depthwise("depthwise3", 32, 1),
    convolution("pointwise3", 32, 32, skip="conv2", pruned=0.5),
    depthwise("depthwise4", 32, 1),
    convolution("pointwise4", 32, 32, skip="pointwise3", pruned=0.5),
    convolution("conv5", 32, 64, 3, 2, pruned=0.75),  # 8 x 8
    depthwise("depthwise6", 64, 1),
    convolution("pointwise6", 64, 64, skip="conv5", pruned=0.7),
    depthwise("depthwise7", 64, 1),
    convolution("pointwise7", 64, 64, skip="pointwise6", pruned=0.7),
    depthwise("depthwise8", 64, 2),  # 4 x 4
    convolution("pointwise8", 64, 128, pruned=0.75),
]
FEATURES = LAYERS[-1].outputs
LOCATED = LAYERS[-3]  # the last of 8 x 8


def pad_same(x, layer):
    """TFLite's SAME padding: what is odd goes to the right and below."""
    total = max(0, (-(-x.shape[-1] // layer.stride) - 1) * layer.stride + layer.kernel - x.shape[-1])
    return functional.pad(x, (total // 2, total - total // 2) * 2)


class RoundThrough(torch.autograd.Function):
    """Rounds forwards, lets gradients pass unchanged backwards."""

    @staticmethod
    def forward(context, x):
        return torch.round(x)

    @staticmethod
    def backward(context, gradient):
        return gradient


def weight_scale(weight):
    """Symmetric, the largest weight becomes 127: one a channel in convolutions, one in the classifier."""
    largest = weight.detach().abs().flatten(1).amax(1)
    whole = largest.amax()
    # A channel with all blocks cut has a bias only; a scale near 0 would make that overflow.
    return (largest.clamp_min(1e-3 * whole) if weight.dim() == 4 else whole.expand_as(largest)) / 127


def activation_scale(low, high):
    """Asymmetric int8 (scale, zero point) of a range that is made to hold 0."""
    low, high = min(low, 0.0), max(high, 1e-6)
    scale = (high - low) / 255
    return scale, int(round(-128 - low / scale))


class Network(nn.Module):
    """Float with batch norm at first; `fold()` joins that into weights and biases; then `imitate` int8."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleDict()
        self.norms = nn.ModuleDict()
        for layer in LAYERS:
            groups = layer.inputs if layer.depthwise else 1
            self.convolutions[layer.name] = nn.Conv2d(
                layer.inputs, layer.outputs, layer.kernel, layer.stride, groups=groups)
            self.norms[layer.name] = nn.BatchNorm2d(layer.outputs)
        self.classifier = nn.Linear(FEATURES, len(LABELS))
        self.masks = {}  # name -> 0 or 1, of the weight's shape
        self.ranges = {}  # name -> [low, high] of what the layer, the ADD or the classifier gives
        self.observing = False
        self.imitating = False

    # Numbers of int8

    def weight(self, name):
        module = self.classifier if name == "classifier" else self.convolutions[name]
        weight = module.weight * self.masks[name] if name in self.masks else module.weight
        if not self.imitating:
            return weight
        scale = weight_scale(weight).view(-1, *[1] * (weight.dim() - 1))
        return RoundThrough.apply(weight / scale).clamp(-127, 127) * scale

    def activation(self, name, x):
        if self.observing:
            low, high = float(x.detach().min()), float(x.detach().max())
            old = self.ranges.get(name, [low, high])
            self.ranges[name] = [0.95 * old[0] + 0.05 * low, 0.95 * old[1] + 0.05 * high]
        if not self.imitating:
            return x
        scale, zero = activation_scale(*self.ranges[name])
        return (RoundThrough.apply(x / scale).clamp(-128 - zero, 127 - zero)) * scale

    # Walk

    def forward(self, x, with_located=False):
        """x: [N, 1, 64, 64], 0 ... 1. Returns logits [N, 4], and if asked LOCATED's output [N, 64, 8, 8]."""
        made = {}
        for layer in LAYERS:
            module = self.convolutions[layer.name]
            x = functional.conv2d(
                pad_same(x, layer), self.weight(layer.name), module.bias, layer.stride, groups=module.groups)
            if layer.name in self.norms:
                x = self.norms[layer.name](x)
            if layer.skip:
                x = self.activation(layer.name, x)
                x = self.activation(layer.name + "_add", functional.relu(x + made[layer.skip]))
            else:
                x = self.activation(layer.name, functional.relu(x))
            made[layer.name] = x
        # The pool's output keeps its input's scale.
        x = self.rounded_like(LAYERS[-1].name, x.mean((2, 3)))
        logits = functional.linear(x, self.weight("classifier"), self.classifier.bias)
        logits = self.activation("classifier", logits)
        return (logits, made[LOCATED.name]) if with_located else logits

    def rounded_like(self, name, x):
        if not self.imitating:
            return x
        scale, _ = activation_scale(*self.ranges[name])
        return RoundThrough.apply(x / scale) * scale

    # Stages

    def fold(self):
        """Joins each batch norm into the convolution before it."""
        with torch.no_grad():
            for name, norm in self.norms.items():
                module = self.convolutions[name]
                factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                module.weight.mul_(factor.view(-1, 1, 1, 1))
                module.bias.copy_((module.bias - norm.running_mean) * factor + norm.bias)
        self.norms = nn.ModuleDict()

    def choose_blocks(self, progress):
        """Masks the weakest 1x4 blocks: one output, one tap, four consecutive inputs.

        progress: 0 ... 1 of each layer's share. Strength is the norm of the block's weights as batch norm
        scales them.
        """
        for layer in LAYERS:
            if not layer.pruned:
                continue
            weight = self.convolutions[layer.name].weight.detach()
            norm = self.norms[layer.name]
            factor = (norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)).view(-1, 1, 1, 1)
            blocks = (weight * factor).unflatten(1, (-1, 4))  # [outputs, inputs / 4, 4, kernel, kernel]
            strength = blocks.square().sum(2)
            cut = int(round(strength.numel() * layer.pruned * progress))
            order = torch.argsort(strength.flatten(), stable=True)
            kept = torch.ones(strength.numel())
            kept[order[:cut]] = 0
            mask = kept.view_as(strength).unsqueeze(2).expand_as(blocks).flatten(1, 2)
            self.masks[layer.name] = mask.contiguous()

    def apply_masks(self):
        with torch.no_grad():
            for name, mask in self.masks.items():
                self.convolutions[name].weight.mul_(mask)
