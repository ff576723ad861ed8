"""Ablations: what a fusion owes to each network, to its width and depth; what networks owe to photographs and steps.

The first three are heads on features that a run has anyway. For the last two networks are trained on fewer of
protocol photo's training photographs, or for fewer and more steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from training.data.protocols import Split
from training.data.shards import Shards
from training.errors import TrainingError
from training.plan.networks_and_heads import Head
from training.presets import Preset
from training.publication import TITLES

PROTOCOL = "photo"
ABLATIONS, PHOTOGRAPHS, STEPS = "ablations", "photographs", "steps"
"""What the measures of the heads are called, and the kinds of variations."""

AMOUNTS = (5, 10, 20)  # photographs of a person
SHARES = (0.25, 0.5, 1.0, 2.0)  # of the preset's steps
WIDTHS = (25, 50, 100, 200)
DEPTHS = {0: "no hidden layer", 1: "one hidden layer", 3: "three hidden layers"}


@dataclass(frozen=True)
class Variation:
    """Networks trained on `split` for `steps` steps; `kind` is PHOTOGRAPHS or STEPS, `amount` how many of it."""

    kind: str
    amount: int
    split: Split
    steps: int

    @property
    def name(self) -> str:
        """What its measures are called."""
        return f"{self.kind} {self.amount}"

    def preset(self, preset: Preset) -> Preset:
        """The run's preset as these networks learn by it: of a given number of steps all are made."""
        return replace(preset, iterations=self.steps, patience=0 if self.kind == STEPS else preset.patience)


def variations(split: Split, shards: Shards, preset: Preset, seed: int) -> list[Variation]:
    """The variations of protocol photo's split; as many photographs of a person as all have are left to the run."""
    made = []
    faces = np.unique(split.train // preset.variants)
    most = int(np.bincount(shards.people[faces][shards.people[faces] >= 0]).max())
    shuffled = np.random.default_rng([seed, 5]).permutation(faces)
    for amount in [amount for amount in AMOUNTS if amount < most]:
        kept = _first_of_each(shuffled, shards, amount)
        train = split.train[np.isin(split.train // preset.variants, kept)]
        few = replace(split, name=f"{PROTOCOL}-of-{amount}", train=train)
        made.append(Variation(PHOTOGRAPHS, amount, few, preset.iterations))
    for share in SHARES:
        steps = max(1, round(share * preset.iterations))
        made.append(Variation(STEPS, steps, replace(split, name=f"{PROTOCOL}-steps-{steps}"), steps))
    return made


def ablation_heads(tasks: tuple[str, ...], columns: int) -> list[Head]:
    """Fusions of two networks and of all but one, of few features, and of other depths; `columns` are all features."""
    heads = []
    for target in tasks:
        for pair in combinations(tasks, 2):
            heads.append(Head(f"{TITLES[pair[0]]} and {TITLES[pair[1]].lower()}", pair, target))
        for missing in tasks if len(tasks) > 2 else ():
            rest = tuple(task for task in tasks if task != missing)
            heads.append(Head(f"all but {TITLES[missing].lower()}", rest, target))
        for width in [width for width in WIDTHS if width < columns]:
            heads.append(Head(f"all, {width} features", tasks, target, width=width))
        for depth, title in DEPTHS.items():
            heads.append(Head(f"all, {title}", tasks, target, depth=depth))
            heads.append(Head(f"own, {title}", (target,), target, depth=depth))
    return heads


def photo_split(splits: Sequence[Split]) -> Split:
    """The split that is varied; TrainingError where the run has none."""
    for split in splits:
        if split.protocol == PROTOCOL:
            return split
    raise TrainingError(f"Ablations are made of protocol {PROTOCOL}: add it to the protocols, or leave ablations out.")


def _first_of_each(faces: NDArray[np.int64], shards: Shards, amount: int) -> NDArray[np.int64]:
    """The first faces of each person, so many of each; a face of nobody counts as a person of its own."""
    seen: dict[int, int] = {}
    kept = []
    for face in faces.tolist():
        person = int(shards.people[face])
        seen[person] = seen.get(person, 0) + 1
        if person < 0 or seen[person] <= amount:
            kept.append(face)
    return np.array(kept, dtype=np.int64)
