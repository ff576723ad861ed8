"""facecorpus verify, on rows that nobody wrote, crops that are others', and files that a person edits."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from build_corpus import Shot, face_id, set_build, sha256
from whole_corpus import altered

from facecorpus.build.stage import build_shards
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import Corpus
from facecorpus.engines.find_faces import assign_subjects
from facecorpus.errors import CorpusError
from facecorpus.shards import RECORD
from facecorpus.system.trouble import sentence_of
from facecorpus.upkeep.verify import Problem, verify

ADA, BEN = Shot("ada", 0), Shot("ben", 0)


def said(corpus: Corpus, repair: bool = False) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in verify(corpus, repair).problems if not one.repaired]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE candidate SET licence = 'CC0' WHERE candidate_id = 1", "candidate 1"),
        ("UPDATE candidate SET author = CAST(x'ff' AS TEXT) WHERE candidate_id = 2", "candidate 2"),
        ("UPDATE candidate SET rank = 1 WHERE candidate_id = 3", "candidate 3"),
        ("UPDATE download SET url = CAST(url AS BLOB) WHERE download_id = 1", "download 1"),
        (f"UPDATE photo SET taken_on = '2001' WHERE sha256 = '{sha256(ADA)}'", f"photo {sha256(ADA)}"),
        (f"UPDATE face SET embedding = zeroblob(512) WHERE face_id = '{face_id(ADA)}'", f"face {face_id(ADA)}"),
        (f"UPDATE face SET kept = 0 WHERE face_id = '{face_id(BEN)}'", f"face {face_id(BEN)}"),
        ("UPDATE identity SET subgroup = 'x' WHERE NOT listed", "identity eve"),
    ],
)
def test_a_row_that_nobody_wrote_is_named(statement: str, name: str, whole: Corpus) -> None:
    with whole.catalog() as catalog:
        catalog.query("INSERT INTO identity (identity_id, position, listed, name) VALUES ('eve', 9, 0, 'Eve')")
    assert verify(whole).problems == ()
    altered(whole, statement)
    assert said(whole) == [("row", name)]


def test_a_damaged_row_that_is_written_over_stays_named(whole: Corpus) -> None:
    altered(whole, "UPDATE candidate SET licence = 'CC0' WHERE candidate_id = 1")
    with whole.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE candidate SET title = 'Another'")
    assert said(whole) == [("row", "candidate 1")]


def test_a_damaged_face_is_analysed_again(whole: Corpus) -> None:
    altered(whole, f"UPDATE face SET embedding = zeroblob(512) WHERE face_id = '{face_id(ADA)}'")
    mended = verify(whole, repair=True)
    assert (mended.sound, mended.next_command) == (False, "faces")
    with whole.catalog() as catalog:
        assert catalog.photos.waiting() == [sha256(ADA)]
        (face,) = [face for face, _ in catalog.faces.with_proposals() if face.face_id == face_id(BEN)]
        crop = {one.face_id: one.crop_sha256 for one in catalog.checks.faces()}[face_id(ADA)]
        assert crop is not None
        again = type(face)(
            **{field: getattr(face, field) for field in face.__dataclass_fields__}
            | {"face_id": face_id(ADA), "photo_sha256": sha256(ADA)}
        )
        catalog.photos.analysed(
            sha256(ADA),
            width=160,
            height=160,
            taken_on=None,
            phash=bytes(32),
            faces=[again],
            crops={again.face_id: crop},
        )
        assign_subjects(catalog)
    assert verify(whole).problems == ()


def test_a_damaged_name_is_taken_from_the_manifest(whole: Corpus) -> None:
    altered(whole, "UPDATE identity SET name = 'Ada?' WHERE identity_id = 'ada'")
    assert said(whole) == [("row", "identity ada")]
    assert verify(whole, repair=True).sound
    assert verify(whole).problems == ()


def test_a_damaged_ranking_is_made_again(whole: Corpus) -> None:
    with whole.catalog() as catalog:
        catalog.query(
            "INSERT INTO ranking (face_id, likely, section, reasons) VALUES (?, 1, 'right', '[]')", (face_id(ADA),)
        )
    altered(whole, "UPDATE ranking SET likely = 0")
    assert verify(whole).next_command == "dedup"


def test_what_the_catalog_knows_of_the_log_is_written_anew(whole: Corpus) -> None:
    altered(whole, "UPDATE decision_log SET decision_id = 99")
    assert [kind for kind, _ in said(whole)] == ["row"]
    assert verify(whole, repair=True).sound
    assert verify(whole).problems == ()


def test_a_number_that_would_be_given_twice_is_damage(whole: Corpus) -> None:
    altered(whole, "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'decision'")
    (problem,) = verify(whole).problems
    assert "the next number of table decision was given before" in problem.sentence


def test_tables_that_facecorpus_did_not_make_are_damage(whole: Corpus) -> None:
    with closing(sqlite3.connect(whole.root / "catalog.sqlite")) as connection:
        connection.execute("DROP TRIGGER face_is_sealed")
    with pytest.raises(CorpusError, match="its tables are not those that facecorpus makes"):
        verify(whole)


def test_a_catalog_that_claims_an_older_version_is_damaged(whole: Corpus) -> None:
    with closing(sqlite3.connect(whole.root / "catalog.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 1}")
    with pytest.raises(CorpusError, match="is damaged: it is no catalog of schema"):
        verify(whole)


def test_a_crop_of_somebody_else_is_cut_again(whole: Corpus) -> None:
    ada, ben = (whole.crops.path(face_id(shot)) for shot in (ADA, BEN))
    right = ada.read_bytes()
    shutil.copy(ben, ada)
    assert said(whole) == [("crop", face_id(ADA))]
    assert verify(whole, repair=True).sound
    assert ada.read_bytes() == right
    assert verify(whole).problems == ()


def test_a_crop_without_a_hash_is_no_damage_and_gets_one(whole: Corpus) -> None:
    with whole.catalog() as catalog:
        catalog.query("UPDATE face SET crop_sha256 = NULL WHERE face_id = ?", (face_id(ADA),))
    found = verify(whole)
    assert (found.sound, [one.kind for one in found.problems]) == (True, ["unproved"])
    verify(whole, repair=True)
    assert verify(whole).problems == ()


def test_a_damaged_build_json_is_written_again(whole: Corpus) -> None:
    build_shards(whole)
    record = whole.shards / RECORD
    right = record.read_bytes()
    record.write_bytes(right.replace(b'"faces":', b'"Faces":', 1))
    assert record.read_bytes() != right
    assert said(whole) == [("shard", f"shards/{RECORD}")]
    build_shards(whole)
    assert record.read_bytes() == right
    assert verify(whole).problems == ()


def test_an_edit_is_said_until_a_command_writes_by_it(whole: Corpus) -> None:
    set_build(whole, quality=91)
    found = verify(Corpus(whole.root))
    assert (found.sound, [(one.kind, one.name) for one in found.problems]) == (True, [("edited", "corpus.toml")])
    assert said(Corpus(whole.root), repair=True) == [("edited", "corpus.toml")]  # a check takes nothing for granted
    with Corpus(whole.root).catalog() as catalog:
        pass  # nor does a command that only reads
    assert said(Corpus(whole.root)) == [("edited", "corpus.toml")]
    with Corpus(whole.root).catalog() as catalog:
        catalog.decisions.add([face_id(ADA)], identity_id="ada", reviewer="me", verdict="reject")
    assert verify(Corpus(whole.root)).problems == ()


def test_text_that_is_none_is_damage_of_the_catalog_to_every_command(whole: Corpus) -> None:
    altered(whole, "UPDATE candidate SET title = CAST(x'ff' AS TEXT)")
    for statement in ("SELECT title FROM candidate", "UPDATE candidate SET rank = 5"):
        with whole.catalog() as catalog, pytest.raises(sqlite3.OperationalError) as raised:
            catalog.query(statement).fetchall()
        assert sentence_of(raised.value) == "The catalog could not be written: it is damaged; restore it from a copy."


def test_the_summary_says_what_is_no_damage(whole: Corpus) -> None:
    set_build(whole, quality=91)
    text = str(verify(Corpus(whole.root)))
    assert "edited: corpus.toml: it is not as it was on" in text
    assert text.endswith("The corpus is sound.")
    assert Problem("edited", "corpus.toml", "").is_damage is False
