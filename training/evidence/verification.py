"""Are two photographs of one person? Asked of features, about people whom the networks never saw (protocol identity).

As on Labeled Faces in the Wild (Huang et al. 2007, UMass 07-49): pairs of one person and pairs of two, as many of
each, in ten folds of people; the threshold of a fold is the one that is best on the nine others. Besides, how many
pairs of one person are accepted (TAR) where a share of the pairs of two (FAR) is. The likeness of two faces is the
cosine of their features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from training.data.protocols import Split
from training.data.shards import Shards
from training.evidence.bootstrap import interval_of
from training.folder import RunFolder
from training.plan.networks_and_heads import task_networks
from training.presets import Preset
from training.publication import TASKS

Results = dict[str, Any]

FARS = (0.01, 0.001)
_FOLDS = 10
_MOST = 20_000  # pairs of each kind in a round: of more an interval would hardly be narrower
_RESAMPLES = 500
_POINTS = 60  # of a ROC curve that is kept


@dataclass(frozen=True)
class Pairs:
    """Pairs of photographs: the people on both sides, and which photographs of the round they are."""

    photographs: NDArray[np.int64]  # (n, 2)
    people: NDArray[np.int64]  # (n, 2)

    @property
    def same(self) -> NDArray[np.bool_]:
        """Which pairs are of one person."""
        same: NDArray[np.bool_] = self.people[:, 0] == self.people[:, 1]
        return same


def verification(run: RunFolder, splits: Sequence[Split], shards: Shards, preset: Preset, seed: int) -> Results:
    """By kind of features, the figures over all rounds of protocol identity, whose `splits` are given.

    Kinds are `identity` and `fused` (the features of all networks side by side), each with `untrained` before it for
    networks with their first weights, and `descriptor` where the shards have it.
    """
    rounds = [_round(run, split, shards, preset, seed) for split in splits]
    rounds = [(pairs, likeness) for pairs, likeness in rounds if pairs.same.any() and not pairs.same.all()]
    if not rounds:
        return {}
    pairs = Pairs(*(np.concatenate([getattr(one, name) for one, _ in rounds]) for name in ("photographs", "people")))
    made: Results = {}
    for kind in rounds[0][1]:
        # Each round has networks of its own: what is unlike in one may be like in another. So likeness is by rank
        # among the round's pairs of two people, which is one minus the FAR at which the pair would just be accepted.
        likeness = np.concatenate([_among_strangers(found[kind], one.same) for one, found in rounds])
        made[kind] = figures(likeness, pairs, seed)
    return made


def pairs_of(people: NDArray[np.int64], seed: int, most: int = _MOST) -> Pairs:
    """All pairs of one person among the photographs (n,) of `people`, and as many of two; at most `most` each."""
    random = np.random.default_rng([seed, len(people)])
    own = [
        np.array([*combinations(np.flatnonzero(people == person), 2)]).reshape(-1, 2) for person in np.unique(people)
    ]
    same = np.concatenate(own) if own else np.empty((0, 2), np.int64)
    if len(same) > most:
        same = same[np.sort(random.choice(len(same), most, replace=False))]
    drawn = np.sort(random.integers(len(people), size=(8 * len(same) + 8, 2)), axis=1)
    drawn = np.unique(drawn[people[drawn[:, 0]] != people[drawn[:, 1]]], axis=0)
    other = random.permutation(drawn)[: len(same)]
    photographs = np.concatenate([same, other]).astype(np.int64)
    return Pairs(photographs, people[photographs])


def figures(likeness: NDArray[np.float64], pairs: Pairs, seed: int) -> Results:
    """TAR at each FAR with its interval by person, area under the ROC curve, LFW's accuracy, and the curve."""
    same = pairs.same
    far, tar, _ = roc_curve(same, likeness)
    kept = np.unique(np.searchsorted(far, np.geomspace(1e-4, 1, _POINTS), side="right") - 1)
    accuracies = _lfw(likeness, pairs, seed)
    tars = _acceptance(likeness, same)
    drawn = _drawn(tars, pairs, seed)
    return {
        "pairs": {"of_one": int(same.sum()), "of_two": int((~same).sum())},
        "people": len(np.unique(pairs.people)),
        "tar": {
            f"{limit:g}": {"tar": value, "by_person": list(interval_of(drawn[:, place]))}
            for place, (limit, value) in enumerate(zip(FARS, tars(np.ones(len(same))), strict=True))
        },
        "auc": float(roc_auc_score(same, likeness)),
        "lfw": {
            "accuracy": float(np.mean(accuracies)),
            "standard_error": float(np.std(accuracies, ddof=1) / len(accuracies) ** 0.5) if accuracies[1:] else None,
            "folds": len(accuracies),
        },
        "roc": [[float(far[place]), float(tar[place])] for place in kept],
    }


def _round(
    run: RunFolder, split: Split, shards: Shards, preset: Preset, seed: int
) -> tuple[Pairs, Mapping[str, NDArray[np.float64]]]:
    """The pairs of a round, and how alike each kind of features finds their photographs."""
    faces = split.test // preset.variants
    people = shards.people[faces]
    known = np.flatnonzero(people >= 0)
    pairs = pairs_of(people[known], seed)
    tasks = [task for task in TASKS if task in shards.tasks]
    folder = run.split(split.name)
    own = [np.load(folder.network(task).features, mmap_mode="r")[len(split.train) :][known] for task in tasks]
    untrained = np.load(run.untrained, mmap_mode="r")[split.test[known]]
    first = task_networks(tasks, preset)[0].width
    kinds = {
        "identity": own[0],
        "fused": np.concatenate(own, axis=1),
        "untrained identity": untrained[:, :first],
        "untrained fused": untrained,
    }
    if run.descriptors.is_file():
        kinds["descriptor"] = np.load(run.descriptors, mmap_mode="r")[faces[known]]
    return pairs, {kind: _cosine(features, pairs.photographs) for kind, features in kinds.items()}


def _cosine(features: NDArray[np.float32], photographs: NDArray[np.int64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(lengths > 0, lengths, 1)
    return np.asarray(np.einsum("ij,ij->i", unit[photographs[:, 0]], unit[photographs[:, 1]]), np.float64)


def _among_strangers(likeness: NDArray[np.float64], same: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The share of the pairs of two people that are less alike, for each pair."""
    strangers = np.sort(likeness[~same])
    below = np.searchsorted(strangers, likeness, side="left") + np.searchsorted(strangers, likeness, side="right")
    # Beyond the most alike strangers the order among pairs of one person stays, in what is left below 1.
    beyond = np.argsort(np.argsort(likeness)) / (len(likeness) * len(strangers) * 4)
    return np.asarray(below / (2 * len(strangers)) + beyond, np.float64)


def _acceptance(likeness: NDArray[np.float64], same: NDArray[np.bool_]) -> Callable[[NDArray[np.float64]], list[float]]:
    """What gives, for weights of the pairs, the TAR at each of FARS: above the threshold which that share of pairs of
    two passes. NaN where no pair of a kind has a weight. Pairs are sorted once for all weights.
    """
    own, others = (np.flatnonzero(kind)[np.argsort(-likeness[kind], kind="stable")] for kind in (same, ~same))
    accepted = np.searchsorted(-likeness[own], -likeness[others], side="left")  # of one person, at each threshold

    def tars(weights: NDArray[np.float64]) -> list[float]:
        passed, found = np.cumsum(weights[others]), np.concatenate([[0.0], np.cumsum(weights[own])])
        if not len(passed) or passed[-1] == 0 or found[-1] == 0:
            return [float("nan")] * len(FARS)
        places = [int(np.searchsorted(passed, limit * passed[-1], side="right")) for limit in FARS]
        return [float(found[accepted[min(place, len(passed) - 1)]] / found[-1]) for place in places]

    return tars


def _drawn(tars: Callable[[NDArray[np.float64]], list[float]], pairs: Pairs, seed: int) -> NDArray[np.float64]:
    """TAR at each of FARS over resamples of people (resamples, FARS): a pair counts as often as both its people do."""
    random = np.random.default_rng([seed, 77])
    names, sides = np.unique(pairs.people, return_inverse=True)
    sides = sides.reshape(pairs.people.shape)
    same = pairs.same
    found = []
    for _ in range(_RESAMPLES):
        times = np.bincount(random.integers(len(names), size=len(names)), minlength=len(names)).astype(np.float64)
        found.append(tars(np.where(same, times[sides[:, 0]], times[sides[:, 0]] * times[sides[:, 1]])))
    return np.array(found)


def _lfw(likeness: NDArray[np.float64], pairs: Pairs, seed: int) -> list[float]:
    """The share of pairs told rightly in each fold of people, with the threshold that is best on the others.

    A pair of two people belongs to the fold of both, or to none.
    """
    names, sides = np.unique(pairs.people, return_inverse=True)
    folds = np.random.default_rng([seed, 10]).permutation(len(names)) % min(_FOLDS, len(names) // 2 or 1)
    of_pair = folds[sides.reshape(pairs.people.shape)]
    within = of_pair[:, 0] == of_pair[:, 1]
    accuracies = []
    for fold in np.unique(folds):
        tested, learned = within & (of_pair[:, 0] == fold), (of_pair != fold).all(axis=1)
        if pairs.same[tested].any() and not pairs.same[tested].all() and pairs.same[learned].any():
            threshold = _best_threshold(likeness[learned], pairs.same[learned])
            right = (likeness[tested] > threshold) == pairs.same[tested]
            # As many of one person as of two, as LFW has them.
            accuracies.append(float((right[pairs.same[tested]].mean() + right[~pairs.same[tested]].mean()) / 2))
    return accuracies


def _best_threshold(likeness: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    far, tar, thresholds = roc_curve(same, likeness)
    lowest = thresholds[int((tar - far).argmax())]
    below = likeness[likeness < lowest]
    return float((lowest + below.max()) / 2) if len(below) else float(lowest)
