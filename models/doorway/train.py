"""Trains the doorway model from scenes the project renders itself: one command, everything seeded.

    python3 models/doorway/train.py

Dense first; then a copy loses its weakest 1x4 blocks step by step while it imitates the dense one; then the
batch norms are folded and the rest learns to live with int8. Writes WORK/dense.pt and WORK/pruned.pt for
export.py.

Each place is shown four times, once with each class's figure: a batch holds all four, so what differs is the
figure, and the difference to the empty picture says where it is. A second head that must say so cell by cell
teaches the trunk much faster than the class alone; it is thrown away.
"""

import argparse
import copy
import os
import subprocess
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

from network import LABELS, LOCATED, Network

SEED = 20240
TRAINING = (1_000_000, 64_000)  # first scene seed, pictures: four a seed
PLACES = 16  # a batch: each with four pictures
CLASSES = len(LABELS)
DENSE_EPOCHS, PRUNING_EPOCHS, INT8_EPOCHS = 12, 6, 2


def scenes(espalier, work, first, count, every_class):
    """Pictures [count, 1, 64, 64] uint8 and classes [count] of scenes, rendered once and kept in `work`."""
    inputs, labels = (f"{work}/{first}_{count}_{kind}.npy" for kind in ("inputs", "labels"))
    if not os.path.exists(labels):
        command = [espalier, "scenes", "--count", str(count), "--seed", str(first)]
        command += ["--every-class"] if every_class else []
        subprocess.run(command + ["-o", inputs, "--labels", labels, "--force"], check=True)
    x = torch.from_numpy(numpy.load(inputs)).permute(0, 3, 1, 2).contiguous()
    return x, torch.from_numpy(numpy.load(labels)).long()


def batches(x, generator):
    """One epoch of pictures [PLACES, 4, 64, 64] in a random order of places.

    The four pictures of a place are mirrored, made brighter or darker, richer or poorer in contrast alike.
    """
    places = x.view(-1, CLASSES, *x.shape[2:])
    order = torch.randperm(len(places), generator=generator)
    for start in range(0, len(places) - PLACES + 1, PLACES):
        pictures = places[order[start:start + PLACES]].float() / 255
        draws = torch.rand(3, PLACES, 1, 1, 1, generator=generator)
        pictures = torch.where(draws[0] < 0.5, pictures.flip(3), pictures)
        pictures = (pictures - 0.5) * (0.8 + 0.4 * draws[1]) + 0.5 + (draws[2] - 0.5) * 0.2
        # What a camera delivers is whole steps of 1/255.
        yield torch.round(pictures.clamp(0, 1) * 255) / 255


def figure_cells(pictures):
    """The class of each cell, [PLACES * 4, 8, 8]: where a picture differs from the empty one, its own."""
    changed = ((pictures - pictures[:, :1]).abs() > 14 / 255).float().flatten(0, 1)
    share = functional.avg_pool2d(changed.unsqueeze(1), 8).squeeze(1)
    classes = torch.arange(CLASSES).repeat(len(pictures)).view(-1, 1, 1)
    return torch.where(share > 0.12, classes, torch.zeros_like(classes))


def accuracy(network, x, y):
    network.eval()
    with torch.no_grad():
        found = torch.cat([network(part.float() / 255).argmax(1) for part in x.split(500)])
    return (found == y).float().mean().item()


def fit(name, network, data, epochs, peak, generator, teacher=None, before_step=None):
    """AdamW with one warm cycle; with a teacher, half the loss is to say what it says."""
    x, check_x, check_y = data
    locator = nn.Conv2d(LOCATED.outputs, CLASSES, 1)
    weights = torch.tensor([0.3, 1, 1.5, 1])  # most cells are empty, and animals are small
    classes = torch.arange(CLASSES).repeat(PLACES)
    optimiser = torch.optim.AdamW([*network.parameters(), *locator.parameters()], lr=peak, weight_decay=1e-3)
    steps = epochs * (len(x) // CLASSES // PLACES)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps, pct_start=0.2)
    step, start = 0, time.monotonic()
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for group in batches(x, generator):
            if before_step:
                before_step(step / steps)
            pictures = group.view(-1, 1, *group.shape[2:])
            logits, located = network(pictures, with_located=True)
            loss = functional.cross_entropy(logits, classes)
            total += loss.item()
            loss = loss + functional.cross_entropy(locator(located), figure_cells(group), weight=weights)
            if teacher is not None:
                with torch.no_grad():
                    wanted = functional.softmax(teacher(pictures) / 2, 1)
                told = functional.log_softmax(logits / 2, 1)
                loss = 0.5 * loss + 2 * functional.kl_div(told, wanted, reduction="batchmean")
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            cycle.step()
            network.apply_masks()
            step += 1
        right = accuracy(network, check_x, check_y)
        print(f"{name} epoch {epoch + 1}/{epochs}: loss {total * epochs / steps:.3f}, {100 * right:.2f} %, "
              f"{time.monotonic() - start:.0f} s", flush=True)


class Pruning:
    """Cuts more blocks every hundredth of the training until half of it, then leaves the masks as they are.

    The schedule is that of Zhu and Gupta, "To prune, or not to prune", 2017.
    """

    def __init__(self, network):
        self.network = network
        self.last = -1

    def __call__(self, progress):
        step = int(progress * 100)
        if step <= 50 and step != self.last:
            self.last = step
            self.network.choose_blocks(1 - (1 - step / 50) ** 3)


def learn_int8(name, network, data, teacher, generator):
    """Folds the norms, measures the ranges of all activations, then trains on with everything rounded."""
    network.eval()
    network.fold()
    network.observing = True
    with torch.no_grad():
        for part in data[0][:8000].split(100):
            network(part.float() / 255)
    network.observing = False
    network.imitating = True
    print(f"{name} int8 untrained: {100 * accuracy(network, *data[1:]):.2f} %", flush=True)
    fit(f"{name} int8", network, data, INT8_EPOCHS, 2e-4, generator, teacher)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(description="Trains the doorway model.")
    command = f"{root}/.build/release/espalier"
    parser.add_argument("--espalier", default=command, help="the built host command")
    parser.add_argument("--work", default=f"{root}/.build/doorway", help="folder for scenes and checkpoints")
    parser.add_argument("--threads", type=int, default=1, help="another number sums in another order")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    # Nothing here reads memory it has not written; filling it would cost a third of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)

    x, y = scenes(options.espalier, options.work, *TRAINING, every_class=True)
    # The last scenes only watch the training; the accuracy in the README is from yet others.
    data = x[:-2000], x[-2000:], y[-2000:]

    dense = Network().to(memory_format=torch.channels_last)
    fit("dense", dense, data, DENSE_EPOCHS, 3e-3, generator)
    torch.save({"weights": dense.state_dict()}, f"{options.work}/float.pt")
    teacher = copy.deepcopy(dense).eval()
    pruned = copy.deepcopy(dense)
    fit("pruned", pruned, data, PRUNING_EPOCHS, 2e-3, generator, teacher, Pruning(pruned))
    for name, network in (("pruned", pruned), ("dense", dense)):
        learn_int8(name, network, data, teacher, generator)
        stored = {"weights": network.state_dict(), "masks": network.masks, "ranges": network.ranges}
        torch.save(stored, f"{options.work}/{name}.pt")


if __name__ == "__main__":
    main()
