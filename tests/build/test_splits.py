"""Splits of photographs and folds of people: what they promise, for any corpus."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecorpus.build.labels import age_at_capture
from facecorpus.build.splits import TEST, TRAIN, check_splits, identity_folds, photo_split
from facecorpus.errors import BuildError

FEW = settings(max_examples=60, deadline=None)
ROWS = st.lists(st.tuples(st.integers(0, 30).map("g{}".format), st.sampled_from("abcdef")), max_size=80)
SHARE, SEED = st.floats(0.05, 0.95), st.integers(0, 5)


def _sides(rows: list[tuple[str, str]], splits: list[str]) -> dict[str, dict[str, str]]:
    """person -> group -> side"""
    sides: dict[str, dict[str, str]] = {}
    for (group, person), split in zip(rows, splits, strict=True):
        sides.setdefault(person, {})[group] = split
    return sides


@FEW
@given(ROWS, SHARE, SEED)
def test_no_near_duplicate_group_is_cut_even_if_several_people_share_it(
    rows: list[tuple[str, str]], share: float, seed: int
) -> None:
    groups = [group for group, _ in rows]
    splits = photo_split(groups, [person for _, person in rows], share, seed)
    assert set(splits) <= {TRAIN, TEST}
    assert len(set(zip(groups, splits, strict=True))) == len(set(groups))
    check_splits(groups, groups, splits)


@FEW
@given(ROWS, SHARE, SEED)
def test_everybody_has_a_training_photograph_and_whoever_can_has_a_test_one(
    rows: list[tuple[str, str]], share: float, seed: int
) -> None:
    splits = photo_split([group for group, _ in rows], [person for _, person in rows], share, seed)
    people_of = {group: {p for g, p in rows if g == group} for group, _ in rows}
    for sides in _sides(rows, splits).values():
        assert TRAIN in sides.values()
        has_one_alone = any(len(people_of[group]) == 1 for group in sides)
        if len(sides) >= 2 and has_one_alone:
            assert TEST in sides.values()


@FEW
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(2, 40), min_size=1), SEED)
def test_each_person_gives_the_share_of_their_own_groups_to_the_test(groups: dict[str, int], seed: int) -> None:
    rows = [(f"{person}{number}", person) for person, count in groups.items() for number in range(count)]
    splits = photo_split([group for group, _ in rows], [person for _, person in rows], 0.3, seed)
    for person, sides in _sides(rows, splits).items():
        tests = sum(side == TEST for side in sides.values())
        assert abs(tests - 0.3 * groups[person]) <= 0.7  # 2 groups: 1 instead of 0.6


@FEW
@given(ROWS, SEED, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[str, str]], seed: int, random: object) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _by_row(rows, seed) == _by_row(shuffled, seed)


def _by_row(rows: list[tuple[str, str]], seed: int) -> dict[tuple[str, str], str]:
    splits = photo_split([group for group, _ in rows], [person for _, person in rows], 0.3, seed)
    return dict(zip(rows, splits, strict=True))


@FEW
@given(st.integers(2, 60), SEED)
def test_one_more_photograph_moves_one_other_at_most(count: int, seed: int) -> None:
    rows = [(f"group{number}", "ada") for number in range(count)]
    before, after = _by_row(rows, seed), _by_row([*rows, ("new", "ada")], seed)
    assert sum(before[row] != after[row] for row in rows) <= 1


def test_another_seed_is_another_split() -> None:
    rows = [(f"group{number}", "ada") for number in range(40)]
    assert _by_row(rows, 0) != _by_row(rows, 1)


def test_a_cut_group_stops_the_build() -> None:
    with pytest.raises(BuildError, match="group g1 would lie on both sides"):
        check_splits(["p1", "p2"], ["g1", "g1"], [TRAIN, TEST])


def test_a_cut_photograph_stops_the_build() -> None:
    with pytest.raises(BuildError, match="photograph p1 would lie on both sides"):
        check_splits(["p1", "p1"], ["g1", "g2"], [TRAIN, TEST])


@FEW
@given(
    st.dictionaries(st.integers(0, 200).map("person{}".format), st.sampled_from(["x", "y", "z", None]), max_size=60),
    st.integers(2, 5),
    SEED,
)
def test_every_subgroup_is_in_every_fold_where_it_has_people_enough(
    subgroup_of: dict[str, str | None], folds: int, seed: int
) -> None:
    fold_of = identity_folds(subgroup_of, folds, seed)
    assert fold_of.keys() == subgroup_of.keys()
    for subgroup in set(subgroup_of.values()):
        sizes = Counter(fold_of[person] for person in subgroup_of if subgroup_of[person] == subgroup)
        assert set(sizes) <= set(range(folds))
        in_each = [sizes[fold] for fold in range(folds)]
        assert max(in_each) - min(in_each) <= 1


PEOPLE = st.dictionaries(
    st.integers(0, 60).map("person{}".format), st.sampled_from(["x", "y", "z", None]), min_size=2, max_size=40
)


@FEW
@given(PEOPLE, st.data(), st.integers(2, 4), SEED)
def test_people_who_share_a_picture_never_cost_a_subgroup_its_place_in_a_fold(
    subgroup_of: dict[str, str | None], data: st.DataObject, folds: int, seed: int
) -> None:
    shared = data.draw(st.lists(st.sets(st.sampled_from(sorted(subgroup_of)), min_size=2, max_size=4), max_size=6))
    fold_of = identity_folds(subgroup_of, folds, seed, shared)
    for subgroup, people in Counter(subgroup_of.values()).items():
        found = {fold_of[name] for name in subgroup_of if subgroup_of[name] == subgroup}
        assert len(found) == folds or people < folds


@FEW
@given(st.integers(12, 40), st.integers(2, 4), SEED)
def test_people_who_share_a_picture_are_in_one_fold_where_there_are_others_to_fill_the_rest(
    people: int, folds: int, seed: int
) -> None:
    subgroup_of = {f"person{number}": "xy"[number % 2] for number in range(people)}
    shared = [{"person0", "person1"}, {"person1", "person2"}, {"person5", "person6"}]
    fold_of = identity_folds(subgroup_of, folds, seed, shared)
    for group in shared:
        assert len({fold_of[name] for name in group}) == 1


def test_where_everybody_shares_one_picture_the_folds_come_first() -> None:
    subgroup_of = {f"person{number}": "x" for number in range(6)}
    fold_of = identity_folds(subgroup_of, 3, 0, [set(subgroup_of)])
    assert Counter(fold_of.values()) == {0: 2, 1: 2, 2: 2}


@FEW
@given(PEOPLE, st.data(), SEED)
def test_the_folds_do_not_depend_on_the_order_of_people_or_groups(
    subgroup_of: dict[str, str | None], data: st.DataObject, seed: int
) -> None:
    shared = data.draw(st.lists(st.sets(st.sampled_from(sorted(subgroup_of)), min_size=2, max_size=3), max_size=5))
    turned = dict(reversed(subgroup_of.items()))
    assert identity_folds(subgroup_of, 3, seed, shared) == identity_folds(turned, 3, seed, shared[::-1])


@pytest.mark.parametrize(
    ("born", "taken", "age"),
    [
        ("1970-06-15", "2010-06-14", 39),
        ("1970-06-15", "2010-06-15", 40),
        ("1970-06-15", "2010-07", 40),
        ("1970-06-15", "2010-06", None),
        ("1970-06-15", "2010", None),
        ("1970", "2010-06-14", None),
        ("1970", "2010-12-31", 40),
        ("1970-01-01", "2010", 40),
        ("1972-02-29", "2011-02-28", 38),
        ("1970-06-15", None, None),
    ],
)
def test_an_age_is_stated_only_where_the_dates_settle_it(born: str, taken: str | None, age: int | None) -> None:
    assert age_at_capture(born, taken) == age
