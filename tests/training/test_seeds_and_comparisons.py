"""What several seeds say together, and runs compared."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from training.evidence.claims import FAILS, HOLDS, UNKNOWN, judge
from training.evidence.measures import Measure
from training.evidence.outcomes import Outcome, over_seeds
from training.publication import TASKS
from training.report.compare import compare, show_comparison
from training.report.lines import averaged


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
    over = {
        "seeds": [0, 1],
        "protocols": {"photo": {"rows": "means", "claims": "all of them"}},
        "gaps": "means, too",
        "ablations": {},
    }
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
