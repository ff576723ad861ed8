"""The run's figures: gathered from what the jobs left, read back, and shown on the screen."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from training.errors import TrainingError
from training.files import read_json
from training.paper import ATTRIBUTES, FUSIONS, TABLE_1, TABLE_2, TASKS, TITLES, fusion_title
from training.presets import Preset
from training.protocols import Split, sibling_share
from training.shards import Shards

Results = dict[str, Any]
Row = tuple[str, dict[str, float], dict[str, float]]  # of a table: name, ours, the paper's


def load_results(run: Path) -> Results:
    """Read results.json of a run folder (or the file itself); raises TrainingError where there is none."""
    path = run / "results.json" if run.is_dir() else run
    if not path.is_file():
        raise TrainingError(f"There are no results in {run}: train first, or give another run folder.")
    results: Results = read_json(path)
    return results


def collect(run: Path, shards: Shards, preset: Preset, seed: int, splits: Sequence[Split], seconds: float) -> Results:
    """Everything results.json holds; `seconds` is the wall time of this call, each network has its own."""
    import cv2

    choice = read_json(run / "dtype.json")
    names = list(dict.fromkeys(split.protocol for split in splits))
    return {
        "protocols": {
            name: _protocol(run, shards, preset, [split for split in splits if split.protocol == name])
            for name in names
        },
        "tasks": list(shards.tasks),
        "left_out": shards.left_out,
        "classes": {task: list(names) for task, names in shards.classes.items()},
        "chance": {task: 1 / len(names) for task, names in shards.classes.items()},
        "counts": {
            "faces": len(shards),
            "photographs": len(np.unique(shards.photo_ids)),
            "people": len(shards.classes["identity"]),
            "people_by_class": {task: _people(shards, task) for task in shards.tasks if task in ATTRIBUTES},
            "unknown": shards.unknown(),
        },
        "preset": preset.values(),
        "seed": seed,
        "shards": {"sha256": shards.sha256, "files": len(shards.files)},
        "device": choice["device"],
        "dtype": {"name": choice["dtype"], "reason": choice["reason"]},
        "speeds": choice["speeds"],
        "seconds": round(seconds, 1),
        "versions": {
            "python": platform.python_version(),
            "opencv": cv2.__version__,  # several packages bring it, so its name tells nothing
            **{name: version(name) for name in ("torch", "numpy", "pyarrow")},
        },
    }


def _protocol(run: Path, shards: Shards, preset: Preset, splits: list[Split]) -> Results:
    tasks = shards.tasks
    networks = [{task: read_json(run / split.name / task / "network.json") for task in tasks} for split in splits]
    heads = [read_json(run / split.name / "heads.json") for split in splits]
    own = {task: _mean([one[task]["accuracy"] for one in networks]) for task in tasks}
    cross = {
        source: {target: _mean([one["cross"][source][target] for one in heads]) for target in tasks} for source in tasks
    }
    fusion = {
        kind: {task: _mean([one["fusion"][kind][task] for one in heads]) for task in tasks}
        for kind in ("other_three", "all")
    }
    return {
        # The diagonal of Table 1 and the first row of Table 2 are the networks' own outputs, as in the paper.
        "table1": {source: cross[source] | {source: own[source]} for source in tasks},
        "table2": {"own": own} | fusion,
        # The control: a network's own features through the head that the fusions have.
        "own_with_head": {task: cross[task][task] for task in tasks},
        "train_images": sum(len(split.train) for split in splits),
        "test_images": sum(len(split.test) for split in splits),
        "test_photographs": len(np.unique(np.concatenate([split.test for split in splits]) // preset.variants)),
        "known_photographs": _known_photographs(shards, preset, splits),
        "test_people": _test_people(shards, preset, splits),
        "siblings": _mean([sibling_share(split, preset.variants) for split in splits]),
        "majority": {
            task: _mean([_majority(shards, preset, split, column) for split in splits])
            for column, task in enumerate(tasks)
        },
        "waited_for_data": _mean([one[task]["waited_for_data"] for one in networks for task in tasks]),
        "networks": {split.name: one for split, one in zip(splits, networks, strict=True)},
    }


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


def _people(shards: Shards, task: str) -> dict[str, int]:
    """How many people each class of an attribute rests on."""
    people, labels = shards.labels[:, 0], shards.labels[:, shards.tasks.index(task)]
    return {
        name: len(np.unique(people[(labels == number) & (people >= 0)]))
        for number, name in enumerate(shards.classes[task])
    }


def _known_photographs(shards: Shards, preset: Preset, splits: list[Split]) -> dict[str, int]:
    """How many photographs each task is tested on: those whose label is known."""
    rows = np.unique(np.concatenate([split.test for split in splits]) // preset.variants)
    known = (shards.labels[rows] >= 0).sum(axis=0).tolist()
    return dict(zip(shards.tasks, known, strict=True))


def _test_people(shards: Shards, preset: Preset, splits: list[Split]) -> dict[str, int]:
    """How many people are tested on, and how many of them the networks had seen in training."""
    tested, seen = set(), set()
    for split in splits:
        test = set(shards.labels[split.test // preset.variants, 0].tolist()) - {-1}
        tested |= test
        seen |= test & set(shards.labels[split.train // preset.variants, 0].tolist())
    return {"all": len(tested), "seen_in_training": len(seen)}


def _majority(shards: Shards, preset: Preset, split: Split, column: int) -> float:
    """Accuracy on the test side of always answering the commonest class of the training side."""
    train = shards.labels[split.train // preset.variants, column]
    test = shards.labels[split.test // preset.variants, column]
    commonest = np.bincount(train[train >= 0]).argmax()
    return float((test[test >= 0] == commonest).mean())


def show_tables(results: Results, console: Console | None = None) -> None:
    """Print Tables 1 and 2 of every protocol, each accuracy in per cent, the paper's in brackets."""
    console = console or Console()
    tasks = results["tasks"]
    paper = "the paper" if len(tasks) == len(TASKS) else "the paper, with its four networks"
    for name, protocol in results["protocols"].items():
        tested = f"per cent of {protocol['test_images']:,} test images, where the label is known; in brackets: {paper}"
        rows = [(TITLES[source], protocol["table1"][source], TABLE_1[source]) for source in tasks]
        console.print(_table(f"Table 1, protocol {name}: features → task", tested, tasks, rows))
        rows = [(fusion_title(kind, len(tasks)), protocol["table2"][kind], TABLE_2[kind]) for kind in FUSIONS]
        rows.append(("own + head", protocol["own_with_head"], {}))
        console.print(_table(f"Table 2, protocol {name}: fused features → task", tested, tasks, rows))


def _table(title: str, caption: str, tasks: list[str], rows: list[Row]) -> Table:
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("features")
    for task in tasks:
        table.add_column(TITLES[task], justify="right")
    for name, ours, papers in rows:
        cells = [f"{100 * ours[task]:.1f}" + (f" ({100 * papers[task]:.1f})" if papers else "") for task in tasks]
        table.add_row(name, *cells)
    return table
