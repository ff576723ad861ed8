"""The analysis of one photograph: bytes and models in, a dataclass out; no files, no catalog, no globals."""

import cv2

from facecorpus.catalog.records import Face
from facecorpus.faces.align import aligned_crop, face_chip
from facecorpus.faces.decode import decode
from facecorpus.faces.hashes import dhash, phash, photo_phash
from facecorpus.faces.models import Models
from facecorpus.faces.quality import quality, yaw
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.settings import FacesSettings

REVIEW_CROP = 224  # pixels
REVIEW_QUALITY = 90


def analyze(data: bytes, sha256: str, models: Models, settings: FacesSettings, max_pixels: int) -> PhotoAnalysis:
    """Find and measure all faces of a photograph; the same bytes give the same analysis.

    Raises PictureError where the bytes are no whole picture of at most max_pixels.
    """
    decoded = decode(data, max_pixels)
    picture = decoded.picture
    detections = models.detector.detect(picture, settings)
    points = [models.landmarker.landmarks(picture, found.box) for found in detections]
    chips = [face_chip(picture, found.box, five) for found, five in zip(detections, points, strict=True)]
    embeddings = models.embedder.embed(chips)
    faces = []
    for number, (found, five, chip, embedding) in enumerate(zip(detections, points, chips, embeddings, strict=True)):
        measured = quality(chip)
        faces.append(
            Face(
                face_id=f"{sha256[:24]}-{number}",
                photo_sha256=sha256,
                box=found.box,
                landmarks=five,
                detector=models.detector.name,
                score=found.score,
                embedding=embedding,
                sharpness=measured.sharpness,
                brightness=measured.brightness,
                contrast=measured.contrast,
                yaw=yaw(five),
                phash=phash(chip),
                dhash=dhash(chip),
            )
        )
    return PhotoAnalysis(
        sha256=sha256,
        width=picture.shape[1],
        height=picture.shape[0],
        taken_on=decoded.taken_on,
        phash=photo_phash(picture),
        faces=tuple(faces),
        crops=tuple(_jpeg(aligned_crop(picture, five, REVIEW_CROP)) for five in points),
    )


def _jpeg(crop: Picture) -> bytes:
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, REVIEW_QUALITY])
    return encoded.tobytes()
