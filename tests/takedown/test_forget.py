"""Taking photographs down: nothing of them is left, nothing brings them back, and nobody else's are touched."""

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from build_corpus import PEOPLE, Shot, face_id, picture, ready_corpus, sha256, shots
from loopback import Loopback, Reply, jpeg, settings_for
from people import person
from taking_down import ADA, BEN, holding, traces, with_crops

from facecorpus.build.stage import build_shards
from facecorpus.catalog import Catalog
from facecorpus.catalog.connection import host_of
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import CorpusError
from facecorpus.manifest import write_manifest
from facecorpus.records import Candidate, Download
from facecorpus.takedown.stage import forget
from facecorpus.words import Outcome


@pytest.mark.parametrize("by", ["photo", "face", "url"])
def test_nothing_of_a_forgotten_photograph_is_left_in_the_folder(by: str, tmp_path: Path) -> None:
    corpus = with_crops(ready_corpus(tmp_path / "c", shots(each=2)), ADA, BEN)
    named = {"photo": {"photo": sha256(ADA)}, "face": {"photo": face_id(ADA)}, "url": {"url": ADA.url}}[by]
    journal = corpus.root / "catalog.sqlite-wal"
    with corpus.catalog() as catalog:  # an open review page keeps the journal
        catalog.decisions.add([face_id(ADA)], identity_id="ada", reviewer="eve", verdict="reject")
        assert {str(journal), str(corpus.photos.path(sha256(ADA)))} < set(holding(corpus, *traces(ADA)))
        summary = forget(corpus, **named)
        assert journal.exists()
        assert holding(corpus, *traces(ADA)) == []
        assert holding(corpus, *traces(BEN))
    assert holding(corpus, *traces(ADA)) == []
    assert (summary.photographs, summary.crops, summary.faces, summary.decisions) == (1, 1, 1, 2)
    assert not corpus.photos.path(sha256(ADA)).exists()
    assert not corpus.crops.path(face_id(ADA)).exists()
    assert corpus.crops.path(face_id(BEN)).exists()


def test_the_list_of_removals_names_nobody(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=1))
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("INSERT INTO removal VALUES (?, 'by hand', '2026-01-01')", (BEN.url,))
    forget(corpus, url=ADA.url)
    with corpus.catalog() as catalog:
        keys = {row[0] for row in catalog.query("SELECT key FROM removal")}
        taken_down = catalog.removals.taken_down()
    assert len(keys) == 3
    plain = {name for url in (ADA.url, BEN.url) for name in (url, hashlib.sha256(url.encode()).hexdigest())}
    assert keys.isdisjoint(plain | {sha256(ADA)})
    assert all(name in taken_down for name in (ADA.url, BEN.url, sha256(ADA)))
    assert sha256(BEN) not in taken_down
    other = ready_corpus(tmp_path / "other", shots(each=1))
    forget(other, url=ADA.url)
    with other.catalog() as catalog:
        assert keys.isdisjoint(row[0] for row in catalog.query("SELECT key FROM removal"))


def test_what_was_forgotten_is_never_fetched_again(tmp_path: Path) -> None:
    write_manifest(tmp_path / "people.csv", [person("ada"), person("ben")])
    with Loopback() as web:
        corpus = init_corpus(tmp_path / "c", tmp_path / "people.csv", settings_for(web))
        url, copy = web.serve("/a.jpg", Reply(jpeg(1))), web.serve("/copy.jpg", Reply(jpeg(1)))
        proposed = Candidate("ada", "commons", url, title="Ada at the beach")
        with corpus.catalog() as catalog:
            catalog.candidates.propose([proposed])
        assert fetch_candidates(corpus).photographs == 1
        forget(corpus, url=url)
        with corpus.catalog() as catalog:
            again = [proposed, replace(proposed, identity_id="ben"), replace(proposed, url=copy, title="")]
            assert catalog.candidates.propose(again) == 3
        assert fetch_candidates(corpus).outcomes == {"removed": 3}
        assert web.paths() == ["/a.jpg", "/copy.jpg"]
    assert holding(corpus, jpeg(1), url.encode(), b"at the beach") == []
    with corpus.catalog() as catalog:
        assert catalog.photos.counts()["photographs"] == 0
        assert catalog.candidates.outcomes() == {"removed": 3}


def test_embeddings_and_names_leave_the_database_file_and_its_journal(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    embedding = np.random.default_rng(7).random(128, np.float32).tobytes()
    with corpus.catalog() as catalog:
        with catalog.transaction() as connection:
            connection.execute("UPDATE face SET embedding = ? WHERE face_id = ?", (embedding, face_id(ADA)))
            connection.execute("UPDATE candidate SET author = 'Somebody Else' WHERE url = ?", (ADA.url,))
        assert len(holding(corpus, embedding)) == len(holding(corpus, b"Somebody Else")) == 1
        forget(corpus, photo=sha256(ADA))
        assert holding(corpus, embedding, b"Somebody Else") == []


def test_a_list_that_an_earlier_version_wrote_is_keyed_and_goes_on_to_hold(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    old = {hashlib.sha256(ADA.url.encode()).hexdigest(), sha256(BEN)}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("host_of", 1, host_of, deterministic=True)
        for script in MIGRATIONS[:4]:
            connection.executescript(script)
        connection.execute("PRAGMA user_version = 4")
        connection.executemany("INSERT INTO removal VALUES (?, 'forget', '2026-01-01')", [(key,) for key in old])
        connection.execute("INSERT INTO identity VALUES ('ada', 0, 1, 'Ada', NULL)")
        connection.execute(
            "INSERT INTO candidate (identity_id, source, url, page_url, rank, title, licence, licence_url, author,"
            " state, outcome) VALUES ('ada', 'x', ?, '', 0, '', '', '', '', 'failed', 'removed')",
            (hashlib.sha256(ADA.url.encode()).hexdigest(),),
        )
    catalog = Catalog(path)
    keys = {row[0] for row in catalog.query("SELECT key FROM removal UNION SELECT url FROM candidate")}
    taken_down = catalog.removals.taken_down()
    catalog.close()
    assert ADA.url in taken_down
    assert sha256(BEN) in taken_down
    assert BEN.url not in taken_down
    assert len(keys) == 2
    assert keys.isdisjoint(old)


def test_everything_of_an_author_goes_and_nothing_of_theirs_comes_back(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ben", "pages", "https://host.example/other.png", author="Bo")])
    summary = forget(corpus, author="ann,  PHOTOGRAPHER")
    assert summary.photographs == 8
    assert holding(corpus, b"Photographer", b"photographer", b"PHOTOGRAPHER", picture(ADA)) == []
    with corpus.catalog() as catalog:
        new = "https://host.example/new.png"
        catalog.candidates.propose([Candidate("ben", "pages", new, author="Ann, Photographer")])
        taken_down = catalog.removals.taken_down()
    assert taken_down.forbids(new, "Ann, Photographer")
    assert not taken_down.forbids(new, "Bo")
    with pytest.raises(CorpusError, match=r"Nobody is not in .*; expected an author"):
        forget(corpus, author="Nobody")


@pytest.mark.parametrize("suffix", [".txt", ".csv"])
def test_a_list_of_addresses_and_hashes_is_taken_down_and_strangers_are_kept_out(suffix: str, tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    stranger, unseen = "https://elsewhere.example/a,b.jpg", "ab" * 32
    entries = ["# by mail", ADA.url, sha256(BEN), face_id(Shot("cleo", 1)), stranger, unseen, "what?"]
    listed = tmp_path / f"list{suffix}"
    listed.write_text("".join(f'"{one}",x\n' if suffix == ".csv" else f"{one}\n" for one in entries))
    summary = forget(corpus, names=listed)
    assert summary.photographs == 3
    assert [entry for entry in summary.unknown if not entry.startswith("#")] == [stranger, unseen, "what?"]
    with corpus.catalog() as catalog:
        taken_down = catalog.removals.taken_down()
    assert all(name in taken_down for name in (ADA.url, sha256(ADA), sha256(BEN), stranger, unseen))
    assert holding(corpus, *traces(ADA), *traces(BEN), *traces(Shot("cleo", 1))) == []
    with pytest.raises(CorpusError, match="expected addresses or hashes, one a line"):
        forget(corpus, names=tmp_path / "none.txt")


def test_the_receipt_counts_everything_and_names_nobody(tmp_path: Path) -> None:
    corpus = with_crops(ready_corpus(tmp_path / "c", shots(each=4)), ADA)
    build_shards(corpus)
    summary = forget(corpus, photo=sha256(ADA))
    text = summary.receipt.read_text(encoding="utf-8")
    receipt = json.loads(text)
    assert receipt["removed"] == {"photographs": 1, "crops": 1, "faces": 1, "decisions": 1, "candidates": 1}
    assert (len(receipt["keys"]["photographs"]), len(receipt["keys"]["addresses"])) == (1, 1)
    assert receipt["builds"][0]["held"]
    assert not re.search(r"\bada\b", text)  # by itself: three letters may be part of a key
    for name in ("Ada", ADA.url, sha256(ADA), face_id(ADA), "Photographer"):
        assert name not in text


def test_a_persons_photographs_go_and_everybody_elses_stay(tmp_path: Path) -> None:
    theirs, both = Shot("ada", 1), Shot("ben", 1)
    corpus = with_crops(ready_corpus(tmp_path / "c", shots(each=3)), *shots(each=3))
    with corpus.catalog() as catalog:
        # Ada's face is in a picture that was proposed for ben, too; ben's is in one that was proposed for ada, too.
        catalog.candidates.propose(
            [
                Candidate("ben", "pages", theirs.url, title="Ada and Ben"),
                Candidate("ada", "pages", both.url, title="Ben without Ada"),
                Candidate("ada", "pages", "https://host.example/ada/never-fetched.png"),
            ]
        )
        for shot in (theirs, both):
            catalog.candidates.share_stored(shot.url)
    summary = forget(corpus, identity="ada")
    assert (summary.photographs, summary.crops, summary.faces, summary.decisions) == (3, 3, 3, 3)
    assert holding(corpus, *traces(ADA), *traces(theirs), b"Ada and Ben", b"Ben without Ada", b"never-fetched") == []
    kept = [shot for shot in shots(("ben", "cleo", "dan"), 3)]
    assert all(corpus.photos.read(sha256(shot)) == picture(shot) for shot in kept)
    assert all(corpus.crops.path(face_id(shot)).exists() for shot in kept)
    with corpus.catalog() as catalog:
        assert {face.source_url for face in catalog.faces.accepted()} == {shot.url for shot in kept}
        assert {decision.identity_id for decision in catalog.decisions.all()} == {"ben", "cleo", "dan"}
        assert catalog.candidates.count_waiting() == {}


def test_what_waits_to_be_fetched_for_a_forgotten_person_is_never_asked_for(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 1))
    waiting = "https://host.example/waiting.png"
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ada", "commons", waiting)])
    assert forget(corpus, identity="ada").photographs == 1
    assert holding(corpus, waiting.encode()) == []
    assert fetch_candidates(corpus).candidates == 0


def test_out_of_the_manifest_the_name_leaves_the_catalog_too(tmp_path: Path) -> None:
    people = [replace(PEOPLE[0], name="Ada Example"), *PEOPLE[1:]]
    corpus = ready_corpus(tmp_path / "c", shots(each=1), people)
    with corpus.catalog() as catalog:
        catalog.candidates.finish_discovery("ada", "commons", 1)
    assert holding(corpus, b"Ada Example")
    first = forget(corpus, identity="ada")
    assert first.listed == "ada"
    assert "Take ada out of manifest.csv" in str(first)
    write_manifest(corpus.root / "manifest.csv", people[1:])
    corpus = Corpus(corpus.root)
    second = forget(corpus, identity="ada")
    assert (second.listed, second.photographs) == (None, 0)
    with corpus.catalog() as catalog:
        for table in ("identity", "candidate", "discovery", "decision"):
            rows = catalog.query(f"SELECT identity_id FROM {table}").fetchall()
            assert "ada" not in {row[0] for row in rows}, table
    assert holding(corpus, b"Ada Example") == []
    with pytest.raises(CorpusError, match=r"ada is not in .* expected an identity_id as in manifest"):
        forget(corpus, identity="ada")


def test_a_photograph_that_a_killed_crawl_left_without_a_row_goes(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=1))
    orphan = corpus.photos.put(b"stored, but not in the catalog yet")
    forget(corpus, photo=orphan)
    assert not corpus.photos.path(orphan).exists()


def test_a_batch_of_verdicts_can_be_undone_still_when_one_of_its_faces_was_forgotten(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [replace(shot, verdict=None) for shot in shots(each=2)])
    faces = [face_id(ADA), face_id(Shot("ada", 1))]
    with corpus.catalog() as catalog:
        catalog.decisions.add(faces, identity_id="ada", reviewer="me", verdict="accept")
        catalog.decisions.undo("ada", "me")
        catalog.decisions.redo("ada", "me")
    forget(corpus, photo=sha256(ADA))
    with corpus.catalog() as catalog:
        assert catalog.decisions.undo("ada", "me") == faces[1:]
        assert catalog.decisions.redo("ada", "me") == faces[1:]


def test_it_names_what_still_holds_the_photograph(tmp_path: Path) -> None:
    twin = Shot("ada", 1, group="g")
    corpus = ready_corpus(tmp_path / "c", [replace(ADA, group="g"), twin, BEN])
    original = (tmp_path / "mine.png").as_uri()
    with corpus.catalog() as catalog:
        catalog.candidates.propose([Candidate("ada", "folder", original)])
        catalog.candidates.record(
            Download(original, "2026-01-01", 0.1, None, Outcome.STORED, bytes=9), "image/png", sha256(ADA)
        )
    (corpus.runs / "first").mkdir(parents=True)
    (corpus.root / "tars").mkdir()
    (corpus.root / "tars" / ".facecorpus-export.json").touch()
    summary = forget(corpus, photo=sha256(ADA))
    assert summary.near_duplicates == (sha256(twin),)
    assert summary.originals == (original,)
    assert (summary.runs_perhaps, summary.exports) == (("first",), ("tars",))
    assert all(named in str(summary) for named in (sha256(twin), original, "runs/first", "tars"))
    assert holding(corpus, original.encode()) == []


@pytest.mark.parametrize("named", [{"identity": "eve"}, {"photo": "0" * 64}, {"photo": "../x"}, {"url": "http://h/"}])
def test_an_unknown_name_is_one_sentence(named: dict[str, str], tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=1))
    with pytest.raises(CorpusError, match=rf"^{next(iter(named.values()))} is not in .*; expected "):
        forget(corpus, **named)


def test_the_command_takes_one_name_and_prints_sentences_or_json(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=1))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "facecorpus", "forget", "-C", str(corpus.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    for wrong in ([], ["--identity", "ada", "--url", ADA.url]):
        ended = run(*wrong)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "exactly one of --identity, --photo, --url, --author, --list and --marked" in ended.stderr
    told = run("--url", ADA.url)
    assert told.returncode == 0
    assert told.stdout.startswith("Removed 1 photographs with 0 crops, 1 faces and 1 decisions, and 1 addresses;")
    assert json.loads(run("--photo", sha256(BEN), "--json").stdout)["photographs"] == 1
