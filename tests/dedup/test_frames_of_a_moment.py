"""Faces that agree as copies' do and are none: both stay, in two clusters, and no split parts them."""

from dataclasses import replace

import pytest
from known_copies import HEAD_AT, LIMITS, Edit, album, blinking, detailed, face, jpeg, photo, photograph, unchanged
from people import face as a_face

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.dedup.match import Looker, Matcher
from facecorpus.dedup.stage import find_duplicates
from facecorpus.records import Candidate, Download
from facecorpus.words import Outcome


@pytest.mark.parametrize(("edit", "near"), [(unchanged, False), (blinking, True)])
@pytest.mark.parametrize("bystander", [False, True])
def test_a_blink_later_is_a_near_copy_and_a_copy_is_none(edit: Edit, near: bool, bystander: bool) -> None:
    other = replace(face("b-0", 7), identity_id=None) if bystander else face("b-0", 7)
    views = {"a-0": unchanged, "b-0": edit}
    looker = Looker(
        lambda face, photo, side: detailed(views[face.face_id], side), lambda face, photo: None, lambda photo: None
    )
    matcher = Matcher(album(photo("a", 1, face("a-0", 7)), photo("b", 2, other)), looker, LIMITS)
    assert matcher.same(0, 1) is not near
    assert set(matcher.near_copies) == ({("a-0", "b-0")} if near and not bystander else set())


def add(corpus: Corpus, catalog: Catalog, identity_id: str, wall: int) -> str:
    """Store a photograph of one and the same head before a wall; returns the face_id."""
    data = jpeg(photograph(1, wall))
    sha256 = corpus.photos.put(data)
    url = f"http://h/{sha256}.jpg"
    catalog.candidates.propose([Candidate(identity_id, "commons", url)])
    catalog.candidates.record(Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", sha256)
    hashed = face("same", 7)
    stored = a_face(
        sha256,
        box=(230.0, 130.0, 340.0, 340.0),
        landmarks=HEAD_AT,
        embedding=hashed.embedding,
        phash=hashed.phash,
        dhash=hashed.dhash,
    )
    corpus.crops.put(stored.face_id, jpeg(photograph(1, None).crop((180, 110, 620, 550)).resize((224, 224))))
    catalog.photos.analysed(sha256, width=800, height=600, taken_on=None, phash=bytes([wall] * 32), faces=[stored])
    return stored.face_id


@pytest.mark.parametrize("second", ["ada", "ben"])
def test_the_stage_notes_them_beside_the_clusters_and_a_second_run_the_same(corpus: Corpus, second: str) -> None:
    with corpus.catalog() as catalog:
        people = {add(corpus, catalog, "ada", 2): "ada", add(corpus, catalog, second, 3): second}
        catalog.faces.assign(people)
    for _ in range(2):
        assert find_duplicates(corpus).clusters == 0
        with corpus.catalog() as catalog:
            assert catalog.photos.near_copies() == [tuple(sorted(people))]
            assert all(subject.kept for subject in catalog.faces.subjects())
            assert len(catalog.faces.conflicts()) == (0 if second == "ada" else 2)
