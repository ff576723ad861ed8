"""Who may read a corpus: whoever may enter its folder. A new one is its owner's alone, and all in it follows it.

So the umask has no say inside a corpus. Who shares one with a group opens the folder to it before anything is crawled.
"""

import os
import sys
from pathlib import Path

PRIVATE = 0o700
_NEVER = 0o002  # others write to nothing
_STICKY = 0o1000  # everybody's folder, like /tmp: that everybody may write there says nothing of what is written


def file_mode(folder: Path) -> int:
    """The mode of files in that folder: 0600 in one of 0700, 0640 in 0750, 0660 in 0770, 0644 in 0755."""
    return _followed(folder.stat().st_mode) & 0o666


def make_folder(path: Path) -> None:
    """Make the folder, and those above it, with the mode of the one in which they begin."""
    if path.is_dir():
        return
    make_folder(path.parent)
    mode = _followed(path.parent.stat().st_mode)
    try:
        path.mkdir(mode=mode & 0o777)
    except FileExistsError:  # somebody else just did
        return
    if path.stat().st_mode & 0o2777 != mode:  # the umask took rights of the group
        path.chmod(mode)


def make_file(path: Path) -> None:
    """Make an empty file with the mode of its folder, where there is none."""
    if path.exists():
        return
    mode = file_mode(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
    try:
        set_mode(handle, mode)
    finally:
        os.close(handle)


def set_mode(handle: int, mode: int) -> None:
    """Give an open file exactly this mode, whatever the umask took; Windows knows none of them."""
    if sys.platform != "win32":
        os.fchmod(handle, mode)


def _followed(mode: int) -> int:
    """What a folder of that mode hands on, the group of its files (setgid) included."""
    return mode & 0o2777 & ~(_NEVER | (0o020 if mode & _STICKY else 0))
