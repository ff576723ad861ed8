"""What an analysis gives back: plain values that travel between processes, without any imaging library."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecorpus.records import Face

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB, upright."""

Landmarks = NDArray[np.float32]
"""(5, 2) float32, x and y in pixels: outer and inner corner of the eye at the right of the picture, outer and inner
corner of the eye at its left, base of the nose."""


@dataclass(frozen=True, slots=True)
class PhotoAnalysis:
    """All that the analysis knows of one photograph; the same bytes and settings give the same analysis."""

    sha256: str
    width: int  # of the upright picture
    height: int
    taken_on: str | None  # ISO date from EXIF
    phash: bytes  # 32 bytes, of the whole picture
    faces: tuple[Face, ...]  # by descending score
    crops: tuple[bytes, ...]  # a JPEG of 224 × 224 pixels for each face
    analysed_by: str  # the detector and the settings that faces are found by

    def __repr__(self) -> str:
        """The size, and a line a face."""
        faces = "".join(f"\n  {face!r}" for face in self.faces)
        count = "1 face" if len(self.faces) == 1 else f"{len(self.faces)} faces"
        return f"PhotoAnalysis({self.width} × {self.height} px, {count}{':' if faces else ''}{faces})"


@dataclass(frozen=True, slots=True)
class Failure:
    """A photograph that could not be analysed, and why in one sentence."""

    sha256: str
    sentence: str
    retry: bool = False  # the machine may be at fault: memory, a killed process
