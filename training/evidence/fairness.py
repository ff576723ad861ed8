"""Whom a row of the tables answers how well: by subgroup, in the words of Fairlearn's MetricFrame.

`group_min` is the accuracy of the subgroup that is answered worst, `difference` how far the best one is above it. A
subgroup of few people is often the worst by chance, so both have an interval over draws of people within each subgroup
(the stratified bootstrap, Davison & Hinkley 1997, §3.2), and subgroups of fewer than three people do not count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score

from training.data.shards import Shards
from training.evidence.bootstrap import interval_of
from training.evidence.measures import Measures
from training.publication import TASKS

Results = dict[str, Any]

LEAST = 3
"""People of a subgroup, below which nothing is said of it."""

_ROWS = ("own", "all")
_RESAMPLES = 1000


def fairness(measures: Measures, shards: Shards, seed: int) -> Results:
    """By row and task: balanced accuracy, and of the subgroups the worst, the best, and their difference."""
    made: Results = {}
    for (row, task), measure in measures.items():
        if row not in _ROWS or task not in TASKS:
            continue
        groups, people = shards.subgroups[measure.faces], shards.people[measure.faces]
        counted = (groups >= 0) & (people >= 0)
        found = {"balanced_accuracy": float(balanced_accuracy_score(measure.labels, measure.answers))}
        found |= by_group(groups[counted], people[counted], measure.right[counted], shards.subgroup_names, seed)
        made.setdefault(row, {})[task] = found
    return made


def by_group(
    groups: NDArray[np.int64],
    people: NDArray[np.int64],
    right: NDArray[np.bool_],
    names: tuple[str, ...],
    seed: int,
) -> Results:
    """Of answers (n,): the worst and best subgroup with their accuracies, the difference, and intervals by person.

    Empty where fewer than two subgroups have LEAST people.
    """
    kept = [group for group in np.unique(groups) if len(np.unique(people[groups == group])) >= LEAST]
    if len(kept) < 2:
        return {}
    random = np.random.default_rng([seed, 24])
    accuracies, drawn = [], []
    for group in kept:
        own = groups == group
        _, place = np.unique(people[own], return_inverse=True)
        hits, counts = np.bincount(place, right[own]), np.bincount(place)
        chosen = random.integers(len(counts), size=(_RESAMPLES, len(counts)))
        accuracies.append(hits.sum() / counts.sum())
        drawn.append(hits[chosen].sum(axis=1) / counts[chosen].sum(axis=1))
    worst, best = int(np.argmin(accuracies)), int(np.argmax(accuracies))
    lows, highs = np.min(drawn, axis=0), np.max(drawn, axis=0)
    return {
        "groups": len(kept),
        "group_min": {
            "group": names[kept[worst]],
            "accuracy": float(accuracies[worst]),
            "by_person": list(interval_of(lows)),
        },
        "group_max": {"group": names[kept[best]], "accuracy": float(accuracies[best])},
        "difference": {
            "difference": float(accuracies[best] - accuracies[worst]),
            "by_person": list(interval_of(highs - lows)),
        },
    }
