"""The commands `backup` and `restore`: what no crawl brings back, in one file, and back from it.

A backup is a zip file: backup.json, which names the others with sizes and sha256, and catalog.sqlite, decisions.jsonl,
corpus.toml, manifest.csv and, of a corpus that was imported, pictures.csv. Photographs are not in it: their addresses
are. A restore takes nothing on trust, and never brings back what was forgotten since.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecorpus import __version__
from facecorpus.catalog import Catalog, check_foreign_catalog, close_journal, copy_catalog
from facecorpus.catalog.log_keeper import content_of
from facecorpus.corpus import FOLDER_LIST, Corpus
from facecorpus.crawl.sources.folder_list import read as read_list
from facecorpus.errors import CorpusError, FacecorpusError
from facecorpus.manifest import read_manifest
from facecorpus.settings_file import read_settings
from facecorpus.shards import sha256_of
from facecorpus.store import write_atomically
from facecorpus.system.logfile import forget_log
from facecorpus.system.modes import PRIVATE, file_mode, make_file

RECORD = "backup.json"
SCRATCH = ".restore.tmp"
"""A restore's unfinished files in the corpus; a killed one leaves them to the next, or to `forget`."""

FORMAT = 1
_FILES = ("catalog.sqlite", "decisions.jsonl", "corpus.toml", "manifest.csv")
_WITH_LIST = (*_FILES, FOLDER_LIST)
_SETTINGS = _WITH_LIST[2:]
_LARGEST_RECORD = 65_536
_MOST = 1 << 40  # bytes of one file
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What was written."""

    file: Path
    bytes: int
    decisions: int

    def __str__(self) -> str:
        return (
            f"Wrote {self.file} ({self.bytes / 1e6:.1f} MB): catalog with {self.decisions} decisions, log, settings,"
            " manifest and, of an imported set, the list of its pictures. Photographs and kept versions are not in it."
            " It names people: keep it like the corpus."
        )


@dataclass(frozen=True, slots=True)
class RestoreSummary:
    """What is there again."""

    source: Path
    decisions: int
    removals: int
    forgotten: int  # photographs of the backup that were taken down since
    kept: tuple[str, ...]  # settings that were here, and are not as in the backup

    def __str__(self) -> str:
        lines = [f"Restored from {self.source}: {self.decisions} decisions, {self.removals} removals."]
        if self.forgotten:
            lines.append(f"{self.forgotten} photographs were taken down since and did not come back.")
        if self.kept:
            lines.append(f"Yours stay, and differ from the backup's: {', '.join(self.kept)}.")
        return "\n".join(lines)


def backup(corpus: Corpus, file: Path) -> BackupSummary:
    """Write a backup of this moment; whoever reviews goes on as soon as the catalog is copied."""
    if file.resolve().is_relative_to(corpus.root.resolve()):
        raise CorpusError(f"{file} lies in the corpus that it is to save; name a file on another disk.")
    if not file.parent.is_dir():
        raise CorpusError(f"{file.parent} is no folder; make it, or name a file elsewhere.")
    with _scratch(file.with_name(f".{file.name}.tmp")) as scratch:
        with corpus.catalog() as catalog, catalog.transaction():  # nobody writes between catalog and log
            decisions = len(catalog.decisions.all())
            copy_catalog(corpus.root / "catalog.sqlite", scratch / "catalog.sqlite")
            shutil.copyfile(corpus.log, scratch / corpus.log.name)
        for name in filter(lambda name: (corpus.root / name).exists(), _SETTINGS):
            shutil.copyfile(corpus.root / name, scratch / name)
        packed = scratch / "packed"
        _pack(packed, scratch)
        os.replace(packed, file)
    return BackupSummary(file, file.stat().st_size, decisions)


def restore(root: Path, file: Path, replace: bool = False) -> RestoreSummary:
    """Put a backup's catalog into the corpus folder, and settings where none are; what was forgotten since stays gone.

    What was decided and taken down in the folder since stands in its log, and holds. Raises CorpusError where the
    folder's own catalog works, unless `replace` says so, where a command or a page uses it, and for a file that no
    backup wrote.
    """
    root.mkdir(PRIVATE, parents=True, exist_ok=True)
    with ExitStack() as held:
        if (root / "corpus.toml").exists():
            held.enter_context(Corpus(root).locked())
        scratch = held.enter_context(_scratch(root / SCRATCH))
        _unpack(file, scratch, root)
        check_foreign_catalog(scratch / "catalog.sqlite")
        _check_log(scratch, "decisions.jsonl")
        read_manifest(scratch / "manifest.csv", read_settings(scratch / "corpus.toml").labels)
        saved = [name for name in _SETTINGS if (scratch / name).exists()]
        if FOLDER_LIST in saved:
            read_list(scratch / FOLDER_LIST)
        for name in saved:
            if not (root / name).exists():
                write_atomically(root / name, (scratch / name).read_bytes())
        corpus = Corpus(root)
        _make_room(corpus, replace)
        _place_log(corpus, scratch / corpus.log.name, file)
        (scratch / "catalog.sqlite").chmod(file_mode(root))
        os.replace(scratch / "catalog.sqlite", root / "catalog.sqlite")
        kept = tuple(name for name in saved if sha256_of(root / name) != sha256_of(scratch / name))
        return _summary(corpus, file, _forget_again(corpus), kept)


def restore_from_log(corpus: Corpus) -> RestoreSummary:
    """Begin a new catalog with what decisions.jsonl says, where the old one is lost and no copy is left."""
    with corpus.locked():
        if not corpus.log.exists():
            raise CorpusError(f"{corpus.root} has no {corpus.log.name}; name a backup to restore from.")
        if not content_of(corpus.log)[1]:
            raise CorpusError(f"{corpus.log} holds no decision and no removal; name a backup, or crawl anew.")
        _make_room(corpus, replace=False)
        make_file(corpus.root / "catalog.sqlite")
        catalog = Catalog(corpus.root / "catalog.sqlite", log=corpus.log)
        try:
            catalog.identities.replace_all(corpus.manifest.identities)
            if catalog.log:
                catalog.log.settle()
        finally:
            catalog.close()
        return _summary(corpus, corpus.log, 0, ())


def _summary(corpus: Corpus, source: Path, forgotten: int, kept: tuple[str, ...]) -> RestoreSummary:
    with corpus.catalog() as catalog:
        taken_down = catalog.removals.taken_down()
        return RestoreSummary(source, len(catalog.decisions.all()), len(taken_down.keys), forgotten, kept)


def _works(corpus: Corpus) -> bool:
    """Whether the folder's own catalog can be opened and knows anything; its log is in step with it afterwards."""
    if not (corpus.root / "catalog.sqlite").exists():
        return False
    try:
        with corpus.catalog() as catalog:
            return not catalog.checks.broken() and not catalog.checks.blank()
    except (CorpusError, sqlite3.DatabaseError):
        return False


def _make_room(corpus: Corpus, replace: bool) -> None:
    """See to it that no catalog stands in the way; one that does not work is moved to quarantine/."""
    catalog = corpus.root / "catalog.sqlite"
    works = _works(corpus)
    if works and not replace:
        raise CorpusError(
            f"{corpus.root} has a catalog that works; restore FILE --replace puts the backup's in its place, and what"
            " was crawled since is then no longer known."
        )
    close_journal(catalog)
    if catalog.exists() and not works:
        corpus.quarantine.put(catalog, "it was no catalog that works")


def _check_log(scratch: Path, log: str) -> None:
    """Raise CorpusError where the backup's catalog and log do not say the same."""
    try:
        catalog = Catalog(scratch / "catalog.sqlite", log=scratch / log)
        try:
            agree = catalog.log is not None and not list(catalog.log.differences())
        finally:
            catalog.close()
    except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError):
        agree = False
    if not agree:
        raise CorpusError(f"The backup's catalog and {log} do not say the same; take another backup.")
    close_journal(scratch / "catalog.sqlite")


def _place_log(corpus: Corpus, log: Path, file: Path) -> None:
    """The folder's own log stays, which knows more; the backup's comes where there is none.

    Raises CorpusError where the folder's is that of another corpus.
    """
    secret, used = content_of(corpus.log)
    if used and secret not in (None, content_of(log)[0]):
        raise CorpusError(f"{file} is the backup of another corpus than {corpus.root}; restore it into a new folder.")
    if not used:
        os.replace(log, corpus.log)
        corpus.log.chmod(file_mode(corpus.root))


def _forget_again(corpus: Corpus) -> int:
    """Erase from the restored catalog what is on the list of removals; how many photographs that were."""
    with corpus.catalog() as catalog:
        marked = catalog.removals.erase_again()
    for sha256 in marked.photographs:
        corpus.crops.remove(sha256)
        corpus.photos.remove(sha256)
    forget_log(corpus.root)
    return len(marked.photographs)


# ---- The file


def _pack(packed: Path, scratch: Path) -> None:
    names = [name for name in _WITH_LIST if (scratch / name).exists()]
    files = {name: {"bytes": (scratch / name).stat().st_size, "sha256": sha256_of(scratch / name)} for name in names}
    record = {"format": FORMAT, "facecorpus": __version__, "files": files}
    handle = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=True) as archive:
            archive.writestr(_member(RECORD), json.dumps(record, indent=2) + "\n")
            for name in names:
                with (
                    (scratch / name).open("rb") as source,
                    archive.open(_member(name), "w", force_zip64=True) as target,
                ):
                    shutil.copyfileobj(source, target, _CHUNK)
        out.flush()
        os.fsync(out.fileno())


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of 1980: the same corpus, the same bytes
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return member


def _unpack(file: Path, scratch: Path, root: Path) -> None:
    """Write the backup's files into scratch; CorpusError where anything is not as its record says."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = {member.filename: member for member in archive.infolist()}
            names = _WITH_LIST if FOLDER_LIST in members else _FILES
            if sorted(archive.namelist()) != sorted((RECORD, *names)):
                raise _not_one(file, "it holds other files than a backup does")
            if members[RECORD].file_size > _LARGEST_RECORD:
                raise _not_one(file, f"its {RECORD} is too long")
            files = _recorded(file, archive.read(RECORD), names)
            if sum(size for size, _ in files.values()) > shutil.disk_usage(root).free:
                raise CorpusError(f"The disk of {root} has no room for {file}; make room, and run this again.")
            for name, described in files.items():
                with archive.open(members[name]) as source:
                    _copy(file, source, scratch / name, *described)
    except (zipfile.BadZipFile, zlib.error, struct.error, LookupError, RuntimeError, EOFError, ValueError) as error:
        raise _not_one(file, str(error)) from None
    except OSError as error:
        if error.filename not in (None, str(file), file):
            raise
        raise _not_one(file, error.strerror or str(error)) from None


def _recorded(file: Path, text: bytes, names: Sequence[str]) -> dict[str, tuple[int, str]]:
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            raise CorpusError(f"{file} was written by a newer facecorpus; update facecorpus to restore it.")
        files = {name: (record["files"][name]["bytes"], record["files"][name]["sha256"]) for name in names}
    except (ValueError, RecursionError, TypeError, KeyError):
        raise _not_one(file, f"its {RECORD} cannot be read") from None
    if not all(type(size) is int and 0 <= size <= _MOST and isinstance(sha256, str) for size, sha256 in files.values()):
        raise _not_one(file, f"its {RECORD} cannot be read")
    return files


def _copy(file: Path, source: Any, target: Path, size: int, sha256: str) -> None:
    """Copy so many bytes, and no more, and prove them."""
    digest, left = hashlib.sha256(), size
    with target.open("wb") as out:
        while data := source.read(min(_CHUNK, left + 1)):
            left -= len(data)
            if left < 0:
                break
            digest.update(data)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if left or digest.hexdigest() != sha256:
        raise _not_one(file, f"its {target.name} is not what {RECORD} says")


def _not_one(file: Path, why: str) -> FacecorpusError:
    return CorpusError(f"{file} is no backup that can be restored: {why}; name what facecorpus backup wrote.")


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for files that are not finished, for the owner alone; what a killed run left in it goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
