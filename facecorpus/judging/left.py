"""Whose faces the ranking leaves to people: where it does worse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from facecorpus.faces.shares import shares, unequal
from facecorpus.manifest import Identity


@dataclass(frozen=True, slots=True)
class Left:
    """The faces that were ranked, and how many of them a person has to look at."""

    faces: int
    to_people: int
    unequal: str  # how two subgroups differ beyond chance, or empty

    def __str__(self) -> str:
        if not self.faces:
            return ""
        whose = f": {self.unequal}" if self.unequal else ""
        share = f"{self.to_people / self.faces:.0%}"
        return f"Left to a person by the ranking: {self.to_people} of {self.faces} faces ({share}){whose}."


def left_to_people(people: Iterable[Identity], counts: Mapping[str, tuple[int, int]]) -> Left:
    """Sum up the faces of each person, by identity_id, and those of them that the ranking leaves to people."""
    groups = shares(people, counts)
    return Left(groups[0].number, groups[0].counted, unequal(groups)) if groups else Left(0, 0, "")
