"""The paper's claims, judged one by one from a run's own answers.

One rule for all: a claim says that one accuracy exceeds another by more than some points. It *holds* for a task where
the 95 % interval of the difference (paired bootstrap over people) lies above those points, *does not hold* where it
lies below, and otherwise nobody can tell. A claim holds if it does for each task, and not if it does not for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.evidence.bootstrap import Interval, Resampled
from training.publication import ATTRIBUTES, MARGINS, TABLE_1, TABLE_2, TASKS

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot tell"
FEWEST = 10
"""People below which a bootstrap over them says nothing: its intervals are too narrow then."""

TEST = (
    "paired bootstrap over people of the difference, 95 % percentile interval; a claim on several tasks holds if it "
    "does for each of them"
)


@dataclass(frozen=True)
class Claim:
    """Row `better` exceeds row `worse` by more than `points` (accuracies, from 0 to 1) for each of `tasks`.

    `is_papers` tells the paper's own claims from those it would have to make to be fair.
    """

    key: str
    text: str
    better: str
    worse: str
    tasks: tuple[str, ...]
    is_papers: bool = True
    points: dict[str, float] | None = None

    def paper(self, task: str) -> float | None:
        """The difference in the paper's tables, None where they do not have both rows."""
        better, worse = _papers(self.better, task), _papers(self.worse, task)
        return None if better is None or worse is None else better - worse


CLAIMS = (
    Claim("own", "A network's own features work: they beat the commonest class", "own", "majority", TASKS),
    Claim("identity", "Identity features beat a task's own features", "from identity", "own", ATTRIBUTES),
    Claim("others", "The other networks' features beat a task's own", "other_three", "own", TASKS),
    Claim("all", "All networks' features together beat a task's own", "all", "own", TASKS),
    Claim(
        "margins",
        "All together beat a task's own by the margins quoted for the paper: 7.2 points (identity), 20.1 (age), "
        "22.2 (race), 21.8 (gender)",
        "all",
        "own",
        TASKS,
        points=MARGINS,
    ),
    Claim("fair identity", "Identity features beat a task's own through the same head", "from identity", "own_head",
          ATTRIBUTES, is_papers=False),
    Claim("fair others", "The other networks' features beat a task's own through the same head", "other_three",
          "own_head", TASKS, is_papers=False),
    Claim("fair all", "All together beat a task's own through the same head", "all", "own_head", TASKS,
          is_papers=False),
    Claim("wide", "All together beat one network of as many features, through the same head", "all", "wide_head", TASKS,
          is_papers=False),
    Claim("joint", "All together beat one joint network of all tasks, through the same head", "all", "joint_head",
          TASKS, is_papers=False),
    Claim("untrained", "All together beat the same heads on untrained networks", "all", "untrained_all", TASKS,
          is_papers=False),
    Claim("held", "With heads that learn on held-out images, all together beat a task's own through the same head",
          "held all", "held own_head", TASKS, is_papers=False),
)  # fmt: skip


def judge(protocol: str, resampled: Resampled[Any], accuracies: Mapping[Any, float]) -> list[dict[str, Any]]:
    """The verdict on each claim that a protocol's rows can speak to; keys are (protocol, row, target)."""
    judged = []
    for claim in CLAIMS:
        tasks: dict[str, dict[str, Any]] = {}
        for task in claim.tasks:
            better, worse = (protocol, claim.better, task), (protocol, claim.worse, task)
            if better in accuracies and worse in accuracies:
                threshold = (claim.points or {}).get(task, 0.0)
                interval, people = resampled.difference(better, worse), resampled.units[better]
                tasks[task] = {
                    "difference": accuracies[better] - accuracies[worse],
                    "by_person": list(interval),
                    "people": people,
                    "points": threshold,
                    "paper": claim.paper(task),
                    "verdict": verdict(interval, threshold, people),
                }
        if tasks:
            judged.append(
                {
                    "claim": claim.key,
                    "text": claim.text,
                    "is_papers": claim.is_papers,
                    "verdict": overall([one["verdict"] for one in tasks.values()]),
                    "tasks": tasks,
                }
            )
    return judged


def verdict(interval: Interval, points: float, people: int) -> str:
    """What the interval of a difference says of the claim that it exceeds `points`."""
    low, high = interval
    if people < FEWEST:
        return UNKNOWN
    return HOLDS if low > points else FAILS if high < points else UNKNOWN


def overall(verdicts: Sequence[str] | Iterable[str]) -> str:
    """What several tasks' verdicts say of a claim on all of them."""
    said = set(verdicts)
    return HOLDS if said == {HOLDS} else FAILS if FAILS in said else UNKNOWN


def _papers(row: str, task: str) -> float | None:
    if row.startswith("from "):
        return TABLE_1.get(row.removeprefix("from "), {}).get(task)
    return TABLE_2.get(row, {}).get(task)
