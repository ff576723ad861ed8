"""Learning along: what was accepted and rejected moves a person's centre, and the faces left are ranked anew by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import Catalog
from facecorpus.catalog.descriptors import Described
from facecorpus.rank import BIAS, BY_DISTANCE, BY_MARGIN, FEWEST, LARGEST_MARGIN, NEAR
from facecorpus.settings import RankSettings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ACCEPTED_WEIGHT = 3.0  # of a face that a person accepted, against 1
_CERTAIN = 1e-6  # a likelihood's distance from 0 and 1, so that its log-odds are finite


@dataclass(frozen=True, slots=True)
class Order:
    """The undecided faces of a person, the most suspicious first."""

    face_ids: tuple[str, ...]
    likely: tuple[int, ...]  # per mille
    sections: str  # a letter each: l(ook), r(ight), w(rong)


class Teacher:
    """Keeps the descriptors of the person at hand, and the other people's centres."""

    def __init__(self) -> None:
        self._identity_id = ""
        self._faces: Described | None = None
        self._means: dict[str, Floats] | None = None

    def order(self, catalog: Catalog, identity_id: str, limits: RankSettings) -> Order:
        """Rank a person's undecided faces by what is decided now."""
        if self._faces is None or self._identity_id != identity_id:
            self._identity_id, self._faces = identity_id, catalog.descriptors.of(identity_id)
        if self._means is None:
            self._means = catalog.descriptors.means()
        others = [mean for other, mean in self._means.items() if other != identity_id]
        faces = self._faces
        said = {s.face_id: s for s in catalog.review.standings(identity_id, None, "", 0.0) if s.reviewer != "auto"}
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
    or a
    doubtful date weighs as before. `others` are the other people's centres, (M, 128).
    """
    if faces.likely.size == 0:
        return faces.likely
    own = faces.descriptors.astype(np.float64)
    nearest = _nearest(own, others)
    before = _centre(own, faces.right, np.zeros_like(accepted))
    after = _centre(own, (faces.right | accepted) & ~rejected, accepted)
    if after is None:
        return faces.likely
    certain = np.clip(faces.likely, _CERTAIN, 1 - _CERTAIN)
    ranked = np.log(certain / (1 - certain))
    news = _log_odds(own, after, nearest)
    log_odds = news if before is None else ranked + news - _log_odds(own, before, nearest)
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))


def section(likely: float, limits: RankSettings) -> str:
    """The letter of the section that a face falls into."""
    if likely >= limits.accept_above:
        return "r"
    return "w" if likely <= limits.reject_below else "l"


def _centre(own: Floats, members: Flags, accepted: Flags) -> Floats | None:
    """(128,): the weighted mean of the members that are near to it; None where they are too few."""
    if accepted.sum() >= FEWEST:
        mean = own[accepted].mean(axis=0)
        members = accepted | (members & (np.linalg.norm(own - mean, axis=1) < NEAR))
    if members.sum() < FEWEST:
        return None
    return np.asarray(np.average(own[members], axis=0, weights=np.where(accepted[members], _ACCEPTED_WEIGHT, 1.0)))


def _nearest(own: Floats, others: Floats) -> Floats:
    """(N,): the distance of each face from the nearest other person's centre; infinite where there is nobody else."""
    nearest = np.full(len(own), np.inf)
    for centre in others:
        np.minimum(nearest, np.linalg.norm(own - centre, axis=1), out=nearest)
    return nearest


def _log_odds(own: Floats, centre: Floats, nearest: Floats) -> Floats:
    distance = np.linalg.norm(own - centre, axis=1)
    margin = np.clip(nearest - distance, -LARGEST_MARGIN, LARGEST_MARGIN)
    return np.asarray(BIAS + BY_DISTANCE * (distance - 0.5) + BY_MARGIN * margin)
