"""The paper's claims, judged by name: which rows they compare, how tests made together are corrected, and margins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from training.evidence.bootstrap import Answered, Resampled, p_of
from training.evidence.claims import CLAIMS, FAILS, HOLDS, MIXED, UNKNOWN, holm, judge, overall
from training.publication import ATTRIBUTES, TABLE_1, TABLE_2, TASKS

PEOPLE, IMAGES = 60, 1000


def judged(
    accuracies: dict[tuple[str, str], float], people: int = PEOPLE, spread: float = 0.0
) -> dict[str, dict[str, Any]]:
    """The verdicts on rows (row, target) of given accuracies; people differ in each row by themselves by `spread`."""
    random = np.random.default_rng(0)
    made = {}
    for (row, target), accuracy in accuracies.items():
        shares = accuracy + spread * (random.permutation(people) / (people - 1) - 0.5)
        hits = np.round(IMAGES * shares)[:, None] > np.arange(IMAGES)
        made["photo", row, target] = Answered(np.repeat(np.arange(people), IMAGES), hits.ravel())
    found = judge("photo", Resampled(made), {key: float(one.right.mean()) for key, one in made.items()})
    return {one["claim"]: one for one in found}


def of_gender(**rows: float) -> dict[tuple[str, str], float]:
    return {(row.replace("_", " ") if row.startswith("from") else row, "gender"): share for row, share in rows.items()}


# Tests made together


def test_holm_raises_the_smallest_most_and_keeps_the_order() -> None:
    """The example of Holm's procedure by hand: 0.01 × 4, 0.02 × 3, then never less than before."""
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_holm_is_wrong_about_one_of_many_true_nothings_as_seldom_as_it_says() -> None:
    random = np.random.default_rng(0)
    wrong = sum(min(holm(list(random.random(4)))) < 0.05 for _ in range(4000))
    assert wrong / 4000 == pytest.approx(0.05, abs=0.012)


def test_p_values_say_the_same_as_the_interval() -> None:
    draws = np.linspace(-0.1, 0.9, 2000)  # a tenth of it below 0
    assert p_of(draws) == pytest.approx(0.2, abs=0.01)
    assert p_of(-draws) == pytest.approx(0.2, abs=0.01)
    assert 0 < p_of(np.full(2000, 0.1)) < 0.002
    assert p_of(np.zeros(2000)) == 1.0


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([FAILS, FAILS], FAILS),
        ([UNKNOWN], UNKNOWN),
        ([HOLDS, FAILS], MIXED),
        ([HOLDS, UNKNOWN], MIXED),
        ([], UNKNOWN),
    ],
)
def test_no_verdict_on_all_tasks_stands_over_one_that_says_otherwise(verdicts: list[str], expected: str) -> None:
    assert overall(verdicts) == expected


def test_each_task_has_its_own_verdict() -> None:
    better = {("own", task): 0.6 for task in ATTRIBUTES} | {("all", task): 0.7 for task in ATTRIBUTES}
    claim = judged(better | {("all", "race"): 0.5})["all"]
    assert {task: one["verdict"] for task, one in claim["tasks"].items()} == {
        "age_group": HOLDS,
        "race": FAILS,
        "gender": HOLDS,
    }
    assert claim["verdict"] == MIXED


def test_what_holds_alone_may_not_hold_among_four() -> None:
    """Three tasks that say nothing beside one that is just significant: corrected, nobody can tell."""
    spread = 0.53
    alone = judged({("all", "race"): 0.56, ("own", "race"): 0.5}, spread=spread)["all"]["tasks"]["race"]
    assert 0.0125 < alone["p"] < 0.05
    assert alone["verdict"] == HOLDS
    others = {(row, task): 0.5 for row in ("own", "all") for task in ("identity", "age_group", "gender")}
    among = judged({("all", "race"): 0.56, ("own", "race"): 0.5} | others, spread=spread)["all"]["tasks"]["race"]
    assert among["p_holm"] > among["p"]
    assert among["verdict"] == UNKNOWN


def test_of_nine_people_nothing_is_told() -> None:
    assert judged(of_gender(own=0.6, all=0.9), people=9)["all"]["verdict"] == UNKNOWN
    assert judged(of_gender(own=0.6, all=0.9), people=10)["all"]["verdict"] == HOLDS


# Which rows


def test_the_other_three_are_claimed_to_beat_own_for_the_attributes_alone() -> None:
    """The paper's Table 2 has 45.3 for identity, less than its own 60.2."""
    rows = {(row, task): share for task in TASKS for row, share in (("own", 0.6), ("other_three", 0.5))}
    assert set(judged(rows)["others"]["tasks"]) == set(ATTRIBUTES)


def test_h1_is_about_every_other_tasks_features_and_told_by_the_worst() -> None:
    rows = of_gender(majority=0.5, from_identity=0.9, from_age_group=0.7, from_race=0.45)
    claims = judged(rows)
    found = claims["H1"]["tasks"]["gender"]
    assert (claims["H1"]["name"], found["verdict"], found["source"]) == ("H1", FAILS, "race")
    assert found["difference"] == pytest.approx(-0.05)
    assert judged(rows | of_gender(from_race=0.6))["H1"]["verdict"] == HOLDS


def test_h1_has_an_untrained_network_of_the_sources_width_to_beat() -> None:
    rows = of_gender(majority=0.5, from_identity=0.9, from_race=0.7)
    rows |= {("untrained from identity", "gender"): 0.6, ("untrained from race", "gender"): 0.8}
    found = judged(rows)["H1 matched"]["tasks"]["gender"]
    assert (found["verdict"], found["source"]) == (FAILS, "race")
    assert found["difference"] == pytest.approx(-0.1)


def test_h3_asks_for_more_than_the_best_single_feature_not_only_ones_own() -> None:
    rows = of_gender(own=0.6, all=0.8, from_identity=0.85, from_gender=0.6)
    claims = judged(rows)
    assert claims["all"]["verdict"] == HOLDS
    assert claims["H3"]["tasks"]["gender"]["source"] == "identity"
    assert claims["H3"]["verdict"] == FAILS


def test_more_subgroups_are_compared_through_the_same_head() -> None:
    rows = of_gender(own=0.5, own_head=0.7, from_subgroup=0.6)
    assert judged(rows)["insight"]["verdict"] == FAILS


def test_a_gain_over_the_placebo_is_what_meaningless_labels_do_not_gain() -> None:
    rows = of_gender(own=0.6, all=0.75) | {("own", "placebo-gender"): 0.5, ("all", "placebo-gender"): 0.6}
    found = judged(rows)["placebo all"]
    assert found["tasks"]["gender"]["difference"] == pytest.approx(0.05)
    assert found["verdict"] == HOLDS
    assert judged(rows | {("all", "placebo-gender"): 0.7})["placebo all"]["verdict"] == FAILS


def test_the_papers_claims_have_the_papers_differences() -> None:
    by_key = {claim.key: claim for claim in CLAIMS}
    assert by_key["H2"].paper("age_group") == pytest.approx(0.141)
    assert by_key["H3"].paper("age_group") == pytest.approx(0.06)
    assert by_key["others"].paper("race") == pytest.approx(0.192)
    assert by_key["fair all"].paper("race") is None
    assert by_key["placebo all"].paper("race") is None


# Margins


def papers(row: str, task: str) -> float:
    return TABLE_2[row][task]


def test_an_exact_replication_of_the_paper_holds_in_every_claim_that_it_speaks_to() -> None:
    rows = {(row, task): papers(row, task) for row in TABLE_2 for task in TASKS}
    rows |= {(f"from {source}", task): TABLE_1[source][task] for source in TASKS for task in TASKS}
    rows |= {("majority", task): 0.2 for task in TASKS}
    claims = judged(rows, spread=0.05)
    assert {key: one["verdict"] for key, one in claims.items() if one["is_papers"]} == dict.fromkeys(
        ("own", "H1", "H2", "H3", "all", "others", "margins"), HOLDS
    )
    margin = claims["margins"]["tasks"]["age_group"]
    assert margin["error_reduction"] == pytest.approx(0.201 / 0.309, abs=1e-3)
    assert margin["paper_error_reduction"] == pytest.approx(0.201 / 0.309)


def test_a_smaller_gain_than_the_papers_does_not_hold() -> None:
    margins = judged(of_gender(own=0.6, all=0.65), spread=0.02)["margins"]
    assert margins["verdict"] == FAILS
    assert margins["tasks"]["gender"]["points"] == pytest.approx(0.118)
    assert margins["tasks"]["gender"]["error_reduction"] == pytest.approx(0.125)


def test_a_margin_above_a_hundred_per_cent_is_not_judged_but_its_share_of_the_errors_is_told() -> None:
    margins = judged({("own", "race"): 0.9, ("all", "race"): 0.95, **of_gender(own=0.6, all=0.9)}, spread=0.02)
    race = margins["margins"]["tasks"]["race"]
    assert not race["possible"]  # 90 + 22.2 points
    assert race["verdict"] == UNKNOWN
    assert race["error_reduction"] == pytest.approx(0.5)
    assert margins["margins"]["verdict"] == HOLDS  # by gender alone, which can be judged


def test_networks_without_any_error_have_no_share_of_it_to_lose() -> None:
    found = judged(of_gender(own=1.0, all=1.0))["margins"]["tasks"]["gender"]
    assert found["error_reduction"] is None
    assert found["error_reduction_by_person"] is None
