"""The integer labels of a row, and the age on the day a photograph was taken."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from facecorpus.manifest import SUBGROUPS, AgeGroup, Gender, Identity, Race

UNKNOWN = -1
"""The label of what the manifest does not state."""

CLASSES: dict[str, tuple[str, ...]] = {
    "gender": tuple(Gender),
    "age_group": tuple(AgeGroup),
    "race": tuple(Race),
    "subgroup": SUBGROUPS,
}
"""The class names of every label but identity, in the order of their numbers."""


def labels_of(identity: Identity) -> dict[str, int]:
    """The numbers of a person's classes, by column."""
    return {column: _number(names, getattr(identity, column)) for column, names in CLASSES.items()}


def _number(names: Sequence[str], value: StrEnum | str | None) -> int:
    return UNKNOWN if value is None else names.index(value)


def age_at_capture(birth_date: str, taken_on: str | None) -> int | None:
    """The age in whole years, or None where the two dates leave it open.

    Either date may be cut to the month or year (ISO 8601): then the age counts as known only if it is the
    same from the first to the last day that the two allow.
    """
    if not taken_on:
        return None
    born_first, born_last = _bounds(birth_date)
    taken_first, taken_last = _bounds(taken_on)
    youngest, oldest = _years(born_last, taken_first), _years(born_first, taken_last)
    return youngest if youngest == oldest else None


def _bounds(text: str) -> tuple[date, date]:
    """The first and the last day that YYYY, YYYY-MM or YYYY-MM-DD can mean."""
    year, month, day = ([int(part) for part in text[:10].split("-")] + [0, 0])[:3]
    last_month = month or 12
    return (
        date(year, month or 1, day or 1),
        date(year, last_month, day or monthrange(year, last_month)[1]),
    )


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
