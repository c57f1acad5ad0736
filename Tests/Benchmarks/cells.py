"""What is measured: for every model its rows, each an engine with a file or Espalier with its options."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from prepare import prepare

HERE = pathlib.Path(__file__).parent


@dataclass
class Cell:
    """A row of a model's table: what to run, and what came out."""
    name: str
    command: list[str]
    peer: str | None = None
    results: list[dict] = field(default_factory=list)
    failure: str = ""

    @property
    def median(self) -> float:
        return statistics.median(result["medianMicroseconds"] for result in self.results)

    def run(self, core: int) -> None:
        if self.failure:
            return
        done = subprocess.run(["taskset", "-c", str(core), *self.command], capture_output=True, text=True)
        if done.returncode == 0:
            self.results.append(json.loads(done.stdout[done.stdout.index("{"):]))
        else:
            lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
            self.failure = lines[-1][:100] if lines else f"exit status {done.returncode}"


class Cells:
    """Makes the rows; files that are only for the measurement go into `scratch`."""

    def __init__(self, options: argparse.Namespace, scratch: pathlib.Path):
        self.options, self.scratch = options, scratch
        self.reference = pathlib.Path(options.reference)
        self.seconds = str(options.seconds)

    def file(self, name: str) -> pathlib.Path:
        return self.reference / "models" / name.rpartition(".")[2] / name

    def peers(self, model: pathlib.Path, qdq: str | None = None, winograd: bool = False) -> list[Cell]:
        """Every peer with every form of the model, and every way to run it, that may be its fastest."""
        forms = prepare(model, self.reference, pathlib.Path(self.options.forms))
        cells = [self.peer(engine, "", model) for engine in ("LiteRT, XNNPACK", "LiteRT, built-in", "TFLite Micro")]
        if qdq:
            cells.append(self.peer("onnxruntime", ", tf2onnx's model", self.file(qdq)))
        return cells + [
            self.peer("onnxruntime", ", its own quantisation", forms["onnxruntime"]),
            self.peer("OpenVINO", "", model),
            self.peer("OpenVINO", ", NNCF's quantisation", forms["OpenVINO"]),
            self.peer("ncnn", "", forms["ncnn"]),
            *([self.peer("ncnn, no Winograd", "", forms["ncnn"])] if winograd else []),
        ]

    def peer(self, engine: str, form: str, file: pathlib.Path | str) -> Cell:
        command = [sys.executable, str(HERE / "engines.py"), engine, str(file), self.seconds]
        peer = engine.partition(",")[0]
        return Cell(engine + form, command, peer, failure=file if isinstance(file, str) else "")

    def ours(self, name: str, file: pathlib.Path, *more: str) -> Cell:
        command = [self.options.espalier, "benchmark", str(file), "--json", "--seconds", self.seconds, *more]
        return Cell(f"Espalier{name}", command)

    def pruned(self, model: pathlib.Path, share: int, outputs: int = 1) -> pathlib.Path:
        target = self.scratch / f"{model.stem}_{share}_{outputs}.tflite"
        words = [str(model), str(target), str(share / 100), "1", str(outputs)]
        subprocess.run([sys.executable, str(HERE / "prune_blocks.py"), *words], check=True)
        return target

    def resnet8(self) -> list[Cell]:
        model = self.file("resnet8_cifar10_int8.tflite")
        return [
            *self.peers(model, "resnet8_cifar10_int8_qdq.onnx", winograd=True),
            self.ours(", dense", model, "--keep-dead"),
            self.ours(", dense, avx2", model, "--keep-dead", "--isa", "avx2"),
            *(self.ours(f", {share} % of 1x4 blocks pruned", self.pruned(model, share)) for share in (50, 70, 75)),
            *(self.ours(f", 70 % of {rows}x4 blocks pruned", self.pruned(model, 70, rows)) for rows in (2, 4)),
        ]

    def vww(self) -> list[Cell]:
        model, frames = self.file("vww_96_int8.tflite"), self.scratch / "frames.npy"
        video = self.reference / "data/video/onebyone_vww96_rgb_every4.u8"
        np.save(frames, np.fromfile(video, np.uint8).reshape(-1, 96, 96, 3))
        return [
            *self.peers(model, "vww_96_int8_qdq.onnx"),
            self.ours(", dead channels kept", model, "--keep-dead"),
            self.ours(", dead channels kept, avx2", model, "--keep-dead", "--isa", "avx2"),
            self.ours("", model),
            self.ours(", dead channels kept, frames", model, "--keep-dead", "--inputs", str(frames)),
            self.ours(", the same, skipping silence", model, "--keep-dead", "--inputs", str(frames),
                      "--calibration", str(frames)),
        ]

    def person_detect(self) -> list[Cell]:
        model = self.file("person_detect_int8.tflite")
        return [
            *self.peers(self.file("person_detect_int8_qdimfix.tflite"), "person_detect_int8_qdq.onnx"),
            self.ours(", dense", model, "--keep-dead"),
            self.ours(", dense, avx2", model, "--keep-dead", "--isa", "avx2"),
        ]

    def mobilenet_v2(self) -> list[Cell]:
        model = self.file("mobilenet_v2_1.0_224_int8_nchw.tflite")
        return [*self.peers(model), self.ours(", dense", model, "--keep-dead")]


MODELS: dict[str, Callable[[Cells], list[Cell]]] = {
    "ResNet-8": Cells.resnet8, "VWW": Cells.vww, "person_detect": Cells.person_detect,
    "MobileNetV2": Cells.mobilenet_v2,
}
