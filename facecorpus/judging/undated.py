"""Photographs that do not say when they were taken: they may be from before a person was of age."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facecorpus.manifest import Identity
from facecorpus.records import SubjectFace
from facecorpus.words import shortened

_NAMED = 5  # people, in a sentence


@dataclass(frozen=True, slots=True)
class Undated:
    """A person of whom nobody has looked at some undated photographs yet."""

    name: str
    born: int | None  # None: not stated
    photographs: int

    def __str__(self) -> str:
        born = f"born {self.born}" if self.born else "birth date not stated"
        return f"{self.name} ({born}: {self.photographs})"


def undated(person: Identity, subjects: Iterable[SubjectFace]) -> list[Undated]:
    """The person, where some of their faces are in such photographs; of dated_only people none is built anyway."""
    found = {one.face.photo_sha256 for one in subjects if one.kept and one.verdict is None and not one.taken_on}
    return [Undated(person.name, person.birth_year, len(found))] if found and not person.dated_only else []


def youngest_first(people: Iterable[Undated]) -> tuple[Undated, ...]:
    """In the order in which they are named."""
    return tuple(sorted(people, key=lambda one: (-(one.born or 0), one.name)))


def said_of_undated(people: Sequence[Undated], of_age: int) -> str:
    """A line for the end of a summary; '' where there is nobody."""
    if not people:
        return ""
    return (
        f"\n{sum(one.photographs for one in people)} photographs of {len(people)} people have no date and may show them"
        f" before they were {of_age}, which only a reviewer can see; the youngest:"
        f" {shortened([*map(str, people)], _NAMED)}."
    )
