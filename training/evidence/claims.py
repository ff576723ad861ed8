"""The paper's claims, judged one by one from a run's own answers.

One rule for all: a claim says that one accuracy exceeds another. For a task it *holds* where the difference is above 0
by the paired bootstrap over people, *does not hold* where it is below, and otherwise nobody can tell. A claim's tasks
are tested together, with Holm's correction (1979, Scandinavian Journal of Statistics 6): the chance that one of them is
wrong is one in twenty at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evidence.bootstrap import LEVEL, Resampled, interval_of, p_of
from training.publication import ATTRIBUTES, TABLE_1, TABLE_2, TASKS, placebo_of

HOLDS, FAILS, UNKNOWN, MIXED = "holds", "does not hold", "cannot tell", "differs by task"
FEWEST = 10
"""People below which a bootstrap over them says nothing: its intervals are too narrow then."""

TEST = (
    "paired bootstrap over people of the difference, two-sided at 5 %, with Holm's correction over the tasks of a claim"
)


@dataclass(frozen=True)
class Claim:
    """Row `better` exceeds row `worse` for each of `tasks`; `name` is what the claim is called, if anything.

    With {other} in a row the claim is made of each other task's features, with {any} of each task's; then it holds for
    a task if it does for all of them. With `beyond_placebo` it says that the rows differ by more than they do for
    labels that mean nothing. `is_papers` tells the paper's own claims from those it would have to make to be fair.
    """

    key: str
    text: str
    better: str
    worse: str
    tasks: tuple[str, ...]
    is_papers: bool = True
    name: str = ""
    beyond_placebo: bool = False

    def pairs(self, task: str) -> dict[str, tuple[str, str]]:
        """The rows that are compared, by the task whose features they are of ("" where there is one pair alone)."""
        rows = self.better + self.worse
        sources = [""] if "{" not in rows else [one for one in TASKS if "{any}" in rows or one != task]
        return {one: (_of(self.better, one), _of(self.worse, one)) for one in sources}

    def paper(self, task: str) -> float | None:
        """The least difference in the paper's tables, None where they do not have the rows."""
        found = [(_papers(better, task), _papers(worse, task)) for better, worse in self.pairs(task).values()]
        differences = [better - worse for better, worse in found if better is not None and worse is not None]
        return min(differences) if len(differences) == len(found) and not self.beyond_placebo else None


CLAIMS = (
    Claim("own", "A network's own features work: they beat the commonest class", "own", "majority", TASKS),
    Claim("H1", "Features of one task can be used for another: they are above guessing", "from {other}", "majority",
          TASKS, name="H1"),
    Claim("H1 matched", "… and above the features of an untrained network of the same width", "from {other}",
          "untrained from {other}", TASKS, is_papers=False, name="H1, fair"),
    Claim("H2", "Features of a task with more classes beat a task's own: identity's do", "from identity", "own",
          ATTRIBUTES, name="H2"),
    Claim("H3", "Fusion of all features beats the best single ones", "all", "from {any}", TASKS, name="H3"),
    Claim("all", "All networks' features together beat a task's own", "all", "own", TASKS),
    Claim("others", "The other networks' features beat a task's own", "other_three", "own", ATTRIBUTES),
    Claim("insight", "More sub-groups help: features of the 24 subgroups beat a task's own through the same head",
          "from subgroup", "own_head", ATTRIBUTES, name="Insight"),
    Claim("placebo all", "All together gain more over own than they do for labels that mean nothing", "all", "own",
          ATTRIBUTES, is_papers=False, name="Placebo", beyond_placebo=True),
    Claim("placebo identity", "Identity features gain more over own than they do for labels that mean nothing",
          "from identity", "own", ATTRIBUTES, is_papers=False, name="Placebo", beyond_placebo=True),
    Claim("fair identity", "Identity features beat a task's own through the same head", "from identity", "own_head",
          ATTRIBUTES, is_papers=False),
    Claim("fair others", "The other networks' features beat a task's own through the same head", "other_three",
          "own_head", ATTRIBUTES, is_papers=False),
    Claim("fair all", "All together beat a task's own through the same head", "all", "own_head", TASKS,
          is_papers=False),
    Claim("standardised", "… with standardised features", "standardised all", "standardised own_head", TASKS,
          is_papers=False),
    Claim("wide", "All together beat one network of as many features, through the same head", "all", "wide_head", TASKS,
          is_papers=False),
    Claim("joint", "All together beat one joint network of all tasks, through the same head", "all", "joint_head",
          TASKS, is_papers=False),
    Claim("baseline", "All together beat one residual network of all tasks", "all", "residual", TASKS, is_papers=False),
    Claim("untrained", "All together beat the same heads on untrained networks", "all", "untrained all", TASKS,
          is_papers=False),
    Claim("held", "With heads that learn on held-out images, all together beat a task's own through the same head",
          "held all", "held own_head", TASKS, is_papers=False),
)  # fmt: skip

MARGIN_TEXT = "All together beat a task's own by as much as in the publication's Table 2"


def judge(protocol: str, resampled: Resampled[Any], accuracies: Mapping[Any, float]) -> list[dict[str, Any]]:
    """The verdict on each claim that a protocol's rows can speak to; keys are (protocol, row, target)."""
    judged = []
    for claim in CLAIMS:
        tasks = {task: _compared(claim, task, protocol, resampled, accuracies) for task in claim.tasks}
        found = {task: one for task, one in tasks.items() if one is not None}
        if not found:
            continue
        _decide(found)
        judged.append(_whole(claim.key, claim.name, claim.text, claim.is_papers, found))
        if claim.key == "all":
            margins = {task: _margin(protocol, task, found[task], resampled, accuracies) for task in found}
            for one, p in zip(margins.values(), holm([one["p"] for one in margins.values()]), strict=True):
                one["p_holm"] = p
                _judge_margin(one)
            judged.append(_whole("margins", "", MARGIN_TEXT, True, margins))
    return judged


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's corrected p-values of tests made together, in their order."""
    order = np.argsort(ps, kind="stable")
    raised = np.maximum.accumulate(np.asarray(ps)[order] * np.arange(len(ps), 0, -1))
    corrected = np.empty(len(ps))
    corrected[order] = np.minimum(raised, 1.0)
    return [float(p) for p in corrected]


def overall(verdicts: Sequence[str]) -> str:
    """What several tasks' verdicts say together: the one that all have, or that they differ."""
    said = set(verdicts)
    return said.pop() if len(said) == 1 else MIXED if said else UNKNOWN


def _compared(
    claim: Claim, task: str, protocol: str, resampled: Resampled[Any], accuracies: Mapping[Any, float]
) -> dict[str, Any] | None:
    """The comparison of a claim for a task: that of its sources which is least in favour; None where a row lacks."""
    sides: dict[str, tuple[float, NDArray[np.float64]]] = {}
    for source, (better, worse) in claim.pairs(task).items():
        signs = {(protocol, better, task): 1, (protocol, worse, task): -1}
        if claim.beyond_placebo:
            meaningless = placebo_of(task)
            signs |= {(protocol, better, meaningless): -1, (protocol, worse, meaningless): 1}
        if all(key in accuracies for key in signs):
            difference = sum(sign * accuracies[key] for key, sign in signs.items())
            sides[source] = (difference, resampled.sum(signs))
    if not sides:
        return None
    tests = {source: p_of(draws) for source, (_, draws) in sides.items()}
    weakest = min(sides, key=lambda source: sides[source][0])
    difference, draws = sides[weakest]
    # Above for all sources needs each of them; below for one is looked for among several.
    negative = [p for source, p in tests.items() if sides[source][0] < 0]
    p = min(1.0, len(sides) * min(negative)) if negative else max(tests.values())
    return {
        "difference": difference,
        "by_person": list(interval_of(draws)),
        "people": resampled.units[protocol, claim.pairs(task)[weakest][0], task],
        "source": weakest,
        "p": p,
        "paper": claim.paper(task),
    }


def _decide(tasks: dict[str, dict[str, Any]]) -> None:
    """Add Holm's p-values and the verdict that follows."""
    for one, p in zip(tasks.values(), holm([one["p"] for one in tasks.values()]), strict=True):
        one["p_holm"] = p
        told = p < 1 - LEVEL and one["people"] >= FEWEST
        one["verdict"] = UNKNOWN if not told else HOLDS if one["difference"] > 0 else FAILS


def _margin(
    protocol: str, task: str, gain: dict[str, Any], resampled: Resampled[Any], accuracies: Mapping[Any, float]
) -> dict[str, Any]:
    """How the gain of all over own stands to the paper's, in points and as the share of the errors that it removes."""
    own, everything = (protocol, "own", task), (protocol, "all", task)
    points = TABLE_2["all"][task] - TABLE_2["own"][task]
    draws = resampled.sum({everything: 1, own: -1})
    wrong = 1 - resampled.sum({own: 1})
    shares = np.divide(draws, wrong, out=np.full_like(draws, np.nan), where=wrong > 0)
    errors = 1 - accuracies[own]
    return {
        **{key: gain[key] for key in ("difference", "by_person", "people", "source", "paper")},
        "points": points,
        "gain": gain["verdict"],
        "p": p_of(draws - points),
        "possible": accuracies[own] + points <= 1,
        "error_reduction": gain["difference"] / errors if errors > 0 else None,
        "error_reduction_by_person": list(interval_of(shares)) if np.isfinite(shares).any() else None,
        "paper_error_reduction": points / (1 - TABLE_2["own"][task]),
    }


def _judge_margin(one: dict[str, Any]) -> None:
    """A margin does not hold where the gain is told to be smaller; it holds where there is a gain, not told smaller.

    So an exact replication holds: the paper's effect lies in its interval (Open Science Collaboration 2015, Science
    349). Where own + margin is above 100 % nothing can be judged.
    """
    smaller = one["p_holm"] < 1 - LEVEL and one["difference"] < one["points"] and one["people"] >= FEWEST
    judged = FAILS if smaller else HOLDS if one["gain"] == HOLDS else UNKNOWN
    one["verdict"] = judged if one["possible"] else UNKNOWN


def _whole(key: str, name: str, text: str, is_papers: bool, tasks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    judged = [one["verdict"] for one in tasks.values() if one.get("possible", True)]
    return {
        "claim": key,
        "name": name,
        "text": text,
        "is_papers": is_papers,
        "verdict": overall(judged),
        "tasks": tasks,
    }


def _of(row: str, source: str) -> str:
    return row.replace("{other}", source).replace("{any}", source)


def _papers(row: str, task: str) -> float | None:
    if row.startswith("from "):
        return TABLE_1.get(row.removeprefix("from "), {}).get(task)
    return TABLE_2.get(row, {}).get(task)
