"""facecorpus verify: what is damaged is found and named; with --repair, mended where that can be."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from build_corpus import Shot, face_id, picture, sha256, shots
from loopback import Loopback, Reply

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.crawl.stage import fetch_candidates
from facecorpus.upkeep.verify import Problem, verify

ADA, BEN = Shot("ada", 0), Shot("ben", 0)


@pytest.fixture
def whole(whole: Corpus) -> Corpus:
    """A corpus with every photograph, crop and shard in its place."""
    build_shards(whole)
    return whole


def kinds(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.kind, problem.name) for problem in problems]


def test_a_whole_corpus_is_sound(whole: Corpus) -> None:
    summary = verify(whole)
    assert (summary.sound, summary.problems) == (True, ())
    assert (summary.photographs, summary.crops) == (8, 8)
    assert summary.bytes == sum(len(picture(shot)) for shot in shots(each=2))
    assert str(summary).endswith("The corpus is sound.")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def lose(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [flip, lose])
def test_a_damaged_photograph_is_fetched_again(harm: Callable[[Path], None], whole: Corpus) -> None:
    path = whole.photos.path(sha256(ADA))
    harm(path)
    found = verify(whole)
    assert not found.sound
    assert kinds(found.problems) == [("photograph", sha256(ADA))]
    assert path.exists() is (harm is flip)  # without repair nothing is touched
    with Loopback() as web:
        url = web.serve("/ada.png", Reply(picture(ADA)))
        with whole.catalog() as catalog, catalog.transaction() as connection:
            connection.execute("UPDATE candidate SET url = ?, host = host_of(?) WHERE url = ?", (url, url, ADA.url))
        waits = verify(whole, repair=True)
        assert (waits.sound, waits.next_command) == (False, "fetch")  # it is still absent
        allow(whole, web)
        assert fetch_candidates(Corpus(whole.root)).stored == 1
    assert verify(whole).sound
    with whole.catalog() as catalog:  # nothing that was known of it is lost
        assert url in {face.source_url for face in catalog.faces.accepted()}


def allow(corpus: Corpus, web: Loopback) -> None:
    path = corpus.root / "corpus.toml"
    text = path.read_text().replace("private_hosts = []", f'private_hosts = ["{web.host}"]')
    path.write_text(text.replace('contact = ""', 'contact = "me@example.org"'))


def test_a_photograph_that_is_gone_everywhere_keeps_its_provenance_and_is_named_again(whole: Corpus) -> None:
    whole.photos.path(sha256(ADA)).unlink()
    with Loopback() as web:
        url = web.serve("/ada.png", Reply(b"", 404))
        with whole.catalog() as catalog, catalog.transaction() as connection:
            connection.execute("UPDATE candidate SET url = ?, host = host_of(?) WHERE url = ?", (url, url, ADA.url))
        verify(whole, repair=True)
        allow(whole, web)
        assert fetch_candidates(Corpus(whole.root)).outcomes == {"gone": 1}
    assert kinds(verify(whole).problems) == [("photograph", sha256(ADA))]
    with whole.catalog() as catalog:
        (face,) = [face for face in catalog.faces.accepted() if face.photo_sha256 == sha256(ADA)]
    assert (face.source_url, face.author) == (url, "Ann, Photographer")


@pytest.mark.parametrize("harm", [lose, lambda path: path.write_bytes(path.read_bytes()[:50])])
def test_a_missing_crop_is_cut_again_to_the_same_bytes(harm: Callable[[Path], None], whole: Corpus) -> None:
    path = whole.crops.path(face_id(ADA))
    before = path.read_bytes()
    harm(path)
    assert kinds(verify(whole).problems) == [("crop", face_id(ADA))]
    assert verify(whole, repair=True).sound
    assert path.read_bytes() == before


def test_a_crop_whose_photograph_is_lost_too_cannot_be_cut_again(whole: Corpus) -> None:
    whole.crops.path(face_id(ADA)).unlink()
    flip(whole.photos.path(sha256(ADA)))
    summary = verify(whole, repair=True)
    assert [(problem.kind, problem.mend) for problem in summary.problems] == [("photograph", "fetch"), ("crop", "")]
    assert not summary.sound


def test_files_that_nothing_knows_are_named_and_moved_away_only_on_request(whole: Corpus) -> None:
    orphan = whole.photos.path(whole.photos.put(b"nobody knows me"))
    crop = whole.crops.path("ff" * 12 + "-0")
    whole.crops.put("ff" * 12 + "-0", b"nor me")
    summary = verify(whole)
    assert summary.sound
    assert kinds(summary.problems) == [("left over", str(orphan)), ("left over", str(crop))]
    assert orphan.exists()
    assert crop.exists()
    verify(whole, repair=True)
    assert not orphan.exists()
    assert not crop.exists()
    assert verify(whole).problems == ()


def test_a_damaged_shard_and_a_missing_page_are_named_with_the_command_that_mends_them(whole: Corpus) -> None:
    shard = min(whole.shards.glob("data/*.parquet"))
    flip(shard)
    (whole.shards / "attribution.csv").unlink()
    summary = verify(whole, repair=True)
    assert kinds(summary.problems) == [("shard", "shards/attribution.csv"), ("shard", f"shards/{shard.name}")]
    assert all("run facecorpus build" in problem.sentence for problem in summary.problems)
    assert summary.next_command == "build"
    build_shards(whole)
    assert verify(whole).sound


def test_rows_that_contradict_each_other_are_counted(whole: Corpus) -> None:
    with whole.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE photo SET phash = NULL WHERE sha256 = ?", (sha256(ADA),))
        connection.execute("UPDATE candidate SET photo_sha256 = NULL WHERE url = ?", (BEN.url,))
    sentences = [problem.sentence for problem in verify(whole).problems]
    assert any(sentence.startswith("1 candidates that count as stored have no photograph") for sentence in sentences)
    assert any(sentence.startswith("1 analysed photographs have no size or no hash") for sentence in sentences)


def test_rows_that_point_nowhere_are_found(whole: Corpus) -> None:
    with whole.catalog() as catalog:
        catalog.query("PRAGMA foreign_keys = OFF")
        catalog.query("DELETE FROM photo WHERE sha256 = ?", (sha256(ADA),))
    (problem, *_) = verify(whole).problems
    assert "rows of candidate point to rows of photo that are not there" in problem.sentence


def test_what_was_taken_down_and_is_still_there_is_damage(whole: Corpus) -> None:
    with whole.catalog() as catalog, catalog.transaction() as connection:  # as a copy from a backup would bring it back
        connection.execute("INSERT INTO removal VALUES (removal_key(?), 'forget', '2026-01-01')", (sha256(ADA),))
    problems = verify(whole).problems
    assert [problem.kind for problem in problems] == ["photograph", "shard"]
    assert "was taken down and is still here" in problems[0].sentence
    repaired = verify(whole, repair=True).problems
    assert [problem.repaired for problem in repaired] == [False, True]
    left = verify(whole)
    assert [problem.kind for problem in left.problems] == ["photograph"]
    assert left.next_command == f"forget --photo {sha256(ADA)}"


def test_the_command_says_by_its_exit_code_whether_damage_remains(whole: Corpus) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "facecorpus", "verify", "-C", str(whole.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole.crops.path(face_id(ADA)).unlink()
    told = run("--json")
    assert told.returncode == 1
    assert [problem["kind"] for problem in json.loads(told.stdout)["problems"]] == ["crop"]
    mended = run("--repair")
    assert (mended.returncode, mended.stdout.splitlines()[-2]) == (0, "The corpus is sound.")
