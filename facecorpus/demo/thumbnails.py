"""Thumbnails as MediaWiki scales them: upright, by width, in the format that the name promises."""

import io
from pathlib import PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

from facecorpus.errors import PictureError

_FORMATS = {".jpg": "JPEG", ".png": "PNG", ".gif": "GIF", ".webp": "PNG", ".bmp": "PNG"}


def scaled_height(width: int, height: int, thumb_width: int) -> int:
    """Height in pixels of a thumbnail of that width."""
    return max(1, round(height * thumb_width / width))


def make_thumbnail(data: bytes, name: str, width: int) -> bytes:
    """Scale a picture to a width in pixels and encode it as its name says (WebP and BMP become PNG).

    Raises PictureError where the bytes cannot be decoded, or the picture is not wider than that.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise PictureError(f"{name} cannot be scaled: {error}.") from None
    if picture.width <= width:
        raise PictureError(f"{name} is {picture.width} pixels wide; a thumbnail must be narrower.")
    size = (width, scaled_height(picture.width, picture.height, width))
    scaled = io.BytesIO()
    kind = _FORMATS[PurePosixPath(name).suffix.lower()]
    picture.resize(size, Image.Resampling.LANCZOS).save(scaled, kind)
    return scaled.getvalue()


def stated_size(data: bytes) -> tuple[int, int]:
    """Width and height that a file's header states, (0, 0) where it states none, as MediaWiki records it."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError):
        return 0, 0
