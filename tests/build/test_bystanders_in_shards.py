"""Builds of whole photographs in which everybody but the subject is blurred."""

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from build_corpus import face_id, picture, ready_corpus, rows_by_face, set_build, sha256, shots
from people import face

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus

SHOTS = shots(("ada", "ben"), each=4)
CROWDED = SHOTS[0]
OTHER = (115.0, 115.0, 30.0, 30.0)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Eight photographs; in the first there is a second face."""
    corpus = ready_corpus(tmp_path / "c", SHOTS, bystanders="blur")
    _beside(corpus, OTHER, 1)
    return corpus


def _beside(corpus: Corpus, box: tuple[float, ...], number: int) -> None:
    """Put a bystander into the crowded photograph."""
    names = "photo_sha256, detector, score, embedding, landmarks, sharpness, brightness, contrast, yaw, phash, dhash"
    other = face(sha256(CROWDED), number, box=box)
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute(
            f"INSERT INTO face (face_id, x, y, width, height, kept, {names})"
            f" SELECT ?, ?, ?, ?, ?, kept, {names} FROM face WHERE face_id = ?",
            (other.face_id, *box, face_id(CROWDED)),
        )


def _pixels(row: dict[str, dict[str, bytes]]) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(row["image"]["bytes"], np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def _apart(one: np.ndarray, other: np.ndarray, where: tuple[slice, slice]) -> float:
    """The mean distance of two pictures there, in grey levels."""
    return float(np.abs(one[where].astype(int) - other[where]).mean())


def test_the_bystander_is_blurred_and_everything_else_is_as_it_was(corpus: Corpus) -> None:
    build_shards(corpus, kind=Kind.ORIGINAL)
    rows = rows_by_face(corpus.root / "shards-original")
    row = rows[face_id(CROWDED)]
    before = cv2.imdecode(np.frombuffer(picture(CROWDED), np.uint8), cv2.IMREAD_COLOR)
    shown = _pixels(row)
    assert shown.shape == before.shape
    assert row["image"]["path"] == f"{face_id(CROWDED)}.jpg"
    assert row["image_sha256"] == hashlib.sha256(row["image"]["bytes"]).hexdigest()
    assert _apart(shown, before, (slice(115, 145), slice(115, 145))) > 15
    assert _apart(shown, before, (slice(45, 100), slice(45, 85))) < 3
    for shot in SHOTS[1:]:
        assert rows[face_id(shot)]["image"]["bytes"] == picture(shot)
    card = (corpus.root / "shards-original" / "README.md").read_text("utf-8")
    assert "The photographs are unchanged, but for 1 in which every other face that was found is blurred" in card
    with (corpus.root / "shards-original" / "attribution.csv").open(encoding="utf-8") as file:
        changes = {line["face_id"]: line["changes"] for line in csv.DictReader(file)}
    assert changes.pop(face_id(CROWDED)) == "the faces of others blurred, turned upright, encoded again as JPEG"
    assert set(changes.values()) == {"none"}


def test_a_bystander_found_later_is_blurred_by_the_next_build(corpus: Corpus) -> None:
    build_shards(corpus, kind=Kind.ORIGINAL)
    assert not build_shards(corpus, kind=Kind.ORIGINAL).changed
    first = _pixels(rows_by_face(corpus.root / "shards-original")[face_id(CROWDED)])
    _beside(corpus, (2.0, 115.0, 30.0, 30.0), 2)
    assert build_shards(corpus, kind=Kind.ORIGINAL).changed
    second = _pixels(rows_by_face(corpus.root / "shards-original")[face_id(CROWDED)])
    assert _apart(second, first, (slice(115, 145), slice(5, 30))) > 15


def test_kept_bystanders_leave_the_photographs_own_bytes(corpus: Corpus) -> None:
    build_shards(corpus, kind=Kind.ORIGINAL)
    set_build(corpus, bystanders="keep")
    build_shards(Corpus(corpus.root), kind=Kind.ORIGINAL)
    assert rows_by_face(corpus.root / "shards-original")[face_id(CROWDED)]["image"]["bytes"] == picture(CROWDED)


def test_a_licence_without_derivatives_forbids_the_blur_alone(tmp_path: Path) -> None:
    photographs = [replace(shot, licence="CC BY-ND 4.0", licence_url="") for shot in SHOTS]
    corpus = ready_corpus(tmp_path / "c", photographs, bystanders="blur", licences="no-nc")
    _beside(corpus, OTHER, 1)
    build_shards(corpus, kind=Kind.ORIGINAL)
    rows = rows_by_face(corpus.root / "shards-original")
    assert set(rows) == {face_id(shot) for shot in SHOTS[1:]}
