"""Every flipped bit of a corpus is found by verify, or lies where nothing is stored."""

from pathlib import Path

import pytest
from build_corpus import shots
from flips import FREE, KINDS, MISSED, copied, some_flips, what_becomes_of
from trained_run import trained
from whole_corpus import whole_corpus

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.upkeep.verify import verify
from training import RunFolder, TrainingError, damaged, load_model

FLIPS = {"catalog": 60, "run": 20}
OTHERWISE = 10


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound corpus with a build and a finished run."""
    corpus = whole_corpus(tmp_path_factory.mktemp("flips") / "c", shots(("ada", "ben"), 3))
    build_shards(corpus)
    trained(corpus, "first")
    assert verify(corpus).problems == ()
    return corpus.root


@pytest.fixture
def corpus(built: Path, tmp_path: Path) -> Corpus:
    return Corpus(copied(built, tmp_path / "c"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_found_or_lies_in_free_space(kind: str, corpus: Corpus) -> None:
    flips = list(some_flips(corpus.root, kind, FLIPS.get(kind, OTHERWISE), seed=1))
    became = {str(flip): what_becomes_of(corpus.root, flip) for flip in flips}
    assert [flip for flip, what in became.items() if what == MISSED] == []
    assert kind in ("catalog", "run") or FREE not in became.values()
    assert verify(corpus).problems == ()  # nothing of it was left behind


def test_damaged_weights_are_named_and_not_used(corpus: Corpus) -> None:
    run = RunFolder(corpus.runs / "first")
    assert load_model(run.path, "gender").task == "gender"
    weights = run.split("photo").network("gender").weights
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    assert damaged(run.path) == [weights]
    (problem,) = verify(corpus).problems
    assert (problem.kind, problem.name) == ("run", str(weights.relative_to(corpus.root)))
    with pytest.raises(TrainingError, match="is damaged"):
        load_model(run.path, "gender")


def test_a_run_of_an_earlier_version_has_no_list_and_is_taken_for_sound(corpus: Corpus) -> None:
    run = RunFolder(corpus.runs / "first")
    for listing in run.path.rglob(RunFolder.written.name):
        listing.unlink()
    assert damaged(run.path) == []
    assert load_model(run.path, "gender").task == "gender"
