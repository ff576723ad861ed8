"""One flipped bit in a file of a corpus, what verify says of it, and whether the bit means anything."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from facecorpus.corpus import Corpus
from facecorpus.errors import FacecorpusError
from facecorpus.system.trouble import sentence_of
from facecorpus.upkeep.verify import verify
from training import RunFolder

KINDS = {
    "photograph": "photos/??/??/*",
    "crop": "crops/??/??/*.jpg",
    "shard": "shards/data/*.parquet",
    "page of a build": "shards/*.[!p]*",
    "build.json": "shards/build.json",
    "catalog": "catalog.sqlite",
    "decisions.jsonl": "decisions.jsonl",
    "manifest.csv": "manifest.csv",
    "corpus.toml": "corpus.toml",
    "run": "runs/**/*.*",
}
"""Files of a corpus, by what they are."""

FOUND, FREE, MISSED = "found", "free space", "missed"
# Decoded images have marks of their own, TensorBoard's events a checksum in each record; a lock holds nothing.
_CHECKED_ELSEWHERE = {RunFolder.data.name, RunFolder.events.name, RunFolder.lock.name}


@dataclass(frozen=True)
class Flip:
    """One bit that is not what it was."""

    path: Path
    offset: int
    bit: int

    def __str__(self) -> str:
        return f"{self.path}, byte {self.offset}, bit {self.bit}"


def some_flips(root: Path, kind: str, count: int, seed: int) -> Iterator[Flip]:
    """Bits of the files of a kind, at random: first a file, then a byte of it."""
    dice = random.Random(f"{kind} {seed}")
    files = sorted(path for path in root.glob(KINDS[kind]) if path.is_file() and path.stat().st_size)
    if kind == "run":
        files = [path for path in files if _CHECKED_ELSEWHERE.isdisjoint(path.relative_to(root).parts)]
    for _ in range(count):
        path = dice.choice(files)
        yield Flip(path, dice.randrange(path.stat().st_size), dice.randrange(8))


@contextmanager
def flipped(root: Path, flip: Flip) -> Iterator[None]:
    """The corpus with that bit flipped; at the end everything that verify may write is as it was."""
    kept = [flip.path, *(root / name for name in ("catalog.sqlite", "decisions.jsonl"))]
    before = {path: path.read_bytes() for path in kept}
    try:
        data = bytearray(before[flip.path])
        data[flip.offset] ^= 1 << flip.bit
        flip.path.write_bytes(data)
        yield
    finally:
        for path in root.glob("catalog.sqlite-*"):
            path.unlink()
        for path, old in before.items():
            path.write_bytes(old)


def what_becomes_of(root: Path, flip: Flip) -> str:
    """FOUND where verify names something, FREE where the bit means nothing, or else MISSED."""
    catalog = root / "catalog.sqlite"
    meant = content(catalog)
    with flipped(root, flip):
        is_free = _is_of_no_file(flip) if flip.path.name == RunFolder.written.name else False
        is_free = is_free or (flip.path == catalog and content(catalog) == meant)
        if _is_found(root):
            return FOUND
    return FREE if is_free else MISSED


def content(catalog: Path) -> object:
    """Everything that SQLite reads from a catalog: a bit without which it is the same is in free space."""
    try:
        with closing(sqlite3.connect(f"{catalog.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            connection.text_factory = bytes
            made = connection.execute("SELECT * FROM sqlite_master").fetchall()
            settings = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "encoding")]
            tables = [name.decode() for kind, name, *_ in made if kind == b"table"]
            rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
            whole = connection.execute("PRAGMA integrity_check").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return error
    return made, settings, rows, whole


def _is_of_no_file(flip: Flip) -> bool:
    """Whether a byte of a run's list lies in a line of a file that is no longer there, or was written again since."""
    before = flip.path.read_bytes()[: flip.offset].count(b"\n")
    lines = flip.path.read_text(encoding="utf-8", errors="replace").split("\n")
    names = [line[66:] for line in lines]
    name = names[before]
    return not (flip.path.parent / name).is_file() or name in names[before + 1 :]


def _is_found(root: Path) -> bool:
    """Whether verify, or the reading of what it needs, says that something is not as it should be."""
    try:
        return bool(verify(Corpus(root)).problems)
    except FacecorpusError:
        return True
    except sqlite3.Error as error:
        if sentence_of(error) is None:
            raise
        return True


def copied(corpus: Path, to: Path) -> Path:
    """The whole corpus, to be damaged."""
    return Path(shutil.copytree(corpus, to))
