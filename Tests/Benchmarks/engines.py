"""The peers: each takes a model file and yields a function that runs one inference, then one that gives its
output.

Run as a program, it times one engine on one model in a process of its own:  engines.py ENGINE FILE SECONDS
"""
import hashlib
import json
import sys
import time
from typing import Callable, Iterator

import numpy as np

# What an engine asks for its input: the shape and the kind of numbers.
Feed = Callable[[list[int], type], np.ndarray]


def noise(shape: list[int], kind: type) -> np.ndarray:
    """The same seeded bytes for every engine; floats get them as -1 ... 1."""
    values = np.random.default_rng(1).integers(-128, 128, size=[max(1, side) for side in shape])
    if np.issubdtype(kind, np.floating):
        return (values / 128).astype(kind)
    return (values + (128 if kind == np.uint8 else 0)).astype(kind)


def litert(file: str, feed: Feed, builtin: bool = False) -> Iterator:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if builtin else OpResolverType.AUTO
    interpreter = Interpreter(model_path=file, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.set_tensor(source["index"], feed(list(source["shape"]), source["dtype"]))
    # The wrapper's method checks its arguments on each call; this is the call behind it.
    yield interpreter._interpreter.Invoke
    yield lambda: interpreter.get_tensor(target["index"])


def tflite_micro(file: str, feed: Feed) -> Iterator:
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(file)
    source = interpreter.get_input_details(0)
    interpreter.set_input(feed(list(source["shape"]), source["dtype"]), 0)
    yield interpreter.invoke
    yield lambda: interpreter.get_output(0)


def onnxruntime(file: str, feed: Feed) -> Iterator:
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    source, target = session.get_inputs()[0], session.get_outputs()[0]
    kinds = {"tensor(float)": np.float32, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8}
    sides = [side if isinstance(side, int) else 1 for side in source.shape]
    value = runtime.OrtValue.ortvalue_from_numpy(feed(sides, kinds[source.type]))
    binding = session.io_binding()
    binding.bind_ortvalue_input(source.name, value)
    binding.bind_output(target.name)
    yield lambda: session._sess.run_with_iobinding(binding._iobinding, None)
    yield lambda: binding.copy_outputs_to_cpu()[0]


def openvino(file: str, feed: Feed) -> Iterator:
    import openvino as runtime
    from openvino._pyopenvino import InferRequest

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1",
                "ENABLE_CPU_PINNING": "NO"}
    core = runtime.Core()
    network = core.read_model(file)
    shape = [side.get_length() if side.is_static else 1 for side in network.inputs[0].partial_shape]
    network.reshape(shape)
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    source = request.get_input_tensor()
    source.data[:] = feed(shape, source.data.dtype.type)
    # The call behind infer(), which looks at its arguments; start_async() would hand the work to another thread.
    yield lambda: InferRequest.infer(request, {}, share_outputs=True, decode_strings=False)
    yield lambda: request.get_output_tensor().data


def ncnn(file: str, feed: Feed, winograd: bool = True) -> Iterator:
    import ncnn as runtime

    net = runtime.Net()
    net.opt.num_threads = 1
    net.opt.use_winograd_convolution = winograd
    # Half floats beside the int8 layers would save it nothing and cost conversions.
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(file) or net.load_model(file.removesuffix("param") + "bin"):
        raise RuntimeError(f"ncnn does not read {file}")
    shape = [int(setting.split("=")[1]) for setting in open(file).read().splitlines()[2].split()[-3:]]
    values = feed([1, *shape[::-1]], np.float32)[0]
    picture = runtime.Mat(values).clone()  # A Mat of numpy's memory does not keep that alive.
    source, target, outputs = net.input_names()[0], net.output_names()[0], []

    def run() -> None:
        extractor = net.create_extractor()
        extractor.input(source, picture)
        outputs[:] = [extractor.extract(target)[1]]

    yield run
    yield lambda: np.array(outputs[0])


# Up to the comma, the peer: its fastest way on a machine is what Espalier is compared with.
ENGINES: dict[str, Callable[[str, Feed], Iterator]] = {
    "LiteRT, XNNPACK": litert,
    "LiteRT, built-in": lambda file, feed: litert(file, feed, builtin=True),
    "TFLite Micro": tflite_micro,
    "onnxruntime": onnxruntime,
    "OpenVINO": openvino,
    "ncnn": ncnn,
    "ncnn, no Winograd": lambda file, feed: ncnn(file, feed, winograd=False),
}


def resident() -> float:
    """The most memory held since exec; getrusage would count the parent's from before."""
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(engine: str, file: str, seconds: float) -> dict:
    started = time.perf_counter()
    steps = ENGINES[engine](file, noise)
    run = next(steps)
    run()
    first = time.perf_counter() - started
    output = np.ascontiguousarray(next(steps)())
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        before = time.perf_counter_ns()
        run()
        times.append(time.perf_counter_ns() - before)
    return {
        "medianMicroseconds": float(np.median(times)) / 1e3,
        "firstMilliseconds": first * 1e3,
        "residentMiB": resident(),
        "hash": hashlib.sha256(output.tobytes()).hexdigest()[:8],
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
