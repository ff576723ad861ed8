"""Where the faces are: detectors behind one small protocol, and a policy of looks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from facecorpus.boxes import iou
from facecorpus.catalog.records import Box
from facecorpus.faces.records import Picture
from facecorpus.settings import FacesSettings

# The first look; on rendered and real photographs it saw as many subjects as one at four times as many pixels.
_COARSE_PIXELS = 100_000
# HOG sees faces from 80 pixels on. Where the widest one found is hardly wider, others of its row were missed.
_NARROW = 100
_CLOSER = 1.5
_OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found: its box in pixels of the picture, and how sure the detector is."""

    box: Box
    score: float
    turn: float = 0.0  # degrees counterclockwise by which the picture was turned when the face was seen upright


class Detector(Protocol):
    """Finds faces in a picture; the name is recorded with each face."""

    name: str

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        ...


class CoarseToFine(ABC):
    """A policy of looks for a detector that sees faces of about 80 pixels and more.

    The first look is at a small copy. Where it shows only narrow faces (a group), it is enlarged by half again and
    again, and all looks count; where it shows nothing, it is doubled; both up to detect_pixels doubled `upsample`
    times. So the price of a closer look is paid where it finds something.
    """

    name: str

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        picture = self.prepared(picture)
        pixels = picture.shape[0] * picture.shape[1]
        finest = min(1.0, (settings.detect_pixels / pixels) ** 0.5)
        scale = min(finest, (_COARSE_PIXELS / pixels) ** 0.5)
        closest = finest * 2**settings.upsample
        found = self.look(picture, scale)
        while found and scale < closest and max(face.box[2] for face in found) * scale < _NARROW:
            seen, scale = scale, min(scale * _CLOSER, closest)
            found = _without_overlaps(found + self.look(picture, scale, seen))
        while not found and scale < closest:
            # All sizes anew: a face that falls between two levels of one pyramid may meet one of the next.
            scale = min(scale * 2, closest)
            found = self.look(picture, scale)
        return [face for face in found if face.box[2] >= settings.min_face]

    def prepared(self, picture: Picture) -> Picture:
        """The picture as the looks want it."""
        return picture

    @abstractmethod
    def look(self, picture: Picture, scale: float, seen: float = 0.0) -> list[Detection]:
        """The faces seen at this scale, in pixels of the picture, the surest first.

        An earlier look was at the scale `seen`: what is as large as that need not be looked for again.
        """


def _without_overlaps(faces: list[Detection]) -> list[Detection]:
    """Each face once, as the look saw it that was surest."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(iou(face.box, other.box) < _OVERLAP for other in kept):
            kept.append(face)
    return kept


def scaled(picture: Picture, scale: float) -> Picture:
    """The picture enlarged or averaged down."""
    if scale == 1:
        return picture
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=interpolation), np.uint8)
