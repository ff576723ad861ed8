"""Figures that a reviewer asks for: pairs of people never seen, the worst-off subgroup, and how sure is too sure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.evidence.fairness import by_group
from training.evidence.verification import figures, pairs_of
from training.learn.fused import calibration_error

PEOPLE = np.repeat(np.arange(30), 12)


@given(st.lists(st.integers(0, 6), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_pairs_are_of_one_person_or_of_two_and_none_stands_twice(of: list[int]) -> None:
    people = np.array(of)
    pairs = pairs_of(people, seed=0)
    one, other = pairs.photographs.T
    assert (one < other).all()
    assert len({*zip(one.tolist(), other.tolist(), strict=True)}) == len(one)
    assert np.array_equal(pairs.people, people[pairs.photographs])
    counts = np.bincount(people)
    assert pairs.same.sum() == (counts * (counts - 1) // 2).sum()
    assert (~pairs.same).sum() <= pairs.same.sum()


def test_pairs_beyond_the_most_are_left_out() -> None:
    pairs = pairs_of(PEOPLE, seed=0, most=100)
    assert pairs.same.sum() == 100
    assert (~pairs.same).sum() == 100


def test_likeness_that_tells_everything_and_likeness_that_tells_nothing() -> None:
    pairs = pairs_of(PEOPLE, seed=0)
    random = np.random.default_rng(1).random(len(pairs.same))
    perfect = figures(pairs.same + random / 2, pairs, seed=0)
    assert perfect["tar"]["0.01"]["tar"] == perfect["tar"]["0.001"]["tar"] == perfect["auc"] == 1
    assert perfect["tar"]["0.01"]["by_person"] == [1, 1]
    assert perfect["lfw"]["accuracy"] == 1
    nothing = figures(random, pairs, seed=0)
    assert nothing["tar"]["0.01"]["tar"] == pytest.approx(0.01, abs=0.01)
    assert nothing["auc"] == pytest.approx(0.5, abs=0.03)
    assert nothing["lfw"]["accuracy"] == pytest.approx(0.5, abs=0.06)
    assert nothing["people"] == 30
    assert nothing["pairs"]["of_one"] == 30 * 66


def test_a_known_overlap_gives_its_known_share() -> None:
    """Likeness N(2, 1) of one person and N(0, 1) of two: at a FAR of 1 % the TAR is 1 - Φ(2.326 - 2) = 37.2 %."""
    pairs = pairs_of(np.repeat(np.arange(60), 24), seed=3)
    likeness = np.random.default_rng(2).normal(2.0 * pairs.same, 1)
    found = figures(likeness, pairs, seed=0)
    assert found["tar"]["0.01"]["tar"] == pytest.approx(0.372, abs=0.02)
    low, high = found["tar"]["0.01"]["by_person"]
    assert low < 0.372 < high
    assert found["lfw"]["accuracy"] == pytest.approx(0.841, abs=0.02)
    assert found["roc"][-1] == [1, 1]
    assert found["roc"] == sorted(found["roc"])


def test_the_interval_is_of_people_and_not_of_pairs() -> None:
    """One person of few whose photographs are all unlike each other moves the TAR by much, in either direction."""
    people = np.repeat(np.arange(5), 20)
    pairs = pairs_of(people, seed=0)
    likeness = np.where(pairs.same & (pairs.people[:, 0] != 0), 1.0, 0.0) + np.linspace(0, 0.1, len(pairs.same))
    found = figures(likeness, pairs, seed=0)["tar"]["0.01"]
    assert found["tar"] == pytest.approx(0.8, abs=0.02)
    low, high = found["by_person"]
    assert low < 0.65
    assert high > 0.95


def test_the_worst_and_the_best_subgroup_are_named_with_their_distance() -> None:
    groups = np.repeat([0, 1, 2, 3], [400, 400, 400, 2])
    people = np.concatenate([np.repeat(np.arange(20) + 20 * group, 20) for group in range(3)] + [np.array([900, 901])])
    random = np.random.default_rng(0).random(len(groups))
    right = random < np.array([0.9, 0.6, 0.8, 0.0])[groups]
    found = by_group(groups, people, right, ("a", "b", "c", "too few"), seed=0)
    assert found["groups"] == 3
    assert found["group_min"]["group"] == "b"
    assert found["group_max"]["group"] == "a"
    assert found["difference"]["difference"] == pytest.approx(0.3, abs=0.06)
    low, high = found["difference"]["by_person"]
    assert low < 0.3 < high


def test_one_subgroup_with_enough_people_has_nothing_to_be_compared_with() -> None:
    groups, people = np.array([0, 0, 0, 1, 1]), np.array([1, 2, 3, 4, 5])
    assert by_group(groups, people, np.ones(5, bool), ("a", "b"), seed=0) == {}


def test_scores_that_are_as_sure_as_they_are_right_have_no_calibration_error() -> None:
    random = np.random.default_rng(5)
    scores = random.normal(0, 2, (20_000, 4)).astype(np.float32)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    labels = (shares.cumsum(1) < random.random((len(scores), 1))).sum(1)
    assert calibration_error(scores, labels) < 0.01
    assert calibration_error(5 * scores, labels) > 0.1
    certain = np.where(np.arange(3) == 1, 50.0, 0.0).astype(np.float32)[None]
    assert calibration_error(certain, np.array([0])) == pytest.approx(1)
