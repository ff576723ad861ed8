"""Whom something befalls more often, subgroup by subgroup, with what chance allows: not to be seen by the detector."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from facecorpus.manifest import Identity
from facecorpus.words import Gender, Race

_NORMAL = 1.959964  # standard deviations that hold 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """Photographs or faces of some people, and how many of them are counted, such as those that show no face."""

    name: str
    number: int
    counted: int

    @property
    def share(self) -> float:
        """0..1."""
        return self.counted / self.number

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (E. B. Wilson 1927)."""
        number, square = self.number, _NORMAL**2
        middle = (self.share + square / (2 * number)) / (1 + square / number)
        spread = math.sqrt(self.share * (1 - self.share) / number + square / (4 * number**2))
        half = _NORMAL * spread / (1 + square / number)
        return max(0.0, middle - half), min(1.0, middle + half)


def shares(people: Iterable[Identity], counts: Mapping[str, tuple[int, int]]) -> tuple[Share, ...]:
    """All, each gender, each race and each of both together, where there are any; in the labels' order.

    counts holds, by identity_id, how many there are and how many of them are counted. A photograph that was proposed
    for two people counts for both.
    """
    people = tuple(people)
    named: list[tuple[str, set[Gender | None], set[Race | None]]] = [("all", {*Gender, None}, {*Race, None})]
    named += [(str(gender), {gender}, {*Race, None}) for gender in Gender]
    named += [(_words(race), {*Gender, None}, {race}) for race in Race]
    named += [(f"{gender}, {_words(race)}", {gender}, {race}) for gender in Gender for race in Race]
    found = []
    for name, genders, races in named:
        members = [one for one in people if one.gender in genders and one.race in races]
        theirs = [counts.get(one.identity_id, (0, 0)) for one in members]
        found.append(Share(name, sum(number for number, _ in theirs), sum(counted for _, counted in theirs)))
    return tuple(one for one in found if one.number)


def verdict(groups: Sequence[Share]) -> str:
    """One sentence: whether the subgroup seen worst differs from the one seen best by more than chance."""
    if sum(", " in one.name for one in groups) < 2:
        return "Fewer than two subgroups have photographs: nothing can be compared."
    found = extremes(groups)
    if found is None:
        return "No subgroup is seen worse than another by more than chance allows."
    worst, best = found
    return (
        f"No face was found in {worst.share:.0%} of the photographs of {worst.name} people, and in {best.share:.0%} of"
        f" those of {best.name} people: more than chance allows."
    )


def unequal(groups: Sequence[Share]) -> str:
    """The shares of two subgroups in words, where they differ by more than chance; else empty."""
    found = extremes(groups)
    if found is None:
        return ""
    shares = " and ".join(f"{one.share:.0%} of those of {one.name} people" for one in found)
    return f"{shares}, more than chance allows"


def extremes(groups: Sequence[Share]) -> tuple[Share, Share] | None:
    """The subgroups with the largest and the smallest share, if these differ by more than chance."""
    pairs = [one for one in groups if ", " in one.name]
    if len(pairs) < 2:
        return None
    worst, best = max(pairs, key=lambda one: one.interval[0]), min(pairs, key=lambda one: one.interval[1])
    return (worst, best) if worst.interval[0] > best.interval[1] else None


def _words(race: Race) -> str:
    return str(race).replace("_", " ")
