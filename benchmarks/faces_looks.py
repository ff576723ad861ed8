"""Measure what the detector's looks at turned and at reduced photographs find, and what they cost.

    python benchmarks/faces_looks.py nothing PHOTOS [--limit 833]
    python benchmarks/faces_looks.py turned PHOTOS [--limit 36]
    python benchmarks/faces_looks.py large PHOTOS [--limit 24]

PHOTOS holds one folder a person and labels.csv with the columns file, identity. `nothing` looks again, turned, at
photographs that gave no face upright; `turned` turns photographs of one face on a grey ground and looks whether the
same person is found again; `large` enlarges photographs, with grain, and compares the reduced decoding with the whole.
One thread.
"""

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import torch
from faces_set import MAX_PIXELS, middle_of, rows_of

from facecorpus.errors import PictureError
from facecorpus.faces import decode as decoding
from facecorpus.faces.analyze import analyze, see
from facecorpus.faces.boxes import iou
from facecorpus.faces.decode import decode
from facecorpus.faces.detect import CoarseToFine
from facecorpus.faces.models import Models, load_models
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.faces.subject import LIKELY
from facecorpus.records import Face
from facecorpus.settings import FacesSettings
from facecorpus.system.console import track

SETTINGS = FacesSettings()
NEAR = 0.55  # of descriptors: one person's, mostly, where one of the faces is in profile
ANGLES = (20, -20, 30, -30, 45, -45, 90, -90, 180)
LOOKS = {
    "upright only": (),
    "and ±25° (as it is)": (25.0, -25.0),
    "and ±25°, ±50°": (25.0, -25.0, 50.0, -50.0),
    "and 90°, 180° too": (25.0, -25.0, 50.0, -50.0, 90.0, -90.0, 180.0),
}
MEGAPIXELS = (2, 6, 12, 24)
SAME_BOX = 0.5  # intersection over union
GRAIN = 4.0  # of 255, standard deviation


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    runs: dict[str, Callable[[list[tuple[Path, str]], Models, int], None]] = {
        "nothing": nothing,
        "turned": turned,
        "large": large,
    }
    parser.add_argument("what", choices=runs)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="photographs; 0: all, 36 or 24")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    photographs = [(options.folder / row["file"], row["identity"]) for row in rows_of(options.folder / "labels.csv")]
    random.Random(0).shuffle(photographs)
    runs[options.what](photographs, load_models(SETTINGS), options.limit)


def nothing(photographs: list[tuple[Path, str]], models: Models, count: int) -> None:
    """Of the photographs that gave nothing upright: in how many a turned look finds the person, and at what price."""
    photographs = photographs[: count or None]
    seen: dict[str, list[Face]] = defaultdict(list)
    empty, upright, again = [], 0.0, 0.0
    found = []
    with patch.object(CoarseToFine, "turns", ()), track("faces", len(photographs)) as tracker:
        for path, person in photographs:
            analysis, seconds = timed(path.read_bytes(), models)
            upright += seconds
            seen[person] += analysis.faces if analysis else ()
            if analysis and not analysis.faces:
                empty.append((path, person, seconds))
            tracker.advance()
    with track("turned", len(empty)) as tracker:
        for path, person, _ in empty:
            analysis, seconds = timed(path.read_bytes(), models)
            again += seconds
            if analysis and analysis.faces:
                found.append((person, analysis.faces))
            tracker.advance()
    distances = [min(distance_to(face, seen[person]) for face in faces) for person, faces in found]
    print(
        f"{len(photographs)} photographs, {len(empty)} gave nothing upright; turned looks found a face in {len(found)}"
    )
    for limit in (NEAR, LIKELY):
        print(f"the person's, by a descriptor nearer than {limit}: {sum(one < limit for one in distances)}")
    before, after = (1000 * total / max(len(empty), 1) for total in (sum(seconds for *_, seconds in empty), again))
    print(f"CPU ms a photograph that gave nothing: {before:.0f}, turned as well {after:.0f}")
    print(f"CPU ms a photograph, all, without turned looks: {upright / len(photographs) * 1000:.0f}")


def turned(photographs: list[tuple[Path, str]], models: Models, count: int) -> None:
    """The share of turned photographs in which the same face is found again, by how the detector looks."""
    chosen = list(of_one_face(photographs, models, count or 36))
    print(f"{len(chosen)} photographs of one face\n| looks | ±20° | ±30° | ±45° | ±90° | 180° |")
    print("|---|---:|---:|---:|---:|---:|")
    with track("turned", len(LOOKS) * len(chosen) * len(ANGLES)) as tracker:
        lines = []
        for name, turns in LOOKS.items():
            hits: dict[int, list[bool]] = defaultdict(list)
            for picture, face in chosen:
                for angle in ANGLES:
                    with patch.object(CoarseToFine, "turns", turns):
                        analysis, _ = timed(jpeg(on_grey(picture, angle), 95), models)
                    faces = analysis.faces if analysis else ()
                    hits[abs(angle)].append(any(distance(face, other) < LIKELY for other in faces))
                    tracker.advance()
            lines.append(f"| {name} | " + " | ".join(f"{np.mean(hits[angle]):.0%}" for angle in (20, 30, 45, 90, 180)))
    print("\n".join(f"{line} |" for line in lines))


def large(photographs: list[tuple[Path, str]], models: Models, count: int) -> None:
    """CPU ms without the descriptor, faces, hashes, landmarks and descriptors of whole and of reduced decoding."""
    chosen = [picture for picture, _ in of_one_face(photographs, models, count or 24)]
    noise = np.random.default_rng(0)
    rows = []
    with track("large", len(MEGAPIXELS) * len(chosen)) as tracker:
        for megapixels in MEGAPIXELS:
            seconds, lost, gained, faces = [0.0, 0.0], 0, 0, 0
            bits, moved, apart = [], [], []
            for picture in chosen:
                data = jpeg(enlarged(picture, megapixels, noise), 90)
                with patch.object(decoding, "_reduction", return_value=1):
                    seconds[0] += time_of_seeing(data, models)
                    whole = analyze(data, "whole", models, SETTINGS, MAX_PIXELS)
                seconds[1] += time_of_seeing(data, models)
                reduced = analyze(data, "reduced", models, SETTINGS, MAX_PIXELS)
                pairs = [
                    (one, other) for one in whole.faces for other in reduced.faces if iou(one.box, other.box) > SAME_BOX
                ]
                faces += len(whole.faces)
                lost += len(whole.faces) - len(pairs)
                gained += len(reduced.faces) - len(pairs)
                bits.append((int.from_bytes(whole.phash) ^ int.from_bytes(reduced.phash)).bit_count())
                for one, other in pairs:
                    step = np.linalg.norm(one.landmarks - other.landmarks, axis=1).mean()
                    moved.append(float(step) / one.box[2])
                    apart.append(distance(one, other))
                tracker.advance()
            ms = [1000 * one / len(chosen) for one in seconds]
            rows.append(
                f"| {megapixels} | {ms[0]:.1f} | {ms[1]:.1f} | {ms[0] / ms[1]:.1f} × | {lost}, {gained} of {faces}"
                f" | {np.mean(bits):.1f}, {max(bits)} | {np.mean(moved):.2%} | {np.mean(apart):.3f}, {max(apart):.2f} |"
            )
    print(f"{len(chosen)} photographs of one face, enlarged")
    print("| megapixels | whole | reduced | | faces lost, gained | bits of 256 | landmarks | descriptor: mean, most |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    print("\n".join(rows))


def of_one_face(photographs: list[tuple[Path, str]], models: Models, count: int) -> Iterator[tuple[Picture, Face]]:
    """The first so many photographs with exactly one face, and it."""
    for path, _ in photographs:
        analysis, _ = timed(path.read_bytes(), models)
        if analysis and len(analysis.faces) == 1:
            yield decode(path.read_bytes(), MAX_PIXELS).picture, analysis.faces[0]
            count -= 1
        if not count:
            return


def timed(data: bytes, models: Models) -> tuple[PhotoAnalysis | None, float]:
    """The analysis of a photograph, None of what is none, and the CPU seconds."""
    begun = time.process_time()
    try:
        analysis = analyze(data, "photograph", models, SETTINGS, MAX_PIXELS)
    except PictureError:
        analysis = None
    return analysis, time.process_time() - begun


def time_of_seeing(data: bytes, models: Models) -> float:
    """CPU seconds of all but the descriptor; the best of two."""
    times = []
    for _ in range(2):
        begun = time.process_time()
        see(data, "photograph", models, SETTINGS, MAX_PIXELS)
        times.append(time.process_time() - begun)
    return min(times)


def distance(one: Face, other: Face) -> float:
    """Between the descriptors."""
    return float(np.linalg.norm(one.embedding - other.embedding))


def distance_to(face: Face, others: list[Face]) -> float:
    """To the middle of those who are alike among the others, as the largest such group has it."""
    if not others:
        return float("inf")
    return float(np.linalg.norm(face.embedding - middle_of([other.embedding for other in others])))


def on_grey(picture: Picture, degrees: float) -> Picture:
    """The whole picture turned counterclockwise, with grey around it."""
    height, width = picture.shape[:2]
    onto = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cosine, sine = abs(onto[0, 0]), abs(onto[0, 1])
    across, down = round(width * cosine + height * sine), round(height * cosine + width * sine)
    onto[:, 2] += ((across - width) / 2, (down - height) / 2)
    return np.asarray(cv2.warpAffine(picture, onto, (across, down), borderValue=(128, 128, 128)), np.uint8)


def enlarged(picture: Picture, megapixels: float, noise: np.random.Generator) -> Picture:
    """The picture at this size, with grain."""
    scale = (megapixels * 1e6 / (picture.shape[0] * picture.shape[1])) ** 0.5
    large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    grain = noise.normal(0, GRAIN, large.shape[:2]).astype(np.float32)[:, :, None]
    return np.asarray(np.clip(large + grain, 0, 255), np.uint8)


def jpeg(picture: Picture, quality: int) -> bytes:
    """The picture as a JPEG."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return encoded.tobytes()


if __name__ == "__main__":
    main()
