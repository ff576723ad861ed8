"""Protocols: which images train and which test.

A protocol is one function from the shards to its splits; to add one, write it and name it in PROTOCOLS.
Images are numbered as `images.image_jobs` stores them: n · variants + index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.shards import Shards
from training.errors import TrainingError
from training.files import write_whole
from training.presets import Preset
from training.publication import ATTRIBUTES, TITLES, is_placebo

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """One division of the images; a protocol may have several rounds, whose test images are taken together.

    The first `held` of the test images are training photographs that a half-trained network was not given: heads may
    learn on them, nothing is tested on them. `untested` are the targets whose classes the test side cannot have.
    """

    name: str
    protocol: str
    train: Rows
    test: Rows
    held: int = 0
    untested: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unseen:
    """A class of which a split tests people but trains nobody, so it cannot be answered, and is not tested."""

    split: str
    target: str
    name: str
    people: int

    def __str__(self) -> str:
        what = f"{TITLES[self.target].lower()} {self.name.replace('_', ' ')}"
        return (
            f"{self.split} holds out everybody of {what} ({self.people}): nobody is left to learn it from, so it is "
            "not tested there."
        )


def photo(shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The split of the shards: all variants of training photographs train, other photographs test, un-augmented."""
    cut = set(shards.group_ids[shards.in_train]) & set(shards.group_ids[~shards.in_train]) - {""}
    if cut:
        raise TrainingError(
            f"{len(cut)} near-duplicate groups lie on both sides of the split, among them '{min(cut)}': "
            "build the shards again."
        )
    train = _all_variants(np.flatnonzero(shards.in_train), preset)
    return (Split("photo", "photo", train, np.flatnonzero(~shards.in_train) * preset.variants),)


def paper(shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The paper's: augment first, then divide the augmented images at random.

    Variants of one photograph land on both sides, so the test is easier than new photographs would be.
    """
    images = np.random.default_rng([seed, 70_30]).permutation(len(shards) * preset.variants)
    tests = round(len(images) * preset.test_share)
    return (Split("paper", "paper", np.sort(images[tests:]), np.sort(images[:tests])),)


def identity(shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """People apart: in each round the people of one fold test, un-augmented, and all others train.

    The folds are the shards', of about one person of each subgroup. Rows of an unknown person are left out, and so
    are training rows that share a near-duplicate group or a photograph with the test. A class of which a round holds
    out everybody is not tested in that round.
    """
    if not set(ATTRIBUTES) & set(shards.tasks):
        raise TrainingError(
            f"Protocol identity tests {', '.join(ATTRIBUTES)} on people never seen, and none of them is known: state"
            " one in the manifest and build again."
        )
    folds = np.unique(shards.folds[shards.folds >= 0])
    if len(folds) < 2:
        raise TrainingError(
            f"Protocol identity needs people in 2 folds or more, column identity_fold has {len(folds)}: "
            "build the shards again, from more people."
        )
    sizes = [len(np.unique(shards.people[(shards.folds == fold) & (shards.people >= 0)])) for fold in folds]
    if min(sizes) == 0:
        raise TrainingError(
            f"Nobody is known in identity_fold {folds[int(np.argmin(sizes))]}: build the shards from more people."
        )
    _check_folds(shards)
    return tuple(_round(shards, preset, int(fold), n) for n, fold in enumerate(folds[: preset.identity_rounds], 1))


PROTOCOLS: dict[str, Callable[[Shards, Preset, int], tuple[Split, ...]]] = {
    "photo": photo,
    "paper": paper,
    "identity": identity,
}


def make_splits(protocol: str, shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The checked splits of a protocol; raises TrainingError where one of the tasks could not be learned."""
    splits = PROTOCOLS[protocol](shards, preset, seed)
    for split in splits:
        _check(split, shards, preset)
    return splits


def halves(split: Split, shards: Shards, preset: Preset, seed: int) -> tuple[Split, ...]:
    """The split again, once for each of `preset.out_of_fold` folds of its training photographs, held from the networks.

    No near-duplicate group is cut, and each person's groups are dealt out evenly. Raises TrainingError where a fold
    would leave a class without a training photograph.
    """
    groups = group_numbers(shards)
    faces = split.train // preset.variants
    order = np.random.default_rng([seed, 50_50]).permutation(groups.max() + 1)
    first_person = np.full(groups.max() + 1, -1)
    first_person[groups[faces]] = shards.people[faces]
    present = np.unique(groups[faces])
    dealt = present[np.lexsort((order[present], first_person[present]))]
    fold_of = np.full(groups.max() + 1, -1)
    fold_of[dealt] = np.arange(len(dealt)) % preset.out_of_fold
    made = []
    for fold in range(preset.out_of_fold):
        held = fold_of[groups[faces]] == fold
        test = np.concatenate([split.train[held], split.test])
        name = f"{split.name}-fold-{fold + 1}"
        made.append(Split(name, split.protocol, split.train[~held], test, int(held.sum()), split.untested))
        _check(made[-1], shards, preset)
    return tuple(made)


def check_protocols(names: tuple[str, ...]) -> None:
    """Raise TrainingError unless there is at least one protocol and all are known."""
    known = ", ".join(PROTOCOLS)
    if not names:
        raise TrainingError(f"No protocol was given; use one or more of {known}.")
    for name in names:
        if name not in PROTOCOLS:
            raise TrainingError(f"There is no protocol '{name}'; use one or more of {known}.")


def sibling_share(split: Split, variants: int) -> float:
    """Share of the test images of which another variant of the same photograph trains."""
    return float(np.isin(split.test // variants, split.train // variants).mean())


def group_numbers(shards: Shards) -> NDArray[np.int64]:
    """The near-duplicate group of each row as a number; a row without one is a group of its own."""
    own = np.char.add("face:", shards.face_ids)
    names = np.where(shards.group_ids == "", own, np.char.add("group:", shards.group_ids))
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def save_split(path: Path, split: Split, shards: Shards, preset: Preset, seed: int) -> None:
    """Write what a worker needs of a split: the images of each side and their labels, (n, targets).

    `validation` tells which images of the training side networks do not learn from, to see plateaus on.
    """
    train_labels, test_labels = split_labels(split, shards, preset)
    share = preset.validation_share if preset.patience else 0.0
    groups = group_numbers(shards)[split.train // preset.variants]
    validation = validation_part(groups, train_labels, share, seed)

    def save(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez(
                file,
                train=split.train,
                test=split.test,
                held=split.held,
                validation=validation,
                train_labels=train_labels,
                test_labels=test_labels,
            )

    write_whole(path, save)


def split_labels(split: Split, shards: Shards, preset: Preset) -> tuple[Rows, Rows]:
    """The labels of both sides, (n, targets); -1 where unknown, and on the test side where nothing trains the class."""
    train, test = _labels(split, shards, preset)
    for column in range(len(shards.targets)):
        tested = test[split.held :, column]  # a view
        tested[~np.isin(tested, train[:, column])] = -1
    return train, test


def unseen_classes(split: Split, shards: Shards, preset: Preset) -> tuple[Unseen, ...]:
    """The classes of a split's test side that nobody is left to train on, but for those of an untested target."""
    train, test = _labels(split, shards, preset)
    people = shards.people[split.test // preset.variants]
    return tuple(
        Unseen(split.name, target, names[number], len(np.unique(people[test[:, column] == number])))
        for column, (target, names) in enumerate(shards.targets.items())
        if target not in split.untested and not is_placebo(target)
        for number in sorted({*test[split.held :, column].tolist()} - {*train[:, column].tolist(), -1})
    )


def _labels(split: Split, shards: Shards, preset: Preset) -> tuple[Rows, Rows]:
    labels = shards.target_labels
    return labels[split.train // preset.variants], labels[split.test // preset.variants]


def _all_variants(faces: Rows, preset: Preset) -> Rows:
    return (faces[:, None] * preset.variants + np.arange(preset.variants)).ravel()


def _round(shards: Shards, preset: Preset, fold: int, number: int) -> Split:
    known = (shards.people >= 0) & (shards.folds >= 0)
    tests = known & (shards.folds == fold)
    groups = group_numbers(shards)
    shared = np.isin(groups, groups[tests]) | np.isin(shards.photo_ids, shards.photo_ids[tests])
    train = _all_variants(np.flatnonzero(known & ~tests & ~shared), preset)
    return Split(
        f"identity-{number}",
        "identity",
        train,
        np.flatnonzero(tests) * preset.variants,
        untested=("identity",),
    )


def _check_folds(shards: Shards) -> None:
    """See that the folds hold people apart, and that a subgroup of enough people is in each of them."""
    known = (shards.people >= 0) & (shards.folds >= 0)
    folds = set(shards.folds[known].tolist())
    for person in np.unique(shards.people[known]):
        if len(np.unique(shards.folds[known & (shards.people == person)])) > 1:
            name = shards.classes["identity"][person]
            raise TrainingError(f"'{name}' is in more than one identity_fold: build the shards again.")
    for number, name in enumerate(shards.subgroup_names):
        rows = known & (shards.subgroups == number)
        people = len(np.unique(shards.people[rows]))
        if people >= len(folds) and set(shards.folds[rows].tolist()) != folds:
            raise TrainingError(
                f"Subgroup '{name}' has {people} people but is not in each identity_fold: build the shards again."
            )


def _check(split: Split, shards: Shards, preset: Preset) -> None:
    tested = split.test[split.held :]
    for side, rows in (("train", split.train), ("test", tested)):
        if not len(rows):
            raise TrainingError(
                f"Protocol {split.protocol} has no image to {side} on: build shards with more photographs."
            )
    train = shards.labels[np.unique(split.train // preset.variants)]
    test = shards.labels[np.unique(tested // preset.variants)]
    for column, task in enumerate(shards.tasks):
        if task in split.untested:
            continue
        if split.untested:  # people apart: what a round cannot learn it does not test, if two classes are left
            if len(set(train[:, column].tolist()) - {-1}) < 2:
                raise TrainingError(
                    f"Split {split.name} leaves people of fewer than two classes of {task} to train on: "
                    "state it for more people, or leave it out of the manifest."
                )
            continue
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


def validation_part(groups: NDArray[np.int64], labels: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Which images of a training side are kept for validation: whole near-duplicate groups, drawn at random.

    `groups` is (n) and `labels` (n, targets), -1 where unknown. A group stays in training where a class would otherwise
    lose its last image; so a small training side may give less than `share`, or nothing.
    """
    kept = np.zeros(len(groups), dtype=np.bool_)
    left = [np.bincount(column + 1) for column in labels.T]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    members = np.split(order, starts[1:])
    for number in np.random.default_rng([seed, 5]).permutation(len(members)):
        rows = members[number]
        if kept.sum() + len(rows) > share * len(groups):
            break
        taken = [np.bincount(column[rows] + 1, minlength=len(one)) for column, one in zip(labels.T, left, strict=True)]
        rest = [one - gone for one, gone in zip(left, taken, strict=True)]
        if all((after[1:] > 0).all() or (before[1:] == 0).any() for before, after in zip(left, rest, strict=True)):
            kept[rows], left = True, rest
    return kept
