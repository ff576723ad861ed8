"""What each row of the tables answered: read from the files of the jobs, judged right or wrong, image by image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.protocols import Split, split_labels
from training.data.shards import SUBGROUP, Shards
from training.folder import RunFolder, SplitFolder
from training.plan.networks_and_heads import BASELINE, JOINT
from training.presets import Preset
from training.publication import ATTRIBUTES, placebo_of

Key = tuple[str, str]  # row and target
NO_CLASS = -2
"""The answer where three networks' answers together are no subgroup that the shards have."""


@dataclass(frozen=True)
class Measure:
    """The answers of a row on the images whose label of the target is known.

    `faces` are the rows of the shards, `variants` which variant of the photograph was shown (0: itself).
    """

    faces: NDArray[np.int64]
    variants: NDArray[np.int64]
    labels: NDArray[np.int64]
    answers: NDArray[np.integer[Any]]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which of the answers are the label."""
        right: NDArray[np.bool_] = self.answers == self.labels
        return right

    def of(self, kept: NDArray[np.bool_]) -> Measure:
        """The same of some images."""
        return Measure(self.faces[kept], self.variants[kept], self.labels[kept], self.answers[kept])


Measures = dict[Key, Measure]


def read_measures(
    run: RunFolder, splits: Sequence[Split], fold_splits: Sequence[Split], shards: Shards, preset: Preset
) -> Measures:
    """All measures of a protocol, its rounds taken together; `fold_splits` are those with held training images."""
    pieces: dict[Key, list[Measure]] = {}
    for split in [*splits, *fold_splits]:
        train_labels, test_labels = split_labels(split, shards, preset)
        answers = _answers(run.split(split.name), split, shards)
        for n, target in enumerate(shards.targets):
            if not split.held and any(answered == target for _, answered in answers):
                answers["majority", target] = np.full(len(test_labels), _commonest(train_labels[:, n]))
        for key, measure in _measured(answers, split, shards, preset).items():
            pieces.setdefault(key, []).append(measure)
    measures = {key: _joined(some) for key, some in pieces.items()}
    return measures | _untouched(measures)


def read_ablations(run: RunFolder, split: Split, shards: Shards, preset: Preset) -> Measures:
    """What the ablations' heads answered on the test images of a split."""
    with np.load(run.split(split.name).ablation_answers) as file:
        return _measured({_key(name): answers for name, answers in file.items()}, split, shards, preset)


def _measured(
    answers: Mapping[Key, NDArray[np.integer[Any]]], split: Split, shards: Shards, preset: Preset
) -> Measures:
    """Answers as measures, those of images without a label left out."""
    labels = split_labels(split, shards, preset)[1][split.held :]
    faces, variants = np.divmod(split.test[split.held :], preset.variants)
    made: Measures = {}
    for n, target in enumerate(shards.targets):
        known = labels[:, n] >= 0
        shown = (faces[known], variants[known], labels[known, n])  # one copy for all rows: they may be many
        for row in [row for row, answered in answers if answered == target and known.any()]:
            made[row, target] = Measure(*shown, answers[row, target][known])
    return made


def _answers(folder: SplitFolder, split: Split, shards: Shards) -> dict[Key, NDArray[np.integer[Any]]]:
    with np.load(folder.answers) as file:
        found: dict[Key, NDArray[np.integer[Any]]] = {_key(name): answers for name, answers in file.items()}
    if split.held:
        return found
    for task in shards.tasks:
        # The diagonal of Table 1 and the first row of Table 2 are the networks' own outputs: that is how we read them.
        found["own", task] = found[f"from {task}", task] = np.load(folder.network(task).answers)[:, 0]
    for target in map(placebo_of, ATTRIBUTES):
        if folder.network(target).path.is_dir():
            found["own", target] = np.load(folder.network(target).answers)[:, 0]
    if folder.network(BASELINE).summary.is_file():
        answers = np.load(folder.network(BASELINE).answers)
        found |= {(BASELINE, task): answers[:, n] for n, task in enumerate(shards.tasks)}
    if folder.network(JOINT).path.is_dir():
        joint = np.load(folder.network(JOINT).answers)
        for n, task in enumerate(shards.tasks):
            found["joint", task] = joint[:, n]
            wide = folder.network(f"wide-{task}")
            if wide.path.is_dir():
                found["wide", task] = np.load(wide.answers)[:, 0]
    if SUBGROUP in shards.targets:
        found |= _subgroup_answers(folder, shards, found)
    return found


def _subgroup_answers(
    folder: SplitFolder, shards: Shards, found: Mapping[Key, NDArray[np.integer[Any]]]
) -> dict[Key, NDArray[np.integer[Any]]]:
    """The subgroup by way of three networks' answers, and the attributes by way of the subgroup network's."""
    parts = subgroup_parts(shards)
    three = np.column_stack([found["own", task] for task in ATTRIBUTES])
    match = (three[:, None, :] == parts[None]).all(axis=2)
    made = {("three answers", SUBGROUP): np.where(match.any(axis=1), match.argmax(axis=1), NO_CLASS)}
    if folder.network(SUBGROUP).path.is_dir():
        own = np.load(folder.network(SUBGROUP).answers)[:, 0]
        made["own", SUBGROUP] = made[f"from {SUBGROUP}", SUBGROUP] = own
        made |= {("subgroup answer", task): parts[own, n] for n, task in enumerate(ATTRIBUTES)}
    return made


def subgroup_parts(shards: Shards) -> NDArray[np.int64]:
    """The classes of ATTRIBUTES that each subgroup stands for: (subgroups, 3)."""
    columns = [shards.tasks.index(task) for task in ATTRIBUTES]
    first = [np.flatnonzero(shards.subgroups == number)[0] for number in range(len(shards.subgroup_names))]
    return shards.labels[first][:, columns]


def _untouched(measures: Measures) -> Measures:
    """The networks' answers on untouched photographs alone, where augmented ones were tested too."""
    made = {}
    for (row, target), measure in measures.items():
        untouched = measure.variants == 0
        if row == "own" and untouched.any() and not untouched.all():
            made["own, untouched", target] = measure.of(untouched)
    return made


def _commonest(labels: NDArray[np.int64]) -> int:
    return int(np.bincount(labels[labels >= 0]).argmax())


def _key(name: str) -> Key:
    """Row and target of a head; one on a target's own features is the control that has the fusions' layers."""
    row, target = name.rsplit(":", 1)
    return row.replace(f"from {target}", "own_head"), target


def _joined(measures: Iterable[Measure]) -> Measure:
    some = list(measures)
    if len(some) == 1:
        return some[0]
    return Measure(
        *(np.concatenate([getattr(one, name) for one in some]) for name in ("faces", "variants", "labels", "answers"))
    )
