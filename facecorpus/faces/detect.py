"""Where the faces are: detectors behind one small protocol, and dlib's HOG detector with a policy of looks."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import dlib
import numpy as np

from facecorpus.boxes import iou
from facecorpus.catalog.records import Box
from facecorpus.faces.records import Picture
from facecorpus.settings import FacesSettings

# dlib counts from 0; slightly below it the rendered and real pictures measured gave 2 % more faces and no false one.
_THRESHOLD = -0.1
# HOG sees faces from 80 pixels on. Where the widest one found is hardly wider, others of its row were missed.
_NARROW = 100
_CLOSER = 1.5
_OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found: its box in pixels of the picture, and how sure the detector is."""

    box: Box
    score: float


class Detector(Protocol):
    """Finds faces in a picture; the name is recorded with each face."""

    name: str

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        ...


class HogDetector:
    """dlib's frontal HOG detector (Dalal & Triggs 2005), coarse to fine.

    The first look is at the picture shrunk to detect_pixels. Where it shows nothing, the picture is doubled, up to
    `upsample` times; where it shows only narrow faces (a group), it is enlarged by half once, and both looks count.
    So the price of enlarging is paid where it finds something.
    """

    name = "hog"

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()

    def detect(self, picture: Picture, settings: FacesSettings) -> list[Detection]:
        """The faces at least min_face pixels wide, the surest first."""
        scale = min(1.0, (settings.detect_pixels / (picture.shape[0] * picture.shape[1])) ** 0.5)
        found = self._look(picture, scale)
        if found and settings.upsample and max(face.box[2] for face in found) * scale < _NARROW:
            found = _without_overlaps(found + self._look(picture, scale * _CLOSER))
        for doubled in range(1, settings.upsample + 1):
            if not found:
                found = self._look(picture, scale * 2**doubled)
        return [face for face in found if face.box[2] >= settings.min_face]

    def _look(self, picture: Picture, scale: float) -> list[Detection]:
        """The faces seen at this scale, in pixels of the picture, the surest first."""
        boxes, scores, _ = self._detector.run(_scaled(picture, scale), 0, _THRESHOLD)
        return [
            Detection(
                (box.left() / scale, box.top() / scale, box.width() / scale, box.height() / scale),
                float(score),
            )
            for box, score in zip(boxes, scores, strict=True)
        ]


def _without_overlaps(faces: list[Detection]) -> list[Detection]:
    """Each face once, as the look saw it that was surest."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(iou(face.box, other.box) < _OVERLAP for other in kept):
            kept.append(face)
    return kept


def _scaled(picture: Picture, scale: float) -> Picture:
    if scale == 1:
        return picture
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=interpolation), np.uint8)
