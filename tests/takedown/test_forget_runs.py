"""A run that learned from what is taken down loses its pixels and features; its results and weights stay."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from build_corpus import Shot, picture, ready_corpus, sha256, shots, tree
from taking_down import ADA, BEN, holding
from trained_run import kept_of, trained

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.shards import shard_files
from facecorpus.takedown.stage import forget
from training import RunFolder, at_rest
from training.folder import ENTRIES, Fate

REJECTED = Shot("ada", 3)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with a build and a finished run, to be copied."""
    photographs = [replace(shot, verdict="reject") if shot == REJECTED else shot for shot in shots(each=4)]
    corpus = ready_corpus(tmp_path_factory.mktemp("learned") / "c", photographs)
    build_shards(corpus)
    run = RunFolder(trained(corpus, "first"))
    shutil.copytree(run.path, run.seed(1).path)  # as if a second seed had been trained, too
    return corpus.root


@pytest.fixture
def corpus(learned: Path, tmp_path: Path) -> Corpus:
    """A copy of that corpus, for one test."""
    return Corpus(shutil.copytree(learned, tmp_path / "c"))


def earlier(corpus: Corpus, run: Path, name: str) -> Path:
    """The same run, as if it had learned from an earlier build."""
    copy = RunFolder(shutil.copytree(run, corpus.runs / name))
    settings = json.loads(copy.settings.read_text(encoding="utf-8"))
    copy.settings.write_text(json.dumps(settings | {"shards": "0" * 64}), encoding="utf-8")
    return copy.path


def fate(run: Path, file: Path) -> Fate | None:
    """What training/folder.py says of a file; None where it does not know it."""
    fates = [entry.fate for part in file.relative_to(run).parts for entry in ENTRIES if entry.name == part]
    return fates[0] if fates else None  # a folder takes with it what it holds


def test_runs_that_learned_from_it_are_named_and_lose_its_pixels(corpus: Corpus) -> None:
    run = corpus.runs / "first"
    older = earlier(corpus, run, "older")
    (run / "photo" / ".features.npy.1.partial").write_bytes(picture(ADA))
    kept = kept_of(run, corpus.shards, sha256(ADA))
    assert len(kept) > 20
    assert all(holding(corpus, one) for one in kept)
    summary = forget(corpus, photo=sha256(ADA))
    assert (summary.runs, summary.runs_perhaps) == (("first",), ("older",))
    assert holding(corpus, picture(ADA), *kept, but="") == []
    assert "runs/older" in str(summary)
    assert summary.reports_deleted == ("first",)
    assert not RunFolder(run).page.exists()
    assert RunFolder(older).page.exists()  # whose face it shows, nobody can tell
    receipt = json.loads(summary.receipt.read_text(encoding="utf-8"))
    assert receipt["runs_trained_on_it"] == ["first"]
    later = forget(corpus, photo=sha256(BEN))
    assert (later.runs, later.runs_perhaps) == ((), ("first", "older"))


def test_every_file_of_a_run_is_known_and_of_single_photographs_nothing_is_left(corpus: Corpus) -> None:
    run = corpus.runs / "first"
    before = tree(run)
    assert {name for name in before if fate(run, run / name) is None} == set()
    forget(corpus, photo=sha256(ADA))
    after = tree(run)
    assert {name for name in after if fate(run, run / name) is not Fate.STAYS} == set()
    stays = {name: content for name, content in before.items() if fate(run, run / name) is Fate.STAYS}
    assert after == stays
    for folder in RunFolder(run).seeds():
        assert folder.results.exists()
        assert all(network.weights.exists() for network in folder.split("photo").networks())
    assert {path.name for path in run.rglob("*.np?")} == {"answers.npy", "heads.npz", "split.npz"}


def test_a_run_on_shards_that_never_held_it_is_left_alone(corpus: Corpus) -> None:
    before = tree(corpus.runs)
    summary = forget(corpus, photo=sha256(REJECTED))
    assert (summary.runs, summary.runs_perhaps, summary.builds) == ((), (), ())
    assert tree(corpus.runs) == before


def test_a_run_in_hand_is_not_pulled_from_under_its_trainer(corpus: Corpus) -> None:
    with (
        at_rest(corpus.runs / "first"),
        pytest.raises(CorpusError, match=r"first is being trained on what is to be forgotten; end that"),
    ):
        forget(corpus, photo=sha256(ADA))
    assert corpus.photos.path(sha256(ADA)).exists()
    assert forget(corpus, photo=sha256(ADA)).runs == ("first",)


def test_where_the_shards_cannot_be_read_the_report_goes_too(corpus: Corpus) -> None:
    shard, *_ = shard_files(corpus.shards)
    shard.write_bytes(shard.read_bytes()[:-100])
    assert forget(corpus, photo=sha256(ADA)).reports_deleted == ("first",)
    assert not RunFolder(corpus.runs / "first").page.exists()
