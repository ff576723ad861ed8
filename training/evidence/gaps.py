"""What the easier protocols are worth: the same rows under two protocols, and the difference of their accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.evidence.bootstrap import Resampled

Results = dict[str, Any]
Key = tuple[str, str, str]  # protocol, row, target


@dataclass(frozen=True)
class Gap:
    """The accuracy of a row under protocol `easier` less that of a row under `harder`.

    With `same_people` only of the people whom `harder` tests: it may test a part of them.
    """

    name: str
    easier: str
    harder: str
    rows: tuple[tuple[str, str], ...]
    same_people: bool = False

    @property
    def first(self) -> str:
        """Under which name the measures of `easier` are found."""
        return same_people(self.easier, self.harder) if self.same_people else self.easier


def same_people(easier: str, harder: str) -> str:
    """The name of protocol `easier`'s measures of those people alone whom `harder` tests."""
    return f"{easier}, people of {harder}"


_ROWS = (("own", "own"), ("from identity", "from identity"), ("other_three", "other_three"), ("all", "all"))

GAPS = (
    Gap("leakage", "paper", "photo", _ROWS),
    Gap("leakage, untouched", "paper", "photo", (("own, untouched", "own"),)),
    Gap("knowing the person", "photo", "identity", _ROWS, same_people=True),
)


def gaps_of(protocols: Sequence[str], accuracies: Mapping[Key, float], people: Resampled[Key]) -> Results:
    """Each gap that the protocols of a run allow, by row and target, with its interval.

    The test images differ between two protocols but the people are the same: the intervals are of the difference over
    the same draws of people, of whom there are `people`.
    """
    made: Results = {}
    for gap in GAPS:
        if not {gap.easier, gap.harder} <= set(protocols):
            continue
        rows: Results = {}
        for row, other in gap.rows:
            for target in [target for name, found, target in accuracies if (name, found) == (gap.first, row)]:
                first, second = (gap.first, row, target), (gap.harder, other, target)
                if second in accuracies:
                    rows.setdefault(row, {})[target] = {
                        "difference": accuracies[first] - accuracies[second],
                        "by_person": list(people.difference(first, second)),
                        "people": people.units[first],
                        gap.easier: accuracies[first],
                        gap.harder: accuracies[second],
                    }
        made[gap.name] = {"easier": gap.easier, "harder": gap.harder, "rows": rows}
    return made
