"""Builds that held what is taken down are written anew without it."""

from dataclasses import replace
from pathlib import Path

from build_corpus import Shot, face_id, picture, ready_corpus, sha256, shots, tree
from taking_down import ADA, holding, rows, traces

from facecorpus.build.kind import Kind
from facecorpus.build.stage import build_shards
from facecorpus.shards import recorded, shard_files, sound_files
from facecorpus.takedown.stage import forget


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
        assert (
            sound_files(folder, record)
            == record["files"].keys()
            == {Path(name).name for name in tree(folder)} - {"build.json"}
        )
        assert record["counts"]["faces"] == 15
    assert not build_shards(corpus).changed


def test_shards_that_did_not_hold_it_stay_the_same_files(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=30), shard_megabytes=1)
    build_shards(corpus)
    before = {path.name: path.stat().st_ino for path in shard_files(corpus.shards)}
    (build,) = forget(corpus, photo=sha256(ADA)).builds
    after = {path.stat().st_ino for path in shard_files(corpus.shards)}
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
