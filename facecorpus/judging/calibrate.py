"""The command `calibrate`: what the ranking, the policy and dedup judge by, fitted to the corpus's own descriptor.

Half the people are judged by what the other half taught, so that the table and the limits speak of new people.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.special import expit
from scipy.stats import beta

from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.judging.fitting import NOBODY, ROUNDS, Case, Shown, cases_of, fit, near_by, odds_of, rights
from facecorpus.judging.likeness import OF_DLIBS, Floats, Mask
from facecorpus.records import SubjectFace
from facecorpus.settings import DedupSettings, LikenessSettings, RankSettings
from facecorpus.settings_file import with_values
from facecorpus.store import write_atomically
from facecorpus.system.console import track
from facecorpus.words import Reason, Verdict

SURE = 0.995
"""Share that must be right, at least, of what the policy accepts and of what it rejects."""

_ACCEPT = (0.9, 0.92, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
_REJECT = (0.005, 0.002, 0.001, 0.0005)  # none looser: the fewer are wrong, the more of what is rejected is right
_BINS = (0.0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 1.0)
_PEOPLE, _FACES = 10, 10  # of whom so many faces are accepted, at least
_MOST = 20_000  # faces, by people drawn at random
_COUNT = 2000  # cases as which all together count against the ridge, or fewer where there are fewer faces
_WRONG = ("", Reason.WRONG_PERSON, Reason.NOT_A_FACE)  # other reasons do not say whom the face shows


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often faces were right of which about the same was said."""

    low: float  # likelihoods, 0..1
    high: float
    cases: int
    said: float  # mean
    right: float  # share


@dataclass(frozen=True)
class CalibrateSummary:
    """What was fitted, and how well it holds for people left out of the fit."""

    descriptor: str
    people: int
    faces: int
    wrong: int  # of the faces
    brier: float
    brier_of_share: float  # of always saying the share that is right
    reliability: tuple[Reliability, ...]
    likeness: LikenessSettings
    face_distance: float
    accept_above: float
    accepted_right: float  # share, lower bound at 95 % (Clopper and Pearson)
    reject_below: float
    rejected_right: float
    left: float  # share of the faces that the policy would leave to people

    def __str__(self) -> str:
        lines = [
            f"Fitted to {self.faces:,} faces of {self.people} people ({self.wrong} of them are wrong), described by"
            f" {self.descriptor}.",
            f"Brier score of people left out of the fit: {self.brier:.4f} (always saying the share that is right:"
            f" {self.brier_of_share:.4f}).",
            "said to be right     cases   mean   were right",
            *(
                f"{one.low:.2f} to {one.high:.2f}  {one.cases:>14,}  {one.said:.3f}        {one.right:.3f}"
                for one in self.reliability
            ),
            f"Accepted from {self.accept_above} on: at least {self.accepted_right:.2%} are right. Rejected up to"
            f" {self.reject_below}: at least {self.rejected_right:.2%} are wrong. Left to a person: {self.left:.1%}.",
            f"corpus.toml has it now: [likeness], accept_above and reject_below in [rank], face_distance"
            f" ({self.face_distance}) in [dedup].",
        ]
        return "\n".join(lines)


def calibrate(corpus: Corpus, labelled: Corpus | None = None) -> CalibrateSummary:
    """Fit by the corpus's accepted and rejected faces, or by all faces of a labelled one, and write it into the corpus.

    Raises CorpusError where too few people have enough faces, or two networks gave the descriptors.
    """
    with (labelled or corpus).catalog() as catalog:
        catalog.descriptors.refuse_mixed()
        found = catalog.faces.subjects()
    shown = {one.face.face_id: one.identity_id if labelled else _whom(one) for one in found}
    subjects = _drawn([replace(one, verdict=None, taken_on=None) for one in found if one.kept])
    _refuse_few(subjects, shown, labelled.settings.crawl.folder if labelled else str(corpus.root))
    descriptor = subjects[0].face.descriptor
    if labelled:
        with corpus.catalog() as catalog:
            catalog.descriptors.refuse_mixed(descriptor)
    summary = _calibrated(subjects, shown, descriptor)
    path = corpus.root / "corpus.toml"
    values = {
        "likeness": asdict(summary.likeness),
        "rank": {"accept_above": summary.accept_above, "reject_below": summary.reject_below},
        "dedup": {"face_distance": summary.face_distance},
    }
    text = with_values(path.read_text(encoding="utf-8-sig"), values, str(path))
    write_atomically(path, text.encode(), corpus.root)
    return summary


def _calibrated(subjects: Sequence[SubjectFace], shown: Shown, descriptor: str) -> CalibrateSummary:
    people = sorted({subject.identity_id for subject in subjects})
    halves = [[one for one in subjects if one.identity_id in set(people[first::2])] for first in (0, 1)]
    held: list[Case] = []
    odds: list[Floats] = []
    with track("rounds of faces judged", 6 * len(ROUNDS)) as tracker:
        for taught, others in (halves, halves[::-1]):
            by = _fitted([taught], shown, tracker.advance)
            cases = cases_of(others, shown, by, advance=tracker.advance)
            held += cases
            odds.append(odds_of(cases, by))
        by = _fitted(halves, shown, tracker.advance)
    likely, right = expit(np.concatenate(odds)), rights(held)
    brier, of_share = float(np.mean((likely - right) ** 2)), float(right.mean() * (1 - right.mean()))
    if brier >= of_share:
        raise _tells_nobody_apart(descriptor)
    usual = RankSettings()
    once = right | [case.stranger for case in held]  # a face that was handed on counts as a stranger's alone
    accept_above, accepted_right = _limit(_ACCEPT, usual.accept_above, lambda one: once & (likely >= one), held, right)
    reject_below, rejected_right = _limit(_REJECT, usual.reject_below, lambda one: once & (likely <= one), held, ~right)
    decided = ((likely >= accept_above) | (likely <= reject_below)) & [not case.share for case in held]
    known = [one for one in subjects if shown[one.face.face_id] is not None]
    values = (float(f"{value:.4g}") for value in list(asdict(by).values())[1:])
    return CalibrateSummary(
        descriptor=descriptor,
        people=len(people),
        faces=len(known),
        wrong=sum(shown[one.face.face_id] != one.identity_id for one in known),
        brier=brier,
        brier_of_share=of_share,
        reliability=reliability(likely, right),
        likeness=LikenessSettings(descriptor, *values),
        face_distance=float(f"{by.near * DedupSettings().face_distance / OF_DLIBS.near:.4g}"),
        accept_above=accept_above,
        accepted_right=accepted_right,
        reject_below=reject_below,
        rejected_right=rejected_right,
        left=1 - float(decided.sum()) / len(known),
    )


def _fitted(halves: Sequence[Sequence[SubjectFace]], shown: Shown, advance: Callable[[int], None]) -> LikenessSettings:
    """The constants by these people, of whom only those of one half meet."""
    subjects = [one for half in halves for one in half]
    near = near_by(subjects, shown)
    by = replace(OF_DLIBS, near=near)
    cases = [case for half in halves for case in cases_of(half, shown, by, advance=advance)]
    if len(set(rights(cases))) < 2:
        raise _tells_nobody_apart(subjects[0].face.descriptor)
    return fit(cases, np.full(len(cases), min(_COUNT, len(subjects)) / len(cases)), near)


def reliability(likely: Floats, right: Mask) -> tuple[Reliability, ...]:
    """How well what was said holds, from the least likely to the likeliest; nothing of what nobody was told."""
    found = []
    for low, high in pairwise(_BINS):
        inside = (likely >= low) & ((likely < high) | (high == 1.0))
        if inside.any():
            said, were = float(likely[inside].mean()), float(right[inside].mean())
            found.append(Reliability(low, high, int(inside.sum()), said, were))
    return tuple(found)


def at_least(count: int, mistakes: int) -> float:
    """Clopper and Pearson's one-sided lower bound of the share without mistakes, at 95 %."""
    return float(beta.ppf(0.05, count - mistakes, mistakes + 1)) if count > mistakes else 0.0


def faces_among(cases: Sequence[Case], chosen: Mask) -> int:
    """The different faces among the chosen cases: each counts once, and as a mistake if any round made one."""
    return len({case.subject.face.face_id for case, is_chosen in zip(cases, chosen, strict=True) if is_chosen})


def _limit(
    limits: Sequence[float], usual: float, chosen_by: Callable[[float], Mask], cases: Sequence[Case], correct: Mask
) -> tuple[float, float]:
    """The first limit by which SURE is proven, or else of the usual one and the stricter the one by which most is.

    With it the bound that is proven.
    """
    bounds = {}
    for limit in limits:
        chosen = chosen_by(limit)
        bounds[limit] = at_least(faces_among(cases, chosen), faces_among(cases, chosen & ~correct))
    proven = [limit for limit in limits if bounds[limit] >= SURE]
    limit = proven[0] if proven else max(limits[limits.index(usual) :], key=lambda one: bounds[one])
    return limit, bounds[limit]


def _whom(subject: SubjectFace) -> str | None:
    """Whom the face shows, by what was decided; None where that does not say it."""
    if subject.verdict == Verdict.ACCEPT:
        return subject.identity_id
    return NOBODY if subject.verdict == Verdict.REJECT and subject.reason in _WRONG else None


def _drawn(subjects: Sequence[SubjectFace]) -> list[SubjectFace]:
    """The faces of all people, or of some who have about _MOST."""
    faces_of: dict[str, list[SubjectFace]] = defaultdict(list)
    for subject in subjects:
        faces_of[subject.identity_id].append(subject)
    drawn: list[SubjectFace] = []
    for person in random.Random(0).sample(sorted(faces_of), len(faces_of)):
        if len(drawn) < _MOST:
            drawn += faces_of[person]
    return drawn


def _tells_nobody_apart(descriptor: str) -> CorpusError:
    return CorpusError(
        f"The descriptors by {descriptor} do not tell these people apart, so nothing was written; bring another network"
        " (docs/descriptors.md)."
    )


def _refuse_few(subjects: Sequence[SubjectFace], shown: Shown, where: str) -> None:
    counts = Counter(one.identity_id for one in subjects if shown[one.face.face_id] == one.identity_id)
    enough = sum(count >= _FACES for count in counts.values())
    if enough < _PEOPLE:
        raise CorpusError(
            f"Too little is known to calibrate by: expected are {_PEOPLE} people of whom {_FACES} faces or more are"
            f" accepted, and {where} has {enough}; accept more (facecorpus review), or name a folder of"
            " photographs with one sub-folder a person (--folder)."
        )
