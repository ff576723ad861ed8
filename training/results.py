"""The run's figures: gathered from what the jobs left, and read back. docs/training.md explains results.json."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from training.bootstrap import RESAMPLES, Answered, Resampled
from training.claims import judge
from training.errors import TrainingError
from training.files import read_json
from training.gaps import gaps_of
from training.measures import Measures, read_measures
from training.paper import ATTRIBUTES
from training.plan import Plan
from training.presets import Preset
from training.protocols import Split, group_numbers, sibling_share
from training.shards import Shards

Results = dict[str, Any]

SCHEMA = 2
"""Raised when a key of results.json changes its meaning."""

_SMALL = 24  # classes up to which a confusion matrix is kept whole
_CONFUSED = 12  # pairs of people that are kept of a larger one


def load_results(run: Path) -> Results:
    """Read results.json of a run folder (or the file itself).

    Raises TrainingError where there is none, and where it is none of this program's.
    """
    path = run / "results.json" if run.is_dir() else run
    if not path.is_file():
        raise TrainingError(f"There are no results in {run}: train first, or give another run folder.")
    try:
        results: Results = read_json(path)
        found = results.get("schema")
    except (ValueError, AttributeError) as error:
        raise TrainingError(f"{path} is no results file of this program: {error}.") from error
    if found != SCHEMA:
        raise TrainingError(f"{path} has schema {found}, this program reads {SCHEMA}: train again in a new run folder.")
    return results


def collect(
    run: Path,
    shards: Shards,
    preset: Preset,
    seed: int,
    plan: Plan,
    seconds: float,
) -> Results:
    """Everything results.json holds; `seconds` is the wall time of this call, each network has its own."""
    import cv2

    choice = read_json(run / "dtype.json")
    by_protocol = {name: _of(name, plan.splits) for name in plan.protocols}
    fold_splits = plan.fold_splits
    measures = {
        name: read_measures(run, some, _of(name, fold_splits), shards, preset) for name, some in by_protocol.items()
    }
    groups, people = _resampled(measures, shards, seed)
    accuracies = {
        (name, *key): float(measure.right.mean()) for name, some in measures.items() for key, measure in some.items()
    }
    return {
        "schema": SCHEMA,
        "protocols": {
            name: {
                "rows": _rows(name, measures[name], accuracies, groups, people),
                "claims": judge(name, people, accuracies),
                "subgroups": _by_subgroup(measures[name], shards),
                "confusion": _confusion(measures[name], shards),
                **_counts(some, shards, preset),
                "waited_for_data": _waited([_networks(run / split.name) for split in some]),
                "networks": {split.name: _networks(run / split.name) for split in [*some, *_of(name, fold_splits)]},
            }
            for name, some in by_protocol.items()
        },
        "gaps": gaps_of(list(measures), accuracies, people),
        "tasks": list(shards.tasks),
        "left_out": shards.left_out,
        "not_made": dict(plan.not_made),
        "classes": {target: list(names) for target, names in shards.targets.items()},
        "chance": {target: 1 / len(names) for target, names in shards.targets.items()},
        "counts": {
            "faces": len(shards),
            "photographs": len(np.unique(shards.photo_ids)),
            "groups": int(group_numbers(shards).max()) + 1,
            "people": len(shards.classes["identity"]),
            "people_by_class": {task: _people(shards, task) for task in shards.tasks if task in ATTRIBUTES},
            "unknown": shards.unknown(),
        },
        "bootstrap": {"resamples": RESAMPLES, "level": 0.95},
        "preset": preset.values(),
        "preset_sha256": preset.sha256(),
        "seed": seed,
        "shards": {"sha256": shards.sha256, "files": len(shards.files), "descriptors": shards.descriptors is not None},
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


def _waited(splits: list[Results]) -> float:
    """The share of the networks' training time that passed in waiting for images."""
    networks = [network for split in splits for network in split.values()]
    seconds = sum(network["seconds"] for network in networks)
    waited = sum(network["waited_for_data"] * network["seconds"] for network in networks)
    return round(float(waited / seconds), 4)


def over_seeds(runs: Sequence[Results]) -> Results:
    """Mean, deviation (of the sample), lowest and highest accuracy of each cell over runs with different seeds."""
    spread: Results = {}
    for name, protocol in runs[0]["protocols"].items():
        for row, cells in protocol["rows"].items():
            for target in cells:
                found = [run["protocols"][name]["rows"][row][target]["accuracy"] for run in runs]
                spread.setdefault(name, {}).setdefault(row, {})[target] = {
                    "mean": float(np.mean(found)),
                    "deviation": float(np.std(found, ddof=1)),
                    "lowest": min(found),
                    "highest": max(found),
                }
    return {"seeds": [run["seed"] for run in runs], "protocols": spread}


def _of(protocol: str, splits: Sequence[Split]) -> list[Split]:
    return [split for split in splits if split.protocol == protocol]


def _resampled(
    measures: Mapping[str, Measures], shards: Shards, seed: int
) -> tuple[Resampled[tuple[str, str, str]], Resampled[tuple[str, str, str]]]:
    """Resamples of all measures of all protocols by photograph group, and by person."""
    groups = group_numbers(shards)
    # A face of an unknown person is a person of its group's own.
    people = np.where(shards.people >= 0, shards.people, len(shards.classes["identity"]) + groups)
    by_group, by_person = (
        {
            (name, *key): Answered(units[measure.faces], measure.right)
            for name, some in measures.items()
            for key, measure in some.items()
        }
        for units in (groups, people)
    )
    return Resampled(by_group, seed=seed), Resampled(by_person, seed=seed)


def _rows(
    protocol: str,
    measures: Measures,
    accuracies: Mapping[tuple[str, str, str], float],
    groups: Resampled[tuple[str, str, str]],
    people: Resampled[tuple[str, str, str]],
) -> Results:
    rows: Results = {}
    for (row, target), measure in measures.items():
        key = (protocol, row, target)
        rows.setdefault(row, {})[target] = {
            "accuracy": accuracies[key],
            "images": len(measure.faces),
            "photographs": groups.units[key],
            "people": people.units[key],
            "by_group": list(groups.interval(key)),
            "by_person": list(people.interval(key)),
        }
    return rows


def _by_subgroup(measures: Measures, shards: Shards) -> Results:
    """How well the own networks and all together answer each subgroup, and on how much that rests."""
    made: Results = {}
    for number, name in enumerate(shards.subgroup_names):
        of_it = shards.subgroups == number
        tested: set[int] = set()
        accuracies: Results = {"own": {}, "all": {}}
        images = 0
        for (row, target), measure in measures.items():
            here = of_it[measure.faces]
            if row in accuracies and here.any():
                accuracies[row][target] = float(measure.right[here].mean())
                tested |= set(shards.people[measure.faces[here]].tolist())
                images = max(images, int(here.sum()))
        made[name] = {"people": len(tested), "images": images, **accuracies}
    return made


def _confusion(measures: Measures, shards: Shards) -> Results:
    """Counts of answers (columns) by label (rows) of the own networks and of all together, and whom they confuse."""
    made: Results = {}
    for row in ("own", "all"):
        for target, names in shards.targets.items():
            measure = measures.get((row, target))
            if measure is None:
                continue
            counts = np.zeros((len(names), len(names)), dtype=np.int64)
            np.add.at(counts, (measure.labels, measure.answers), 1)
            whole = {"counts": counts.tolist()} if len(names) <= _SMALL else {}
            made.setdefault(target, {})[row] = whole | {"most_confused": _most_confused(counts, names)}
    return made


def _most_confused(counts: np.ndarray[Any, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSED]
    pairs = [np.unravel_index(place, wrong.shape) for place in order]
    return [
        {"label": names[label], "answer": names[answer], "images": int(wrong[label, answer])}
        for label, answer in pairs
        if wrong[label, answer]
    ]


def _counts(splits: list[Split], shards: Shards, preset: Preset) -> Results:
    return {
        "rounds": len(splits),
        "train_images": sum(len(split.train) for split in splits),
        "test_images": sum(len(split.test) for split in splits),
        "test_photographs": len(np.unique(np.concatenate([split.test for split in splits]) // preset.variants)),
        "test_people": _test_people(shards, preset, splits),
        "siblings": float(np.mean([sibling_share(split, preset.variants) for split in splits])),
    }


def _test_people(shards: Shards, preset: Preset, splits: list[Split]) -> dict[str, int]:
    """How many people are tested on, and how many of them the networks that test them had seen in training."""
    tested, seen = set(), set()
    for split in splits:
        test = set(shards.people[split.test // preset.variants].tolist()) - {-1}
        tested |= test
        seen |= test & set(shards.people[split.train // preset.variants].tolist())
    return {"all": len(tested), "seen_in_training": len(seen)}


def _networks(folder: Path) -> Results:
    return {path.parent.name: read_json(path) for path in sorted(folder.glob("*/network.json"))}


def _people(shards: Shards, task: str) -> dict[str, int]:
    """How many people each class of an attribute rests on."""
    people, labels = shards.people, shards.labels[:, shards.tasks.index(task)]
    return {
        name: len(np.unique(people[(labels == number) & (people >= 0)]))
        for number, name in enumerate(shards.classes[task])
    }
