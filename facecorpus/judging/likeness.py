"""How like a face is to its own person and to all others, and what that says: the one model that ranks faces.

Each person has a *centre*: the weighted mean of the descriptors that belong together. It starts at the face with the
most near relatives and takes in what is near, round by round; faces that people accepted weigh more and are never left
out. A face is judged by its distance from its own person's centre, made without the face itself, and by how much nearer
that is than the nearest other person's. For it may be wrong in two ways, a stranger's or another listed person's, and
it must be unlike both. What comes on top is its company: where most of an album belongs together, an odd face is more
likely right than in an album that holds many strangers.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from facecorpus.settings import LikenessSettings

Descriptors = NDArray[np.float32]
"""(N, 128) float32."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
"""(N,) bool."""

OF_DLIBS = LikenessSettings()
"""The constants that were fitted to dlib's descriptor (``benchmarks/rank_fit.py fit``). How well the probabilities hold
is in docs/quality.md (Suspicion), and what else was tried in benchmarks/LOG.md."""

TOLD_APART = 0.85
"""Share of two people's faces, nearer to their own centre, from which they are two. docs/quality.md has what it parts.
"""

FEWEST = 4
"""Faces that a centre needs."""

ACCEPTED_WEIGHT = 3.0
"""Of a face that a person accepted, against 1."""

_ROUNDS = 10
_AT_ONCE = 1024  # faces whose distances are computed together
_FEW = 16  # faces whose distances from all means stay in a processor's cache
_MOST = 1 << 24  # distances of faces from means that are in memory at once
_STARTS = 128  # faces at the most that are tried as the start of a centre: of a majority, one in two would do


def log_odds(
    distance: Floats | float, margin: Floats | float, album: Floats | float, by: LikenessSettings = OF_DLIBS
) -> Floats:
    """The log-odds that faces are their own person's: distance from that person, lead over all others, album_odds.

    by_album · album − log(exp(−(stranger + by_distance · (distance − 0.5))) + exp(−(other + by_margin · margin))):
    the odds against a stranger, and against the nearest other person.
    """
    strange = by.stranger + by.by_distance * (np.asarray(distance) - 0.5)
    other = by.other + by.by_margin * np.asarray(margin)
    return np.asarray(by.by_album * album - np.logaddexp(-strange, -other))


def album_odds(inside: Mask, rejected: Mask) -> float:
    """The log-odds that a face drawn from an album is the person's, by which faces make the centre.

    Laplace's rule of succession: of ten that all belong together, one more would not with odds of 1 to 11.
    """
    return math.log((inside.sum() + 1) / ((~inside & ~rejected).sum() + 1))


def members(descriptors: Descriptors, accepted: Mask, rejected: Mask, near: float = OF_DLIBS.near) -> Mask | None:
    """Which of one person's faces make the centre, by what people accepted and rejected.

    None where fewer than FEWEST belong together, or no majority does and people have not accepted that many.
    """
    weights = weights_of(accepted, rejected)
    eligible = weights > 0
    if eligible.sum() < FEWEST:
        return None
    taught = accepted.sum() >= FEWEST
    inside = accepted if taught else accepted | (_relatives(descriptors, weights, near) & eligible)
    for _ in range(_ROUNDS):
        mean = mean_of(descriptors, weights * inside)
        around = accepted | (eligible & (distances(descriptors, mean[None])[:, 0] < near))
        if (around == inside).all():
            break
        inside = around
    if inside.sum() < FEWEST or (not taught and 2 * inside.sum() <= eligible.sum()):
        return None
    return np.asarray(inside)


def weights_of(accepted: Mask, rejected: Mask) -> Floats:
    """(N,): what each face counts in its person's centre."""
    return np.where(rejected, 0.0, np.where(accepted, ACCEPTED_WEIGHT, 1.0))


def mean_of(descriptors: Descriptors, weights: Floats) -> Floats:
    """(128,): the weighted mean. Faces of no weight change no bit of it: processors sum up in different orders."""
    counted = weights > 0
    total = weights[counted].astype(np.float32) @ descriptors[counted]
    return np.asarray(total.astype(np.float64) / weights.sum())


def distances(descriptors: Descriptors, means: Floats) -> Floats:
    """(N, M): how far each face is from each of the means, (M, 128)."""
    centred = means.astype(np.float32)
    found = np.empty((len(descriptors), len(means)))
    for part in _parts(len(descriptors)):
        found[part] = _distances(descriptors[part], centred)
    return found


def beside(descriptors: Descriptors, means: Floats, own: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Of faces and the means, (M, D), how far each is from its own, which other is nearest, and how far that is.

    (N,) each; `own` are rows of the means. Where there is one alone, it is infinitely far from the next, itself.
    """
    apart, other, further = np.empty(len(own)), np.empty(len(own), np.int64), np.empty(len(own))
    centred = means.astype(np.float32)
    lengths = (centred**2).sum(axis=1)
    for part in _parts(len(descriptors), max(1, min(_AT_ONCE, _MOST // len(means)))):
        products = (2 * descriptors[part]) @ centred.T
        for few in _parts(len(products), _FEW):
            faces = slice(part.start + few.start, part.start + few.start + len(products[few]))
            squares = _square_lengths(descriptors[faces])[:, None] + lengths
            squares -= products[few]
            rows = np.arange(len(squares))
            apart[faces] = _rooted(squares[rows, own[faces]])
            squares[rows, own[faces]] = np.inf
            other[faces] = np.maximum(squares, 0, out=squares).argmin(axis=1)
            further[faces] = _rooted(squares[rows, other[faces]])
    return apart, other, further


def pairs_within(means: Floats, limit: float) -> Iterator[tuple[int, int]]:
    """The rows of the means, (M, D), that are nearer to each other than the limit; the smaller first, in order."""
    squares = (means**2).sum(axis=1)
    for part in _parts(len(means), max(1, min(_AT_ONCE, _MOST // 8 // len(means)))):  # doubles, and copies of them
        near = squares[part, None] + squares - 2 * means[part] @ means.T < limit**2
        for row, column in np.argwhere(np.triu(near, part.start + 1)).tolist():
            yield part.start + row, column


def nearest(descriptors: Descriptors, means: Floats) -> Floats:
    """(N,): how far each face is from the nearest of the means, (M, 128); infinite where there is none."""
    found = np.full(len(descriptors), np.inf)
    if len(means):
        for part in _parts(len(descriptors)):
            found[part] = distances(descriptors[part], means).min(axis=1)
    return found


def without_itself(distance: Floats | float, own: Floats | float, total: float) -> Floats:
    """(N,): the distance from the mean without the face itself, of weight `own` of `total`; nothing vouches for itself.

    Without it the mean is (total · mean − own · face) / (total − own), which is total / (total − own) as far away.
    """
    return np.asarray(np.asarray(distance) * total / (total - own))


def told_apart(one: Descriptors, other: Descriptors, weights: Floats, other_weights: Floats) -> float:
    """The share of the faces of two centres that are nearer to their own, made without the face itself; 0 to 1.

    Of one person's faces under two names it is about a half, however the names share them. Both people weigh the same.
    """
    means = np.array([mean_of(one, weights), mean_of(other, other_weights)])
    shares = []
    for number, (faces, counts) in enumerate(((one, weights), (other, other_weights))):
        apart = distances(faces, means)
        own = without_itself(apart[:, number], counts, float(counts.sum()))
        shares.append((own < apart[:, 1 - number]).mean())
    return float(np.mean(shares))


def _parts(count: int, size: int = _AT_ONCE) -> list[slice]:
    """Slices of so many faces: what is computed of all of them at once takes more memory than the page may."""
    return [slice(begin, begin + size) for begin in range(0, count, size)]


def _distances(descriptors: Descriptors, means: Descriptors) -> Floats:
    """(N, M): the same of a few faces; of 30,000 the matrix product would keep a copy of all for as long as we run."""
    squares = _square_lengths(descriptors)[:, None] + (means**2).sum(axis=1)
    squares -= 2 * (descriptors @ means.T)
    return _rooted(squares)


def _square_lengths(descriptors: Descriptors) -> Descriptors:
    return np.asarray(np.einsum("ij,ij->i", descriptors, descriptors))


def _rooted(squares: Descriptors) -> Floats:
    """The roots of squared distances, which rounding can make less than 0."""
    return np.asarray(np.sqrt(np.maximum(squares, 0, dtype=np.float64)))


def _relatives(descriptors: Descriptors, weights: Floats, near: float) -> Mask:
    """(N,): which faces are near to the one that has the most near it; of weight 0, none counts."""
    eligible = np.flatnonzero(weights)
    starts = descriptors[eligible[:: -(-len(eligible) // _STARTS)]].astype(np.float64)
    crowds = np.zeros(len(starts))
    for part in _parts(len(descriptors)):
        crowds += weights[part] @ (distances(descriptors[part], starts) < near)
    most = starts[[int(np.argmax(crowds))]]
    return np.asarray(distances(descriptors, most)[:, 0] < near)
