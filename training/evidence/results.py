"""The figures of one seed: gathered from what the jobs left, and read back. docs/run-files.md explains results.json."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from training.data.protocols import Split, group_numbers, sibling_share, unseen_classes
from training.data.shards import Shards
from training.errors import TrainingError
from training.evidence.bootstrap import RESAMPLES
from training.evidence.claims import judge
from training.evidence.fairness import fairness
from training.evidence.gaps import gaps_of
from training.evidence.measures import Measures
from training.evidence.outcomes import Outcome
from training.evidence.verification import verification
from training.files import read_json
from training.folder import SCHEMA, RunFolder, SplitFolder
from training.plan.plan import Plan
from training.presets import Preset
from training.publication import ATTRIBUTES

Results = dict[str, Any]

_SMALL = 24  # classes up to which a confusion matrix is kept whole
_CONFUSED = 12  # pairs of people that are kept of a larger one


def load_results(run: Path) -> Results:
    """Read results.json of a run folder (or the file itself).

    Raises TrainingError where there is none, and where it is none of this program's.
    """
    path = RunFolder(run).results if run.is_dir() else run
    if not path.is_file():
        raise TrainingError(f"There are no results in {run}: train first, or give another run folder.")
    try:
        results: Results = read_json(path)
        found = results.get("schema")
    except (ValueError, AttributeError) as error:
        raise TrainingError(
            f"{path} is no results file of this program ({error}); train again in a new run folder."
        ) from error
    if found != SCHEMA:
        raise TrainingError(
            f"{path} has schema {found}, this program reads {SCHEMA}; open the report that stands beside it, or train "
            "again in a new run folder."
        )
    return results


def collect(
    run: RunFolder,
    shards: Shards,
    preset: Preset,
    seed: int,
    plan: Plan,
    seconds: float,
) -> Results:
    """Everything results.json holds; `seconds` is the wall time of this call, each network has its own."""
    import cv2

    choice = read_json(run.choice)
    outcome = Outcome.read(run, shards, preset, plan)
    drawn = outcome.drawn(seed)
    return {
        "schema": SCHEMA,
        "protocols": {
            name: {
                "rows": drawn.rows(name),
                "claims": judge(name, drawn.people, drawn.accuracies),
                "subgroups": _by_subgroup(outcome.measures[name], shards),
                "confusion": _confusion(outcome.measures[name], shards),
                "fairness": fairness(outcome.measures[name], shards, seed),
                "calibration": _calibration(run, plan.of(name)),
                "stuck": _stuck(outcome.measures[name]),
                **_counts(plan.of(name), shards, preset),
                **_effort(run, [*plan.of(name), *plan.halves_of(name)]),
            }
            for name in plan.protocols
        },
        "verification": verification(run, plan.of("identity"), shards, preset, seed),
        "gaps": gaps_of(plan.protocols, drawn.accuracies, drawn.people),
        "ablations": drawn.ablations(),
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
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "opencv": cv2.__version__,  # several packages bring it, so its name tells nothing
            **{name: version(name) for name in ("torch", "numpy", "pyarrow")},
        },
    }


def _calibration(run: RunFolder, splits: Sequence[Split]) -> Results:
    """By target, the mean over the rounds of what each found of its fused head (learn/fused.py)."""
    found = [read_json(run.split(split.name).summary)["calibration"] for split in splits]
    return {
        target: {key: float(np.mean([one[target][key] for one in found if target in one])) for key in found[0][target]}
        for target in found[0]
    }


def _effort(run: RunFolder, some: Sequence[Split]) -> Results:
    """The networks by split, and the share of their training time that passed in waiting for images."""
    splits = {split.name: _networks(run.split(split.name)) for split in some}
    heads = {split.name: read_json(run.split(split.name).summary) for split in some}
    networks = [network for split in splits.values() for network in split.values()]
    seconds = sum(network["seconds"] for network in networks)
    waited = sum(network["waited_for_data"] * network["seconds"] for network in networks)
    return {"networks": splits, "heads": heads, "waited_for_data": round(float(waited / seconds), 4)}


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


def _stuck(measures: Measures) -> list[str]:
    """The rows and targets that are given one answer alone, whatever is shown: what learned nothing."""
    return [
        f"{row}: {target}"
        for (row, target), measure in measures.items()
        if row != "majority" and len(np.unique(measure.answers)) == 1
    ]


def _counts(splits: list[Split], shards: Shards, preset: Preset) -> Results:
    return {
        "rounds": len(splits),
        "train_images": sum(len(split.train) for split in splits),
        "test_images": sum(len(split.test) for split in splits),
        "test_photographs": len(np.unique(np.concatenate([split.test for split in splits]) // preset.variants)),
        "test_people": _test_people(shards, preset, splits),
        "unseen": [asdict(unseen) for split in splits for unseen in unseen_classes(split, shards, preset)],
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


def _networks(split: SplitFolder) -> Results:
    return {network.path.name: read_json(network.summary) for network in split.networks()}


def _people(shards: Shards, task: str) -> dict[str, int]:
    """How many people each class of an attribute rests on."""
    people, labels = shards.people, shards.labels[:, shards.tasks.index(task)]
    return {
        name: len(np.unique(people[(labels == number) & (people >= 0)]))
        for number, name in enumerate(shards.classes[task])
    }
