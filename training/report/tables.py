"""The tables of a run: which rows of its results stand in which table, and under what name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.data.shards import SUBGROUP
from training.publication import ATTRIBUTES, FUSIONS, TABLE_1, TABLE_2, TASKS, TITLES, fusion_title, placebo_of
from training.report.lines import averaged

Results = dict[str, Any]
Cells = dict[str, dict[str, Any]]  # target -> accuracy, images, by_group, by_person


@dataclass(frozen=True)
class Row:
    """One line of a table: its name in the results, what a reader calls it, and the paper's accuracies."""

    name: str
    title: str
    cells: Cells
    paper: dict[str, float]


@dataclass(frozen=True)
class Table:
    """A table of one protocol; rows without any figure are left out."""

    title: str
    note: str
    targets: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def best(self) -> set[tuple[str, str]]:
        """The cells (row, target) that the paper's Table 1 would highlight: a task's two best above 50 %."""
        if not self.title.startswith("Table 1"):
            return set()
        marked = set()
        for target in self.targets:
            found = [(row.cells[target]["accuracy"], row.name) for row in self.rows if target in row.cells]
            marked |= {(name, target) for accuracy, name in sorted(found, reverse=True)[:2] if accuracy > 0.5}
        return marked


def tables_of(results: Results, protocol: str) -> list[Table]:
    """All tables of a protocol, those without a row left out."""
    tasks = tuple(results["tasks"])
    made = [
        _table(results, protocol, "Table 1", "features of one network → task", tasks, _table_1(tasks)),
        _table(results, protocol, "Table 2", "fused features → task", tasks, _table_2(tasks)),
        _table(results, protocol, "Placebo", "labels dealt to people at random", _placebos(tasks), _placebo(tasks)),
        _table(results, protocol, "Controls", "what the publication's tables lack", tasks, _controls(tasks)),
        _table(results, protocol, "Held out", "heads on images that the networks had not seen", tasks, _held(tasks)),
        _table(results, protocol, "Other fusions", "all networks' features, mixed otherwise", tasks, _MIXES),
        _table(results, protocol, "Subgroups", "gender, age and race as one label", _with_subgroup(tasks), _SUBGROUPS),
    ]
    return [table for table in made if table.rows]


def accuracies(results: Results) -> list[dict[str, str | float | int | None]]:
    """Each figure of all tables of a run as a row with the same keys, for whoever computes with them.

    `accuracy` and the paper's own, `paper` (None where it has none), are shares, 0..1; `images` counts the test
    images. Of several seeds `accuracy` is the mean and `deviation` their standard deviation, which else is None.
    """
    results = averaged(results)
    return [
        {
            "protocol": protocol,
            "table": table.title.removesuffix(f", protocol {protocol}"),
            "features": row.title,
            "task": task,
            "accuracy": cell["accuracy"],
            "deviation": cell.get("deviation"),
            "paper": row.paper.get(task),
            "images": cell["images"],
        }
        for protocol in results["protocols"]
        for table in tables_of(results, protocol)
        for row in table.rows
        for task, cell in row.cells.items()
    ]


def _table(
    results: Results,
    protocol: str,
    title: str,
    note: str,
    targets: tuple[str, ...],
    names: list[tuple[str, str]],
) -> Table:
    found = results["protocols"][protocol]["rows"]
    if SUBGROUP in targets and SUBGROUP not in results["classes"]:
        return Table(title, note, targets, ())
    alone = len(targets) == 1  # then "all" is one task's own features: the paper has no such figure
    rows = tuple(
        Row(name, text, found[name], {} if alone and name == "all" else papers(name))
        for name, text in names
        if set(targets) & set(found.get(name, ()))
    )
    return Table(f"{title}, protocol {protocol}", note, targets, rows)


def papers(row: str) -> dict[str, float]:
    """The paper's accuracies of a row by task; empty where it has none."""
    if row.startswith("from "):
        return TABLE_1.get(row.removeprefix("from "), {})
    return TABLE_2.get(row, {})


def _table_1(tasks: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(f"from {source}", f"{TITLES[source]} features") for source in tasks]


def _table_2(tasks: tuple[str, ...]) -> list[tuple[str, str]]:
    rows = [(kind, fusion_title(kind, len(tasks))) for kind in FUSIONS]
    return [*rows, ("own_head", "control: own, with the fusions' head")]


def _controls(tasks: tuple[str, ...]) -> list[tuple[str, str]]:
    everything = fusion_title("all", len(tasks))
    return [
        ("majority", "always the commonest class of the training side"),
        ("own", "own"),
        ("own_head", "own, with the fusions' head"),
        ("wide", f"one network of a task, as many features as {everything}"),
        ("wide_head", "… with the fusions' head"),
        ("joint", "one joint network of all tasks, as many features"),
        ("joint_head", "… with the fusions' head"),
        ("residual", "one residual network of all tasks: a baseline of ours"),
        ("all", everything),
        ("standardised own_head", "own, standardised features, with the fusions' head"),
        ("standardised from identity", "identity features, standardised"),
        ("standardised other_three", f"{fusion_title('other_three', len(tasks))}, standardised"),
        ("standardised all", f"{everything}, standardised"),
        ("untrained own_head", "own, untrained, with the fusions' head"),
        *((f"untrained from {task}", f"untrained network as wide as {TITLES[task].lower()}'s") for task in tasks),
        ("untrained all", f"{everything}, untrained, with the fusions' head"),
        ("descriptor", "the shards' face descriptor, with the fusions' head"),
        ("own, untouched", "own, on untouched photographs alone"),
    ]


def _held(tasks: tuple[str, ...]) -> list[tuple[str, str]]:
    rows = [
        ("from identity", "identity features"),
        ("own_head", "own, with a head"),
        ("other_three", fusion_title("other_three", len(tasks))),
        ("all", fusion_title("all", len(tasks))),
    ]
    sides = {"fitted": "head on images the network fitted", "held": "head on images held out from it"}
    return [(f"{side} {row}", f"{title}: {text}") for row, title in rows for side, text in sides.items()]


_MIXES = [
    ("all", "concatenated, as in the publication"),
    ("sum", "sum of projections"),
    ("gating", "gated sum of projections"),
    ("bilinear", "products of pairs of projections"),
]

_SUBGROUPS = [
    ("majority", "always the commonest class of the training side"),
    ("own", "own network"),
    ("own_head", "own, with a head"),
    ("three answers", "the age, race and gender networks' answers together"),
    ("from identity", "identity features"),
    ("other_three", "other three (for the subgroup: age, race and gender features)"),
    ("all", "all four (for the subgroup: of the four tasks)"),
    ("from subgroup", "subgroup features"),
    ("subgroup answer", "what the subgroup network's answer implies"),
]


def _placebo(tasks: tuple[str, ...]) -> list[tuple[str, str]]:
    rows = [(kind, fusion_title(kind, len(tasks))) for kind in FUSIONS]
    return [
        ("majority", "always the commonest class of the training side"),
        ("from identity", "identity features"),
        *rows,
    ]


def _placebos(tasks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(placebo_of(task) for task in tasks if task in ATTRIBUTES)


def _with_subgroup(tasks: tuple[str, ...]) -> tuple[str, ...]:
    return (SUBGROUP, *(task for task in tasks if task in TASKS))
