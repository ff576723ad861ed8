"""What a reviewer should see first: how likely each face is the person it stands for, in which section, and why.

How likely it is comes from likeness.py; accepted faces weigh more in a person's centre there, rejected ones never
count.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice

import numpy as np

from facecorpus.catalog.descriptors import Taught
from facecorpus.corpus import Corpus
from facecorpus.errors import SettingsError
from facecorpus.judging import likeness
from facecorpus.judging.groups import grouped
from facecorpus.judging.likeness import FEWEST, OF_DLIBS, Floats
from facecorpus.judging.section import NO_IDEA, Known, capped, section
from facecorpus.judging.undated import Undated, said_of_undated, undated, youngest_first
from facecorpus.manifest import Identity
from facecorpus.records import Ranking, SubjectFace
from facecorpus.settings import LikenessSettings, RankSettings
from facecorpus.system.console import Tracker, track
from facecorpus.words import Doubt, Section, Verdict, shortened

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
    without: frozenset[str]  # face_ids of the person's kept faces that it is not made of; they are few
    weight: float  # of all others together
    album: float  # likeness.album_odds of the faces that stand for the person

    def weight_of(self, subject: SubjectFace) -> float:
        """What a face of the person counts in it."""
        if not subject.kept or subject.face.face_id in self.without:
            return 0.0
        return likeness.ACCEPTED_WEIGHT if subject.verdict == Verdict.ACCEPT else 1.0


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


class _Tally:
    """What a summary says of rankings that go by, person by person."""

    def __init__(self) -> None:
        self._sections: Counter[Section] = Counter()
        self._unjudged: list[str] = []
        self._undated: list[Undated] = []

    def noted(
        self, ranked: Iterable[tuple[SubjectFace, Ranking]], people: Mapping[str, Identity], by: LikenessSettings
    ) -> Iterator[Ranking]:
        """The rankings, each person's in groups."""
        for identity_id, pairs in groupby(ranked, lambda pair: pair[0].identity_id):
            subjects, rankings = zip(*pairs, strict=True)
            self._sections.update(one.section for subject, one in zip(subjects, rankings, strict=True) if subject.kept)
            self._unjudged += [identity_id] * any(Doubt.NOT_ENOUGH in one.reasons for one in rankings)
            self._undated += undated(people[identity_id], subjects)
            yield from grouped(subjects, rankings, by.near)

    def summary(self, of_age: int) -> RankSummary:
        """The sums of all that went by."""
        right, look, wrong = (self._sections[section] for section in (Section.RIGHT, Section.LOOK, Section.WRONG))
        not_judged = tuple(sorted(self._unjudged))
        return RankSummary(right + look + wrong, right, look, wrong, not_judged, youngest_first(self._undated), of_age)


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
    by, tally = corpus.settings.likeness, _Tally()
    with corpus.catalog() as catalog:
        catalog.descriptors.refuse_unfit(by.descriptor)
        people = catalog.faces.listed()
        with track("ranking: people, looked at twice", 2 * len(people)) as tracker:
            # Only people teach the ranking; the automatic policy would otherwise confirm what it was told.
            middle = centres_of(_counted(people, tracker), catalog.descriptors.taught, by)
            each = (catalog.faces.subjects_of(person, auto=False) for person in _counted(people, tracker))
            everybody = chain.from_iterable(each)
            catalog.faces.rank(tally.noted(_ranked(everybody, middle, identities, limits, by), identities, by))
    return tally.summary(corpus.settings.labels.young_from)


def _counted(people: Iterable[str], tracker: Tracker) -> Iterator[str]:
    for identity_id in people:
        yield identity_id
        tracker.advance(1)


def rank(
    subjects: Sequence[SubjectFace],
    identities: Mapping[str, Identity],
    limits: RankSettings,
    by: LikenessSettings = OF_DLIBS,
) -> list[Ranking]:
    """The ranking of each face, in the order given; the verdicts in it must be people's."""
    return [one for _, one in _ranked(subjects, centres(subjects, by), identities, limits, by)]


def _ranked(
    subjects: Iterable[SubjectFace],
    middle: Mapping[str, Centre],
    identities: Mapping[str, Identity],
    limits: RankSettings,
    by: LikenessSettings,
) -> Iterator[tuple[SubjectFace, Ranking]]:
    for subject, judged in judgements(subjects, middle):
        yield subject, ranking(subject, judged, identities, limits, by)


def centres(subjects: Sequence[SubjectFace], by: LikenessSettings = OF_DLIBS) -> dict[str, Centre]:
    """The centre of each person who has one, by identity_id; see centres_of."""
    faces_of: dict[str, list[SubjectFace]] = defaultdict(list)
    for subject in sorted(subjects, key=lambda subject: subject.face.face_id):
        if subject.kept:
            faces_of[subject.identity_id].append(subject)

    def taught(identity_id: str) -> Taught:
        faces = faces_of[identity_id]
        return Taught(
            face_ids=tuple(subject.face.face_id for subject in faces),
            descriptors=np.array([subject.face.embedding for subject in faces]),
            accepted=np.array([subject.verdict == Verdict.ACCEPT for subject in faces]),
            rejected=np.array([subject.verdict == Verdict.REJECT for subject in faces]),
        )

    return centres_of(list(faces_of), taught, by)


def centres_of(
    people: Iterable[str], taught: Callable[[str], Taught], by: LikenessSettings = OF_DLIBS
) -> dict[str, Centre]:
    """The centre of each person who has one, by identity_id; `taught` gives a person's kept faces.

    Of two people with the same centre, the one with the smaller share of it among their photographs has none: their
    photographs are, for the most part, the other's.
    """
    found: dict[str, _Album] = {}
    for identity_id in people:
        faces = taught(identity_id)
        members = likeness.members(faces.descriptors, faces.accepted, faces.rejected, by.near)
        if members is not None:
            weights = likeness.weights_of(faces.accepted, faces.rejected) * members
            centre = Centre(
                mean=likeness.mean_of(faces.descriptors, weights),
                without=frozenset(faces.face_ids[row] for row in np.flatnonzero(weights == 0)),
                weight=float(weights.sum()),
                album=likeness.album_odds(members, faces.rejected),
            )
            accepted = faces.accepted.sum()
            sure = 1.0 + accepted if accepted >= FEWEST else members.sum() / (~faces.rejected).sum()
            found[identity_id] = _Album(centre, float(sure))
    borrowed = set(_borrowed(found, taught, by.one_person))
    return {identity_id: album.centre for identity_id, album in found.items() if identity_id not in borrowed}


@dataclass(frozen=True, slots=True)
class _Album:
    """What a person's faces that belong together make."""

    centre: Centre
    sure: float  # the share of them among the photographs; beyond 1 where people accepted enough

    def of(self, faces: Taught) -> tuple[likeness.Descriptors, Floats]:
        """Their descriptors and weights."""
        inside = np.array([face_id not in self.centre.without for face_id in faces.face_ids])
        weights = likeness.weights_of(faces.accepted, faces.rejected)
        return faces.descriptors[inside], weights[inside]


def _borrowed(found: Mapping[str, _Album], taught: Callable[[str], Taught], one_person: float) -> Iterator[str]:
    """Whoever has another person's centre, and is less sure of it; of equally sure people both.

    Centres are also near where two people look alike to the descriptor; then their faces can be told apart.
    """
    people = list(found)
    if len(people) < 2:
        return
    means = np.array([album.centre.mean for album in found.values()])
    for row, column in likeness.pairs_within(means, one_person):
        one, other = found[people[row]], found[people[column]]
        faces, weights = one.of(taught(people[row]))
        others, other_weights = other.of(taught(people[column]))
        if likeness.told_apart(faces, others, weights, other_weights) >= likeness.TOLD_APART:
            continue
        if one.sure <= other.sure:
            yield people[row]
        if other.sure <= one.sure:
            yield people[column]


def judgements(
    subjects: Iterable[SubjectFace], middle: Mapping[str, Centre]
) -> Iterator[tuple[SubjectFace, Judgement | None]]:
    """Each face, compared with its own and with every other person's centre; None where its own person has none."""
    people, means = list(middle), np.array([centre.mean for centre in middle.values()])
    column = {identity_id: place for place, identity_id in enumerate(people)}
    faces = iter(subjects)
    while part := list(islice(faces, _AT_ONCE)):
        if not people:
            yield from ((subject, None) for subject in part)
            continue
        own = np.array([column.get(subject.identity_id, -1) for subject in part])
        descriptors = np.array([subject.face.embedding for subject in part])
        apart = zip(*likeness.beside(descriptors, means, np.maximum(own, 0)), strict=True)
        for subject, place, (mine, other, further) in zip(part, own, apart, strict=True):
            if place < 0:
                yield subject, None
                continue
            centre = middle[people[place]]
            distance = float(likeness.without_itself(mine, centre.weight_of(subject), centre.weight))
            nearest = None if other == place else people[other]
            yield subject, Judgement(distance, float(further) - distance, nearest, centre.album)


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
    reasons = [] if known.kept else [str(Doubt.COPY)]
    reasons += [Doubt.ALSO.format(other=identities[other].name) for other in subject.also_stands_for]
    if known.outside:
        reasons.append(Doubt.OUTSIDE if person.dated_enough(subject.taken_on) else Doubt.NO_DATE)
    reasons += _doubts(judged, identities[judged.nearest].name if judged and judged.nearest else None)
    reasons += _flaws(subject)
    reasons += _circumstances(subject)
    if judged is not None and shown_in != Section.RIGHT and not reasons:
        reasons = [Doubt.UNLIKE.format(distance=judged.distance)]
    return Ranking(subject.face.face_id, likely, shown_in, tuple(reasons))


def _doubts(judged: Judgement | None, nearest: str | None) -> list[str]:
    """What speaks against a face; `nearest` is the name of the other person whom it is most like."""
    if judged is None:
        return [Doubt.NOT_ENOUGH]
    doubts = []
    if nearest is not None and judged.margin < _HARDLY:
        doubts.append((Doubt.CLOSER if judged.margin < 0 else Doubt.NEARLY).format(other=nearest))
    if judged.distance > _FAR:
        doubts.append(Doubt.FAR.format(distance=judged.distance))
    return doubts


def _flaws(subject: SubjectFace) -> list[str]:
    """What makes a face less usable; it says nothing of whose it is, and so changes no likelihood."""
    width = subject.face.box[2]
    blurred = subject.face.sharpness < _BLURRED
    return [Doubt.TINY.format(width=width)] * (width < _TINY) + [str(Doubt.BLURRED)] * blurred


def _circumstances(subject: SubjectFace) -> list[str]:
    """What helps a reviewer to see why a face may be odd, and speaks neither for nor against it."""
    yaw, company = abs(subject.face.yaw), subject.faces_in_photo
    turned, group = Doubt.TURNED.format(degrees=yaw), Doubt.GROUP.format(count=company)
    return [turned] * (yaw >= _TURNED) + [group] * (company >= _GROUP)
