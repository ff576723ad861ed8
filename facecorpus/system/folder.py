"""Replace a whole folder at once: readers, and a crash at any moment, see the old one or the new one."""

import ctypes
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_FEW = 1000


@contextmanager
def replaced_folder(target: Path, keep: Collection[str] = ()) -> Iterator[Path]:
    """Yield a folder beside target that takes target's place when the block ends well.

    It is empty but for the files named in `keep` that an earlier try has finished, which was killed or failed; where
    the disk failed, nothing stays. One process at a time: the caller holds a lock.
    """
    fresh = target.with_name(f"{target.name}.tmp")
    settle(target, keep)
    fresh.mkdir(parents=True, exist_ok=True)
    try:
        yield fresh
        _flush_all(fresh)
        _swap(fresh, target)
        flush(target.parent)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    except BaseException:
        settle(target, keep)
        raise
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(_retired(target), ignore_errors=True)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def settle(target: Path, keep: Collection[str] = ()) -> None:
    """Bring the folder to rest after a crash: put back what was moved away, remove what was not finished.

    Of an unfinished folder, the files named in `keep` stay for the next `replaced_folder`.
    """
    if not target.exists() and _retired(target).exists():
        os.rename(_retired(target), target)
    shutil.rmtree(_retired(target), ignore_errors=True)
    unfinished = target.with_name(f"{target.name}.tmp")
    for path in unfinished.iterdir() if unfinished.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in keep:
            path.unlink()
    if unfinished.exists() and not any(unfinished.iterdir()):
        unfinished.rmdir()


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


def _flush_all(folder: Path) -> None:
    """See to it that every file of the folder is on disk."""
    paths = sorted(folder.rglob("*"), reverse=True)
    if len(paths) > _FEW and sys.platform != "win32":
        os.sync()  # one wait for everything, where thousands of single ones would take minutes
        return
    for path in (*paths, folder):
        flush(path)


def flush(path: Path) -> None:
    """fsync of a file or folder; Windows has none of a folder."""
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
