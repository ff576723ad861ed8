"""The build stage: accepted faces of the catalog -> a folder of shards, whole or not at all."""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecorpus.build.attribution import attribution_csv, attribution_page
from facecorpus.build.card import dataset_card
from facecorpus.build.citation import citation
from facecorpus.build.croissant import croissant
from facecorpus.build.crops import CropTask, cut_crops
from facecorpus.build.kind import Kind
from facecorpus.build.layout import Shard, layout
from facecorpus.build.leaks import grey_crop, grey_face, read_prints, same_pictures
from facecorpus.build.overview import overview
from facecorpus.build.plan import NOT_STATED, Pair, Plan, Row, plan_build
from facecorpus.build.previous import Previous
from facecorpus.build.record import blurs, build_record, crop_recipe, fingerprint, versions
from facecorpus.build.schema import shard_schema
from facecorpus.build.shards import row_values, write_shard
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.manifest import SUBGROUPS
from facecorpus.settings import BuildSettings, Settings
from facecorpus.shards import (
    DATA,
    RECORD,
    checksums,
    described,
    file_in,
    foreign_files,
    is_sealed,
    recorded,
    sound_files,
)
from facecorpus.system.console import Tracker, duration, track
from facecorpus.system.cores import available_cores
from facecorpus.system.folder import replaced_folder, settle

if TYPE_CHECKING:
    import pyarrow as pa

_CROPS_PER_START = 500
_ROUNDS = 3  # searches of the finished shards; the second finds nothing, unless files change meanwhile


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What the shards hold, and how much of it this run wrote."""

    path: Path
    changed: bool
    faces: int
    identities: int
    train: int
    test: int
    subgroups: dict[str, int]
    left_out: dict[str, int]
    ages_corrected: int  # faces whose age group a reviewer saw, not the manifest
    near_copies: int  # pairs of faces that show nearly one picture, in two clusters; each pair is on one side
    near_copies_of_two_people: int
    bytes: int
    shards: int
    shards_written: int  # the others are the files of the last build
    seconds: float
    kept: Path | None = None  # where it is kept by name

    def __str__(self) -> str:
        subgroups = len(self.subgroups.keys() - {NOT_STATED})
        what = (
            f"{self.faces} faces of {self.identities} people in {subgroups} of {len(SUBGROUPS)} subgroups"
            f" ({self.train} train, {self.test} test), {self.bytes / 1e6:.1f} MB in {self.path}"
        )
        notes = "".join(f"\nLeft out: {count} {reason}." for reason, count in self.left_out.items())
        if self.ages_corrected:
            notes += f"\nAge group as reviewers saw it, not as the manifest says: {self.ages_corrected} faces."
        if self.near_copies:
            notes += (
                "\nPairs of faces that show nearly the same picture and are no copies, two frames of a moment for"
                f" example: {self.near_copies}; each pair is on one side of the split."
            )
        if self.near_copies_of_two_people:
            notes += (
                f" Pairs that stand for two people: {self.near_copies_of_two_people};"
                " look at them in facecorpus review (key d)."
            )
        if self.kept:
            notes += f"\nKept as {self.kept}."
        if not self.changed:
            return f"Nothing has changed since the last build: {what}.{notes}"
        written = (
            "" if self.shards_written == self.shards else f"; {self.shards_written} of {self.shards} shards changed"
        )
        return f"Built {what}{written}, in {duration(self.seconds)}.{notes}"


def build_shards(
    corpus: Corpus,
    build: BuildSettings | None = None,
    kind: Kind = Kind.CROPS,
    among: Collection[str] | None = None,
    sound: Set[str] | None = None,
) -> BuildSummary:
    """Write the accepted faces as Parquet shards with card, overview, attribution, checksums and record.

    `build` stands for the section [build] of the corpus where it is given; with `among`, only faces with these face_ids
    may enter; `sound` names the files of the last build that were just found to be as it wrote them. The folder is
    replaced as a whole, and only if something has changed; shards that have not are kept as they are. Raises BuildError
    where nothing is accepted, a check fails, a photograph is missing or damaged, or the disk does not take the files.
    """
    begun = time.monotonic()
    settings = replace(corpus.settings, build=build or corpus.settings.build)
    with corpus.catalog() as catalog:
        if _with_embeddings(settings, kind):
            catalog.descriptors.refuse_mixed()
        faces = catalog.faces.accepted(_with_embeddings(settings, kind), blurs(settings, kind))
        accepted = [face for face in faces if among is None or face.face_id in among]
        withheld, seen_ages = catalog.faces.withheld(), catalog.review.age_corrections()
        without_face = catalog.photos.without_face()
    plan_with = partial(
        plan_build,
        accepted,
        withheld,
        corpus.manifest,
        settings,
        changed=kind is not Kind.ORIGINAL,
        seen_ages=seen_ages,
        without_face=without_face,
    )
    work = replace(_Work.of(corpus, lambda pairs: plan_with(near_copies=pairs), kind), sound=sound)
    try:
        work, changed, written = work.done()
        size = sum(file["bytes"] for file in recorded(work.target)["files"].values())
    except OSError as error:
        raise BuildError(
            f"{work.target} could not be written ({error}); what was there before is unchanged."
            " Mend that and build again."
        ) from None
    plan = work.plan
    return BuildSummary(
        path=work.target,
        changed=changed,
        faces=len(plan.rows),
        identities=plan.identities,
        train=len(plan.side(TRAIN)),
        test=len(plan.side(TEST)),
        subgroups=plan.subgroups,
        left_out=plan.left_out,
        ages_corrected=plan.ages_corrected,
        near_copies=len(plan.near_copies),
        near_copies_of_two_people=plan.of_two_people,
        bytes=size,
        shards=len(work.shards),
        shards_written=written,
        seconds=time.monotonic() - begun,
    )


@dataclass(frozen=True)
class _Work:
    """One build, decided but not written."""

    corpus: Corpus
    plan: Plan
    plan_with: Callable[[Sequence[Pair]], Plan]  # the plan that follows from these near-copies
    kind: Kind
    target: Path
    schema: "pa.Schema"
    shards: tuple[Shard, ...]
    manifest: bytes
    sound: Set[str] | None = None  # files of the last build; None: nobody has looked yet

    @classmethod
    def of(cls, corpus: Corpus, plan_with: Callable[[Sequence[Pair]], Plan], kind: Kind) -> "_Work":
        """The build that follows from the near-copies which the catalog knows now."""
        with corpus.catalog() as catalog:
            plan = plan_with(catalog.photos.near_copies())
        people = corpus.manifest.identities
        schema = shard_schema([identity.identity_id for identity in people], kind, dimension=plan.dimension)
        columns = [(column.name, str(column.type)) for column in schema]
        recipe = repr((columns, schema.metadata, versions(), crop_recipe(plan.settings, kind)))
        return cls(
            corpus=corpus,
            plan=plan,
            plan_with=plan_with,
            kind=kind,
            target=kind.folder(corpus.shards),
            schema=schema,
            shards=layout(plan, kind, len(people), recipe),
            manifest=(corpus.root / "manifest.csv").read_bytes(),
        )

    def done(self) -> tuple["_Work", bool, int]:
        """Write what is not there yet; give what was built in the end, whether anything was written, how many shards.

        What was built is another work than this one where the finished shards have near-copies that nobody knew.
        """
        finished = self._scratch()
        settle(self.target, finished)
        inputs = fingerprint(self.plan, self.manifest, self.shards)
        record = recorded(self.target)
        sound = self.sound
        if sound is None:
            with track("checking", len(record["files"])) as progress:
                sound = sound_files(self.target, record, progress.advance)
        if is_sealed(self.target) and record["fingerprint"] == inputs and sound == record["files"].keys():
            settle(self.target)
            os.utime(self.target)  # it was built from all that is known now: nobody need build again
            return self, False, 0
        _refuse_foreign_files(self.target, record)
        previous = [Previous(self.target, record, sound, self._recipe())]
        if self.kind is Kind.WITHOUT_IMAGES:
            previous.append(_usual_build(self.corpus.shards, self._recipe()))
        with replaced_folder(self.target, finished) as folder:
            work, written = self, self._write_shards(folder, previous)
            for _ in range(_ROUNDS):
                unknown = work._unknown_near_copies(folder)
                if not unknown:
                    break
                last = work._as_previous(folder)
                work = work._knowing(unknown)
                finished |= work._scratch()  # whoever is interrupted from here on goes on with these
                written |= work._write_shards(folder, [*previous, last])
                for name in last.names - work._scratch():
                    (folder / name).unlink()
            else:
                raise BuildError(
                    f"The pictures in {folder} were others each time that they were read, so no split can be checked;"
                    " nothing was replaced. Run facecorpus verify."
                )
            work._write_rest(folder)
        return work, True, len(written & work._scratch())

    def _scratch(self) -> set[str]:
        return {shard.scratch for shard in self.shards}

    def _knowing(self, near_copies: Sequence[Pair]) -> "_Work":
        """The build that follows from these near-copies as well; the catalog knows them from now on."""
        with self.corpus.catalog() as catalog:
            catalog.photos.add_near_copies(near_copies)
        return _Work.of(self.corpus, self.plan_with, self.kind)

    def _as_previous(self, folder: Path) -> Previous:
        """What was written for this build, before it is finished, as a store of crops."""
        record = {"shards": {shard.scratch: {"key": shard.key} for shard in self.shards}}
        return Previous(folder, record | {"crops": self._recipe(), "kind": self.kind}, self._scratch(), self._recipe())

    def _recipe(self) -> dict[str, Any]:
        return crop_recipe(self.plan.settings, self.kind)

    def _write_shards(self, folder: Path, previous: Sequence[Previous]) -> set[str]:
        """Write the shards that neither the last build nor an interrupted one has left; return their scratch names."""
        new = [
            shard
            for shard in self.shards
            if not (folder / shard.scratch).exists() and not previous[0].take(shard, folder / shard.scratch)
        ]
        rows = [row for shard in new for row in shard.rows]
        with track("build", len(rows)) as progress:
            pictures = self._pictures(rows, previous, progress)
            for shard in new:
                pictured = zip(shard.rows, islice(pictures, len(shard.rows)), strict=True)
                values = (row_values(row, picture, self.kind is not Kind.ORIGINAL) for row, picture in pictured)
                write_shard(folder / shard.scratch, values, self.schema)
        return {shard.scratch for shard in new}

    def _pictures(self, rows: Sequence[Row], previous: Sequence[Previous], progress: Tracker) -> Iterator[bytes]:
        """The pictures of the rows in their order: from an earlier build where it has them, else made now."""
        holders = [next((one for one in previous if one.holds(row.face)), None) for row in rows]
        missing = [row for row, holder in zip(rows, holders, strict=True) if holder is None]
        made = cut_crops((self._task(row) for row in missing), self._workers(len(missing)))
        for row, holder in zip(rows, holders, strict=True):
            picture = next(made) if holder is None else holder.picture(row.face)
            progress.advance()
            yield picture

    def _task(self, row: Row) -> CropTask:
        settings = self.plan.settings
        return CropTask(
            photo=self.corpus.photos.path(row.face.photo_sha256),
            photo_sha256=row.face.photo_sha256,
            landmarks=row.face.landmarks,
            size=settings.build.crop,
            quality=settings.build.quality,
            max_pixels=settings.fetch.max_pixels,
            whole=self.kind is Kind.ORIGINAL,
            box=row.face.box,
            bystanders=row.face.bystanders,
        )

    def _workers(self, crops: int) -> int:
        # A process cuts some hundreds of crops in the time in which another one starts.
        return self.plan.settings.build.workers or min(available_cores(), 1 + crops // _CROPS_PER_START)

    def _unknown_near_copies(self, folder: Path) -> list[Pair]:
        """Search what was written for faces that show the same picture, though neither dedup nor the catalog say so."""
        if self.kind is Kind.WITHOUT_IMAGES:
            return []
        settings = self.plan.settings
        prepare = grey_crop if self.kind is Kind.CROPS else partial(grey_face, settings.fetch.max_pixels)
        files = [folder / shard.scratch for shard in self.shards]
        with track("looking for leaks", 2 * len(self.plan.rows)) as progress:
            pairs = same_pictures(read_prints(files, prepare, available_cores(), progress.advance), progress.advance)
        cluster_of = {row.face.face_id: row.face.cluster_id for row in self.plan.rows}
        known = set(self.plan.near_copies)
        return [pair for pair in pairs if pair not in known and cluster_of[pair[0]] != cluster_of[pair[1]]]

    def _write_rest(self, folder: Path) -> None:
        """Give the shards their names, and put everything else beside them."""
        (folder / DATA).mkdir()
        for shard in self.shards:
            (folder / shard.scratch).rename(file_in(folder, shard.name))
        shards = {shard.name: described(file_in(folder, shard.name)) for shard in self.shards}
        texts = {
            "README.md": dataset_card(self.plan, self.kind),
            "overview.html": overview(self.plan),
            "attribution.csv": attribution_csv(self.plan, self.kind),
            "attribution.html": attribution_page(self.plan, self.kind),
            "manifest.csv": self.manifest,
            "CITATION.cff": citation(self.plan),
            "croissant.json": croissant(self.plan, self.kind, shards, self.schema),
            "checksums.txt": checksums({name: file["sha256"] for name, file in shards.items()}),
        }
        for name, data in texts.items():
            (folder / name).write_bytes(data)
        files = shards | {name: described(folder / name) for name in texts}
        inputs = fingerprint(self.plan, self.manifest, self.shards)
        (folder / RECORD).write_bytes(build_record(self.plan, self.kind, inputs, self.shards, files))


def _with_embeddings(settings: Settings, kind: Kind) -> bool:
    """A build without images is made to be handed on, and so carries no biometric template, whatever is asked for."""
    return settings.build.embeddings and kind is not Kind.WITHOUT_IMAGES


def _usual_build(shards: Path, recipe: Mapping[str, Any]) -> Previous:
    """The build of crops, from which one without images takes the pictures to hash."""
    record = recorded(shards)
    return Previous(shards, record, sound_files(shards, record), recipe)


def _refuse_foreign_files(shards: Path, record: Mapping[str, Any]) -> None:
    """The folder is replaced as a whole, so nothing may be in it that a build did not write."""
    if foreign := foreign_files(shards, record):
        raise BuildError(
            f"{foreign[0]} is not among the files that {RECORD} names, and build replaces the whole of {shards};"
            " move it elsewhere and build again."
        )
