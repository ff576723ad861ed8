"""The protocols: what each keeps apart, for any shards."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_preset import PRESET
from training_shards import Row, coloured_rows, relabel, write_shards

from training import TrainingError
from training.data.protocols import (
    group_numbers,
    halves,
    identity,
    make_splits,
    sibling_share,
    split_labels,
    unseen_classes,
    validation_part,
)
from training.data.shards import Shards, read_shards
from training.plan.plan import make_plan

FEW = settings(max_examples=15, deadline=None)


def shards_of(rows: list[Row]) -> Shards:
    with tempfile.TemporaryDirectory() as folder:
        return read_shards(write_shards(Path(folder), rows))


BARE = coloured_rows(people=36, photographs=4)  # 12 subgroups of 3 people, one in each of 3 folds
SHARDS = shards_of(BARE)


@st.composite
def shuffled(draw: st.DrawFn) -> Shards:
    """The same people, with near-duplicate groups that go across people and photographs."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    groups = draw(st.integers(40, 200))
    names = np.array([f"g{number}" for number in random.integers(groups, size=len(SHARDS))])
    names[random.random(len(SHARDS)) < 0.2] = ""
    return replace(SHARDS, group_ids=names)


def parts(shards: Shards, split_images: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return np.unique(split_images // PRESET.variants)


@FEW
@given(shuffled(), st.integers(0, 5))
def test_no_person_and_no_group_is_on_both_sides_of_protocol_identity(shards: Shards, seed: int) -> None:
    groups = group_numbers(shards)
    for split in identity(shards, PRESET, seed):
        train, test = parts(shards, split.train), parts(shards, split.test)
        assert not set(shards.people[train]) & set(shards.people[test])
        assert not set(groups[train]) & set(groups[test])
        assert not set(shards.photo_ids[train]) & set(shards.photo_ids[test])


def test_every_subgroup_is_tested_and_trained_in_every_round_by_one_person_each_time() -> None:
    splits = make_splits("identity", SHARDS, replace(PRESET, identity_rounds=3), 0)
    assert [split.name for split in splits] == ["identity-1", "identity-2", "identity-3"]
    tested = []
    for split in splits:
        train, test = parts(SHARDS, split.train), parts(SHARDS, split.test)
        assert set(SHARDS.subgroups[train]) == set(SHARDS.subgroups[test]) == set(range(12))
        assert len(set(SHARDS.people[test])) == 12
        tested += sorted(set(SHARDS.people[test]))
    assert sorted(tested) == list(range(36))  # everybody once


def test_protocol_identity_tests_on_untouched_photographs_and_asks_for_no_name() -> None:
    for split in make_splits("identity", SHARDS, PRESET, 0):
        assert (split.test % PRESET.variants == 0).all()
        train_labels, test_labels = split_labels(split, SHARDS, PRESET)
        assert (test_labels[:, 0] == -1).all()
        assert (train_labels[:, 0] >= 0).all()
        assert (test_labels[:, 1:] >= 0).all()


def test_faces_of_unknown_people_are_on_neither_side() -> None:
    people = SHARDS.labels.copy()
    people[:7, 0] = -1
    for split in identity(replace(SHARDS, labels=people), PRESET, 0):
        assert not {*parts(SHARDS, split.train), *parts(SHARDS, split.test)} & set(range(7))


def test_a_preset_may_have_fewer_rounds_than_there_are_folds() -> None:
    assert len(make_splits("identity", SHARDS, replace(PRESET, identity_rounds=1), 0)) == 1


@FEW
@given(st.integers(0, 5), st.integers(2, 4))
def test_held_out_folds_cut_no_group_and_hold_each_training_image_once(seed: int, folds: int) -> None:
    pairs = {row.face_id: f"{row.identity}-{row.face_id[-1] in '01'}" for row in BARE}
    shards = replace(SHARDS, group_ids=np.array([pairs[face] for face in SHARDS.face_ids]))
    preset = replace(PRESET, out_of_fold=folds)
    (whole,) = make_splits("paper", shards, preset, seed)
    groups = group_numbers(shards)
    held = []
    for split in halves(whole, shards, preset, seed):
        out, kept = split.test[: split.held], split.train
        assert not set(groups[out // preset.variants]) & set(groups[kept // preset.variants])
        assert sorted([*out, *kept]) == sorted(whole.train)
        assert (split.test[split.held :] == whole.test).all()
        held += out.tolist()
    assert sorted(held) == sorted(whole.train)


def test_a_fold_that_would_leave_a_person_without_a_photograph_is_refused() -> None:
    one = replace(SHARDS, group_ids=np.array([f"group of {person}" for person in SHARDS.people]))
    (whole,) = make_splits("paper", one, PRESET, 0)
    with pytest.raises(TrainingError, match="No training photograph shows identity"):
        halves(whole, one, PRESET, 0)


def test_subgroups_are_gender_age_and_race_in_this_order() -> None:
    assert SHARDS.subgroup_names[0].split() == ["female", "young", "asian"]
    for number, name in enumerate(SHARDS.subgroup_names):
        row = SHARDS.labels[SHARDS.subgroups == number][0]
        by_task = dict(zip(SHARDS.tasks, row, strict=True))
        assert name == " ".join(SHARDS.classes[task][by_task[task]] for task in ("gender", "age_group", "race"))


def test_a_face_with_one_unknown_attribute_has_no_subgroup() -> None:
    rows = [replace(row, race=-1) if row.identity == 0 else row for row in BARE]
    shards = shards_of(rows)
    assert set(shards.subgroups[shards.people == 0]) == {-1}
    assert -1 not in shards.subgroups[shards.people != 0]


# What cannot be done


def test_people_of_one_fold_cannot_be_held_apart() -> None:
    with pytest.raises(TrainingError, match=r"needs people in 2 folds or more, column identity_fold has 1"):
        make_splits("identity", shards_of(relabel(BARE, identity_fold=0)), PRESET, 0)  # type: ignore[arg-type]


def test_a_person_in_two_folds_is_named() -> None:
    rows = [replace(BARE[0], identity_fold=1), *BARE[1:]]
    with pytest.raises(TrainingError, match="'Person 0' is in more than one identity_fold"):
        make_splits("identity", shards_of(rows), PRESET, 0)


def test_a_subgroup_that_is_missing_from_a_fold_is_named() -> None:
    rows = [replace(row, identity_fold=1) if row.identity == 0 else row for row in BARE]
    with pytest.raises(TrainingError, match="Subgroup 'female young asian' has 3 people but is not in each"):
        make_splits("identity", shards_of(rows), PRESET, 0)


def test_a_subgroup_of_fewer_people_than_folds_is_no_fault() -> None:
    rows = [row for row in BARE if row.identity != 0]
    assert len(make_splits("identity", shards_of(rows), replace(PRESET, identity_rounds=3), 0)) == 3


def test_a_class_whose_only_people_are_held_out_is_named_and_not_tested() -> None:
    """All old people are of one fold: the rest of that round is tested, and so are the other rounds."""
    rows = [replace(row, age_group=row.age_group % 2) if row.identity >= 12 else row for row in BARE]
    shards = shards_of(rows)
    first, second = make_splits("identity", shards, PRESET, 0)[:2]
    unseen = next(one for one in unseen_classes(first, shards, PRESET) if one.target == "age_group")
    assert (unseen.name, unseen.people) == ("old", 4)
    assert str(unseen).startswith("identity-1 holds out everybody of age old (4): nobody is left")
    column = list(shards.targets).index("age_group")
    train, test = (labels[:, column] for labels in split_labels(first, shards, PRESET))
    old = shards.target_labels[first.test // PRESET.variants, column] == 2
    assert old.any()
    assert (test[old] == -1).all()
    assert set(test[~old]) == set(train) == {0, 1}
    assert not [one for one in unseen_classes(second, shards, PRESET) if one.target == "age_group"]


def test_a_round_that_leaves_one_class_to_train_on_is_refused() -> None:
    rows = [replace(row, gender=0) if row.identity >= 12 else row for row in BARE]
    with pytest.raises(TrainingError, match="Split identity-1 leaves people of fewer than two classes of gender"):
        make_splits("identity", shards_of(rows), PRESET, 0)


def test_protocol_identity_is_left_out_unless_it_was_asked_for() -> None:
    shards = shards_of(relabel(BARE, identity_fold=0))  # type: ignore[arg-type]
    plan = make_plan(shards, PRESET, 0, None)
    assert plan.protocols == ("photo", "paper")
    assert "needs people in 2 folds" in plan.not_made["Protocol identity"]
    with pytest.raises(TrainingError, match="needs people in 2 folds"):
        make_plan(shards, PRESET, 0, ["identity"])


def test_embeddings_of_different_lengths_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = write_shards(tmp_path, coloured_rows(), files=1, checksums=False) / "faces-00000-of-00001.parquet"
    table = pq.read_table(path)
    vectors = pa.array([[0.0] * (1 + n % 2) for n in range(len(table))], pa.list_(pa.float32()))
    pq.write_table(table.append_column("embedding", vectors), path)
    with pytest.raises(TrainingError, match="embeddings of different lengths"):
        read_shards(tmp_path)


def test_protocol_photo_keeps_to_the_shards_and_tests_on_untouched_photographs(shards: Shards) -> None:
    (split,) = make_splits("photo", shards, PRESET, 0)
    assert (split.test % PRESET.variants == 0).all()
    assert not shards.in_train[split.test // PRESET.variants].any()
    assert shards.in_train[split.train // PRESET.variants].all()
    assert sibling_share(split, PRESET.variants) == 0


def test_protocol_paper_divides_the_augmented_images_70_to_30(shards: Shards) -> None:
    (split,) = make_splits("paper", shards, PRESET, 0)
    assert sorted([*split.train, *split.test]) == list(range(192))
    assert len(split.test) == round(0.3 * 192)
    assert sibling_share(split, PRESET.variants) > 0.9
    (other,) = make_splits("paper", shards, PRESET, 1)
    assert other.test.tolist() != split.test.tolist()


@settings(max_examples=40, deadline=None)
@given(people=st.integers(2, 6), groups=st.integers(2, 40), share=st.floats(0, 0.5), seed=st.integers(0, 99))
def test_validation_takes_whole_groups_and_leaves_every_class_something(
    people: int, groups: int, share: float, seed: int
) -> None:
    group = np.repeat(np.arange(groups), 3)
    labels = (group % people)[:, None]
    kept = validation_part(group, labels, share, seed)
    assert kept.sum() <= share * len(group)
    assert not set(group[kept]) & set(group[~kept])
    assert set(labels[~kept, 0]) == set(labels[:, 0])
