"""The runs under runs/: which learned from a photograph, and what of them holds its pixels.

A run names the shards that it learned from by one hash: sha256 over the sorted sha256 of their files.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.shards import recorded
from facecorpus.takedown.plan import TrainedRun
from facecorpus.takedown.shards import rows_of

_DECODED = ("data", "untrained")  # folders: decoded pictures with their embeddings, and features of them
_OF_PICTURES = ("features.npy", "pictures.npz")
_SHOWN_FROM = 100  # of so many first faces the report shows one with its variants
_REPORT = ("report.html", "report.md")


def trained_on(corpus: Corpus, marked: Marked, held: bool) -> tuple[TrainedRun, ...]:
    """The runs that learned from what is marked; `held` says whether the shards as they are hold any of it."""
    current = _fingerprint(corpus.shards)
    photographs = _photographs(corpus.shards) if held else []
    found = []
    for run in sorted(path for path in corpus.runs.glob("*") if path.is_dir()):
        surely = bool(current) and _shards_of(run) == current
        if held or not surely:
            pictured = surely and _pictures_one_of(run, photographs, marked)
            found.append(TrainedRun(run.name, surely, pictured))
    return tuple(found)


def clear(corpus: Corpus, run: TrainedRun) -> None:
    """Delete what a run keeps of single pictures: decoded ones, features, and the report if it shows the face.

    Its results, and the weights that it learned, stay.
    """
    folder = corpus.runs / run.name
    for name in _DECODED:
        for path in list(folder.rglob(name)):
            shutil.rmtree(path, ignore_errors=False)
    for name in (*_OF_PICTURES, ".*.partial"):
        for path in list(folder.rglob(name)):
            path.unlink()
    if run.pictured:
        for name in _REPORT:
            for path in list(folder.rglob(name)):
                path.unlink()
        for path in list(folder.rglob("figures")):
            shutil.rmtree(path)


@contextmanager
def at_rest(corpus: Corpus, run: TrainedRun) -> Iterator[None]:
    """Keep anybody from training in that run; CorpusError where somebody is."""
    folder = corpus.runs / run.name
    if not folder.is_dir():
        yield
        return
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CorpusError(
                f"{folder} is being trained on what is to be forgotten; end that, and run this again."
            ) from None
        yield


def _fingerprint(shards: Path) -> str:
    files = recorded(shards)["files"]
    hashes = sorted(file["sha256"] for name, file in files.items() if name.endswith(".parquet"))
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest() if hashes else ""


def _shards_of(run: Path) -> str:
    """What the run names its shards by; '' where it does not say."""
    return str(_json(run / "run.json").get("shards", ""))


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _photographs(shards: Path) -> list[str]:
    """The photograph of each row, in the order in which training reads them."""
    files = sorted(shards.glob("*.parquet"))
    return [row[0] for file in files for row in rows_of(file, ("photo_id",)) or ()]


def _pictures_one_of(run: Path, photographs: list[str], marked: Marked) -> bool:
    """Whether the run's report may show a marked one: it has the first test image, and one of the first faces."""
    if not marked.photographs or not set(marked.photographs).isdisjoint(photographs[:_SHOWN_FROM]):
        return bool(marked.photographs)
    for path in run.rglob("split.npz"):
        variants = int(_json(path.parent.parent / "run.json").get("variants", 1))
        with np.load(path) as split:
            test = split["test"]
        if len(test) and photographs[int(test[0]) // variants] in marked.photographs:
            return True
    return False
