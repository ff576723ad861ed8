"""What is said of the figures: intervals, verdicts, gaps, and runs compared."""

from __future__ import annotations

from io import StringIO
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from training.evidence.bootstrap import Answered, Resampled
from training.evidence.claims import CLAIMS, FAILS, HOLDS, UNKNOWN, judge, overall, verdict
from training.evidence.gaps import gaps_of
from training.evidence.measures import Measure
from training.evidence.outcomes import Outcome, over_seeds
from training.publication import TABLE_2, TASKS
from training.report.compare import compare, show_comparison
from training.report.findings import gap_sentences
from training.report.lines import averaged


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


# Claims


@pytest.mark.parametrize(
    ("interval", "points", "people", "expected"),
    [
        ((0.01, 0.20), 0.0, 77, HOLDS),
        ((-0.20, -0.01), 0.0, 77, FAILS),
        ((-0.01, 0.20), 0.0, 77, UNKNOWN),
        ((0.0, 0.0), 0.0, 77, UNKNOWN),
        ((0.01, 0.05), 0.072, 77, FAILS),
        ((0.05, 0.10), 0.072, 77, UNKNOWN),
        ((0.08, 0.10), 0.072, 77, HOLDS),
        ((0.30, 0.50), 0.0, 9, UNKNOWN),
    ],
)
def test_the_interval_decides(interval: tuple[float, float], points: float, people: int, expected: str) -> None:
    assert verdict(interval, points, people) == expected


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [([HOLDS, HOLDS], HOLDS), ([HOLDS, UNKNOWN], UNKNOWN), ([HOLDS, FAILS], FAILS), ([UNKNOWN, FAILS], FAILS)],
)
def test_a_claim_on_several_tasks_needs_all_of_them(verdicts: list[str], expected: str) -> None:
    assert overall(verdicts) == expected


def test_the_papers_claims_have_the_papers_differences() -> None:
    by_key = {claim.key: claim for claim in CLAIMS}
    assert by_key["identity"].paper("age_group") == pytest.approx(0.141)
    assert by_key["others"].paper("identity") == pytest.approx(-0.149)
    margins = {task: by_key["margins"].paper(task) for task in TASKS}
    assert margins == pytest.approx({"identity": 0.072, "age_group": 0.201, "race": 0.222, "gender": 0.118})
    assert by_key["fair all"].paper("race") is None


def rows_of(**accuracies: float) -> tuple[Resampled[Any], dict[Any, float]]:
    """60 people of 20 images each, with rows of the given accuracies on task gender; every person errs alike."""
    made = {}
    for row, accuracy in accuracies.items():
        right = np.tile(np.arange(20) < round(20 * accuracy), 60)
        made["photo", row, "gender"] = Answered(np.repeat(np.arange(60), 20), right)
    return Resampled(made), {key: float(one.right.mean()) for key, one in made.items()}


def test_claims_are_judged_by_the_rows_they_name() -> None:
    resampled, accuracies = rows_of(own=0.8, majority=0.5, other_three=0.6, all=0.9, own_head=0.95)
    judged = {one["claim"]: one for one in judge("photo", resampled, accuracies)}
    assert {key: one["verdict"] for key, one in judged.items()} == {
        "own": HOLDS,
        "others": FAILS,
        "all": HOLDS,
        "margins": FAILS,  # 10 points, 21.8 are claimed
        "fair others": FAILS,
        "fair all": FAILS,
    }
    assert judged["all"]["tasks"]["gender"]["difference"] == pytest.approx(0.1)
    assert judged["all"]["tasks"]["gender"]["people"] == 60
    assert judged["all"]["is_papers"]
    assert not judged["fair all"]["is_papers"]


# Gaps


def test_a_gap_is_the_difference_of_two_protocols_over_the_same_people() -> None:
    people = np.repeat(np.arange(40), 10)
    made = {
        ("paper", "own", "gender"): Answered(people, np.tile(np.arange(10) < 9, 40)),
        ("photo", "own", "gender"): Answered(people, np.tile(np.arange(10) < 7, 40)),
        ("photo", "own", "identity"): Answered(people, np.tile(np.arange(10) < 5, 40)),
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
    low, high = known["gender"]["by_person"]
    assert low < 0.1  # half of the people are always right, half never
    assert high > 0.3
    assert "knowing the person" not in gaps_of(["photo", "paper"], accuracies, Resampled(made))


@pytest.mark.parametrize(("high", "is_explained"), [(0.01, False), (-0.01, True)])
def test_leakage_that_seems_to_do_harm_is_explained(high: float, is_explained: bool) -> None:
    cells = {"race": {"difference": high - 0.02, "by_person": [high - 0.04, high]}}
    (said,) = gap_sentences({"gaps": {"leakage": {"rows": {"own": cells}}}})
    assert ("augmented test images are harder" in said) == is_explained


# Seeds and comparisons


def run_of(seed: int = 0, own: float = 0.8, width: float = 0.05, **preset: Any) -> dict[str, Any]:
    """The results of a run, as far as they are compared."""
    cells = {task: {"accuracy": own, "by_person": [own - width, own + width], "by_group": [own, own]} for task in TASKS}
    claims = [{"text": "own features work", "verdict": HOLDS if own > 0.5 else FAILS, "is_papers": True}]
    return {
        "protocols": {"photo": {"rows": {"own": cells}, "claims": claims}},
        "seed": seed,
        "shards": {"sha256": "a" * 64},
        "counts": {"faces": 10, "photographs": 10, "people": 5},
        "device": "cpu",
        "dtype": {"name": "float32"},
        "preset": {"batch": 200, **preset},
        "versions": {"torch": "2"},
    }


def outcome_of(**accuracies: float) -> Outcome:
    """What a seed answered on 60 people of 20 images each, by row of task gender."""
    people = np.repeat(np.arange(60), 20)
    faces, wrong = np.arange(len(people)), np.tile(np.arange(20), 60)
    labels = np.zeros(len(people), dtype=np.int64)
    measures = {
        (row, "gender"): Measure(faces, 0 * faces, labels, (wrong >= round(20 * accuracy)).astype(np.int64))
        for row, accuracy in accuracies.items()
    }
    return Outcome({"photo": measures}, faces, people)


def seeds_of(*own: float, everything: float = 0.85) -> dict[str, Any]:
    """What seeds of these own accuracies say together, where all networks together are always as good."""
    outcomes = [outcome_of(own=one, all=everything) for one in own]
    runs = []
    for seed, outcome in enumerate(outcomes):
        drawn = outcome.drawn(seed)
        claims = judge("photo", drawn.people, drawn.accuracies)
        runs.append({"seed": seed, "protocols": {"photo": {"rows": drawn.rows("photo"), "claims": claims}}})
    return over_seeds(runs, outcomes)


def test_seeds_have_a_mean_and_the_deviation_of_a_sample() -> None:
    spread = seeds_of(0.7, 0.8, 0.9)
    assert spread["seeds"] == [0, 1, 2]
    cell = spread["protocols"]["photo"]["rows"]["own"]["gender"]
    assert cell["accuracy"] == pytest.approx(0.8)
    assert cell["deviation"] == pytest.approx(0.1)
    assert (cell["lowest"], cell["highest"]) == (0.7, 0.9)
    assert (cell["images"], cell["people"]) == (1200, 60)


def test_intervals_over_seeds_are_as_wide_as_seeds_differ() -> None:
    """No person differs from another here, so all of the interval is the seeds'."""
    alike, apart = (
        seeds_of(*own)["protocols"]["photo"]["rows"]["own"]["gender"] for own in ([0.8] * 3, [0.7, 0.8, 0.9])
    )
    assert alike["by_person"] == pytest.approx([0.8, 0.8])
    assert apart["by_person"] == pytest.approx([0.7, 0.9], abs=0.04)


def test_a_claim_that_one_seed_alone_contradicts_cannot_be_told_over_all() -> None:
    claim = next(one for one in seeds_of(0.7, 0.8, 0.9)["protocols"]["photo"]["claims"] if one["claim"] == "all")
    assert claim["by_seed"] == [HOLDS, HOLDS, FAILS]
    assert claim["verdict"] == UNKNOWN
    assert claim["tasks"]["gender"]["difference"] == pytest.approx(0.05)
    claim = next(one for one in seeds_of(0.7, 0.75, 0.8)["protocols"]["photo"]["claims"] if one["claim"] == "all")
    assert claim["verdict"] == HOLDS


def test_what_is_shown_of_several_seeds_is_their_mean_and_of_one_seed_its_own() -> None:
    one = run_of(own=0.7)
    assert averaged(one) is one
    over = {"seeds": [0, 1], "protocols": {"photo": {"rows": "means", "claims": "all of them"}}, "gaps": "means, too"}
    shown = averaged(one | {"over_seeds": over, "gaps": {}})
    assert shown["protocols"]["photo"] == {"rows": "means", "claims": "all of them"}
    assert shown["gaps"] == "means, too"


def test_a_comparison_names_what_was_made_differently_and_what_came_out() -> None:
    found = compare(("first", "second"), [run_of(own=0.8), run_of(own=0.4, seed=1, batch=64)])
    assert [setting.name for setting in found.settings] == ["seed", "batch"]
    assert found.settings[1].values == ("200", "64")
    line = found.lines[0]
    assert line.differences == (0.0, pytest.approx(-0.4))
    assert line.is_apart == (False, True)
    assert found.verdicts[0].verdicts == (HOLDS, FAILS)
    screen = Console(file=StringIO(), width=120)
    show_comparison(found, screen)
    said = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "40.0 (−40.0*)" in said
    assert "first: holds, second: does not hold" in said


def test_overlapping_intervals_are_not_called_apart_and_missing_rows_are_dashes() -> None:
    other = run_of(own=0.78)
    del other["protocols"]["photo"]["rows"]["own"]["gender"]
    found = compare(("first", "second"), [run_of(own=0.8), other])
    by_target = {line.target: line for line in found.lines}
    assert by_target["race"].is_apart == (False, False)
    assert by_target["gender"].accuracies == (0.8, None)
    assert by_target["gender"].differences == (0.0, None)


def test_the_papers_own_order_is_what_its_table_says() -> None:
    for task in TASKS:
        values = [TABLE_2[row][task] for row in ("own", "all")]
        assert all(first < second for first, second in pairwise(values))
