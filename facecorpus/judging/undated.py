"""Photographs that do not say when they were taken: they may be from before a person was of age."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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


def undated(subjects: Iterable[SubjectFace], identities: Mapping[str, Identity]) -> tuple[Undated, ...]:
    """Everybody with such photographs, the youngest first; of dated_only people none is built anyway."""
    photographs: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        if subject.kept and subject.verdict is None and not subject.taken_on:
            photographs[subject.identity_id].add(subject.face.photo_sha256)
    found = [
        Undated(person.name, person.birth_year, len(photographs[person.identity_id]))
        for person in identities.values()
        if person.identity_id in photographs and not person.dated_only
    ]
    return tuple(sorted(found, key=lambda one: (-(one.born or 0), one.name)))


def said_of_undated(people: Sequence[Undated], of_age: int) -> str:
    """A line for the end of a summary; '' where there is nobody."""
    if not people:
        return ""
    return (
        f"\n{sum(one.photographs for one in people)} photographs of {len(people)} people have no date and may show them"
        f" before they were {of_age}, which only a reviewer can see; the youngest:"
        f" {shortened([*map(str, people)], _NAMED)}."
    )
