"""What the models see in the demo's photographs; the models are loaded once in a process."""

import hashlib
from functools import cache

import cv2
import numpy as np
from demo_photographs import of_kind, world
from drawn_pictures import encoded
from PIL import Image

from facecorpus.demo.world import Truth
from facecorpus.faces import models
from facecorpus.faces.analyze import analyze
from facecorpus.faces.decode import decode
from facecorpus.faces.dlib.hog import HogDetector
from facecorpus.faces.dlib.mmod import MmodDetector
from facecorpus.faces.models import Models, load_models, model_file
from facecorpus.faces.records import PhotoAnalysis, Picture
from facecorpus.settings import FacesSettings

MAX_PIXELS = 10_000_000
SETTINGS = FacesSettings()


@cache
def loaded() -> Models:
    return load_models()


@cache
def hog() -> HogDetector:
    return HogDetector()


@cache
def mmod() -> MmodDetector:
    return MmodDetector(model_file(models.MMOD))


def picture_of(row: Truth) -> Picture:
    return decode(world().read(row.file), MAX_PIXELS).picture


def analysis_of(row: Truth) -> PhotoAnalysis:
    data = world().read(row.file)
    return analyze(data, hashlib.sha256(data).hexdigest(), loaded(), SETTINGS, MAX_PIXELS)


def portrait(**wanted: object) -> Truth:
    """A plain photograph of one large face that looks at the camera."""
    return next(
        row
        for row in of_kind("photo", transform=None, format="jpeg", **wanted)
        if not row.others and abs(row.yaw or 0) < 10 and (row.face_w or 0) > 100
    )


def enlarged(picture: Picture, times: int) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)


def boxes_of(row: Truth) -> list[tuple[float, float, float, float]]:
    assert row.face_x is not None
    assert row.face_y is not None
    assert row.face_w is not None
    assert row.face_h is not None
    subject = (row.face_x, row.face_y, row.face_w, row.face_h)
    return [subject, *((other.x, other.y, other.width, other.height) for other in row.others)]


def eyes_and_nose(picture: Picture) -> tuple[tuple[float, float, float, float], np.ndarray]:
    box = loaded().detector.detect(picture, SETTINGS)[0].place
    return box, loaded().landmarker.landmarks(picture, box)


def large_jpeg(orientation: int = 1) -> tuple[bytes, Truth]:
    """A portrait of the world enlarged to 8 megapixels, stored as a camera that was held so stores it."""
    row = portrait()
    picture = Image.fromarray(picture_of(row))
    times = (8_000_000 / (picture.width * picture.height)) ** 0.5
    image = picture.resize((round(picture.width * times), round(picture.height * times)), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if orientation == 6:
        image = image.transpose(Image.Transpose.ROTATE_90)
    return encoded(image, "JPEG", quality=90, exif=exif), row
