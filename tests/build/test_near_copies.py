"""Near-copies that only the search of the finished shards finds: the build puts them on one side, and ends."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from build_corpus import Shot, face_id, ready_corpus, rows_by_face, rows_of, sha256, shots, tree

from facecorpus.build import stage
from facecorpus.build.crops import CropTask
from facecorpus.build.kind import Kind
from facecorpus.build.splits import joined_groups
from facecorpus.build.stage import build_shards
from facecorpus.catalog.photos import Photos
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.records import Ranking
from facecorpus.settings import ReviewSettings
from facecorpus.words import Section

FIRST, SECOND = shots(("ada",), 2)
SECOND = replace(SECOND, like=0)
"""Two frames of one moment that dedup did not join: of ada's two groups, one would train and one test."""

SESSION = (FIRST, SECOND, *shots(("ben",), 4))


def move(corpus: Corpus, shot: Shot, identity_id: str) -> None:
    """Let a photograph's face stand for another person, and be accepted as theirs."""
    with corpus.catalog() as catalog:
        people = {subject.face.face_id: subject.identity_id for subject in catalog.faces.subjects()}
        catalog.faces.assign(people | {face_id(shot): identity_id})
        catalog.decisions.add([face_id(shot)], identity_id=identity_id, reviewer="me", verdict="accept")


def reject(corpus: Corpus, shot: Shot) -> None:
    with corpus.catalog() as catalog:
        catalog.decisions.add([face_id(shot)], identity_id=shot.identity_id, reviewer="me", verdict="reject")


def counts(corpus: Corpus, kind: Kind = Kind.CROPS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((kind.folder(corpus.shards) / "build.json").read_text())["counts"]
    return found


def groups(corpus: Corpus, *shown: Shot) -> set[tuple[str, str]]:
    """Group and side of the rows of these photographs."""
    rows = rows_by_face(corpus.shards)
    return {(rows[face_id(shot)]["group_id"], rows[face_id(shot)]["split"]) for shot in shown}


@pytest.mark.parametrize("kind", [Kind.CROPS, Kind.ORIGINAL])
@pytest.mark.parametrize("mirrored", [False, True])
def test_two_frames_of_one_moment_are_one_group_and_the_build_goes_on(
    mirrored: bool, kind: Kind, tmp_path: Path
) -> None:
    second = replace(SECOND, mirrored=mirrored)
    corpus = ready_corpus(tmp_path / "c", [FIRST, second, *SESSION[2:]])
    summary = build_shards(corpus, kind=kind)
    rows = rows_by_face(kind.folder(corpus.shards))
    one, other = rows[face_id(FIRST)], rows[face_id(second)]
    assert one["group_id"] == other["group_id"] == min(sha256(FIRST), sha256(second))
    assert one["split"] == other["split"]
    assert summary.faces == 6, "being near-copies drops no face"


def test_summary_record_and_card_say_how_many(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", SESSION)
    summary = build_shards(corpus)
    assert (summary.near_copies, summary.near_copies_of_two_people) == (1, 0)
    assert "two frames of a moment for example: 1; each pair is on one side" in str(summary)
    assert "two people" not in str(summary)
    assert counts(corpus)["near_copies"] == 1
    card = (corpus.shards / "README.md").read_text(encoding="utf-8")
    assert "two frames of a moment for example: 1.\n" in card
    assert "stand for two people:" not in card


def test_a_build_without_near_copies_says_nothing_of_them(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=2))
    assert "the same picture" not in str(build_shards(corpus))
    assert counts(corpus)["near_copies"] == 0
    assert "the same picture" not in (corpus.shards / "README.md").read_text(encoding="utf-8")


def test_the_next_build_starts_with_the_pair_and_changes_nothing(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", SESSION)
    build_shards(corpus)
    before = tree(corpus.shards)
    again = build_shards(corpus)
    assert not again.changed
    assert again.near_copies == 1
    assert tree(corpus.shards) == before


def test_review_shows_them_as_near_copies_and_both_stay(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", SESSION)
    build_shards(corpus)
    with corpus.catalog() as catalog:
        assert set(catalog.review.near_duplicates(face_id(FIRST))) == {face_id(FIRST), face_id(SECOND)}
        assert catalog.faces.conflicts() == []
        assert all(subject.kept for subject in catalog.faces.subjects())
        catalog.faces.rank([Ranking(face_id(shot), 0.9, Section.RIGHT, ()) for shot in SESSION])
        for person, copies in (("ada", {0: 1, 1: 1}), ("ben", {})):
            assert catalog.review.index(person, "me", ReviewSettings()).copies == copies
        marked = catalog.removals.of_photographs([sha256(FIRST)])
        assert catalog.removals.near_duplicates(marked) == [sha256(SECOND)]


def test_dedup_keeps_the_pair_and_takes_it_over_once_it_says_the_same(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", SESSION)
    build_shards(corpus)
    before = tree(corpus.shards)
    with corpus.catalog() as catalog:
        pair = catalog.photos.near_copies()
        assert pair == [tuple(sorted((face_id(FIRST), face_id(SECOND))))]
        catalog.photos.cluster([], [])
        assert catalog.photos.near_copies() == pair
    assert not build_shards(corpus).changed
    assert tree(corpus.shards) == before
    with corpus.catalog() as catalog:
        catalog.photos.cluster([(sha256(FIRST), "one"), (sha256(SECOND), "one")], [face_id(SECOND)])
        assert catalog.photos.near_copies() == []
    summary = build_shards(corpus)
    assert (summary.faces, summary.near_copies) == (5, 0)


def test_a_picture_that_stands_for_two_people_is_on_one_side_and_a_conflict(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [SECOND, *shots(("ada", "ben", "cleo"), 6)[:1], *shots(("ben", "cleo"), 6)])
    move(corpus, SECOND, "cleo")
    summary = build_shards(corpus)
    assert len(groups(corpus, FIRST, SECOND)) == 1
    assert (summary.near_copies, summary.near_copies_of_two_people) == (1, 1)
    assert "Pairs that stand for two people: 1; look at them in facecorpus review (key d)." in str(summary)
    assert counts(corpus)["groups_of_several_people"] == 1
    rows = rows_by_face(corpus.shards)
    assert rows[face_id(FIRST)]["identity_fold"] == rows[face_id(SECOND)]["identity_fold"]
    with corpus.catalog() as catalog:
        shown = {(one.face_id, one.other_id, one.other_identity_id) for one in catalog.faces.conflicts()}
    assert shown == {(face_id(FIRST), face_id(SECOND), "cleo"), (face_id(SECOND), face_id(FIRST), "ada")}


def test_the_same_decisions_give_the_same_bytes_whatever_was_built_before(tmp_path: Path) -> None:
    third = replace(shots(("ada",), 3)[2], like=0, mirrored=True)
    photographs = [FIRST, SECOND, third, *shots(("ben", "cleo"), 5)]
    corpus = ready_corpus(tmp_path / "long", photographs, seed=1)
    build_shards(corpus, among={face_id(shot) for shot in photographs if shot is not third})
    build_shards(corpus, kind=Kind.ORIGINAL)
    build_shards(corpus)
    reject(corpus, FIRST)
    build_shards(corpus)
    fresh = ready_corpus(tmp_path / "fresh", photographs, seed=1)
    reject(fresh, FIRST)
    build_shards(fresh)

    def told(corpus: Corpus) -> list[tuple[str, str, str]]:
        return [(row["face_id"], row["group_id"], row["split"]) for row in rows_of(corpus.shards)]

    assert told(corpus) == told(fresh)
    assert counts(corpus) == counts(fresh)


def test_pairs_are_found_on_one_side_too_as_folds_and_later_splits_part_it(tmp_path: Path) -> None:
    for seed in range(3):
        corpus = ready_corpus(tmp_path / f"c{seed}", [*shots(("ada", "ben"), 8), replace(SECOND, number=9)], seed=seed)
        assert build_shards(corpus).near_copies == 1


def test_a_chain_of_near_copies_is_one_group() -> None:
    links = [("b", "c"), ("e", "d"), ("c", "a")]
    assert joined_groups("abcdef", links) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "f"}


def test_where_a_person_has_near_copies_alone_they_train(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", SESSION[:2])
    summary = build_shards(corpus)
    assert (summary.train, summary.test) == (2, 0)


def test_a_build_without_images_has_the_groups_that_the_one_with_them_found(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", SESSION)
    build_shards(corpus)
    build_shards(corpus, kind=Kind.WITHOUT_IMAGES)
    assert counts(corpus, Kind.WITHOUT_IMAGES)["near_copies"] == 1


def test_each_crop_is_cut_once_and_the_shards_of_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []
    cut_crops = stage.cut_crops

    def counted(tasks: Iterable[CropTask], workers: int) -> Any:
        tasks = list(tasks)
        cut.extend(task.photo_sha256 for task in tasks)
        return cut_crops(tasks, workers)

    monkeypatch.setattr(stage, "cut_crops", counted)
    photographs = [FIRST, SECOND, *shots(("ben", "cleo"), 60)]
    corpus = ready_corpus(tmp_path / "c", photographs, crop=128, shard_megabytes=1)
    summary = build_shards(corpus)
    assert sorted(cut) == sorted(map(sha256, photographs))
    assert summary.shards_written == summary.shards > 2
    assert [path.name for path in corpus.root.iterdir() if path.name.startswith("shards")] == ["shards"]
    assert sum(path.suffix == ".parquet" for path in corpus.shards.rglob("*")) == summary.shards


@pytest.mark.parametrize("moment", ["before the pair is noted", "after it", "while the split is written again"])
def test_a_build_that_is_stopped_between_the_rounds_is_ended_by_the_next(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = ready_corpus(tmp_path / "twin", SESSION)
    build_shards(twin)
    corpus = ready_corpus(tmp_path / "c", SESSION)
    add = Photos.add_near_copies

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    def stopped(photos: Photos, pairs: Sequence[tuple[str, str]]) -> None:
        if not moment.startswith("before"):
            add(photos, pairs)
        if not moment.startswith("while"):
            raise KeyboardInterrupt
        patched.setattr(stage, "write_shard", killed)

    with monkeypatch.context() as patched:
        patched.setattr(Photos, "add_near_copies", stopped)
        with pytest.raises(KeyboardInterrupt):
            build_shards(corpus)
    assert not corpus.shards.exists()
    build_shards(corpus)
    assert groups(corpus, *SESSION) == groups(twin, *SESSION)
    assert counts(corpus) == counts(twin)
    assert not build_shards(corpus).changed


def test_pictures_that_are_others_each_time_end_the_build_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    names = sorted(map(face_id, shots(each=3)))
    found = iter(pairwise(names))
    monkeypatch.setattr(stage, "same_pictures", lambda prints, advance: [next(found)])
    with pytest.raises(BuildError, match="facecorpus verify"):
        build_shards(corpus)
    assert not corpus.shards.exists()
