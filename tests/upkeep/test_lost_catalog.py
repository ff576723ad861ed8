"""A catalog that is gone, empty or too old: nothing that it does not know is deleted, and what was moved comes back."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from build_corpus import Shot, sha256, tree

from facecorpus.build.stage import build_shards
from facecorpus.catalog import Catalog
from facecorpus.corpus import Corpus, init_corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.stage import forget
from facecorpus.upkeep.verify import verify

ADA = Shot("ada", 0)


def contents(corpus: Corpus) -> dict[str, bytes]:
    """Every photograph and crop, by its path in the corpus."""
    whole = tree(corpus.root)
    return {name: data for name, data in whole.items() if name.startswith(("photos/", "crops/"))}


def lose_catalog(corpus: Corpus) -> None:
    for path in corpus.root.glob("catalog.sqlite*"):
        path.unlink()


def empty_file(corpus: Corpus) -> None:
    lose_catalog(corpus)
    (corpus.root / "catalog.sqlite").touch()


def fresh_catalog(corpus: Corpus) -> None:
    lose_catalog(corpus)
    Catalog(corpus.root / "catalog.sqlite").close()


@pytest.mark.parametrize("lose", [lose_catalog, empty_file, fresh_catalog])
def test_a_full_store_without_its_catalog_is_damaged_and_nothing_is_begun_anew(lose, whole: Corpus) -> None:  # type: ignore[no-untyped-def]
    lose(whole)
    before = contents(whole)
    for repair in (False, True):
        with pytest.raises(CorpusError, match=r"is damaged: .*catalog.sqlite.* put back a copy"):
            verify(whole, repair)
    assert contents(whole) == before


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["fetch"],
        ["faces"],
        ["dedup"],
        ["build"],
        ["review", "--auto"],
        ["verify", "--repair"],
        ["forget", "--identity", "ada"],
        ["explain", "http://h/ada.png"],
        ["crawl", "--dry-run"],
    ],
)
def test_every_command_refuses_in_one_sentence(command: list[str], whole: Corpus) -> None:
    lose_catalog(whole)
    before = contents(whole)
    run = subprocess.run(
        [sys.executable, "-m", "facecorpus", *command, "-C", str(whole.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "is damaged" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert contents(whole) == before
    assert not (whole.root / "catalog.sqlite").exists()


def test_shards_without_a_catalog_are_damage_too(whole: Corpus) -> None:
    build_shards(whole)
    lose_catalog(whole)
    shutil.rmtree(whole.photos.root)
    with pytest.raises(CorpusError, match="is damaged"), whole.catalog():
        pass


def test_a_fresh_corpus_begins_its_catalog(tmp_path: Path, manifest: Path) -> None:
    corpus = init_corpus(tmp_path / "fresh", manifest)
    with corpus.catalog() as catalog:
        assert catalog.checks.blank()
    assert verify(corpus).sound


def test_a_catalog_older_than_the_faces_loses_no_crop_and_all_can_be_taken_back(whole: Corpus) -> None:
    before = contents(whole)
    shutil.copytree(whole.root, whole.root.with_name("kept"))
    with whole.catalog() as catalog, catalog.transaction() as connection:
        connection.execute("DELETE FROM ranking")
        connection.execute("DELETE FROM decision")
        connection.execute("DELETE FROM face")
        connection.execute("UPDATE candidate SET photo_sha256 = NULL, state = 'pending' WHERE url = ?", (ADA.url,))
        connection.execute("DELETE FROM photo WHERE sha256 = ?", (sha256(ADA),))
    summary = verify(whole, repair=True)
    assert all(problem.repaired for problem in summary.problems if problem.kind == "left over")
    assert len(contents(whole)) == len(before) - 9  # a photograph, and the crops of all eight
    assert sum(1 for path in whole.quarantine.root.rglob("*") if path.is_file() and path.name != "list.jsonl") == 9
    for name in ("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"):
        (whole.root / name).unlink(missing_ok=True)
        if (whole.root.with_name("kept") / name).exists():
            shutil.copy(whole.root.with_name("kept") / name, whole.root / name)
    assert whole.quarantine.take_back() == (9, 0)
    assert contents(whole) == before
    assert verify(whole).problems == ()


def test_a_damaged_photograph_is_kept_aside_when_room_is_made_for_it(whole: Corpus) -> None:
    path = whole.photos.path(sha256(ADA))
    path.write_bytes(b"other bytes")
    verify(whole, repair=True)
    assert not path.exists()
    (aside,) = whole.quarantine.root.glob(f"photos/??/??/{sha256(ADA)}")
    assert aside.read_bytes() == b"other bytes"


def test_what_is_aside_already_is_not_overwritten_and_does_not_push_out_what_is_there(whole: Corpus) -> None:
    stranger = whole.photos.path(whole.photos.put(b"nobody knows me"))
    verify(whole, repair=True)
    whole.photos.put(b"nobody knows me")
    verify(whole, repair=True)
    asides = sorted(path.name for path in whole.quarantine.root.glob("photos/??/??/*"))
    assert asides == [stranger.name, f"{stranger.name}.1"]
    whole.photos.put(b"nobody knows me")
    assert whole.quarantine.take_back() == (0, 2)
    assert len(list(whole.quarantine.root.glob("photos/??/??/*"))) == 2


def test_forget_reaches_what_is_in_quarantine(whole: Corpus) -> None:
    whole.photos.path(sha256(ADA)).write_bytes(b"damaged, and yet a picture of somebody")
    crop = whole.crops.path(f"{sha256(ADA)[:24]}-7")
    crop.parent.mkdir(parents=True, exist_ok=True)
    crop.write_bytes(b"a crop that no row knows")
    verify(whole, repair=True)
    assert len(list(whole.quarantine.root.glob("*/??/??/*"))) == 2
    forget(whole, photo=sha256(ADA))
    assert list(whole.quarantine.root.glob("*/??/??/*")) == []
    assert sha256(ADA)[:24] not in (whole.quarantine.root / "list.jsonl").read_text()


def test_the_command_takes_back_what_it_put_aside(whole: Corpus) -> None:
    orphan = whole.photos.path(whole.photos.put(b"nobody knows me"))

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "facecorpus", "verify", "-C", str(whole.root), *options]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "quarantine" in run("--repair")
    assert not orphan.exists()
    assert "1 file was taken back" in run("--take-back")
    assert orphan.read_bytes() == b"nobody knows me"
