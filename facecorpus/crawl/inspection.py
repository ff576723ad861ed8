"""Whether the bytes that came are a photograph to keep, from the bytes as they are: nothing is decoded here."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from facecorpus.errors import PictureError
from facecorpus.pictures import MAX_SCANS, is_cut_short, jpeg_scans, media_type, picture_size
from facecorpus.records import Download
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome

_MAX_PIXELS = FetchSettings().max_pixels


@dataclass(frozen=True, slots=True)
class Fetched:
    """One try to get a picture: how it ended, and the bytes where they are a picture."""

    download: Download
    data: bytes | None = None
    media_type: str = ""


def inspected(
    url: str, data: bytes, tried_at: str, seconds: float, status: int | None, max_pixels: int = _MAX_PIXELS
) -> Fetched:
    """The try that brought these bytes: STORED with their type where they are a whole picture of a size to decode."""
    outcome, detail = _inspection(data, max_pixels)
    download = Download(url, tried_at, seconds, status, outcome, detail, len(data))
    return Fetched(download, data, media_type(data) or "") if outcome is Outcome.STORED else Fetched(download)


def path_of(url: str) -> Path:
    """The file of this machine that a file: URL names; its name may be bytes that are no text."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


def _inspection(data: bytes, max_pixels: int) -> tuple[Outcome, str]:
    """What the bytes are, undecoded."""
    if not data:
        return Outcome.NOT_A_PICTURE, "the answer is empty"
    if media_type(data) is None:
        return Outcome.NOT_A_PICTURE, f"the bytes are no picture; they begin with {data[:12]!r}"
    try:
        width, height = picture_size(data)
    except PictureError as error:
        return Outcome.NOT_A_PICTURE, str(error)
    if width * height > max_pixels:
        return Outcome.TOO_BIG, f"{width} × {height} pixels; at most {max_pixels} are taken"
    if is_cut_short(data):
        return Outcome.NOT_A_PICTURE, "the JPEG picture breaks off before its end"
    scans = jpeg_scans(data)
    many = f"the JPEG picture has {scans} scans; at most {MAX_SCANS} are taken"
    return (Outcome.NOT_A_PICTURE, many) if scans > MAX_SCANS else (Outcome.STORED, "")
