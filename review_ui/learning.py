"""Learning along: what was accepted and rejected moves a person's centre, and the faces left are ranked anew by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import Catalog
from facecorpus.catalog.descriptors import Described
from facecorpus.rank import ACCEPTED_WEIGHT, FEWEST, NEAR, log_odds
from facecorpus.settings import RankSettings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_AT_ONCE = 1024  # faces whose distances are computed together: the page's server stays small
_CERTAIN = 1e-6  # a likelihood's distance from 0 and 1, so that its log-odds are finite


@dataclass(frozen=True, slots=True)
class Order:
    """The undecided faces of a person, the most suspicious first."""

    face_ids: tuple[str, ...]
    likely: tuple[int, ...]  # per mille
    sections: str  # a letter each: l(ook), r(ight), w(rong)


class Teacher:
    """Ranks what is left by what is decided; keeps only the other people's centres."""

    def __init__(self) -> None:
        self._means: dict[str, Floats] | None = None

    def order(self, catalog: Catalog, identity_id: str, limits: RankSettings) -> Order:
        """Rank a person's undecided faces by what is decided now."""
        faces = catalog.descriptors.of(identity_id)
        if self._means is None:
            self._means = catalog.descriptors.means()
        others = [mean for other, mean in self._means.items() if other != identity_id]
        standings = catalog.review.standings(identity_id, None, "", 0.0)
        said = {face_id: standing for face_id, standing in standings if standing.reviewer != "auto"}
        verdicts = [said.get(face_id) for face_id in faces.face_ids]
        accepted = np.array(
            [v is not None and v.verdict == "accept" and v.identity_id == identity_id for v in verdicts]
        )
        decided = np.array([v is not None and v.verdict is not None for v in verdicts])
        likely = rerank(faces, accepted, decided & ~accepted, np.array(others))
        left = np.flatnonzero(~decided)
        left = left[np.lexsort((left, likely[left]))]
        return Order(
            tuple(faces.face_ids[row] for row in left),
            tuple(round(1000 * float(likely[row])) for row in left),
            "".join(section(float(likely[row]), limits) for row in left),
        )


def rerank(faces: Described, accepted: Flags, rejected: Flags, others: Floats) -> Floats:
    """(N,): how likely each face is right, now that these were accepted and rejected.

    The log-odds of the last ranking move by as much as the move of the person's centre changes them, so that a blur
    or a doubtful date weighs as before. `others` are the other people's centres, (M, 128).
    """
    if faces.likely.size == 0:
        return faces.likely
    before = _centre(faces.descriptors, faces.right, np.zeros_like(accepted))
    after = _centre(faces.descriptors, (faces.right | accepted) & ~rejected, accepted)
    if after is None:
        return faces.likely
    likely = np.empty_like(faces.likely)
    for part in _parts(len(likely)):
        own = faces.descriptors[part].astype(np.float64)
        nearest = _nearest(own, others)
        odds = _log_odds(own, after, nearest)
        if before is not None:
            certain = np.clip(faces.likely[part], _CERTAIN, 1 - _CERTAIN)
            odds += np.log(certain / (1 - certain)) - _log_odds(own, before, nearest)
        likely[part] = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    return likely


def section(likely: float, limits: RankSettings) -> str:
    """The letter of the section that a face falls into."""
    if likely >= limits.accept_above:
        return "r"
    return "w" if likely <= limits.reject_below else "l"


def _centre(descriptors: NDArray[np.float32], members: Flags, accepted: Flags) -> Floats | None:
    """(128,): the weighted mean of the members that are near to it; None where they are too few."""
    if accepted.sum() >= FEWEST:
        mean = _mean(descriptors, accepted.astype(np.float64))
        near = [np.linalg.norm(descriptors[part] - mean, axis=1) < NEAR for part in _parts(len(descriptors))]
        members = accepted | (members & np.concatenate(near))
    if members.sum() < FEWEST:
        return None
    return _mean(descriptors, np.where(accepted, ACCEPTED_WEIGHT, 1.0) * members)


def _mean(descriptors: NDArray[np.float32], weights: Floats) -> Floats:
    """(128,): the weighted mean, summed part by part."""
    total = np.zeros(descriptors.shape[1])
    for part in _parts(len(descriptors)):
        total += (descriptors[part] * weights[part, None]).sum(axis=0)
    return np.asarray(total / weights.sum())


def _parts(count: int) -> list[slice]:
    return [slice(begin, begin + _AT_ONCE) for begin in range(0, count, _AT_ONCE)]


def _nearest(own: Floats, others: Floats) -> Floats:
    """(N,): the distance of each face from the nearest other person's centre; infinite where there is nobody else."""
    nearest = np.full(len(own), np.inf)
    for centre in others:
        np.minimum(nearest, np.linalg.norm(own - centre, axis=1), out=nearest)
    return nearest


def _log_odds(own: Floats, centre: Floats, nearest: Floats) -> Floats:
    distance = np.linalg.norm(own - centre, axis=1)
    return log_odds(distance, nearest - distance)
