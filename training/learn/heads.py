"""Cross-task and fusion heads: frozen features, two fully connected layers, an output layer (§4, §5).

All heads of a split are trained side by side in a few stacks of matrices, on features that were taken once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from training.files import write_json, write_whole
from training.job import Progress, Report
from training.learn.batches import batch_rows
from training.learn.features import Features, read_blocks
from training.learn.fused import save_fused
from training.learn.stacks import HeadStack, MixStack, make_stacks
from training.plan.ablations import ablation_heads
from training.plan.jobs import HeadsJob
from training.plan.networks_and_heads import extra_heads, paper_heads

Rows = NDArray[np.int64]
Answers = dict[str, NDArray[np.int16]]
Stacks = Sequence[HeadStack | MixStack]
Curve = dict[str, list[Any]]

_TALK_EVERY = 0.5  # seconds between two reports
_TEST_BATCH = 1000
_POINTS = 20  # of the curves, after the one before the first step


def train_heads(job: HeadsJob, report: Report) -> None:
    """Train all heads of a split and write the class each gives each test image, as "ROW:TARGET" in heads.npz.

    An interrupted job starts again, it is short. A halved split's rows are "fitted ROW" and "held ROW". Of any other
    split the summary has the curves of the cross-feature heads.
    """
    started = time.monotonic()
    with np.load(job.folder.split) as split:
        train, test, held = split["train"], split["test"], int(split["held"])
        labels = np.concatenate([split["train_labels"], split["test_labels"]])
    images = np.concatenate([train, test])
    blocks = read_blocks(job, images)
    tested = np.arange(len(train) + held, len(images))
    sides = {"": np.arange(len(train))}
    if job.halved:
        sides = {"fitted ": np.arange(len(train)), "held ": np.arange(len(train), len(train) + held)}
    order = np.random.default_rng(job.setting.seed).permutation(tested)
    answers: Answers = {}
    curve: Curve = {}
    calibration: dict[str, dict[str, float]] = {}
    for n, (prefix, learned_on) in enumerate(sides.items()):
        features = Features(blocks, learned_on, job.setting.device)
        learner = Learner(job, features, labels, learned_on)
        watched = None if job.kind == "ablations" or job.halved else order[: job.setting.preset.curve_images]
        curve = learner.learn(n * job.setting.preset.head_iterations, report, watched)
        answers |= {f"{prefix}{name}": found for name, found in answers_at(learner.stacks, features, tested).items()}
        if job.kind != "ablations" and not job.halved:
            calibration = save_fused(job.folder.fused, learner.stacks, features, labels, tested)
    write_whole(job.answers, lambda path: _save(path, answers))
    seconds = round(time.monotonic() - started, 1)
    write_json(job.done, {"heads": len(answers), "seconds": seconds, "curve": curve, "calibration": calibration})


class Learner:
    """All heads of a split, and one optimiser that trains each of them by itself."""

    def __init__(self, job: HeadsJob, features: Features, labels: Rows, learned_on: Rows) -> None:
        setting = job.setting
        heads = paper_heads(setting.tasks)
        if job.kind == "ablations":
            heads = ablation_heads(setting.tasks, sum(len(columns) for columns in features.columns.values()))
        elif job.kind == "all":
            heads += extra_heads(setting.tasks, list(features.columns), list(setting.classes))
        made = make_stacks(heads, features.columns, setting.preset, setting.classes, setting.seed, features.squares)
        self.stacks = [stack.to(setting.device) for stack in made]
        self.setting, self.features, self.labels, self.learned_on = setting, features, labels, learned_on
        self.heads, self.steps = len(heads), job.steps
        self.crossed = {head.row for head in paper_heads(setting.tasks) if len(head.sources) == 1}

    def learn(self, before: int, report: Report, watched: Rows | None = None) -> Curve:
        """Make all steps; `before` of the job were made by an earlier learner.

        The curve is of the images `watched`: `step`, the first being 0, and by ROW:TARGET the accuracies there of the
        cross-feature heads, but for targets that no watched image has a label of.
        """
        preset, seed = self.setting.preset, self.setting.seed
        points = {round(n * preset.head_iterations / _POINTS) for n in range(_POINTS + 1)}
        curve: Curve = {}
        optimiser = torch.optim.SGD(
            [weight for stack in self.stacks for weight in stack.parameters()],
            lr=0.0,
            momentum=preset.momentum,
            weight_decay=preset.weight_decay,
            fused=self.setting.device != "mps",  # one pass over the weights instead of four
        )
        talked = time.monotonic()
        for step in range(preset.head_iterations):
            if watched is not None and step in points:
                self._look(curve, step, watched)
            rows = self.learned_on[batch_rows(len(self.learned_on), preset.batch, step, seed)]
            optimiser.param_groups[0]["lr"] = preset.rate(preset.head_learning_rate, step, preset.head_iterations)
            optimiser.zero_grad(set_to_none=True)
            loss = self._loss(rows)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if time.monotonic() - talked > _TALK_EVERY or step + 1 == preset.head_iterations:
                talked = time.monotonic()
                report(Progress(before + step + 1, self.steps, float(loss.detach()) / self.heads))
        if watched is not None:
            self._look(curve, preset.head_iterations, watched)
        return curve

    def _look(self, curve: Curve, step: int, watched: Rows) -> None:
        """Add the accuracies after `step` steps to the curve."""
        curve.setdefault("step", []).append(step)
        stacks = [stack for stack in self.stacks if any(head.row in self.crossed for head in stack.heads)]
        for name, answers in answers_at(stacks, self.features, watched).items():
            row, target = name.rsplit(":", 1)
            labels = self.labels[watched, list(self.setting.classes).index(target)]
            if row in self.crossed and (labels >= 0).any():
                curve.setdefault(name, []).append(float((answers == labels)[labels >= 0].mean()))

    def _loss(self, rows: Rows) -> Tensor:
        values = self.features.at(rows)
        known = torch.from_numpy(self.labels[rows]).to(values.device)
        targets = list(self.setting.classes)
        total = torch.zeros((), device=values.device)
        for stack in self.stacks:
            scores = stack(values)
            labels = known[:, [targets.index(head.target) for head in stack.heads]].T
            # A sum over heads that share no weight trains each by itself; unknown labels (-1) count for nothing.
            total = total + F.cross_entropy(
                scores.flatten(0, 1), labels.flatten(), ignore_index=-1, reduction="sum"
            ) / len(rows)
        return total


@torch.no_grad()
def answers_at(stacks: Stacks, features: Features, images: Rows) -> Answers:
    """The class that each head gives each image, by "ROW:TARGET"."""
    found: dict[str, list[NDArray[np.int16]]] = {}
    for start in range(0, len(images), _TEST_BATCH):
        values = features.at(images[start : start + _TEST_BATCH])
        for stack in stacks:
            classes = stack(values).argmax(2).to(torch.int16).cpu().numpy()
            for head, some in zip(stack.heads, classes, strict=True):
                found.setdefault(f"{head.row}:{head.target}", []).append(some)
    return {name: np.concatenate(pieces) for name, pieces in found.items()}


def _save(path: Path, answers: Answers) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **answers)
