"""A network in ncnn's two files, int8, as ncnn's own quantiser (ncnn2int8) lays them out.

Its wheel has no quantiser, and none is needed: weights and ranges are the .tflite's. A convolution whose only
reader is another convolution gives int8 ("requantise"), everything else float, as ncnn2int8 decides too.
"""
from pathlib import Path

import numpy as np

from network import Layer, Network

INT8_WEIGHTS = np.uint32(0x000D4B38)
REQUANTISE = 100


class Writer:
    def __init__(self, network: Network):
        self.network = network
        self.readers = {value: [layer for layer in network.layers if value in layer.inputs]
                        for value in network.values}
        self.lines: list[str] = []
        self.blobs = 0
        self.stored = bytearray()
        self.parts: dict[int, list[str]] = {}  # of a value with several readers, the blobs that are left

    def write(self, target: str) -> None:
        """TARGET.param and TARGET.bin."""
        source = self.network.source
        channels, height, width = self.network.values[source].shape
        self.emit("Input", "input", [], [f"value{source}"], [f"0={width}", f"1={height}", f"2={channels}"])
        self.split(source)
        for layer in self.network.layers:
            self.layer(layer)
            self.split(layer.output)
        Path(f"{target}.param").write_text("\n".join(["7767517", f"{len(self.lines)} {self.blobs}", *self.lines, ""]))
        Path(f"{target}.bin").write_bytes(self.stored)

    def emit(self, kind: str, name: str, inputs: list[str], outputs: list[str], settings: list[str]) -> None:
        self.blobs += len(outputs)
        self.lines.append(" ".join([kind, name, f"{len(inputs)} {len(outputs)}", *inputs, *outputs, *settings]))

    def split(self, value: int) -> None:
        """What several layers read gets a blob for each."""
        count = len(self.readers[value])
        if count > 1:
            self.parts[value] = [f"value{value}_{k}" for k in range(count)]
            self.emit("Split", f"split{value}", [f"value{value}"], list(self.parts[value]), [])

    def layer(self, layer: Layer) -> None:
        name, output = f"layer{layer.output}", f"value{layer.output}"
        inputs = [self.parts[value].pop(0) if value in self.parts else f"value{value}" for value in layer.inputs]
        if layer.kind == "convolution":
            self.emit(*self.convolution(layer, name, inputs, [output]))
        elif layer.kind == "dense":
            self.store(layer)
            settings = [f"0={len(layer.weights)}", "1=1", f"2={layer.weights.size}", "8=2", *activation(layer)]
            self.emit("InnerProduct", name, inputs, [output], settings)
        elif layer.kind == "add":
            self.emit("BinaryOp", name, inputs, [output if layer.range is None else f"{output}_sum"], ["0=0"])
            if layer.range:
                clamp = ("ReLU", []) if layer.range[1] is None else ("Clip", ["0=0", f"1={layer.range[1]}"])
                self.emit(clamp[0], f"clamp{layer.output}", [f"{output}_sum"], [output], clamp[1])
        else:
            kind, settings = {"pool": ("Pooling", ["0=1", "4=1"]), "softmax": ("Softmax", ["0=0", "1=1"])}[layer.kind]
            self.emit(kind, name, inputs, [output], settings)

    def convolution(self, layer: Layer, name: str, inputs: list[str], outputs: list[str]) -> tuple:
        """Of one input channel a depthwise convolution is an ordinary one."""
        self.store(layer)
        after = self.readers[layer.output]
        requantise = len(after) == 1 and after[0].kind == "convolution"
        if requantise:
            self.store_scale(layer.output)
        # An int8 output whose range is ReLU6's saturates at 6 by itself; ncnn is faster at plain ReLU.
        saturates = requantise and self.network.values[layer.output].largest < 6.01
        top, left, bottom, right = layer.pads
        height, width = layer.weights.shape[2:]
        depthwise = layer.groups > 1
        scales = (1 if depthwise else 2) + (REQUANTISE if requantise else 0)
        settings = [f"0={len(layer.weights)}", f"1={width}", f"11={height}", f"3={layer.stride[1]}",
                    f"13={layer.stride[0]}", f"4={left}", f"15={right}", f"14={top}", f"16={bottom}", "5=1",
                    f"6={layer.weights.size}", *([f"7={layer.groups}"] if depthwise else []), f"8={scales}",
                    *activation(layer, saturates)]
        return "ConvolutionDepthWise" if depthwise else "Convolution", name, inputs, outputs, settings

    def store(self, layer: Layer) -> None:
        weights = np.pad(layer.weights.ravel(), (0, -layer.weights.size % 4))
        for part in (INT8_WEIGHTS, weights, layer.bias, 1 / layer.scales):
            self.stored += part.tobytes()
        self.store_scale(layer.inputs[0])

    def store_scale(self, value: int) -> None:
        self.stored += np.float32(127 / self.network.values[value].largest).tobytes()


def activation(layer: Layer, saturates: bool = False) -> list[str]:
    if layer.range is None:
        return []
    if layer.range[1] is None or saturates:
        return ["9=1"]
    return ["9=3", f"-23310=2,{layer.range[0]:e},{layer.range[1]:e}"]


def write(network: Network, target: str) -> None:
    Writer(network).write(target)
