"""Where a program keeps what it can make again: the user's cache folder, as the XDG base directories say."""

import os
from pathlib import Path

from facecorpus.system.modes import PRIVATE

_NAME = "facecorpus"
_WRITTEN_BY_OTHERS = 0o022


def cache_folder(name: str) -> Path | None:
    """The folder `name` in the user's cache of facecorpus, made if need be; None where there is none to write to.

    What is kept there is run as it is found: so a folder that others may write to, or that is another's, is none.
    """
    stated = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(stated) if os.path.isabs(stated) else Path.home() / ".cache"
        folder = base / _NAME / name
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        state = folder.stat()
    except (OSError, RuntimeError):  # a home that can only be read, or none at all
        return None
    mine = not hasattr(os, "geteuid") or state.st_uid == os.geteuid()
    return folder if mine and not state.st_mode & _WRITTEN_BY_OTHERS and os.access(folder, os.W_OK | os.X_OK) else None
