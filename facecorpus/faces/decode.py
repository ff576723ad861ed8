"""Bytes to pixels, safely: size is bounded before decoding, and damage is an error, never half a picture."""

import io
import warnings
from dataclasses import dataclass
from datetime import date

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH

from facecorpus.errors import PictureError
from facecorpus.faces.records import Picture
from facecorpus.pictures import MAX_SCANS, is_cut_short, jpeg_scans, picture_size
from facecorpus.settings import FetchSettings
from facecorpus.system.limits import costing_at_most

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_WHITE = (255, 255, 255, 255)
_STRIP = 2**20  # pixels
# What decoding may cost at the default of max_pixels, and in proportion above it. The kernel holds workers to it. WebP
# with alpha is refused by its size, everywhere; of all other kinds, progressive JPEGs of four colours take most: 12
# bytes a pixel.
_MEMORY = 1e9  # bytes
_WEBP_ALPHA = 16  # bytes a pixel
_PROGRESSIVE = 9  # the same: coefficients and pixels of three colours
_SECONDS = 10.0  # of the processor


# The sizes at which libjpeg can decode: it leaves out the higher frequencies of each block of 8 × 8 pixels.
_REDUCED = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}


@dataclass(frozen=True, slots=True)
class Decoded:
    """An upright picture, perhaps reduced; the size of the whole one, and the day it was taken where EXIF says so."""

    picture: Picture
    width: int  # pixels of the whole upright picture
    height: int
    taken_on: str | None  # ISO date


def decode(data: bytes, max_pixels: int, enough: int | None = None) -> Decoded:
    """Decode a JPEG, PNG, GIF (its first frame), WebP, BMP or TIFF picture and turn it upright as EXIF says.

    Grey, palette, CMYK and 16 bit pictures become 8 bit RGB; what is transparent becomes white. Where so many pixels
    are enough, a JPEG comes at a half, a quarter or an eighth of its width and height, the smallest that has as many.
    Raises PictureError for everything that is no whole picture of at most max_pixels.
    """
    width, height = picture_size(data)
    _check_size(width, height, max_pixels)
    if is_cut_short(data):
        raise PictureError("The JPEG picture ends before its last line; fetch it again.")
    if (scans := jpeg_scans(data)) > MAX_SCANS:
        raise PictureError(f"The JPEG picture has {scans:,} scans, more than {MAX_SCANS}; save it again.")
    scale = max(1.0, max_pixels / FetchSettings().max_pixels)
    try:
        with costing_at_most(_MEMORY * scale, _SECONDS * scale), warnings.catch_warnings():
            # Pillow warns of odd EXIF, odd palettes and sizes above its own limit: nothing that a user can act upon.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                # A header may state another size than what is decoded, and a tile be larger than its picture.
                _check_size(*image.size, max_pixels)
                tags = getattr(image, "tag_v2", {})
                _check_size(tags.get(TILEWIDTH, 0), tags.get(TILELENGTH, 0), max_pixels)
                if (image.format, image.mode) == ("WEBP", "RGBA") and width * height * _WEBP_ALPHA > _MEMORY * scale:
                    raise MemoryError
                taken_on = _taken_on(image)
                reduction = _reduction(width * height, enough) if _is_plain_jpeg(image) else 1
                picture = _pixels(image, data, reduction)
    except PictureError:
        raise
    except Exception as error:
        if isinstance(error, MemoryError) or getattr(error, "code", None) == cv2.Error.StsNoMem:
            raise PictureError(
                f"The picture takes more than {_MEMORY * scale / 1e9:.1f} GB to decode; save it smaller."
            ) from None
        # Pillow's plugins raise a dozen kinds for damaged files: OSError, SyntaxError, struct.error, KeyError, …
        raise PictureError(f"The picture is damaged ({_one_line(error)}); fetch it again.") from None
    if reduction == 1:
        height, width = picture.shape[:2]
    elif (picture.shape[0] - picture.shape[1]) * (height - width) < 0:  # EXIF turned it on its side
        height, width = width, height
    return Decoded(picture, width, height, taken_on)


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise PictureError(
            f"The picture has {width} × {height} pixels, more than {max_pixels:,};"
            " raise max_pixels in [fetch] of corpus.toml to use it."
        )


def _is_plain_jpeg(image: Image.Image) -> bool:
    return image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L")


def _reduction(pixels: int, enough: int | None) -> int:
    """1, 2, 4 or 8: by how much the sides of a picture may shrink, so that it keeps enough pixels."""
    if enough is None:
        return 1
    return max((by for by in _REDUCED if pixels >= enough * by * by), default=1)


def _pixels(image: Image.Image, data: bytes, reduction: int) -> Picture:
    # OpenCV decodes plain JPEGs in half of Pillow's time, and WebP in a third of it and a quarter of the memory; of
    # the others, it gets CMYK, 16 bit and alpha wrong.
    if _is_plain_jpeg(image) or (image.format == "WEBP" and image.mode == "RGB"):
        flag = _REDUCED.get(reduction, cv2.IMREAD_COLOR_RGB)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
        if picture is None:
            _refuse_without_memory(image)
            raise ValueError("OpenCV cannot decode it")
        if reduction > 1:  # comes as BGR only
            cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, picture)
        return np.asarray(picture, np.uint8)
    try:
        image.load()
    except OSError:
        _refuse_without_memory(image)
        raise
    ImageOps.exif_transpose(image, in_place=True)
    return _rgb(image)


def _refuse_without_memory(image: Image.Image) -> None:
    """Raise MemoryError where a JPEG cannot have what it needs: its decoders say the same then as of a damaged one."""
    if image.format in ("JPEG", "MPO"):
        np.empty((*image.size, _PROGRESSIVE), np.uint8)  # never touched


def _rgb(image: Image.Image) -> Picture:
    """The pixels of a loaded picture, strip by strip: each step on the whole would hold 4 bytes a pixel more."""
    width, height = image.size
    picture = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        if strip.mode.startswith("I;16"):
            picture[top : top + rows] = (np.asarray(strip) >> 8)[:, :, None]
            continue
        if strip.has_transparency_data:
            coloured = strip.convert("RGBA")
            strip = Image.alpha_composite(Image.new("RGBA", coloured.size, _WHITE), coloured)
        picture[top : top + rows] = np.asarray(strip.convert("RGB"))
    return picture


def _taken_on(image: Image.Image) -> str | None:
    """The day of EXIF's DateTimeOriginal ("2019:02:22 12:00:00"); None where it is absent or no date."""
    try:
        original = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        return date.fromisoformat(str(original)[:10].replace(":", "-")).isoformat()
    except Exception:  # damaged EXIF does not make the picture less usable
        return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
