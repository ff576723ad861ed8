"""overview.html: who and what a build holds, in figures and tables on one page."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from facecorpus.build.charts import bar_chart, binned
from facecorpus.build.pages import page
from facecorpus.build.plan import Plan, Row
from facecorpus.build.splits import TEST, TRAIN
from facecorpus.licences import UNKNOWN, family_of
from facecorpus.system.dates import year_of
from facecorpus.words import AgeGroup, Gender, Race

_BARS = 24  # bins of a chart, at most


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure of the page."""

    heading: str
    svg: Markup
    note: str


def overview(plan: Plan) -> bytes:
    """The whole page as UTF-8."""
    rows = plan.rows
    return page(
        "overview.html.j2",
        title=plan.settings.build.title,
        plan=plan,
        trains=len(plan.side(TRAIN)),
        tests=len(plan.side(TEST)),
        licences=plan.settings.build.licences,
        unknown=sum(family_of(row.face.licence, row.face.licence_url) == UNKNOWN for row in rows),
        outside=sum(row.labelled.outside_period for row in rows),
        races=list(Race),
        cross=_cross(plan),
        subgroups=subgroup_table(plan),
        charts=_charts(plan),
    )


def subgroup_table(plan: Plan) -> list[tuple[str, int, int, int, int]]:
    """Of each subgroup that is there: name, people, faces, and of these how many train and test."""
    people: dict[str, set[int]] = {}
    trains: Counter[str] = Counter()
    for row in plan.rows:
        people.setdefault(row.subgroup, set()).add(row.number)
        trains[row.subgroup] += row.split == TRAIN
    return [
        (name, len(people[name]), count, trains[name], count - trains[name]) for name, count in plan.subgroups.items()
    ]


def _cross(plan: Plan) -> list[tuple[Gender, AgeGroup, list[int]]]:
    """Faces by gender and age group (lines) and race (columns)."""
    counts = plan.subgroups
    return [
        (gender, age, [counts.get(f"{gender}/{age}/{race}", 0) for race in Race])
        for gender in Gender
        for age in AgeGroup
    ]


def _charts(plan: Plan) -> list[Chart]:
    rows = plan.rows
    years = [year for row in rows if row.face.taken_on and (year := year_of(row.face.taken_on))]
    ages = [row.labelled.age for row in rows if row.labelled.age is not None]
    sides = [round(min(row.face.box[2:])) for row in rows]
    return [
        _chart("Subgroups", plan.subgroups, "faces by subgroup", ""),
        _chart("Faces per person", _per_person(rows), "people by their number of faces", "Each bar counts people."),
        _chart(
            "Years of the photographs",
            _bins(years),
            "faces by year",
            f"{len(rows) - len(years)} have no date of one year.",
        ),
        _chart("Ages on the day", _bins(ages), "faces by age", f"Not known of {len(rows) - len(ages)} faces."),
        _chart("Sources", _most(row.face.source or "not known" for row in rows), "faces by source", ""),
        _chart(
            "Licences",
            _most(family_of(row.face.licence, row.face.licence_url) for row in rows),
            "faces by licence",
            "As name and address of the licence say, without versions.",
        ),
        _chart(
            "Sizes", _bins(sides), "faces by size", "The shorter side of the face's box in the photograph, in pixels."
        ),
    ]


def _chart(heading: str, counts: dict[str, int], what: str, note: str) -> Chart:
    return Chart(heading, bar_chart(counts, f"{heading}, {what}"), note)


def _per_person(rows: Iterable[Row]) -> dict[str, int]:
    return _bins(list(Counter(row.number for row in rows).values()))


def _bins(values: list[int]) -> dict[str, int]:
    """Binned in the finest of the usual widths that gives few enough bars."""
    spread = max(values) - min(values) if values else 0
    width = next((width for width in (1, 5, 10, 20, 50, 100, 200, 500) if spread / width < _BARS), 1000)
    return binned(values, width)


def _most(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))[:_BARS])
