"""Who is in a corpus: identities with their labels, read from a CSV file, validated and explained."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from facecorpus.consent import CONSENT_COLUMNS, NOT_STATED, Consent, stated_in, wrong_in
from facecorpus.errors import ManifestError
from facecorpus.settings import LabelSettings
from facecorpus.system.border import clean
from facecorpus.system.dates import span_of
from facecorpus.system.names import ID
from facecorpus.system.nearest import did_you_mean
from facecorpus.system.tables import delimiter_of
from facecorpus.words import AgeGroup, Gender, Race

SUBGROUPS: tuple[str, ...] = tuple(f"{g}/{a}/{r}" for g, a, r in product(Gender, AgeGroup, Race))
"""The 24 subgroups in their fixed order, gender × age group × race."""

COLUMNS = (
    "identity_id",
    "name",
    "wikipedia_title",
    "wikidata_id",
    "commons_category",
    "aliases",
    "gender",
    "birth_date",
    "race",
    "age_group",
    "photos_from",
    "photos_until",
    "gender_source",
    "race_source",
    "dated_only",
    "commons_files",
    *CONSENT_COLUMNS,
)
OPTIONAL_COLUMNS = ("dated_only", "commons_files", *CONSENT_COLUMNS)
"""Columns that a manifest may leave out; the others must all be there."""

_WHERE_STATED = OPTIONAL_COLUMNS[1:]  # columns that are written where anybody has something in them
_VALUES: dict[str, tuple[str, ...]] = {
    "gender": tuple(Gender),
    "race": tuple(Race),
    "age_group": tuple(AgeGroup),
    "dated_only": ("true", "false"),
}
_LONGEST_CELL = 10_000  # characters
_MANY = 3  # columns that are missing, in one sentence
_NEEDS_BIRTH_DATE = ("age_group", "photos_from", "photos_until", "dated_only")
_WIKIDATA = re.compile(r"Q[1-9][0-9]*")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}(/[0-9]{4}(-[0-9]{2}){0,2})?")


@dataclass(frozen=True, slots=True)
class Identity:
    """One person: names, labels and the years in which the labels hold. None means "not stated"."""

    identity_id: str
    name: str
    wikipedia_title: str = ""
    wikidata_id: str = ""
    commons_category: str = ""
    aliases: tuple[str, ...] = ()
    gender: Gender | None = None
    birth_date: str = ""  # YYYY-MM-DD, or YYYY where only the year is known; '' where it is not stated
    race: Race | None = None
    age_group: AgeGroup | None = None
    photos_from: int | None = None  # the years in which the labels hold; None: not stated
    photos_until: int | None = None  # None: until now
    gender_source: str = ""
    race_source: str = ""
    dated_only: bool = False  # only photographs with a certain date
    commons_files: str = ""  # of the Commons category when the person was proposed; for people to read
    consent: Consent = NOT_STATED
    line: int = field(default=0, compare=False)  # of the manifest's file; 0 where it is from none

    @property
    def birth_year(self) -> int | None:
        """The year of birth, where it is stated."""
        return int(self.birth_date[:4]) if self.birth_date else None

    @property
    def subgroup(self) -> str | None:
        """gender/age_group/race, or None where one of the three is not stated."""
        if self.gender is None or self.age_group is None or self.race is None:
            return None
        return f"{self.gender}/{self.age_group}/{self.race}"

    def holds_on(self, taken_on: str | None) -> bool:
        """Whether the labels hold for a photograph of this date (ISO 8601, may be cut to the year, or a span).

        An unknown date counts as inside, and so does a span that reaches into the period: nothing speaks against it.
        Nor does anything where no period is stated. Where only dated photographs count, neither does an unknown date.
        """
        if not self.dated_enough(taken_on):
            return False
        if not taken_on or self.photos_from is None:
            return True
        first, last = _years(taken_on)
        return self.photos_from <= last and (self.photos_until is None or first <= self.photos_until)

    def dated_enough(self, taken_on: str | None) -> bool:
        """Whether a date is as certain as this person's must be: for dated_only it says "in the period" or "not in it".

        Periods are whole years, so a date cut to the year suffices.
        """
        if not self.dated_only:
            return True
        if not taken_on or not _DATE.fullmatch(taken_on) or self.photos_from is None:
            return False
        first, last = _years(taken_on)
        begins_before = first < self.photos_from <= last
        ends_after = self.photos_until is not None and first <= self.photos_until < last
        return not begins_before and not ends_after


@dataclass(frozen=True, slots=True)
class Manifest:
    """The identities of a corpus, in the file's order."""

    identities: tuple[Identity, ...]

    def __getitem__(self, identity_id: str) -> Identity:
        """The identity of that id; KeyError where there is none."""
        for identity in self.identities:
            if identity.identity_id == identity_id:
                return identity
        raise KeyError(identity_id)


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: where, and in words what was expected."""

    line: int
    column: str
    message: str


def read_manifest(path: Path, labels: LabelSettings = LabelSettings()) -> Manifest:  # noqa: B008 (frozen)
    """Read and validate a manifest.

    Raises ManifestError that lists every problem with file, line, column and the allowed values.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = delimiter_of(file.readline())
            file.seek(0)
            reader = csv.DictReader(file, strict=True, delimiter=delimiter)
            header = tuple(reader.fieldnames or ())
            rows = [(reader.line_num, {column: _cell(cell) for column, cell in row.items()}) for row in reader]
    except FileNotFoundError:
        raise ManifestError(f"{path} is missing; put the manifest there, as facecorpus init does.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path} cannot be read as a UTF-8 CSV file ({error}); save it as one.") from None
    missing = [column for column in COLUMNS if column not in (*header, *OPTIONAL_COLUMNS)]
    unknown = [column for column in header if column not in COLUMNS]
    doubled = dict.fromkeys(column for column in header if header.count(column) > 1)
    if missing or unknown or doubled:
        raise ManifestError(
            f"{path}, line 1: "
            + "; ".join(
                [f"column {name!r} is missing" for name in missing[:_MANY]]
                + [f"and {len(missing) - _MANY} more are" for _ in missing[_MANY : _MANY + 1]]
                + [f"column {name!r} is not known{_near(name)}" for name in unknown]
                + [f"column {name!r} stands there more than once" for name in doubled]
            )
            + f"; the columns are {', '.join(COLUMNS)}."
        )
    if not rows:
        raise ManifestError(f"{path} holds no person; add one line for each.")
    problems = [problem for line, row in rows for problem in _check(line, row, labels)]
    problems += _check_unique(rows)
    if problems:
        raise ManifestError(explain(path, problems))
    return Manifest(tuple(_identity(line, row) for line, row in rows))


def _near(column: str) -> str:
    meant = did_you_mean(column, COLUMNS)
    return f" ({meant})" if meant else ""


def write_manifest(path: Path, identities: Sequence[Identity]) -> None:
    """Write identities as a manifest file that read_manifest accepts."""
    columns = [
        column for column in COLUMNS if column not in _WHERE_STATED or any(_written(who, column) for who in identities)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for identity in identities:
            writer.writerow([_written(identity, column) for column in columns])


def _written(identity: Identity, column: str) -> str:
    of_consent = column in CONSENT_COLUMNS
    value = getattr(identity.consent, column.partition("_")[2]) if of_consent else getattr(identity, column)
    if isinstance(value, tuple):
        return "|".join(value)
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)


def explain(path: Path, problems: Sequence[Problem], most: int = 20) -> str:
    """The problems as lines "file, line, column: what was expected"."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    lines = [f"{path}, line {p.line}, column {p.column}: {p.message}" for p in ordered[:most]]
    if len(ordered) > most:
        lines.append(f"… and {len(ordered) - most} more problems in {path}.")
    return "\n".join(lines)


def _cell(cell: Any) -> Any:
    """The text of a cell, cleaned; csv has no text for one that the line lacks, and a list of those it has too many."""
    return clean(cell, _LONGEST_CELL + 1) if isinstance(cell, str) else cell


def _check(line: int, row: dict[str, str], labels: LabelSettings) -> list[Problem]:
    """Every rule that concerns one row alone."""
    if None in row or None in row.values():
        fields = sum(column is not None for column in row)
        return [Problem(line, "(all)", f"the line must have {fields} fields; put quotes around one with a comma.")]
    problems = [
        Problem(line, column, f"{value[:20]!r}… must have at most {_LONGEST_CELL:,} characters.")
        for column, value in row.items()
        if len(value) > _LONGEST_CELL
    ]

    def wrong(column: str, expected: str) -> None:
        problems.append(Problem(line, column, f"{row.get(column, '')!r} must be {expected}."))

    if not ID.fullmatch(row["identity_id"]):
        wrong("identity_id", "1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit")
    if not row["name"].strip():
        wrong("name", "the person's name")
    if row["wikidata_id"] and not _WIKIDATA.fullmatch(row["wikidata_id"]):
        wrong("wikidata_id", "like Q42, or empty")
    for column, values in _VALUES.items():
        if row.get(column) and row[column] not in values:
            empty = "false" if column == "dated_only" else "not stated"
            wrong(column, f"one of {', '.join(values)}, or empty for '{empty}'")
    for column in ("gender", "race"):
        if row[column] and not row[f"{column}_source"].strip():
            wrong(f"{column}_source", f"where the statement of {column} comes from")
    for column, expected in wrong_in(row):
        wrong(column, expected)
    born, first, last = _years_of(row, wrong)
    if not problems:
        problems += _check_period(line, row, born, first, last, labels)
    return problems


def _years_of(row: dict[str, str], wrong: Callable[[str, str], None]) -> tuple[int | None, int | None, int | None]:
    """The year of birth, the first and the last of the photographs; None for what is not stated."""
    born, first, last = _birth_year(row["birth_date"]), _year(row["photos_from"]), _year(row["photos_until"])
    if row["birth_date"] and born is None:
        wrong("birth_date", "a date like 1981-09-26, a year like 1981, or empty for 'not stated'")
    if first is None and (row["photos_from"] or row["birth_date"]):
        wrong("photos_from", "the first year of the photographs, like 2004, and not in the future")
    if row["photos_until"] and last is None:
        wrong(
            "photos_until", "the last year of the photographs, like 2011, not in the future, or empty for 'until now'"
        )
    for column in _NEEDS_BIRTH_DATE if not row["birth_date"] else ():
        if row.get(column) not in (None, "", "false"):
            wrong(column, "empty where birth_date is: neither an age nor that somebody was no minor can be checked")
    return born, first, last


def _check_period(
    line: int,
    row: dict[str, str],
    born: int | None,
    first: int | None,
    last: int | None,
    labels: LabelSettings,
) -> list[Problem]:
    """No minors, a period that does not run backwards, and an age group that holds in all of it."""
    if born is None or first is None:
        return []
    until = last if last is not None else date.today().year
    if until < first:
        return [Problem(line, "photos_until", f"{until} is before photos_from {first}; correct one of the two.")]
    if first - born <= labels.young_from:
        return [
            Problem(
                line,
                "photos_from",
                f"in {first} a person born in {born} may be under {labels.young_from + 1};"
                f" no minors are collected: the earliest year is {born + labels.young_from + 1}.",
            )
        ]
    bounds = {
        "young": (labels.young_from, labels.adult_from - 1),
        "adult": (labels.adult_from, labels.old_from - 1),
        "old": (labels.old_from, 200),
    }
    if not row["age_group"]:
        return []
    low, high = bounds[row["age_group"]]
    by = " by [labels] of corpus.toml" * (labels != LabelSettings())
    if low <= first - born and until - born <= high:
        return []
    text = (
        f"{row['age_group']!r} is {low}–{high} years{by}, but the photographs of {first}–{until} show a person"
        f" of {first - born}–{until - born}; narrow photos_from and photos_until, or correct the group."
    )
    return [Problem(line, "age_group", text)]


def _check_unique(rows: Sequence[tuple[int, dict[str, str]]]) -> list[Problem]:
    problems: list[Problem] = []
    for column in ("identity_id", "name", "wikidata_id"):
        seen: dict[str, int] = {}
        for line, row in rows:
            value = row.get(column) or ""
            if value and value in seen:
                problems.append(
                    Problem(line, column, f"{value!r} stands in line {seen[value]} already; each person has their own.")
                )
            seen.setdefault(value, line)
    return problems


def _identity(line: int, row: dict[str, str]) -> Identity:
    return Identity(
        identity_id=row["identity_id"],
        name=row["name"].strip(),
        wikipedia_title=row["wikipedia_title"],
        wikidata_id=row["wikidata_id"],
        commons_category=row["commons_category"].removeprefix("Category:"),
        aliases=tuple(alias.strip() for alias in row["aliases"].split("|") if alias.strip()),
        gender=Gender(row["gender"]) if row["gender"] else None,
        birth_date=row["birth_date"],
        race=Race(row["race"]) if row["race"] else None,
        age_group=AgeGroup(row["age_group"]) if row["age_group"] else None,
        photos_from=int(row["photos_from"]) if row["photos_from"] else None,
        photos_until=int(row["photos_until"]) if row["photos_until"] else None,
        gender_source=row["gender_source"],
        race_source=row["race_source"],
        dated_only=row.get("dated_only", "") == "true",
        commons_files=row.get("commons_files", ""),
        consent=stated_in(row),
        line=line,
    )


def _birth_year(text: str) -> int | None:
    try:
        return span_of(text)[0].year if len(text) == 10 else _year(text)
    except ValueError:
        return None


def _years(taken_on: str) -> tuple[int, int]:
    """The first and the last year of a date, or of a span like 1990/1999."""
    return int(taken_on[:4]), int(taken_on.rpartition("/")[2][:4])


def _year(text: str) -> int | None:
    """A year from 1800 on that is not in the future; None for anything else."""
    year = int(text) if re.fullmatch(r"(1[89]|20)[0-9]{2}", text) else None
    return None if year is None or year > date.today().year else year
