"""Cross-task and fusion heads: frozen features, two fully connected layers, an output layer (§4, §5).

All heads of a split are trained side by side as one stack of matrices. Every head is given the features of all
networks with those it must not see set to zero; so each learns exactly what it would learn alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from training.files import write_json
from training.jobs import HeadsJob, Progress, Report
from training.paper import TASKS
from training.presets import Preset
from training.train import batch_rows

_NEVER = -1e4  # the score of a class that a head's task does not have
_TALK_EVERY = 0.5  # seconds between two reports
_TEST_BATCH = 1000


@dataclass(frozen=True)
class Head:
    """A head learns `target` from the features of `sources`."""

    sources: tuple[str, ...]
    target: str
    kind: str


def all_heads(tasks: tuple[str, ...] = TASKS) -> list[Head]:
    """16 cross-task pairs of four tasks, then for each task the fusions of all others and of all."""
    heads = [Head((source,), target, "cross") for source in tasks for target in tasks]
    for target in tasks:
        heads.append(Head(tuple(task for task in tasks if task != target), target, "other_three"))
        heads.append(Head(tasks, target, "all"))
    return heads


class HeadStack(nn.Module):
    """All heads at once: features of all networks (B, width, 350 of four) to scores (heads, B, most classes)."""

    sees: Tensor
    never: Tensor

    def __init__(self, heads: list[Head], preset: Preset, classes: dict[str, int], seed: int) -> None:
        super().__init__()
        owner = np.repeat(list(classes), [preset.features(task) for task in classes])
        sees = torch.tensor(np.array([[name in head.sources for name in owner] for head in heads]))
        most = max(classes.values())
        has = torch.arange(most) < torch.tensor([[classes[head.target]] for head in heads])
        self.register_buffer("sees", sees[:, None, :].float())
        self.register_buffer("never", torch.where(has, 0.0, _NEVER)[:, None, :])
        widths = [len(owner), *preset.hidden, most]
        random = torch.Generator().manual_seed(seed)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in pairwise(widths):
            gaussian = torch.randn(len(heads), inputs, outputs, generator=random)
            seen = sees.sum(1) if not len(self.weights) else torch.full((len(heads),), inputs)
            self.weights.append(nn.Parameter(gaussian * (2 / seen).sqrt()[:, None, None]))
            self.biases.append(nn.Parameter(torch.zeros(len(heads), 1, outputs)))

    def forward(self, features: Tensor) -> Tensor:
        values = features[None] * self.sees
        last = len(self.weights) - 1
        for n, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values, weight)
            values = F.relu(values) if n < last else values
        return values + self.never


@dataclass(frozen=True)
class Features:
    """One side of a split: features of all networks (n, width) and labels (n, tasks)."""

    values: Tensor
    labels: Tensor


def train_heads(job: HeadsJob, report: Report) -> None:
    """Train all heads of a split and write their accuracies; an interrupted job starts again, it is short."""
    setting = job.setting
    preset, device = setting.preset, setting.device
    train, test = _load(job)
    heads = all_heads(setting.tasks)
    stack = HeadStack(heads, preset, setting.classes, setting.seed).to(device)
    targets = [setting.tasks.index(head.target) for head in heads]
    optimiser = torch.optim.SGD(stack.parameters(), lr=0.0, momentum=preset.momentum, weight_decay=preset.weight_decay)
    talked = time.monotonic()
    for step in range(job.steps):
        rows = torch.from_numpy(batch_rows(len(train.values), preset.batch, step, setting.seed)).to(device)
        optimiser.param_groups[0]["lr"] = preset.rate(preset.head_learning_rate, step, job.steps)
        optimiser.zero_grad(set_to_none=True)
        scores = stack(train.values[rows])
        labels = train.labels[rows][:, targets].T
        # A sum over heads that share no weight trains each by itself; unknown labels (-1) count for nothing.
        loss = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=-1, reduction="sum") / len(rows)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if time.monotonic() - talked > _TALK_EVERY:
            talked = time.monotonic()
            report(Progress(step + 1, job.steps, float(loss.detach()) / len(heads)))
    accuracies = _test(stack, test, targets)
    write_json(job.done, _tables(heads, accuracies))
    report(Progress(job.steps, job.steps, float(loss.detach()) / len(heads), float(accuracies.mean())))


def _load(job: HeadsJob) -> tuple[Features, Features]:
    """Both sides, each feature brought to mean 0 and deviation 1 over the training side."""
    values = np.concatenate([np.load(job.features(task)) for task in job.setting.tasks], axis=1)
    with np.load(job.split_file) as split:
        train_labels, test_labels = split["train_labels"], split["test_labels"]
    train = values[: len(train_labels)]
    deviation = train.std(axis=0)
    deviation[deviation < 1e-6] = 1.0  # a feature that is always the same, such as a ReLU that never opens
    values = (values - train.mean(axis=0)) / deviation

    def side(rows: NDArray[np.float32], labels: NDArray[np.int64]) -> Features:
        device = job.setting.device
        return Features(torch.from_numpy(rows).to(device), torch.from_numpy(labels).to(device))

    return side(values[: len(train)], train_labels), side(values[len(train) :], test_labels)


@torch.no_grad()
def _test(stack: HeadStack, test: Features, targets: list[int]) -> NDArray[np.float64]:
    """Accuracy of each head over the test rows whose label is known."""
    right = torch.zeros(len(targets), dtype=torch.int64, device=test.labels.device)
    for start in range(0, len(test.values), _TEST_BATCH):
        labels = test.labels[start : start + _TEST_BATCH][:, targets].T
        right += (stack(test.values[start : start + _TEST_BATCH]).argmax(2) == labels).sum(1)
    known = (test.labels >= 0).sum(0)[targets]
    # Divided in float64 as the networks' own accuracies are, or a tie between the two would look like a difference.
    accuracies: NDArray[np.float64] = right.cpu().numpy() / known.cpu().numpy()
    return accuracies


def _tables(heads: list[Head], accuracies: NDArray[np.float64]) -> dict[str, dict[str, dict[str, float]]]:
    tables: dict[str, dict[str, dict[str, float]]] = {"cross": {}, "fusion": {}}
    for head, accuracy in zip(heads, accuracies, strict=True):
        if head.kind == "cross":
            tables["cross"].setdefault(head.sources[0], {})[head.target] = float(accuracy)
        else:
            tables["fusion"].setdefault(head.kind, {})[head.target] = float(accuracy)
    return tables
