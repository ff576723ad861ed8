"""Where the faces are: detectors behind one small protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from facecorpus.faces.records import Picture
from facecorpus.records import Box
from facecorpus.settings import FacesSettings


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found: its box in pixels of the picture, and how sure the detector is."""

    box: Box
    score: float
    turn: float = 0.0  # degrees counterclockwise by which the picture has to be turned for the face to stand upright
    square: Box | None = None  # where dlib's landmarks are looked for, if that is not the box

    @property
    def place(self) -> Box:
        """Where the landmarks are looked for."""
        return self.square or self.box


class Detector(Protocol):
    """Finds faces in a picture; the name, and behind it the version, is recorded with each face."""

    name: str

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        ...


def found_by(detector: Detector, settings: FacesSettings) -> str:
    """In words, what decides which faces are found in a photograph."""
    return (
        f"{detector.name}, detect_pixels {settings.detect_pixels}, upsample {settings.upsample},"
        f" min_face {settings.min_face}"
    )


def first_to_show(
    look: Callable[[Picture, float], list[Detection]], picture: Picture, settings: FacesSettings
) -> list[Detection]:
    """The faces wide enough at the first scale that shows any: detect_pixels, then doubled up to `upsample` times.

    For dlib's detectors, which see faces of 80 pixels and more.
    """
    scale = scale_to(settings.detect_pixels, picture)
    found = look(picture, scale)
    for _ in range(settings.upsample):
        if not found:
            scale *= 2
            found = look(picture, scale)
    return [face for face in found if face.box[2] >= settings.min_face]


def scale_to(pixels: int, picture: Picture) -> float:
    """By how much the sides of a picture may be multiplied, 1 at the most, so that it has no more pixels."""
    return min(1.0, float((pixels / (picture.shape[0] * picture.shape[1])) ** 0.5))


def scaled(picture: Picture, scale: float) -> Picture:
    """The picture enlarged or averaged down."""
    if scale == 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation), np.uint8)
