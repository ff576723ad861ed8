"""Corpus: the folder that a user works in, with its settings, manifest, catalog, stores and lock."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from facecorpus.catalog import Catalog, copy_catalog
from facecorpus.catalog.connection import RESTORE
from facecorpus.errors import CorpusError
from facecorpus.manifest import Identity, Manifest, read_manifest, write_manifest
from facecorpus.settings import FacesSettings, Settings
from facecorpus.settings_file import documented_toml, read_settings
from facecorpus.shards import shard_files
from facecorpus.store import UNFINISHED, Crops, Quarantine, Store, clear_unfinished, write_atomically
from facecorpus.system.modes import PRIVATE, file_mode, make_file

FOLDER_LIST = "pictures.csv"
"""Beside the manifest: which files of a folder show whom, where `facecorpus import` made the corpus."""


class Corpus:
    """An opened corpus folder.

    Raises CorpusError where the folder holds no corpus.toml, SettingsError and ManifestError where
    those files are wrong.
    """

    def __init__(self, root: str | PathLike[str]) -> None:
        self.root = root = Path(root)
        if not (root / "corpus.toml").is_file():
            raise CorpusError(
                f"{root} is no corpus folder (it has no corpus.toml); make one with: facecorpus init {root}"
            )
        self._read = {"corpus.toml": _sha256(root / "corpus.toml")}
        self.settings = read_settings(root / "corpus.toml")
        self.photos = Store(root / "photos")
        self.crops = Crops(root / "crops")
        self.quarantine = Quarantine(root)

    @cached_property
    def manifest(self) -> Manifest:
        """The identities of this corpus."""
        self._read["manifest.csv"] = _sha256(self.root / "manifest.csv")
        return read_manifest(self.root / "manifest.csv", self.settings.labels)

    @property
    def shards(self) -> Path:
        """The folder that build writes."""
        return self.root / "shards"

    @property
    def versions(self) -> Path:
        """Where builds are kept by name."""
        return self.root / "versions"

    @property
    def runs(self) -> Path:
        """The folder that train-all writes, one sub-folder a run."""
        return self.root / "runs"

    @property
    def faces_settings(self) -> FacesSettings:
        """The section faces, with the whole path of a model that it names from this folder."""
        faces = self.settings.faces
        model = faces.descriptor_model
        return replace(faces, descriptor_model=str(self.root.absolute() / model)) if model else faces

    @property
    def log(self) -> Path:
        """The second home of decisions and removals."""
        return self.root / "decisions.jsonl"

    @contextmanager
    def catalog(self, cache_kib: int = 32_000, doubted: bool = False) -> Iterator[Catalog]:
        """The catalog, opened, brought to this version's schema, in step with the manifest; closed at the end.

        Where something was written to it, it also notes the settings and the manifest that were read; not where
        `doubted` says that they are being checked. Raises CorpusError where it is missing or blank although
        photographs or shards are there.
        """
        self._refuse_without(self.root / "catalog.sqlite")
        make_file(self.root / "catalog.sqlite")  # SQLite gives its journal the same mode
        catalog = Catalog(self.root / "catalog.sqlite", cache_kib, self.log)
        try:
            if doubted:
                catalog.doubt()
            if doubted and not catalog.checks.has_its_schema():
                what = "is damaged: its tables are not those that facecorpus makes"
                raise CorpusError(f"{self.root / 'catalog.sqlite'} {what}; {RESTORE}")
            self._refuse_blank(catalog)
            catalog.identities.replace_all(self.manifest.identities)
            if catalog.log:
                catalog.log.settle()
            before = catalog.changes
            yield catalog
            if catalog.changes != before and not doubted:
                catalog.checks.note_files(self._read)
        finally:
            catalog.close()

    def run_folders(self) -> list[Path]:
        """The folders of all runs, by name."""
        return sorted(path for path in self.runs.glob("*") if path.is_dir())

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written here, as in a mounted backup."""
        catalog = self.root / "catalog.sqlite"
        return not all(os.access(path, os.W_OK) for path in (self.root, catalog) if path.exists())

    @contextmanager
    def reading(self) -> Iterator[Catalog]:
        """The catalog for what only reads; where nothing can be written, or there is none yet, a copy of it."""
        made = (self.root / "catalog.sqlite").exists()
        with self.catalog() if made and not self.is_read_only else self.catalog_copy() as catalog:
            yield catalog

    def edited(self, catalog: Catalog) -> dict[str, str]:
        """The files that are not as a command last read them, and when it did."""
        noted = catalog.checks.files()
        return {
            name: noted[name].read_at
            for name in self._read
            if name in noted and noted[name].sha256 != _sha256(self.root / name)
        }

    @contextmanager
    def catalog_copy(self) -> Iterator[Catalog]:
        """The catalog as it is now, copied to a temporary place; the corpus folder is only read."""
        with TemporaryDirectory() as scratch:
            copy = Path(scratch) / "catalog.sqlite"
            self._refuse_without(self.root / "catalog.sqlite")
            if (self.root / "catalog.sqlite").exists():
                copy_catalog(self.root / "catalog.sqlite", copy)
            catalog = Catalog(copy, log=self.log, keep=False)
            try:
                self._refuse_blank(catalog)
                catalog.identities.replace_all(self.manifest.identities)
                yield catalog
            finally:
                catalog.close()

    def _refuse_without(self, catalog: Path) -> None:
        """Raise CorpusError where a new catalog would begin beside a full store: all would look like left over."""
        if not catalog.exists() or catalog.stat().st_size == 0:
            self._refuse_beside_contents("is missing" if not catalog.exists() else "is an empty file")

    def _refuse_blank(self, catalog: Catalog) -> None:
        if catalog.checks.blank():
            self._refuse_beside_contents("knows nothing")

    def _refuse_beside_contents(self, what: str) -> None:
        stores = {"photos/": self.photos.root.glob("??/??/[!.]*"), "shards/": iter(shard_files(self.shards))}
        held = [name for name, files in stores.items() if next(files, None)]
        if held:
            or_restore = " (facecorpus restore), or let restore begin one from decisions.jsonl" * self.log.exists()
            raise CorpusError(
                f"{self.root} is damaged: its catalog.sqlite {what}, but {' and '.join(held)}"
                f" {'holds' if len(held) == 1 else 'hold'} files; put back a copy of catalog.sqlite{or_restore}."
                " Nothing was changed."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one stage at a time; the lock ends with the process, however it ends."""
        lock = FileLock(self.root / ".lock", mode=file_mode(self.root) | 0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise CorpusError(
                f"Another facecorpus command is working in {self.root}; wait until it has ended and run this again."
            ) from None
        try:
            for files in (self.photos, self.crops):
                files.clear_scratch()
            clear_unfinished(self.root)
            yield
        finally:
            lock.release()


@contextmanager
def locked_corpus(root: str | PathLike[str]) -> Iterator[Corpus]:
    """Open the corpus in that folder and hold its lock: what every stage runs inside."""
    corpus = Corpus(root)
    with corpus.locked():
        yield corpus


def init_corpus(
    root: str | PathLike[str],
    manifest: str | PathLike[str],
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    listed: bytes = b"",
) -> Corpus:
    """Make a corpus folder with a documented corpus.toml, a copy of the manifest, and the list of its folder's files.

    A new folder is private to this account; an empty one that is there keeps its mode, and all in it follows that.
    Raises CorpusError where the folder holds a corpus already, ManifestError where the manifest is wrong.
    """
    root, manifest = Path(root), Path(manifest)
    if (root / "corpus.toml").exists():
        raise CorpusError(f"{root} holds a corpus already; edit its corpus.toml, or choose another folder.")
    if root.exists() and not (root.is_dir() and all(map(_left_by_init, root.iterdir()))):
        raise CorpusError(f"{root} is not an empty folder; choose a new or an empty one for the corpus.")
    read_manifest(manifest, settings.labels)
    root.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    write_atomically(root / "manifest.csv", manifest.read_bytes(), root)
    if listed:
        write_atomically(root / settings.crawl.folder_list, listed, root)
    write_atomically(root / "corpus.toml", documented_toml(settings).encode(), root)
    return Corpus(root)


def init_from_folder(
    root: str | PathLike[str],
    people: Sequence[Identity],
    folder: Path,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    listed: bytes = b"",
) -> Corpus:
    """Make a corpus of photographs that lie in a folder, with those people. Raises CorpusError as init_corpus does."""
    named = FOLDER_LIST * bool(listed)
    crawl = replace(settings.crawl, sources=("folder",), folder=str(folder.absolute()), folder_list=named)
    with TemporaryDirectory() as scratch:
        write_manifest(Path(scratch) / "manifest.csv", people)
        return init_corpus(root, Path(scratch) / "manifest.csv", replace(settings, crawl=crawl), listed)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:  # which whoever reads it says
        return ""


def _left_by_init(path: Path) -> bool:
    """Whether the file is one that an interrupted init leaves."""
    return path.name in ("manifest.csv", FOLDER_LIST) or path.name.startswith(UNFINISHED)
