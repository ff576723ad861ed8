"""The command `rebuild`: shards from a build without images, with the photographs that its addresses still give.

The files are the very ones of the build that it was made beside, byte for byte, where every photograph is still
what it was, and the versions of facecorpus, OpenCV and pyarrow are those that build.json names.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facecorpus.build.crops import CropTask, cut_crops
from facecorpus.build.kind import Kind
from facecorpus.build.record import versions
from facecorpus.build.schema import shard_schema
from facecorpus.build.shards import write_shard
from facecorpus.catalog.connection import host_of
from facecorpus.catalog.removal_keys import NOTHING, TakenDown
from facecorpus.crawl.fetch import Fetcher
from facecorpus.crawl.lanes import Lanes
from facecorpus.crawl.polite import HostResting
from facecorpus.errors import BuildError, ShardsError
from facecorpus.settings import Settings
from facecorpus.shards import (
    DATA,
    RECORD,
    SUFFIX,
    checked_row,
    checksums,
    class_names,
    file_in,
    foreign_record,
    reading,
    sha256_of,
    sound_files,
    whole_number,
)
from facecorpus.store import UNFINISHED, Store, clear_unfinished, write_atomically
from facecorpus.system.console import Tracker, duration, track
from facecorpus.system.cores import available_cores

MARK = "rebuild.json"
"""The file by which a folder is known as a rebuilt one: what was left out, and why."""

_NAMED = 20  # rows that the summary names
_PHOTOGRAPHS = ".photographs"
_LOCK = ".lock"
_MOST_PIXELS = 4096  # of a crop's side
_CROPS_PER_START = 500  # a process cuts some hundreds of crops in the time in which another one starts

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A face of the build that could not be made again."""

    face_id: str
    source_url: str
    reason: str


@dataclass(frozen=True, slots=True)
class RebuildSummary:
    """What was made again, and what was not."""

    path: Path
    faces: int
    shards: int
    shards_there: int  # of these, finished by an earlier run
    left_out: tuple[LeftOut, ...]
    shards_that_differ: tuple[str, ...]  # since rows of them are left out
    other_versions: tuple[str, ...]  # "opencv 4.9.0, the build had 4.10.0"
    bytes_fetched: int
    seconds: float

    def __str__(self) -> str:
        """The sentences that a person reads."""
        lines = [
            f"Rebuilt {self.faces} faces in {self.shards} shards ({self.shards_there} were there already) in"
            f" {self.path}; {self.bytes_fetched / 1e6:.1f} MB fetched in {duration(self.seconds)}."
        ]
        if not self.left_out:
            lines.append("Every picture has the sha256 that the build names.")
        else:
            lines.append(
                f"{len(self.left_out)} faces are left out, so these shards differ from the build's:"
                f" {', '.join(self.shards_that_differ)}."
            )
            lines += [f"  {one.face_id} ({one.source_url or 'no address'}): {one.reason}" for one in self._named]
            if len(self.left_out) > _NAMED:
                lines.append(f"  and {len(self.left_out) - _NAMED} more ({self.path / MARK} lists all)")
        lines += [f"Here is {other}: crops may differ by that alone." for other in self.other_versions]
        return "\n".join(lines)

    @property
    def _named(self) -> tuple[LeftOut, ...]:
        return self.left_out[:_NAMED]


def rebuild(source: Path, target: Path, settings: Settings, taken_down: TakenDown = NOTHING) -> RebuildSummary:
    """Make in `target` the shards that a build without images in `source` describes.

    Each photograph is fetched as a crawl would, proved by its sha256, cut by the build's recipe, and proved by the
    crop's; what fails, or was taken down, is left out and said. Shards are written one after the other, and their
    photographs kept beside them until then, or as long as one of the shard's is missing: a killed or a further run
    goes on from there. Raises BuildError where `source` is no such build or is damaged, or `target` holds anything
    else; SourceError where a public host would be asked without a contact.
    """
    begun = time.monotonic()
    record = _checked(source)
    names = sorted(name for name in record["files"] if name.endswith(SUFFIX))
    _refuse_foreign(target)
    with _locked(target), Fetcher(settings) as fetcher:
        work = _Work(source, target, record["crops"], settings, fetcher, taken_down)
        there = {name for name in names if work.is_done(name)}
        for name in names:
            if name not in there:
                work.make(name)
        work.finish(names)
    here = versions()
    made = [work.made[name] for name in names]
    return RebuildSummary(
        path=target,
        faces=sum(one.faces for one in made),
        shards=len(names),
        shards_there=len(there),
        left_out=tuple(left for one in made for left in one.left_out),
        shards_that_differ=tuple(name for name in names if work.made[name].left_out),
        other_versions=tuple(
            f"{what} {here.get(what)}, the build had {version}"
            for what, version in record["versions"].items()
            if here.get(what) != version
        ),
        bytes_fetched=work.bytes,
        seconds=time.monotonic() - begun,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """A shard that was written; '' is the sha256 of one that would have had no row."""

    sha256: str
    faces: int
    left_out: tuple[LeftOut, ...]


class _Work:
    """One run: the shards that are made, and the photographs that are fetched for them."""

    def __init__(
        self,
        source: Path,
        target: Path,
        recipe: Mapping[str, Any],
        settings: Settings,
        fetcher: Fetcher,
        taken_down: TakenDown,
    ) -> None:
        self.bytes = 0
        self.made = _noted(target / MARK)
        self._source = source
        self._target = target
        self._recipe = recipe
        self._workers = settings.build.workers
        self._max_pixels = settings.fetch.max_pixels
        self._fetcher = fetcher
        self._taken_down = taken_down
        self._photographs = Store(target / _PHOTOGRAPHS)
        self._photographs.clear_scratch()
        clear_unfinished(target)
        if not self.made:
            self._note()  # from here on the folder is known, whatever is in it when this is killed
            (target / DATA).mkdir(exist_ok=True)  # what an earlier version began goes on where it was

    def is_done(self, name: str) -> bool:
        """Whether an earlier run has made the whole of a shard."""
        made, path = self.made.get(name), file_in(self._target, name)
        return bool(made and not made.left_out and path.is_file() and sha256_of(path) == made.sha256)

    def make(self, name: str) -> None:
        """Fetch the photographs of a shard, write it, and note what became of its rows."""
        rows = _read(file_in(self._source, name))
        reasons = self._fetched(name, rows)
        missing: list[LeftOut] = []
        path = file_in(self._target, name)
        with track(f"cut {name}", len(rows)) as progress:
            faces = self._write(path, rows, reasons, missing, progress)
        self.made[name] = _Made(sha256_of(path) if faces else "", faces, tuple(missing))
        self._note()
        if not missing:
            for photo_id in {row["photo_id"] for row in rows}:
                self._photographs.remove(photo_id)

    def _note(self) -> None:
        noted = {name: asdict(one) for name, one in sorted(self.made.items())}
        write_atomically(self._target / MARK, (json.dumps(noted, indent=2, ensure_ascii=False) + "\n").encode())

    def finish(self, names: Sequence[str]) -> None:
        """Put beside the shards what their readers need."""
        if not any(self.made[name].left_out for name in names):
            shutil.rmtree(self._photographs.root, ignore_errors=True)
        sums = {name: self.made[name].sha256 for name in names if self.made[name].sha256}
        write_atomically(self._target / "checksums.txt", checksums(sums))
        for name in ("attribution.csv", "attribution.html", "manifest.csv"):
            write_atomically(self._target / name, (self._source / name).read_bytes())

    def _fetched(self, name: str, rows: Sequence[Row]) -> dict[str, str]:
        """Fetch what is not there yet, politely, hosts side by side; by photo_id, why one is not to be had."""
        addresses = {row["photo_id"]: row["source_url"] or "" for row in rows}
        wanted = {one: url for one, url in addresses.items() if not self._photographs.path(one).is_file()}
        reasons = {one: "its address is not on the web" for one, url in wanted.items() if not _on_the_web(url)}
        held = (row for row in rows if self._taken_down.has_row(row["photo_id"], row["source_url"], row["author"]))
        reasons |= {row["photo_id"]: "it was taken down" for row in held}
        at_once = self._fetcher.manners.limits.of
        lanes: Lanes[tuple[str, str], tuple[str, str, int]] = Lanes(self._fetch, lambda host: at_once(host).at_once)
        with track(f"fetch {name}", len(wanted.keys() - reasons.keys())) as progress:
            try:
                for photo_id in wanted.keys() - reasons.keys():
                    lanes.submit(host_of(wanted[photo_id]), (photo_id, wanted[photo_id]))
                while results := lanes.results():
                    progress.advance(len(results))
                    self.bytes += sum(size for _, _, size in results)
                    reasons |= {photo_id: reason for photo_id, reason, _ in results if reason}
            except BaseException:
                lanes.stop()
                self._fetcher.stop()
                raise
            finally:
                lanes.close()
        return reasons

    def _fetch(self, job: tuple[str, str]) -> tuple[str, str, int]:
        """Fetch one photograph; say why it is not to be had ('': it is there), and how many bytes came."""
        photo_id, address = job
        try:
            tries = self._fetcher.fetch_in_tries(address)
        except HostResting as resting:
            return photo_id, f"{resting.host} is not to be asked now: {resting.reason}; run again later", 0
        last, size = tries[-1], sum(one.download.bytes for one in tries)
        if last.data is None:
            detail = f" ({last.download.detail})" if last.download.detail else ""
            return photo_id, f"{last.download.outcome.replace('_', ' ')}{detail}", size
        if hashlib.sha256(last.data).hexdigest() != photo_id:
            return photo_id, "its address gives another picture now", size
        self._photographs.put(last.data, photo_id)
        return photo_id, "", size

    def _write(
        self, path: Path, rows: Sequence[Row], reasons: Mapping[str, str], missing: list[LeftOut], progress: Tracker
    ) -> int:
        """Write one shard; return how many rows it has. Where it would have none, no file is written."""
        having = [row for row in rows if row["photo_id"] not in reasons]
        workers = self._workers or min(available_cores(), 1 + len(having) // _CROPS_PER_START)
        crops = cut_crops(map(self._task, having), workers)
        written = 0

        def values() -> Iterator[Row]:
            nonlocal written
            for row in rows:
                progress.advance(note=f"{len(missing)} left out")
                reason, crop = reasons.get(row["photo_id"], ""), b""
                if not reason:
                    crop = next(crops)
                    if hashlib.sha256(crop).hexdigest() != row["image_sha256"]:
                        reason = "its crop has another sha256 than the build's; other versions made that one"
                if reason:
                    missing.append(LeftOut(row["face_id"], row["source_url"] or "", reason))
                    continue
                written += 1
                yield {"image": {"bytes": crop, "path": f"{row['face_id']}.jpg"}, **row}

        write_shard(path, values(), shard_schema(class_names(file_in(self._source, path.name))["identity"]))
        if not written:
            path.unlink()
        return written

    def _task(self, row: Row) -> CropTask:
        import numpy as np

        return CropTask(
            photo=self._photographs.path(row["photo_id"]),
            photo_sha256=row["photo_id"],
            landmarks=np.array(row["landmarks"], np.float32),
            size=int(self._recipe["pixels"]),
            quality=int(self._recipe["quality"]),
            max_pixels=min(row["width"] * row["height"], self._max_pixels),
        )


def _on_the_web(address: str) -> bool:
    return address.startswith(("http://", "https://")) and host_of(address) != ""


def _noted(path: Path) -> dict[str, _Made]:
    """What earlier runs made; nothing where their note cannot be read."""
    try:
        return {
            name: _Made(one["sha256"], one["faces"], tuple(LeftOut(**left) for left in one["left_out"]))
            for name, one in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    target.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BuildError(f"Another rebuild is at work in {target}; wait until it has ended.") from None
    try:
        yield
    finally:
        lock.release()


def _checked(source: Path) -> dict[str, Any]:
    record = foreign_record(source)
    if record.get("kind") != Kind.WITHOUT_IMAGES or not isinstance(record.get("crops"), dict):
        raise BuildError(
            f"{source} is no build without images (its {RECORD} does not say so); name the folder that"
            " facecorpus build --without-images wrote."
        )
    recipe = record["crops"]
    whole_number(recipe.get("pixels"), 16, _MOST_PIXELS, f"The size of crops in {source / RECORD}")
    whole_number(recipe.get("quality"), 1, 100, f"The quality of crops in {source / RECORD}")
    if not isinstance(record.get("versions"), dict):
        raise ShardsError(f"{source / RECORD} names no versions; get that folder again.")
    if damaged := sorted(name for name in record["files"].keys() - sound_files(source, record) if SUFFIX in name):
        raise BuildError(f"{file_in(source, damaged[0])} is missing or damaged; get that folder again.")
    return record


def _refuse_foreign(target: Path) -> None:
    """A folder that rebuild has not begun must be new or empty."""
    if target.exists() and not target.is_dir():
        raise BuildError(f"{target} is a file; name a new folder.")
    names = {path.name for path in target.iterdir()} if target.exists() else set()
    if MARK not in names and any(not _is_unfinished(name) for name in names - {_LOCK, _PHOTOGRAPHS}):
        raise BuildError(f"{target} is not empty and was not made by rebuild; name a new folder.")


def _is_unfinished(name: str) -> bool:
    return name.endswith(".partial") or name.startswith(UNFINISHED)


def _read(shard: Path) -> list[Row]:
    import pyarrow.parquet as pq

    with reading(shard):
        rows: list[Row] = pq.ParquetFile(shard).read().to_pylist()
    for row in rows:
        checked_row(row, shard)
    return rows
