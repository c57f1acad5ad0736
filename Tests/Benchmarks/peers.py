#!/usr/bin/env python3
"""Espalier beside its peers: one interleaved run on one core, batch 1, one thread.

    peers.py --reference DIR [--espalier PROGRAM] [--core 1] [--rounds 5] [--seconds 0.6] [--doc FILE] [--json FILE]

Every cell is a process of its own; all cells of a model run once in each round, so that all see the same machine.
A cell's figure is the median of its rounds' medians. --doc rewrites the block between the markers of that file.
"""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import numpy as np

HERE = pathlib.Path(__file__).parent
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass
class Cell:
    """A row of a model's table: what to run, and what came out."""
    name: str
    command: list[str]
    is_peer: bool
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


def models(options: argparse.Namespace, scratch: pathlib.Path) -> dict[str, list[Cell]]:
    tflite, onnx = (pathlib.Path(options.reference) / "models" / kind for kind in ("tflite", "onnx"))
    seconds = str(options.seconds)

    def peer(name: str, file: pathlib.Path) -> Cell:
        return Cell(name, [sys.executable, str(HERE / "engines.py"), name, str(file), seconds], True)

    def ours(name: str, file: pathlib.Path, *more: str) -> Cell:
        command = [options.espalier, "benchmark", str(file), "--json", "--seconds", seconds, *more]
        return Cell(name, command, False)

    def pruned(share: int) -> pathlib.Path:
        target = scratch / f"resnet8_{share}.tflite"
        script = [sys.executable, str(HERE / "prune_blocks.py"), str(resnet), str(target), str(share / 100)]
        subprocess.run(script, check=True)
        return target

    frames = scratch / "frames.npy"
    video = pathlib.Path(options.reference) / "data/video/onebyone_vww96_rgb_every4.u8"
    np.save(frames, np.fromfile(video, np.uint8).reshape(-1, 96, 96, 3))

    resnet, vww = tflite / "resnet8_cifar10_int8.tflite", tflite / "vww_96_int8.tflite"
    person, fixed = tflite / "person_detect_int8.tflite", tflite / "person_detect_int8_qdimfix.tflite"
    mobile = tflite / "mobilenet_v2_1.0_224_int8_nchw.tflite"
    return {
        "ResNet-8": [
            peer("LiteRT XNNPACK", resnet), peer("LiteRT built-in", resnet),
            peer("onnxruntime", onnx / "resnet8_cifar10_int8_qdq.onnx"),
            peer("OpenVINO", onnx / "resnet8_cifar10_int8_qdq.onnx"),
            ours("Espalier, dense", resnet, "--keep-dead"),
            ours("Espalier, dense, avx2", resnet, "--keep-dead", "--isa", "avx2"),
            ours("Espalier, 50 % of blocks pruned", pruned(50)),
            ours("Espalier, 70 % of blocks pruned", pruned(70)),
            ours("Espalier, 75 % of blocks pruned", pruned(75)),
        ],
        "VWW": [
            peer("LiteRT XNNPACK", vww), peer("LiteRT built-in", vww),
            peer("onnxruntime", onnx / "vww_96_int8_qdq.onnx"), peer("OpenVINO", onnx / "vww_96_int8_qdq.onnx"),
            ours("Espalier, dead channels kept", vww, "--keep-dead"),
            ours("Espalier, dead channels kept, avx2", vww, "--keep-dead", "--isa", "avx2"),
            ours("Espalier", vww),
            ours("Espalier, dead channels kept, frames", vww, "--keep-dead", "--inputs", str(frames)),
            ours("Espalier, the same, skipping silence", vww, "--keep-dead", "--inputs", str(frames),
                 "--calibration", str(frames)),
        ],
        "person_detect": [
            peer("LiteRT XNNPACK", fixed), peer("LiteRT built-in", fixed),
            peer("onnxruntime", onnx / "person_detect_int8_qdq.onnx"),
            peer("OpenVINO", onnx / "person_detect_int8_qdq.onnx"),
            ours("Espalier, dense", person, "--keep-dead"),
            ours("Espalier, dense, avx2", person, "--keep-dead", "--isa", "avx2"),
        ],
        "MobileNetV2": [
            peer("LiteRT XNNPACK", mobile), peer("OpenVINO", mobile),
            ours("Espalier, dense", mobile, "--keep-dead"),
        ],
    }


def processor() -> str:
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def table(model: str, cells: list[Cell]) -> list[str]:
    peers = [cell for cell in cells if cell.is_peer and cell.results]
    fastest = min(peers, key=lambda cell: cell.median)
    lines = [f"### {model}", "", "| | µs | times the fastest peer's speed | output hash |", "|---|---|---|---|"]
    for cell in cells:
        if not cell.results:
            lines.append(f"| {cell.name} | left out: {cell.failure} | | |")
            continue
        result = cell.results[-1]
        ratio = f"{fastest.median / cell.median:.2f}"
        marked = f"**{ratio}**" if not cell.is_peer else ratio
        lines.append(f"| {cell.name} | {cell.median:.1f} | {marked} | {result.get('outputHash') or result['hash']} |")
    starts = [f"{cell.name} {cell.results[-1]['firstMilliseconds']:.0f} ms, "
              f"{cell.results[-1]['residentMiB']:.0f} MiB" for cell in peers]
    return lines + ["", "Load to first result, and memory of the process: " + "; ".join(starts) + ".", ""]


def first_result(program: str) -> str:
    """Of a program with the model baked in: from exec to the first result, the median of 21 starts."""
    results = []
    for _ in range(21):
        start = {"T0_NS": str(time.clock_gettime_ns(time.CLOCK_MONOTONIC))}
        done = subprocess.run([program], env=start, capture_output=True, text=True, check=True)
        results.append(json.loads(done.stdout))
    milliseconds = statistics.median(result["firstMilliseconds"] for result in results)
    resident = max(result["residentMiB"] for result in results)
    return (f"Espalier's VWW as a static program with its header baked in: {milliseconds:.1f} ms from exec to the "
            f"first result, {resident:.1f} MiB resident.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--espalier", default=".build/release/espalier")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--first-result", help="a program built from first_result.c")
    parser.add_argument("--doc")
    parser.add_argument("--json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = models(options, pathlib.Path(scratch))
        lines = [f"{processor()}, core {options.core}, {datetime.date.today()}, {options.rounds} rounds; "
                 "pinned versions in Tests/Benchmarks/requirements.txt.", ""]
        for model, cells in found.items():
            for _ in range(options.rounds):
                for cell in cells:
                    cell.run(options.core)
            lines += table(model, cells)
    if options.first_result:
        lines += [first_result(options.first_result), ""]
    text = "\n".join(lines)
    print(text)
    if options.json:
        figures = {model: {cell.name: cell.median for cell in cells if cell.results}
                   for model, cells in found.items()}
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    if options.doc:
        document = pathlib.Path(options.doc)
        before, rest = document.read_text().split(BEGIN)
        document.write_text(before + BEGIN + "\n" + text + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
