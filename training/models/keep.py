"""What a run leaves to be taken away: networks and fused heads, each with a description that needs nothing else.

models/README.md                  the model card
models/gender.safetensors, .json  the network of a task
models/fused-gender.safetensors, .json   the head that answers a task by the features of all networks
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save

from training.files import write_bytes, write_json, write_text
from training.folder import RunFolder
from training.learn.fused import FUSED
from training.pages import render
from training.publication import ATTRIBUTES, TITLES

Results = dict[str, Any]

SCHEMA = 1
"""Raised when a key of a description changes its meaning."""

INPUT = (
    "images (N, size, size, 3), uint8 RGB: a face as facecorpus aligns it (224 × 224 pixels by its five landmarks),"
    " shrunk by averaging areas; the network sees (pixel − 127.5) / 64"
)
_ON_STRANGERS = "people never seen"
_ON_KNOWN = "other photographs of the people it learned from"


def keep_models(run: RunFolder, results: Results) -> None:
    """Write the models of a finished seed, of its first protocol that has one split: `photo`, as a rule.

    Each file is whole or absent; a further call writes the same.
    """
    protocol, split = _whole_split(run, results)
    for task in results["tasks"]:
        weights = torch.load(run.split(split).network(task).weights, map_location="cpu", weights_only=True)
        tensors = {name: tensor.contiguous() for name, tensor in weights.items()}
        described = {
            "what": "network",
            "task": task,
            "layers": "three convolutions with pooling and ReLU, `high_level` features with ReLU, `output` scores",
            "input": INPUT,
            "accuracy": _accuracies(results, "own", task),
        }
        _keep(run, task, tensors, described | _shared(results, protocol))
    with safe_open(run.split(split).fused, "pt") as fused:
        for task in results["tasks"]:
            own = [name for name in fused.keys() if name.startswith(f"{task}.")]  # noqa: SIM118 - no mapping
            tensors = {name.removeprefix(f"{task}."): fused.get_tensor(name) for name in own}
            value, fitted = _temperature(run, results, task, float(tensors.pop("temperature")))
            described = {
                "what": "fused head",
                "task": task,
                "layers": "fully connected layers 0, 2 and 4, with ReLU between them",
                "input": "the high-level features of the networks, side by side in this order",
                "reads": list(results["tasks"]),
                "temperature": value,
                "temperature_fitted_on": fitted,
                "accuracy": _accuracies(results, FUSED, task),
            }
            _keep(run, f"fused-{task}", tensors, described | _shared(results, protocol))
    write_text(run.models / "README.md", _card(results, protocol))


def _whole_split(run: RunFolder, results: Results) -> tuple[str, str]:
    """The protocol whose networks learned from most people, and the name of its (first) split."""
    protocol = next(iter(results["protocols"]))
    return protocol, next(iter(results["protocols"][protocol]["networks"]))


def _keep(run: RunFolder, name: str, tensors: dict[str, torch.Tensor], described: Results) -> None:
    data = save(tensors)
    write_bytes(run.models / f"{name}.safetensors", data)
    described |= {"file": f"{name}.safetensors", "sha256": hashlib.sha256(data).hexdigest()}
    write_json(run.models / f"{name}.json", described)


def _shared(results: Results, protocol: str) -> Results:
    return {
        "schema": SCHEMA,
        "classes": results["classes"],
        "size": results["preset"]["size"],
        "preset": results["preset"],
        "preset_sha256": results["preset_sha256"],
        "shards_sha256": results["shards"]["sha256"],
        "protocol": protocol,
        "seed": results["seed"],
        "versions": results["versions"],
    }


def _accuracies(results: Results, row: str, task: str) -> Results:
    """By protocol, what the row answered rightly, on whom, with the interval by person."""
    found: Results = {}
    for name, protocol in results["protocols"].items():
        cell = protocol["rows"].get(row, {}).get(task)
        if cell is not None:
            on = _ON_STRANGERS if name == "identity" else _ON_KNOWN
            found[name] = {"of": on} | {key: cell[key] for key in ("accuracy", "by_person", "images", "people")}
    return found


def _temperature(run: RunFolder, results: Results, task: str, own: float) -> tuple[float, str]:
    """For attributes that of networks which were asked about people they had never seen, where the run has such."""
    rounds = list(results["protocols"].get("identity", {}).get("networks", {}))
    found = []
    for split in (name for name in rounds if run.split(name).fused.is_file() and task in ATTRIBUTES):
        with safe_open(run.split(split).fused, "pt") as fused:
            found.append(math.log(float(fused.get_tensor(f"{task}.temperature"))))
    return (math.exp(sum(found) / len(found)), _ON_STRANGERS) if found else (own, _ON_KNOWN)


def _card(results: Results, protocol: str) -> str:
    tasks = results["tasks"]
    content = {
        "results": results,
        "protocol": protocol,
        "tasks": tasks,
        "titles": TITLES,
        "own": {task: _accuracies(results, "own", task) for task in tasks},
        "fused": {task: _accuracies(results, FUSED, task) for task in tasks},
        "preset": json.dumps(results["preset"], ensure_ascii=False),
    }
    return render("model_card.md.j2", content, percent=lambda share: f"{100 * share:.1f}")
