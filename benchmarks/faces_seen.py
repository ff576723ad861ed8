"""Measure whom the detectors see, and what is still worth keeping.

    python benchmarks/faces_seen.py seen FOLDER [--detectors yunet,hog,mmod,loop] [--each 24]
    python benchmarks/faces_seen.py nobody PHOTOS [--world WORLD] [--pieces 2000]
    python benchmarks/faces_seen.py small PHOTOS [--people 30]
    python benchmarks/faces_seen.py turned PHOTOS [--people 30]

FOLDER holds labels.csv with file, gender and race; PHOTOS the same with identity, WORLD truth.csv. `seen` counts by
gender and race the pictures without a face, and those whose faces are all narrower than min_face; `loop` is what the
face_recognition library does. `nobody` counts boxes in the world's faceless pictures, and in pieces of photographs
in which no detector sees anything, however unsure; --out DIR keeps what it shows, for a person to look at. `small`
shrinks photographs of one face, `turned` turns them, and both ask whether the same person is seen.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
import torch
from faces_set import MAX_PIXELS, Row, Vector, interval, rows_of

from facecorpus.faces.align import face_chip
from facecorpus.faces.decode import decode
from facecorpus.faces.detect import Detection, Detector, scale_to, scaled
from facecorpus.faces.models import Models, load_detector, load_models
from facecorpus.faces.records import Picture
from facecorpus.faces.subject import LIKELY
from facecorpus.settings import FacesSettings
from facecorpus.system.cores import available_cores

SETTINGS = FacesSettings()
OF_ANY_SIZE = replace(SETTINGS, min_face=1)
WIDTHS = (16, 20, 24, 30, 40, 60)
DEGREES = (30, 60, 90, 180)
PIECE = 160  # pixels
FALSE_MATCHES = 1e-3


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs = {"seen": seen, "nobody": nobody, "small": small, "turned": turned}
    parser.add_argument("what", choices=runs)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detectors", default="yunet")
    parser.add_argument("--each", type=int, default=0, help="pictures of each gender and race; 0: all")
    parser.add_argument("--world", type=Path)
    parser.add_argument("--pieces", type=int, default=2000)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    runs[options.what](options)


class Loop:
    """How the library face_recognition looks for faces: the picture doubled, in colour, whatever its size."""

    name = "loop"

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """All faces."""
        boxes = self._detector(picture, 1)
        return [Detection((box.left(), box.top(), box.width(), box.height()), 1.0) for box in boxes]


@cache
def detector_of(name: str) -> Detector:
    """The detector, loaded once in a process that computes on one thread."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    return Loop() if name == "loop" else load_detector(FacesSettings(detector=name))


def picture_of(path: Path) -> Picture:
    """The whole photograph."""
    return decode(path.read_bytes(), MAX_PIXELS).picture


# Seen


def widest(name: str, path: Path) -> float:
    """Pixels of the widest face; 0 where there is none."""
    return max((face.box[2] for face in detector_of(name).detect(picture_of(path), OF_ANY_SIZE)), default=0.0)


def seen(options: argparse.Namespace) -> None:
    """Pictures without a face, and with too small ones alone, by gender and race, for each detector."""
    rows = rows_of(options.folder / "labels.csv")
    random.Random(0).shuffle(rows)
    taken: Counter[str] = Counter()
    chosen = [
        row for row in rows if not options.each or taken.update([group(row)]) or taken[group(row)] <= options.each
    ]
    names = options.detectors.split(",")
    table: dict[str, dict[str, list[int]]] = defaultdict(lambda: {name: [0, 0] for name in names})
    numbers: Counter[str] = Counter()
    with ProcessPoolExecutor(available_cores()) as executor:
        for name in names:
            paths = [options.folder / row["file"] for row in chosen]
            for row, width in zip(chosen, executor.map(partial(widest, name), paths, chunksize=8), strict=True):
                for people in ("all", row["gender"], row["race"], group(row)):
                    numbers[people] += name == names[0]
                    table[people][name][0] += width == 0
                    table[people][name][1] += 0 < width < SETTINGS.min_face
    print("| people | pictures |" + "".join(f" {name}: no face | too small |" for name in names))
    print("|---|---:|" + "---:|---:|" * len(names))
    for people in sorted(numbers, key=lambda people: (people != "all", ", " in people, people)):
        count = numbers[people]
        cells = [
            f" {table[people][name][0] / count:.1%} ± {interval(table[people][name][0], count)} |"
            f" {table[people][name][1] / count:.1%} |"
            for name in names
        ]
        print(f"| {people} | {count} |" + "".join(cells))


def group(row: Row) -> str:
    """Gender and race."""
    return f"{row['gender']}, {row['race']}"


# Nobody


def nobody(options: argparse.Namespace) -> None:
    """Boxes where there is nobody, as wide as faces have to be."""
    yunet = detector_of("yunet")
    if options.world:
        rows = [row for row in rows_of(options.world / "truth.csv") if row["kind"] == "no_face"]
        boxes = [len(yunet.detect(picture_of(options.world / row["file"]), SETTINGS)) for row in rows]
        print(f"{len(rows)} rendered pictures without a face: {sum(boxes)} boxes")
    rows = rows_of(options.folder / "labels.csv")
    random.Random(0).shuffle(rows)
    count = false = 0
    for row in rows:
        for piece in pieces(picture_of(options.folder / row["file"])):
            count += 1
            for face in yunet.detect(piece, SETTINGS):
                false += 1
                if options.out:
                    options.out.mkdir(exist_ok=True)
                    named = options.out / f"{count}-{face.score:.2f}.png"
                    cv2.imwrite(str(named), cv2.cvtColor(piece, cv2.COLOR_RGB2BGR))
        if count >= options.pieces:
            break
    print(f"{count} pieces of {PIECE} × {PIECE} pixels in which no face was seen at all: {false} boxes")


def pieces(picture: Picture) -> Iterator[Picture]:
    """Squares side by side that touch no box of the network, however unsure it is, and none of HOG's."""
    look: Any = detector_of("yunet")
    scale = scale_to(SETTINGS.detect_pixels, picture)
    found = [tuple(edge / scale for edge in box) for box, score in look.look(scaled(picture, scale)) if score >= 0.2]
    found += [face.box for face in detector_of("hog").detect(picture, replace(OF_ANY_SIZE, upsample=0))]
    for top in range(0, picture.shape[0] - PIECE + 1, PIECE):
        for left in range(0, picture.shape[1] - PIECE + 1, PIECE):
            apart = (
                x + w < left or x > left + PIECE or y + h < top or y > top + PIECE for x, y, w, h in map(grown, found)
            )
            if all(apart):
                yield np.ascontiguousarray(picture[top : top + PIECE, left : left + PIECE])


def grown(box: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Half as wide and as high again to each side."""
    left, top, width, height = box
    return left - width / 2, top - height / 2, 2 * width, 2 * height


# The same person, smaller or turned


def small(options: argparse.Namespace) -> None:
    """Whether a face is found, and the person known, at so many pixels of width."""
    people = portraits(options)
    limit, same = reference(people)
    print(f"{len(people)} faces; limit of FMR {FALSE_MATCHES:.1%}: {limit:.3f}; FNMR as they are: {same:.1%}")
    print("| width | found | landmarks off by | FNMR | same picture known again |\n|---|---:|---:|---:|---:|")
    for width in WIDTHS:
        report(
            f"{width} px",
            people,
            limit,
            [shrunk(picture, face, width) for _, picture, face, _, _ in people],
        )


def turned(options: argparse.Namespace) -> None:
    """Whether a face is found, and the person known, where the photograph is turned."""
    people = portraits(options)
    limit, same = reference(people)
    print(f"{len(people)} faces; limit of FMR {FALSE_MATCHES:.1%}: {limit:.3f}; FNMR as they are: {same:.1%}")
    print("| turned by | found | landmarks off by | FNMR | same picture known again |\n|---|---:|---:|---:|---:|")
    for degrees in DEGREES:
        report(f"{degrees}°", people, limit, [rotated(picture, degrees) for _, picture, _, _, _ in people])


Portrait = tuple[str, Picture, Detection, Vector, Vector]  # whose, the photograph, the face, landmarks, descriptor


@cache
def loaded() -> Models:
    """The models, on one thread."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    return load_models()


def portraits(options: argparse.Namespace) -> list[Portrait]:
    """Four photographs of each person that show one large face."""
    rows = rows_of(options.folder / "labels.csv")
    people = sorted({row["identity"] for row in rows})
    random.Random(0).shuffle(people)
    found: list[Portrait] = []
    for person in people[: options.people]:
        own = [row for row in rows if row["identity"] == person]
        random.Random(0).shuffle(own)
        taken = 0
        for row in own[:20]:
            picture = picture_of(options.folder / row["file"])
            faces = loaded().detector.detect(picture, OF_ANY_SIZE)
            if taken < 4 and len(faces) == 1 and faces[0].box[2] >= 80:
                taken += 1
                found.append((person, picture, faces[0], *described(picture, faces[0])))
    return found


def described(picture: Picture, face: Detection) -> tuple[Vector, Vector]:
    """Landmarks and descriptor."""
    five = loaded().landmarker.landmarks(picture, face.place, face.turn)
    return five, loaded().embedder.embed([face_chip(picture, face.place, five)])[0]


def reference(people: list[Portrait]) -> tuple[float, float]:
    """The distance under which FALSE_MATCHES of all pairs of two people lie, and FNMR there."""
    vectors, whose = np.array([one[4] for one in people]), np.array([one[0] for one in people])
    distance = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    other = np.sort(distance[whose[:, None] != whose])
    limit = float(other[int(len(other) * FALSE_MATCHES)])
    pairs = (whose[:, None] == whose) & ~np.eye(len(whose), dtype=bool)
    return limit, float((distance[pairs] > limit).mean())


def report(name: str, people: list[Portrait], limit: float, changed: list[tuple[Picture, Vector]]) -> None:
    """One line: the changed photographs beside the others of the same person, as those are."""
    vectors, whose = np.array([one[4] for one in people]), np.array([one[0] for one in people])
    seen_at, off, missed, known = 0, [], [], []
    for number, (picture, onto) in enumerate(changed):
        five = people[number][3] @ onto[:, :2].T + onto[:, 2]
        wide = float(np.linalg.norm(onto[:, 0])) * people[number][2].box[2]
        faces = loaded().detector.detect(picture, OF_ANY_SIZE)
        near = [face for face in faces if np.abs(middle(face) - five.mean(axis=0)).max() < wide / 2]
        if not near:
            continue
        seen_at += 1
        landmarks, vector = described(picture, near[0])
        off.append(np.linalg.norm(landmarks - five, axis=1).mean() / wide)
        others = (whose == whose[number]) & (np.arange(len(whose)) != number)
        missed += (np.linalg.norm(vectors[others] - vector, axis=1) > limit).tolist()
        known.append(np.linalg.norm(vectors[number] - vector) < LIKELY)
    print(
        f"| {name} | {seen_at / len(people):.1%} | {np.median(off):.1%} of the width | {np.mean(missed):.1%} |"
        f" {np.mean(known):.1%} |"
    )


def middle(face: Detection) -> Vector:
    """The middle of the box."""
    left, top, width, height = face.box
    return np.array([left + width / 2, top + height / 2])


def shrunk(picture: Picture, face: Detection, width: int) -> tuple[Picture, Vector]:
    """The photograph in which the face is so many pixels wide, and the way to its pixels."""
    scale = width / face.box[2]
    small = scaled(picture, scale)
    ratio = np.array([small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0]])
    return small, np.column_stack([np.diag(ratio), ratio / 2 - 0.5])


def rotated(picture: Picture, degrees: float) -> tuple[Picture, Vector]:
    """The photograph turned on a grey ground that holds all of it, and the way to its pixels."""
    height, width = picture.shape[:2]
    side = int(np.ceil(np.hypot(height, width)))
    onto = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    onto[:, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    return np.asarray(cv2.warpAffine(picture, onto, (side, side), borderValue=(128, 128, 128)), np.uint8), onto


if __name__ == "__main__":
    main()
