"""The images and labels of a network's job, and which of them each step trains on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.images import open_images
from training.learn.stepper import Stepper
from training.plan.jobs import NetworkJob


@lru_cache(maxsize=2)
def _order(images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(images)


def batch_rows(images: int, batch: int, step: int, seed: int) -> NDArray[np.int64]:
    """Which of `images` images step `step` (from 0) trains on: each once an epoch, in an order of that epoch.

    A pure function of its arguments, so that a run goes on after an interruption as if there had been none.
    """
    place = np.arange(step * batch, (step + 1) * batch)
    epochs = place // images
    rows = np.empty(batch, dtype=np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        rows[here] = _order(images, seed, int(epoch))[place[here] % images]
    return rows


@dataclass(frozen=True)
class Data:
    """The images, and for each part of a split the rows that a network has a label for, with labels (n, targets).

    `validation` is a part of the training side that plateaus are seen on; it is empty for a full schedule.
    """

    images: NDArray[np.uint8]
    train: NDArray[np.int64]
    train_labels: NDArray[np.int64]
    validation: NDArray[np.int64]
    validation_labels: NDArray[np.int64]
    test: NDArray[np.int64]
    test_labels: NDArray[np.int64]

    @classmethod
    def of(cls, job: NetworkJob) -> Data:
        columns = [list(job.setting.classes).index(target) for target in job.network.targets]
        parts: list[NDArray[np.int64]] = []
        with np.load(job.split_file) as split:
            held = split["validation"]
            for side, chosen in (("train", ~held), ("train", held), ("test", slice(None))):
                rows, labels = split[side][chosen], split[f"{side}_labels"][chosen][:, columns]
                known = (labels >= 0).any(axis=1)
                parts += [rows[known], labels[known]]
        return cls(open_images(job.setting.images), *parts)

    def batch(self, rows: NDArray[np.int64], stepper: Stepper) -> tuple[Tensor, Tensor]:
        """The training images at `rows` of the training part as a network's input, and their labels."""
        labels = torch.from_numpy(self.train_labels[rows]).to(stepper.device)
        return stepper.as_input(self.images[self.train[rows]]), labels
