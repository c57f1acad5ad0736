"""Trains the doorway model from scenes the project renders itself: one command, everything seeded.

    python3 models/doorway/train.py            # about 20 minutes on two cores

Dense first; then a copy loses its weakest 1x4 blocks step by step while it imitates the dense one; then the
batch norms are folded and the rest learns to live with int8. Writes WORK/dense.pt and WORK/pruned.pt for
export.py.
"""

import argparse
import copy
import os
import subprocess
import time

import numpy
import torch
from torch.nn import functional

from network import Network

SEED = 20240
TRAINING = (1_000_000, 80_000)  # first scene seed, count
BATCH = 128
DENSE_EPOCHS, PRUNING_EPOCHS, INT8_EPOCHS = 8, 6, 2


def scenes(espalier, work, first, count):
    """The pictures [count, 1, 64, 64] uint8 and classes [count] of scenes, rendered once and kept in `work`."""
    inputs, labels = (f"{work}/{first}_{count}_{kind}.npy" for kind in ("inputs", "labels"))
    if not os.path.exists(labels):
        command = [espalier, "scenes", "--count", str(count), "--seed", str(first)]
        subprocess.run(command + ["-o", inputs, "--labels", labels], check=True)
    x = torch.from_numpy(numpy.load(inputs)).permute(0, 3, 1, 2).contiguous()
    return x, torch.from_numpy(numpy.load(labels)).long()


def batches(x, y, generator):
    """One epoch in a random order: mirrored, brighter or darker, with more or less contrast."""
    order = torch.randperm(len(x), generator=generator)
    for start in range(0, len(x) - BATCH + 1, BATCH):
        chosen = order[start:start + BATCH]
        pictures = x[chosen].float() / 255
        draws = torch.rand(3, BATCH, 1, 1, 1, generator=generator)
        pictures = torch.where(draws[0] < 0.5, pictures.flip(3), pictures)
        pictures = (pictures - 0.5) * (0.8 + 0.4 * draws[1]) + 0.5 + (draws[2] - 0.5) * 0.2
        # What a camera delivers is whole steps of 1/255.
        yield torch.round(pictures.clamp(0, 1) * 255) / 255, y[chosen]


def accuracy(network, x, y):
    network.eval()
    with torch.no_grad():
        found = torch.cat([network(part.float() / 255).argmax(1) for part in x.split(500)])
    return (found == y).float().mean().item()


def fit(name, network, data, epochs, peak, generator, teacher=None, before_step=None):
    """AdamW with one warm cycle; with a teacher, half the loss is to say what it says."""
    x, y, check_x, check_y = data
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-3)
    steps = epochs * (len(x) // BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps, pct_start=0.2)
    step, start = 0, time.monotonic()
    for epoch in range(epochs):
        network.train()
        for pictures, classes in batches(x, y, generator):
            if before_step:
                before_step(step / steps)
            logits = network(pictures)
            loss = functional.cross_entropy(logits, classes, label_smoothing=0.02)
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
        print(f"{name} epoch {epoch + 1}/{epochs}: {100 * right:.2f} %, {time.monotonic() - start:.0f} s", flush=True)


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
    print(f"{name} int8 untrained: {100 * accuracy(network, *data[2:]):.2f} %", flush=True)
    fit(f"{name} int8", network, data, INT8_EPOCHS, 2e-4, generator, teacher)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(description="Trains the doorway model.")
    parser.add_argument("--espalier", default=f"{root}/.build/release/espalier", help="the built host command")
    parser.add_argument("--work", default=f"{root}/.build/doorway", help="folder for scenes and checkpoints")
    parser.add_argument("--threads", type=int, default=1, help="another number sums in another order")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # nothing here reads such memory; it costs a third
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)

    x, y = scenes(options.espalier, options.work, *TRAINING)
    # The last scenes only watch the training; the accuracy in the README is from yet others.
    data = x[:-2000], y[:-2000], x[-2000:], y[-2000:]

    dense = Network().to(memory_format=torch.channels_last)
    fit("dense", dense, data, DENSE_EPOCHS, 4e-3, generator)
    teacher = copy.deepcopy(dense).eval()
    pruned = copy.deepcopy(dense)
    fit("pruned", pruned, data, PRUNING_EPOCHS, 2e-3, generator, teacher, Pruning(pruned))
    for name, network in (("dense", dense), ("pruned", pruned)):
        learn_int8(name, network, data, teacher, generator)
        stored = {"weights": network.state_dict(), "masks": network.masks, "ranges": network.ranges}
        torch.save(stored, f"{options.work}/{name}.pt")


if __name__ == "__main__":
    main()
