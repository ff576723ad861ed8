"""Lists of addresses with names, as face data sets publish them: CSV, TSV, JSONL, Parquet, or VGGFace's text files.

FaceScrub (vintage.winklerbros.net/facescrub.html): tab-separated with the columns name, image_id, face_id, url, bbox
(left,top,right,bottom), sha256; parts of it are passed around without the line of names. VGGFace
(www.robots.ox.ac.uk/~vgg/data/vgg_face): a text file for each person, its lines "id url left top right bottom pose
score curation"; some copies have an MD5 before the address. PubFig (www.cs.columbia.edu/CAVE/databases/pubfig):
tab-separated, comments begin with #, and so does the line of names: #, person, imagenum, url, rect, md5sum.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from facecorpus.errors import SourceError
from facecorpus.system.border import address_of, read_json, text_of
from facecorpus.system.dates import certain
from facecorpus.system.tables import delimiter_of

FORMS: dict[str, tuple[str, ...]] = {
    "auto": (),
    "table": (),
    "facescrub": ("name", "image_id", "face_id", "url", "bbox", "sha256"),
    "vggface": (),
    "pubfig": ("person", "imagenum", "url", "rect", "md5sum"),
}
"""The columns of a list without a line of names, by the form that the settings name; auto looks at the content."""

_PERSON = ("identity_id", "name", "identity", "person")
_SAME = {"license": "licence", "license_url": "licence_url", "image_url": "url", "creator": "author", "rect": "bbox"}
_TEXTS = ("page_url", "title", "licence", "licence_url", "author", "taken_on")
_SIDES = ("left", "top", "right", "bottom")
_FARTHEST = 1e6  # pixels
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"https?://\S", re.IGNORECASE)
_BY_CONTENT = (
    # What a column holds, by what stands in its first row; the first that fits counts.
    ("url", re.compile(r"https?://\S.*", re.IGNORECASE)),
    ("sha256", re.compile(r"[0-9a-fA-F]{64}")),
    ("bbox", re.compile(r"-?[\d.]+(?:, ?-?[\d.]+){3}")),
    ("", re.compile(r"[\d.]*|[0-9a-fA-F]{32}")),  # a number, an MD5: of no use here
    ("name", re.compile(r".+")),
)
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}

Row = Mapping[str, Any]
"""An entry by the names of its columns, in lower case; under _BROKEN why it is none."""

_BROKEN = "(broken)"


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a list, and all that the list says of it."""

    person: str  # as the list calls the person
    url: str
    texts: Mapping[str, str]  # page_url, title, licence, licence_url, author, taken_on, where stated
    sha256: str = ""
    box: str = ""  # x,y,width,height in pixels


class ListOfAddresses:
    """The entries of a list, in its order, read as they are asked for; of some form, or recognised by its content.

    Columns may come in any order, others are ignored. A line that cannot be understood is counted and passed over.
    Raises SourceError where none at all can be, which names the first, and says what it must hold.
    """

    def __init__(self, path: Path, form: str = "auto") -> None:
        self.form = form
        """Of the list, recognised as soon as its first entry is read."""
        self.understood = 0
        self.not_understood = 0
        self.first_problem = ""
        self._path = path

    def __iter__(self) -> Iterator[Listed]:
        self.understood = self.not_understood = 0
        try:
            for number, row in enumerate(self._rows(), start=1):
                try:
                    entry = _listed(f"{self._path}, entry {number}", row)
                except SourceError as error:
                    self.not_understood += 1
                    self.first_problem = self.first_problem or str(error)
                else:
                    self.understood += 1
                    yield entry
        except (OSError, ValueError, csv.Error) as error:
            raise SourceError(
                f"{self._path} cannot be read as a list of addresses ({error}); let urls in [crawl] name one that can."
            ) from None
        if self.first_problem and not self.understood:
            raise SourceError(self.first_problem)

    def _rows(self) -> Iterator[Row]:
        path, kind = self._path, self._path.suffix.lower()
        if path.is_dir():
            self.form = "vggface"
            return chain.from_iterable(map(_vggface, sorted(path.glob("*.txt"))))
        if kind in _SEPARATORS:
            return self._of_text(_SEPARATORS[kind])
        self.form = "table"
        if kind in (".jsonl", ".ndjson"):
            return _json_lines(path)
        if kind == ".parquet":
            return _parquet(path)
        raise SourceError(
            f"{path} is no list that can be read; expected .csv, .tsv or .txt (tab-separated), .jsonl or .parquet, or a"
            " folder of VGGFace's text files."
        )

    def _of_text(self, separator: str) -> Iterator[Row]:
        """The rows of a text file: what its first line that is no comment looks like decides how it is read."""
        with self._path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            lines, names, first = _skip_comments(file, separator)
            form, columns = self.form, FORMS[self.form]
            if names is None and "url" in _names_of(first, delimiter_of(first)):
                separator = delimiter_of(first)
            if form == "vggface" or (form == "auto" and _is_vggface(first, separator)):
                self.form = "vggface"
                yield from _vggface(self._path)
            elif names is not None or "url" in _names_of(first, separator):
                self.form = "table" if form == "auto" else form
                yield from _table(csv.reader(lines, delimiter=separator), names)
            elif columns or (form == "auto" and (columns := _columns_by_content(first, separator))):
                self.form = "columns by their content" if form == "auto" else form
                # A quotation mark in a name is one; only a comma has to be quoted.
                if separator == ",":
                    yield from _nameless(csv.reader(lines), columns)
                else:
                    yield from _nameless(csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE), columns)
            elif first:
                raise SourceError(
                    f"{self._path}: expected a line with the names of the columns, one of them url, or lines with an"
                    f" address (http) and a name; it begins {first.strip()[:60]!r}. urls_format in corpus.toml may name"
                    f" the form: {', '.join(FORMS)}."
                )


def _skip_comments(file: Iterable[str], separator: str) -> tuple[Iterator[str], list[str] | None, str]:
    """The lines from the first one on that is no comment, the names of columns in a comment before, and that line."""
    lines = iter(file)
    names: list[str] | None = None
    for line in lines:
        if not line.startswith("#"):
            return chain([line], lines), names, line
        told = [name for name in _names_of(line.removeprefix("#"), separator) if name]
        names = told if "url" in told else names
    return iter(()), names, ""


def _fields(line: str, separator: str) -> list[str]:
    if separator == ",":
        return next(csv.reader([line]), [])
    return line.rstrip("\r\n").split(separator)  # a quotation mark is part of a name there


def _names_of(line: str, separator: str) -> list[str]:
    names = [name.strip().lower() for name in _fields(line, separator)]
    return [_SAME.get(name, name) for name in names]


def _is_vggface(line: str, separator: str) -> bool:
    """Whether a line is one of VGGFace's: words with an address among the first, and numbers after it."""
    fields = line.split()
    return separator not in line and len(fields) > len(_SIDES) + 1 and any(map(_ADDRESS.match, fields[:3]))


def _columns_by_content(line: str, separator: str) -> tuple[str, ...]:
    """What the columns of a list without names hold, by its first line; empty where there is no address or no name."""
    columns: list[str] = []
    for field in _fields(line, separator):
        kind = next((kind for kind, form in _BY_CONTENT if form.fullmatch(field.strip())), "")
        columns.append("" if kind in columns else kind)
    return tuple(columns) if {"url", "name"} <= set(columns) else ()


def _table(reader: "Iterator[list[str]]", names: list[str] | None) -> Iterator[Row]:
    """Rows under a line of names, which may have come before."""
    for row in reader:
        if names is None:
            names = [name.strip().lower() for name in row]
        elif row:
            yield dict(zip(names, row, strict=False))


def _nameless(reader: "Iterator[list[str]]", columns: Sequence[str]) -> Iterator[Row]:
    """Rows of so many columns; one that has fewer was cut off."""
    for row in reader:
        if len(row) < len(columns) and row:
            yield {_BROKEN: f"it has {len(row)} of {len(columns)} columns"}
        elif row and not _ADDRESS.match(row[columns.index("url")]):
            yield {_BROKEN: f"{row[columns.index('url')][:60]!r} is no address"}
        elif row:
            yield dict(zip(columns, row, strict=False))


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = read_json(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                yield {key.lower(): value for key, value in row.items()}
            else:
                yield {_BROKEN: f'line {number} is no object; expected one like {{"name": …, "url": …}}'}


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=10_000):
                for row in batch.to_pylist():
                    yield {key.lower(): value for key, value in row.items()}
    except (pa.ArrowException, ArithmeticError) as error:
        raise ValueError(error) from None


def _vggface(file: Path) -> Iterator[Row]:
    """The lines of one person's file; what stands before the address does not matter."""
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            fields = line.split()
            place = next((n for n, field in enumerate(fields) if _ADDRESS.match(field)), None)
            if place is not None:
                yield {"name": file.stem, **dict(zip(("url", *_SIDES), fields[place:], strict=False))}
            elif fields:
                yield {_BROKEN: "it holds no address"}


def _listed(where: str, given: Row) -> Listed:
    """The entry that a row is; raises SourceError where it is none."""
    if _BROKEN in given:
        raise SourceError(f"{where}: {given[_BROKEN]}.")
    row = {_SAME.get(key, key): value for key, value in given.items()}
    try:
        url, told = (
            address_of(row.get("url")),
            {name: _text(row, name) for name in (*_PERSON, *_TEXTS, *_SIDES, "sha256")},
        )
    except TypeError as error:
        raise SourceError(f"{where}: {error}.") from None
    person = next((told[column] for column in _PERSON if told[column]), "")
    if not person or not url:
        raise SourceError(f"{where} lacks an address or a name; expected columns url and one of {', '.join(_PERSON)}.")
    sha256 = told["sha256"].lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise SourceError(f"{where}: sha256 is {sha256!r}; it must be 64 hex digits.")
    texts = {column: told[column] for column in _TEXTS if told[column]}
    if "taken_on" in texts and not certain(texts["taken_on"]):
        raise SourceError(
            f"{where}: taken_on is {texts['taken_on']!r}; it must be like 2011-09-25, 2011-09, 2011 or 1990/1999."
        )
    return Listed(person, url, texts, sha256, _box(where, row.get("bbox"), [told[side] for side in _SIDES]))


def _box(where: str, given: Any, sides: Sequence[str]) -> str:
    """The face box as x,y,width,height: from what is given, or else from the sides; '' where none is stated."""
    if given in (None, ""):
        given = sides if all(sides) else None
    if given is None:
        return ""
    parts = re.split(r"[,\s]+", given.strip()) if isinstance(given, str) else given
    try:
        left, top, right, bottom = (float(part) for part in parts)
    except (TypeError, ValueError, OverflowError):
        raise SourceError(
            f"{where}: the face box is {str(given)[:80]!r}; it must be left,top,right,bottom in pixels."
        ) from None
    if not (-_FARTHEST < left < right < _FARTHEST and -_FARTHEST < top < bottom < _FARTHEST):
        raise SourceError(
            f"{where}: the face box {str(given)[:80]!r} is empty; expected left,top,right,bottom in pixels."
        )
    return ",".join(f"{value:g}" for value in (left, top, right - left, bottom - top))


def _text(row: Mapping[str, Any], column: str) -> str:
    """What a row says in a column; Parquet has dates, too."""
    value = row.get(column)
    return value.isoformat() if isinstance(value, date) else text_of(value)
