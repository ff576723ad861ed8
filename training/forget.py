"""Take a person out of a run: which runs learned from them, and what of single photographs a run keeps."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from training.data.shards import photo_ids
from training.data.shown import faces_perhaps_shown
from training.errors import TrainingError
from training.files import clear_partials, lock, read_json, write_json
from training.folder import ENTRIES, Fate, RunFolder


def learned_from(run: Path) -> str:
    """The `fingerprint` of the shards that a run learned from; "" where it does not say."""
    return str(_settings(RunFolder(run)).get("shards", ""))


def may_show(run: Path, shards: Path, photographs: Collection[str]) -> bool:
    """Whether the report of a run on these shards may show one of the photographs, which are named by their photo_id.

    Raises TrainingError where the shards cannot be read.
    """
    if not photographs:
        return False
    shown: set[int] = set()
    for folder in RunFolder(run).seeds():
        tests = []
        for split in folder.splits():
            with np.load(split.split) as arrays:
                tests.append(arrays["test"])
        shown |= faces_perhaps_shown(tests, int(_settings(folder).get("variants", 1)))
    return any(number in shown and photo in photographs for number, photo in enumerate(photo_ids(shards)))


@contextmanager
def at_rest(run: Path) -> Iterator[None]:
    """Keep anybody from training in a run meanwhile; TrainingError where somebody is."""
    try:
        file = lock(RunFolder(run).lock)
    except BlockingIOError:
        raise TrainingError(f"{run} is being trained: wait for it, or end it.") from None
    with file:
        yield


def forget(run: Path, *, report: bool) -> None:
    """Delete what a run keeps of single photographs, and with `report` also the report, which shows a few of them.

    Results and weights stay: they are of all photographs together. Nobody may be training (`at_rest`). May be killed
    at any moment, and called again. `folder.py` says of each file whether it goes.
    """
    fates = {Fate.GOES, Fate.GOES_IF_SHOWN} if report else {Fate.GOES}
    for entry in ENTRIES:
        if entry.fate in fates:
            for path in sorted(run.rglob(entry.name), reverse=True):  # what lies in another goes first
                _delete(path)
    clear_partials(run)


def unname(run: Path, person: str, word: str) -> bool:
    """Put a word in the place of a person's name in results and models of a run, and delete its report; was it there?

    Figures and weights stay, and so does the number of the class.
    """
    found = False
    for folder in RunFolder(run).seeds():
        for path in (*sorted(folder.models.glob("*.json")), folder.results):
            try:
                values = read_json(path)
            except (OSError, ValueError):  # none yet, or none that can be read
                continue
            without = _replaced(values, person, word)
            if without == values:
                continue
            for entry in ENTRIES:
                if entry.fate is Fate.GOES_IF_SHOWN and (shown := folder.path / entry.name).exists():
                    _delete(shown)
            write_json(path, without)
            found = True
    return found


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, old, new) for one in value]
    return new if value == old else value


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _settings(run: RunFolder) -> dict[str, Any]:
    """What a run was begun with; nothing where that cannot be read."""
    try:
        values = read_json(run.settings)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
