"""What a reviewer of a journal asks for, as sections of the report: verification, and who is answered how well."""

from __future__ import annotations

from typing import Any

from training.publication import TITLES
from training.report import plots
from training.report.lines import percent, points, spoken_range
from training.report.page import Cell, Grid, Picture, Section, words

Results = dict[str, Any]

_KINDS = {
    "identity": "identity features",
    "fused": "features of all networks",
    "untrained identity": "identity features, untrained",
    "untrained fused": "features of all networks, untrained",
    "descriptor": "the shards' descriptor",
}
_ROWS = {"own": "own", "all": "all together"}


def verification(results: Results) -> Section | None:
    """Whether two photographs are of one person, of people never seen; None where protocol identity was not run."""
    found = results.get("verification")
    if not found:
        return None
    rows = tuple(
        (
            Cell(_KINDS[kind]),
            *(Cell(percent(one["tar"]), (spoken_range(one["by_person"]),)) for one in figures["tar"].values()),
            Cell(percent(figures["auc"])),
            Cell(percent(figures["lfw"]["accuracy"]), _error(figures["lfw"])),
        )
        for kind, figures in found.items()
    )
    one = next(iter(found.values()))
    fars = tuple(f"TAR at FAR {percent(float(far))} %" for far in one["tar"])
    said = (
        f"{one['pairs']['of_one']:,} pairs of one person and {one['pairs']['of_two']:,} of two, of {one['people']} "
        "people whom the networks that look at them had never seen."
    )
    note = (
        "In per cent. TAR: the share of pairs of one person that are accepted where the share FAR of the pairs of two "
        "is; below it the 95 % interval by person. The last column is the accuracy in the form of Labeled Faces in the "
        "Wild: ten folds of people, the threshold from the other nine, with its standard error."
    )
    caption = "Pairs of one person accepted (TAR) by pairs of two people accepted (FAR), people never seen."
    picture = Picture("verification.png", caption, plots.roc({_KINDS[kind]: one["roc"] for kind, one in found.items()}))
    grid = Grid("Verification", ("likeness by", *fars, "area under ROC", "LFW's accuracy"), rows)
    return Section("verification", "Is it the same person?", (said,), note, (grid,), (picture,))


def fairness(results: Results) -> Section | None:
    """The subgroup that is answered worst, and how sure the answers are; None where no task has two subgroups."""
    rows = []
    for name, protocol in results["protocols"].items():
        for row, by_task in protocol.get("fairness", {}).items():
            for task, found in by_task.items():
                if "difference" not in found:
                    continue
                worst, apart = found["group_min"], found["difference"]
                sure = protocol["calibration"].get(task) if row == "all" else None
                rows.append(
                    (
                        *words(
                            f"protocol {name}", f"{_ROWS[row]} → {TITLES[task]}", percent(found["balanced_accuracy"])
                        ),
                        Cell(
                            percent(worst["accuracy"]),
                            (worst["group"].replace("_", " "), spoken_range(worst["by_person"])),
                        ),
                        Cell(points(apart["difference"]), (spoken_range(apart["by_person"]),)),
                        Cell(percent(sure["ece"]), (f"calibrated {percent(sure['ece_calibrated'])}",))
                        if sure
                        else Cell(),
                    )
                )
    if not rows:
        return None
    head = ("protocol", "features → task", "balanced accuracy", "worst subgroup", "best − worst", "calibration error")
    note = (
        "In per cent and points. Subgroups of fewer than three people do not count; intervals draw people within each "
        "subgroup. The smallest of many figures is low by chance as well: read the interval of the difference. The "
        "expected calibration error is how far the likeliest class's probability is from how often it is right; "
        "calibrated by the temperature of the other half of the images."
    )
    return Section("fairness", "Who is answered worst", (), note, (Grid("Worst subgroups", head, tuple(rows)),))


def _error(lfw: Results) -> tuple[str, ...]:
    return (f"± {percent(lfw['standard_error'])}",) if lfw["standard_error"] is not None else ()
