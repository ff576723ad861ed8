"""Fit what the ranking judges by to the descriptor at hand, from faces of which it is known whom they show.

In life a face is wrong because it is a stranger's or another listed person's. So faces are handed to other people drawn
at random, in rounds of different shares and draws. Each of these is used twice: as it is, and as a stranger's, whose
own centre is not known; for most wrong people are not in the manifest.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from facecorpus.judging import likeness, rank
from facecorpus.judging.likeness import OF_DLIBS, Floats, Mask
from facecorpus.records import SubjectFace
from facecorpus.settings import LikenessSettings

NOBODY = ""
"""Whom a face shows that is a stranger's, or none."""

Shown = Mapping[str, str | None]
"""Whom faces show, by face_id: an identity_id, NOBODY, or None where there is a doubt, which leaves them out."""

ROUNDS = ((0.0, 0), *((share, seed) for share in (0.05, 0.125, 0.25, 0.4) for seed in range(3)))
"""Share of the faces handed to somebody else, and the draw; the first round is the photographs as they are."""

_RIDGE = 0.03  # keeps the constants finite where people are nearly separable
_START = np.array([3.0, -20.0, 2.0, 25.0, 1.0])  # where the fit begins: it has a second, worse end
_FALSE_MATCHES = 0.001
_FACES = 3000  # whose distances from each other are measured


@dataclass(frozen=True, slots=True)
class Case:
    """A judged face and whether it is right."""

    subject: SubjectFace
    judged: rank.Judgement
    right: bool
    stranger: bool = False  # judged as if nobody knew whom it shows
    share: float = 0.0  # of the faces, handed to somebody else in this round


def cases_of(
    subjects: Sequence[SubjectFace],
    shown: Shown,
    by: LikenessSettings = OF_DLIBS,
    rounds: Sequence[tuple[float, int]] = ROUNDS,
    advance: Callable[[int], None] = lambda rounds: None,
) -> list[Case]:
    """Every face as it is judged in each round, between two people's centres; the wrong ones also as strangers."""
    cases = []
    for share, seed in rounds:
        mixed = exchanged(subjects, share, seed)
        middle = rank.centres(mixed, by)
        known: dict[str, list[SubjectFace]] = defaultdict(list)  # wrong faces, by whom they show
        for subject, judged in rank.judgements(mixed, middle):
            who = shown.get(subject.face.face_id, NOBODY)
            if judged is None or judged.nearest is None or who is None:
                continue
            cases.append(Case(subject, judged, who == subject.identity_id, stranger=who == NOBODY, share=share))
            if who not in (subject.identity_id, NOBODY):
                known[who].append(subject)
        for who, wrong in known.items():
            unknown = {identity_id: centre for identity_id, centre in middle.items() if identity_id != who}
            cases += [
                Case(subject, one, False, stranger=True, share=share)
                for subject, one in rank.judgements(wrong, unknown)
                if one and one.nearest
            ]
        advance(1)
    return cases


def exchanged(subjects: Sequence[SubjectFace], share: float, seed: int) -> list[SubjectFace]:
    """The faces, of which this share stands for somebody else."""
    draw = random.Random(seed)
    people = sorted({subject.identity_id for subject in subjects})
    return [
        replace(s, identity_id=draw.choice([p for p in people if p != s.identity_id])) if draw.random() < share else s
        for s in subjects
    ]


def near_by(subjects: Sequence[SubjectFace], shown: Shown) -> float:
    """Distance of descriptors below which two faces are likely one person's.

    Half the pairs of one person are so near, and no more than one in a thousand of two people.
    """
    right = [subject for subject in subjects if shown.get(subject.face.face_id) == subject.identity_id]
    drawn = random.Random(0).sample(right, min(len(right), _FACES))
    faces = np.array([subject.face.embedding for subject in drawn])
    people = np.unique([subject.identity_id for subject in drawn], return_inverse=True)[1]
    first, second = np.triu_indices(len(faces), 1)
    apart = likeness.distances(faces, faces)[first, second]
    same = people[first] == people[second]
    return float(min(np.median(apart[same]), np.quantile(apart[~same], _FALSE_MATCHES)))


def fit(cases: Sequence[Case], weight: Floats, near: float = OF_DLIBS.near) -> LikenessSettings:
    """The constants that make the truth most likely, of cases that count so much, (N,), judged with that `near`.

    Distances are brought to dlib's unit for it, so that the same faces give the same likelihoods in any unit.
    """
    unit = OF_DLIBS.near / near
    distance, margin, album = (terms(cases) * (unit, unit, 1)).T
    sign = np.where(rights(cases), 1, -1)

    def loss(values: Floats) -> float:
        odds = likeness.log_odds(distance, margin, album, LikenessSettings("", near, *values))
        return float(weight @ np.logaddexp(0, -sign * odds) + _RIDGE * (values**2).sum())

    stranger, by_distance, other, by_margin, by_album = minimize(loss, _START).x
    stranger += by_distance * (unit - 1) / 2  # the distance 0.5 is another one in the other unit
    fitted = (stranger, by_distance * unit, other, by_margin * unit, by_album)
    return LikenessSettings("", near, *(float(value) for value in fitted))


def odds_of(cases: Sequence[Case], by: LikenessSettings) -> Floats:
    """(N,): the log-odds that the cases are right."""
    distance, margin, album = terms(cases).T
    return likeness.log_odds(distance, margin, album, by)


def terms(cases: Sequence[Case]) -> Floats:
    """(N, 3): what the cases are judged by."""
    return np.array([(case.judged.distance, case.judged.margin, case.judged.album) for case in cases])


def rights(cases: Sequence[Case]) -> Mask:
    """(N,): whether the cases are right."""
    return np.array([case.right for case in cases], np.bool_)
