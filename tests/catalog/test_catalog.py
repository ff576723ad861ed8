"""The catalog: migrations, transactions, and the rules that its tables keep."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from people import face as a_face

from facecorpus.catalog import Catalog
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.records import Candidate, Download, Face, Ranking
from facecorpus.words import Outcome


def store_photo(catalog: Catalog, identity_id: str, sha256: str, url: str = "http://h/a.jpg") -> Face:
    """A candidate of that person, fetched, analysed, with one face that stands for them."""
    catalog.candidates.propose([Candidate(identity_id, "commons", url, licence="CC0")])
    catalog.candidates.record(Download(url, "2026-01-01", 0.1, 200, Outcome.STORED, bytes=9), "image/jpeg", sha256)
    face = a_face(sha256)
    catalog.photos.analysed(sha256, width=100, height=90, taken_on=None, phash=bytes(32), faces=[face])
    catalog.faces.assign({face.face_id: identity_id})
    return face


def test_a_new_catalog_has_this_versions_schema(tmp_path: Path) -> None:
    Catalog(tmp_path / "c.sqlite").close()
    with sqlite3.connect(tmp_path / "c.sqlite") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_catalog_from_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "c.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CorpusError, match="written by a newer facecorpus"):
        Catalog(tmp_path / "c.sqlite")


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_text("not a database, but long enough to look at " * 30)
    with pytest.raises(CorpusError, match="cannot be opened as a catalog"):
        Catalog(tmp_path / "c.sqlite")


def test_a_transaction_stands_or_falls_as_a_whole(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        with pytest.raises(ZeroDivisionError), catalog.transaction():
            catalog.candidates.propose([Candidate("ada", "commons", "http://h/1")])
            1 / 0  # noqa: B018
        assert catalog.candidates.count_waiting() == {}


def test_the_same_proposal_twice_is_one_candidate(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        candidates = [Candidate("ada", "commons", "http://h/1"), Candidate("ada", "commons", "http://h/2")]
        assert catalog.candidates.propose(candidates) == 2
        assert catalog.candidates.propose(candidates) == 0
        queue = catalog.candidates.page("h", "ada", (-1, -1), size=9)
        assert [waiting.candidate for waiting in queue] == candidates


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [(Outcome.GONE, False), (Outcome.NOT_A_PICTURE, False), (Outcome.TIMEOUT, True), (Outcome.RATE_LIMITED, True)],
)
def test_only_what_may_pass_later_waits_for_another_try(corpus: Corpus, outcome: Outcome, waits: bool) -> None:
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ada", "commons", "http://h/1")])
        catalog.candidates.record(Download("http://h/1", "2026-01-01", 0.1, None, outcome))
        assert bool(catalog.candidates.count_waiting()) is waits
        assert catalog.candidates.outcomes() == {outcome: 1}


def test_a_face_reads_back_as_it_was_measured(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        face = store_photo(catalog, "ada", "ab" * 32)
        (subject,) = catalog.faces.subjects()
        assert subject.identity_id == "ada"
        np.testing.assert_array_equal(subject.face.embedding, face.embedding)
        np.testing.assert_array_equal(subject.face.landmarks, face.landmarks)
        assert subject.face.box == face.box


def test_decisions_are_never_changed_only_added(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        face = store_photo(catalog, "ada", "ab" * 32)
        for verdict in ("accept", "reject", "undecided", "accept"):
            catalog.decisions.add([face.face_id], identity_id="ada", reviewer="me", verdict=verdict)
        assert [d.verdict for d in catalog.decisions.all()] == ["accept", "reject", "undecided", "accept"]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            catalog.query("UPDATE decision SET verdict = 'reject'")


def test_a_persons_word_stands_above_the_automatic_policy(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        face = store_photo(catalog, "ada", "ab" * 32)
        catalog.faces.rank([Ranking(face.face_id, 0.5, "look", ())])
        catalog.decisions.add([face.face_id], identity_id="ada", reviewer="me", verdict="reject", reason="quality")
        catalog.decisions.add([face.face_id], identity_id="ada", reviewer="auto", verdict="accept")
        (shown,) = catalog.faces.for_review("ada")
        assert (shown.verdict, shown.reason) == ("reject", "quality")
        assert list(catalog.faces.accepted()) == []


def test_an_accepted_face_carries_where_it_came_from(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        face = store_photo(catalog, "ada", "ab" * 32)
        catalog.decisions.add([face.face_id], identity_id="ada", reviewer="me", verdict="accept")
        (accepted,) = catalog.faces.accepted()
        assert (accepted.identity_id, accepted.source_url, accepted.licence) == ("ada", "http://h/a.jpg", "CC0")
        assert accepted.reviewed_by == "me"


def test_whoever_leaves_the_manifest_is_no_longer_built(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        face = store_photo(catalog, "ada", "ab" * 32)
        catalog.decisions.add([face.face_id], identity_id="ada", reviewer="me", verdict="accept")
    text = (corpus.root / "manifest.csv").read_text().splitlines()
    (corpus.root / "manifest.csv").write_text("\n".join(line for line in text if not line.startswith("ada")) + "\n")
    reopened = Corpus(corpus.root)
    with reopened.catalog() as catalog:
        assert list(catalog.faces.accepted()) == []
        assert [tally.name for tally in catalog.identities.tallies(catalog.candidates.ended())] == ["ben", "cleo"]


def test_tallies_count_each_step(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        store_photo(catalog, "ada", "ab" * 32)
        catalog.candidates.propose([Candidate("ada", "commons", "http://h/later.jpg")])
        ada = catalog.identities.tallies(catalog.candidates.ended())[0]
        assert (ada.candidates, ada.waiting, ada.photographs, ada.faces, ada.pending) == (2, 1, 1, 1, 1)


def test_a_verdict_on_a_face_as_one_person_says_nothing_of_it_as_another(corpus: Corpus) -> None:
    with corpus.catalog() as catalog:
        face = store_photo(catalog, "ada", "ab" * 32)
        catalog.decisions.add([face.face_id], identity_id="ada", reviewer="me", verdict="reject", reason="wrong person")
        assert catalog.faces.subjects()[0].verdict == "reject"
        catalog.faces.assign({face.face_id: "cleo"})
        catalog.faces.rank([Ranking(face.face_id, 0.9, "right", ())])
        (subject,) = catalog.faces.subjects()
        (shown,) = catalog.faces.for_review("cleo")
        assert (subject.verdict, shown.verdict) == (None, None)
