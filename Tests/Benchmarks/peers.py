#!/usr/bin/env python3
"""Espalier beside its peers: one interleaved run on one core, batch 1, one thread.

    peers.py --reference DIR [--models ResNet-8,VWW] [--core 1] [--rounds 5] [--seconds 0.6] [--doc FILE] [--json FILE]

Every cell is a process of its own; all cells of a model run once in each round, so that all see the same
machine. A cell's figure is the median of its rounds' medians. --doc rewrites the block between the markers of
that file, if all models were measured.
"""
import argparse
import datetime
import json
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

from cells import MODELS, Cell, Cells

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def processor() -> str:
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def figure(ratio: float) -> str:
    return f"{ratio:.2f}" if 0.1 <= ratio < 100 else f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.1g}"


def fastest(cells: list[Cell], peer: str | None = None) -> Cell | None:
    """The fastest of all peers, or one peer's fastest way."""
    measured = [cell for cell in cells if cell.results and cell.peer and peer in (None, cell.peer)]
    return min(measured, key=lambda cell: cell.median, default=None)


def table(model: str, cells: list[Cell]) -> list[str]:
    first = fastest(cells)
    lines = [f"### {model}", "", "| | µs | times the fastest peer's speed | output hash |", "|---|---|---|---|"]
    for cell in cells:
        if not cell.results:
            lines.append(f"| {cell.name} | left out: {cell.failure} | | |")
            continue
        result = cell.results[-1]
        ratio = figure(first.median / cell.median) if first else ""
        marked = ratio if cell.peer else f"**{ratio}**"
        lines.append(f"| {cell.name} | {cell.median:.1f} | {marked} | {result.get('outputHash') or result['hash']} |")
    starts = [f"{cell.name} {cell.results[-1]['firstMilliseconds']:.0f} ms, "
              f"{cell.results[-1]['residentMiB']:.0f} MiB" for cell in cells if cell.peer and cell.results]
    return lines + ["", "Load to first result, and memory of the process: " + "; ".join(starts) + ".", ""]


def ratios(found: dict[str, list[Cell]]) -> list[str]:
    """Espalier's speed over each peer's fastest: one table for all models."""
    peers = list(dict.fromkeys(cell.peer for cells in found.values() for cell in cells if cell.peer))
    lines = ["### Times the speed of each peer at its fastest", "", f"| | {' | '.join(peers)} |",
             "|---" * (len(peers) + 1) + "|"]
    for model, cells in found.items():
        rivals = [fastest(cells, peer) for peer in peers]
        for cell in cells:
            if cell.peer or not cell.results:
                continue
            values = [figure(rival.median / cell.median) if rival else "" for rival in rivals]
            lines.append(f"| {model}: {cell.name} | {' | '.join(values)} |")
    return lines + [""]


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


def chosen(names: str) -> list[str]:
    unknown = set(names.split(",")) - set(MODELS)
    if unknown:
        raise argparse.ArgumentTypeError(f"no model {', '.join(sorted(unknown))}; there are {', '.join(MODELS)}")
    return [model for model in MODELS if model in names.split(",")]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--models", type=chosen, default=list(MODELS), help="some of them, separated by commas")
    parser.add_argument("--espalier", default=".build/release/espalier")
    parser.add_argument("--forms", default=".build/bench/forms", help="where the peers' forms of the models are kept")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--first-result", help="a program built from first_result.c")
    parser.add_argument("--doc")
    parser.add_argument("--json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        cells = Cells(options, pathlib.Path(scratch))
        found = {model: MODELS[model](cells) for model in options.models}
        for model in found:
            for _ in range(options.rounds):
                for cell in found[model]:
                    cell.run(options.core)
    lines = [f"{processor()}, core {options.core}, {datetime.date.today()}, {options.rounds} rounds; "
             "pinned versions in Tests/Benchmarks/requirements.txt.", "", *ratios(found)]
    for model in found:
        lines += table(model, found[model])
    if options.first_result:
        lines += [first_result(options.first_result), ""]
    text = "\n".join(lines)
    print(text)
    if options.json:
        figures = {model: {cell.name: cell.median for cell in cells if cell.results}
                   for model, cells in found.items()}
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    if options.doc and len(found) == len(MODELS):
        document = pathlib.Path(options.doc)
        before, rest = document.read_text().split(BEGIN)
        document.write_text(before + BEGIN + "\n" + text + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
