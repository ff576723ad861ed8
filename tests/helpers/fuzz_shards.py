"""What is read of finished builds, backups and logs that others made, for the fuzzer."""

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from build_corpus import ready_corpus, shots
from fuzzing import Parser

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.catalog import Catalog, log
from facecorpus.corpus import Corpus
from facecorpus.export.stage import export
from facecorpus.shards import class_names, shard_files
from facecorpus.takedown.shards import rows_of
from facecorpus.upkeep.backup import backup, restore
from facecorpus.upkeep.rebuild import _checked, _read
from training.data.shards import encoded_images, photo_ids, read_shards
from training.errors import TrainingError

Read = Callable[[bytes], object]


@cache
def _made() -> Path:
    """A folder with a corpus of two people, both kinds of shards, and a backup."""
    folder = Path(tempfile.mkdtemp(prefix="facecorpus-fuzz-"))
    corpus = ready_corpus(folder / "c", shots(people=("ada", "ben"), each=3))
    build_shards(corpus)
    build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
    backup(corpus, folder / "backup.zip")
    return folder


def _shards(kind: Kind = Kind.CROPS) -> Path:
    return kind.folder(Corpus(_made() / "c").shards)


def _shard(kind: Kind = Kind.CROPS) -> Path:
    return min(shard_files(_shards(kind)))


def _document(kind: Kind = Kind.CROPS) -> bytes:
    """The beginning of a shard as JSON: what its schema says, and two rows; bytes are written as latin-1."""
    table = pq.read_table(_shard(kind))
    told = {key.decode(): json.loads(value) for key, value in table.schema.metadata.items()}
    return b"\n".join(
        json.dumps(one, default=lambda data: data.decode("latin-1")).encode()
        for one in (told, table.slice(0, 2).to_pylist())
    )


def _as_shard(data: bytes) -> bytes:
    """The Parquet file of such a document; what Arrow cannot write is none, and left as it is."""
    try:
        told, rows = (json.loads(line) for line in data.split(b"\n"))
        for row in rows:
            if isinstance(row.get("image"), dict) and isinstance(row["image"].get("bytes"), str):
                row["image"]["bytes"] = row["image"]["bytes"].encode("latin-1")
        metadata = {key: json.dumps(value) for key, value in told.items()}
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows).replace_schema_metadata(metadata), out)
        return out.getvalue()
    except Exception:
        return data


def shard_reader(*readers: Callable[[Path], object], kind: Kind = Kind.CROPS) -> Callable[[Path], Any]:
    """`open` of what reads a folder of shards: an input is one of its files."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Read]:
        there = folder / "shards"
        there.mkdir()
        shard = there / _shard(kind).name

        def read(data: bytes) -> None:
            shard.write_bytes(_as_shard(data) if data[:1] in b"{[" else data)
            for reader in readers:
                reader(there)

        yield read

    return opened


def _export(there: Path) -> None:
    for layout in ("imagefolder", "webdataset"):
        target = there.parent / "out"
        shutil.rmtree(target, ignore_errors=True)
        export(there, target, layout)


def _train(there: Path) -> None:
    shards = read_shards(there)
    list(encoded_images(shards.files, 0, len(shards)))
    photo_ids(there)


def _rebuild(there: Path) -> None:
    for shard in shard_files(there):
        _read(shard)
        class_names(shard)


def _forget(there: Path) -> None:
    for shard in shard_files(there):
        rows_of(shard)


@contextmanager
def _records(folder: Path) -> Iterator[Read]:
    """`open` of what reads a build.json."""
    there = folder / "shards"
    shutil.copytree(_shards(Kind.WITHOUT_IMAGES), there)

    def read(data: bytes) -> None:
        (there / "build.json").write_bytes(data)
        _checked(there)

    yield read


@contextmanager
def _backups(folder: Path) -> Iterator[Read]:
    """`open` of restore: an input is a file, or a member's name and, in the next line, its bytes."""
    with zipfile.ZipFile(_made() / "backup.zip") as archive:
        good = {name: archive.read(name) for name in archive.namelist()}

    def read(data: bytes) -> None:
        for name in ("r", "b.zip"):
            shutil.rmtree(folder / name, ignore_errors=True)
        name, _, content = data.partition(b"\n")
        if (member := name.decode("latin-1")) not in good:
            (folder / "b.zip").write_bytes(data)
        else:
            members = good | {member: content}
            if member != "backup.json":
                record = json.loads(members["backup.json"])
                for one, said in record["files"].items():
                    said |= {"bytes": len(members[one]), "sha256": hashlib.sha256(members[one]).hexdigest()}
                members["backup.json"] = json.dumps(record).encode()
            with zipfile.ZipFile(folder / "b.zip", "w") as archive:
                for one, content in members.items():
                    archive.writestr(one, content)
        restore(folder / "r", folder / "b.zip")

    yield read


@contextmanager
def _logs(folder: Path) -> Iterator[Read]:
    """`open` of what takes a log over into a catalog: an input is its lines, which are sealed here."""

    def read(data: bytes) -> None:
        for name in ("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "log.jsonl"):
            (folder / name).unlink(missing_ok=True)
        entries = []
        for line in data.split(b"\n"):
            try:
                entries.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
        try:
            sealed = b"".join(log.Seal([one for one in entries if isinstance(one, dict)], "", together=False))
        except (ValueError, RecursionError):
            sealed = data
        (folder / "log.jsonl").write_bytes(sealed)
        catalog = Catalog(folder / "catalog.sqlite", log=folder / "log.jsonl")
        try:
            assert catalog.log is not None
            catalog.log.settle()
            list(catalog.log.differences())
            catalog.decisions.all()
        finally:
            catalog.close()

    yield read


def _log_seeds() -> list[bytes]:
    reading = log.read(_made() / "c" / "decisions.jsonl")
    entries: list[Any] = [line.entry for line in reading.lines][:6]
    entries += [
        {"removal": "ab" * 32, "reason": "asked", "removed_at": "2026-01-01T00:00:00+00:00"},
        {"import_id": 1, "file": "a.jsonl", "imported_at": "2026-01-01T00:00:00+00:00"},
        {"decision_id": 99, "forgotten": "ab" * 32},
    ]
    return [b"\n".join(json.dumps(one).encode() for one in entries), (_made() / "c" / "decisions.jsonl").read_bytes()]


def _members() -> list[bytes]:
    with zipfile.ZipFile(_made() / "backup.zip") as archive:
        return [name.encode() + b"\n" + archive.read(name) for name in archive.namelist()]


def _of_crops() -> list[bytes]:
    return [_shard().read_bytes()]


def _rows_of_crops() -> list[bytes]:
    return [_document()]


_TRAINING: tuple[type[Exception], ...] = (TrainingError,)
_WITHOUT = Kind.WITHOUT_IMAGES

PARSERS = (
    Parser("shards: export", "bytes", _of_crops, shard_reader(_export), cost=3, brief=30),
    Parser("shards: export, rows", "json", _rows_of_crops, shard_reader(_export), cost=2, brief=30),
    Parser("shards: training", "bytes", _of_crops, shard_reader(_train), _TRAINING, cost=3, brief=100),
    Parser("shards: training, rows", "json", _rows_of_crops, shard_reader(_train), _TRAINING, cost=2, brief=30),
    Parser("shards: forget", "bytes", _of_crops, shard_reader(_forget), brief=100),
    Parser(
        "shards: rebuild",
        "bytes",
        lambda: [_shard(_WITHOUT).read_bytes()],
        shard_reader(_rebuild, kind=_WITHOUT),
        cost=2,
    ),
    Parser(
        "shards: rebuild, rows",
        "json",
        lambda: [_document(_WITHOUT)],
        shard_reader(_rebuild, kind=_WITHOUT),
        cost=2,
        brief=30,
    ),
    Parser("build.json", "json", lambda: [(_shards(_WITHOUT) / "build.json").read_bytes()], _records),
    Parser("backup", "bytes", lambda: [(_made() / "backup.zip").read_bytes()], _backups, brief=15),
    Parser("backup, its members", "text", _members, _backups, cost=2, brief=10),
    Parser("decisions.jsonl", "json", _log_seeds, _logs, cost=2, brief=10),
)
