"""The peers: each takes a model file and yields a function that runs one inference, then the first output.

Run as a program, it times one engine on one model in a process of its own:  engines.py ENGINE FILE SECONDS
"""
import hashlib
import json
import resource
import sys
import time
from typing import Callable, Iterator

import numpy as np


def noise(shape: list[int], kind: type) -> np.ndarray:
    """The same seeded bytes for every engine; floats get them as -1 ... 1."""
    values = np.random.default_rng(1).integers(-128, 128, size=[max(1, side) for side in shape])
    if np.issubdtype(kind, np.floating):
        return (values / 128).astype(kind)
    return (values + (128 if kind == np.uint8 else 0)).astype(kind)


def litert(file: str, builtin: bool = False) -> Iterator:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if builtin else OpResolverType.AUTO
    interpreter = Interpreter(model_path=file, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    interpreter.set_tensor(source["index"], noise(list(source["shape"]), source["dtype"]))
    # The wrapper's method checks its arguments on each call; this is the call behind it.
    yield interpreter._interpreter.Invoke
    yield interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def onnxruntime(file: str) -> Iterator:
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    source, target = session.get_inputs()[0], session.get_outputs()[0]
    kinds = {"tensor(float)": np.float32, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8}
    sides = [side if isinstance(side, int) else 1 for side in source.shape]
    value = runtime.OrtValue.ortvalue_from_numpy(noise(sides, kinds[source.type]))
    binding = session.io_binding()
    binding.bind_ortvalue_input(source.name, value)
    binding.bind_output(target.name)
    yield lambda: session._sess.run_with_iobinding(binding._iobinding, None)
    yield binding.copy_outputs_to_cpu()[0]


def openvino(file: str) -> Iterator:
    import openvino as runtime

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1"}
    core = runtime.Core()
    network = core.read_model(file)
    shape = [side.get_length() if side.is_static else 1 for side in network.inputs[0].partial_shape]
    network.reshape(shape)
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    source = request.get_input_tensor()
    source.data[:] = noise(shape, source.data.dtype.type)
    # Two calls of the bare request: what infer() does without looking at its arguments.
    yield lambda: (request.start_async(), request.wait())
    yield request.get_output_tensor().data


ENGINES: dict[str, Callable[[str], Iterator]] = {
    "LiteRT XNNPACK": litert,
    "LiteRT built-in": lambda file: litert(file, builtin=True),
    "onnxruntime": onnxruntime,
    "OpenVINO": openvino,
}


def measure(engine: str, file: str, seconds: float) -> dict:
    started = time.perf_counter()
    steps = ENGINES[engine](file)
    run = next(steps)
    run()
    first = time.perf_counter() - started
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        before = time.perf_counter_ns()
        run()
        times.append(time.perf_counter_ns() - before)
    output = np.ascontiguousarray(next(steps))
    return {
        "medianMicroseconds": float(np.median(times)) / 1e3,
        "firstMilliseconds": first * 1e3,
        "residentMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "hash": hashlib.sha256(output.tobytes()).hexdigest()[:8],
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
