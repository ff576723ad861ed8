"""`forget --publish` and `check-removals`: who holds a copy finds in it what was taken down, and nobody reads names."""

import json
import shutil
from pathlib import Path

import pytest
from build_corpus import Shot, face_id, picture, ready_corpus, sha256, shots
from taking_down import ADA, BEN

from facecorpus.build.stage import build_shards
from facecorpus.cli import run
from facecorpus.corpus import Corpus
from facecorpus.errors import CorpusError
from facecorpus.takedown.feed import check_removals, read_feed
from facecorpus.takedown.stage import forget

STAYS = Shot("ben", 1)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus, and the copy of its shards that somebody made before anything was taken down."""
    folder = tmp_path_factory.mktemp("feed")
    shards = build_shards(ready_corpus(folder / "corpus", shots(("ada", "ben"), 4))).path
    shutil.copytree(shards, folder / "copy")
    return folder / "corpus", folder / "copy"


@pytest.fixture
def taken_down(copied: tuple[Path, Path], tmp_path: Path) -> tuple[Corpus, Path, Path]:
    """The corpus without one photograph of Ada, the list that says so, and the copy."""
    shutil.copytree(copied[0], tmp_path / "corpus")
    corpus = Corpus(tmp_path / "corpus")
    feed = tmp_path / "removals.json"
    assert forget(corpus, feed, photo=sha256(ADA)).published == 3
    return corpus, feed, copied[1]


def test_a_copy_of_the_shards_has_what_the_corpus_has_not(
    taken_down: tuple[Corpus, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, feed, copy = taken_down
    assert run(["check-removals", str(feed), str(copy), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [one["what"] for one in said["found"]] == [face_id(ADA)]
    assert said["rows"] == 8
    assert run(["check-removals", str(feed), "-C", str(corpus.root)]) == 0
    assert "Nothing in them was taken down." in capsys.readouterr().out


def test_pictures_are_known_by_the_name_or_by_the_bytes(taken_down: tuple[Corpus, Path, Path], tmp_path: Path) -> None:
    _, feed, _ = taken_down
    folder = tmp_path / "pictures"
    (folder / "train").mkdir(parents=True)
    for name, data in {
        f"train/{face_id(ADA)}.jpg": b"a crop",
        f"{sha256(ADA)}": b"other bytes",
        "renamed.png": picture(ADA),
        f"train/{face_id(STAYS)}.jpg": b"a crop",
        "other.png": picture(STAYS),
        "all.tar": b"",
    }.items():
        (folder / name).write_bytes(data)
    checked = check_removals(feed, folder)
    assert {one.file for one in checked.found} == {"renamed.png", sha256(ADA), f"train/{face_id(ADA)}.jpg"}
    assert (checked.files, checked.skipped) == (5, 1)


def test_a_list_grows_under_its_salt_and_two_lists_have_nothing_in_common(
    taken_down: tuple[Corpus, Path, Path], tmp_path: Path
) -> None:
    corpus, feed, copy = taken_down
    first = read_feed(feed)
    forget(corpus, feed, photo=sha256(BEN))
    both = read_feed(feed)
    assert both.salt == first.salt
    assert first.hashes < both.hashes
    assert {one.what for one in check_removals(feed, copy).found} == {face_id(ADA), face_id(BEN)}
    shutil.rmtree(corpus.root)
    shutil.copytree(copy.parent / "corpus", corpus.root)
    forget(Corpus(corpus.root), tmp_path / "again.json", photo=sha256(ADA))
    assert not read_feed(tmp_path / "again.json").hashes & both.hashes


def test_a_list_names_nothing_and_leaves_files_of_this_machine_out(
    taken_down: tuple[Corpus, Path, Path],
) -> None:
    corpus, feed, _ = taken_down
    text = feed.read_text()
    for name in (sha256(ADA), face_id(ADA)[:24], ADA.url, "ada"):
        assert name not in text
    with corpus.catalog() as catalog:
        assert catalog.removal_secret.hex() not in text  # by which receipts and the list of removals are keyed


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "facecorpus removals 1", "salt": "zz", "hashes": []}', '{"format": 1}']
)
def test_what_is_no_list_is_one_sentence_and_is_not_written_over(
    text: str, copied: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text(text)
    assert run(["check-removals", str(other), str(copied[1])]) == 2
    assert f"{other} is no list of removals as forget --publish writes it" in capsys.readouterr().err
    shutil.copytree(copied[0], tmp_path / "corpus")
    with pytest.raises(CorpusError, match="is no list of removals"):
        forget(Corpus(tmp_path / "corpus"), other, photo=sha256(ADA))
    assert other.read_text() == text
    assert Corpus(tmp_path / "corpus").photos.path(sha256(ADA)).is_file()
