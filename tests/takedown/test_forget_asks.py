"""`facecorpus forget` says what would go, and asks, before anything goes."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from build_corpus import Shot, ready_corpus, sha256, shots, tree

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.stage import forget, preview

ADA = Shot("ada", 0)
_CHANGING = (".lock", "catalog.sqlite", "facecorpus.log")


@pytest.fixture
def built(tmp_path: Path) -> Corpus:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    return corpus


def command(corpus: Corpus, *options: str) -> list[str]:
    return [sys.executable, "-m", "facecorpus", "forget", "--photo", sha256(ADA), "-C", str(corpus.root), *options]


def contents(corpus: Corpus) -> dict[str, bytes]:
    """Every file but the log, and the catalog's journal, which a reader may fold into the catalog."""
    return {name: data for name, data in tree(corpus.root).items() if not name.startswith(_CHANGING)}


def test_a_preview_says_what_a_forget_then_does(built: Corpus) -> None:
    before = contents(built)
    told = preview(built, photo=sha256(ADA))
    assert contents(built) == before
    done = forget(built, photo=sha256(ADA))
    for field in ("photographs", "crops", "faces", "decisions", "candidates"):
        assert getattr(told, field) == getattr(done, field)
    assert told.builds == tuple(build.build for build in done.builds)


def test_a_preview_of_two_things_is_refused_as_a_forget_is(built: Corpus) -> None:
    with pytest.raises(CorpusError, match="exactly one of"):
        preview(built, photo=sha256(ADA), url=ADA.url)


def test_a_dry_run_changes_nothing(built: Corpus) -> None:
    before = contents(built)
    ended = subprocess.run(command(built, "--dry-run", "--json"), capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout)["photographs"] == 1
    assert contents(built) == before


def test_a_script_must_say_yes(built: Corpus) -> None:
    before = contents(built)
    ended = subprocess.run(command(built), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert ended.returncode == 2
    assert "This removes 1 photographs" in ended.stderr
    assert "nobody can be asked here: add --yes" in ended.stderr
    assert contents(built) == before
    subprocess.run(command(built, "--yes"), capture_output=True, stdin=subprocess.DEVNULL, check=True)
    assert not built.photos.path(sha256(ADA)).exists()


@pytest.mark.parametrize(("answer", "gone"), [(b"n\n", False), (b"\n", False), (b"y\n", True)])
def test_a_person_is_asked(built: Corpus, answer: bytes, gone: bool) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer)
        ended = subprocess.run(command(built), stdin=theirs, capture_output=True, text=True, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Remove it?" in ended.stderr
    assert (ended.returncode == 0) is gone
    assert built.photos.path(sha256(ADA)).exists() is not gone
