"""Where the faces are: detectors behind one small protocol, and a policy of looks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from facecorpus.faces.boxes import iou
from facecorpus.faces.records import Picture
from facecorpus.faces.turn import turned
from facecorpus.records import Box
from facecorpus.settings import FacesSettings

# The first look; on rendered and real photographs it saw as many subjects as one at four times as many pixels.
_COARSE_PIXELS = 100_000
# HOG sees faces from 80 pixels on. Where the widest one found is hardly wider, others of its row were missed.
_NARROW = 100
_CLOSER = 1.5
_OVERLAP = 0.3
_SURE = 0.0  # the least score of a face in a turned picture: there are several, and each may show a false one


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found: its box in pixels of the picture, and how sure the detector is."""

    box: Box
    score: float
    turn: float = 0.0  # degrees counterclockwise by which the picture was turned when the face was seen upright
    square: Box | None = None  # where dlib's landmarks are looked for, if that is not the box

    @property
    def place(self) -> Box:
        """Where the landmarks are looked for."""
        return self.square or self.box


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
    times. Where all that showed nothing, the picture is turned to either side, for tilted heads and some in profile.
    So the price of a closer look is paid where it finds something.
    """

    name: str
    turns: tuple[float, ...] = (25.0, -25.0)  # degrees counterclockwise

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
        if not found:
            found = self._look_turned(picture, min(closest, (settings.detect_pixels / pixels) ** 0.5))
        return [face for face in found if face.box[2] >= settings.min_face]

    def _look_turned(self, picture: Picture, scale: float) -> list[Detection]:
        """The faces that are upright only where the picture is turned; their boxes are upright squares around them."""
        small = scaled(picture, scale)
        found = []
        for degrees in self.turns:
            canvas, way_back = turned(small, degrees)
            for face in self.look(canvas, 1):
                if face.score >= _SURE:
                    left, top, width, height = face.box
                    x, y = way_back @ (left + width / 2, top + height / 2, 1)
                    box = ((x - width / 2) / scale, (y - height / 2) / scale, width / scale, height / scale)
                    found.append(Detection(box, face.score, degrees))
        return _without_overlaps(found)

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
