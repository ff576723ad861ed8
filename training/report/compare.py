"""Two or more runs beside each other: what differs in how they were made, and in what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from training.errors import TrainingError
from training.evidence.results import load_results
from training.files import write_text
from training.publication import TITLES
from training.report.lines import averaged, seeds_of, spoken_range

Results = dict[str, Any]

_SHOWN = 40  # characters of a setting


@dataclass(frozen=True)
class Setting:
    """A setting in which the runs differ, its value in each run."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A cell of the tables in every run: accuracies, None where a run has none, with their intervals by person.

    `differences` are against the first run; `is_apart` tells where the two intervals have no value in common.
    """

    protocol: str
    row: str
    target: str
    accuracies: tuple[float | None, ...]
    intervals: tuple[tuple[float, float] | None, ...]
    differences: tuple[float | None, ...]
    is_apart: tuple[bool, ...]


@dataclass(frozen=True)
class Verdict:
    """A claim under a protocol, and what each run says of it; None where it says nothing."""

    protocol: str
    claim: str
    verdicts: tuple[str | None, ...]


@dataclass(frozen=True)
class Comparison:
    """All that `facecorpus report` tells of several runs."""

    runs: tuple[str, ...]
    settings: tuple[Setting, ...]
    lines: tuple[Line, ...]
    verdicts: tuple[Verdict, ...]

    def values(self) -> dict[str, Any]:
        """The comparison as plain values, for JSON."""
        return asdict(self)


def compare_runs(runs: Sequence[Path]) -> Comparison:
    """Compare finished runs, the first being what the others are measured by; TrainingError for one without results."""
    if not runs:
        raise TrainingError("No run was given: name the folder of at least one.")
    names = [run.name if run.is_dir() else run.parent.name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run) for run in runs]
    return compare(tuple(names), [averaged(load_results(run)) for run in runs])


def compare(names: tuple[str, ...], results: Sequence[Results]) -> Comparison:
    """The comparison of runs whose results are known."""
    cells = dict.fromkeys(
        (protocol, row, target)
        for one in results
        for protocol, found in one["protocols"].items()
        for row, targets in found["rows"].items()
        for target in targets
    )
    claims = dict.fromkeys(
        (protocol, claim["text"])
        for one in results
        for protocol, found in one["protocols"].items()
        for claim in found["claims"]
    )
    return Comparison(
        names,
        tuple(_settings(results)),
        tuple(_line(cell, results) for cell in cells),
        tuple(Verdict(protocol, text, _verdicts(protocol, text, results)) for protocol, text in claims),
    )


def show_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Print the settings that differ, the paper's rows with their differences, and the verdicts that differ."""
    console = console or Console()
    if comparison.settings:
        table = _titled("Made differently", ["", *comparison.runs])
        for setting in comparison.settings:
            table.add_row(setting.name, *setting.values)
        console.print(table)
    table = _titled("Accuracy in per cent, difference to the first run", ["", *comparison.runs])
    for line in main_lines(comparison):
        said = f"{line.protocol}: {line.row} → {TITLES[line.target]}"
        table.add_row(said, *(_cell(line, n) for n in range(len(comparison.runs))))
    console.print(table)
    for verdict in comparison.verdicts:
        if len(set(verdict.verdicts)) > 1:
            said = ", ".join(f"{run}: {one or '–'}" for run, one in zip(comparison.runs, verdict.verdicts, strict=True))
            console.print(f"Protocol {verdict.protocol}, “{verdict.claim}”: {said}.", highlight=False, markup=False)
    console.print("*: the two 95 % intervals by person have no value in common.", highlight=False, markup=False)


def main_lines(comparison: Comparison) -> list[Line]:
    """The rows of Tables 1 and 2."""
    return [
        line
        for line in comparison.lines
        if line.target in TITLES and (line.row in ("own", "own_head", "other_three", "all") or _is_cross(line))
    ]


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Write the comparison as one HTML page that needs no other file."""
    from training.pages import render

    page = render("compare.html.j2", {"comparison": comparison, "titles": TITLES, "cell": _cell}, range=spoken_range)
    write_text(path, page, listed=False)


def _is_cross(line: Line) -> bool:
    return line.row.startswith("from ") and line.row != f"from {line.target}"


def _titled(title: str, columns: list[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for n, column in enumerate(columns):
        table.add_column(column, justify="right" if n else "left")
    return table


def _cell(line: Line, run: int) -> str:
    accuracy, difference = line.accuracies[run], line.differences[run]
    if accuracy is None:
        return "–"
    if run == 0 or difference is None:
        return f"{100 * accuracy:.1f}"
    star = "*" if line.is_apart[run] else ""
    return f"{100 * accuracy:.1f} ({100 * difference:+.1f}{star})".replace("-", "−")


def _settings(results: Sequence[Results]) -> list[Setting]:
    flat = [_flat(one) for one in results]
    names = dict.fromkeys(name for one in flat for name in one)
    made = [Setting(name, tuple(one.get(name, "–")[:_SHOWN] for one in flat)) for name in names]
    return [setting for setting in made if len(set(setting.values)) > 1]


def _flat(results: Results) -> dict[str, str]:
    """What a run was made with, as words."""
    counts = {name: str(results["counts"][name]) for name in ("faces", "photographs", "people")}
    return {
        "shards": results["shards"]["sha256"][:16],
        **counts,
        "seed": ", ".join(map(str, seeds_of(results))),
        "protocols": ", ".join(results["protocols"]),
        "device": results["device"],
        "number type": results["dtype"]["name"],
        **{key: str(value) for key, value in results["preset"].items()},
        **results["versions"],
    }


def _line(cell: tuple[str, str, str], results: Sequence[Results]) -> Line:
    protocol, row, target = cell
    found = [one["protocols"].get(protocol, {}).get("rows", {}).get(row, {}).get(target) for one in results]
    first = found[0]
    return Line(
        protocol,
        row,
        target,
        tuple(one["accuracy"] if one else None for one in found),
        tuple((one["by_person"][0], one["by_person"][1]) if one else None for one in found),
        tuple(one["accuracy"] - first["accuracy"] if one and first else None for one in found),
        tuple(bool(one and first and _apart(one["by_person"], first["by_person"])) for one in found),
    )


def _apart(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] > other[1] or other[0] > one[1]


def _verdicts(protocol: str, text: str, results: Sequence[Results]) -> tuple[str | None, ...]:
    said = []
    for one in results:
        claims = one["protocols"].get(protocol, {}).get("claims", [])
        said.append(next((claim["verdict"] for claim in claims if claim["text"] == text), None))
    return tuple(said)
