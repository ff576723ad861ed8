"""The parts of a report that follow from results.json alone: pure functions from results to sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.evidence.claims import FAILS, HOLDS, TEST, UNKNOWN
from training.plan.ablations import PHOTOGRAPHS, STEPS
from training.publication import TITLES, fusion_title
from training.report.findings import gap_sentences, honesty
from training.report.lines import (
    claims_table,
    effort_lines,
    figure,
    percent,
    points,
    seeds_of,
    side_by_side,
    speed_lines,
    spoken_list,
    spoken_range,
    spoken_seeds,
)
from training.report.page import Cell, Grid, Section, words
from training.report.tables import Row, Table, tables_of

Results = dict[str, Any]

_MARKS = {HOLDS: "✓", FAILS: "✗", UNKNOWN: "?"}


def worth(results: Results) -> Section:
    """What each protocol is worth, and the protocols side by side."""
    protocols = list(results["protocols"])
    said = gap_sentences(results) or ["One protocol alone was run: nothing can be said of leakage or of new people."]
    rows = tuple(
        (
            Cell(f"{side.row} → {TITLES[side.task]}"),
            *(_accuracy(cell) if cell else Cell() for cell in side.accuracies),
            *(
                Cell(points(gap["difference"]), (spoken_range(gap["by_person"]),)) if gap else Cell()
                for gap in side.gaps
            ),
        )
        for side in side_by_side(results)
    )
    head = ("features → task", *(f"protocol {name}" for name in protocols), "leakage", "knowing the person")
    note = (
        "Accuracies in per cent, differences in points. Leakage is protocol paper less photo; knowing the person is "
        f"protocol photo, of the people of protocol identity alone, less identity. {_intervals(results)}"
    )
    return Section("worth", "What the accuracies are worth", tuple(said), note, (Grid("Side by side", head, rows),))


def claims(results: Results) -> Section:
    """The verdicts on the publication's claims, and on what would be fair."""
    rows = tuple(
        (
            Cell(line.text, () if line.is_papers else ("not in the publication",)),
            *(_verdict(one) if one else Cell() for one in line.verdicts),
            Cell("", tuple(f"{TITLES[task]} {points(difference)}" for task, difference in line.paper.items())),
        )
        for line in claims_table(results)
    )
    head = ("claim", *(f"protocol {name}" for name in results["protocols"]), "in the publication")
    over = "; of the means over the seeds, with seeds drawn as well" if len(seeds_of(results)) > 1 else ""
    note = (
        f"Test: {TEST}{over}. ✓ says of a task that the claim holds, ✗ that it does not, ? that nobody can tell; with "
        "fewer than 10 people tested nothing is told. In brackets 95 % intervals of a difference by itself. A claim on "
        "several features is told by those least in its favour, which stand beside it. The margins are those of "
        "Table 2; "
        "the abstract quotes 21.8 points for gender, which would be 106.1 %. A margin holds where there is a gain that "
        "is not told to be smaller, and is not judged where own + margin is above 100 %; beside it stands the share of "
        "own's errors that all together do not make. A dash: the protocol does not speak to the claim."
    )
    return Section("claims", "The publication's claims, judged", (), note, (Grid("Claims", head, rows, True),))


def tables(results: Results) -> Section:
    """All tables, and what there is to beat."""
    note = (
        "Accuracy in per cent on all test images whose label is known; in brackets the publication's, on its own "
        "photographs; below it the 95 % intervals by person and (not in print) by photograph group. A dash: not "
        "defined under this "
        "protocol. The diagonal of Table 1 and the row “own” are the networks' own outputs; all other cells are two "
        "fully connected layers and an output on frozen features. In Table 1 the two best of each task above 50 % are "
        "bold, as in the publication."
    )
    grids = [_table(results, table) for name in results["protocols"] for table in tables_of(results, name)]
    return Section("tables", "Tables", (), note, (*grids, _to_beat(results)))


def subgroups(results: Results) -> Section | None:
    """The own networks and all together by subgroup; None where the shards have no subgroups."""
    tasks = results["tasks"]
    grids = []
    for name, protocol in results["protocols"].items():
        rows = tuple(
            (
                *words(group.replace("_", " "), str(found["people"]), f"{found['images']:,}"),
                *(
                    Cell(percent(found["own"][task]), (percent(found["all"][task]),))
                    if task in found["own"]
                    else Cell()
                    for task in tasks
                ),
            )
            for group, found in protocol["subgroups"].items()
        )
        if rows:
            head = ("gender, age, race", "people", "images", *(TITLES[task] for task in tasks))
            grids.append(Grid(f"By subgroup, protocol {name}", head, rows))
    note = (
        f"Accuracy of the own networks{_of_one_seed(results, ' of seed {}')} in per cent; in small that of all "
        "networks' "
        "features together. A subgroup rests on very few people: a low figure may be one person's."
    )
    return Section("subgroups", "Each subgroup", (), note, tuple(grids)) if grids else None


def rests(results: Results) -> Section:
    """What the figures rest on."""
    unknown = tuple(
        f"{count} faces have no known {TITLES[task].lower()} and are left out of that task."
        for task, count in results["counts"]["unknown"].items()
        if count
    )
    return Section("rests", "What these figures rest on", (*honesty(results), *unknown))


def settings(results: Results) -> Section:
    """Steps, settings and versions; last the speed."""
    effort = tuple(
        words(
            f"protocol {line.protocol}",
            str(line.networks),
            f"{line.steps:,}",
            f"{line.saved:,}",
            f"{line.seconds:.0f}",
            f"{percent(line.waited)} %",
        )
        for line in effort_lines(results)
    )
    made = {
        "shards": f"{results['shards']['files']} files, sha256 {results['shards']['sha256'][:16]}…",
        "preset": f"sha256 {results['preset_sha256'][:16]}…",
        **results["preset"],
    }
    numbers = "; ".join(f"{key} = {value}" for key, value in made.items())
    versions = ", ".join(f"{key} {value}" for key, value in results["versions"].items())
    speed = tuple(
        words(
            line.dtype,
            f"{line.microseconds_an_image:.0f}",
            f"{line.gflops:.0f}",
            f"{line.peak_gflops:.0f}",
            f"{percent(line.share_of_peak)} %",
        )
        for line in speed_lines(results)
    )
    note = (
        "The peak is what a plain matrix product or convolution of that type reaches here. A share above 100 % is of "
        "gradients that leave out what pooling did not take, or says that the machine was busier while the peak was "
        "measured."
    )
    took = ("networks of", "networks", "steps taken", "saved by plateaus", "seconds of training", "waiting for data")
    fast = ("number type", "µs an image", "GFLOP/s, as dense products", "measured peak", "share of it")
    return Section(
        "made",
        "How it was made",
        (
            f"Networks in {results['dtype']['name']} on {results['device']}: {results['dtype']['reason']}.",
            f"Settings: {numbers}. Versions: {versions}.",
        ),
        note,
        (
            Grid(f"What the networks took{_of_one_seed(results, ', seed {}')}", took, effort),
            Grid("Speed of the identity network's training, measured at the start of the run", fast, speed),
        ),
    )


def ablations(results: Results) -> Section | None:
    """Other heads, and networks of fewer photographs and of other steps; None where the run made none."""
    found = results["ablations"]
    if not found:
        return None
    tasks, photo = results["tasks"], results["protocols"]["photo"]["rows"]
    everything = fusion_title("all", len(tasks))
    rows = {f"{everything}, as in the publication": photo["all"], "own, through a head": photo["own_head"]}
    head = ("heads on", *(TITLES[task] for task in tasks))
    grids = [Grid("Other fusions, widths and depths of heads", head, _cells(rows | found["heads"], tasks))]
    for kind, whole in ((PHOTOGRAPHS, "photographs of a person, at most"), (STEPS, "steps of the networks")):
        rows = {
            f"{amount} {whole}: {title}": made[row]
            for amount, made in found.get(kind, {}).items()
            for row, title in (("own", "own"), ("all", everything))
        }
        if kind == PHOTOGRAPHS:
            rows |= {"all photographs: own": photo["own"], f"all photographs: {everything}": photo["all"]}
        grids.append(Grid(whole.capitalize(), ("networks of", *head[1:]), _cells(rows, tasks)))
    note = (
        "All under protocol photo. Other heads are on the features of this run's networks; features that are left "
        "out are "
        "drawn at random, and no hidden layer means a linear head. Fewer photographs and other steps are networks of "
        f"their own. {_intervals(results)}"
    )
    return Section("ablations", "Ablations", (), note, tuple(grids))


def _cells(rows: Results, tasks: Sequence[str]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (Cell(title), *(_accuracy(cells[task]) if task in cells else Cell() for task in tasks))
        for title, cells in rows.items()
    )


def _intervals(results: Results) -> str:
    seeds = " and seeds" if len(seeds_of(results)) > 1 else ""
    drawn = results["bootstrap"]["resamples"]
    return f"The small figures are 95 % intervals by bootstrap over people{seeds} ({drawn} resamples)."


def _of_one_seed(results: Results, phrase: str) -> str:
    """A phrase with the seed of what is not averaged, where there are several."""
    return phrase.format(results["seed"]) if len(seeds_of(results)) > 1 else ""


def _accuracy(cell: Results) -> Cell:
    return Cell(figure(cell), (spoken_range(cell["by_person"]),))


def _verdict(one: Results) -> Cell:
    """A verdict, and below it each task's."""
    lines = []
    for task, part in one["tasks"].items():
        line = (
            f"{_MARKS[part['verdict']]} {TITLES[task]} {points(part['difference'])} ({spoken_range(part['by_person'])})"
        )
        if part.get("source"):
            line += f", {TITLES[part['source']].lower()} features"
        if part.get("error_reduction") is not None:
            paper = _share(part["paper_error_reduction"])
            line += f"; {_share(part['error_reduction'])} of the errors, publication {paper}"
        if not part.get("possible", True):
            line += "; own + margin is above 100 %: not judged"
        lines.append(line)
    if "by_seed" in one:
        lines.append(spoken_seeds(one["by_seed"]))
    return Cell(one["verdict"], tuple(lines), one["verdict"])


def _share(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-", "−")


def _table(results: Results, table: Table) -> Grid:
    head = ("features", *(f"{TITLES[target]} ({len(results['classes'][target])})" for target in table.targets))
    rows = tuple((Cell(row.title), *(_of_table(table, row, target) for target in table.targets)) for row in table.rows)
    return Grid(f"{table.title}: {table.note}", head, rows)


def _of_table(table: Table, row: Row, target: str) -> Cell:
    if target not in row.cells:
        return Cell()
    cell = row.cells[target]
    paper = f" ({percent(row.paper[target])})" if target in row.paper else ""
    small = (spoken_range(cell["by_person"]), spoken_range(cell["by_group"]))
    return Cell(figure(cell) + paper, small, "best" if (row.name, target) in table.best else "")


def _to_beat(results: Results) -> Grid:
    tasks = results["tasks"]
    rows = [words("chance", *(percent(results["chance"][task]) for task in tasks), "", "", "")]
    for name, protocol in results["protocols"].items():
        found = protocol["rows"]
        common = [percent(found["majority"][task]["accuracy"]) if task in found["majority"] else "–" for task in tasks]
        counts = [f"{protocol[key]:,}" for key in ("train_images", "test_images")]
        people = str(protocol["test_people"]["all"])
        rows.append(words(f"always the commonest class, protocol {name}", *common, *counts, people))
        tested = [f"{found['own'][task]['photographs']:,}" if task in found["own"] else "–" for task in tasks]
        rows.append(words(f"photographs tested whose label is known, protocol {name}", *tested, "", "", ""))
    head = ("", *(TITLES[task] for task in tasks), "train images", "test images", "people tested")
    return Grid("What there is to beat, and what was tested on", head, tuple(rows))


def several_seeds(results: Results) -> str:
    """What is of all seeds and what of one, "" where there was one."""
    seeds = seeds_of(results)
    if len(seeds) == 1:
        return ""
    return (
        f"Everything was made {len(seeds)} times, with seeds {spoken_list(seeds)}: other first weights, batches and "
        "augmentation, other meaningless labels, and under protocol paper another split. Accuracies, differences and "
        "verdicts are of the mean over the seeds; ± is the standard deviation over them, and the intervals draw seeds "
        f"as well as people. What is of seed {results['seed']} alone says so."
    )
