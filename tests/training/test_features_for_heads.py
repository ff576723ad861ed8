"""What heads are given: features as they are, standardised ones as a control, descriptors where they tell something."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_preset import PRESET
from training_shards import TASKS

from training.data.protocols import make_splits
from training.data.shards import Shards
from training.folder import RunFolder
from training.learn.features import Block, Features, read_blocks
from training.learn.heads import train_heads
from training.learn.stacks import HeadStack, factor, make_stacks
from training.plan.jobs import HeadsJob, Setting
from training.plan.networks_and_heads import STANDARDISED, Head, control_networks, task_networks
from training.plan.plan import heads_job

CLASSES = {"identity": 6, "age_group": 3, "race": 4, "gender": 2}
TRAIN, TEST = 60, 20


def quiet(progress: object) -> None:
    """A report to nobody."""


def written(folder: Path, *, controls: bool = False, descriptors: bool = False, siblings: bool = False) -> HeadsJob:
    """A heads' job whose networks have left features that say the identity, at very different scales."""
    preset = replace(PRESET, head_iterations=200, hidden=[16, 16])
    setting = Setting(RunFolder(folder), folder / "none.npy", CLASSES, preset, 0, "cpu", "float32")
    networks = task_networks(TASKS, preset) + (control_networks(TASKS, preset) if controls else [])
    job = HeadsJob(setting, "photo", tuple(networks), siblings=siblings)
    job.folder.path.mkdir()
    random = np.random.default_rng(0)
    people = np.arange(TRAIN + TEST) % 6
    labels = np.stack([people % count for count in CLASSES.values()], axis=1)
    sides = {"train": np.arange(TRAIN), "test": TRAIN + np.arange(TEST)}
    known = {"train_labels": labels[:TRAIN], "test_labels": labels[TRAIN:]}
    np.savez(job.folder.split, held=0, validation=np.zeros(TRAIN, bool), **sides, **known)
    for network in networks:
        path = job.folder.network(network.name)
        path.path.mkdir()
        look = random.normal(0, 1, (6, network.width)).astype(np.float32)
        np.save(path.features, np.maximum(look[people] + random.normal(0, 0.1, (80, network.width)), 0).astype("f4"))
    first = setting.run.untrained
    first.parent.mkdir()
    width = sum(network.width for network in task_networks(TASKS, preset))
    np.save(first, random.normal(0, 1, (80, width)).astype(np.float32))
    if descriptors:
        setting.run.descriptors.parent.mkdir()
        np.save(setting.run.descriptors, np.eye(6, dtype=np.float32)[people] / 50)
    return job


def features_of(job: HeadsJob) -> Features:
    return Features(read_blocks(job, np.arange(TRAIN + TEST)), np.arange(TRAIN), "cpu")


def test_heads_are_given_the_features_as_the_networks_left_them(tmp_path: Path) -> None:
    features = features_of(written(tmp_path))
    left = np.load(RunFolder(tmp_path).split("photo").network("race").features)
    seen = features.at(np.array([3, 70]))[:, list(features.columns["race"])]
    assert torch.equal(seen, torch.from_numpy(left[[3, 70]]))


def test_standardised_features_stand_beside_them_where_the_controls_are(tmp_path: Path) -> None:
    features = features_of(written(tmp_path, controls=True))
    seen = features.at(np.arange(TRAIN))[:, list(features.columns[f"{STANDARDISED}identity"])]
    alive = seen.std(0, correction=0) > 0
    assert torch.allclose(seen.mean(0), torch.zeros(seen.shape[1]), atol=1e-5)
    assert torch.allclose(seen.std(0, correction=0)[alive], torch.ones(int(alive.sum())), atol=1e-4)
    (tmp_path / "other").mkdir()
    assert f"{STANDARDISED}identity" not in features_of(written(tmp_path / "other")).columns


def test_a_feature_that_is_always_the_same_is_not_divided_by_nothing() -> None:
    block = Block(np.full((10, 3), 5, dtype=np.float32), np.arange(10), scaled=True)
    assert torch.equal(Features({"one": block}, np.arange(10), "cpu").at(np.arange(10)), torch.zeros(10, 3))


def test_the_descriptor_is_of_another_scale_and_so_is_standardised(tmp_path: Path) -> None:
    job = written(tmp_path, descriptors=True)
    job = replace(job, setting=replace(job.setting, preset=replace(job.setting.preset, variants=1)))
    features = features_of(job)
    seen = features.at(np.arange(TRAIN))[:, list(features.columns["descriptor"])]
    assert float(seen.std(0, correction=0).min()) == pytest.approx(1, abs=1e-3)


def test_there_is_no_descriptor_row_where_copies_of_the_test_photographs_train(shards: Shards, tmp_path: Path) -> None:
    setting = Setting(RunFolder(tmp_path), tmp_path, CLASSES, PRESET, 0, "cpu", "float32")
    siblings = {
        name: heads_job(setting, make_splits(name, shards, PRESET, 0)[0]).siblings for name in ("photo", "paper")
    }
    assert siblings == {"photo": False, "paper": True}
    run = tmp_path / "run"
    run.mkdir()
    assert "descriptor" not in features_of(written(run, descriptors=True, siblings=True)).columns


# Curves


def test_curves_are_of_the_cross_feature_heads_from_before_the_first_step_on(tmp_path: Path) -> None:
    job = written(tmp_path, controls=True)
    train_heads(job, quiet)
    curve = json.loads(job.done.read_text(encoding="utf-8"))["curve"]
    assert set(curve) == {"step", *(f"from {source}:{task}" for source in TASKS for task in TASKS)}
    assert curve["step"][0] == 0
    assert curve["step"][-1] == 200
    assert len(curve["step"]) == 21
    for name, accuracies in curve.items():
        if name != "step":
            assert len(accuracies) == 21
            assert accuracies[-1] > 0.9, name
    first = np.mean([accuracies[0] for name, accuracies in curve.items() if name.endswith(":identity")])
    assert first < 0.5  # six people: chance is a sixth
    with np.load(job.folder.answers) as answers, np.load(job.folder.split) as split:
        right = (answers["from race:gender"] == split["test_labels"][:, 3]).mean()
    assert curve["from race:gender"][-1] == pytest.approx(right)


def test_a_task_that_nothing_is_known_of_has_no_curve(tmp_path: Path) -> None:
    job = written(tmp_path)
    with np.load(job.folder.split) as split:
        arrays = dict(split)
    arrays["test_labels"][:, 0] = -1  # nobody of the test is known, as in protocol identity
    np.savez(job.folder.split, **arrays)
    train_heads(job, quiet)
    curve = json.loads(job.done.read_text(encoding="utf-8"))["curve"]
    assert not [name for name in curve if name.endswith(":identity")]
    assert "from identity:race" in curve


def test_heads_of_few_and_of_many_classes_are_not_padded_to_one_size() -> None:

    columns = {task: range(10 * n, 10 * n + 10) for n, task in enumerate(TASKS)}
    heads = [Head("all", TASKS, task) for task in TASKS]
    stacks = make_stacks(heads, columns, PRESET, CLASSES | {"identity": 77}, 0, {})
    widths = {tuple(head.target for head in one.heads): one.layers.never.shape[-1] for one in stacks}
    assert all(isinstance(one, HeadStack) for one in stacks)
    assert sorted(widths.values()) == [4, 77]


# Scale


def test_one_factor_for_all_features_of_a_head_keeps_their_proportions() -> None:
    columns = {"identity": range(30), "race": range(30, 40)}
    squares = {"identity": 9.0, "race": 1.0}
    both = factor(Head("all", ("identity", "race"), "race"), columns, squares)
    assert both == pytest.approx((40 / (30 * 9 + 10)) ** 0.5)
    assert factor(Head("from race", ("race",), "race"), columns, squares) == 1.0
    assert factor(Head("one", (f"{STANDARDISED}race",), "race"), {f"{STANDARDISED}race": range(5)}, squares) == 1.0
    assert factor(Head("dead", ("race",), "race"), columns, {"race": 0.0}) == 1.0


def test_heads_learn_the_same_from_features_a_hundred_times_as_large(tmp_path: Path) -> None:
    accuracies = []
    for scale in (1, 100):
        run = tmp_path / str(scale)
        run.mkdir()
        job = written(run)
        for network in job.networks:
            path = job.folder.network(network.name).features
            np.save(path, np.load(path) * np.float32(scale))
        train_heads(job, quiet)
        curve = json.loads(job.done.read_text(encoding="utf-8"))["curve"]
        accuracies.append([curve[name][-1] for name in sorted(curve) if name != "step"])
    assert accuracies[0] == accuracies[1]
    assert min(accuracies[1]) > 0.9
