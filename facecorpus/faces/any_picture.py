"""The analysis of any picture that somebody has at hand, with models that are loaded once in a process."""

import hashlib
import io
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from facecorpus.errors import PictureError
from facecorpus.faces.records import PhotoAnalysis
from facecorpus.settings import FacesSettings, FetchSettings
from facecorpus.settings_file import settings_of

if TYPE_CHECKING:
    from facecorpus.faces.models import Models

AnyPicture = str | PathLike[str] | bytes | Image.Image | NDArray[np.uint8]
"""A file, the bytes of one, a PIL image, or an array (H, W, 3) of uint8 RGB."""

_KEPT_BY_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


def analyze(picture: AnyPicture, *, detector: str = "yunet", yunet_model: str | PathLike[str] = "") -> PhotoAnalysis:
    """Find, measure and describe the faces of a picture: a file, bytes, a PIL image or an array (H, W, 3) of uint8 RGB.

    The faces come by descending score, each with `box` (x, y, width, height) and `landmarks` (5, 2) in pixels of the
    upright picture, `embedding` (128,), `yaw`, `pitch` and `roll` in degrees, and `sharpness`; `crops` has a JPEG of
    each. `detector` (yunet, hog or mmod) and `yunet_model` are as in [faces] of corpus.toml, and so is all else. The
    models are loaded by the first call (about a second). Raises PictureError for what is no whole picture, ModelError
    for a model that is missing, SettingsError for a detector that does not exist.
    """
    from facecorpus.faces.analyze import analyze as analyze_bytes  # torch comes with it

    settings = settings_of({"faces": {"detector": detector, "yunet_model": str(yunet_model)}}, "analyze").faces
    data = _bytes_of(picture)
    models = _models(settings.detector, settings.yunet_model)
    return analyze_bytes(data, hashlib.sha256(data).hexdigest(), models, settings, FetchSettings().max_pixels)


@cache
def _models(detector: str, yunet_model: str) -> "Models":
    from facecorpus.faces.models import load_models
    from facecorpus.faces.yunet import or_hog

    return load_models(or_hog(FacesSettings(detector=detector, yunet_model=yunet_model)))


def _bytes_of(picture: AnyPicture) -> bytes:
    """The bytes of a file with the picture; what has no file yet becomes a PNG, which keeps every pixel."""
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            raise PictureError(
                f"The array is {picture.dtype} of shape {picture.shape}; give (height, width, 3) of uint8, as RGB."
            )
        return _png(Image.fromarray(picture))
    if isinstance(picture, Image.Image):
        upright = ImageOps.exif_transpose(picture)
        return _png(upright if upright.mode in _KEPT_BY_PNG else upright.convert("RGB"))
    try:
        return Path(picture).read_bytes()
    except OSError as error:
        raise PictureError(f"{Path(picture)} cannot be read ({error.strerror}); give the path of a picture.") from None


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
