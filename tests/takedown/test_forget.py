"""Taking photographs down: nothing of them is left, nothing brings them back, and nobody else's are touched."""

import fcntl
import hashlib
import json
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from build_corpus import PEOPLE, Shot, face_id, picture, ready_corpus, sha256, shots, tree
from loopback import Loopback, Reply, jpeg, settings_for
from people import person

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.catalog import Catalog
from facecorpus.catalog.connection import host_of
from facecorpus.catalog.schema import MIGRATIONS
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.errors import CorpusError
from facecorpus.manifest import write_manifest
from facecorpus.pipeline import working_in
from facecorpus.records import Candidate, Download
from facecorpus.shards import recorded, sound_files
from facecorpus.takedown.stage import forget
from facecorpus.words import Outcome
from training.data.shards import fingerprint

ADA, BEN = Shot("ada", 0), Shot("ben", 0)

KILLED = """
import os, signal, sys
from pathlib import Path
from facecorpus.catalog import Catalog
from facecorpus.catalog.removals import Removals
from facecorpus.corpus import locked_corpus
from facecorpus.store import Crops, Store
from facecorpus.takedown import stage
root, step, name, value = sys.argv[1:]
owners = {"Crops": Crops, "Store": Store, "Removals": Removals, "Catalog": Catalog, "stage": stage}
owner, _, function = step.partition(".")
setattr(owners[owner], function, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
with locked_corpus(Path(root)) as corpus:
    stage.forget(corpus, **{name: value})
"""
STEPS = (
    "Crops.remove",
    "Store.remove",
    "Removals.erase",
    "stage.write_without",
    "stage.clear",
    "stage.write_atomically",
    "Removals.end",
    "Catalog.scrub",
)

READY = """
import sys
from pathlib import Path
import facecorpus.build.stage
from facecorpus.corpus import locked_corpus
from facecorpus.takedown.stage import forget
with locked_corpus(Path(sys.argv[1])) as corpus:
    print("ready", flush=True)
    forget(corpus, identity=sys.argv[2])
"""


TARGETS = (("identity", "ada"), ("photo", sha256(ADA)), ("url", ADA.url))


def with_crops(corpus: Corpus, *cropped: Shot) -> Corpus:
    for shot in cropped:
        corpus.crops.put(face_id(shot), b"the crop of " + face_id(shot).encode())
    return corpus


def holding(corpus: Corpus, *needles: bytes, but: str = "shards") -> list[str]:
    """Files of the corpus with any of these bytes in them."""
    files = [path for path in corpus.root.rglob("*") if path.is_file() and (not but or but not in path.parts)]
    return [str(path) for path in files if any(needle in path.read_bytes() for needle in needles)]


def traces(shot: Shot) -> tuple[bytes, ...]:
    """What must be nowhere: the photograph, its address and page, and its face's name (which its crop holds, too)."""
    return picture(shot), shot.url.removesuffix(".png").encode(), face_id(shot).encode()


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


def rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of all shards of a build."""
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_all_three_builds_are_written_without_it_and_say_so_themselves(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4), shard_megabytes=1)
    folders = [kind.folder(corpus.shards) for kind in Kind]
    for kind in Kind:
        build_shards(corpus, kind=kind)
    crop = next(row["image"]["bytes"] for row in rows(corpus.shards) if row["source_url"] == ADA.url)
    undecided = Shot("ben", 3)
    with corpus.catalog() as catalog:  # since the build: it must not leave because of somebody else's removal, or enter
        catalog.decisions.add([face_id(undecided)], identity_id="ben", reviewer="me", verdict="undecided")
        catalog.decisions.add([face_id(undecided)], identity_id="ben", reviewer="me", verdict="accept")
    summary = forget(corpus, photo=sha256(ADA))
    assert [one.build for one in summary.builds] == ["shards", "shards-original", "shards-without-images"]
    assert all(one.held and not one.deleted for one in summary.builds)
    assert holding(corpus, *traces(ADA), crop, but="") == []
    for folder in folders:
        assert {row["photo_id"] for row in rows(folder)} == {sha256(shot) for shot in shots(each=4)} - {sha256(ADA)}
        record = recorded(folder)
        assert sound_files(folder, record) == record["files"].keys() == tree(folder).keys() - {"build.json"}
        assert record["counts"]["faces"] == 15
    assert not build_shards(corpus).changed


def test_shards_that_did_not_hold_it_stay_the_same_files(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=30), shard_megabytes=1)
    build_shards(corpus)
    before = {path.name: path.stat().st_ino for path in corpus.shards.glob("*.parquet")}
    (build,) = forget(corpus, photo=sha256(ADA)).builds
    after = {path.stat().st_ino for path in corpus.shards.glob("*.parquet")}
    unchanged = {name for name, inode in before.items() if inode in after}
    assert len(build.held) == 1
    assert unchanged.isdisjoint(build.held)
    assert len(unchanged) == len(before) - build.written >= 2


def test_decisions_made_since_the_build_do_not_enter_it_by_way_of_a_removal(tmp_path: Path) -> None:
    late = Shot("ben", 3)
    corpus = ready_corpus(
        tmp_path / "c", [replace(shot, verdict=None) if shot == late else shot for shot in shots(each=4)]
    )
    build_shards(corpus)
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(late)], identity_id="ben", reviewer="me", verdict="accept")
    forget(corpus, photo=sha256(ADA))
    assert sha256(late) not in {row["photo_id"] for row in rows(corpus.shards)}
    assert build_shards(corpus).faces == 15


def test_a_build_that_nothing_is_left_of_is_deleted(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 2))
    build_shards(corpus)
    summary = forget(corpus, identity="ada")
    assert not corpus.shards.exists()
    assert "shards is deleted" in str(summary)


def test_what_an_interrupted_build_and_analysis_left_goes_too(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    for place in ("shards.tmp", "shards-original.tmp", "parts", "photos/.tmp"):
        (corpus.root / place).mkdir(exist_ok=True)
        (corpus.root / place / "left.parquet").write_bytes(picture(ADA))
    with corpus.locked():
        forget(corpus, photo=sha256(ADA))
    assert holding(corpus, picture(ADA), but="") == []


def a_run(corpus: Corpus, name: str, shards: str) -> Path:
    """A finished run, as far as taking back looks at one: decoded pictures, features, results and a report."""
    run = corpus.runs / name
    for folder in ("data", "untrained", "photo/identity", "figures", "seed-1/data"):
        (run / folder).mkdir(parents=True)
    for file in ("data/x-64px.npy", "seed-1/data/y.npy", "untrained/features.npy", "photo/identity/features.npy"):
        (run / file).write_bytes(b"decoded " + picture(ADA))
    (run / "photo" / "identity" / "pictures.npz").write_bytes(picture(ADA))
    (run / "photo" / "identity" / "network.pt").write_bytes(b"weights")
    for file in ("report.html", "figures/layers.png"):
        (run / file).write_bytes(picture(ADA))
    (run / "run.json").write_text(json.dumps({"shards": shards, "variants": 10}), encoding="utf-8")
    (run / "results.json").write_text("{}", encoding="utf-8")
    return run


def test_runs_that_learned_from_it_are_named_and_lose_its_pixels(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    build_shards(corpus)
    run = a_run(corpus, "first", fingerprint(corpus.shards))
    older = a_run(corpus, "older", "0" * 64)
    summary = forget(corpus, photo=sha256(ADA))
    assert (summary.runs, summary.runs_perhaps) == (("first",), ("older",))
    unclear = {str(older / "figures" / "layers.png"), str(older / "report.html")}  # whose face, nobody can tell
    assert set(holding(corpus, picture(ADA), but="")) == unclear
    assert "runs/older" in str(summary)
    assert summary.reports_deleted == ("first",)
    assert (run / "results.json").exists()
    assert (run / "photo" / "identity" / "network.pt").exists()
    receipt = json.loads(summary.receipt.read_text(encoding="utf-8"))
    assert receipt["runs_trained_on_it"] == ["first"]
    later = forget(corpus, photo=sha256(BEN))
    assert (later.runs, later.runs_perhaps) == ((), ("first", "older"))


def test_a_run_on_shards_that_never_held_it_is_left_alone(tmp_path: Path) -> None:
    rejected = Shot("ada", 3)
    corpus = ready_corpus(
        tmp_path / "c", [replace(shot, verdict="reject") if shot == rejected else shot for shot in shots(each=4)]
    )
    build_shards(corpus)
    run = a_run(corpus, "first", fingerprint(corpus.shards))
    before = tree(run)
    summary = forget(corpus, photo=sha256(rejected))
    assert (summary.runs, summary.runs_perhaps, summary.builds) == ((), (), ())
    assert tree(run) == before


def test_a_run_in_hand_is_not_pulled_from_under_its_trainer(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    build_shards(corpus)
    run = a_run(corpus, "first", fingerprint(corpus.shards))
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CorpusError, match=r"first is being trained on what is to be forgotten; end that"):
            forget(corpus, photo=sha256(ADA))
    assert corpus.photos.path(sha256(ADA)).exists()
    assert forget(corpus, photo=sha256(ADA)).runs == ("first",)


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


@pytest.fixture(scope="module")
def taken_apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with a build and a run, to be copied and killed over."""
    corpus = with_crops(ready_corpus(tmp_path_factory.mktemp("killed") / "c", shots(("ada", "ben"), 3)), ADA, BEN)
    build_shards(corpus)
    a_run(corpus, "first", fingerprint(corpus.shards))
    return corpus.root


@pytest.mark.parametrize(("step", "target"), list(zip(STEPS, cycle(TARGETS), strict=False)), ids=str)
def test_killed_between_two_steps_it_brings_nothing_back_and_the_next_command_finishes(
    step: str, target: tuple[str, str], taken_apart: Path, tmp_path: Path
) -> None:
    corpus = Corpus(shutil.copytree(taken_apart, tmp_path / "c"))
    ended = subprocess.run([sys.executable, "-c", KILLED, str(corpus.root), step, *target], check=False)
    assert ended.returncode == -signal.SIGKILL
    with corpus.catalog() as catalog:
        assert ADA.url not in {face.source_url for face in catalog.faces.accepted()}
        catalog.candidates.propose([Candidate("ben", "pages", ADA.url)])
    assert fetch_candidates(corpus).outcomes == {"removed": 1}
    with working_in(corpus.root):
        pass
    assert holding(corpus, *traces(ADA), but="") == []
    assert [json.loads(path.read_text())["asked_by"] for path in (corpus.root / "receipts").iterdir()] == [target[0]]
    forget(corpus, **{target[0]: target[1]})
    assert corpus.photos.read(sha256(BEN)) == picture(BEN)
    with corpus.catalog() as catalog:
        assert BEN.url in {face.source_url for face in catalog.faces.accepted()}


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_the_next_command_finishes(seed: int, taken_apart: Path, tmp_path: Path) -> None:
    corpus = Corpus(shutil.copytree(taken_apart, tmp_path / "c"))
    moment = random.Random(seed)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", READY, str(corpus.root), "ada"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with suppress(subprocess.TimeoutExpired):
            process.wait(moment.uniform(0, 0.2))
        process.kill()
        process.communicate()
    with working_in(corpus.root):
        pass
    forget(corpus, identity="ada")
    assert holding(corpus, *traces(ADA), b"ada/1", but="") == []
    record = recorded(corpus.shards)
    assert sound_files(corpus.shards, record) == record["files"].keys()
    assert {row["photo_id"] for row in rows(corpus.shards)} == {sha256(Shot("ben", number)) for number in range(3)}


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
