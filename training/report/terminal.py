"""Tables 1 and 2, the gaps and the verdicts on the screen."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from training.evidence.claims import MIXED
from training.publication import TASKS, TITLES
from training.report import tables
from training.report.facts import headline
from training.report.findings import gap_sentences
from training.report.lines import averaged, figure, seeds_of

Results = dict[str, Any]


def show_tables(results: Results, console: Console | None = None) -> None:
    """Print Tables 1 and 2 of every protocol, in per cent, the paper's in brackets; then what they mean.

    Of several seeds everything is over all of them.
    """
    console = console or Console()
    results, seeds = averaged(results), seeds_of(results)
    paper = "the publication" if len(results["tasks"]) == len(TASKS) else "the publication, with its four networks"
    for name, protocol in results["protocols"].items():
        caption = f"per cent of {protocol['test_images']:,} test images, where the label is known; in brackets: {paper}"
        if len(seeds) > 1:
            caption += f"; means and deviations over {len(seeds)} seeds"
        for table in tables.tables_of(results, name)[:2]:
            console.print(_table(table, caption))
    for sentence in [*headline(results), *gap_sentences(results)]:
        console.print(sentence, soft_wrap=True, highlight=False, markup=False)
    for name, protocol in results["protocols"].items():
        said = "; ".join(f"{one['text']}: {_by_task(one)}" for one in protocol["claims"] if one["is_papers"])
        console.print(f"Protocol {name}. {said}.", soft_wrap=True, highlight=False, markup=False)


def _by_task(claim: Results) -> str:
    """A verdict, or that of each task where they differ."""
    if claim["verdict"] != MIXED:
        return str(claim["verdict"])
    return ", ".join(f"{TITLES[task].lower()} {part['verdict']}" for task, part in claim["tasks"].items())


def _table(table: tables.Table, caption: str) -> Table:
    made = Table(title=f"{table.title}: {table.note}", caption=caption, title_justify="left", caption_justify="left")
    made.add_column("features")
    for target in table.targets:
        made.add_column(TITLES[target], justify="right")
    for row in table.rows:
        made.add_row(row.title, *(_cell(row, target) for target in table.targets))
    return made


def _cell(row: tables.Row, target: str) -> str:
    if target not in row.cells:
        return "–"
    paper = f" ({100 * row.paper[target]:.1f})" if target in row.paper else ""
    return f"{figure(row.cells[target])}{paper}"
