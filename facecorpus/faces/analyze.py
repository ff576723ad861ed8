"""The analysis of one photograph: bytes and models in, a dataclass out; no files, no catalog, no globals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facecorpus.catalog.records import Face
from facecorpus.faces.align import aligned_crop, face_chip
from facecorpus.faces.decode import decode
from facecorpus.faces.hashes import dhash, phash, photo_phash
from facecorpus.faces.models import Models
from facecorpus.faces.quality import pitch, quality, roll, yaw
from facecorpus.faces.records import Landmarks, PhotoAnalysis, Picture
from facecorpus.settings import FacesSettings

REVIEW_CROP = 224  # pixels
REVIEW_QUALITY = 90
_NONE_YET = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Seen:
    """A photograph whose faces are found and measured, but not described yet."""

    analysis: PhotoAnalysis  # its faces have empty embeddings
    chips: tuple[Picture, ...]


def analyze(data: bytes, sha256: str, models: Models, settings: FacesSettings, max_pixels: int) -> PhotoAnalysis:
    """Find, measure and describe all faces of a photograph; the same bytes give the same analysis.

    Raises PictureError where the bytes are no whole picture of at most max_pixels.
    """
    return describe([see(data, sha256, models, settings, max_pixels)], models)[0]


def describe(photographs: Sequence[Seen], models: Models) -> list[PhotoAnalysis]:
    """Add the descriptors. Several photographs at once take less time, and give the same bits as each alone."""
    embeddings = iter(models.embedder.embed([chip for seen in photographs for chip in seen.chips]))
    return [
        replace(
            seen.analysis,
            faces=tuple(replace(face, embedding=next(embeddings)) for face in seen.analysis.faces),
        )
        for seen in photographs
    ]


def see(data: bytes, sha256: str, models: Models, settings: FacesSettings, max_pixels: int) -> Seen:
    """Find and measure all faces of a photograph. Raises PictureError as analyze does."""
    decoded = decode(data, max_pixels)
    picture = decoded.picture
    detections = models.detector.detect(picture, settings)
    points = [models.landmarker.landmarks(picture, found.box) for found in detections]
    chips = tuple(face_chip(picture, found.box, five) for found, five in zip(detections, points, strict=True))
    faces = []
    for number, (found, five, chip) in enumerate(zip(detections, points, chips, strict=True)):
        measured = quality(chip)
        faces.append(
            Face(
                face_id=f"{sha256[:24]}-{number}",
                photo_sha256=sha256,
                box=found.box,
                landmarks=five,
                detector=models.detector.name,
                score=found.score,
                embedding=_NONE_YET,
                sharpness=measured.sharpness,
                brightness=measured.brightness,
                contrast=measured.contrast,
                yaw=yaw(five),
                phash=phash(chip),
                dhash=dhash(chip),
                pitch=pitch(five),
                roll=roll(five),
                dark=measured.dark,
                light=measured.light,
                chroma=measured.chroma,
            )
        )
    analysis = PhotoAnalysis(
        sha256=sha256,
        width=picture.shape[1],
        height=picture.shape[0],
        taken_on=decoded.taken_on,
        phash=photo_phash(picture),
        faces=tuple(faces),
        crops=tuple(review_crop(picture, five) for five in points),
    )
    return Seen(analysis, chips)


def review_crop(picture: Picture, landmarks: Landmarks) -> bytes:
    """The JPEG of a face that the review shows, from the upright photograph."""
    crop = aligned_crop(picture, landmarks, REVIEW_CROP)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, REVIEW_QUALITY])
    return encoded.tobytes()
