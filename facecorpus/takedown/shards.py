"""The finished builds: which of their shards hold something, and how they are written without it."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from facecorpus.build.kept import builds
from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.catalog.removal_keys import author_name
from facecorpus.catalog.removals import Marked
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.settings import BuildSettings
from facecorpus.shards import DATA, RECORD, SUFFIX, file_in, recorded, shard_files, sound_files
from facecorpus.system.folder import settle
from facecorpus.takedown.plan import HeldBy
from facecorpus.takedown.versions import strike_out

_NAMING = ("photo_id", "face_id", "source_url", "author")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a build that held something."""

    build: str  # its folder
    held: tuple[str, ...]  # the shards that held it
    written: int  # shards written anew; the others are the same files
    deleted: str = ""  # why the build could not stay, where it could not


def builds_holding(corpus: Corpus, marked: Marked) -> tuple[HeldBy, ...]:
    """The builds with a shard that holds a marked photograph, address or author, or that names a marked person.

    Nobody can tell what a damaged shard holds, so it counts as one that does.
    """
    found = []
    for build in builds(corpus):
        folder = build.folder
        record = recorded(folder)
        sound = sound_files(folder, record)
        damaged = _damaged(record, sound)
        holding = tuple(
            name
            for name, rows in _rows(folder)
            if rows is None or name in damaged or any(_is(row, marked) for row in rows)
        )
        if holding or _names(folder, corpus, marked.identity_id):
            found.append(HeldBy(build.kind, holding, build.version, frozenset(sound)))
    return tuple(found)


def photographs_in_builds(corpus: Corpus) -> set[str]:
    """sha256 of the photographs in the shards of all builds."""
    return {row[0] for build in builds(corpus) for _, rows in _rows(build.folder) for row in rows or ()}


def write_without(corpus: Corpus, held: HeldBy) -> Rewritten:
    """Write a build anew from the faces that it has and the catalog still knows, by the settings it was made with.

    Where that is impossible (nothing is left, a photograph is missing, …), the build is deleted: it must not keep what
    was taken down. Raises BuildError where the disk does not take the files; the build is then as it was. One that was
    kept by name stays what it was but for the rows that go.
    """
    if held.version:
        name, written = f"{corpus.versions.name}/{held.version}", strike_out(corpus, held.version)
        return Rewritten(name, held.shards, written or 0, "" if written is not None else "nothing of it was left")
    kind = Kind(held.kind)
    folder = kind.folder(corpus.shards)
    settle(folder)
    if not folder.exists():
        return Rewritten(folder.name, held.shards, 0, "it was deleted before")
    record = recorded(folder)
    known = {field.name for field in fields(BuildSettings)}
    made_with = {key: value for key, value in record.get("settings", {}).get("build", {}).items() if key in known}
    settings = replace(corpus.settings.build, **made_with)
    shards = list(_rows(folder))
    # What a damaged shard says of its faces is not to be followed either.
    sound = sound_files(folder, record) if held.sound is None else held.sound
    readable = all(rows is not None for _, rows in shards) and not _damaged(record, sound)
    among = {row[1] for _, rows in shards for row in rows or ()} if readable else None
    try:
        summary = build_shards(corpus, settings, kind, among, sound)
    except BuildError as error:
        if isinstance(error.__context__, OSError):
            raise
        _delete(folder, {RECORD, *record["files"], *(name for name, _ in shards)})
        return Rewritten(folder.name, held.shards, 0, str(error))
    return Rewritten(folder.name, held.shards, summary.shards_written)


def rows_of(shard: Path, columns: tuple[str, ...] = _NAMING) -> list[tuple[str, ...]] | None:
    """Some text columns of a shard, row by row; None where the file cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(shard, columns=list(columns))
        return list(zip(*(table[name].to_pylist() for name in columns), strict=True))
    except (pa.ArrowException, OSError, KeyError, ValueError):  # ValueError: text that is no UTF-8
        return None


def _rows(folder: Path) -> Iterator[tuple[str, list[tuple[str, ...]] | None]]:
    for path in shard_files(folder):
        yield path.name, rows_of(path)


def _damaged(record: Mapping[str, Any], sound: Set[str]) -> set[str]:
    """The shards whose bytes are not those that build.json names."""
    return {name for name in record["files"].keys() - sound if name.endswith(SUFFIX)}


def _is(row: tuple[str, ...], marked: Marked) -> bool:
    photo_id, _, url, author = row
    return (
        photo_id in marked.photographs
        or url in marked.urls
        or (marked.author is not None and author_name(author or "") == author_name(marked.author))
    )


def _names(folder: Path, corpus: Corpus, identity_id: str | None) -> bool:
    """Whether a build names a person who is in the manifest no more."""
    if identity_id is None or identity_id in {one.identity_id for one in corpus.manifest.identities}:
        return False
    try:
        return f"\n{identity_id}," in (folder / "manifest.csv").read_text(encoding="utf-8")
    except OSError:
        return False


def _delete(folder: Path, names: set[str]) -> None:
    """Delete the files of a build; its folder stays only where somebody has put other files into it."""
    for name in names:
        file_in(folder, name).unlink(missing_ok=True)
    if (folder / DATA).is_dir() and not any((folder / DATA).iterdir()):
        (folder / DATA).rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
