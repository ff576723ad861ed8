"""Labels that mean nothing: how they are dealt, which networks and heads learn them, and what is said of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from tiny_preset import PRESET
from training_shards import TASKS, coloured_rows, write_shards

from training.data.placebo import with_placebo
from training.data.protocols import make_splits, split_labels, unseen_classes
from training.data.shards import Shards, read_shards
from training.plan.networks_and_heads import control_networks, extra_heads
from training.publication import ATTRIBUTES, is_placebo, placebo_of


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Shards:
    """36 people of 12 subgroups in 3 folds."""
    return read_shards(write_shards(tmp_path_factory.mktemp("many"), coloured_rows(people=36, photographs=4)))


def dealt(shards: Shards, seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    labels = with_placebo(shards, seed).placebo
    assert labels is not None
    return labels


def test_every_person_keeps_one_label_in_all_photographs(many: Shards) -> None:
    labels = dealt(many)
    for person in np.unique(many.people):
        assert len(np.unique(labels[many.people == person], axis=0)) == 1


def test_each_fold_keeps_its_balance_and_attributes_stay_together(many: Shards) -> None:
    labels, first = dealt(many), np.unique(many.people, return_index=True)[1]
    for fold in np.unique(many.folds):
        here = first[many.folds[first] == fold]
        own = Counter(map(tuple, many.labels[here][:, 1:].tolist()))
        assert own == Counter(map(tuple, labels[here].tolist()))


def test_the_labels_say_no_more_of_the_true_ones_than_chance(many: Shards) -> None:
    alike = [float((dealt(many, seed) == many.labels[:, 1:]).mean()) for seed in range(30)]
    assert np.mean(alike) == pytest.approx(np.mean([1 / 3, 1 / 4, 1 / 2]), abs=0.06)
    assert (dealt(many, 0) == dealt(many, 0)).all()
    assert (dealt(many, 0) != dealt(many, 1)).any()


def test_a_face_of_nobody_and_a_person_without_labels_have_none(many: Shards) -> None:
    from dataclasses import replace

    labels = many.labels.copy()
    labels[0, 0] = -1
    labels[many.people == 7, 1:] = -1
    found = dealt(replace(many, labels=labels))
    assert (found[0] == -1).all()
    unknown = {int(person) for person in np.unique(many.people) if (found[many.people == person][1:] == -1).all()}
    assert len(unknown) == 1  # it went to somebody, as any other label


def test_placebos_are_targets_of_their_own_that_no_round_is_told_to_lack(many: Shards) -> None:
    shards = with_placebo(many, 0)
    assert [target for target in shards.targets if is_placebo(target)] == [placebo_of(task) for task in ATTRIBUTES]
    assert shards.target_labels.shape[1] == len(shards.targets) == len(TASKS) + 1 + 3
    for split in make_splits("identity", shards, PRESET, 0):
        assert not unseen_classes(split, shards, PRESET)
    (photo,) = make_splits("photo", shards, PRESET, 0)
    assert (split_labels(photo, shards, PRESET)[1][:, -3:] >= 0).all()


def test_placebo_networks_are_as_wide_as_the_true_ones_and_the_identity_network_is_the_same() -> None:
    targets = (*TASKS, "subgroup", *map(placebo_of, ATTRIBUTES))
    networks = {network.name: network for network in control_networks(targets, PRESET) if is_placebo(network.name)}
    assert {network.width for network in networks.values()} == {PRESET.attribute_features}
    heads = [head for head in extra_heads(TASKS, list(networks), targets) if is_placebo(head.target)]
    assert {head.row for head in heads} == {"from identity", "other_three", "all"}
    race = next(head for head in heads if (head.row, head.target) == ("all", "placebo-race"))
    assert race.sources == ("identity", "placebo-age_group", "placebo-race", "placebo-gender")
    assert not [head for head in extra_heads(TASKS, [], targets) if is_placebo(head.target)]
