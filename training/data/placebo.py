"""Labels that mean nothing: those of other people, so that only knowing the person can help with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.shards import Shards


def with_placebo(shards: Shards, seed: int) -> Shards:
    """The shards with the attributes' labels dealt anew among the people of each fold, as further targets.

    Every person keeps one label of each attribute, the same in all photographs; each fold has as many people of each
    class as before, and the three attributes of a person stay together. Faces of unknown people have none.
    """
    people = np.unique(shards.people[shards.people >= 0])
    first = {int(person): int(np.flatnonzero(shards.people == person)[0]) for person in people}
    own = np.array([_commonest(shards, int(person)) for person in people])
    folds = np.array([shards.folds[first[int(person)]] for person in people])
    random = np.random.default_rng([seed, 77])
    dealt = own.copy()
    for fold in np.unique(folds):
        here = np.flatnonzero(folds == fold)
        dealt[here] = own[random.permutation(here)]
    known = shards.people >= 0
    labels = np.full((len(shards), own.shape[1]), -1, dtype=np.int64)
    labels[known] = dealt[np.searchsorted(people, shards.people[known])]
    return replace(shards, placebo=labels)


def _commonest(shards: Shards, person: int) -> NDArray[np.int64]:
    """The label of each attribute that most faces of a person have, -1 where none is known."""
    rows = shards.labels[shards.people == person][:, shards.attribute_columns]
    counts = [np.bincount(column[column >= 0], minlength=1) for column in rows.T]
    return np.array([int(count.argmax()) if count.sum() else -1 for count in counts], dtype=np.int64)
