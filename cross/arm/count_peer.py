"""Runs one of the comparison's engines where the emulator counts: count_peer.py BENCHMARKS ENGINE MODEL.tflite

Each call of os.umask() makes the plugin print the instructions so far (count_instructions.c): around calls of
nothing, then around inferences.
"""
import os
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
from engines import ENGINES, noise  # noqa: E402

RUNS = 5


def counted(run) -> None:
    run()
    for _ in range(RUNS):
        os.umask(0o22)
        run()
    os.umask(0o22)


engine, model = sys.argv[2:]
if engine.startswith("ncnn"):
    from network import read
    from to_ncnn import write

    target = f"{tempfile.mkdtemp()}/model"
    write(read(model), target)
    model = f"{target}.param"
steps = ENGINES[engine](model, noise)
run = next(steps)
counted(lambda: None)
counted(run)
os._exit(0)  # Nothing that engines do at their end is of interest.
