"""The build stage: accepted faces of the catalog -> the folder shards/, whole or not at all."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from facecorpus.build.card import dataset_card
from facecorpus.build.croissant import croissant
from facecorpus.build.crops import CropTask, cut_crops
from facecorpus.build.folder import replaced_folder, settle
from facecorpus.build.plan import NOT_STATED, Plan, plan_build
from facecorpus.build.record import (
    RECORD,
    attribution,
    build_record,
    checksums,
    fingerprint,
    is_whole,
    recorded,
    sha256_of,
)
from facecorpus.build.schema import shard_schema
from facecorpus.build.shards import Pictured, write_split
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.console import Tracker, duration, track
from facecorpus.corpus import Corpus
from facecorpus.engines.local import available_cores
from facecorpus.errors import BuildError
from facecorpus.manifest import SUBGROUPS

_CROPS_PER_START = 500


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What the shards hold, and whether this run wrote them."""

    path: Path
    changed: bool
    faces: int
    identities: int
    train: int
    test: int
    subgroups: dict[str, int]
    left_out: dict[str, int]
    bytes: int
    seconds: float

    def __str__(self) -> str:
        subgroups = len(self.subgroups.keys() - {NOT_STATED})
        what = (
            f"{self.faces} faces of {self.identities} people in {subgroups} of {len(SUBGROUPS)} subgroups"
            f" ({self.train} train, {self.test} test), {self.bytes / 1e6:.1f} MB in {self.path}"
        )
        left_out = "".join(f"\nLeft out: {count} {reason}." for reason, count in self.left_out.items())
        if not self.changed:
            return f"Nothing has changed since the last build: {what}.{left_out}"
        return f"Built {what}, in {duration(self.seconds)}.{left_out}"


def build_shards(corpus: Corpus) -> BuildSummary:
    """Write the accepted faces as Parquet shards with card, manifest, attribution, checksums and record.

    The folder is replaced as a whole, and only if something has changed. Raises BuildError where nothing is
    accepted, a check fails, a photograph is missing or damaged, or the disk does not take the files.
    """
    begun = time.monotonic()
    with corpus.catalog() as catalog:
        accepted, withheld = list(catalog.faces.accepted()), catalog.faces.withheld()
    plan = plan_build(accepted, withheld, corpus.manifest, corpus.settings.build)
    manifest = (corpus.root / "manifest.csv").read_bytes()
    inputs = fingerprint(plan, corpus.settings, manifest)
    try:
        settle(corpus.shards)
        record = recorded(corpus.shards)
        changed = record.get("fingerprint") != inputs or not is_whole(corpus.shards, record)
        if changed:
            _refuse_foreign_files(corpus.shards, record)
            with replaced_folder(corpus.shards) as folder:
                _write(folder, corpus, plan, manifest, inputs)
        size = sum(recorded(corpus.shards)["files"].values())
    except OSError as error:
        raise BuildError(
            f"{corpus.shards} could not be written ({error}); what was there before is unchanged."
            " Mend that and build again."
        ) from None
    return BuildSummary(
        path=corpus.shards,
        changed=changed,
        faces=len(plan.rows),
        identities=plan.identities,
        train=len(plan.side(TRAIN)),
        test=len(plan.side(TEST)),
        subgroups=plan.subgroups,
        left_out=plan.left_out,
        bytes=size,
        seconds=time.monotonic() - begun,
    )


def _write(folder: Path, corpus: Corpus, plan: Plan, manifest: bytes, inputs: str) -> None:
    """Fill an empty folder with everything that a build consists of."""
    schema = shard_schema([identity.identity_id for identity in corpus.manifest.identities])
    max_bytes = corpus.settings.build.shard_megabytes * 1_000_000
    shards: list[Path] = []
    with track("build", len(plan.rows)) as progress:
        pictured = _pictured(corpus, plan, progress)
        for split in (TRAIN, TEST):
            rows = islice(pictured, len(plan.side(split)))
            shards += write_split(folder, split, rows, schema, max_bytes)
    sums = {path: sha256_of(path) for path in shards}
    texts = {
        "README.md": dataset_card(plan, corpus.settings),
        "manifest.csv": manifest,
        "attribution.csv": attribution(plan),
        "checksums.txt": checksums(sums),
        "croissant.json": croissant(plan, corpus.settings, sums, schema),
    }
    for name, data in texts.items():
        (folder / name).write_bytes(data)
    record = build_record(plan, corpus.settings, inputs, list(folder.iterdir()))
    (folder / RECORD).write_bytes(record)


def _pictured(corpus: Corpus, plan: Plan, progress: Tracker) -> Iterator[Pictured]:
    """The plan's rows in their order, each with its crop."""
    settings = corpus.settings.build
    tasks = (
        CropTask(
            photo=corpus.photos.path(row.face.photo_sha256),
            photo_sha256=row.face.photo_sha256,
            landmarks=row.face.landmarks,
            size=settings.crop,
            quality=settings.quality,
            max_pixels=corpus.settings.fetch.max_pixels,
        )
        for row in plan.rows
    )
    # A process cuts some hundreds of crops in the time in which another one starts.
    workers = settings.workers or min(available_cores(), 1 + len(plan.rows) // _CROPS_PER_START)
    for row, jpeg in zip(plan.rows, cut_crops(tasks, workers), strict=True):
        progress.advance()
        yield row, jpeg


def _refuse_foreign_files(shards: Path, record: Mapping[str, Any]) -> None:
    """The folder is replaced as a whole, so nothing may be in it that a build did not write."""
    for path in sorted(shards.iterdir()) if shards.exists() else ():
        if path.name not in {RECORD, *record["files"]}:
            raise BuildError(
                f"{path} is not among the files that {RECORD} names, and build replaces the whole of {shards};"
                " move it elsewhere and build again."
            )
