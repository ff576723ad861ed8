"""Lists of addresses with names, as face data sets publish them: CSV, TSV, JSONL, Parquet, or VGGFace's text files.

FaceScrub (vintage.winklerbros.net/facescrub.html): tab-separated with the columns name, image_id, face_id, url, bbox
(left,top,right,bottom), sha256. VGGFace (www.robots.ox.ac.uk/~vgg/data/vgg_face): a text file for each person, its
lines "id url left top right bottom pose score curation".
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecorpus.errors import SourceError

_PERSON = ("identity_id", "name", "identity", "person")
_SAME = {"license": "licence", "license_url": "licence_url", "image_url": "url", "creator": "author"}
_TEXTS = ("page_url", "title", "licence", "licence_url", "author", "taken_on")
_SIDES = ("left", "top", "right", "bottom")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ONE_DATE = r"(?:18|19|20)\d\d(?:-\d\d(?:-\d\d)?)?"
_DATE = re.compile(f"{_ONE_DATE}(?:/{_ONE_DATE})?")
_VGGFACE = ("image_id", "url", *_SIDES)
_READERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a list, and all that the list says of it."""

    person: str  # as the list calls the person
    url: str
    texts: Mapping[str, str]  # page_url, title, licence, licence_url, author, taken_on, where stated
    sha256: str = ""
    box: str = ""  # x,y,width,height in pixels


def read_list(path: Path) -> Iterator[Listed]:
    """The entries of a list, in its order, read as they are asked for.

    Columns may come in any order, others are ignored. Raises SourceError that names the line and what it must hold.
    """
    try:
        for number, row in enumerate(_rows(path), start=1):
            yield _listed(f"{path}, entry {number}", {_SAME.get(key, key): value for key, value in row.items()})
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read as a list of addresses: {error}.") from None


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Each entry as a map with its column names in lower case."""
    if path.is_dir():
        return _vggface(path)
    kind = path.suffix.lower()
    if kind in _READERS:
        return _separated(path, _READERS[kind])
    if kind in (".jsonl", ".ndjson"):
        return _json_lines(path)
    if kind == ".parquet":
        return _parquet(path)
    raise SourceError(
        f"{path} is no list that can be read; expected .csv, .tsv or .txt (tab-separated), .jsonl or .parquet, or a"
        " folder of VGGFace's text files."
    )


def _separated(path: Path, separator: str) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=separator)
        for row in reader:
            yield {str(key).strip().lower(): value for key, value in row.items()}


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict):
                raise SourceError(f'{path}, line {number}: expected an object like {{"name": …, "url": …}}.')
            yield {str(key).lower(): value for key, value in row.items()}


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=10_000):
            for row in batch.to_pylist():
                yield {str(key).lower(): value for key, value in row.items()}


def _vggface(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.txt")):
        with file.open(encoding="utf-8-sig") as lines:
            for line in lines:
                if fields := line.split():
                    yield {"name": file.stem, **dict(zip(_VGGFACE, fields, strict=False))}


def _listed(where: str, row: Mapping[str, Any]) -> Listed:
    person = next((_text(row, column) for column in _PERSON if _text(row, column)), "")
    if not person or not _text(row, "url"):
        raise SourceError(f"{where}: expected columns url and one of {', '.join(_PERSON)}, neither of them empty.")
    sha256 = _text(row, "sha256").lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise SourceError(f"{where}: sha256 must be 64 hex digits, not {sha256!r}.")
    texts = {column: _text(row, column) for column in _TEXTS if _text(row, column)}
    if not _DATE.fullmatch(texts.get("taken_on", "2000")):
        raise SourceError(f"{where}: taken_on must be a date like 2011-09-25, 2011-09, 2011 or 1990/1999.")
    return Listed(person, _text(row, "url"), texts, sha256, _box(where, row))


def _box(where: str, row: Mapping[str, Any]) -> str:
    """The face box as x,y,width,height: from bbox, or from left, top, right and bottom; '' where none is stated."""
    given = row.get("bbox")
    if given in (None, ""):
        given = [row[side] for side in _SIDES] if all(_text(row, side) for side in _SIDES) else None
    if given is None:
        return ""
    parts = given.split(",") if isinstance(given, str) else given
    try:
        left, top, right, bottom = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise SourceError(f"{where}: a face box must be left,top,right,bottom in pixels, not {given!r}.") from None
    if not (left < right and top < bottom):
        raise SourceError(f"{where}: the face box {given!r} is empty; expected left,top,right,bottom in pixels.")
    return ",".join(f"{value:g}" for value in (left, top, right - left, bottom - top))


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()
