"""What the measurements of faces share: the pictures of a folder, and what the engine says of them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from scipy.stats import binomtest

from facecorpus.console import track
from facecorpus.engines.local import analyze_all
from facecorpus.faces.records import PhotoAnalysis
from facecorpus.settings import FacesSettings

MAX_PIXELS = 80_000_000
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")


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


def interval(hits: int, number: int) -> str:
    """Half of the 95 % interval of Wilson."""
    bounds = binomtest(hits, max(number, 1)).proportion_ci(method="wilson")
    return f"{(bounds.high - bounds.low) / 2:.1%}"
