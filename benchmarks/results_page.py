"""Write the tables of docs/results.md and draw docs/results.png from finished runs.

    python benchmarks/results_page.py REAL INVENTED

Both are folders of runs, of real and of invented people. The tables stand between the page's marks; all else on it is
written by hand. The picture is of the first run: figures alone, no photograph.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training import load_results
from training.publication import FUSIONS, TABLE_1, TABLE_2, TASKS, TITLES, fusion_title, placebo_of
from training.report.lines import averaged, claims_table, figure, seeds_of, spoken_list
from training.report.plots import overview

DOCS = Path(__file__).resolve().parent.parent / "docs"
Results = dict[str, Any]
Cells = dict[str, dict[str, Any]]

_PROTOCOLS = ("paper", "photo", "identity")
_BASELINE = ("residual", "one residual network, ours")


def main() -> None:
    """Fill the page in."""
    page = DOCS / "results.md"
    text = page.read_text(encoding="utf-8")
    for whose, folder in zip(("real", "invented"), sys.argv[1:], strict=True):
        results = averaged(load_results(Path(folder)))
        tables = {"facts": facts, "tables": both_tables, "claims": claims}
        for name, lines in tables.items():
            begin, end = (f"<!-- {whose} {name}: {mark} -->" for mark in ("begin", "end"))
            whole = "\n".join([begin, "", *lines(results), "", end])
            text = re.sub(f"{begin}.*{end}", lambda _, whole=whole: whole, text, flags=re.DOTALL)
        if whose == "real":
            (DOCS / "results.png").write_bytes(overview(results, columns=2))
    page.write_text(text, encoding="utf-8")


def facts(results: Results) -> Iterator[str]:
    """What was run."""
    counts, tested = results["counts"], results["protocols"]["identity"]["test_people"]["all"]
    seeds = seeds_of(results)
    yield (
        f"{counts['faces']:,} faces of {counts['people']} people, images of {results['preset']['size']} pixels, "
        f"{results['preset']['iterations']:,} steps, seed{'s' if len(seeds) > 1 else ''} {spoken_list(seeds)}, "
        f"finished {results['finished'][:10]}. Protocol `identity` tests {tested} people."
    )


def both_tables(results: Results) -> Iterator[str]:
    """The publication's two tables in one: fused features, then those of one network."""
    titles = [f"{TITLES[task]} ({len(results['classes'][task])})" for task in TASKS]
    yield f"| protocol | features | {' | '.join(titles)} |"
    yield f"|---|---|{'---:|' * len(TASKS)}"
    yield from table_2(results)
    yield from table_1(results)


def table_1(results: Results) -> Iterator[str]:
    """Features of one network → task; the publication's figures first."""
    papers = {source: {task: {"accuracy": value} for task, value in row.items()} for source, row in TABLE_1.items()}
    for source, cells in papers.items():
        yield _line("the publication's", f"{TITLES[source]} alone", cells)
    for protocol in ("paper", "identity"):
        for source in TASKS:
            row = results["protocols"][protocol]["rows"][f"from {source}"]
            yield _line(f"`{protocol}`", f"{TITLES[source]} alone", row)


def table_2(results: Results) -> Iterator[str]:
    """Fused features → task; then the same for labels that mean nothing."""
    titles = {row: fusion_title(row, len(TASKS)) for row in FUSIONS}
    for row, title in titles.items():
        yield _line("the publication's", title, {task: {"accuracy": TABLE_2[row][task]} for task in TASKS})
    for protocol in _PROTOCOLS:
        rows = results["protocols"][protocol]["rows"]
        for row, title in (*titles.items(), _BASELINE):
            if row in rows:
                yield _line(f"`{protocol}`", title, rows[row])
        for row, title in titles.items():
            cells = {task: rows[row][placebo_of(task)] for task in TASKS if placebo_of(task) in rows[row]}
            if cells:
                yield _line(f"`{protocol}`, placebo", title, cells)


def claims(results: Results) -> Iterator[str]:
    """The verdict on each of the publication's claims, and on the placebo, of each task where they differ."""
    names = list(results["protocols"])
    yield f"| claim | {' | '.join(f'`{name}`' for name in names)} |"
    yield f"|---|{'---|' * len(names)}"
    for line in claims_table(results):
        if line.is_papers or line.text.startswith("Placebo"):
            yield f"| {line.text} | {' | '.join(map(_verdict, line.verdicts))} |"


def _line(protocol: str, title: str, cells: Cells) -> str:
    return f"| {protocol} | {title} | {' | '.join(figure(cells[task]) if task in cells else '–' for task in TASKS)} |"


def _verdict(verdict: Results | None) -> str:
    if verdict is None:
        return "–"
    found: dict[str, list[str]] = {}
    for task, one in verdict["tasks"].items():
        found.setdefault(one["verdict"], []).append(TITLES[task].lower())
    return str(verdict["verdict"]) if len(found) == 1 else "; ".join(f"{', '.join(found[one])}: {one}" for one in found)


if __name__ == "__main__":
    main()
