"""The order of the stages, and what each works in: what the commands and the library both call.

Each stage knows the catalog and no other stage.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Unpack

if TYPE_CHECKING:
    from facecorpus.build.stage import BuildSummary
    from facecorpus.corpus import Corpus
    from facecorpus.crawl.discover import DiscoverSummary
    from facecorpus.crawl.stage import FetchSummary
    from facecorpus.dedup.stage import DedupSummary
    from facecorpus.engines.find_faces import FacesSummary
    from facecorpus.judging.calibrate import CalibrateSummary
    from facecorpus.judging.policy import AutoSummary
    from facecorpus.judging.rank import RankSummary
    from training import Options

    StageSummary = (
        DiscoverSummary | FetchSummary | FacesSummary | DedupSummary | RankSummary | AutoSummary | BuildSummary
    )
    Stage = Callable[[], StageSummary | None]


@contextmanager
def reading_in(root: str | PathLike[str]) -> "Iterator[Corpus]":
    """Open the corpus for what changes nothing in it, as `working_in` does where that can be; else nobody writes there.

    Raises CorpusError where a forget was killed in a corpus that can only be read.
    """
    from facecorpus.corpus import Corpus
    from facecorpus.errors import CorpusError

    corpus = Corpus(root)
    if not corpus.is_read_only:
        with working_in(root) as corpus:
            yield corpus
        return
    if _forget_was_killed(corpus):
        raise CorpusError(
            f"A forget was interrupted in {root}, which can only be read now; make it writable and run any command"
            " there, which finishes it."
        )
    yield corpus


@contextmanager
def working_in(root: str | PathLike[str]) -> "Iterator[Corpus]":
    """Open the corpus in that folder and hold its lock; what a killed forget had begun is finished first."""
    from facecorpus.corpus import locked_corpus

    with locked_corpus(root) as corpus:
        if _forget_was_killed(corpus):
            from facecorpus.takedown.stage import finish

            finish(corpus)
        yield corpus


def beside_others(root: str | PathLike[str]) -> "Corpus":
    """Open the corpus for what takes no lock; what a killed forget had begun is finished first."""
    from facecorpus.corpus import Corpus

    corpus = Corpus(root)
    if _forget_was_killed(corpus):
        with working_in(root):
            pass
    return corpus


def _forget_was_killed(corpus: "Corpus") -> bool:
    if not (corpus.root / "catalog.sqlite").exists():
        return False
    with corpus.reading() as catalog:
        return bool(catalog.removals.unfinished())


def crawl_all(corpus: "Corpus", retry: str | None = None, auto: bool = False) -> "Iterator[StageSummary]":
    """Run every stage up to the review; yield each one's summary as it ends. retry as fetch_stage takes it.

    With `auto` the automatic policy then decides, and what it accepts is built.
    """
    from facecorpus.engines.find_faces import find_faces
    from facecorpus.judging.policy import auto_review

    stages: list[Stage] = [*_fetching(corpus, retry), partial(find_faces, corpus), *_sorting(corpus)]
    if auto:
        stages += [partial(auto_review, corpus), partial(_build_accepted, corpus)]
    return _one_by_one(stages)


def _build_accepted(corpus: "Corpus") -> "BuildSummary | None":
    """A build, where anything accepted may enter one."""
    from facecorpus.build.choose import can_be_built

    with corpus.catalog() as catalog:
        if not can_be_built(catalog.faces.accepted(), corpus.manifest, corpus.settings):
            return None
    return build_stage(corpus)


def fetch_stage(corpus: "Corpus", retry: str | None = None) -> "Iterator[StageSummary]":
    """Ask the sources, then download what is new; with retry only what failed before, and no source is asked."""
    return _one_by_one(_fetching(corpus, retry))


def dedup_stage(corpus: "Corpus") -> "Iterator[StageSummary]":
    """Cluster near-duplicates, then rank what is left for review."""
    return _one_by_one(_sorting(corpus))


def calibrate_stage(corpus: "Corpus", folder: Path | None = None) -> "CalibrateSummary":
    """Fit what faces are judged by to the corpus's descriptor, and choose each photograph's subject by it.

    By what was decided, or by all photographs of a folder with one sub-folder a person. Raises as calibrate does.
    """
    from facecorpus.engines.find_faces import assign_subjects
    from facecorpus.judging.calibrate import calibrate

    if folder is None:
        summary = calibrate(corpus)
    else:
        with TemporaryDirectory() as scratch:
            summary = calibrate(corpus, _labelled(corpus, folder, Path(scratch) / "labelled"))
    with corpus.catalog() as catalog:
        assign_subjects(catalog, summary.likeness.near)
    return summary


def _labelled(corpus: "Corpus", folder: Path, root: Path) -> "Corpus":
    """A corpus of that folder alone, whose faces are found and described as this corpus's are."""
    from facecorpus.corpus import init_from_folder
    from facecorpus.crawl.sources.folder import people_in
    from facecorpus.settings import Settings

    settings = Settings(fetch=corpus.settings.fetch, faces=replace(corpus.faces_settings, engine="local"))
    labelled = init_from_folder(root, people_in(folder), folder, settings)
    for _ in crawl_all(labelled):
        pass
    return labelled


def _fetching(corpus: "Corpus", retry: str | None) -> "list[Stage]":
    from facecorpus.crawl.discover import discover
    from facecorpus.crawl.stage import fetch_candidates

    fetching: list[Stage] = [partial(fetch_candidates, corpus, retry)]
    return fetching if retry is not None else [partial(discover, corpus), *fetching]


def _sorting(corpus: "Corpus") -> "list[Stage]":
    from facecorpus.dedup.stage import find_duplicates
    from facecorpus.judging.rank import rank_faces

    return [partial(find_duplicates, corpus), partial(rank_faces, corpus)]


def _one_by_one(stages: "Sequence[Stage]") -> "Iterator[StageSummary]":
    """Run the stages in their order; progress says which of how many is at work."""
    from facecorpus.system.console import stage_of_path

    for number, stage in enumerate(stages, 1):
        with stage_of_path(number, len(stages)):
            summary = stage()
        if summary is not None:
            yield summary


def build_stage(
    corpus: "Corpus",
    *,
    licences: str | None = None,
    balance: str | None = None,
    quota: int | None = None,
    age_labels: str | None = None,
    original: bool = False,
    without_images: bool = False,
    tag: str | None = None,
) -> "BuildSummary":
    """Write the accepted faces as shards, by the section build of corpus.toml where an option is None.

    With `tag` the build is also kept under that name, as versions/TAG.
    Raises SettingsError for what an option may not be, BuildError as build_shards does.
    """
    from facecorpus.build.kept import checked_tag, keep
    from facecorpus.build.kind import Kind
    from facecorpus.build.stage import build_shards
    from facecorpus.errors import BuildError
    from facecorpus.settings import changed

    if original and without_images:
        raise BuildError("--original and --without-images are two different builds; ask for one of them.")
    kind = Kind.ORIGINAL if original else Kind.WITHOUT_IMAGES if without_images else Kind.CROPS
    asked = {"licences": licences, "balance": balance, "quota": quota, "age_labels": age_labels}
    if tag is not None:
        checked_tag(tag)
    summary = build_shards(corpus, changed(corpus.settings.build, asked), kind)
    return summary if tag is None else replace(summary, kept=keep(corpus, tag, kind))


def train_stage(corpus: "Corpus", name: str = "paper", **options: "Unpack[Options]") -> Path:
    """Train the paper's three experiments on the shards; the path of results.json in runs/name.

    Raises FacecorpusError for whatever training says a user can put right.
    """
    from facecorpus.errors import FacecorpusError
    from facecorpus.shards import is_plain_name
    from facecorpus.system.siblings import training_told

    if not is_plain_name(name):
        raise FacecorpusError(f"--name {name!r} is no name of a run: give a plain one, for a folder in runs/.")
    with training_told():
        from training import train_all

        return train_all(corpus.shards, corpus.runs / name, **options)
