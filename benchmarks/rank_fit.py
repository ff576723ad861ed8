"""Fit the default constants of [likeness], and measure how far its probabilities can be trusted.

    python benchmarks/rank_fit.py fit WORLDCORPUS WORLD PHOTOCORPUS   fit; reliability on people left out of the fit
    python benchmarks/rank_fit.py check CORPUS WORLD                  reliability of the default constants
    python benchmarks/rank_fit.py check PHOTOCORPUS                   the same on real photographs

A corpus is a folder after `facecorpus crawl`: WORLDCORPUS of WORLD, a folder with truth.csv; PHOTOCORPUS of real
photographs. The fit is facecorpus/judging/fitting.py's, which `facecorpus calibrate` fits to another descriptor by one
corpus alone.

The constants come from the world's people and every second real person (the first, third, … in the alphabet); the real
ones weigh four times as much, for it is them whom the toolkit meets. The halves of the real people never meet: in
neither are faces of the other handed out. So what `check PHOTOCORPUS` says of the other half, and `fit` says of each
half by constants of the other, is of people not fitted on.

What the sources proposed counts as right, unless photos_seen.csv says otherwise: of two sets of photographs the faces
that ranked lowest were looked at, with the whole photograph and some of the person's others beside it. Those that
turned out to be somebody else's or no face are "wrong" there; those of which that look left a doubt are "unsure", which
leaves them out. With --proposed they count as right, like all else that the sources proposed.
"""

import argparse
import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from scipy.special import expit

from facecorpus.corpus import Corpus
from facecorpus.faces.boxes import iou
from facecorpus.judging.calibrate import reliability
from facecorpus.judging.fitting import NOBODY, Case, cases_of, odds_of, rights
from facecorpus.judging.fitting import fit as fitted
from facecorpus.judging.likeness import OF_DLIBS, Floats, Mask
from facecorpus.records import Box, SubjectFace
from facecorpus.settings import LikenessSettings

WORLD_WEIGHT, WEIGHT = 500, 2000  # cases as which the world counts, and the real people
FOLDS = 5
SAME_FACE = 0.2  # intersection over union with the truth's box, which is taller than a detector's
WORLD_ROUNDS = ((0.125, 0), (0.25, 1))  # the world has twenty times as many faces
SEEN = Path(__file__).with_name("photos_seen.csv")
UNSURE, RIGHT = "unsure", "right"


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
        show("world", world_cases(options.corpus, options.world), OF_DLIBS)
    else:
        for name, half in zip(
            ("people fitted on", "people not fitted on"), real_halves(options.corpus, options.proposed), strict=True
        ):
            show(name, half, OF_DLIBS)


def fit_all(world: Sequence[Case], halves: Sequence[Sequence[Case]]) -> None:
    """Print the constants, and what they say of people left out."""
    print(f"{asdict(fit(world, halves[0]))}\n(the defaults: {asdict(OF_DLIBS)})")
    show("real people, each half by constants of the other", [*halves[0], *halves[1]], odds=crossed(world, halves))
    people = sorted({case.subject.identity_id for case in world})
    fold = np.array([people.index(case.subject.identity_id) % FOLDS for case in world])
    odds = np.empty(len(world))
    for number in range(FOLDS):
        rest = [case for case, own in zip(world, fold, strict=True) if own != number]
        own = [case for case, other in zip(world, fold, strict=True) if other == number]
        odds[fold == number] = odds_of(own, fit(rest, halves[0]))
    show("world, people left out of the fit", world, odds=odds)


def crossed(world: Sequence[Case], halves: Sequence[Sequence[Case]]) -> Floats:
    """(N,) log-odds of the real cases, each half's by constants fitted on the world and the other half."""
    one, other = halves
    return np.concatenate([odds_of(one, fit(world, other)), odds_of(other, fit(world, one))])


def fit(world: Sequence[Case], real: Sequence[Case]) -> LikenessSettings:
    """The constants by both, with their weights."""
    return fitted([*world, *real], np.repeat([WORLD_WEIGHT / len(world), WEIGHT / len(real)], [len(world), len(real)]))


def show(name: str, cases: Sequence[Case], by: LikenessSettings = OF_DLIBS, odds: Floats | None = None) -> None:
    """Print the Brier score, the area under the ROC curve, and how often faces of each probability were right."""
    likely, right = expit(odds_of(cases, by) if odds is None else odds), rights(cases)
    base, faces = right.mean(), len({case.subject.face.face_id for case in cases})
    print(f"\n{name}: {len(cases)} cases of {faces} faces, {base:.1%} right; area {area(likely, right):.4f};", end="")
    print(f" Brier score {np.mean((likely - right) ** 2):.4f} (always saying {base:.2f}: {base * (1 - base):.4f})")
    print("| said | cases | mean of what was said | were right |\n|---|---:|---:|---:|")
    for one in reliability(likely, right):
        print(f"| {one.low:.2f} to {one.high:.2f} | {one.cases:,} | {one.said:.3f} | {one.right:.3f} |")


def area(scores: Floats, right: Mask) -> float:
    """How often a right face scores above a wrong one; ties count half."""
    order = np.searchsorted(np.sort(scores[~right]), scores[right], "left")
    ties = np.searchsorted(np.sort(scores[~right]), scores[right], "right")
    return float((order + ties).mean() / 2 / (~right).sum())


def world_cases(folder: Path, world: Path) -> list[Case]:
    """All rounds of a rendered world, whose truth is known."""
    listed = rows_of(world)
    subjects = [s for s in subjects_of(folder) if s.face.photo_sha256 in listed]  # edits of them are not
    return cases_of(subjects, truth(subjects, listed), rounds=WORLD_ROUNDS)


def real_halves(folder: Path, proposed: bool = False) -> tuple[list[Case], list[Case]]:
    """All rounds of real photographs: of the people fitted on, and of the others."""
    subjects = subjects_of(folder)
    people = sorted({subject.identity_id for subject in subjects})
    shown = {s.face.face_id: s.identity_id for s in subjects} if proposed else looked_at(subjects)
    halves = [[s for s in subjects if s.identity_id in people[first::2]] for first in (0, 1)]
    return cases_of(halves[0], shown), cases_of(halves[1], shown)


def subjects_of(folder: Path) -> list[SubjectFace]:
    """The faces of a corpus that are no copies, as if nobody had decided anything; dates play no part."""
    with Corpus(folder).catalog() as catalog:
        return [replace(s, verdict=None, taken_on=None) for s in catalog.faces.subjects() if s.kept]


def looked_at(subjects: Sequence[SubjectFace]) -> dict[str, str | None]:
    """Whom each face shows, by face_id: its person, but NOBODY or None (unsure) where photos_seen.csv says so."""
    seen = read_seen()
    return {
        s.face.face_id: {RIGHT: s.identity_id, UNSURE: None}.get(seen_as(seen, s.face.photo_sha256, s.face.box), NOBODY)
        for s in subjects
    }


def read_seen() -> dict[str, list[dict[str, str]]]:
    """The rows of photos_seen.csv, by the beginning of the photograph's sha256."""
    seen: dict[str, list[dict[str, str]]] = defaultdict(list)
    with SEEN.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            seen[row["photo"]].append(row)
    return seen


def seen_as(seen: Mapping[str, Sequence[Mapping[str, str]]], sha256: str, box: Box) -> str:
    """NOBODY or UNSURE for a face of photos_seen.csv, RIGHT where it says that or nothing."""
    for row in seen.get(sha256[:16], ()):
        if 0 <= float(row["x"]) - box[0] <= box[2] and 0 <= float(row["y"]) - box[1] <= box[3]:
            return row["seen"] if row["seen"] in (RIGHT, UNSURE) else NOBODY
    return RIGHT


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
