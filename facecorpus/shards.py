"""A folder of shards, whoever made it: its record, its files, and the border that everything in it passes.

A shard and its build.json may come from anybody. Past this module none of their names, sizes or numbers is trusted for
a path, a size or a count.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

from facecorpus.errors import ShardsError
from facecorpus.system.border import read_json

RECORD = "build.json"
"""The file beside the shards that says what they are: settings, versions, counts, and every file with its sha256."""

DATA = "data"
"""The folder in it that holds the Parquet files and nothing else, so that any reader takes it whole."""

SUFFIX = ".parquet"

_LONGEST = 200  # bytes of a name: a file system takes 255, and some names get an ending
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f:]")
_FACE_ID = re.compile(r"[0-9a-f]{24}-\d{1,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNSEALED = "0" * 64
_SEAL = re.compile(rb'"sha256": "([0-9a-f]{64})"\n\}\n\Z')
_LANDMARKS = 5
_LARGEST = 100_000  # pixels of a photograph's side


def is_plain_name(name: object) -> TypeGuard[str]:
    """Whether it can be a file or folder inside another folder and nothing else.

    It cannot where it is a path, is hidden or no text, or is too long for a file system.
    """
    return (
        isinstance(name, str)
        and name.isprintable()
        and not name.startswith(".")
        and not _UNSAFE.search(name)
        and 0 < len(name.encode("utf-8", "replace")) <= _LONGEST
    )


def safe_name(name: object, what: str) -> str:
    """The name; ShardsError where it is no plain one. `what` says in the sentence what the name is of."""
    if not is_plain_name(name):
        raise ShardsError(
            f"{what} is {str(name)[:80]!r}, which is no plain file name; nothing is written for it: get the shards from"
            " somebody you trust, or build them again."
        )
    return name


def checked_row(row: Mapping[str, Any], file: Path) -> None:
    """Raise ShardsError where a row holds what no build writes: ids, split, sizes, landmarks, the picture's name.

    All else is texts, numbers, truths, and lists of them.
    """
    here = f"of a row of {file.name}"
    for name, value in row.items():
        if name != "image" and not _is_plain(value):
            raise ShardsError(
                f"The {name} {here} is no text, number or list; get the shards again, or build them again."
            )
    _matches(row.get("face_id"), _FACE_ID, f"The face_id {here}")
    _matches(row.get("photo_id"), _SHA256, f"The photo_id {here}")
    safe_name(row.get("split"), f"The split {here}")
    for side in ("width", "height"):
        whole_number(row.get(side), 1, _LARGEST, f"The {side} {here}")
    points = row.get("landmarks")
    plain = [value for point in points for value in point] if isinstance(points, list) else []
    if len(plain) != 2 * _LANDMARKS or not all(isinstance(one, float) and math.isfinite(one) for one in plain):
        raise ShardsError(
            f"The landmarks {here} are not {_LANDMARKS} points; get the shards again, or build them again."
        )
    if "image" in row:
        image = row["image"]
        if not isinstance(image, dict) or not isinstance(image.get("bytes"), bytes) or not image["bytes"]:
            raise ShardsError(f"A row of {file.name} has no picture; get or build the shards again.")
        safe_name(image.get("path"), f"The picture's name {here}")


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Raise ShardsError where what is read of a shard here shows that it holds other bytes than a build writes."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise ShardsError(
            f"{file} is damaged ({type(error).__name__}: {reason}); get it from its maker again, or build it again."
        ) from None


def class_names(file: Path) -> dict[str, tuple[str, ...]]:
    """The names of the classes of each label column, as the schema of a shard has them.

    ShardsError where it has none for identity, or a person's id in it is no plain name.
    """
    import pyarrow.parquet as pq

    with reading(file):
        features = read_json(pq.read_schema(file).metadata[b"huggingface"])["info"]["features"]
        found = {name: tuple(one["names"]) for name, one in features.items() if one.get("_type") == "ClassLabel"}
        for name in found["identity"]:
            safe_name(name, "A person's id in the shards")
        if not all(isinstance(name, str) for names in found.values() for name in names):
            raise TypeError("a class has no name")
        return found


def whole_number(value: object, least: int, most: int, what: str) -> int:
    """The value, where it is a whole number of that range; else ShardsError."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ShardsError(f"{what} is {str(value)[:40]!r}; a whole number from {least} to {most} is expected.")
    return value


def _is_plain(value: object) -> bool:
    return all(map(_is_plain, value)) if isinstance(value, list) else isinstance(value, str | int | float | None)


def _matches(value: object, pattern: re.Pattern[str], what: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ShardsError(
            f"{what} is {str(value)[:80]!r}, which no build writes; get the shards from their maker again."
        )


def file_in(folder: Path, name: str) -> Path:
    """Where a file of a build lies that build.json names: Parquet files in data/, earlier versions' beside the rest."""
    return folder / DATA / name if name.endswith(SUFFIX) and (folder / DATA).is_dir() else folder / name


def shard_files(folder: Path) -> list[Path]:
    """The Parquet files of a build, by name."""
    return sorted(file_in(folder, SUFFIX).parent.glob(f"*{SUFFIX}"))


def foreign_files(folder: Path, record: Mapping[str, Any]) -> list[Path]:
    """What lies in the folder of a build and was not written by it."""
    known = {folder / DATA, *(file_in(folder, name) for name in (RECORD, *record["files"]))}
    return [
        path
        for home in (folder, folder / DATA)
        if home.is_dir()
        for path in sorted(home.iterdir())
        if path not in known
    ]


def recorded(folder: Path) -> dict[str, Any]:
    """The build.json of a folder; one without a fingerprint and files where there is none that can be read.

    One that names a file outside of the folder counts as none.
    """
    nothing: dict[str, Any] = {"fingerprint": "", "shards": {}, "files": {}}
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return nothing
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        return nothing
    try:
        for name in record["files"]:
            safe_name(name, "A file")
    except ShardsError:
        return nothing
    return nothing | record


def sealed_record(record: Mapping[str, Any]) -> bytes:
    """The bytes of a build.json, which end in the sha256 of themselves with 64 zeros in its place."""
    text = json.dumps({**record, "sha256": _UNSEALED}, indent=2, ensure_ascii=False) + "\n"
    before, _, after = text.rpartition(_UNSEALED)
    return f"{before}{hashlib.sha256(text.encode()).hexdigest()}{after}".encode()


def is_sealed(folder: Path) -> bool:
    """Whether the build.json of a folder has the very bytes that `sealed_record` made."""
    try:
        data = (folder / RECORD).read_bytes()
    except OSError:
        return False
    seal = _SEAL.search(data)
    if seal is None:
        return False
    unsealed = data[: seal.start(1)] + _UNSEALED.encode() + data[seal.end(1) :]
    return hashlib.sha256(unsealed).hexdigest().encode() == seal[1]


def foreign_record(folder: Path) -> dict[str, Any]:
    """The build.json of a folder that somebody else may have made; ShardsError where it names what no build writes."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        names = list(record["files"])
    except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return recorded(folder)
    for name in names:
        safe_name(name, f"A file that {folder / RECORD} names")
    return recorded(folder)


def sound_files(
    folder: Path, record: Mapping[str, Any], advance: Callable[[int], None] = lambda files: None
) -> set[str]:
    """The files that are there with the very bytes that the record names; `advance` is told of each that is done."""
    sound = set()
    for name, file in record["files"].items():
        # An earlier version recorded sizes alone; such a file is written again.
        path = file_in(folder, name)
        if isinstance(file, dict) and path.is_file() and described(path) == file:
            sound.add(name)
        advance(1)
    return sound


def described(path: Path) -> dict[str, Any]:
    """A file's size and sha256, as build.json records them."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def sha256_of(path: Path) -> str:
    """The sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(sums: Mapping[str, str]) -> bytes:
    """checksums.txt, as `sha256sum --check checksums.txt` reads it, of the shards with their sha256."""
    return "".join(f"{sha256}  {DATA}/{name}\n" for name, sha256 in sums.items()).encode()
