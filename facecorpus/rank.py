"""What a reviewer should see first: how likely each face is the person it stands for, and why.

Each person has a *centre*: the weighted mean of the descriptors that belong together. It starts at the face with the
most near relatives and takes in what is near, round by round; faces that people accepted weigh more and are never
left out, rejected ones never count. A face is judged by its distance from its own person's centre (made without the
face itself), and by how much nearer that is than the nearest other person's: a logistic function of the two.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facecorpus.catalog.records import Ranking, SubjectFace
from facecorpus.corpus import Corpus
from facecorpus.errors import SettingsError
from facecorpus.manifest import Identity
from facecorpus.settings import RankSettings

Vector = NDArray[np.float64]
"""(128,) float64."""

Vectors = NDArray[np.float64]
"""(N, 128) float64."""

NOT_ENOUGH = "not enough to judge: too few photographs, or no majority of them, show one and the same person"

NEAR = 0.48
"""Distance of descriptors below which two faces are likely the same person's; 0.6, the usual cut, is too loose."""

FEWEST = 4
"""Faces that a centre needs."""

BIAS, BY_DISTANCE, BY_MARGIN = -0.8, -15.9, 17.1
"""log-odds of "right" = BIAS + BY_DISTANCE · (distance − 0.5) + BY_MARGIN · margin, margin within ±LARGEST_MARGIN.

Fitted by ``benchmarks/rank_fit.py fit CORPUS WORLD``; how well the probabilities hold is in docs/performance.md. Size,
sharpness, yaw and the detector's score were tried as further terms: they make it no better on people not fitted on.
"""

LARGEST_MARGIN = 0.2  # beyond it, further away says no more

_FLAW = 1.0  # log-odds that a blurred or a tiny face loses; chosen, not fitted
_BLURRED = 15.0  # variance of the Laplacian below which a face of 150 pixels is blurred
_TINY = 40.0  # pixels of width
_TURNED = 40.0  # degrees
_PROFILE = 25.0  # degrees as estimated, which is too little for profiles
_BARELY_FOUND = 0.3  # a detector's score
_GROUP = 3  # faces
_FAR = 0.5
_HARDLY = 0.05  # a margin that does not tell two people apart
ACCEPTED_WEIGHT = 3.0  # of a face that a person accepted, against 1
_ROUNDS = 10
_NO_IDEA = 0.5
_ONE_PERSON = 0.3
"""Distance of two people's centres below which both stand for one person: one album holds the other's photographs."""

Mask = NDArray[np.bool_]
"""(N,) bool."""


@dataclass(frozen=True, slots=True)
class Centre:
    """The middle of one person's descriptors."""

    total: Vector  # the weighted sum
    weights: Mapping[str, float]  # by face_id, of the faces that it is made of

    def seen_from(self, subject: SubjectFace) -> Vector:
        """The mean without this face: nothing may vouch for itself."""
        own = self.weights.get(subject.face.face_id, 0.0)
        return (self.total - own * subject.face.embedding) / (sum(self.weights.values()) - own)


def log_odds(distance: Vector | float, margin: Vector | float) -> Vector:
    """The log-odds that faces are their own person's, by the distance from that person and the lead over all others."""
    lead = np.clip(margin, -LARGEST_MARGIN, LARGEST_MARGIN)
    return np.asarray(BIAS + BY_DISTANCE * (np.asarray(distance) - 0.5) + BY_MARGIN * lead)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How near a face is to its own person, and to whom else."""

    distance: float  # of descriptors, from its own person's centre
    margin: float  # how much further away the nearest other person's centre is
    nearest: str | None  # that person's identity_id; None where no other person has a centre

    @property
    def log_odds(self) -> float:
        """The log-odds that the face is its own person's."""
        return float(log_odds(self.distance, self.margin))


@dataclass(frozen=True)
class RankSummary:
    """How the faces fell into the reviewer's three sections; copies of better photographs are left out."""

    faces: int
    right: int
    look: int
    wrong: int
    people_without_centre: int  # too few photographs to judge their faces

    def __str__(self) -> str:
        few = f" {self.people_without_centre} people have too few like faces to judge by."
        return (
            f"{self.faces} faces ranked: {self.right} surely right, {self.look} to look at, {self.wrong} surely wrong."
            + few * bool(self.people_without_centre)
        )


def rank_faces(corpus: Corpus) -> RankSummary:
    """Rank all faces that stand for a person anew.

    Raises SettingsError where the two limits contradict each other.
    """
    limits = corpus.settings.rank
    if limits.reject_below >= limits.accept_above:
        raise SettingsError(
            f"{corpus.root / 'corpus.toml'}: reject_below ({limits.reject_below}) in [rank] must be smaller than"
            f" accept_above ({limits.accept_above}); set, for example, 0.1 and 0.9."
        )
    identities = {identity.identity_id: identity for identity in corpus.manifest.identities}
    with corpus.catalog() as catalog:
        decided = catalog.decisions.decided_by_people()
        # Only people teach the ranking; the automatic policy would otherwise confirm what it was told.
        subjects = [s if s.face.face_id in decided else replace(s, verdict=None) for s in catalog.faces.subjects()]
        rankings = rank(subjects, identities, limits)
        catalog.faces.rank(rankings)
    kept = {subject.face.face_id for subject in subjects if subject.kept}
    sections = [ranking.section for ranking in rankings if ranking.face_id in kept]
    return RankSummary(
        faces=len(sections),
        right=sections.count("right"),
        look=sections.count("look"),
        wrong=sections.count("wrong"),
        people_without_centre=len({s.identity_id for s in subjects}) - len(centres(subjects)),
    )


def rank(subjects: Sequence[SubjectFace], identities: Mapping[str, Identity], limits: RankSettings) -> list[Ranking]:
    """The ranking of each face, in the order given; the verdicts in it must be people's."""
    middle = centres(subjects)
    return [ranking(subject, judge(subject, middle), identities, limits) for subject in subjects]


def centres(subjects: Sequence[SubjectFace]) -> dict[str, Centre]:
    """The centre of each person who has one, by identity_id.

    Of two people with the same centre, the one with the smaller share of it among their photographs has none: their
    photographs are, for the most part, the other's.
    """
    faces_of: dict[str, list[SubjectFace]] = defaultdict(list)
    for subject in sorted(subjects, key=lambda subject: subject.face.face_id):
        if subject.kept and subject.verdict != "reject":
            faces_of[subject.identity_id].append(subject)
    found: dict[str, tuple[float, Centre]] = {}
    for identity_id, faces in faces_of.items():
        descriptors = np.array([subject.face.embedding for subject in faces], np.float64)
        accepted = np.array([subject.verdict == "accept" for subject in faces])
        members = _members(descriptors, accepted)
        if members is not None:
            weights = np.where(accepted, ACCEPTED_WEIGHT, 1.0)
            made_of = {faces[row].face.face_id: float(weights[row]) for row in np.flatnonzero(members)}
            sure = 1.0 + accepted.sum() if accepted.sum() >= FEWEST else float(members.mean())
            found[identity_id] = (sure, Centre(weights[members] @ descriptors[members], made_of))
    borrowed = set(_borrowed(found))
    return {identity_id: centre for identity_id, (_, centre) in found.items() if identity_id not in borrowed}


def _borrowed(found: Mapping[str, tuple[float, Centre]]) -> Iterator[str]:
    """Whoever has another person's centre, and is less sure of it; of equally sure people both."""
    people = list(found)
    if len(people) < 2:
        return
    means = np.array([centre.total / sum(centre.weights.values()) for _, centre in found.values()])
    squares = (means**2).sum(axis=1)
    near = squares[:, None] + squares - 2 * means @ means.T < _ONE_PERSON**2
    for row, column in np.argwhere(np.triu(near, 1)):
        one, other = people[row], people[column]
        if found[one][0] <= found[other][0]:
            yield one
        if found[other][0] <= found[one][0]:
            yield other


def _members(descriptors: Vectors, accepted: Mask) -> Mask | None:
    """Which of one person's faces, rejected ones left out, make the centre.

    None where fewer than FEWEST belong together, or no majority does and people have not accepted that many.
    """
    if len(descriptors) < FEWEST:
        return None
    weights = np.where(accepted, ACCEPTED_WEIGHT, 1.0)
    taught = accepted.sum() >= FEWEST
    squares = (descriptors**2).sum(axis=1)
    members = accepted if taught else accepted | _relatives(descriptors, weights)
    for _ in range(_ROUNDS):
        inside = weights * members
        mean = inside @ descriptors / inside.sum()
        near = accepted | (squares - 2 * descriptors @ mean + mean @ mean < NEAR**2)
        if (near == members).all():
            break
        members = near
    if members.sum() < FEWEST or (not taught and 2 * members.sum() <= len(descriptors)):
        return None
    return np.asarray(members)


def _relatives(descriptors: Vectors, weights: Vector) -> Mask:
    """(N,): which faces are near to the one that has the most near it."""
    squares = (descriptors**2).sum(axis=1)
    near = squares[:, None] + squares - 2 * descriptors @ descriptors.T < NEAR**2
    return np.asarray(near[np.argmax(near @ weights)])


def rank_identity(
    embeddings: NDArray[np.float32],
    verdicts: Sequence[str | None],
    others: NDArray[np.float64] | None = None,
    names: Sequence[str] = (),
) -> list[tuple[float, tuple[str, ...]]]:
    """How likely each face of one person is right, and why not, while a reviewer decides: (likely, reasons) for each.

    embeddings is (N, 128), verdicts has accept, reject or None for each face, others is (M, 128): the centres of the
    other people, with their names. Accepted faces make the centre, rejected ones never count, and
    no face vouches for itself. Quality, period and copies are left to the whole ranking. A few ms for 1,000 faces.
    """
    descriptors = np.asarray(embeddings, np.float64).reshape(-1, 128)
    weights = np.array([{"accept": ACCEPTED_WEIGHT, "reject": 0.0}.get(verdict or "", 1.0) for verdict in verdicts])
    eligible = weights > 0
    among = _members(descriptors[eligible], weights[eligible] > 1) if eligible.any() else None
    if among is None:
        return [(_NO_IDEA, (NOT_ENOUGH,))] * len(descriptors)
    own = np.zeros(len(descriptors))
    own[np.flatnonzero(eligible)[among]] = weights[eligible][among]
    squared = (descriptors**2).sum(axis=1)
    # Without the face itself the mean is (total − own · face) / rest, so that the face less it is that far from it:
    rest, total = own.sum() - own, own @ descriptors
    apart = own.sum() ** 2 * squared - 2 * own.sum() * (descriptors @ total) + total @ total
    distance = np.sqrt(np.maximum(apart, 0)) / rest
    margin, nearest = np.full(len(descriptors), LARGEST_MARGIN), np.full(len(descriptors), -1)
    if others is not None and len(others):
        squares = squared[:, None] + (others**2).sum(axis=1) - 2 * descriptors @ others.T
        nearest = squares.argmin(axis=1)
        margin = np.sqrt(np.maximum(squares.min(axis=1), 0)) - distance
    ranked = []
    for far, lead, other in zip(distance.tolist(), margin.tolist(), nearest.tolist(), strict=True):
        judged = Judgement(far, lead, names[other] if other >= 0 else None)
        ranked.append((_probability(judged.log_odds), tuple(_doubts(judged, judged.nearest))))
    return ranked


def judge(subject: SubjectFace, middle: Mapping[str, Centre]) -> Judgement | None:
    """Compare a face with its own and with every other person's centre; None where its own person has none."""
    own = middle.get(subject.identity_id)
    if own is None:
        return None
    distance = _distance(subject, own)
    others = [(_distance(subject, centre), identity_id) for identity_id, centre in middle.items() if centre is not own]
    if not others:
        return Judgement(distance, LARGEST_MARGIN, None)
    nearest, identity_id = min(others)
    return Judgement(distance, nearest - distance, identity_id)


def _distance(subject: SubjectFace, centre: Centre) -> float:
    return float(np.linalg.norm(subject.face.embedding - centre.seen_from(subject)))


def ranking(
    subject: SubjectFace, judged: Judgement | None, identities: Mapping[str, Identity], limits: RankSettings
) -> Ranking:
    """What the reviewer is told of one face."""
    holds = identities[subject.identity_id].holds_on(subject.taken_on)
    flaws = _flaws(subject)
    if judged is None:
        likely = _NO_IDEA
    else:
        # A flaw makes a right face less sure; it is no evidence that the face is somebody else's.
        odds = judged.log_odds
        likely = _probability(max(min(odds, 0.0), odds - _FLAW * len(flaws)))
    if not holds or subject.also_stands_for:
        likely = min(likely, _NO_IDEA)
    if not subject.kept or judged is None:
        section = "look"
    elif likely >= limits.accept_above:
        section = "right"
    elif subject.also_stands_for:  # one of two people is wrong, and a reviewer should see both
        section = "look"
    else:
        section = "wrong" if likely <= limits.reject_below and not _hard_to_read(subject) else "look"
    reasons = ["copy of a better photograph"] if not subject.kept else []
    reasons += [f"the same picture stands for {identities[other].name}" for other in subject.also_stands_for]
    reasons += [] if holds else ["outside the period"]
    reasons += _doubts(judged, identities[judged.nearest].name if judged and judged.nearest else None)
    reasons += flaws
    reasons += _circumstances(subject)
    if judged is not None and section != "right" and not reasons:
        reasons = [f"not quite like this person's other faces ({judged.distance:.2f})"]
    return Ranking(subject.face.face_id, likely, section, tuple(reasons))


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _doubts(judged: Judgement | None, nearest: str | None) -> list[str]:
    """What speaks against a face; `nearest` is the name of the other person whom it is most like."""
    if judged is None:
        return [NOT_ENOUGH]
    doubts = []
    if nearest is not None and judged.margin < _HARDLY:
        doubts.append(f"{'closer to' if judged.margin < 0 else 'almost as close to'} {nearest}")
    if judged.distance > _FAR:
        doubts.append(f"far from this person's other faces ({judged.distance:.2f})")
    return doubts


def _hard_to_read(subject: SubjectFace) -> bool:
    """Whether the descriptor may be far off although the person is right: such a face is never surely wrong.

    Of real photographs' faces below the limit, one in four was right after all: all of them profiles, faces thrown
    back, or barely detected.
    """
    face = subject.face
    return abs(face.yaw) >= _PROFILE or face.score < _BARELY_FOUND or bool(_flaws(subject))


def _flaws(subject: SubjectFace) -> list[str]:
    """What makes a face less usable, and its descriptor less sure."""
    width = subject.face.box[2]
    return [f"tiny ({width:.0f} px)"] * (width < _TINY) + ["blurred"] * (subject.face.sharpness < _BLURRED)


def _circumstances(subject: SubjectFace) -> list[str]:
    """What helps a reviewer to see why a face may be odd, and speaks neither for nor against it."""
    yaw, company = abs(subject.face.yaw), subject.faces_in_photo
    return [f"turned away ({yaw:.0f}°)"] * (yaw >= _TURNED) + [f"in a group of {company}"] * (company >= _GROUP)
