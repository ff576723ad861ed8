"""The command `forget`: take photographs down, off the disk, out of all that was made of them, never to come back."""

import json
import shutil
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

from facecorpus.build.kept import builds, settle_all
from facecorpus.build.kind import Kind
from facecorpus.catalog import Catalog
from facecorpus.catalog.connection import now
from facecorpus.catalog.removal_keys import author_name
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.store import write_atomically
from facecorpus.system.console import notice
from facecorpus.system.logfile import forget_log
from facecorpus.takedown import feed
from facecorpus.takedown.beside import exports_in, strike_out_beside
from facecorpus.takedown.plan import Counts, Plan
from facecorpus.takedown.runs import at_rest, clear, trained_on, unname
from facecorpus.takedown.shards import Rewritten, builds_holding, write_without
from facecorpus.takedown.wanted import Wanted, named

BEYOND_REACH = "Beyond reach: exports and copies elsewhere, backups, and what trained networks have learned."


class Asked(TypedDict, total=False):
    """What to forget: exactly one of these."""

    identity: str | None
    photo: str | None  # sha256 or face_id
    url: str | None
    author: str | None
    names: Path | None  # a file of addresses and hashes
    marked: bool  # in the review


@dataclass(frozen=True, slots=True)
class ForgetSummary:
    """What was removed, and what still holds some of it, or may."""

    photographs: int
    crops: int
    faces: int
    decisions: int
    candidates: int
    unknown: tuple[str, ...]  # entries of a list
    near_duplicates: tuple[str, ...]  # sha256 of photographs that stay
    originals: tuple[str, ...]  # file: addresses outside the corpus
    listed: str | None  # the identity_id, where the person is in the manifest still
    builds: tuple[Rewritten, ...]
    runs: tuple[str, ...]  # names of those that were trained on it
    runs_perhaps: tuple[str, ...]  # of those that were trained on an earlier build
    reports_deleted: tuple[str, ...]  # of runs whose report may have shown it
    runs_renamed: tuple[str, ...]  # whose results had the person among their classes
    exports: tuple[str, ...]  # folders within the corpus
    decision_files: tuple[str, ...]  # exported decisions within the corpus, written without it
    naming: tuple[str, ...]  # other files within the corpus that hold a hash or an address of it, or are packed
    receipt: Path
    published: int  # hashes on the list for those who hold copies; 0: none was written

    def __str__(self) -> str:
        """The sentences that a person reads."""
        lines = [
            f"Removed {self.photographs} photographs with {self.crops} crops, {self.faces} faces and {self.decisions}"
            f" decisions, and {self.candidates} addresses; what was removed is never fetched again.",
            *map(_of_build, self.builds),
        ]
        if self.unknown:
            lines.append(
                f"Not known here: {', '.join(self.unknown)}. Addresses and hashes among these are never fetched either."
            )
        if self.near_duplicates:
            lines.append(
                f"Near-duplicates stay: {', '.join(self.near_duplicates)}. Name each with --photo to remove it, or run"
                " facecorpus dedup to let one of them take the place of what was removed."
            )
        if self.listed is not None:
            lines.append(
                f"Take {self.listed} out of manifest.csv, or crawl will look for other photographs of that person; then"
                " run this once more to remove the name from the catalog."
            )
        if self.originals:
            lines.append(f"The files that they were read from are yours to delete: {', '.join(self.originals)}.")
        if self.runs:
            lines.append(
                f"Trained on it: {_folders(self.runs)}. Their decoded pictures and features are deleted; their weights"
                " and the models in them have learned from it, and only deleting the folders, and every copy of their"
                " models, undoes that."
            )
        if self.reports_deleted:
            lines.append(
                f"The reports of {_folders(self.reports_deleted)} may have shown it and are deleted; their tables:"
                f" facecorpus report {self.reports_deleted[0]}."
            )
        if self.runs_perhaps:
            lines.append(
                f"Trained on earlier builds, which may have held it: {_folders(self.runs_perhaps)}. Their decoded"
                " pictures and features are deleted; look whether the report of one shows the face."
            )
        if self.runs_renamed:
            lines.append(
                f"The results of {_folders(self.runs_renamed)} have a keyed word in the person's place, and their"
                f" reports are deleted; anew: facecorpus report {self.runs_renamed[0]}."
            )
        if self.exports:
            lines.append(f"Exports may still hold it: {', '.join(self.exports)}. Delete them, or export again.")
        if self.decision_files:
            lines.append(f"Exported decisions are without it: {', '.join(self.decision_files)}.")
        if self.naming:
            lines.append(
                f"Files in the folder that name it, or are packed, are yours to delete: {', '.join(self.naming)}."
            )
        if self.published:
            lines.append(f"The list for those who hold copies has {self.published} hashes now: give it to them.")
        return "\n".join([*lines, BEYOND_REACH, f"Receipt: {self.receipt}"])


@dataclass(frozen=True, slots=True)
class ForgetPreview:
    """What a forget would remove."""

    photographs: int
    crops: int
    faces: int
    decisions: int
    candidates: int
    unknown: tuple[str, ...]  # entries of a list
    builds: tuple[str, ...]  # folders of shards that would be written without it
    runs: tuple[str, ...]  # that learned from it, or may have

    def __str__(self) -> str:
        """The sentences that a person reads."""
        lines = [
            f"This removes {self.photographs} photographs with {self.crops} crops, {self.faces} faces and"
            f" {self.decisions} decisions, and {self.candidates} addresses, for good; they are never fetched again."
        ]
        if self.builds:
            lines.append(f"Written anew without them: {', '.join(self.builds)}.")
        if self.runs:
            lines.append(f"Their decoded pictures and features go: {_folders(self.runs)}.")
        if self.unknown:
            lines.append(f"Not known here: {', '.join(self.unknown)}.")
        return "\n".join(lines)


def _of_build(build: Rewritten) -> str:
    if build.deleted:
        return f"{build.build} is deleted, it could not be written without them: {build.deleted}"
    return f"{build.build} is without them: {build.written} shards were written anew."


def _folders(runs: tuple[str, ...]) -> str:
    return ", ".join(f"runs/{name}" for name in runs)


def forget(corpus: Corpus, publish: Path | None = None, **asked: Unpack[Asked]) -> ForgetSummary:
    """Take down one photograph (by sha256 or face_id), what came from one address, everything of one person or author,
    what a file names (addresses and hashes, one a line), or all photographs that were marked in the review.

    Of a person go the photographs in which a face stands for them, or that were proposed for no other listed person.
    With `publish`, salted hashes of what goes are added to that file, before anything goes.
    May be killed at any moment: what goes is written down first, and `finish` carries it to its end. Raises
    CorpusError for a name that the corpus does not know, and where a run is being trained on it.
    """
    option, name = _what(asked)
    finish(corpus)
    settle_all(corpus)
    with corpus.catalog() as catalog:
        wanted, plan = _wanted(corpus, catalog, option, name)
        near_duplicates = catalog.removals.near_duplicates(wanted.marked)
        with ExitStack() as locks:
            for run in plan.runs:
                locks.enter_context(at_rest(corpus, run))
            published = feed.publish(publish, plan.marked) if publish else 0
            done = _carry_out(corpus, catalog, catalog.removals.begin(plan.marked, plan.to_json()), plan)
    people = {one.identity_id for one in corpus.manifest.identities}
    return ForgetSummary(
        **asdict(plan.counts),
        unknown=wanted.unknown,
        near_duplicates=tuple(near_duplicates),
        originals=tuple(address for address in plan.marked.urls if address.startswith("file:")),
        listed=asked["identity"] if asked.get("identity") in people else None,
        builds=done.builds,
        runs=tuple(run.name for run in plan.runs if run.surely),
        runs_perhaps=tuple(run.name for run in plan.runs if not run.surely),
        reports_deleted=tuple(run.name for run in plan.runs if run.pictured),
        runs_renamed=done.runs_renamed,
        exports=exports_in(corpus),
        decision_files=done.decision_files,
        naming=done.naming,
        receipt=done.receipt,
        published=published,
    )


def preview(corpus: Corpus, **asked: Unpack[Asked]) -> ForgetPreview:
    """What `forget` would do, asked in the same way; nothing is changed."""
    option, name = _what(asked)
    with corpus.catalog() as catalog:
        wanted, plan = _wanted(corpus, catalog, option, name)
    return ForgetPreview(
        **asdict(plan.counts),
        unknown=wanted.unknown,
        builds=tuple(
            f"{corpus.versions.name}/{one.version}" if one.version else Kind(one.kind).folder(corpus.shards).name
            for one in plan.builds
        ),
        runs=tuple(run.name for run in plan.runs),
    )


def _what(asked: Asked) -> tuple[str, str]:
    """The one option that was given, and what it names; CorpusError where there is none, or are several."""
    if unknown := asked.keys() - Asked.__annotations__.keys():
        raise TypeError(f"There is no {min(unknown)!r} to forget by, only {', '.join(Asked.__annotations__)}.")
    given = [(option, value) for option, value in asked.items() if value is not None and value is not False]
    options = [("list" if option == "names" else option, str(value)) for option, value in given]
    if len(options) != 1:
        raise CorpusError(
            "Say what to forget with exactly one of --identity, --photo, --url, --author, --list and --marked."
        )
    return options[0]


def _wanted(corpus: Corpus, catalog: Catalog, option: str, name: str) -> tuple[Wanted, Plan]:
    if option == "marked":
        wanted = Wanted(catalog.removals.of_photographs(catalog.review.marked()))
    else:
        wanted = named(corpus, catalog, option, name)
    return wanted, _planned(corpus, catalog, option, wanted)


def finish(corpus: Corpus) -> None:
    """Carry out what a killed forget had begun; nothing where none was."""
    if not (corpus.root / "catalog.sqlite").exists():
        return
    with corpus.catalog() as catalog:
        for number, text in catalog.removals.unfinished().items():
            if not text:
                catalog.removals.end(number)
                continue
            plan = Plan.from_json(text)
            with ExitStack() as locks:
                for run in plan.runs:
                    locks.enter_context(at_rest(corpus, run))
                done = _carry_out(corpus, catalog, number, plan)
            notice(f"Finished what an interrupted forget had begun; its receipt: {done.receipt}")


def _planned(corpus: Corpus, catalog: Catalog, asked: str, wanted: Wanted) -> Plan:
    extent = catalog.removals.extent(wanted.marked)
    builds = builds_holding(corpus, wanted.marked)
    held = any(build.kind == Kind.CROPS and build.shards and not build.version for build in builds)
    stored = sum(corpus.photos.path(sha256).is_file() for sha256 in wanted.marked.photographs)
    return Plan(
        asked=asked,
        begun_at=now(),
        marked=wanted.marked,
        counts=Counts(
            photographs=max(extent.photographs, stored),
            crops=sum(len(corpus.crops.of_photograph(sha256)) for sha256 in wanted.marked.photographs),
            faces=extent.faces,
            decisions=extent.decisions,
            candidates=extent.candidates,
        ),
        builds=builds,
        runs=trained_on(corpus, wanted.marked, held) if wanted.marked.photographs or held else (),
    )


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a plan."""

    builds: tuple[Rewritten, ...]
    runs_renamed: tuple[str, ...]
    decision_files: tuple[str, ...]
    naming: tuple[str, ...]
    receipt: Path


def _carry_out(corpus: Corpus, catalog: Catalog, number: int, plan: Plan) -> _Done:
    """Every step of a plan, in an order in which each may be taken twice."""
    for sha256 in plan.marked.photographs:
        corpus.crops.remove(sha256)
        corpus.photos.remove(sha256)
        corpus.quarantine.forget(sha256)
    # Copies of a log and a catalog that were damaged: nothing can be taken out of them.
    for folder, name in (
        (corpus.root, "decisions.jsonl.*"),
        (corpus.quarantine.root, "decisions.jsonl.*"),
        (corpus.quarantine.root, "catalog.sqlite*"),
    ):
        for copy in folder.glob(name):
            copy.unlink()
    shutil.rmtree(corpus.root / ".restore.tmp", ignore_errors=True)  # what a killed restore left
    forget_log(corpus.root)
    if (corpus.root / "parts").exists():  # analyses that wait to be stored, crops among them: they are made again
        shutil.rmtree(corpus.root / "parts")
    decision_files, naming = strike_out_beside(corpus, plan.marked)
    catalog.removals.erase(plan.marked)
    settle_all(corpus)
    builds = tuple(write_without(corpus, held) for held in plan.builds)
    for run in plan.runs:
        clear(corpus, run)
    person = plan.marked.identity_id
    renamed = () if person is None else unname(corpus, person, catalog.removal_key(_identity(person)))
    receipt = corpus.root / "receipts" / f"{_stamp(plan.begun_at)}-{number}.json"
    done = _Done(builds, renamed, decision_files, naming, receipt)
    write_atomically(receipt, _receipt(corpus, catalog, plan, done), corpus.root)
    catalog.removals.end(number)
    return done


def _identity(identity_id: str) -> str:
    """Under which name a person is keyed."""
    return f"identity:{identity_id}"


def _receipt(corpus: Corpus, catalog: Catalog, plan: Plan, done: _Done) -> bytes:
    """What the receipt says: counts, keyed hashes, files; nothing that names a person or an address."""
    marked = plan.marked
    keyed = {
        "photographs": sorted(map(catalog.removal_key, marked.photographs)),
        "addresses": sorted(map(catalog.removal_key, marked.urls)),
        "author": catalog.removal_key(author_name(marked.author)) if marked.author else None,
        "identity": catalog.removal_key(_identity(marked.identity_id)) if marked.identity_id else None,
    }
    values = {
        "asked_by": plan.asked,
        "begun_at": plan.begun_at,
        "ended_at": now(),
        "removed": asdict(plan.counts),
        "keys": keyed,
        "looked_at": [
            *("photos", "crops", "parts", "quarantine", "catalog.sqlite", "decisions.jsonl"),
            *sorted(build.name for build in builds(corpus) if build.folder.exists()),
            *(f"runs/{path.name}" for path in corpus.run_folders()),
            "every other file in the folder",
        ],
        "not_looked_at": [*exports_in(corpus)],
        "builds": list(map(asdict, done.builds)),
        "runs_with_a_keyed_word_for_the_person": list(done.runs_renamed),
        "exported_decisions": list(done.decision_files),
        "files_that_name_it_or_are_packed": list(done.naming),
        "runs_trained_on_it": [run.name for run in plan.runs if run.surely],
        "runs_trained_on_earlier_builds": [run.name for run in plan.runs if not run.surely],
        "beyond_reach": BEYOND_REACH,
    }
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()


def _stamp(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
