#!/usr/bin/env python3
"""Zeroes a share of a .tflite model's weight blocks at random: prune_blocks.py IN OUT SHARE [SEED [OUTPUTS]]

A block is four consecutive input channels at one kernel tap of a CONV_2D, for OUTPUTS neighbouring outputs: 1 (the
default), 2 or 4. Accuracy is of no concern: the file is for measuring speed.
"""
import sys

import numpy as np
from ai_edge_litert import schema_py_generated as schema

CONV_2D = 3


def prune(source: str, target: str, share: float, seed: int, outputs: int) -> None:
    file = bytearray(open(source, "rb").read())
    model = schema.Model.GetRootAs(file, 0)
    graph = model.Subgraphs(0)
    random = np.random.default_rng(seed)
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        if model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() != CONV_2D:
            continue
        tensor = graph.Tensors(operator.Inputs(1))
        shape = tensor.ShapeAsNumpy()
        if shape[3] % 4:
            continue
        stored = model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes()
        weights = np.frombuffer(stored, np.int8).reshape(*shape[:3], shape[3] // 4, 4).copy()
        rows = -(-shape[0] // outputs)
        pruned = random.random((rows, *weights.shape[1:4])) < share
        weights[pruned.repeat(outputs, axis=0)[:shape[0]]] = 0
        place = bytes(file).find(stored)
        file[place:place + len(stored)] = weights.tobytes()
    with open(target, "wb") as out:
        out.write(file)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5, 6):
        sys.exit("prune_blocks.py IN OUT SHARE [SEED [OUTPUTS]]")
    seed, outputs = (int(word) for word in (sys.argv[4:] + ["1", "1"][len(sys.argv) - 4:]))
    prune(sys.argv[1], sys.argv[2], float(sys.argv[3]), seed, outputs)
