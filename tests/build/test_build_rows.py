"""What a build holds: which accepted faces, with which picture, labels and provenance, on which side."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from build_corpus import PEOPLE, picture, ready_corpus, rows_of, set_build, shots
from people import person
from PIL import Image

from facecorpus.build.stage import build_shards
from facecorpus.corpus import Corpus
from facecorpus.errors import BuildError
from facecorpus.manifest import SUBGROUPS
from facecorpus.shards import shard_files


def by_person(corpus: Corpus) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(corpus.shards):
        rows.setdefault(PEOPLE[row["identity"]].identity_id, []).append(row)
    return rows


def test_a_build_says_what_it_holds(tmp_path: Path) -> None:
    summary = build_shards(ready_corpus(tmp_path / "c", shots(each=10)))
    assert (summary.faces, summary.identities, summary.train, summary.test) == (40, 4, 28, 12)
    assert summary.subgroups["male/adult/white"] == 10
    assert summary.subgroups["not stated"] == 10
    assert summary.changed
    assert str(summary).startswith("Built 40 faces of 4 people in 3 of 24 subgroups (28 train, 12 test)")


def test_every_row_has_its_labels_and_its_provenance(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    build_shards(corpus)
    rows = by_person(corpus)
    ben = rows["ben"][0]
    assert (ben["gender"], ben["age_group"], ben["race"]) == (1, 1, 3)
    assert SUBGROUPS[ben["subgroup"]] == "male/adult/white"
    assert (rows["dan"][0]["gender"], rows["dan"][0]["subgroup"]) == (-1, -1)
    assert {row["age_at_capture"] for row in rows["ada"]} == {39}
    assert {row["age_at_capture"] for row in rows["ben"]} == {None}
    assert ben["source"] == "commons"
    assert ben["source_url"].startswith("https://host.example/ben/")
    assert (ben["licence"], ben["author"], ben["reviewed_by"]) == ("CC BY 4.0", "Ann, Photographer", "me")
    assert (ben["width"], ben["height"], ben["box"]) == (160, 160, [45, 45, 72, 72])
    assert np.array(ben["landmarks"]).shape == (5, 2)
    assert ben["photo_id"] in {hashlib.sha256(picture(shot)).hexdigest() for shot in shots(("ben",), 3)}


def test_the_picture_is_the_aligned_crop_without_halved_colour(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 2), crop=96)
    build_shards(corpus)
    row = rows_of(corpus.shards)[0]
    with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
        assert image.size == (96, 96)
        assert [component[1:3] for component in image.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]
    assert row["image"]["path"] == f"{row['face_id']}.jpg"


def test_rows_are_sorted_by_person_and_face(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots())
    build_shards(corpus)
    for file in shard_files(corpus.shards):
        rows = [(row["identity"], row["face_id"]) for row in pq.read_table(file).to_pylist()]
        assert rows == sorted(rows)


def test_no_near_duplicate_group_is_on_both_sides(tmp_path: Path) -> None:
    photographs = [replace(shot, group=f"group{shot.number // 2}") for shot in shots(each=12)]
    corpus = ready_corpus(tmp_path / "c", photographs)
    build_shards(corpus)
    sides: dict[str, set[str]] = {}
    for row in rows_of(corpus.shards):
        sides.setdefault(row["group_id"], set()).add(row["split"])
    assert len(sides) == 6
    assert all(len(found) == 1 for found in sides.values())
    assert set.union(*sides.values()) == {"train", "test"}


def test_only_accepted_faces_are_built(tmp_path: Path) -> None:
    first, second, *rest = shots(("ada",), 6)
    corpus = ready_corpus(tmp_path / "c", [replace(first, verdict="reject"), replace(second, verdict=None), *rest])
    build_shards(corpus)
    assert {row["source_url"] for row in rows_of(corpus.shards)} == {shot.url for shot in rest}


def test_of_near_duplicates_the_best_accepted_copy_stands_for_all(tmp_path: Path) -> None:
    small, best, rejected, other = (replace(shot, group="one") for shot in shots(("ada",), 4))
    photographs = [
        replace(small, side=60),
        best,
        replace(rejected, side=90, verdict="reject"),  # the one that dedup would keep
        replace(other, licence="", kept=False),
        *shots(("ben",), 2),
    ]
    summary = build_shards(corpus := ready_corpus(tmp_path / "c", photographs))
    assert {row["source_url"] for row in rows_of(corpus.shards) if row["identity"] == 0} == {best.url}
    assert summary.left_out == {"near-duplicates of a better copy": 2}


def test_an_accepted_copy_stands_in_for_a_better_one_that_was_rejected(tmp_path: Path) -> None:
    better, worse, *_ = shots(("ada",), 2)
    photographs = [replace(better, group="same", verdict="reject"), replace(worse, group="same", kept=False)]
    corpus = ready_corpus(tmp_path / "c", [*photographs, *shots(("ben",), 4)])
    build_shards(corpus)
    assert {row["source_url"] for row in rows_of(corpus.shards) if "/ada/" in row["source_url"]} == {worse.url}


def test_faces_from_outside_the_persons_period_are_left_out_and_counted(tmp_path: Path) -> None:
    dates = ["2004-12-31", "2021", "2005-01-01", "2020", None]
    photographs = [replace(shot, taken_on=date) for shot, date in zip(shots(("ada",), 5), dates, strict=True)]
    corpus = ready_corpus(tmp_path / "c", photographs)
    summary = build_shards(corpus)
    assert sorted(str(row["taken_on"]) for row in rows_of(corpus.shards)) == ["2005-01-01", "2020", "None"]
    assert summary.left_out == {"taken when the person's labels do not hold": 2}
    assert "Left out: 2 taken when the person's labels do not hold." in str(summary)


def test_nothing_accepted_says_what_to_do(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [replace(shot, verdict=None) for shot in shots()])
    with pytest.raises(BuildError, match=r"No face has been accepted yet.*review first: facecorpus review"):
        build_shards(corpus)
    assert not corpus.shards.exists()


def test_nothing_left_says_why(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", [replace(shot, taken_on="1999") for shot in shots()])
    with pytest.raises(BuildError, match=r"Every accepted face is left out \(28 taken when"):
        build_shards(corpus)


def test_a_missing_or_damaged_photograph_is_named(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(each=3))
    path = corpus.photos.path(hashlib.sha256(picture(shots()[0])).hexdigest())
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(BuildError, match=f"{path.name} is damaged"):
        build_shards(corpus)
    path.unlink()
    set_build(corpus, workers=2)  # the sentence comes out of a worker process, too
    with pytest.raises(BuildError, match=f"{path.name} is missing; restore it"):
        build_shards(Corpus(corpus.root))
    assert [p.name for p in corpus.root.iterdir() if p.name.startswith("shards")] == []
    path.write_bytes(data)
    assert build_shards(corpus).faces == 12


def test_what_was_taken_down_is_left_out(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("ada",), 4))
    by_hash, by_url = hashlib.sha256(picture(shots()[0])).hexdigest(), shots()[1].url
    with corpus.catalog() as catalog, catalog.transaction() as connection:
        for key in (by_hash, by_url):
            connection.execute("INSERT INTO removal VALUES (?, 'asked', '2026-01-01')", (key,))
    summary = build_shards(corpus)
    assert (summary.faces, summary.left_out) == (2, {"taken down": 2})
    assert {row["source_url"] for row in rows_of(corpus.shards)}.isdisjoint({shots()[0].url, by_url})


def test_labels_stay_the_same_while_the_review_goes_on(tmp_path: Path) -> None:
    corpus = ready_corpus(tmp_path / "c", shots(("cleo",), 3))
    build_shards(corpus)
    assert {row["identity"] for row in rows_of(corpus.shards)} == {2}


def test_every_subgroup_is_in_every_fold_of_people(tmp_path: Path) -> None:
    people = [person(f"p{number}") for number in range(6)]
    corpus = ready_corpus(tmp_path / "c", shots([p.identity_id for p in people], 2), people)
    build_shards(corpus)
    fold_of = {row["identity"]: row["identity_fold"] for row in rows_of(corpus.shards)}
    assert sorted(fold_of.values()) == [0, 0, 1, 1, 2, 2]
