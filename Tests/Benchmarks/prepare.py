"""The forms of an int8 .tflite that its peers want, made once and kept: prepare(MODEL, REFERENCE, FOLDER).

Peers that quantise by themselves start from the same network with its weights dequantised, and calibrate on
pictures of the reference folder. A form whose outputs on those are far from LiteRT's is a failure, not a peer.
"""
import contextlib
import hashlib
import io
import logging
import os
import pathlib
import shutil
from typing import Callable

import numpy as np

from engines import ENGINES
from network import Network, read

HERE = pathlib.Path(__file__).parent
CALIBRATION, COMPARED, LEAST_COSINE = 32, 8, 0.9


def pictures(network: Network, reference: pathlib.Path) -> np.ndarray:
    """As the network stores them: CIFAR-10 for the smallest; for others a video's frames, gray or enlarged."""
    channels, side, _ = network.values[network.source].shape
    if side == 32:
        records = np.fromfile(reference / "data/cifar10/test_jpeg_even_5000.bin", np.uint8).reshape(-1, 3073)
        chosen = records[:: len(records) // CALIBRATION][:CALIBRATION, 1:].reshape(-1, 3, side, side)
    else:
        frames = np.fromfile(reference / "data/video/onebyone_vww96_rgb_every4.u8", np.uint8).reshape(-1, 96, 96, 3)
        nearest = np.arange(side) * 96 // side
        chosen = frames[:: len(frames) // CALIBRATION][:CALIBRATION, nearest][:, :, nearest].transpose(0, 3, 1, 2)
        if channels == 1:
            chosen = chosen.mean(1, keepdims=True)
    return (chosen.astype(np.int16) - 128).astype(np.int8)


def real(network: Network, stored: np.ndarray) -> np.ndarray:
    source = network.values[network.source]
    return (stored.astype(np.float32) - source.zero) * np.float32(source.scale)


def for_onnxruntime(network: Network, shown: np.ndarray, target: pathlib.Path) -> pathlib.Path:
    """Unsigned activations, signed weights: the combination that it is fastest with on x86."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
    from to_onnx import write

    class Pictures(CalibrationDataReader):
        def __init__(self):
            self.left = iter(shown)

        def get_next(self):
            picture = next(self.left, None)
            return None if picture is None else {f"value{network.source}": picture[None]}

    float_file, optimised, file = (target.with_suffix(f".{kind}onnx") for kind in ("float.", "optimised.", ""))
    write(network, str(float_file))
    quant_pre_process(str(float_file), str(optimised), skip_symbolic_shape=True)
    quantize_static(str(optimised), str(file), Pictures(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    return file


def for_openvino(network: Network, shown: np.ndarray, target: pathlib.Path) -> pathlib.Path:
    os.environ["NNCF_CI"] = "1"  # Or it reports its use to its makers.
    logging.getLogger("nncf").setLevel(logging.ERROR)
    import nncf
    import openvino
    from to_onnx import write

    float_file, file = target.with_suffix(".float.onnx"), target.with_suffix(".xml")
    write(network, str(float_file))
    dataset = nncf.Dataset(list(shown), lambda picture: picture[None])
    with contextlib.redirect_stdout(io.StringIO()):  # Progress bars.
        quantised = nncf.quantize(openvino.Core().read_model(float_file), dataset, subset_size=len(shown))
    openvino.save_model(quantised, file, compress_to_fp16=False)
    return file


def for_ncnn(network: Network, shown: np.ndarray, target: pathlib.Path) -> pathlib.Path:
    from to_ncnn import write

    write(network, str(target))
    return target.with_suffix(".param")


FORMS: dict[str, Callable[[Network, np.ndarray, pathlib.Path], pathlib.Path]] = {
    "onnxruntime": for_onnxruntime, "OpenVINO": for_openvino, "ncnn": for_ncnn,
}


def output(engine: str, file: pathlib.Path, network: Network, picture: np.ndarray) -> np.ndarray:
    """What an engine says to a picture, which it may want channels last, as stored or as real numbers."""
    def feed(shape: list[int], kind: type) -> np.ndarray:
        values = picture if np.issubdtype(kind, np.integer) else real(network, picture)
        turned = values if tuple(shape[1:]) == values.shape else values.transpose(1, 2, 0)
        return np.ascontiguousarray(turned[None], kind)

    steps = ENGINES[engine](str(file), feed)
    next(steps)()
    result = np.ravel(next(steps)()).astype(np.float32)
    return result - (network.values[network.layers[-1].output].zero if engine == "LiteRT, built-in" else 0)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def agreement(engine: str, file: pathlib.Path, model: pathlib.Path, network: Network, stored: np.ndarray) -> float:
    """The median cosine between an engine's outputs and LiteRT's."""
    return float(np.median([cosine(output("LiteRT, built-in", model, network, picture),
                                   output(engine, file, network, picture)) for picture in stored[:COMPARED]]))


def prepare(model: pathlib.Path, reference: pathlib.Path, folder: pathlib.Path) -> dict[str, pathlib.Path | str]:
    """For each engine its file, or why there is none."""
    recipe = [model, HERE / "requirements.txt", *sorted(HERE.glob("*.py"))]
    key = hashlib.sha256(b"".join(part.read_bytes() for part in recipe)).hexdigest()[:12]
    network = read(str(model))
    stored = pictures(network, reference)
    forms: dict[str, pathlib.Path | str] = {}
    for engine, make in FORMS.items():
        made, part = (folder / f"{model.stem}-{engine}-{key}{end}" for end in ("", ".part"))
        try:
            if not made.exists():
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir(parents=True)
                cos = agreement(engine, make(network, real(network, stored), part / "model"), model, network, stored)
                if not cos >= LEAST_COSINE:
                    raise ValueError(f"its outputs are not LiteRT's, cosine {cos:.2f}")
                part.rename(made)
            forms[engine] = next(file for file in made.iterdir()
                                 if file.name in ("model.onnx", "model.xml", "model.param"))
        except Exception as error:
            forms[engine] = (str(error).strip() or type(error).__name__).splitlines()[-1][:100]
    return forms
