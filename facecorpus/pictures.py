"""What the bytes of a picture say undecoded: its real type, its size, whether a JPEG was cut short, and its scans."""

import re
import struct
from collections.abc import Iterator

from facecorpus.errors import PictureError

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
MAX_SCANS = 50
"""Of a JPEG. Programs write about ten; the time that it takes to decode grows with them."""
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # sizes of all versions; "BM" alone begins many a text
_JPEG_ALONE = (0x01, *range(0xD0, 0xD8))  # markers that no length follows
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..SOF15 without DHT, JPG and DAC
_JPEG_SCAN = 0xDA
_JPEG_END = b"\xff\xd9"
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # the next marker: neither a stuffed 0xFF, nor a restart
_GIF_FRAME, _GIF_EXTENSION = 0x2C, 0x21
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257


def media_type(data: bytes) -> str | None:
    """The type by the bytes, not by any name: image/jpeg, png, gif, webp, bmp, tiff; None for everything else."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    return None


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels as the header states them, before any EXIF rotation.

    Reads the header alone, so that a bomb of a picture is known before it is decoded. Raises PictureError where
    the bytes are no picture of a known type, or end within the header.
    """
    kind = media_type(data)
    if kind is None:
        raise PictureError(f"Expected a JPEG, PNG, GIF, WebP, BMP or TIFF picture, but {_what_instead(data)}.")
    try:
        width, height = _SIZES[kind](data)
    except (struct.error, IndexError):
        raise PictureError(f"The {_short(kind)} picture ends within its header; fetch it again.") from None
    if width <= 0 or height <= 0:
        raise PictureError(f"The header of the {_short(kind)} picture states no size; fetch it again.")
    return width, height


def is_cut_short(data: bytes) -> bool:
    """Whether a JPEG lacks its end. Decoders differ here: some fill what is missing with grey without a word.

    In a scan every 0xFF is followed by 0x00 or a restart marker, so the end marker after it is certain. Other
    types are never called short: their decoders notice by themselves.
    """
    if media_type(data) != "image/jpeg":
        return False
    scan = next((start for marker, start in _jpeg_segments(data) if marker == _JPEG_SCAN), None)
    return scan is None or data.rfind(_JPEG_END, scan) < 0  # found sooner from behind


def jpeg_scans(data: bytes) -> int:
    """In how many scans a JPEG comes: 1, about ten where it is progressive; each passes over all pixels. Else 0."""
    if media_type(data) != "image/jpeg":
        return 0
    return sum(marker == _JPEG_SCAN for marker, _ in _jpeg_segments(data))


def _what_instead(data: bytes) -> str:
    head = data[:512].lstrip().lower()
    if not data:
        return "the file is empty; fetch it again"
    if head.startswith((b"<!doctype html", b"<html")):
        return "the file is an HTML page; look for the picture's own address on it"
    if head.startswith((b"<svg", b"<?xml")):
        return "the file is XML or SVG; look for a photograph instead"
    return f"the file begins with the bytes {data[:8].hex(' ')}; convert it, or leave it out"


def _short(kind: str) -> str:
    return {"image/jpeg": "JPEG", "image/webp": "WebP"}.get(kind, kind.removeprefix("image/").upper())


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, start of its content) of each segment (ITU T.81, annex B.1.1)."""
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF or data[position + 1] == _JPEG_END[1]:
            return
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _JPEG_ALONE:
            position += 2
        else:
            yield marker, position + 4
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
            if marker == _JPEG_SCAN:
                following = _AFTER_SCAN.search(data, position)
                position = following.start() if following else len(data)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    for marker, start in _jpeg_segments(data):
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, start + 1)
            return width, height
    raise IndexError


def _png_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> tuple[int, int]:
    """Of the screen, or of what the first frame covers where that is more."""
    width, height = struct.unpack_from("<HH", data, 6)
    position = 13 + _colours(data[10])
    while data[position] == _GIF_EXTENSION:
        position += 2
        while data[position]:
            position += 1 + data[position]
        position += 1
    if data[position] == _GIF_FRAME:
        left, top, across, down = struct.unpack_from("<HHHH", data, position + 1)
        width, height = max(width, left + across), max(height, top + down)
    return width, height


def _colours(flags: int) -> int:
    """Bytes of the colour table that follows."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _bmp_size(data: bytes) -> tuple[int, int]:
    layout = "<HH" if data[14] == 12 else "<ii"
    width, height = struct.unpack_from(layout, data, 18)
    return width, abs(height)  # a negative height: the rows run from top to bottom


def _webp_size(data: bytes) -> tuple[int, int]:
    """Of the three layouts: lossy "VP8 " (RFC 6386 §9.1), lossless "VP8L", extended "VP8X" (RFC 9649)."""
    chunk = data[12:16]
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    raise IndexError


def _tiff_size(data: bytes) -> tuple[int, int]:
    """Of the first directory (TIFF 6.0, section 2)."""
    order = "<" if data.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, directory)
    sizes: dict[int, int] = {}
    for number in range(entries):
        entry = directory + 2 + 12 * number
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT):
            (size,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, entry + 8)
            sizes[tag] = max(size, sizes.get(tag, 0))  # readers differ in which of several counts
    return sizes.get(_TIFF_WIDTH, 0), sizes.get(_TIFF_HEIGHT, 0)


_SIZES = {
    "image/jpeg": _jpeg_size,
    "image/png": _png_size,
    "image/gif": _gif_size,
    "image/bmp": _bmp_size,
    "image/webp": _webp_size,
    "image/tiff": _tiff_size,
}
