"""From a checkpoint of train.py to doorway.tflite, checked bit by bit against LiteRT's reference kernels.

    python3 models/doorway/export.py           # under a minute

Writes the pruned network and golden.npz beside this file; prints what the README says. The same checkpoint
gives the same bytes.
"""

import argparse
import os

import numpy
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import int8
from network import LABELS, Network
from tflite_file import Writer
from train import scenes

HELD_OUT = (9_000_000, 8_000)  # first scene seed, count: never seen in training
GOLDEN = 40


def load(path):
    network = Network()
    network.fold()
    network.imitating = True
    stored = torch.load(path, weights_only=True)
    network.load_state_dict(stored["weights"])
    network.masks, network.ranges = stored["masks"], stored["ranges"]
    return network.eval()


def reference(content, images):
    """What LiteRT's plain kernels give: int8 [N, 4]."""
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for image in images:
        interpreter.set_tensor(source["index"], image[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(sink["index"])[0])
    return numpy.stack(rows)


def logits_of(content):
    """The same file with the logits as output: to compare before SOFTMAX hides differences."""
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True, num_threads=1)
    interpreter.allocate_tensors()
    index = next(each["index"] for each in interpreter.get_tensor_details() if each["name"] == "classifier")
    source = interpreter.get_input_details()[0]["index"]

    def run(images):
        rows = []
        for image in images:
            interpreter.set_tensor(source, image[None])
            interpreter.invoke()
            rows.append(interpreter.get_tensor(index)[0])
        return numpy.stack(rows)

    return run


def blocks(steps):
    """(zero, all) 1x4 blocks of the layers that were pruned: one output, one tap, four inputs."""
    zero = total = 0
    for step in steps:
        if step.layer and step.layer.pruned:
            four = step.weights.reshape(*step.weights.shape[:3], -1, 4)
            zero += int((four == 0).all(-1).sum())
            total += four[..., 0].size
    return zero, total


def macs(steps, kept):
    """Multiply-accumulates a picture; with `kept` those of blocks that are not zero only."""
    total = 0
    for step in steps:
        if step.weights is None:
            continue
        pixels = step.output.shape[0] * step.output.shape[1] if step.layer else 1
        weights = step.weights.size
        if kept and step.layer and step.layer.pruned:
            four = step.weights.reshape(*step.weights.shape[:3], -1, 4)
            weights = 4 * int((four != 0).any(-1).sum())
        total += weights * pixels
    return total


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(description="Exports the doorway model.")
    command = f"{root}/.build/release/espalier"
    parser.add_argument("--espalier", default=command, help="the built host command")
    parser.add_argument("--work", default=f"{root}/.build/doorway", help="folder with train.py's checkpoints")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pictures, classes = scenes(options.espalier, options.work, *HELD_OUT, every_class=False)
    images = (pictures.permute(0, 2, 3, 1).numpy().astype(numpy.int16) - 128).astype(numpy.int8)
    classes = classes.numpy()
    for name in ("dense", "pruned"):
        with torch.no_grad():
            image, steps = int8.operations(load(f"{options.work}/{name}.pt"))
            logits = numpy.concatenate([int8.run(steps, part) for part in numpy.array_split(images, 32)])
        content = Writer("Espalier doorway: empty, person, animal, vehicle").bytes(image, steps)
        scores = reference(content, images)
        same = numpy.array_equal(logits_of(content)(images[:500]), logits[:500])
        if not same:
            raise SystemExit(f"{name}: int8.py and LiteRT's reference kernels differ; nothing was written.")
        right = scores.argmax(1) == classes
        zero, total = blocks(steps)
        print(f"{name}: {len(content)} bytes, {100 * right.mean():.2f} % of {len(right)} held-out scenes, "
              f"{zero} of {total} blocks zero, {macs(steps, False)} MACs, {macs(steps, True)} kept")
        for k, label in enumerate(LABELS):
            counts = numpy.bincount(scores.argmax(1)[classes == k], minlength=len(LABELS))
            row = " ".join(f"{count:5d}" for count in counts)
            print(f"  {label:8s} {row}   {100 * right[classes == k].mean():.1f} %")
    with open(f"{here}/doorway.tflite", "wb") as file:
        file.write(content)
    chosen = slice(0, GOLDEN)
    numpy.savez_compressed(f"{here}/golden.npz", inputs=images[chosen], outputs=scores[chosen])


if __name__ == "__main__":
    main()
