"""The command `verify`: is every photograph, crop, row and shard what it should be? With repair, mend what can be."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from facecorpus.build.kept import Build, builds
from facecorpus.build.kind import Kind
from facecorpus.catalog import Catalog
from facecorpus.catalog.checks import StoredFace
from facecorpus.corpus import Corpus
from facecorpus.errors import PictureError
from facecorpus.shards import RECORD, SUFFIX, file_in, foreign_files, is_sealed, recorded, sound_files
from facecorpus.system.console import duration, track
from facecorpus.system.cores import available_cores
from facecorpus.takedown.plan import HeldBy
from facecorpus.takedown.shards import rows_of, write_without
from facecorpus.upkeep.log_check import SOURCE, log_problems
from facecorpus.upkeep.row_check import SOURCE as ROW
from facecorpus.upkeep.row_check import row_problems

_NAMED = 20  # problems of one kind that the summary names
# What is left over only takes room; what is unproved has no hash yet; what was edited may have been so by its owner.
_NO_DAMAGE = ("left over", "unproved", "edited")
_OPTION = {Kind.CROPS: "", Kind.ORIGINAL: " --original", Kind.WITHOUT_IMAGES: " --without-images"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be."""

    kind: str  # catalog, row, decisions.jsonl, photograph, crop, shard, run; or one of _NO_DAMAGE
    name: str
    sentence: str
    repaired: bool = False
    mend: str = ""  # the command of facecorpus that mends it from here, "" where none can

    @property
    def is_damage(self) -> bool:
        """Whether something is lost or wrong now."""
        return not self.repaired and self.kind not in _NO_DAMAGE


@dataclass(frozen=True, slots=True)
class VerifySummary:
    """What was looked at, and what was wrong."""

    photographs: int
    bytes: int
    crops: int
    shard_files: int
    problems: tuple[Problem, ...]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether no damage is there, or none is left."""
        return not any(problem.is_damage for problem in self.problems)

    def __str__(self) -> str:
        """The sentences that a person reads."""
        rate = self.bytes / 1e6 / max(self.seconds, 1e-3)
        lines = [
            f"Looked at {self.photographs} photographs ({self.bytes / 1e6:.1f} MB), {self.crops} crops,"
            f" {self.shard_files} files of builds and the catalog in {duration(self.seconds)} ({rate:.0f} MB/s)."
        ]
        for kind in dict.fromkeys(problem.kind for problem in self.problems):
            of_it = [problem for problem in self.problems if problem.kind == kind]
            lines += [f"{kind}: {one.name}: {one.sentence}{' [repaired]' * one.repaired}" for one in of_it[:_NAMED]]
            if len(of_it) > _NAMED:
                lines.append(f"{kind}: and {len(of_it) - _NAMED} more (--json lists all)")
        damage = sum(problem.is_damage for problem in self.problems)
        if any(problem.repaired and problem.kind == "left over" for problem in self.problems):
            lines.append("What nothing knows lies in quarantine/ now; facecorpus verify --take-back moves it back.")
        lines.append(
            f"{damage} problem{'s' * (damage != 1)} remain{'s' * (damage == 1)}." if damage else "The corpus is sound."
        )
        return "\n".join(lines)

    @property
    def next_command(self) -> str:
        """The command that mends most of what is damaged now, without "facecorpus"; "" where none can, or need."""
        mends = [problem.mend for problem in self.problems if problem.is_damage and problem.mend]
        order = ("verify --repair", "fetch", "faces", "dedup", "build")
        return min(mends, key=lambda one: order.index(one) if one in order else len(order), default="")


@dataclass(frozen=True, slots=True)
class _Found:
    """A problem, and what mends it, which says whether it did."""

    kind: str
    name: str
    sentence: str
    repair: Callable[[], bool] | None = None
    mend: str = ""  # the command that mends it where repair cannot, or once it has done its part

    def problem(self, repair: bool) -> Problem:
        """What is left to say of it, after it was repaired where that is wanted and possible."""
        if self.repair is None:
            return Problem(self.kind, self.name, self.sentence, mend=self.mend)
        if not repair:
            return Problem(self.kind, self.name, self.sentence, mend="verify --repair")
        done = self.repair()
        # A photograph that waits to be fetched again is still absent.
        repaired = done and not self.mend
        return Problem(self.kind, self.name, self.sentence, repaired, self.mend if done else "")


def verify(corpus: Corpus, repair: bool = False) -> VerifySummary:
    """Hash every photograph, crop and shard again; hold catalog, store, shards and runs against each other.

    Nothing is changed unless `repair` says so. Then damaged photographs wait to be fetched again, missing crops are cut
    again, builds that hold what was taken down are written without it, and files that nothing knows are moved to
    `quarantine/`. A repair deletes nothing.
    """
    begun = time.monotonic()
    only_reads = corpus.is_read_only and not repair
    with corpus.catalog_copy() if only_reads else corpus.catalog(doubted=True) as catalog:
        broken = catalog.checks.broken()
        found = [_Found("catalog", "catalog.sqlite", f"{line}; restore it from a copy.") for line in broken]
        on_disk, crops, files = {}, [], 0
        if not found:
            contradictions = catalog.checks.contradictions()
            found += [_Found("catalog", "catalog.sqlite", f"{line}; please report it.") for line in contradictions]
            found += [_Found(ROW, *one) for one in row_problems(catalog)]
            found += [_Found(SOURCE, *one) for one in log_problems(corpus, catalog)]
            found += [_edited(*one) for one in corpus.edited(catalog).items()]
            found += _runs(corpus)
            on_disk = _hashed(corpus)
            crops = catalog.checks.faces()
            found += _photographs(corpus, catalog, on_disk)
            found += _crops(corpus, catalog, crops)
            for build in builds(corpus):
                if build.folder.is_dir():
                    files += len(recorded(build.folder)["files"])
                    found += _shards(corpus, catalog, build)
        problems = tuple(one.problem(repair) for one in found)
    return VerifySummary(
        photographs=len(on_disk),
        bytes=sum(size for _, size in on_disk.values()),
        crops=len(crops),
        shard_files=files,
        problems=problems,
        seconds=time.monotonic() - begun,
    )


def _hashed(corpus: Corpus) -> dict[str, tuple[str, int]]:
    """sha256 and bytes of every file of the store, by its name; hashed on all cores."""
    paths = sorted(corpus.photos.root.glob("??/??/[!.]*"))
    return {path.name: found for path, found in _hashes("photographs", paths)}


def _hashes(what: str, paths: Sequence[Path]) -> Iterator[tuple[Path, tuple[str, int]]]:
    """sha256 and bytes of files, hashed on all cores; instead of the sha256 the reason where one cannot be read."""
    with track(what, len(paths)) as progress, ThreadPoolExecutor(available_cores()) as pool:
        for path, (sha256, size) in zip(paths, pool.map(_hash, paths), strict=True):
            progress.advance(note=f"{size / 1e6:.1f} MB")
            yield path, (sha256, size)


def _hash(path: Path) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError as error:  # a disk that cannot read it back has damaged it
        return str(error), 0


def _photographs(corpus: Corpus, catalog: Catalog, on_disk: dict[str, tuple[str, int]]) -> Iterator[_Found]:
    expected = catalog.checks.photographs()
    taken_down = catalog.removals.taken_down()
    for sha256 in sorted(expected.keys() | on_disk.keys()):
        path = corpus.photos.path(sha256)
        if sha256 in taken_down:
            sentence = "it was taken down and is still here; facecorpus forget --photo removes it."
            yield _Found("photograph", sha256, sentence, mend=f"forget --photo {sha256}")
        elif sha256 not in expected:
            sentence = "no row knows this file, as after a killed crawl, which the next one mends."
            yield _Found("left over", str(path), sentence, lambda path=path: _aside(corpus, path))  # type: ignore[misc]
        elif on_disk.get(sha256, ("",))[0] != sha256:
            what = "its bytes have another sha256" if sha256 in on_disk else "its file is missing"
            yield _Found(
                "photograph",
                sha256,
                f"{what}; it can be fetched again, if its address still gives it.",
                lambda sha256=sha256: _fetched_again(corpus, catalog, sha256),  # type: ignore[misc]
                mend="fetch",
            )


def _fetched_again(corpus: Corpus, catalog: Catalog, sha256: str) -> bool:
    """Make room for the photograph, and let it be fetched again; False where it has no address."""
    if (path := corpus.photos.path(sha256)).exists():
        corpus.quarantine.put(path, "its bytes have another sha256")
    return catalog.checks.fetch_again(sha256) > 0


def _aside(corpus: Corpus, path: Path) -> bool:
    corpus.quarantine.put(path, "the catalog does not know it")
    return True


def _edited(name: str, read_at: str) -> _Found:
    sentence = (
        f"it is not as it was on {read_at}, when a command last wrote by it; if you did not edit it since, put back a"
        " copy."
    )
    return _Found("edited", name, sentence)


def _crops(corpus: Corpus, catalog: Catalog, faces: Iterable[StoredFace]) -> Iterator[_Found]:
    paths = {corpus.crops.path(face.face_id): face for face in faces}
    for path, (sha256, _) in _hashes("crops", list(paths)):
        face = paths[path]
        if face.crop_sha256 is not None and face.crop_sha256.hex() == sha256:
            continue
        kind, sentence = "crop", "its crop is missing or has other bytes; it can be cut again from the photograph."
        if face.crop_sha256 is None and _is_jpeg(path):
            kind, sentence = "unproved", "no hash of its crop was kept by an earlier version; it can be cut again."
        yield _Found(
            kind,
            face.face_id,
            sentence,
            lambda face=face: _cut_again(corpus, catalog, face),  # type: ignore[misc]
        )
    for path in sorted(corpus.crops.root.glob("??/??/*.jpg")):
        if path not in paths:
            sentence = "no face in the catalog has this crop."
            yield _Found("left over", str(path), sentence, lambda path=path: _aside(corpus, path))  # type: ignore[misc]


def _is_jpeg(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begins = file.read(2) == b"\xff\xd8"
            file.seek(-2, 2)
            return begins and file.read() == b"\xff\xd9"
    except OSError:
        return False


def _cut_again(corpus: Corpus, catalog: Catalog, face: StoredFace) -> bool:
    """Write a face's crop from its photograph, and note its hash; False where that is not sound itself."""
    from facecorpus.faces.analyze import review_crop
    from facecorpus.faces.decode import decode

    try:
        data = corpus.photos.read(face.photo_sha256)
        if hashlib.sha256(data).hexdigest() != face.photo_sha256:
            return False
        picture = decode(data, corpus.settings.fetch.max_pixels).picture
    except (OSError, PictureError):
        return False
    catalog.checks.note_crop(face.face_id, corpus.crops.put(face.face_id, review_crop(picture, face.landmarks)))
    return True


def _runs(corpus: Corpus) -> Iterator[_Found]:
    from training import damaged

    for run in corpus.run_folders():
        for path in damaged(run):
            sentence = "its bytes are not those that training wrote; train again under another --name."
            yield _Found("run", str(path.relative_to(corpus.root)), sentence)


def _shards(corpus: Corpus, catalog: Catalog, build: Build) -> Iterator[_Found]:
    folder = build.folder
    mend = "" if build.version else f"build{_OPTION[build.kind]}"
    command = f"run facecorpus {mend}" if mend else "put back a copy, or delete this version"
    record = recorded(folder)
    if not record["files"]:
        yield _Found("shard", f"{build.name}/{RECORD}", f"it is missing or cannot be read; {command}.", mend=mend)
        return
    if not is_sealed(folder):
        sentence = f"its bytes are not those that build wrote, or an earlier version wrote it; {command}."
        yield _Found("shard", f"{build.name}/{RECORD}", sentence, mend=mend)
    with track(build.name, len(record["files"])) as progress:
        sound = sound_files(folder, record, progress.advance)
    for name in sorted(record["files"].keys() - sound):
        what = "its bytes are not those that build.json names" if file_in(folder, name).exists() else "it is missing"
        yield _Found("shard", f"{build.name}/{name}", f"{what}; {command}.", mend=mend)
    for path in foreign_files(folder, record):
        yield _Found("left over", str(path), "build did not write it; move it elsewhere.")
    taken_down = catalog.removals.taken_down()
    held = tuple(
        name
        for name in sorted(sound)
        if name.endswith(SUFFIX)
        and any(
            taken_down.has_row(photo, url, author) for photo, _, url, author in rows_of(file_in(folder, name)) or ()
        )
    )
    if held:
        yield _Found(
            "shard",
            build.name,
            f"{', '.join(held)} hold what was taken down; it can be written without it.",
            lambda: bool(write_without(corpus, HeldBy(build.kind, held, build.version)).build),
        )
