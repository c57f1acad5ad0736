"""A network in ncnn's two files, int8, as ncnn's own quantiser (ncnn2int8) lays them out.

Its wheel has no quantiser, and none is needed: weights and ranges are the .tflite's. A convolution whose only
reader is another convolution gives int8 ("requantise"), everything else float, as ncnn2int8 decides too.
"""
from pathlib import Path

import numpy as np

from network import Layer, Network

INT8_WEIGHTS = np.uint32(0x000D4B38)
REQUANTISE = 100


def write(network: Network, target: str) -> None:
    """TARGET.param and TARGET.bin."""
    readers = {value: [layer for layer in network.layers if value in layer.inputs] for value in network.values}
    lines, blobs, stored = [], 0, bytearray()
    parts: dict[int, list[str]] = {}  # of a value with several readers, a blob each

    def emit(kind: str, name: str, inputs: list[str], outputs: list[str], *settings: str) -> None:
        nonlocal blobs
        blobs += len(outputs)
        lines.append(" ".join([kind, name, str(len(inputs)), str(len(outputs)), *inputs, *outputs, *settings]))

    def finish(value: int) -> None:
        """Splits what several layers read."""
        if len(readers[value]) > 1:
            parts[value] = [f"value{value}_{k}" for k in range(len(readers[value]))]
            emit("Split", f"split{value}", [f"value{value}"], list(parts[value]))

    def scale(value: int) -> np.float32:
        return np.float32(127 / network.values[value].largest)

    channels, height, width = network.values[network.source].shape
    emit("Input", "input", [], [f"value{network.source}"], f"0={width}", f"1={height}", f"2={channels}")
    finish(network.source)
    for layer in network.layers:
        inputs = [parts[value].pop(0) if value in parts else f"value{value}" for value in layer.inputs]
        output, settings, tensors = f"value{layer.output}", [], []
        after = readers[layer.output]
        if layer.kind in ("convolution", "dense"):
            tensors = [INT8_WEIGHTS, padded(layer.weights), layer.bias, 1 / layer.scales, scale(layer.inputs[0])]
            settings = [f"0={len(layer.weights)}", *activation(layer)]
        if layer.kind == "convolution":
            requantise = len(after) == 1 and after[0].kind == "convolution"
            tensors += [scale(layer.output)] if requantise else []
            settings += convolution(layer, REQUANTISE if requantise else 0)
            # One input channel, several outputs: an ordinary convolution.
            kind = "Convolution" if layer.groups == 1 else "ConvolutionDepthWise"
        elif layer.kind == "dense":
            kind = "InnerProduct"
            settings += ["1=1", f"2={layer.weights.size}", "8=2"]
        else:
            kind, settings = {"add": ("BinaryOp", ["0=0"]), "pool": ("Pooling", ["0=1", "4=1"]),
                              "softmax": ("Softmax", ["0=0", "1=1"])}[layer.kind]
        if layer.kind == "add" and layer.range:
            low, high = layer.range
            emit(kind, f"layer{layer.output}", inputs, [f"{output}_sum"], *settings)
            clamp = ["ReLU"] if high is None else ["Clip", f"0={low:e}", f"1={high:e}"]
            emit(clamp[0], f"clamp{layer.output}", [f"{output}_sum"], [output], *clamp[1:])
        else:
            emit(kind, f"layer{layer.output}", inputs, [output], *settings)
        stored += b"".join(np.asarray(tensor).tobytes() for tensor in tensors)
        finish(layer.output)
    Path(f"{target}.param").write_text("\n".join(["7767517", f"{len(lines)} {blobs}", *lines]) + "\n")
    Path(f"{target}.bin").write_bytes(stored)


def padded(weights: np.ndarray) -> bytes:
    return weights.tobytes() + bytes(-weights.size % 4)


def activation(layer: Layer) -> list[str]:
    if layer.range is None:
        return []
    return ["9=1"] if layer.range[1] is None else ["9=3", f"-23310=2,{layer.range[0]:e},{layer.range[1]:e}"]


def convolution(layer: Layer, requantise: int) -> list[str]:
    top, left, bottom, right = layer.pads
    height, width = layer.weights.shape[2:]
    depthwise = layer.groups > 1
    return [f"1={width}", f"11={height}", f"3={layer.stride[1]}", f"13={layer.stride[0]}", f"4={left}", f"15={right}",
            f"14={top}", f"16={bottom}", "5=1", f"6={layer.weights.size}", *([f"7={layer.groups}"] if depthwise else []),
            f"8={(1 if depthwise else 2) + requantise}"]
