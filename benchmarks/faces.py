"""Time the stage `faces` beside the usual face_recognition loop, and measure how well both find faces.

    python benchmarks/faces.py speed WORLD_OR_PHOTOS [--limit 48]
    python benchmarks/faces.py cpu WORLD_OR_PHOTOS [--limit 48] [--detector yunet]
    python benchmarks/faces.py recall WORLD [--limit 150] [--detector yunet]

Whom the detectors miss is measured by faces_seen.py. WORLD holds photos/ and truth.csv as tools of the demo world write
them; PHOTOS is any folder of photographs. The peer makes the calls of face_recognition's
face_locations(number_of_times_to_upsample=1) and face_encodings with dlib itself, on the whole picture: HOG, five
landmarks, compute_face_descriptor.
"""

import argparse
import random
import re
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
import torch
from faces_set import MAX_PIXELS, Row, pictures_of, rows_of

from facecorpus.engines.local import analyze_all
from facecorpus.errors import PictureError
from facecorpus.faces.analyze import describe, see
from facecorpus.faces.boxes import iou
from facecorpus.faces.decode import decode
from facecorpus.faces.models import DESCRIPTOR, LANDMARKS, Models, load_models, model_file
from facecorpus.faces.records import PhotoAnalysis
from facecorpus.records import Box
from facecorpus.settings import FacesSettings
from facecorpus.system.console import track
from facecorpus.system.cores import available_cores

SAME_BOX = 0.4  # intersection over union
ROUNDS = 3
TOGETHER = 8  # pictures
DETECTORS = ("yunet", "hog", "mmod")


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs = {"speed": speed, "cpu": cpu, "recall": recall}
    parser.add_argument("what", choices=runs)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="pictures; 0: as many as take a few minutes at the most")
    parser.add_argument("--detector", default="yunet", choices=DETECTORS)
    options = parser.parse_args()
    settings = FacesSettings(detector=options.detector)
    runs[options.what](options.folder, settings, options.limit)


# The peer


_peer: "FaceRecognition | None" = None


class FaceRecognition:
    """What face_recognition does with a picture, by the same calls."""

    def __init__(self) -> None:
        self.detector = dlib.get_frontal_face_detector()
        self.landmarks = dlib.shape_predictor(str(model_file(LANDMARKS)))
        self.network = dlib.face_recognition_model_v1(str(model_file(DESCRIPTOR)))

    def __call__(self, path: Path) -> list[Box]:
        try:
            picture = decode(path.read_bytes(), MAX_PIXELS).picture
        except PictureError:
            return []
        boxes = self.detector(picture, 1)
        for box in boxes:
            np.array(self.network.compute_face_descriptor(picture, self.landmarks(picture, box), 1))
        return [(box.left(), box.top(), box.width(), box.height()) for box in boxes]


def peer(path: Path) -> list[Box]:
    """The peer's boxes; its models are loaded once a process."""
    global _peer  # noqa: PLW0603  # a process pool offers no other place
    if _peer is None:
        cv2.setNumThreads(1)
        _peer = FaceRecognition()
    return _peer(path)


# Speed


def speed(folder: Path, settings: FacesSettings, count: int) -> None:
    """Pictures a second of each detector and of the loop, in turn over the same; workers' starts are not counted."""
    paths = pictures_of(folder)
    random.Random(0).shuffle(paths)
    paths = paths[: count or 48]
    cores = available_cores()
    ours = [Total(f"facecorpus faces, {name}") for name in DETECTORS]
    loop, pool = Total("face_recognition loop"), Total(f"the same in {cores} processes")
    peer(paths[0])
    with ProcessPoolExecutor(cores) as executor:
        list(executor.map(peer, paths[: 2 * cores]))
        for number in range(ROUNDS):
            part = paths[number::ROUNDS]
            for name, total in zip(DETECTORS, ours, strict=True):
                total.add(part, lambda part=part, name=name: faces_of(part, replace(settings, detector=name)))
            loop.add(part, lambda part=part: [peer(path) for path in part])
            pool.add(part, lambda part=part: list(executor.map(peer, part)))
    print(f"{len(paths)} pictures, {cores} cores")
    print(f"| | pictures a second | faces | {DETECTORS[0]} |\n|---|---:|---:|---:|")
    for total in (*ours, loop, pool):
        print(f"| {total.name} | {total.rate:.1f} | {total.faces} | {ours[0].rate / total.rate:.1f} × |")
    print(f"largest worker: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


def cpu(folder: Path, settings: FacesSettings, count: int) -> None:
    """CPU milliseconds a picture on one thread, eight pictures by each in turn: a busy machine slows both alike."""
    paths = pictures_of(folder)
    random.Random(0).shuffle(paths)
    paths = paths[: count or 48]
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    models = load_models(settings)
    describe([see(paths[0].read_bytes(), "first", models, settings, MAX_PIXELS)], models)
    peer(paths[0])
    ours = theirs = 0.0
    found = [0, 0]
    for start in range(0, len(paths), TOGETHER):
        times = [time.process_time()]
        seen = []
        for path in paths[start : start + TOGETHER]:
            with suppress(PictureError):
                seen.append(see(path.read_bytes(), path.name, models, settings, MAX_PIXELS))
        found[0] += sum(len(analysis.faces) for analysis in describe(seen, models))
        times.append(time.process_time())
        found[1] += sum(len(peer(path)) for path in paths[start : start + TOGETHER])
        times.append(time.process_time())
        ours += times[1] - times[0]
        theirs += times[2] - times[1]
    print(f"{len(paths)} pictures, one thread, detector {settings.detector}")
    print("| | CPU ms a picture | faces | ratio |\n|---|---:|---:|---:|")
    print(f"| facecorpus faces | {ours / len(paths) * 1000:.1f} | {found[0]} | {theirs / ours:.1f} × |")
    print(f"| face_recognition loop | {theirs / len(paths) * 1000:.1f} | {found[1]} | 1.0 × |")


class Total:
    """Wall time and faces of one way over all rounds."""

    def __init__(self, name: str) -> None:
        self.name, self.seconds, self.pictures, self.faces = name, 0.0, 0, 0

    def add(self, paths: Sequence[Path], work: Callable[[], "list[list[Box]] | Timed"]) -> None:
        begun = time.perf_counter()
        done = work()
        seconds = time.perf_counter() - begun
        if isinstance(done, Timed):
            done, seconds = done.boxes, done.seconds
        self.seconds += seconds
        self.pictures += len(paths)
        self.faces += sum(map(len, done))

    @property
    def rate(self) -> float:
        return self.pictures / self.seconds


class Timed:
    """Boxes of each picture, and the seconds from the first result on."""

    def __init__(self, boxes: list[list[Box]], seconds: float) -> None:
        self.boxes, self.seconds = boxes, seconds


def faces_of(paths: Sequence[Path], settings: FacesSettings) -> Timed:
    """Run the engine; the clock starts when every worker has done its first group, which is not counted as work."""
    warm = [(f"warm{number}", paths[0]) for number in range(16 * available_cores())]
    results = analyze_all([*warm, *((str(path), path) for path in paths)], settings, MAX_PIXELS)
    begun, boxes = 0.0, []
    for key, result in results:
        if key.startswith("warm"):
            begun = time.perf_counter()
        else:
            boxes.append([face.box for face in result.faces] if isinstance(result, PhotoAnalysis) else [])
    return Timed(boxes, time.perf_counter() - begun)


# Recall


def recall(folder: Path, settings: FacesSettings, count: int) -> None:
    """Subjects found at IoU 0.4 and boxes where nobody is, by kind, yaw, roll and width; ours beside the peer's."""
    rows = [row for row in rows_of(folder / "truth.csv") if row["kind"] in ("photo", "group", "tiny", "no_face")]
    random.Random(0).shuffle(rows)
    rows = rows[: count or 150]
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    false, seconds = [0, 0], [0.0, 0.0]
    paths = [folder / row["file"] for row in rows]
    with ProcessPoolExecutor(available_cores()) as executor, track("recall", len(rows)) as tracker:
        results = executor.map(both, paths, [settings] * len(rows))
        for row, (found, times) in zip(rows, results, strict=True):
            tracker.advance()
            truth = boxes_of(row)
            for number, boxes in enumerate(found):
                false[number] += sum(all(iou(box, true) < 0.1 for true in truth) for box in boxes)
                seconds[number] += times[number]
            if truth:
                for group in groups_of(row):
                    hits = (any(iou(box, truth[0]) >= SAME_BOX for box in boxes) for boxes in found)
                    tally[group] = [a + b for a, b in zip(tally[group], (1, *hits), strict=True)]
    ours, theirs = (1000 * total / len(rows) for total in seconds)
    print(f"{len(rows)} pictures, detector {settings.detector}; boxes on nobody: {false[0]} (peer {false[1]})")
    print(f"CPU ms a picture for detection alone: {ours:.1f} (peer {theirs:.1f})")
    print("| subjects | number | found | peer |\n|---|---:|---:|---:|")
    for group in sorted(tally):
        number, ours_hit, peer_hit = tally[group]
        print(f"| {group} | {number} | {ours_hit / number:.1%} | {peer_hit / number:.1%} |")


def both(path: Path, settings: FacesSettings) -> tuple[tuple[list[Box], list[Box]], tuple[float, float]]:
    """The boxes of our detector and of the peer's, and the CPU seconds of each; nothing for what is no picture."""
    models, theirs = detectors(settings)
    try:
        picture = decode(path.read_bytes(), MAX_PIXELS).picture
    except PictureError:
        return ([], []), (0.0, 0.0)
    times = [time.process_time()]
    ours = [found.box for found in models.detector.detect(picture, settings)]
    times.append(time.process_time())
    boxes = [(box.left(), box.top(), box.width(), box.height()) for box in theirs(picture, 1)]
    times.append(time.process_time())
    return (ours, boxes), (times[1] - times[0], times[2] - times[1])


@cache
def detectors(settings: FacesSettings) -> tuple[Models, Any]:
    """Ours and the peer's, loaded and tried once a process."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    models = load_models(settings)
    models.detector.detect(np.zeros((200, 200, 3), np.uint8), settings)
    return models, dlib.get_frontal_face_detector()


def boxes_of(row: Row) -> list[Box]:
    """The subject's box and those of everybody else in the picture."""
    if not row["face_w"]:
        return []
    x, y, width, height = (float(row[f"face_{side}"]) for side in "xywh")
    others = [tuple(map(float, box.split(","))) for box in re.findall(r":([\d.,-]+)", row["others"])]
    return [(x, y, width, height), *others]  # type: ignore[list-item]


def groups_of(row: Row) -> list[str]:
    """The lines of the table to which a subject counts."""
    yaw, roll, width = abs(float(row["yaw"])), abs(float(row["roll"])), float(row["face_w"])
    return [
        "all",
        f"kind {row['kind']}",
        f"yaw {int(yaw // 10) * 10:02d}–{int(yaw // 10) * 10 + 10}°",
        f"roll {int(roll // 10) * 10:02d}–{int(roll // 10) * 10 + 10}°",
        f"width {next((f'up to {limit:03d}' for limit in (40, 60, 80, 120) if width <= limit), 'wider')} px",
    ]


if __name__ == "__main__":
    main()
