"""Fixtures that every test file may use."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Loopback
from people import person

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import write_manifest
from facecorpus.words import Gender, Race


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, also where the suite runs as a shell's background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def web() -> Iterator[Loopback]:
    """A small web on this machine that serves nothing yet."""
    with Loopback() as served:
        yield served


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A manifest of three people: ada, ben and cleo."""
    path = tmp_path / "people.csv"
    write_manifest(path, [person("ada"), person("ben", gender=Gender.MALE), person("cleo", race=Race.WHITE)])
    return path


@pytest.fixture
def corpus(tmp_path: Path, manifest: Path) -> Corpus:
    """A fresh corpus of the three people."""
    return init_corpus(tmp_path / "corpus", manifest)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus of four people that has been built, for the tests that only read."""
    from dataclasses import replace

    from build_corpus import ready_corpus, shots

    from facecorpus.build.stage import build_shards

    photographs = shots(each=5)
    photographs[0] = replace(photographs[0], licence="", reviewer="auto")
    corpus = ready_corpus(tmp_path_factory.mktemp("published") / "c", photographs, title='Faces: "small"')
    build_shards(corpus)
    return corpus
