"""The stage that finds duplicates, on a corpus."""

from dataclasses import replace

import pytest
from known_copies import LANDMARKS, face, jpeg, landscape, random_hash
from people import face as a_face

from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus
from facecorpus.dedup.stage import find_duplicates
from facecorpus.records import Candidate, Download
from facecorpus.words import Outcome


def add_photo(corpus: Corpus, catalog: Catalog, identity_id: str, sha256: str, seed: int, *, width: float = 100) -> str:
    """Store a photograph of a person with one face; the same seed is the same picture. Returns the face_id."""
    url = f"http://h/{sha256[:2]}.jpg"
    catalog.candidates.propose([Candidate(identity_id, "commons", url)])
    catalog.candidates.record(Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", sha256)
    hashed = face(f"{sha256[:24]}-0", seed)
    stored = a_face(
        sha256,
        box=(1, 2, width, width),
        landmarks=LANDMARKS,
        embedding=hashed.embedding,
        phash=hashed.phash,
        dhash=hashed.dhash,
    )
    corpus.crops.put(stored.face_id, jpeg(landscape(seed).resize((224, 224)), 80))
    catalog.photos.analysed(
        sha256, width=400, height=300, taken_on=None, phash=random_hash(seed).tobytes(), faces=[stored]
    )
    return stored.face_id


@pytest.fixture
def doubled(corpus: Corpus) -> Corpus:
    """Ada: one picture in two sizes. Ben: that same picture, and one of his own whose file came from two addresses."""
    with corpus.catalog() as catalog:
        faces = {
            add_photo(corpus, catalog, "ada", "a" * 64, 1, width=80): "ada",
            add_photo(corpus, catalog, "ada", "b" * 64, 1): "ada",
            add_photo(corpus, catalog, "ben", "c" * 64, 1): "ben",
            add_photo(corpus, catalog, "ben", "d" * 64, 2): "ben",
        }
        catalog.candidates.propose([Candidate("ben", "commons", "http://h/again.jpg")])
        catalog.candidates.record(
            Download("http://h/again.jpg", "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", "d" * 64
        )
        catalog.faces.assign(faces)
    return corpus


def test_the_stage_clusters_within_and_across_people_and_keeps_one_face_for_each(doubled: Corpus) -> None:
    summary = find_duplicates(doubled)
    assert replace(summary, seconds=0).__dict__ == {
        "photographs": 4,
        "exact_duplicates": 1,
        "near_duplicates": 2,
        "clusters": 1,
        "largest_cluster": 3,
        "conflicts": 3,
        "faces_not_kept": 1,
        "accepted_not_kept": 0,
        "seconds": 0,
    }
    with doubled.catalog() as catalog:
        found = {s.face.face_id[0]: (s.cluster_id[0], s.kept) for s in catalog.faces.subjects()}
    assert found == {"a": ("a", False), "b": ("a", True), "c": ("a", True), "d": ("d", True)}


def test_a_second_run_changes_nothing(doubled: Corpus) -> None:
    first = find_duplicates(doubled)
    with doubled.catalog() as catalog:
        before = catalog.faces.subjects()
    assert replace(find_duplicates(doubled), seconds=first.seconds) == first
    with doubled.catalog() as catalog:
        after = catalog.faces.subjects()
    assert [(s.cluster_id, s.kept) for s in before] == [(s.cluster_id, s.kept) for s in after]


def test_an_accepted_copy_takes_the_place_of_a_larger_one_but_only_if_a_person_accepted_it(doubled: Corpus) -> None:
    small = f"{'a' * 24}-0"
    for reviewer, wanted in (("auto", False), ("grace", True)):
        with doubled.catalog() as catalog:
            catalog.decisions.add([small], identity_id="ada", reviewer=reviewer, verdict="accept")
        find_duplicates(doubled)
        with doubled.catalog() as catalog:
            assert {s.kept for s in catalog.faces.subjects() if s.face.face_id == small} == {wanted}


def test_two_accepted_copies_are_counted_where_one_must_go(doubled: Corpus) -> None:
    with doubled.catalog() as catalog:
        catalog.decisions.add([f"{'a' * 24}-0", f"{'b' * 24}-0"], identity_id="ada", reviewer="grace", verdict="accept")
    summary = find_duplicates(doubled)
    assert summary.accepted_not_kept == 1
    assert "1 of them had been accepted" in str(summary)


def test_an_empty_corpus_has_no_duplicates(corpus: Corpus) -> None:
    summary = find_duplicates(corpus)
    assert (summary.photographs, summary.clusters, summary.faces_not_kept) == (0, 0, 0)


def test_a_conflict_is_kept_for_review_and_no_face_is_given_up_for_it(doubled: Corpus) -> None:
    find_duplicates(doubled)
    with doubled.catalog() as catalog:
        found = {(c.face_id[0], c.other_id[0], c.other_identity_id) for c in catalog.faces.conflicts()}
        claimed = {s.face.face_id[0]: s.also_stands_for for s in catalog.faces.subjects()}
    assert found == {("a", "c", "ben"), ("b", "c", "ben"), ("c", "a", "ada"), ("c", "b", "ada")}
    assert claimed == {"a": ("ben",), "b": ("ben",), "c": ("ada",), "d": ()}


def test_a_photograph_whose_crop_is_gone_has_no_copies(doubled: Corpus) -> None:
    doubled.crops.path(f"{'c' * 24}-0").unlink()
    assert find_duplicates(doubled).near_duplicates == 1
