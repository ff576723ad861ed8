"""Fit the constants of facecorpus/rank.py, and measure how far its probabilities can be trusted.

    python benchmarks/rank_fit.py fit CORPUS WORLD       fit; reliability on people left out of the fit (5 folds)
    python benchmarks/rank_fit.py check CORPUS WORLD     reliability of the constants in rank.py, on another world
    python benchmarks/rank_fit.py check CORPUS           the same on photographs without truth, wrong people mixed in

CORPUS is a corpus folder after `facecorpus crawl`, of WORLD, a folder with truth.csv. One face in eight is handed to
another person drawn at random, and each wrong face is used twice: as it is, and as a stranger's, whose own centre is
not known; for in life most wrong people are not in the manifest. A little ridge keeps the constants finite, since the
world's people are nearly separable.

Without truth, what the sources proposed counts as right, although on the web about one in eight is not. So there "wrong
accepted" counts the faces handed over alone, and "right rejected" holds the sources' own errors, too.
"""

import argparse
import csv
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import beta

from facecorpus import rank
from facecorpus.boxes import iou
from facecorpus.catalog.records import Box, SubjectFace
from facecorpus.corpus import Corpus

RIDGE = 0.1  # smaller fits this world better, and the other world and real photographs worse
FOLDS = 5
SAME_FACE = 0.2  # intersection over union with the truth's box, which is taller than a detector's
EXCHANGED = 8


@dataclass(frozen=True)
class Sample:
    """A judged face and whether it is right."""

    subject: SubjectFace
    judged: rank.Judgement
    right: bool


def main() -> None:
    """Fit or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("fit", "check"))
    parser.add_argument("corpus", type=Path)
    parser.add_argument("world", type=Path, nargs="?")
    arguments = parser.parse_args()
    corpus = Corpus(arguments.corpus)
    with corpus.catalog() as catalog:
        subjects = [replace(s, verdict=None, taken_on=None) for s in catalog.faces.subjects() if s.kept]
    if arguments.world:
        listed = rows_of(arguments.world)
        subjects = [s for s in subjects if s.face.photo_sha256 in listed]  # edits of them are not
        person = truth(subjects, listed)
    else:
        person = {s.face.face_id: s.identity_id for s in subjects}
    mixed = exchanged(subjects)
    known, strangers = samples(mixed, person), samples(mixed, person, strangers=True)
    found = [*known, *(s for s in strangers if not s.right)]
    right = np.array([s.right for s in found])
    if arguments.part == "fit":
        constants = fit(found)
        print("BIAS, BY_DISTANCE, BY_MARGIN = " + ", ".join(f"{value:.1f}" for value in constants))
        print(f"in rank.py:                    {rank.BIAS}, {rank.BY_DISTANCE}, {rank.BY_MARGIN}")
        log_odds = left_out(found)
    else:
        log_odds = np.array([s.judged.log_odds for s in found])
    reliability(1 / (1 + np.exp(-log_odds)), right)
    limits(1 / (1 + np.exp(-log_odds)), right)
    if arguments.part == "check":
        show("as it is", known, corpus)
        show("as strangers", strangers, corpus)


def left_out(found: Sequence[Sample]) -> NDArray[np.float64]:
    """(N,) log-odds of each sample by constants fitted on the other folds' people."""
    people = sorted({s.subject.identity_id for s in found})
    fold = np.array([people.index(s.subject.identity_id) % FOLDS for s in found])
    log_odds = np.empty(len(found))
    for number in range(FOLDS):
        constants = fit([s for s, own in zip(found, fold, strict=True) if own != number])
        log_odds[fold == number] = design([s for s, own in zip(found, fold, strict=True) if own == number]) @ constants
    return log_odds


def reliability(likely: NDArray[np.float64], right: NDArray[np.bool_]) -> None:
    """Print the Brier score, and how often faces of each probability were right."""
    base = right.mean()
    print(f"{len(right)} faces, {base:.1%} right; Brier score {np.mean((likely - right) ** 2):.5f}", end="")
    print(f" (always saying {base:.2f}: {base * (1 - base):.5f})")
    edges = (0.0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 1.0)
    print("| said | faces | mean of what was said | were right |\n|---|---:|---:|---:|")
    for low, high in pairwise(edges):
        inside = (likely >= low) & ((likely < high) | (high == 1.0))
        if inside.any():
            said, were = likely[inside].mean(), right[inside].mean()
            print(f"| {low:.2f} to {high:.2f} | {inside.sum()} | {said:.3f} | {were:.3f} |")


def limits(likely: NDArray[np.float64], right: NDArray[np.bool_]) -> None:
    """Print, for limits of the automatic policy, its precision and the bound that holds with 95 % confidence."""
    for name, chosen, correct in (
        *((f"accept above {limit}", likely >= limit, right) for limit in (0.8, 0.9, 0.95, 0.98)),
        *((f"reject below {limit}", likely <= limit, ~right) for limit in (0.2, 0.1, 0.05, 0.02)),
    ):
        count, errors = int(chosen.sum()), int((chosen & ~correct).sum())
        # Clopper and Pearson's one-sided bound
        bound = beta.ppf(0.05, count - errors, errors + 1) if count > errors else 0.0
        print(f"  {name}: {count} faces, {errors} wrongly; precision at least {bound:.4f}")


def samples(subjects: Sequence[SubjectFace], person: Mapping[str, str], *, strangers: bool = False) -> list[Sample]:
    """Judge every face whose person has a centre; with `strangers`, without the centre of whom it really shows."""
    middle = rank.centres(subjects)
    found = []
    for subject in subjects:
        shown = person.get(subject.face.face_id)
        right = shown == subject.identity_id
        known = {i: c for i, c in middle.items() if right or not strangers or i != shown}
        judged = rank.judge(subject, known)
        if judged is not None:
            found.append(Sample(subject, judged, right))
    return found


def exchanged(subjects: Sequence[SubjectFace]) -> list[SubjectFace]:
    """The faces, of which one in EXCHANGED stands for somebody else."""
    draw = random.Random(0)
    people = sorted({subject.identity_id for subject in subjects})
    return [
        replace(s, identity_id=draw.choice([p for p in people if p != s.identity_id]))
        if draw.randrange(EXCHANGED) == 0
        else s
        for s in subjects
    ]


def design(found: Sequence[Sample]) -> NDArray[np.float64]:
    """(N, 3): what Judgement.log_odds multiplies with its constants."""
    margins = np.clip([s.judged.margin for s in found], -rank.LARGEST_MARGIN, rank.LARGEST_MARGIN)
    return np.column_stack((np.ones(len(found)), [s.judged.distance - 0.5 for s in found], margins))


def fit(found: Sequence[Sample]) -> NDArray[np.float64]:
    """(3,): the constants of Judgement.log_odds that make the truth most likely."""
    terms = design(found)
    sign = np.where([s.right for s in found], 1, -1)

    def loss(constants: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -sign * (terms @ constants)).sum() + RIDGE * (constants[1:] ** 2).sum())

    return np.asarray(minimize(loss, np.zeros(3)).x)


def show(name: str, found: Sequence[Sample], corpus: Corpus) -> None:
    """Print what the policy would do with these faces, and how well the likelihood orders them."""
    identities = {identity.identity_id: identity for identity in corpus.manifest.identities}
    limits = corpus.settings.rank
    rankings = [rank.ranking(s.subject, s.judged, identities, limits) for s in found]
    right = np.array([s.right for s in found])
    section = np.array([ranking.section for ranking in rankings])
    accepted, rejected, look = (section == name for name in ("right", "wrong", "look"))
    print(f"{name}: {len(found)} faces, {right.sum()} right")
    print(f"  accepted {accepted.sum()}, of which {(accepted & ~right).sum()} wrong")
    print(f"  rejected {rejected.sum()}, of which {(rejected & right).sum()} right")
    print(f"  left to look at {look.sum()} ({look.mean():.1%}), of which {(look & right).sum()} right")
    print(f"  area under the ROC curve {area([r.likely for r in rankings], right):.4f}")


def area(scores: Sequence[float], right: NDArray[np.bool_]) -> float:
    """How often a right face scores above a wrong one; ties count half."""
    values = np.asarray(scores)
    above = values[right][:, None] - values[~right][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def rows_of(world: Path) -> dict[str, dict[str, str]]:
    """The rows of truth.csv, by the photographs' sha256."""
    with (world / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {hashlib.sha256((world / row["file"]).read_bytes()).hexdigest(): row for row in csv.DictReader(file)}


def truth(subjects: Sequence[SubjectFace], rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Whom each face really shows, by face_id; nobody where no true box is there."""
    found = {}
    for subject in subjects:
        boxes = [(iou(subject.face.box, box), who) for who, box in _people(rows[subject.face.photo_sha256])]
        best, who = max(boxes, default=(0.0, ""))
        if best >= SAME_FACE:
            found[subject.face.face_id] = who
    return found


def _people(row: Mapping[str, str]) -> Iterator[tuple[str, Box]]:
    """Everybody in the picture; `others` reads like "id015:80,99,85,96;id057:198,89,59,78"."""
    if row["face_x"]:
        x, y, width, height = (float(row[f"face_{key}"]) for key in "xywh")
        yield row["true_identity"], (x, y, width, height)
    for other in filter(None, row["others"].split(";")):
        who, numbers = other.split(":")
        x, y, width, height = map(float, numbers.split(","))
        yield who, (x, y, width, height)


if __name__ == "__main__":
    main()
