"""Protocols: which images train and which test.

A protocol is one function from the shards to its splits; to add one, write it and name it in PROTOCOLS.
Images are numbered as `dataset.image_jobs` stores them: n · variants + index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.files import write_whole
from training.plateau import validation_part
from training.presets import Preset
from training.shards import Shards

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """One division of the images; a protocol with folds has several, and their accuracies are averaged."""

    name: str
    protocol: str
    train: Rows
    test: Rows


def photo(shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The split of the shards: all variants of training photographs train, other photographs test, un-augmented."""
    cut = set(shards.group_ids[shards.in_train]) & set(shards.group_ids[~shards.in_train]) - {""}
    if cut:
        raise TrainingError(
            f"{len(cut)} near-duplicate groups lie on both sides of the split, among them '{min(cut)}': "
            "build the shards again."
        )
    first = np.arange(len(shards), dtype=np.int64) * preset.variants
    train = (first[shards.in_train, None] + np.arange(preset.variants)).ravel()
    return (Split("photo", "photo", train, first[~shards.in_train]),)


def paper(shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The paper's: augment first, then divide the augmented images at random.

    Variants of one photograph land on both sides, so the test is easier than new photographs would be.
    """
    images = np.random.default_rng([seed, 70_30]).permutation(len(shards) * preset.variants)
    tests = round(len(images) * preset.test_share)
    return (Split("paper", "paper", np.sort(images[tests:]), np.sort(images[:tests])),)


PROTOCOLS: dict[str, Callable[[Shards, Preset, int], tuple[Split, ...]]] = {"photo": photo, "paper": paper}


def make_splits(protocol: str, shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The checked splits of a protocol; raises TrainingError where one of the tasks could not be learned."""
    splits = PROTOCOLS[protocol](shards, preset, seed)
    for split in splits:
        _check(split, shards, preset)
    return splits


def check_protocols(names: tuple[str, ...]) -> None:
    """Raise TrainingError unless there is at least one protocol and all are known."""
    known = ", ".join(PROTOCOLS)
    if not names:
        raise TrainingError(f"No protocol was given: use one or more of {known}.")
    for name in names:
        if name not in PROTOCOLS:
            raise TrainingError(f"There is no protocol '{name}': use one or more of {known}.")


def sibling_share(split: Split, variants: int) -> float:
    """Share of the test images of which another variant of the same photograph trains."""
    return float(np.isin(split.test // variants, split.train // variants).mean())


def group_numbers(shards: Shards) -> NDArray[np.int64]:
    """The near-duplicate group of each row as a number; a row without one is a group of its own."""
    own = np.char.add("face:", shards.face_ids)
    names = np.where(shards.group_ids == "", own, np.char.add("group:", shards.group_ids))
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def save_split(path: Path, split: Split, shards: Shards, preset: Preset, seed: int) -> None:
    """Write what a worker needs of a split: the images of each side and their labels, (n, tasks).

    `validation` tells which images of the training side networks do not learn from, to see plateaus on.
    """
    labels = np.repeat(shards.labels, preset.variants, axis=0)
    share = preset.validation_share if preset.patience else 0.0
    groups = group_numbers(shards)[split.train // preset.variants]
    validation = validation_part(groups, labels[split.train], share, seed)

    def save(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez(
                file,
                train=split.train,
                test=split.test,
                validation=validation,
                train_labels=labels[split.train],
                test_labels=labels[split.test],
            )

    write_whole(path, save)


def _check(split: Split, shards: Shards, preset: Preset) -> None:
    for side, rows in (("train", split.train), ("test", split.test)):
        if not len(rows):
            raise TrainingError(
                f"Protocol {split.protocol} has no image to {side} on: build shards with more photographs."
            )
    train = shards.labels[np.unique(split.train // preset.variants)]
    test = shards.labels[np.unique(split.test // preset.variants)]
    for column, task in enumerate(shards.tasks):
        for number, name in enumerate(shards.classes[task]):
            if not (train[:, column] == number).any():
                raise TrainingError(
                    f"No training photograph shows {task} '{name}' in protocol {split.protocol}: "
                    "collect more of it, or leave it out of the manifest."
                )
        if (test[:, column] < 0).all():
            raise TrainingError(
                f"No test photograph has a known {task} in protocol {split.protocol}: "
                "collect more photographs, or state it for more people in the manifest."
            )
