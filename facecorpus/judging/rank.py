"""What a reviewer should see first: how likely each face is the person it stands for, in which section, and why.

How likely it is comes from likeness.py; accepted faces weigh more in a person's centre there, rejected ones never
count.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from facecorpus.corpus import Corpus
from facecorpus.errors import SettingsError
from facecorpus.judging import likeness
from facecorpus.judging.groups import grouped
from facecorpus.judging.likeness import FEWEST, OF_DLIBS, Floats
from facecorpus.judging.section import NO_IDEA, Known, capped, section
from facecorpus.judging.undated import Undated, said_of_undated, undated
from facecorpus.manifest import Identity
from facecorpus.records import Ranking, SubjectFace
from facecorpus.settings import LikenessSettings, RankSettings
from facecorpus.words import Section, Verdict, naming, shortened

NOT_ENOUGH = "not enough to judge: too few photographs, or no majority of them, show one and the same person"

_BLURRED = 15.0  # variance of the Laplacian below which a face of 150 pixels is blurred
_TINY = 40.0  # pixels of width
_TURNED = 40.0  # degrees
_GROUP = 3  # faces
_FAR = 0.5
_HARDLY = 0.05  # a margin that does not tell two people apart

_AT_ONCE = 4096  # faces compared with all people together
_NAMED = 5  # people, in a sentence
_MOST_ODDS = 700.0  # of which exp is finite


@dataclass(frozen=True, slots=True)
class Centre:
    """The middle of one person's descriptors."""

    mean: Floats  # (D,), weighted
    weights: Mapping[str, float]  # by face_id, of the faces that it is made of
    weight: float  # of all of them together
    album: float  # likeness.album_odds of the faces that stand for the person


@dataclass(frozen=True, slots=True)
class Judgement:
    """How near a face is to its own person, and to whom else."""

    distance: float  # of descriptors, from its own person's centre without the face itself
    margin: float  # how much further away the nearest other person's centre is; infinite where there is none
    nearest: str | None  # that person's identity_id; None where no other person has a centre
    album: float  # likeness.album_odds

    def likely(self, by: LikenessSettings) -> float:
        """How likely the face is its own person's, 0..1."""
        odds = float(likeness.log_odds(self.distance, self.margin, self.album, by))
        return 1 / (1 + math.exp(min(-odds, _MOST_ODDS)))


@dataclass(frozen=True)
class RankSummary:
    """How the faces fell into the reviewer's three sections; copies of better photographs are left out."""

    faces: int
    right: int
    look: int
    wrong: int
    not_judged: tuple[str, ...]  # people of whom there is not enough to judge by
    undated: tuple[Undated, ...] = ()  # people who may be minors in photographs without a date
    of_age: int = 18

    def __str__(self) -> str:
        return (
            f"{self.faces} faces ranked: {self.right} surely right, {self.look} to look at, {self.wrong} surely wrong."
            + said_of_not_judged(self.not_judged)
            + said_of_undated(self.undated, self.of_age)
        )


def said_of_not_judged(people: Sequence[str]) -> str:
    """A sentence with the names of people whose faces cannot be judged, for the end of a summary."""
    if not people:
        return ""
    return f" Not enough to judge the faces of {len(people)} people by: {shortened(people, _NAMED)}."


def rank_faces(corpus: Corpus) -> RankSummary:
    """Rank all faces that stand for a person anew.

    Raises SettingsError where the two limits contradict each other.
    """
    limits = corpus.settings.rank
    if limits.reject_below >= limits.accept_above:
        raise SettingsError(
            f"{corpus.root / 'corpus.toml'}: reject_below ({limits.reject_below}) in [rank] must be smaller than"
            f" accept_above ({limits.accept_above}); set, for example, 0.005 and 0.95."
        )
    identities = {identity.identity_id: identity for identity in corpus.manifest.identities}
    with corpus.catalog() as catalog:
        catalog.descriptors.refuse_unfit(corpus.settings.likeness.descriptor)
        decided = catalog.decisions.decided_by_people()
        # Only people teach the ranking; the automatic policy would otherwise confirm what it was told.
        subjects = [s if s.face.face_id in decided else replace(s, verdict=None) for s in catalog.faces.subjects()]
        by = corpus.settings.likeness
        rankings = grouped(subjects, rank(subjects, identities, limits, by), by.near)
        catalog.faces.rank(rankings)
    kept = {subject.face.face_id for subject in subjects if subject.kept}
    sections = [ranking.section for ranking in rankings if ranking.face_id in kept]
    return RankSummary(
        faces=len(sections),
        right=sections.count(Section.RIGHT),
        look=sections.count(Section.LOOK),
        wrong=sections.count(Section.WRONG),
        not_judged=tuple(
            sorted({s.identity_id for s, one in zip(subjects, rankings, strict=True) if NOT_ENOUGH in one.reasons})
        ),
        undated=undated(subjects, identities),
        of_age=corpus.settings.labels.young_from,
    )


def rank(
    subjects: Sequence[SubjectFace],
    identities: Mapping[str, Identity],
    limits: RankSettings,
    by: LikenessSettings = OF_DLIBS,
) -> list[Ranking]:
    """The ranking of each face, in the order given; the verdicts in it must be people's."""
    judged = judgements(subjects, centres(subjects, by))
    return [ranking(subject, one, identities, limits, by) for subject, one in zip(subjects, judged, strict=True)]


def centres(subjects: Sequence[SubjectFace], by: LikenessSettings = OF_DLIBS) -> dict[str, Centre]:
    """The centre of each person who has one, by identity_id.

    Of two people with the same centre, the one with the smaller share of it among their photographs has none: their
    photographs are, for the most part, the other's.
    """
    faces_of: dict[str, list[SubjectFace]] = defaultdict(list)
    for subject in sorted(subjects, key=lambda subject: subject.face.face_id):
        if subject.kept:
            faces_of[subject.identity_id].append(subject)
    found: dict[str, _Album] = {}
    for identity_id, faces in faces_of.items():
        descriptors = np.array([subject.face.embedding for subject in faces])
        accepted = np.array([subject.verdict == Verdict.ACCEPT for subject in faces])
        rejected = np.array([subject.verdict == Verdict.REJECT for subject in faces])
        members = likeness.members(descriptors, accepted, rejected, by.near)
        if members is not None:
            weights = likeness.weights_of(accepted, rejected)
            inside = [(faces[row], float(weights[row])) for row in np.flatnonzero(members)]
            centre = Centre(
                mean=likeness.mean_of(descriptors, weights * members),
                weights={subject.face.face_id: weight for subject, weight in inside},
                weight=sum(weight for _, weight in inside),
                album=likeness.album_odds(members, rejected),
            )
            sure = 1.0 + accepted.sum() if accepted.sum() >= FEWEST else members.sum() / (~rejected).sum()
            found[identity_id] = _Album(centre, float(sure), [subject for subject, _ in inside])
    borrowed = set(_borrowed(found, by.one_person))
    return {identity_id: album.centre for identity_id, album in found.items() if identity_id not in borrowed}


@dataclass(frozen=True, slots=True)
class _Album:
    """A person's faces that belong together."""

    centre: Centre
    sure: float  # the share of them among the photographs; beyond 1 where people accepted enough
    faces: Sequence[SubjectFace]

    def told_apart_from(self, other: "_Album") -> bool:
        """Whether the faces of the two are two people's, however alike these look to the descriptor."""
        (one, weights), (two, others) = self._weighted(), other._weighted()
        return likeness.told_apart(one, two, weights, others) >= likeness.TOLD_APART

    def _weighted(self) -> tuple[likeness.Descriptors, Floats]:
        descriptors = np.array([subject.face.embedding for subject in self.faces])
        return descriptors, np.array([self.centre.weights[subject.face.face_id] for subject in self.faces])


def _borrowed(found: Mapping[str, _Album], one_person: float) -> Iterator[str]:
    """Whoever has another person's centre, and is less sure of it; of equally sure people both.

    Centres are also near where two people look alike to the descriptor; then their faces can be told apart.
    """
    people = list(found)
    if len(people) < 2:
        return
    means = np.array([album.centre.mean for album in found.values()])
    squares = (means**2).sum(axis=1)
    near = squares[:, None] + squares - 2 * means @ means.T < one_person**2
    for row, column in np.argwhere(np.triu(near, 1)):
        one, other = found[people[row]], found[people[column]]
        if one.told_apart_from(other):
            continue
        if one.sure <= other.sure:
            yield people[row]
        if other.sure <= one.sure:
            yield people[column]


def judgements(subjects: Sequence[SubjectFace], middle: Mapping[str, Centre]) -> list[Judgement | None]:
    """Compare each face with its own and with every other person's centre; None where its own person has none."""
    if not middle:
        return [None] * len(subjects)
    people, means = list(middle), np.array([centre.mean for centre in middle.values()])
    column = {identity_id: place for place, identity_id in enumerate(people)}
    judged: list[Judgement | None] = []
    for begin in range(0, len(subjects), _AT_ONCE):
        part = subjects[begin : begin + _AT_ONCE]
        apart = likeness.distances(np.array([subject.face.embedding for subject in part]), means)
        for subject, row in zip(part, apart, strict=True):
            own = column.get(subject.identity_id)
            judged.append(None if own is None else _judgement(subject, row, own, people, middle))
    return judged


def _judgement(
    subject: SubjectFace, apart: Floats, own: int, people: Sequence[str], middle: Mapping[str, Centre]
) -> Judgement:
    centre = middle[people[own]]
    weight = centre.weights.get(subject.face.face_id, 0.0)
    distance = float(likeness.without_itself(apart[own], weight, centre.weight))
    if len(people) == 1:
        return Judgement(distance, math.inf, None, centre.album)
    apart[own] = np.inf
    nearest = int(np.argmin(apart))
    return Judgement(distance, float(apart[nearest]) - distance, people[nearest], centre.album)


def ranking(
    subject: SubjectFace,
    judged: Judgement | None,
    identities: Mapping[str, Identity],
    limits: RankSettings,
    by: LikenessSettings = OF_DLIBS,
) -> Ranking:
    """What the reviewer is told of one face."""
    person = identities[subject.identity_id]
    known = Known(
        kept=subject.kept,
        judged=judged is not None,
        claimed=bool(subject.also_stands_for),
        outside=not person.holds_on(subject.taken_on),
    )
    likely = capped(NO_IDEA if judged is None else judged.likely(by), known)
    shown_in = section(likely, known, limits)
    reasons = [] if known.kept else ["copy of a better photograph"]
    reasons += [naming(identities[other].name)[2] for other in subject.also_stands_for]
    if known.outside:
        reasons.append("outside the period" if person.dated_enough(subject.taken_on) else "no certain date")
    reasons += _doubts(judged, identities[judged.nearest].name if judged and judged.nearest else None)
    reasons += _flaws(subject)
    reasons += _circumstances(subject)
    if judged is not None and shown_in != Section.RIGHT and not reasons:
        reasons = [f"not quite like this person's other faces ({judged.distance:.2f})"]
    return Ranking(subject.face.face_id, likely, shown_in, tuple(reasons))


def _doubts(judged: Judgement | None, nearest: str | None) -> list[str]:
    """What speaks against a face; `nearest` is the name of the other person whom it is most like."""
    if judged is None:
        return [NOT_ENOUGH]
    doubts = []
    if nearest is not None and judged.margin < _HARDLY:
        doubts.append(naming(nearest)[judged.margin >= 0])
    if judged.distance > _FAR:
        doubts.append(f"far from this person's other faces ({judged.distance:.2f})")
    return doubts


def _flaws(subject: SubjectFace) -> list[str]:
    """What makes a face less usable; it says nothing of whose it is, and so changes no likelihood."""
    width = subject.face.box[2]
    return [f"tiny ({width:.0f} px)"] * (width < _TINY) + ["blurred"] * (subject.face.sharpness < _BLURRED)


def _circumstances(subject: SubjectFace) -> list[str]:
    """What helps a reviewer to see why a face may be odd, and speaks neither for nor against it."""
    yaw, company = abs(subject.face.yaw), subject.faces_in_photo
    return [f"turned away ({yaw:.0f}°)"] * (yaw >= _TURNED) + [f"in a group of {company}"] * (company >= _GROUP)
