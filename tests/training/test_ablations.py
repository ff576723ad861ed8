"""Ablations: an option of a run, also of a finished one; what is varied, and that it stands in the report."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_preset import PRESET, changed_preset
from training_shards import TASKS, coloured_rows, write_shards

from training import TrainingError, load_results, train_all
from training.data.protocols import make_splits
from training.data.shards import Shards, read_shards
from training.learn.stacks import make_stacks
from training.plan.ablations import STEPS, ablation_heads, variations
from training.plan.plan import make_plan

CLASSES = {"identity": 6, "age_group": 3, "race": 4, "gender": 2}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 people of 16 photographs each, 12 of them to train on."""
    return write_shards(tmp_path_factory.mktemp("shards"), coloured_rows(photographs=16))


def test_every_person_keeps_as_many_photographs_as_are_asked_for(many: Path) -> None:
    shards = read_shards(many)
    (photo,) = make_splits("photo", shards, PRESET, 0)
    made = {one.name: one for one in variations(photo, shards, PRESET, 0)}
    assert set(made) == {"photographs 5", "photographs 10", "steps 25", "steps 50", "steps 100", "steps 200"}
    for amount in (5, 10):
        one = made[f"photographs {amount}"]
        faces = one.split.train // PRESET.variants
        assert set(Counter(shards.people[np.unique(faces)].tolist()).values()) == {amount}
        assert set(Counter(faces.tolist()).values()) == {PRESET.variants}
        assert set(one.split.train) < set(photo.train)
        assert (one.split.test == photo.test).all()
        assert one.preset(PRESET) == PRESET
    assert set(made["photographs 5"].split.train) < set(made["photographs 10"].split.train)


def test_networks_of_a_number_of_steps_make_all_of_them(many: Path) -> None:
    from dataclasses import replace

    shards, patient = read_shards(many), replace(PRESET, patience=3)
    (photo,) = make_splits("photo", shards, patient, 0)
    for one in variations(photo, shards, patient, 0):
        preset = one.preset(patient)
        assert (preset.iterations, preset.patience) == ((one.amount, 0) if one.kind == STEPS else (100, 3))
        if one.kind == STEPS:
            assert (one.split.train == photo.train).all()


def test_without_protocol_photo_there_is_nothing_to_vary(shards: Shards) -> None:
    with pytest.raises(TrainingError, match="Ablations are made of protocol photo"):
        make_plan(shards, PRESET, 0, ["paper"], ablations=True)


def test_all_pairs_and_all_but_one_are_fused_for_each_task() -> None:
    heads = ablation_heads(TASKS, 350)
    of_race = {head.row: head for head in heads if head.target == "race"}
    pairs = {head.sources for head in of_race.values() if len(head.sources) == 2}
    assert len(pairs) == 6
    assert of_race["all but identity"].sources == ("age_group", "race", "gender")
    assert len([row for row in of_race if row.startswith("all but")]) == 4
    assert {head.width for head in of_race.values()} == {None, 25, 50, 100, 200}
    assert {head.depth for head in of_race.values()} == {0, 1, 2, 3}
    assert not [head for head in ablation_heads(TASKS, 40) if head.width and head.width >= 40]


def test_a_head_of_a_width_reads_so_many_features_and_one_without_hidden_layers_is_linear() -> None:
    columns = {task: range(10 * n, 10 * n + 10) for n, task in enumerate(TASKS)}
    heads = [head for head in ablation_heads(TASKS, 40) if head.target == "race"]
    features = torch.randn(9, 40, generator=torch.Generator().manual_seed(0))
    for stack in make_stacks(heads, columns, PRESET, CLASSES, 0, {}):
        for n, head in enumerate(stack.heads):
            read = [column for column in range(40) if _moves(stack, n, features, column)]
            assert len(read) == (head.width or 10 * len(head.sources)), head.row
            with torch.no_grad():
                opposite, once = (stack(sign * features)[n, :, :4] for sign in (-1, 1))
            assert torch.allclose(-opposite, once, atol=1e-3) == (head.depth == 0), head.row


def _moves(stack: torch.nn.Module, head: int, features: torch.Tensor, column: int) -> bool:
    changed = features.clone()
    changed[:, column] += 5
    with torch.no_grad():
        return bool((stack(features)[head] != stack(changed)[head]).any())


@pytest.fixture(scope="module")
def run(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run that was finished without ablations, then asked for them."""
    folder = tmp_path_factory.mktemp("run")
    preset = changed_preset(folder, iterations=20, evaluate_every=20, head_iterations=20, control_protocols=[])
    options = {"preset": preset, "protocols": ["photo"], "workers": 1, "device": "cpu"}
    path = train_all(many, folder / "run", **options)  # type: ignore[arg-type]
    assert load_results(path)["ablations"] == {}
    weights = {file: file.stat().st_mtime_ns for file in path.parent.rglob("network.pt")}
    train_all(many, folder / "run", **options, ablations=True)  # type: ignore[arg-type]
    assert all(file.stat().st_mtime_ns == time for file, time in weights.items())
    return path.parent


def test_ablations_are_added_to_a_finished_run_and_stay_in_its_report(run: Path, many: Path) -> None:
    results = load_results(run)
    found = results["ablations"]
    assert set(found) == {"heads", "photographs", "steps"}
    assert list(found["photographs"]) == ["5", "10"]
    assert list(found["steps"]) == ["5", "10", "20", "40"]
    assert set(found["heads"]["Identity and race"]) == set(TASKS)
    for cells in (found["heads"]["all, three hidden layers"], found["steps"]["40"]["own"]):
        for cell in cells.values():
            low, high = cell["by_person"]
            assert 0 <= low <= cell["accuracy"] <= high <= 1
    assert list(results["protocols"]) == ["photo"]
    for report in ("report.html", "report.md"):
        said = (run / report).read_text(encoding="utf-8")
        for text in ("Identity and race", "all but gender", "5 photographs of a person, at most: own", "40 steps of"):
            assert text in said
    assert re.search(r"!\[.*\]\(figures/ablations.png\)", (run / "report.md").read_text(encoding="utf-8"))


def test_networks_of_their_own_are_trained_for_each_number(run: Path) -> None:
    assert {file.parent.parent.name for file in run.rglob("network.pt")} == {
        "photo",
        *(f"photo-of-{amount}" for amount in (5, 10)),
        *(f"photo-steps-{steps}" for steps in (5, 10, 20, 40)),
    }
