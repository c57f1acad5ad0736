"""Records every tensor of some operator fixtures, weights and scratch memory too, as people do for `validate --layers`.

recordings/NAME.npz: t<tensor index>: activations of three inputs as [3, ...], constants as they are in the file, computed
by TFLite's reference kernels.
"""
import pathlib

import numpy
from ai_edge_litert.interpreter import Interpreter, OpResolverType

HERE = pathlib.Path(__file__).parent
NAMES = ["uint8_network", "graph_two_outputs", "float_conv", "add_constant_pixels", "conv_grouped_c6_o9_g3",
         "transpose_input"]


def record(name, random):
    model = (HERE / "operators" / f"{name}.tflite").read_bytes()
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    recorded = {}
    for _ in range(3):
        dtype = entry["dtype"]
        values = (random.uniform(-3, 3, entry["shape"]) if dtype == numpy.float32
                  else random.integers(numpy.iinfo(dtype).min, numpy.iinfo(dtype).max + 1, entry["shape"]))
        interpreter.set_tensor(entry["index"], values.astype(dtype))
        interpreter.invoke()
        for detail in interpreter.get_tensor_details():
            try:
                tensor = interpreter.get_tensor(detail["index"])
            except ValueError:
                continue  # scratch memory that is not there
            recorded.setdefault(detail["index"], []).append(tensor)
    constants = {index for index, rows in recorded.items() if all((row == rows[0]).all() for row in rows)}
    return {f"t{index}": rows[0] if index in constants else numpy.concatenate(rows)
            for index, rows in recorded.items()}


def main():
    random = numpy.random.default_rng(5)
    (HERE / "recordings").mkdir(exist_ok=True)
    for name in NAMES:
        numpy.savez_compressed(HERE / "recordings" / f"{name}.npz", **record(name, random))


main()
