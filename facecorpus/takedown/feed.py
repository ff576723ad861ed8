"""A list of removals for those who hold copies: salted hashes, by which they find in their copy what was taken down.

The salt is in the file, since a holder must be able to hash with it: docs/rights.md says what it protects from.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecorpus.catalog.removals import Marked
from facecorpus.errors import CorpusError
from facecorpus.shards import reading, sha256_of
from facecorpus.store import write_atomically
from facecorpus.system.border import read_json
from facecorpus.system.console import track

FORMAT = "facecorpus removals 1"
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".xz", ".zst")

_COLUMNS = ("photo_id", "face_id", "source_url")
_FACE_ID = re.compile(r"(?<![0-9a-f])([0-9a-f]{24})-\d{1,9}(?!\d)")
_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SALT_BYTES = 16
_HASH = re.compile(r"[0-9a-f]{40}")
_LARGEST = 1 << 30  # bytes of a feed
_NAMED = 20  # of what was found, in the sentence


@dataclass(frozen=True, slots=True)
class Feed:
    """The hashes of what was taken down, with their salt."""

    salt: bytes
    hashes: frozenset[str]

    def has(self, kind: str, name: str) -> bool:
        """Whether a photograph (its sha256), a face (the part of its id before the -) or a url was taken down."""
        return _hashed(self.salt, kind, name) in self.hashes


@dataclass(frozen=True, slots=True)
class Found:
    """Something of a copy that was taken down at its source."""

    file: str  # below the folder
    what: str  # face_id of a row, or the file's name


@dataclass(frozen=True, slots=True)
class RemovalsSummary:
    """How a copy stands to a list of removals."""

    folder: Path
    removals: int  # hashes on the list
    rows: int  # of Parquet files that were compared
    files: int  # others, by name and bytes
    skipped: int  # that were not looked into: packed ones, and tables of something else
    found: tuple[Found, ...]

    def __str__(self) -> str:
        lines = [f"Compared {self.rows} rows and {self.files} files of {self.folder} with {self.removals} hashes."]
        if self.skipped:
            lines.append(f"Not looked into: {self.skipped} files, packed or tables of something else; unpack them.")
        if not self.found:
            return "\n".join([*lines, "Nothing in them was taken down."])
        lines.append(f"Taken down at their source: {len(self.found)}. Delete them here and in what was made of them:")
        lines += [f"    {one.file}: {one.what}" for one in self.found[:_NAMED]]
        if len(self.found) > _NAMED:
            lines.append(f"    … and {len(self.found) - _NAMED} more, which --json lists.")
        return "\n".join(lines)


def publish(file: Path, marked: Marked) -> int:
    """Add what is taken down to the list in a file, with a new salt where there is no file; return how many it has.

    Raises CorpusError where the file is something else.
    """
    feed = read_feed(file) if file.exists() else Feed(secrets.token_bytes(_SALT_BYTES), frozenset())
    names = [("photo", sha256) for sha256 in marked.photographs]
    names += [("face", sha256[:24]) for sha256 in marked.photographs]
    names += [("url", url) for url in marked.urls if not url.startswith("file:")]
    hashes = sorted(feed.hashes | {_hashed(feed.salt, *one) for one in names})
    document = {"format": FORMAT, "salt": feed.salt.hex(), "hashes": hashes}
    write_atomically(file, (json.dumps(document, indent=1) + "\n").encode())
    return len(hashes)


def read_feed(file: Path) -> Feed:
    """The list of a file that somebody may have sent. Raises CorpusError for what is none."""
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        document = read_json(file.read_bytes())
        if document["format"] != FORMAT or not all(map(_HASH.fullmatch, document["hashes"])):
            raise ValueError("its format is another one")
        return Feed(bytes.fromhex(document["salt"])[:64], frozenset(document["hashes"]))
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise CorpusError(
            f"{file} is no list of removals as forget --publish writes it ({type(error).__name__}: {error}); name"
            " another file."
        ) from None


def check_removals(file: Path, folder: Path) -> RemovalsSummary:
    """Look in a folder of shards, pictures or both for what a list says was taken down.

    A row is known by photo_id, face_id or source_url, a file by the face_id or sha256 in its name, or by its bytes.
    Raises CorpusError for a list or folder that cannot be read, ShardsError for a damaged shard.
    """
    feed = read_feed(file)
    if not folder.is_dir():
        raise CorpusError(f"{folder} is no folder; name one of shards or of pictures.")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.resolve() != file.resolve()]
    found: list[Found] = []
    rows = skipped = files = 0
    with track("check removals", len(paths)) as tracker:
        for path in paths:
            name = path.relative_to(folder).as_posix()
            if path.suffix == ".parquet":
                before = rows
                for row in _rows(path):
                    rows += 1
                    found += [Found(name, str(row.get("face_id") or row.get("photo_id")))] * _is_row(feed, row)
                skipped += rows == before
            elif path.suffix in _PACKED:
                skipped += 1
            else:
                files += 1
                found += [Found(name, path.name)] * _is_file(feed, path)
            tracker.advance()
    return RemovalsSummary(folder, len(feed.hashes), rows, files, skipped, tuple(found))


def _hashed(salt: bytes, kind: str, name: str) -> str:
    """BLAKE2b (RFC 7693) with the salt as its key; what something is stands before its name."""
    return hashlib.blake2b(f"{kind}:{name}".encode(), key=salt, digest_size=20).hexdigest()


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The columns of each row by which it can be known; a table that has none of them gives none."""
    import pyarrow.parquet as pq

    with reading(path), pq.ParquetFile(path) as parquet:
        if columns := [name for name in parquet.schema_arrow.names if name in _COLUMNS]:
            for batch in parquet.iter_batches(columns=columns):
                yield from batch.to_pylist()


def _is_row(feed: Feed, row: Mapping[str, Any]) -> bool:
    photo, face, url = (str(row.get(name) or "") for name in _COLUMNS)
    return feed.has("photo", photo) or feed.has("face", face.partition("-")[0]) or feed.has("url", url)


def _is_file(feed: Feed, path: Path) -> bool:
    if any(feed.has("face", stem) for stem in _FACE_ID.findall(path.name)):
        return True
    return any(feed.has("photo", sha256) for sha256 in [*_SHA256.findall(path.name), sha256_of(path)])
