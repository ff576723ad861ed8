"""Bootstrap intervals of accuracies and of their differences, with photograph groups or people as the sample.

The images of one photograph, and the photographs of one person, are no independent draws. So whole units are drawn
with replacement (the cluster bootstrap, Davison & Hinkley 1997, §3.8), the same draw for all measures: a difference of
two measures is paired. With the answers of one training the networks stay as they are: its intervals say nothing of
another training's outcome. With those of several seeds, seeds are drawn as well as units, and means over them are
taken (the pigeonhole bootstrap: Owen 2007, Annals of Applied Statistics 1(2)); two or three seeds still tell little of
their own spread.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

K = TypeVar("K", bound=Hashable)
Interval = tuple[float, float]

RESAMPLES = 2000
LEVEL = 0.95
_CELLS = 4_000_000  # weights of this many units and draws are in the memory at once


@dataclass(frozen=True)
class Answered:
    """Which unit (photograph group or person) each answered image belongs to, and whether the answer was right."""

    units: NDArray[np.int64]
    right: NDArray[np.bool_]


class Resampled(Generic[K]):
    """Accuracies of measures over many resamples of the units, from which intervals follow.

    `trainings` are the answers of each seed, all of the same measures: with several, an accuracy is the mean over them.
    """

    def __init__(self, *trainings: Mapping[K, Answered], resamples: int = RESAMPLES, seed: int = 0) -> None:
        self.columns = {key: n for n, key in enumerate(trainings[0])}
        self.units = {key: len(np.unique(one.units)) for key, one in trainings[0].items()}
        answered = [one[key] for one in trainings for key in self.columns]
        used = np.unique(np.concatenate([one.units for one in answered]))
        right, known = [], []
        for one in answered:
            place = np.searchsorted(used, one.units)
            right.append(np.bincount(place, one.right, len(used)))
            known.append(np.bincount(place, minlength=len(used)))
        each = _resample(np.stack(right, axis=1), np.stack(known, axis=1), resamples, seed)
        self.accuracies = _mean_of_draws(each.reshape(resamples, len(trainings), len(self.columns)), seed)

    def interval(self, key: K) -> Interval:
        """The 95 % percentile interval of a measure's accuracy."""
        return interval_of(self.sum({key: 1}))

    def difference(self, first: K, second: K) -> Interval:
        """The 95 % percentile interval of one accuracy less another, over the same draws of units."""
        return interval_of(self.sum({first: 1, second: -1}))

    def sum(self, signs: Mapping[K, int]) -> NDArray[np.float64]:
        """Accuracies of measures, added or taken off, over the same draws of units: (resamples)."""
        added: NDArray[np.float64] = self.accuracies[:, [self.columns[key] for key in signs]] @ [*signs.values()]
        return added


def interval_of(draws: NDArray[np.float64]) -> Interval:
    """The 95 % percentile interval of a figure's resamples."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.nanpercentile(draws, [tail, 100 - tail])
    return float(low), float(high)


def p_of(draws: NDArray[np.float64]) -> float:
    """How likely a figure is at least so far from 0 by chance, on either side: by inverting the percentile interval.

    With the figure itself counted as one draw more, so that it is never 0 (Davison & Hinkley 1997, §4.2).
    """
    known = draws[~np.isnan(draws)]
    tail = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (len(known) + 1))


def _resample(right: NDArray[np.float64], known: NDArray[np.int64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Accuracies (resamples, measures) from counts (units, measures); NaN where no unit drawn has the label."""
    units = len(known)
    random = np.random.default_rng([seed, units])
    counts = np.concatenate([right, known], axis=1).astype(np.float64)
    chunk = max(1, _CELLS // units)
    made = []
    for start in range(0, resamples, chunk):
        draws = min(chunk, resamples - start)
        drawn = random.integers(units, size=(draws, units)) + np.arange(draws)[:, None] * units
        weights = np.bincount(drawn.ravel(), minlength=draws * units).reshape(draws, units)
        hits, totals = np.split(weights.astype(np.float64) @ counts, 2, axis=1)
        made.append(np.divide(hits, totals, out=np.full_like(hits, np.nan), where=totals > 0))
    return np.concatenate(made)


def _mean_of_draws(accuracies: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """From accuracies (resamples, trainings, measures) their means over as many trainings, drawn with replacement."""
    resamples, trainings, _ = accuracies.shape
    drawn = np.random.default_rng([seed, trainings, 1]).integers(trainings, size=(resamples, trainings))
    means: NDArray[np.float64] = np.take_along_axis(accuracies, drawn[:, :, None], axis=1).mean(axis=1)
    return means
