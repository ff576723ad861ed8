"""Fit the constants of facecorpus/judging/likeness.py, and measure how far its probabilities can be trusted.

    python benchmarks/rank_fit.py fit WORLDCORPUS WORLD PHOTOCORPUS   fit; reliability on people left out of the fit
    python benchmarks/rank_fit.py check CORPUS WORLD                  reliability of the constants in likeness.py
    python benchmarks/rank_fit.py check PHOTOCORPUS                   the same on real photographs

A corpus is a folder after `facecorpus crawl`: WORLDCORPUS of WORLD, a folder with truth.csv; PHOTOCORPUS of real
photographs. Faces are handed to other people drawn at random, in rounds of different shares and draws, and each of
these is used twice: as it is, and as a stranger's, whose own centre is not known; for in life most wrong people are not
in the manifest.

The constants come from the world's people and every second real person (the first, third, … in the alphabet); the real
ones weigh four times as much, for it is them whom the toolkit meets. The halves of the real people never meet: in
neither are faces of the other handed out. So what `check PHOTOCORPUS` says of the other half, and `fit` says of each
half by constants of the other, is of people not fitted on. A little ridge keeps the constants finite, since the
world's people are nearly separable.

What the sources proposed counts as right, unless photos_seen.csv says otherwise: of two sets of photographs the faces
that ranked lowest were looked at, with the whole photograph and some of the person's others beside it. Those that
turned out to be somebody else's or no face are "wrong" there; those of which that look left a doubt are "unsure", which
leaves them out. With --proposed they count as right, like all else that the sources proposed.
"""

import argparse
import csv
import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from facecorpus.corpus import Corpus
from facecorpus.faces.boxes import iou
from facecorpus.judging import likeness, rank
from facecorpus.records import Box, SubjectFace

RIDGE = 0.03
START = np.array([3.0, -20.0, 2.0, 25.0, 1.0])  # where the fit begins: it has a second, worse end
WORLD_WEIGHT, WEIGHT = 500, 2000  # cases as which the world counts, and the real people
FOLDS = 5
SAME_FACE = 0.2  # intersection over union with the truth's box, which is taller than a detector's
ROUNDS = ((0.0, 0), *((share, seed) for share in (0.05, 0.125, 0.25, 0.4) for seed in range(3)))
"""Share of the faces handed to somebody else, and the draw; the first round is the photographs as they are."""
WORLD_ROUNDS = ((0.125, 0), (0.25, 1))  # the world has twenty times as many faces
SEEN = Path(__file__).with_name("photos_seen.csv")
NOBODY, UNSURE, RIGHT = "", "unsure", "right"

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A judged face and whether it is right."""

    subject: SubjectFace
    judged: rank.Judgement
    right: bool
    stranger: bool = False  # judged as if nobody knew whom it shows
    share: float = 0.0  # of the faces, handed to somebody else in this round


def main() -> None:
    """Fit or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("fit", "check"))
    parser.add_argument("corpus", type=Path)
    parser.add_argument("world", type=Path, nargs="?")
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--proposed", action="store_true")
    options = parser.parse_args()
    if options.part == "fit":
        if not options.photos:
            parser.error("fit needs WORLDCORPUS WORLD PHOTOCORPUS")
        fit_all(world_cases(options.corpus, options.world), real_halves(options.photos, options.proposed))
    elif options.world:
        show("world", world_cases(options.corpus, options.world), shipped())
    else:
        for name, half in zip(
            ("people fitted on", "people not fitted on"), real_halves(options.corpus, options.proposed), strict=True
        ):
            show(name, half, shipped())


def fit_all(world: Sequence[Case], halves: Sequence[Sequence[Case]]) -> None:
    """Print the constants, and what they say of people left out."""
    print("STRANGER, BY_DISTANCE, OTHER, BY_MARGIN, BY_ALBUM = ", end="")
    print(", ".join(f"{value:.1f}" for value in fit(world, halves[0])), f"(in likeness.py: {shipped()})")
    show("real people, each half by constants of the other", [*halves[0], *halves[1]], odds=crossed(world, halves))
    people = sorted({case.subject.identity_id for case in world})
    fold = np.array([people.index(case.subject.identity_id) % FOLDS for case in world])
    odds = np.empty(len(world))
    for number in range(FOLDS):
        rest = [case for case, own in zip(world, fold, strict=True) if own != number]
        own = [case for case, other in zip(world, fold, strict=True) if other == number]
        odds[fold == number] = log_odds(fit(rest, halves[0]), terms(own))
    show("world, people left out of the fit", world, odds=odds)


def crossed(world: Sequence[Case], halves: Sequence[Sequence[Case]]) -> Floats:
    """(N,) log-odds of the real cases, each half's by constants fitted on the world and the other half."""
    (one, other), terms_of = halves, [terms(half) for half in halves]
    return np.concatenate([log_odds(fit(world, other), terms_of[0]), log_odds(fit(world, one), terms_of[1])])


def shipped() -> Floats:
    """(5,): the constants of likeness.py."""
    return np.array([likeness.STRANGER, likeness.BY_DISTANCE, likeness.OTHER, likeness.BY_MARGIN, likeness.BY_ALBUM])


def terms(cases: Sequence[Case]) -> Floats:
    """(N, 3): what likeness.py judges by."""
    return np.array([(case.judged.distance, case.judged.margin, case.judged.album) for case in cases])


def log_odds(constants: Floats, matrix: Floats) -> Floats:
    """(N,): as likeness.log_odds says it with other constants."""
    stranger, by_distance, other, by_margin, by_album = constants
    distance, margin, album = matrix.T
    against = np.logaddexp(-stranger - by_distance * (distance - 0.5), -other - by_margin * margin)
    return np.asarray(by_album * album - against)


def fit(world: Sequence[Case], real: Sequence[Case]) -> Floats:
    """(5,): the constants that make the truth most likely."""
    matrix = terms([*world, *real])
    sign = np.array([1 if case.right else -1 for case in (*world, *real)])
    weight = np.repeat([WORLD_WEIGHT / len(world), WEIGHT / len(real)], [len(world), len(real)])

    def loss(constants: Floats) -> float:
        errors = np.logaddexp(0, -sign * log_odds(constants, matrix))
        return float(weight @ errors + RIDGE * (constants**2).sum())

    return np.asarray(minimize(loss, START).x)


def show(name: str, cases: Sequence[Case], constants: Floats | None = None, odds: Floats | None = None) -> None:
    """Print the Brier score, the area under the ROC curve, and how often faces of each probability were right."""
    if constants is not None:
        odds = log_odds(constants, terms(cases))
    assert odds is not None
    likely, right = 1 / (1 + np.exp(-odds)), np.array([case.right for case in cases])
    base, faces = right.mean(), len({case.subject.face.face_id for case in cases})
    print(f"\n{name}: {len(cases)} cases of {faces} faces, {base:.1%} right; area {area(likely, right):.4f};", end="")
    print(f" Brier score {np.mean((likely - right) ** 2):.4f} (always saying {base:.2f}: {base * (1 - base):.4f})")
    print("| said | cases | mean of what was said | were right |\n|---|---:|---:|---:|")
    for low, high in pairwise((0.0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 1.0)):
        inside = (likely >= low) & ((likely < high) | (high == 1.0))
        if inside.any():
            said, were = likely[inside].mean(), right[inside].mean()
            print(f"| {low:.2f} to {high:.2f} | {inside.sum():,} | {said:.3f} | {were:.3f} |")


def area(scores: Floats, right: Mask) -> float:
    """How often a right face scores above a wrong one; ties count half."""
    order = np.searchsorted(np.sort(scores[~right]), scores[right], "left")
    ties = np.searchsorted(np.sort(scores[~right]), scores[right], "right")
    return float((order + ties).mean() / 2 / (~right).sum())


def world_cases(folder: Path, world: Path) -> list[Case]:
    """All rounds of a rendered world, whose truth is known."""
    listed = rows_of(world)
    subjects = [s for s in subjects_of(folder) if s.face.photo_sha256 in listed]  # edits of them are not
    return cases_of(subjects, truth(subjects, listed), WORLD_ROUNDS)


def real_halves(folder: Path, proposed: bool = False) -> tuple[list[Case], list[Case]]:
    """All rounds of real photographs: of the people fitted on, and of the others."""
    subjects = subjects_of(folder)
    people = sorted({subject.identity_id for subject in subjects})
    shown = {s.face.face_id: s.identity_id for s in subjects} if proposed else looked_at(subjects)
    halves = [[s for s in subjects if s.identity_id in people[first::2]] for first in (0, 1)]
    return cases_of(halves[0], shown, ROUNDS), cases_of(halves[1], shown, ROUNDS)


def subjects_of(folder: Path) -> list[SubjectFace]:
    """The faces of a corpus that are no copies, as if nobody had decided anything; dates play no part."""
    with Corpus(folder).catalog() as catalog:
        return [replace(s, verdict=None, taken_on=None) for s in catalog.faces.subjects() if s.kept]


def looked_at(subjects: Sequence[SubjectFace]) -> dict[str, str]:
    """Whom each face shows, by face_id: its person, but NOBODY or UNSURE where photos_seen.csv says so."""
    seen = read_seen()
    found = {}
    for subject in subjects:
        marked = seen_as(seen, subject.face.photo_sha256, subject.face.box)
        found[subject.face.face_id] = subject.identity_id if marked is None else marked
    return found


def read_seen() -> dict[str, list[dict[str, str]]]:
    """The rows of photos_seen.csv, by the beginning of the photograph's sha256."""
    seen: dict[str, list[dict[str, str]]] = defaultdict(list)
    with SEEN.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            seen[row["photo"]].append(row)
    return seen


def seen_as(seen: Mapping[str, Sequence[Mapping[str, str]]], sha256: str, box: Box) -> str | None:
    """NOBODY or UNSURE for a face of photos_seen.csv, None where it is right or not there."""
    for row in seen.get(sha256[:16], ()):
        if 0 <= float(row["x"]) - box[0] <= box[2] and 0 <= float(row["y"]) - box[1] <= box[3]:
            return {RIGHT: None, UNSURE: UNSURE}.get(row["seen"], NOBODY)
    return None


def cases_of(
    subjects: Sequence[SubjectFace], shown: Mapping[str, str], rounds: Sequence[tuple[float, int]]
) -> list[Case]:
    """Every face as it is judged in each round; the wrong ones also as strangers."""
    cases = []
    for share, seed in rounds:
        mixed = exchanged(subjects, share, seed)
        middle = rank.centres(mixed)
        for subject, judged in zip(mixed, rank.judgements(mixed, middle), strict=True):
            who = shown.get(subject.face.face_id, NOBODY)
            if judged is None or who == UNSURE:
                continue
            cases.append(Case(subject, judged, who == subject.identity_id, stranger=who == NOBODY, share=share))
            if who not in (subject.identity_id, NOBODY):
                unknown = {identity_id: centre for identity_id, centre in middle.items() if identity_id != who}
                alone = rank.judgements([subject], unknown)
                cases.extend(Case(subject, one, False, stranger=True, share=share) for one in alone if one)
    return cases


def exchanged(subjects: Sequence[SubjectFace], share: float, seed: int) -> list[SubjectFace]:
    """The faces, of which this share stands for somebody else."""
    draw = random.Random(seed)
    people = sorted({subject.identity_id for subject in subjects})
    return [
        replace(s, identity_id=draw.choice([p for p in people if p != s.identity_id])) if draw.random() < share else s
        for s in subjects
    ]


def rows_of(world: Path) -> dict[str, dict[str, str]]:
    """The rows of truth.csv, by the photographs' sha256."""
    with (world / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {hashlib.sha256((world / row["file"]).read_bytes()).hexdigest(): row for row in csv.DictReader(file)}


def truth(subjects: Sequence[SubjectFace], rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Whom each face really shows, by face_id; NOBODY where no true box is there."""
    found = {}
    for subject in subjects:
        boxes = [(iou(subject.face.box, box), who) for who, box in _people(rows[subject.face.photo_sha256])]
        best, who = max(boxes, default=(0.0, NOBODY))
        found[subject.face.face_id] = who if best >= SAME_FACE else NOBODY
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
