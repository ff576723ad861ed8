"""The analysis of one photograph: bytes and models in, a dataclass out; no files, no catalog, no globals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facecorpus.faces.align import aligned_crop, face_chip
from facecorpus.faces.decode import Decoded, decode
from facecorpus.faces.detect import Detection, Detector, found_by
from facecorpus.faces.embed import Embedder
from facecorpus.faces.hashes import dhash, phash, photo_phash
from facecorpus.faces.jpeg import as_jpeg
from facecorpus.faces.models import Models
from facecorpus.faces.quality import pitch, quality, roll, yaw
from facecorpus.faces.records import Landmarks, PhotoAnalysis, Picture
from facecorpus.records import Box, Face
from facecorpus.settings import FacesSettings

REVIEW_CROP = 224  # pixels
REVIEW_QUALITY = 90
_FINE = 200  # pixels of a face's width: twice as many as the chip and the crop show
_NONE_YET = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Seen:
    """A photograph whose faces are found and measured, but not described yet."""

    analysis: PhotoAnalysis  # its faces have empty embeddings
    chips: tuple[Picture, ...]  # the faces as the descriptor is shown them


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
    small = decode(data, max_pixels, settings.detect_pixels * 4**settings.upsample // 2)
    detections = models.detector.detect(small.picture, _in_pixels_of(small, settings))
    decoded = _fine_enough(small, detections, data, max_pixels)
    picture = decoded.picture
    places = [_resized(found.place, small.picture, picture.shape) for found in detections]
    seen_at = [
        models.landmarker.landmarks(picture, place, found.turn) for found, place in zip(detections, places, strict=True)
    ]
    chips = tuple(face_chip(picture, place, five) for place, five in zip(places, seen_at, strict=True))
    faces = []
    for number, (found, points, chip) in enumerate(zip(detections, seen_at, chips, strict=True)):
        measured = quality(chip)
        five = _whole_places(points, decoded)
        faces.append(
            Face(
                face_id=f"{sha256[:24]}-{number}",
                photo_sha256=sha256,
                box=_resized(found.box, small.picture, (decoded.height, decoded.width)),
                landmarks=five,
                detector=models.detector.name,
                score=found.score,
                embedding=_NONE_YET,
                descriptor=models.embedder.model,
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
        width=decoded.width,
        height=decoded.height,
        taken_on=decoded.taken_on,
        phash=photo_phash(small.picture),
        faces=tuple(faces),
        crops=tuple(review_crop(picture, five) for five in seen_at),
        analysed_by=analysed_by(models.detector, models.embedder.model, settings),
    )
    shown = zip(seen_at, chips, strict=True)
    return Seen(analysis, tuple(models.embedder.aligned(picture, points, chip) for points, chip in shown))


def analysed_by(detector: Detector, descriptor: str, settings: FacesSettings) -> str:
    """In words, what decides which faces a photograph gives, and how they are described."""
    return f"{found_by(detector, settings)}, described by {descriptor}"


def described_again(data: bytes, faces: Sequence[Face], embedder: Embedder, max_pixels: int) -> NDArray[np.float32]:
    """(N, D): the descriptors of known faces of a photograph. Raises PictureError as analyze does."""
    picture = decode(data, max_pixels).picture
    chips = [face_chip(picture, face.box, face.landmarks) for face in faces]
    return embedder.embed(
        [embedder.aligned(picture, face.landmarks, chip) for face, chip in zip(faces, chips, strict=True)]
    )


def _in_pixels_of(small: Decoded, settings: FacesSettings) -> FacesSettings:
    """The settings with min_face in pixels of the reduced picture."""
    return replace(settings, min_face=math.ceil(settings.min_face * small.picture.shape[1] / small.width))


def _fine_enough(small: Decoded, detections: Sequence[Detection], data: bytes, max_pixels: int) -> Decoded:
    """The picture with as many pixels as its narrowest face needs; the same where that has enough."""
    height, width = small.picture.shape[:2]
    narrowest = min((found.place[2] for found in detections), default=_FINE)
    if narrowest >= _FINE or width == small.width:
        return small
    return decode(data, max_pixels, math.ceil(width * height * (_FINE / narrowest) ** 2))


def _resized(box: Box, picture: Picture, shape: tuple[int, ...]) -> Box:
    """The box of a picture in pixels of the same picture at the size (height, width)."""
    across, down = shape[1] / picture.shape[1], shape[0] / picture.shape[0]
    left, top, width, height = box
    return (left * across, top * down, width * across, height * down)


def _whole_places(points: Landmarks, decoded: Decoded) -> Landmarks:
    """Places on a reduced picture, in pixels of the whole one: a pixel's middle is half a pixel from its edge."""
    height, width = decoded.picture.shape[:2]
    ratio = np.array([decoded.width / width, decoded.height / height])
    return np.asarray((points + 0.5) * ratio - 0.5, np.float32)


def review_crop(picture: Picture, landmarks: Landmarks) -> bytes:
    """The JPEG of a face that the review shows, from the upright photograph."""
    return as_jpeg(aligned_crop(picture, landmarks, REVIEW_CROP), REVIEW_QUALITY, halved_colour=True)
