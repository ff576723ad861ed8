"""What the measurements of faces share: the pictures of a folder, and what the engine says of them."""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from facecorpus.engines.local import analyze_all
from facecorpus.faces.records import PhotoAnalysis
from facecorpus.faces.subject import LIKELY
from facecorpus.settings import FacesSettings
from facecorpus.system.console import track

MAX_PIXELS = 80_000_000
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")
Row = dict[str, str]
Vector = NDArray[Any]


def pictures_of(folder: Path) -> list[Path]:
    """All pictures of the folder by name; files that are none count as pictures, as they do on the web."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def analyses(paths: Iterable[Path], settings: FacesSettings) -> dict[Path, PhotoAnalysis]:
    """The engine's analysis of each readable picture."""
    # A face's id begins with the digest of its photograph: paths, which begin alike, would not do.
    digests = {hashlib.sha256(str(path).encode()).hexdigest(): path for path in paths}
    tasks = list(digests.items())
    found = {}
    with track("faces", len(tasks)) as tracker:
        for key, result in analyze_all(tasks, settings, MAX_PIXELS):
            tracker.advance()
            if isinstance(result, PhotoAnalysis):
                found[digests[key]] = result
    return found


def rows_of(file: Path) -> list[Row]:
    """The rows of labels.csv or truth.csv."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def middle_of(embeddings: Sequence[Vector]) -> Vector:
    """The mean of the largest group of descriptors that are alike; there must be one."""
    vectors = np.array(embeddings, float)
    near = np.linalg.norm(vectors[:, None] - vectors, axis=2) < LIKELY
    return np.asarray(vectors[near[near.sum(axis=1).argmax()]].mean(axis=0))


def interval(hits: int, number: int) -> str:
    """Half of the 95 % interval of Wilson."""
    bounds = binomtest(hits, max(number, 1)).proportion_ci(method="wilson")
    return f"{(bounds.high - bounds.low) / 2:.1%}"
