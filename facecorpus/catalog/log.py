"""decisions.jsonl: the second home of decisions, imports and removals; one JSON object a line, only ever appended.

Each line begins with the sha256 of the line before (``before``), so that line k is vouched for by line k + 1, and the
last one by the catalog. Lines that were written together all say ``more`` but the last: a killed write is told by it.
What was forgotten leaves a keyed hash in its line's place, and the chain is sealed anew.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from facecorpus.system.border import whole
from facecorpus.system.folder import flush
from facecorpus.system.modes import file_mode, make_file, set_mode

Entry = Mapping[str, Any]
"""A line without its `before` and `more`: of a secret, a decision, an import, a removal, or of what was forgotten."""

_TEXTS = ("face_id", "identity_id", "reviewer", "kind", "verdict", "reason", "decided_at", "shown_as")
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "secret": {"secret": str},
    "forgotten": {"decision_id": int, "forgotten": str},
    "decision_id": {"decision_id": int, **dict.fromkeys(_TEXTS, str), "import_id": int | None},
    "import_id": {"import_id": int, "file": str, "imported_at": str},
    "removal": {"removal": str, "reason": str, "removed_at": str},
}
"""The members of each kind of entry, by the first of these that it has."""

_NO_SECRET = "0" * 64
_SECRET = re.compile(r"[0-9a-f]{64}")
_BEFORE = re.compile(rb'\{"before": "([0-9a-f]{64})"')
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read."""

    number: int  # from 1
    entry: Entry  # empty where it cannot be read
    sound: bool  # the line after it, or whoever knows the head, has its sha256


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole log."""

    lines: tuple[Line, ...]
    bytes: int  # up to the end of the last write that is whole
    head: str  # sha256 of the last line of it


class Seal:
    """Entries as lines that follow a line with the sha256 `head`, made one by one: thirty thousand are many megabytes.

    Once all lines were taken, `size` are their bytes, and `head` is the sha256 of the last.
    """

    def __init__(self, entries: Iterable[Entry], head: str, together: bool = True) -> None:
        self.size = 0
        self.head = head
        self._entries = entries
        self._more = '"more": true, ' if together else ""

    def __iter__(self) -> Iterator[bytes]:
        for text, following in pairwise(chain((_text(entry) for entry in self._entries), [None])):
            line = f'{{"before": "{self.head}", {"" if following is None else self._more}{text}'.encode()
            self.head = hashlib.sha256(line).hexdigest()
            self.size += len(line) + 1
            yield line + b"\n"


def read(path: Path, head: str | None = None) -> Reading:
    """Read the log; an empty one where the file is missing. `head` is what the catalog knows the last line by."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    raw = data.split(b"\n")[:-1]  # behind the last line end nothing is whole
    entries = [_entry(line) for line in raw]
    whole = next((place for place in range(len(raw), 0, -1) if not entries[place - 1].get("more")), 0)
    hashes = [hashlib.sha256(line).hexdigest() for line in raw[:whole]]
    last = hashes[-1] if hashes else ""
    vouched = [*map(_before, raw[1:whole]), last if head is None else head]
    lines = tuple(
        Line(number, _content(entry), own == said and _fits(_content(entry)))
        for number, entry, own, said in zip(range(1, whole + 1), entries[:whole], hashes, vouched[:whole], strict=True)
    )
    return Reading(lines, sum(len(line) + 1 for line in raw[:whole]), last)


def append(path: Path, at: int, lines: Iterable[bytes]) -> None:
    """Write lines at the end, which is `at`, and see to it that they are on disk; all of them or nothing."""
    new = not path.exists()
    make_file(path)
    try:
        with path.open("r+b") as file:
            file.seek(at)
            file.writelines(lines)
            file.flush()
            _sync(file.fileno())
    except BaseException as error:
        with suppress(OSError):
            os.truncate(path, at)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise
    if new:
        flush(path.parent)


def truncate(path: Path, at: int) -> None:
    """Cut off what lies behind that byte."""
    with suppress(FileNotFoundError):
        os.truncate(path, at)


def replace(path: Path, lines: Iterable[bytes]) -> None:
    """Exchange the whole log at once."""
    temporary = path.with_name(f"{path.name}.tmp")  # one writer at a time: what a killed one left is overwritten
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            set_mode(handle, file_mode(path.parent))
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        flush(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def _text(entry: Entry) -> str:
    return json.dumps(entry, ensure_ascii=False)[1:]


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _fits(entry: Entry) -> bool:
    """Whether an entry has the members of one of its kinds, in their types: a log may be from anybody."""
    shape = next((shape for name, shape in _SHAPES.items() if name in entry), None)
    return (
        shape is not None
        and shape.keys() == entry.keys()
        and all(isinstance(entry[name], kind) and _can_be_kept(entry[name]) for name, kind in shape.items())
        and _SECRET.fullmatch(entry.get("secret", _NO_SECRET)) is not None
    )


def _can_be_kept(value: Any) -> bool:
    if isinstance(value, str):
        return whole(value) == value
    return value is None or (not isinstance(value, bool) and abs(value) < 1 << 63)


def _before(line: bytes) -> str:
    found = _BEFORE.match(line)
    return found[1].decode() if found else ""


def _content(entry: dict[str, Any]) -> Entry:
    return {key: value for key, value in entry.items() if key not in ("before", "more")}
