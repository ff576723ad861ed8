"""Fixtures that every test file may use."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facecorpus.corpus import Corpus, init_corpus
from facecorpus.manifest import AgeGroup, Gender, Identity, Race, write_manifest
from facecorpus.records import Face

LANDMARKS = np.array([[100, 70], [86, 70], [62, 70], [76, 70], [81, 95]], np.float32)
"""Corners of the two eyes, and the nose, in a picture of 160 × 160."""


def person(identity_id: str, **changes: object) -> Identity:
    """An identity with plain labels; name any field to change it."""
    fields: dict[str, object] = {
        "identity_id": identity_id,
        "name": identity_id.title(),
        "wikipedia_title": "",
        "wikidata_id": "",
        "commons_category": identity_id.title(),
        "aliases": (),
        "gender": Gender.FEMALE,
        "birth_date": "1970",
        "race": Race.ASIAN,
        "age_group": AgeGroup.ADULT,
        "photos_from": 2005,
        "photos_until": 2020,
        "gender_source": "a test",
        "race_source": "a test",
    }
    return Identity(**(fields | changes))  # type: ignore[arg-type]


def face(sha256: str, number: int = 0, **changes: object) -> Face:
    """A face of that photograph as an analysis would give it; name any field to change it."""
    fields: dict[str, object] = {
        "face_id": f"{sha256[:24]}-{number}",
        "photo_sha256": sha256,
        "box": (45.0, 45.0, 72.0, 72.0),
        "landmarks": LANDMARKS,
        "detector": "hog",
        "score": 0.5,
        "embedding": np.full(128, 0.1, np.float32),
        "sharpness": 100.0,
        "brightness": 120.0,
        "contrast": 40.0,
        "yaw": 3.0,
        "phash": bytes(32),
        "dhash": bytes(32),
    }
    return Face(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, also where the suite runs as a shell's background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
