"""Learning along: what was accepted and rejected moves a person's centre, and the faces left are ranked anew by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import Catalog
from facecorpus.catalog.descriptors import Described
from facecorpus.judging import likeness
from facecorpus.settings import RankSettings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
        if self._means is None:
            self._means = catalog.descriptors.means()
        others = [mean for other, mean in self._means.items() if other != identity_id]
        said = _said(catalog, identity_id)
        faces = catalog.descriptors.of(identity_id)
        accepted = np.array([said.get(face_id, False) for face_id in faces.face_ids], np.bool_)
        decided = np.array([face_id in said for face_id in faces.face_ids], np.bool_)
        del said
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
    nobody = np.zeros_like(accepted)
    before = _own_distances(faces.descriptors, nobody, nobody)
    after = _own_distances(faces.descriptors, accepted, rejected)
    if after is None:
        return faces.likely
    nearest = likeness.nearest(faces.descriptors, others)
    odds = likeness.log_odds(after, nearest - after)
    if before is not None:
        certain = np.clip(faces.likely, _CERTAIN, 1 - _CERTAIN)
        odds += np.log(certain / (1 - certain)) - likeness.log_odds(before, nearest - before)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


def _said(catalog: Catalog, identity_id: str) -> dict[str, bool]:
    """Whether people accepted it as this person, by face_id, of the faces that they decided."""
    standings = catalog.review.standings(identity_id, None, "", 0.0)
    return {
        face_id: standing.verdict == "accept" and standing.identity_id == identity_id
        for face_id, standing in standings
        if standing.verdict is not None and standing.reviewer != "auto"
    }


def section(likely: float, limits: RankSettings) -> str:
    """The letter of the section that a face falls into."""
    if likely >= limits.accept_above:
        return "r"
    return "w" if likely <= limits.reject_below else "l"


def _own_distances(descriptors: likeness.Descriptors, accepted: Flags, rejected: Flags) -> Floats | None:
    """(N,): how far each face is from the person's centre; None where there is none."""
    among = likeness.members(descriptors, accepted, rejected)
    if among is None:
        return None
    weights = likeness.weights_of(accepted, rejected) * among
    distance = likeness.distances(descriptors, likeness.mean_of(descriptors, weights)[None])[:, 0]
    return likeness.without_itself(distance, weights, float(weights.sum()))
