"""A build after a build: the same bytes, only what has changed written, and nothing of others touched."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from build_corpus import ready_corpus, rows_of, set_build, shots, tree

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError


def test_one_and_two_workers_write_the_same_bytes(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=12))
    build_shards(corpus)
    alone = tree(corpus.shards)
    shutil.rmtree(corpus.shards)
    set_build(corpus, workers=2)
    assert build_shards(Corpus(corpus.root)).changed
    assert tree(corpus.shards) == alone


def test_a_processor_without_wide_vectors_writes_the_same_bytes(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    here = tree(corpus.shards)
    shutil.rmtree(corpus.shards)
    plain = {"OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FMA3,AVX,FP16", "OPENCV_IPP": "disabled", "JSIMD_FORCENONE": "1"}
    code = "import sys; from facecorpus.cli import main; sys.argv[1:] = ['build', '-C', sys.argv[1]]; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, corpus.root], env=os.environ | plain, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert tree(corpus.shards) == here


def test_a_second_build_keeps_the_files_and_says_so(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    first = build_shards(corpus)
    before = {path.name: path.stat().st_mtime_ns for path in corpus.shards.iterdir()}
    second = build_shards(corpus)
    assert not second.changed
    assert str(second).startswith("Nothing has changed since the last build: 28 faces of 4 people")
    assert second == replace(first, changed=False, shards_written=0, seconds=second.seconds)
    assert {path.name: path.stat().st_mtime_ns for path in corpus.shards.iterdir()} == before


def test_a_new_verdict_a_setting_or_a_cut_file_is_a_change(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    build_shards(corpus)
    face_id = rows_of(corpus.shards)[0]["face_id"]
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id], identity_id="ada", reviewer="me", verdict="reject")
    summary = build_shards(corpus)
    assert (summary.changed, summary.faces) == (True, 27)
    set_build(corpus, seed=1)
    assert build_shards(Corpus(corpus.root)).changed
    next(corpus.shards.glob("data/test-*")).write_bytes(b"PAR1")
    assert build_shards(Corpus(corpus.root)).changed
    assert len(rows_of(corpus.shards)) == 27


def test_a_shard_that_was_changed_in_its_bytes_alone_is_written_again(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    before = tree(corpus.shards)
    path = next(corpus.shards.glob("data/train-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    summary = build_shards(corpus)
    assert (summary.changed, summary.shards_written, summary.shards) == (True, 1, 2)
    assert tree(corpus.shards) == before


def test_one_rejected_face_rewrites_the_shards_of_its_person_and_no_other(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=60), crop=128, shard_megabytes=1)
    first = build_shards(corpus)
    assert first.shards >= 6
    before = by_content(corpus.shards)
    row = rows_of(corpus.shards)[0]
    with corpus.catalog() as catalog:
        catalog.decisions.add([row["face_id"]], identity_id="ada", reviewer="me", verdict="reject")
    second = build_shards(corpus)
    assert second.faces == first.faces - 1
    assert 1 <= second.shards_written <= 2  # one face of the same person may change sides
    after = by_content(corpus.shards)
    assert sum(before.get(sha256) == file for sha256, file in after.items()) == second.shards - second.shards_written
    again = ready_corpus(tmp_path / "again", shots(each=60), crop=128, shard_megabytes=1)
    with corpus.catalog() as old, again.catalog() as new:
        new.decisions.add([row["face_id"]], identity_id="ada", reviewer="me", verdict="reject")
        with new.transaction() as connection:  # the same decisions, on the same day
            connection.execute("DROP TRIGGER decision_is_append_only")
            for decision in old.decisions.all():
                connection.execute(
                    "UPDATE decision SET decided_at = ? WHERE face_id = ? AND verdict = ?",
                    (decision.decided_at, decision.face_id, decision.verdict),
                )
    build_shards(again)
    assert tree(again.shards) == tree(corpus.shards)


def by_content(folder: Path) -> dict[str, tuple[int, int]]:
    """inode and time of the shards by the sha256 of their bytes."""
    return {
        hashlib.sha256(path.read_bytes()).hexdigest(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.glob("data/*.parquet")
    }


def test_crops_of_the_last_build_are_not_cut_again(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=4))
    build_shards(corpus)
    before = {row["face_id"]: row["image"] for row in rows_of(corpus.shards)}
    shutil.rmtree(corpus.photos.root)
    set_build(corpus, seed=3)
    assert build_shards(Corpus(corpus.root)).shards_written == 2
    assert {row["face_id"]: row["image"] for row in rows_of(corpus.shards)} == before
    set_build(corpus, quality=80)
    with pytest.raises(BuildError, match="is missing; restore it"):
        build_shards(Corpus(corpus.root))


def test_files_of_others_in_the_folder_are_never_removed(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus)
    (corpus.shards / "notes.txt").write_text("mine")
    assert not build_shards(corpus).changed
    set_build(corpus, seed=1)
    with pytest.raises(BuildError, match=r"notes\.txt is not among the files that build\.json names"):
        build_shards(Corpus(corpus.root))
    assert (corpus.shards / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[]", '{"files": 3}'])
def test_a_folder_without_a_record_is_not_replaced(text: str, tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    build_shards(corpus)
    (corpus.shards / "build.json").write_text(text)
    before = tree(corpus.shards)
    with pytest.raises(BuildError, match=r"CITATION\.cff is not among the files that build\.json names"):
        build_shards(corpus)
    assert tree(corpus.shards) == before
