"""Learning along: what was accepted and rejected moves a person's centre, and the faces left are ranked anew by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog import Catalog
from facecorpus.catalog.descriptors import Described
from facecorpus.judging import likeness
from facecorpus.judging.section import NO_IDEA, Known, capped, section
from facecorpus.manifest import Identity
from facecorpus.settings import LikenessSettings, RankSettings, ReviewSettings, Settings
from facecorpus.words import AUTO, Section, Verdict

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_CERTAIN = 1e-9  # a likelihood's distance from 0 and 1, so that its log-odds are finite


@dataclass(frozen=True, slots=True)
class Taught:
    """What people said of a person's faces, as far as it moves the centre."""

    accepted: Flags  # (N,)
    rejected: Flags  # (N,)


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

    def order(self, catalog: Catalog, person: Identity, settings: Settings) -> Order:
        """Rank a person's undecided faces by what is decided now."""
        if self._means is None:
            catalog.descriptors.refuse_unfit(settings.likeness.descriptor)
            self._means = catalog.descriptors.means()
        others = [mean for other, mean in self._means.items() if other != person.identity_id]
        said = _said(catalog, person.identity_id)
        faces = catalog.descriptors.of(person)
        accepted = np.array([said.get(face_id, False) for face_id in faces.face_ids], np.bool_)
        decided = np.array([face_id in said for face_id in faces.face_ids], np.bool_)
        del said
        taught = Taught(accepted, decided & ~accepted)
        likely, sections = rerank(faces, taught, np.array(others), settings.rank, settings.likeness)
        left = np.flatnonzero(~decided)
        left = left[np.lexsort((left, likely[left]))]
        return Order(
            tuple(faces.face_ids[row] for row in left),
            tuple(round(1000 * float(likely[row])) for row in left),
            "".join(sections[row].letter for row in left),
        )


def rerank(
    faces: Described,
    taught: Taught,
    others: Floats,
    limits: RankSettings,
    by: LikenessSettings = likeness.OF_DLIBS,
) -> tuple[Floats, list[Section]]:
    """(N,): how likely each face is right after what was said of them, and the section of each.

    `others` are the other people's centres, (M, 128).
    """
    odds = _log_odds(faces, taught, others, by)
    chances = np.full(len(faces.face_ids), NO_IDEA) if odds is None else 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    likely: list[float] = []
    sections: list[Section] = []
    for chance, claimed, outside in zip(chances.tolist(), faces.claimed, faces.outside, strict=True):
        known = Known(judged=odds is not None, claimed=bool(claimed), outside=bool(outside))
        likely.append(capped(chance, known))
        sections.append(section(likely[-1], known, limits))
    return np.array(likely), sections


def _log_odds(faces: Described, taught: Taught, others: Floats, by: LikenessSettings) -> Floats | None:
    """(N,): the log-odds that the faces are the person's; None where there is not enough to judge by.

    Those of the last ranking move by as much as the move of the person's centre changes them. Where they were capped,
    or there was no ranking, they are made anew.
    """
    centre = _centre(faces.descriptors, taught, by.near)
    nobody = np.zeros_like(taught.accepted)
    first = _centre(faces.descriptors, Taught(nobody, nobody), by.near)
    if centre is None:
        return None
    if taught.accepted.sum() < likeness.FEWEST and _is_anothers(centre, first, faces, others, by.one_person):
        return None
    nearest = likeness.nearest(faces.descriptors, others)
    after = centre.distances(faces.descriptors)
    anew = likeness.log_odds(after, nearest - after, centre.album, by)
    if first is None:
        return anew
    before = first.distances(faces.descriptors)
    ranked = np.clip(faces.likely, _CERTAIN, 1 - _CERTAIN)
    moved = np.log(ranked / (1 - ranked)) + anew - likeness.log_odds(before, nearest - before, first.album, by)
    return np.where(faces.likely == NO_IDEA, anew, moved)


@dataclass(frozen=True, slots=True)
class _Centre:
    """The middle of a person's descriptors."""

    mean: Floats  # (128,)
    weights: Floats  # (N,), of each of the person's faces; 0 where it is not part of it
    album: float  # likeness.album_odds

    def distances(self, descriptors: likeness.Descriptors) -> Floats:
        """(N,): how far each of the person's faces is from it, made without the face itself."""
        distance = likeness.distances(descriptors, self.mean[None])[:, 0]
        return likeness.without_itself(distance, self.weights, float(self.weights.sum()))


def _centre(descriptors: likeness.Descriptors, taught: Taught, near: float) -> _Centre | None:
    """The person's centre after what was said; None where there is none."""
    among = likeness.members(descriptors, taught.accepted, taught.rejected, near)
    if among is None:
        return None
    weights = likeness.weights_of(taught.accepted, taught.rejected) * among
    album = likeness.album_odds(among, taught.rejected)
    return _Centre(likeness.mean_of(descriptors, weights), weights, album)


def _is_anothers(centre: _Centre, first: _Centre | None, faces: Described, others: Floats, one_person: float) -> bool:
    """Whether the album holds another person's photographs, for all that is said.

    Only the ranking looks at both people's faces: where it judged this one, with a centre as near to another's, the two
    are told apart.
    """
    told_apart = first is not None and _near(first, others, one_person) and not (faces.likely == NO_IDEA).all()
    return _near(centre, others, one_person) and not told_apart


def _near(centre: _Centre, others: Floats, one_person: float) -> bool:
    apart = likeness.distances(others.astype(np.float32), centre.mean[None]) if len(others) else np.inf
    return bool(np.min(apart) < one_person)


def _said(catalog: Catalog, identity_id: str) -> dict[str, bool]:
    """Whether people accepted it as this person, by face_id, of the faces that they decided."""
    standings = catalog.review.standings(identity_id, None, "", ReviewSettings())
    return {
        face_id: standing.verdict == Verdict.ACCEPT and standing.identity_id == identity_id
        for face_id, standing in standings
        if standing.verdict is not None and standing.reviewer != AUTO
    }
