"""What is said of the figures of one run: intervals, and gaps between protocols."""

from __future__ import annotations

import numpy as np
import pytest

from training.evidence.bootstrap import Answered, Resampled
from training.evidence.gaps import gaps_of, same_people
from training.evidence.measures import Measure
from training.evidence.outcomes import Outcome, of_people
from training.report.findings import gap_sentences


def answered(right: np.ndarray, units: np.ndarray | None = None) -> Answered:  # type: ignore[type-arg]
    return Answered(np.arange(len(right)) if units is None else units, right)


# Bootstrap


def test_independent_images_give_the_interval_of_the_normal_approximation() -> None:
    right = np.arange(1000) % 10 < 7
    low, high = Resampled({"a": answered(right)}).interval("a")
    half = 1.96 * (0.7 * 0.3 / 1000) ** 0.5
    assert low == pytest.approx(0.7 - half, abs=0.004)
    assert high == pytest.approx(0.7 + half, abs=0.004)


def test_ten_images_of_one_person_count_as_one_draw() -> None:
    """100 people who are right in all their images or in none: the interval is that of 100, not of 1,000."""
    people = np.repeat(np.arange(100), 10)
    right = people % 2 == 0
    by_image = np.diff(Resampled({"a": answered(right)}).interval("a"))[0]
    by_person = np.diff(Resampled({"a": answered(right, people)}).interval("a"))[0]
    assert by_person / by_image == pytest.approx(10**0.5, rel=0.1)
    assert by_person == pytest.approx(2 * 1.96 * (0.25 / 100) ** 0.5, rel=0.1)


def test_a_difference_is_paired() -> None:
    """Two rows that err on the same images but for a few: each is uncertain, their difference is not."""
    first = np.arange(400) % 2 == 0
    second = first.copy()
    second[:20] = False  # ten of them were right
    resampled = Resampled({"first": answered(first), "second": answered(second)})
    low, high = resampled.difference("first", "second")
    assert 0 < low < 10 / 400 < high < 0.05
    assert np.diff(resampled.interval("first"))[0] > 2 * (high - low)


def test_a_row_that_is_always_right_has_an_interval_of_no_width() -> None:
    assert Resampled({"a": answered(np.ones(30, dtype=bool))}).interval("a") == (1.0, 1.0)


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    right = np.random.default_rng(0).random(200) < 0.4
    intervals = [Resampled({"a": answered(right)}, seed=seed).interval("a") for seed in (0, 0, 1)]
    assert intervals[0] == intervals[1] != intervals[2]


def test_rows_that_only_some_units_can_answer_keep_their_own_share() -> None:
    few = answered(np.array([True, False] * 20), np.arange(40))
    many = answered(np.ones(400, dtype=bool), np.arange(400))
    resampled = Resampled({"few": few, "many": many})
    assert (resampled.units["few"], resampled.units["many"]) == (40, 400)
    low, high = resampled.interval("few")
    half = 1.96 * (0.25 / 40) ** 0.5
    assert (low, high) == (pytest.approx(0.5 - half, abs=0.03), pytest.approx(0.5 + half, abs=0.03))


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        right = random.random(150) < 0.7
        low, high = Resampled({"a": answered(right)}, resamples=400, seed=seed).interval("a")
        covered += low <= 0.7 <= high
    assert 0.90 <= covered / 200 <= 0.99


# Gaps


def test_a_gap_is_the_difference_of_two_protocols_over_the_same_people() -> None:
    people = np.repeat(np.arange(40), 10)
    photo = same_people("photo", "identity")
    made = {
        ("paper", "own", "gender"): Answered(people, np.tile(np.arange(10) < 9, 40)),
        ("photo", "own", "gender"): Answered(people, np.tile(np.arange(10) < 7, 40)),
        ("photo", "own", "identity"): Answered(people, np.tile(np.arange(10) < 5, 40)),
        (photo, "own", "gender"): Answered(people, np.tile(np.arange(10) < 7, 40)),
        ("identity", "own", "gender"): Answered(people, np.repeat(np.arange(40) < 20, 10)),
    }
    accuracies = {key: float(one.right.mean()) for key, one in made.items()}
    gaps = gaps_of(["photo", "paper", "identity"], accuracies, Resampled(made))
    leak = gaps["leakage"]["rows"]["own"]
    assert leak["gender"]["difference"] == pytest.approx(0.2)
    assert leak["gender"]["by_person"] == pytest.approx([0.2, 0.2])  # everybody alike
    known = gaps["knowing the person"]["rows"]["own"]
    assert set(known) == {"gender"}  # nobody can be named in protocol identity
    assert known["gender"]["difference"] == pytest.approx(0.2)
    assert known["gender"]["people"] == 40
    low, high = known["gender"]["by_person"]
    assert low < 0.1  # half of the people are always right, half never
    assert high > 0.3
    assert "knowing the person" not in gaps_of(["photo", "paper"], accuracies, Resampled(made))


def test_of_the_easier_protocol_only_the_people_of_the_harder_one_are_compared() -> None:
    """Photo tests 40 people, all wrong about the first ten; the one round of identity tests only the other thirty."""

    def measure(people: range, wrong: range) -> Measure:
        faces = np.array(people)
        return Measure(faces, 0 * faces, 0 * faces, np.isin(faces, wrong).astype(np.int64))

    key, other = ("own", "gender"), ("own", "identity")
    easier = {key: measure(range(40), range(10)), other: measure(range(40), range(0))}
    harder = {key: measure(range(10, 40), range(10, 25))}
    found = of_people(easier, harder, np.arange(40))
    assert set(found) == {key}
    assert found[key].faces.tolist() == list(range(10, 40))
    assert found[key].right.mean() == 1.0
    outcome = Outcome(
        {"photo": easier, "identity": harder, same_people("photo", "identity"): found}, *[np.arange(40)] * 2
    )
    gaps = gaps_of(["photo", "identity"], outcome.accuracies, outcome.drawn(0).people)
    gap = gaps["knowing the person"]["rows"]["own"]["gender"]
    assert (gap["difference"], gap["photo"], gap["people"]) == (0.5, 1.0, 30)


@pytest.mark.parametrize(("high", "is_explained"), [(0.01, False), (-0.01, True)])
def test_leakage_that_seems_to_do_harm_is_explained(high: float, is_explained: bool) -> None:
    cells = {"race": {"difference": high - 0.02, "by_person": [high - 0.04, high]}}
    (said,) = gap_sentences({"gaps": {"leakage": {"rows": {"own": cells}}}})
    assert ("augmented test images are harder" in said) == is_explained
