"""Files that are whole or absent, whatever kills the program, and that are told when their bytes change later.

Beside the files of a run lies a list, a line a file that was written: its sha256 and name. A line is appended before
its file takes its place, so a file is sound where any of its lines has its sha256.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from training.folder import ENTRIES, WRITTEN, RunFolder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PARTIAL = ".partial"
_LISTED = {entry.name for entry in ENTRIES} - {RunFolder.lock.name, WRITTEN}


def write_whole(path: Path, write: Callable[[Path], object], *, listed: bool = True) -> None:
    """Let `write` fill a temporary file beside `path`, bring it to the disk, then rename it to `path`.

    `listed` is for files of a run that nobody changes in place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
            if listed:
                _append(path.with_name(WRITTEN), f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def is_sound(path: Path) -> bool:
    """Whether a file has the bytes that were written; what an earlier version wrote is not known, and taken for sound.

    A file that should be listed, beside others that are, is not sound.
    """
    try:
        lines = path.with_name(WRITTEN).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return True
    sums = {line[:64] for line in lines if line[66:] == path.name}
    if not sums:
        return path.name not in _LISTED
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() in sums


def damaged(run: Path) -> list[Path]:
    """The files of a run, all seeds together, whose bytes are not those that were written."""
    folders = sorted(listing.parent for listing in run.rglob(WRITTEN))
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file() and not is_sound(path)]


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:  # several processes may, at once
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: Path, text: str, *, listed: bool = True) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"), listed=listed)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all."""
    write_whole(path, lambda partial: partial.write_bytes(content))


def write_json(path: Path, value: object) -> None:
    """Write `value` as readable JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def clear_partials(folder: Path) -> None:
    """Delete what killed writers left half-written anywhere below; nobody may be writing."""
    for partial in list(folder.rglob(f".*{_PARTIAL}")):
        partial.unlink()


def lock(path: Path) -> IO[str]:
    """Hold a file alone until it is closed, or this process ends; BlockingIOError where another does."""
    file = path.open("w")
    try:
        if sys.platform == "win32":
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError as error:
                raise BlockingIOError(str(error)) from error
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        file.close()
        raise
    return file
