"""The integer labels of a row: the only place that says which age group a face has."""

from collections.abc import Sequence
from datetime import date

from facecorpus.manifest import SUBGROUPS, Identity
from facecorpus.settings import LabelSettings
from facecorpus.system.dates import span_of
from facecorpus.words import AgeGroup, Gender, Race

UNKNOWN = -1
"""The label of what the manifest does not state."""

CLASSES: dict[str, tuple[str, ...]] = {
    "gender": tuple(Gender),
    "age_group": tuple(AgeGroup),
    "race": tuple(Race),
    "subgroup": SUBGROUPS,
}
"""The class names of every label but identity, in the order of their numbers."""


def age_group_of(
    identity: Identity, age: int | None, rule: str, years: LabelSettings, seen: AgeGroup | None = None
) -> AgeGroup | None:
    """The age group that a face is labelled with, by the rule of `[build] age_labels`.

    "identity": the manifest's, for the person and period. "capture": by the age on the day of the photograph where
    that is known. What a reviewer has `seen` in the photograph stands above both.
    """
    if seen is not None:
        return seen
    if rule == "capture" and age is not None:
        return age_group_at(age, years)
    return identity.age_group


def age_group_at(age: int, years: LabelSettings) -> AgeGroup:
    """The age group of somebody of that age, who is no minor."""
    if age < years.adult_from:
        return AgeGroup.YOUNG
    return AgeGroup.ADULT if age < years.old_from else AgeGroup.OLD


def labels_of(identity: Identity, age_group: AgeGroup | None) -> dict[str, int]:
    """The numbers of a face's classes, by column; UNKNOWN where something is not stated."""
    known = identity.gender is not None and age_group is not None and identity.race is not None
    names = {
        "gender": identity.gender,
        "age_group": age_group,
        "race": identity.race,
        "subgroup": f"{identity.gender}/{age_group}/{identity.race}" if known else None,
    }
    return {column: _number(CLASSES[column], name) for column, name in names.items()}


def _number(names: Sequence[str], value: str | None) -> int:
    return UNKNOWN if value is None else names.index(value)


def age_at_capture(birth_date: str, taken_on: str | None) -> int | None:
    """The age in whole years, or None where the two dates leave it open; '' is a date that is not stated.

    Either date may be cut to the month or year (ISO 8601), or be a span of them: then the age counts as known only
    if it is the same from the first to the last day that the two allow.
    """
    if not taken_on or not birth_date:
        return None
    born_first, born_last = span_of(birth_date)
    taken_first, taken_last = span_of(taken_on)
    youngest, oldest = _years(born_last, taken_first), _years(born_first, taken_last)
    return youngest if youngest == oldest else None


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
