"""Whether the bytes that came are a photograph to keep, from the bytes as they are: nothing is decoded here."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from facecorpus.crawl.file_says import reserved, synthetic
from facecorpus.errors import PictureError
from facecorpus.pictures import MAX_SCANS, is_cut_short, jpeg_scans, media_type, picture_size
from facecorpus.records import Download
from facecorpus.settings import FetchSettings
from facecorpus.words import Outcome


@dataclass(frozen=True, slots=True)
class Fetched:
    """One try to get a picture: how it ended, and the bytes where they are a picture."""

    download: Download
    data: bytes | None = None
    media_type: str = ""


def inspected(
    url: str, data: bytes, tried_at: str, seconds: float, status: int | None, settings: FetchSettings
) -> Fetched:
    """The try that brought these bytes: STORED with their type where they are a whole picture to keep."""
    outcome, detail = next(_against(data, settings), (Outcome.STORED, ""))
    download = Download(url, tried_at, seconds, status, outcome, detail, len(data))
    return Fetched(download, data, media_type(data) or "") if outcome is Outcome.STORED else Fetched(download)


def path_of(url: str) -> Path:
    """The file of this machine that a file: URL names; its name may be bytes that are no text."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


def _against(data: bytes, settings: FetchSettings) -> Iterator[tuple[Outcome, str]]:
    """What speaks against keeping the bytes, undecoded; what comes after the first is not asked for."""
    if not data:
        yield Outcome.NOT_A_PICTURE, "the answer is empty"
    if media_type(data) is None:
        yield Outcome.NOT_A_PICTURE, f"the bytes are no picture; they begin with {data[:12]!r}"
    try:
        width, height = picture_size(data)
    except PictureError as error:
        yield Outcome.NOT_A_PICTURE, str(error)
        return
    if width * height > settings.max_pixels:
        yield Outcome.TOO_BIG, f"{width} × {height} pixels; at most {settings.max_pixels} are taken"
    if is_cut_short(data):
        yield Outcome.NOT_A_PICTURE, "the JPEG picture breaks off before its end"
    if (scans := jpeg_scans(data)) > MAX_SCANS:
        yield Outcome.NOT_A_PICTURE, f"the JPEG picture has {scans} scans; at most {MAX_SCANS} are taken"
    if not settings.keep_synthetic and (kind := synthetic(data)):
        yield Outcome.SYNTHETIC, f"the file calls itself {kind}"
    if settings.obey_opt_outs and (use := reserved(data)):
        yield Outcome.OPTED_OUT, f"the file's C2PA manifest does not allow {use}"
