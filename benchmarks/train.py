"""Time train-all's parts beside the script everybody would write, on the same shards, in the same run.

python benchmarks/train.py SHARDS [--preset paper] [--agree-steps 200]

SHARDS is a folder that `facecorpus build` wrote. The other script is in this file: a DataLoader that decodes each JPEG
and augments it with PIL, float32 in the default layout, ReLU before pooling, four networks one after the other, and
each head trained through the frozen networks. Both are timed over equal numbers of steps, the other first (our setting
of the allocator would help it too), best of three, in CPU time of one thread, and carried to the preset's lengths.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from training.data.images import image_jobs, open_images
from training.data.protocols import make_splits
from training.data.shards import Shards, encoded_images, read_shards
from training.folder import RunFolder
from training.learn.batches import batch_rows
from training.learn.networks import make_network
from training.learn.probe import Speed, measure
from training.learn.stacks import HeadStack
from training.learn.stepper import Stepper
from training.machine.memory import keep_freed_memory
from training.machine.work import do
from training.plan.jobs import Setting
from training.plan.networks_and_heads import paper_heads, task_networks
from training.presets import Preset, load_preset

ROUNDS = 3


class PlainNetwork(nn.Module):
    """The paper's network as it would be written down first."""

    def __init__(self, preset: Preset, width: int, classes: int) -> None:
        super().__init__()
        a, b, c = preset.filters
        self.first, self.second = nn.Conv2d(3, a, 5, padding=2), nn.Conv2d(a, b, 5, padding=2)
        self.third = nn.Conv2d(b, c, 3, padding=1)
        self.high_level = nn.Linear(c * (preset.size // 8) ** 2, width)
        self.output = nn.Linear(width, classes)

    def features(self, images: Tensor) -> Tensor:
        for layer in (self.first, self.second, self.third):
            images = F.max_pool2d(F.relu(layer(images)), 2)
        return F.relu(self.high_level(images.flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.features(images))


class PlainFaces(Dataset[tuple[Tensor, Tensor]]):
    """JPEG bytes, decoded and augmented anew for each step."""

    def __init__(self, encoded: list[bytes], labels: np.ndarray, size: int, augment: bool) -> None:
        self.encoded, self.labels, self.size, self.augment = encoded, labels, size, augment

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        image = Image.open(io.BytesIO(self.encoded[row])).convert("RGB").resize((self.size, self.size), Image.BILINEAR)
        if self.augment:
            image = augmented(image)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float().div(255)
        return (pixels - 0.5) / 0.25, torch.as_tensor(self.labels[row])


def augmented(image: Image.Image) -> Image.Image:
    """A random affine transform, then one of five filters."""
    side = image.size[0]
    angle, scale = np.deg2rad(np.random.uniform(-12, 12)), np.random.uniform(0.9, 1.1)
    mirror = np.random.choice([-1.0, 1.0])
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    middle, dx, dy = side / 2, *np.random.uniform(-0.06, 0.06, 2) * side
    matrix = (
        mirror * cos, sin, middle - mirror * cos * middle - sin * middle + dx,
        -mirror * sin, cos, middle + mirror * sin * middle - cos * middle + dy,
    )  # fmt: skip
    image = image.transform(image.size, Image.AFFINE, matrix, Image.BILINEAR)
    which, amount = np.random.randint(5), np.random.uniform(0.7, 1.4)
    if which == 0:
        return image.filter(ImageFilter.GaussianBlur(amount))
    if which == 1:
        return image.filter(ImageFilter.UnsharpMask())
    enhancers = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    return enhancers[which - 2](image).enhance(amount)


def best(work: Callable[[], object], times: int) -> float:
    """CPU seconds that one call takes, best of ROUNDS of `times` calls."""
    work()
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - start) / times)
    return min(found)


def plain_loader(faces: PlainFaces, batch: int) -> Callable[[], tuple[Tensor, Tensor]]:
    """A function that gives the next batch, for ever."""
    loader = DataLoader(faces, batch_size=batch, shuffle=True, drop_last=len(faces) >= batch)
    batches = iter(loader)

    def following() -> tuple[Tensor, Tensor]:
        nonlocal batches
        try:
            return next(batches)
        except StopIteration:
            batches = iter(loader)
            return next(batches)

    return following


def agreement(shards: Shards, preset: Preset, images: np.ndarray, encoded: list[bytes], dtype: str, steps: int) -> None:
    """Train each task's network both ways for equal numbers of steps; print accuracies on the same test faces."""
    (split,) = make_splits("photo", shards, preset, 0)
    faces, tests = np.unique(split.train // preset.variants), split.test // preset.variants
    print(f"\ntest accuracy after {steps} steps of {preset.batch} at {preset.size} px ({len(tests)} test faces)")
    print("| task | ours | the other | difference |\n|---|---:|---:|---:|")
    for network in task_networks(shards.tasks, preset):
        column = list(shards.targets).index(network.name)
        labels, classes = shards.target_labels[:, column : column + 1], len(shards.targets[network.name])
        train = split.train[labels[split.train // preset.variants, 0] >= 0]
        stepper = Stepper(make_network(preset, network.width, classes, 0), preset, "cpu", dtype, (classes,))
        for step in range(steps):
            rows = train[batch_rows(len(train), preset.batch, step, 0)]
            known = torch.from_numpy(labels[rows // preset.variants])
            stepper.step(stepper.as_input(images[rows]), known, preset.rate(preset.learning_rate, step, steps))
        ours = stepper.look(stepper.as_input(images[split.test]))[1].argmax(1).numpy()

        torch.manual_seed(0)
        np.random.seed(0)
        plain = PlainNetwork(preset, network.width, classes)
        optimiser = torch.optim.SGD(plain.parameters(), 0.0, preset.momentum, weight_decay=preset.weight_decay)
        fresh = make_network(preset, network.width, classes, 0)
        with torch.no_grad():  # the first weights of ours, or the two would differ by more than their speed
            for mine, theirs in zip(plain.parameters(), fresh.parameters(), strict=True):
                mine.copy_(theirs)
        known_faces = [face for face in faces if labels[face, 0] >= 0]
        source = PlainFaces([encoded[face] for face in known_faces], labels[known_faces, 0], preset.size, True)
        following = plain_loader(source, preset.batch)
        for step in range(steps):
            pixels, target = following()
            optimiser.param_groups[0]["lr"] = preset.rate(preset.learning_rate, step, steps)
            optimiser.zero_grad()
            F.cross_entropy(plain(pixels), target).backward()
            optimiser.step()
        test = PlainFaces([encoded[face] for face in tests], labels[tests, 0], preset.size, False)
        with torch.no_grad():
            theirs = torch.cat([plain(pixels).argmax(1) for pixels, _ in DataLoader(test, 100)]).numpy()
        right = labels[tests, 0]
        mine, other = float((ours == right).mean()), float((theirs == right).mean())
        print(f"| {network.name} | {100 * mine:.1f} % | {100 * other:.1f} % | {100 * (mine - other):+.1f} |")


@dataclass(frozen=True)
class Times:
    """CPU seconds: a face decoded, an image augmented, a batch waited for, a step of each network, of all heads."""

    decode: float
    augment: float
    wait: float
    steps: list[float]
    heads: float
    prepare: float = 0.0  # a face decoded and augmented beforehand
    look: float = 0.0  # a batch through all networks, for its features


def time_plain(shards: Shards, encoded: list[bytes], preset: Preset) -> Times:
    """The other script."""
    networks, heads = task_networks(shards.tasks, preset), paper_heads(shards.tasks)
    classes = {target: len(names) for target, names in shards.targets.items()}
    labels = shards.target_labels
    following = plain_loader(PlainFaces(encoded, labels, preset.size, True), preset.batch)
    load = best(following, 2)
    decode = best(lambda: [np.asarray(Image.open(io.BytesIO(one)).convert("RGB").resize((preset.size, preset.size)))
                           for one in encoded[:300]], 1) / 300  # fmt: skip
    picture = Image.open(io.BytesIO(encoded[0])).convert("RGB").resize((preset.size, preset.size))
    change = best(lambda: augmented(picture), 300)
    plain = [PlainNetwork(preset, network.width, classes[network.name]) for network in networks]
    pixels, target = following()
    steps = []
    for n, one in enumerate(plain):
        optimiser = torch.optim.SGD(one.parameters(), preset.learning_rate, preset.momentum)

        def step(one: PlainNetwork = one, n: int = n, optimiser: torch.optim.Optimizer = optimiser) -> None:
            optimiser.zero_grad()
            F.cross_entropy(one(pixels), target[:, n], ignore_index=-1).backward()
            optimiser.step()

        steps.append(best(step, 1))
    with torch.no_grad():
        through = [best(lambda one=one: one.features(pixels), 1) for one in plain]
        seen = torch.cat([one.features(pixels) for one in plain], 1)
    names = [network.name for network in networks]
    head_rounds = 0.0
    for head in heads:
        answers = target[:, names.index(head.target)]
        width = sum(network.width for network in networks if network.name in head.sources)
        hidden = preset.hidden
        layers = nn.Sequential(nn.Linear(width, hidden[0]), nn.ReLU(), nn.Linear(hidden[0], hidden[1]), nn.ReLU(),
                               nn.Linear(hidden[1], classes[head.target]))  # fmt: skip
        optimiser = torch.optim.SGD(layers.parameters(), preset.head_learning_rate, preset.momentum)

        def step_head(
            layers: nn.Module = layers,
            optimiser: torch.optim.Optimizer = optimiser,
            some: Tensor = seen[:, :width],
            answers: Tensor = answers,
        ) -> None:
            optimiser.zero_grad()
            F.cross_entropy(layers(some), answers, ignore_index=-1).backward()
            optimiser.step()

        head_rounds += best(step_head, 5) + sum(through[names.index(source)] for source in head.sources) + load
    return Times(decode, change, load, steps, head_rounds)


def time_ours(shards: Shards, encoded: list[bytes], preset: Preset) -> tuple[Times, dict[str, Speed]]:
    """This project's training, in the faster number type."""
    networks, heads = task_networks(shards.tasks, preset), paper_heads(shards.tasks)
    classes = {target: len(names) for target, names in shards.targets.items()}
    labels = shards.target_labels
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        jobs = image_jobs(path, shards, preset, 0)
        start = time.process_time()
        for job in jobs:
            do(job)
        made = (time.process_time() - start) / len(shards)
        from training.data.augment import variant
        from training.data.images import _decode

        our_decode = best(lambda: [_decode(one, preset.size, "") for one in encoded[:300]], 1) / 300
        first = _decode(encoded[0], preset.size, "")
        indices = iter(range(10**9))
        our_change = best(lambda: variant(first, "a", 1 + next(indices) % 9, 0, preset), 300)
        images = open_images(path)
        setting = Setting(RunFolder(Path(folder)), path, classes, preset, 0, "cpu", "float32")
        speeds = measure(setting, "cpu", ("float32", "bfloat16"))
        dtype = min(speeds, key=lambda name: speeds[name].seconds_an_image)
        our_steps, our_look = [], 0.0
        for n, network in enumerate(networks):
            count = classes[network.name]
            stepper = Stepper(make_network(preset, network.width, count, 0), preset, "cpu", dtype, (count,))

            def ours(stepper: Stepper = stepper, n: int = n) -> None:
                chosen = batch_rows(len(images), preset.batch, next(indices), 0)
                known = torch.from_numpy(labels[chosen // preset.variants][:, n : n + 1])
                stepper.step(stepper.as_input(images[chosen]), known, preset.learning_rate)

            our_steps.append(best(ours, 2))
            some = np.array(images[: preset.batch])
            our_look += best(lambda stepper=stepper, some=some: stepper.look(stepper.as_input(some)), 1)
        waits = best(lambda: stepper.as_input(images[batch_rows(len(images), preset.batch, next(indices), 0)]), 10)
        ends = np.cumsum([network.width for network in networks]).tolist()
        places = {one.name: range(end - one.width, end) for one, end in zip(networks, ends, strict=True)}
        stack = HeadStack(heads, places, preset, classes, 0, {})
        optimiser = torch.optim.SGD(stack.parameters(), 0.01, 0.9)
        features = torch.randn(preset.batch, ends[-1])
        target = torch.from_numpy(labels[: preset.batch])
        columns = [list(classes).index(head.target) for head in heads]

        def all_heads() -> None:
            optimiser.zero_grad(set_to_none=True)
            scores = stack(features)
            F.cross_entropy(scores.flatten(0, 1), target[:, columns].T.flatten(), ignore_index=-1).backward()
            optimiser.step()

        our_heads = best(all_heads, 5)
        return Times(our_decode, our_change, waits, our_steps, our_heads, made, our_look), speeds


def main() -> None:
    """Print a row for each part, then the whole, then accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("shards", type=Path)
    parser.add_argument("--preset", default="paper")
    parser.add_argument(
        "--faces", type=int, default=24_000, help="photographs the whole is reckoned for, as the paper's"
    )
    parser.add_argument("--agree-steps", type=int, default=300, help="steps of preset quick; 0 to leave it out")
    given = parser.parse_args()
    torch.set_num_threads(1)
    preset, shards = load_preset(given.preset), read_shards(given.shards)
    encoded = [bytes(image or b"") for image in encoded_images(shards.files, 0, len(shards))]
    plain = time_plain(shards, encoded, preset)
    ours, speeds = time_ours(shards, encoded, preset)
    dtype = min(speeds, key=lambda name: speeds[name].seconds_an_image)
    print(f"CPU milliseconds, {preset.size} px, batches of {preset.batch}, {dtype} (best of {ROUNDS})\n")
    print("| what | ours | the other | ratio |\n|---|---:|---:|---:|")
    whole = preset.iterations * sum(ours.steps) + given.faces * ours.prepare + preset.head_iterations * ours.heads
    whole += given.faces * preset.variants / preset.batch * ours.look
    theirs = (
        preset.iterations * (sum(plain.steps) + plain.wait * len(plain.steps)) + preset.head_iterations * plain.heads
    )
    rows = [
        ("decode a face", ours.decode, plain.decode),
        ("augment an image", ours.augment, plain.augment),
        ("wait for a batch", ours.wait, plain.wait),
        ("a step of the identity network", ours.steps[0], plain.steps[0]),
        (f"a step of all {len(paper_heads(shards.tasks))} heads", ours.heads, plain.heads),
    ]
    for what, mine, other in rows:
        print(f"| {what} | {1000 * mine:.3f} | {1000 * other:.3f} | {other / mine:.1f} |")
    print(f"| whole of train-all, {given.faces:,} faces (CPU hours) | {whole / 3600:.2f} | {theirs / 3600:.1f} | "
          f"{theirs / whole:.1f} |")  # fmt: skip
    print(f"\nwaiting for data: {100 * ours.wait / ours.steps[0]:.2f} % of a step")
    print("\n| identity network | ms a step | GFLOP/s | peak | share | GB/s | floor, ms | of the floor |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, speed in speeds.items():
        step, floor = (1000 * preset.batch * seconds for seconds in (speed.seconds_an_image, speed.floor_seconds))
        print(f"| {name} | {step:.0f} | {speed.gflops:.0f} | {speed.peak_gflops:.0f} | {speed.share_of_peak:.0%} | "
              f"{speed.gbytes:.1f} | {floor:.0f} | {floor / step:.0%} |")  # fmt: skip
    if given.agree_steps:
        small = load_preset("quick")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "images.npy"
            for job in image_jobs(path, shards, small, 0):
                do(job)
            agreement(shards, small, open_images(path), encoded, dtype, given.agree_steps)


if __name__ == "__main__":
    start = time.monotonic()
    main()
    print(f"\n{time.monotonic() - start:.0f} s in all")
