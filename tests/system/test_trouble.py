"""A full disk, a folder that may not be written, a full folder for temporary files: a sentence, nothing lost."""

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from build_corpus import Shot, face_id, picture, ready_corpus, sha256, shots, tree
from crawling import corpus_of, propose_urls
from loopback import Loopback, Reply
from review_corpus import ADA as REVIEWED
from review_corpus import Browser, face_ids, make_corpus, served

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.system.trouble import sentence_of

ADA = Shot("ada", 0)
SIZE = 24  # MB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own: a tmpfs, which only root can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC
    return filler


def run(corpus: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facecorpus", *arguments, "-C", str(corpus)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
        timeout=120,
    )


def is_one_sentence(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    lines = ended.stderr.strip().splitlines()
    assert ended.returncode == 2, ended.stderr + ended.stdout
    assert lines[-1].startswith("facecorpus: ")
    assert "Traceback" not in ended.stderr
    assert any(word in lines[-1] for word in words), lines[-1]


def unfinished(folder: Path) -> list[Path]:
    """Temporary files that somebody left."""
    return [path for path in folder.rglob("*") if path.is_file() and (".tmp" in str(path) or path.suffix == ".partial")]


@pytest.fixture
def small(disk: Path) -> Corpus:
    """A corpus on the small disk: one photograph waits for analysis, the others can be built and reviewed."""
    corpus = ready_corpus(disk / "c", [replace(shot, verdict=None) for shot in shots(each=3)])
    with corpus.catalog() as catalog:
        for person in ("ada", "ben", "cleo", "dan"):
            faces = [face_id(Shot(person, number)) for number in range(3)]
            catalog.decisions.add(faces, identity_id=person, reviewer="me", verdict="accept")
    return corpus


def test_on_a_full_disk_a_build_leaves_what_was_there_and_goes_through_when_there_is_room(
    small: Corpus, disk: Path
) -> None:
    build_shards(small)
    with small.catalog() as catalog:
        catalog.decisions.add([face_id(ADA)], identity_id="ada", reviewer="me", verdict="reject")
    before = tree(small.shards)
    filler = fill(disk)
    is_one_sentence(run(small.root, "build"), "No space left", "full")
    assert tree(small.shards) == before
    filler.unlink()
    assert run(small.root, "build").returncode == 0
    assert unfinished(small.root) == []


def test_on_a_full_disk_a_forget_says_so_and_is_finished_when_there_is_room(small: Corpus, disk: Path) -> None:
    build_shards(small)
    filler = fill(disk)
    is_one_sentence(run(small.root, "forget", "--yes", "--photo", sha256(ADA)), "full", "No space left")
    filler.unlink()
    assert run(small.root, "forget", "--yes", "--photo", sha256(ADA)).returncode == 0
    left = [path for path in small.root.rglob("*") if path.is_file() and face_id(ADA).encode() in path.read_bytes()]
    assert left == []
    assert unfinished(small.root) == []


def test_on_a_full_disk_faces_and_verdicts_end_in_a_sentence_and_lose_nothing(small: Corpus, disk: Path) -> None:
    with small.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE photo SET state = 'stored'")
    filler = fill(disk)
    is_one_sentence(run(small.root, "faces"), "full")
    is_one_sentence(run(small.root, "review", "--auto"), "full")
    filler.unlink()
    assert run(small.root, "faces").returncode == 0
    with small.catalog() as catalog:
        assert catalog.photos.counts()["waiting"] == 0
        assert catalog.checks.broken() == []
    assert unfinished(small.root) == []


def test_on_a_full_disk_a_fetch_stops_and_the_next_one_brings_the_photograph(disk: Path) -> None:
    with Loopback() as web:
        corpus = corpus_of(disk / "c", web)
        propose_urls(corpus, web.serve("/a.png", Reply(picture(ADA))))
        filler = fill(disk)
        with pytest.raises((OSError, sqlite3.Error)) as caught:
            fetch_candidates(corpus)
        assert "full" in (sentence_of(caught.value) or "")
        filler.unlink()
        with corpus.locked():
            assert fetch_candidates(corpus).photographs == 1
        assert unfinished(corpus.root) == []


def test_on_a_full_disk_the_review_page_says_that_a_verdict_is_not_saved(disk: Path) -> None:
    corpus = make_corpus(disk / "c", {REVIEWED: 60})
    faces = face_ids(corpus, REVIEWED)
    with served(corpus) as base:
        browser = Browser(base, "sesame")
        filler = fill(disk)
        refused = browser.decide(faces, "reject", "quality")
        assert refused.status_code == 507
        assert "full" in refused.json()["error"]
        filler.unlink()
        assert browser.decide(faces, "reject", "quality").ok


COMMANDS = [
    ("fetch",),
    ("faces",),
    ("dedup",),
    ("review", "--auto"),
    ("build",),
    ("forget", "--yes", "--url", ADA.url),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_in_a_folder_that_can_only_be_read_each_command_says_so(
    command: tuple[str, ...], small: Corpus, disk: Path
) -> None:
    before = tree(small.root)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    is_one_sentence(run(small.root, *command), "can only be read", "may only be read")
    assert tree(small.root) == before


def test_a_full_folder_for_temporary_files_is_named(tmp_path: Path, disk: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    fill(disk)
    ended = run(corpus.root, "status", TMPDIR=str(disk))
    assert ended.returncode == 0 or str(disk) in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert run(corpus.root, "build", TMPDIR=str(disk)).returncode == 0
    assert run(corpus.root, "forget", "--yes", "--url", ADA.url, TMPDIR=str(disk)).returncode == 0


@pytest.mark.parametrize("command", [("build",), ("verify",), ("status",)], ids=lambda command: command[0])
def test_a_catalog_from_a_newer_version_is_left_alone(command: tuple[str, ...], tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=1))
    with sqlite3.connect(corpus.root / "catalog.sqlite") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = (corpus.root / "catalog.sqlite").read_bytes()
    is_one_sentence(run(corpus.root, *command), "was written by a newer facecorpus")
    assert (corpus.root / "catalog.sqlite").read_bytes() == before


def test_two_builds_at_once_are_one_build_and_one_sentence(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    with corpus.locked():
        is_one_sentence(run(corpus.root, "build"), "Another facecorpus command is working")
    assert not corpus.shards.exists()
    assert run(corpus.root, "build").returncode == 0


def test_what_nobody_can_mend_keeps_its_traceback() -> None:
    assert sentence_of(OSError(errno.ECONNRESET, "Connection reset")) is None
    assert sentence_of(sqlite3.OperationalError("no such table: face")) is None
    assert sentence_of(ValueError("x")) is None


def test_the_file_that_could_not_be_written_is_named() -> None:
    assert (sentence_of(OSError(errno.ENOSPC, "x", "photos/ab")) or "").startswith("photos/ab could not be written")
    assert "quota" in (sentence_of(OSError(errno.EDQUOT, "x")) or "")
