"""Replace a whole folder at once: readers, and a crash at any moment, see the old one or the new one."""

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside target that takes target's place when the block ends well.

    What an interrupted earlier try has left is cleared away first. One process at a time: the caller holds a lock.
    """
    fresh = target.with_name(f"{target.name}.tmp")
    settle(target)
    fresh.mkdir()
    try:
        yield fresh
        for path in fresh.iterdir():
            _flush(path)
        _flush(fresh)
        _swap(fresh, target)
        _flush(target.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(_retired(target), ignore_errors=True)


def settle(target: Path) -> None:
    """Bring the folder to rest after a crash: put back a folder that was moved away, remove what was not finished."""
    if not target.exists() and _retired(target).exists():
        os.rename(_retired(target), target)
    for path in (target.with_name(f"{target.name}.tmp"), _retired(target)):
        if path.exists():
            shutil.rmtree(path)


def _retired(target: Path) -> Path:
    return target.with_name(f"{target.name}.old")


def _swap(fresh: Path, target: Path) -> None:
    """Give target the content of fresh; the old content is at fresh or at `….old` afterwards."""
    if not target.exists():
        os.rename(fresh, target)
    elif not _exchange(fresh, target):
        # Two steps where the system has no exchange; settle() puts the old folder back if the second never came.
        os.rename(target, _retired(target))
        os.rename(fresh, target)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step (Linux: renameat2(2)); False where system or file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _flush(path: Path) -> None:
    """fsync of a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
