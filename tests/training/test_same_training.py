"""Whole runs that must be the same training: again, in several processes, interrupted, and stopped early."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_preset import changed_preset

from training import TrainingError, train_all
from training.data.shards import Shards
from training.files import write_whole
from training.folder import RunFolder
from training.machine.budget import Budget
from training.machine.work import do
from training.plan.jobs import NetworkJob, Setting
from training.plan.networks_and_heads import task_networks
from training.presets import load_preset

ROOT = Path(__file__).parents[2]


def train(folder: Path, run: Path, preset: Path, workers: int = 1) -> Path:
    return train_all(
        folder, run, preset=str(preset), protocols=["photo"], workers=workers, device="cpu", deterministic=True
    ).parent


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset of few steps and no controls."""
    folder = tmp_path_factory.mktemp("preset")
    return Path(changed_preset(folder, iterations=20, out_of_fold=0, control_protocols=[]))


@pytest.fixture(scope="module")
def alone(folder: Path, short: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(folder, tmp_path_factory.mktemp("runs") / "alone", short)


def _weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "photo" / "gender" / "network.pt", weights_only=True)  # type: ignore[no-any-return]


def test_the_same_seed_gives_the_same_bits(folder: Path, short: Path, alone: Path, tmp_path: Path) -> None:
    train(folder, tmp_path / "again", short, workers=2)
    first, again = _weights(alone), _weights(tmp_path / "again")
    assert all(torch.equal(first[name], again[name]) for name in first)
    heads = [(run / "photo" / "heads.npz").read_bytes() for run in (alone, tmp_path / "again")]
    assert heads[0] == heads[1]


def test_two_processes_train_what_one_trains(folder: Path, short: Path, alone: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0", "--standalone"]
    command += ["-m", "training", str(folder), str(tmp_path / "two"), f"--preset={short}", "--protocols=photo"]
    command += ["--device=cpu", "--deterministic"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    first, two = _weights(alone), _weights(tmp_path / "two")
    assert all(torch.allclose(first[name], two[name], atol=1e-4) for name in first)
    losses = [
        json.loads((run / "photo/gender/network.json").read_text())["curve"]["loss"]
        for run in (alone, tmp_path / "two")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_tensorboard_reads_the_curves_back(alone: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(alone / "events" / "photo" / "gender")).Reload()
    curve = json.loads((alone / "photo" / "gender" / "network.json").read_text())["curve"]
    assert [event.step for event in events.Scalars("loss")] == curve["step"]
    assert [event.value for event in events.Scalars("loss")] == pytest.approx(curve["loss"])
    assert [event.value for event in events.Scalars("test_accuracy")] == pytest.approx(curve["accuracy"])


def test_a_run_out_of_time_says_so_and_goes_on_later(
    folder: Path, short: Path, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("training.run.Budget.of", lambda max_time: Budget(60, deadline=0))  # it was over long ago
        with pytest.raises(TrainingError, match="The time is up with 4 of 4 networks to finish"):
            train(folder, tmp_path, short)
    first, later = _weights(alone), _weights(train(folder, tmp_path, short))
    assert all(torch.equal(first[name], later[name]) for name in first)


def stopped_at(step: int, shards: Shards, short: Path, run: Path) -> NetworkJob:
    """The gender network of a finished run, begun anew, and out of time at that step."""
    shutil.rmtree(run / "photo" / "gender")
    shutil.rmtree(run / "events")
    preset = load_preset(str(short))
    classes = {target: len(names) for target, names in shards.targets.items()}
    setting = Setting(RunFolder(run), next((run / "data").glob("*.npy")), classes, preset, 0, "cpu", "float32")
    job = NetworkJob(setting, "photo", task_networks(("gender",), preset)[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.learn.train._has_time", lambda setting, state, world: state.step < step)
        do(job)
    assert torch.load(job.folder.checkpoint, weights_only=True)["step"] == step
    assert not job.done.exists()
    return job


@pytest.mark.parametrize("last", [10, 13])
def test_a_network_out_of_time_stops_at_whichever_step_and_ends_the_same_later(
    last: int, shards: Shards, short: Path, alone: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(alone, tmp_path / "run")
    job = stopped_at(last, shards, short, run)
    do(job)
    curves = [
        json.loads((folder / "photo" / "gender" / "network.json").read_text())["curve"] for folder in (alone, run)
    ]
    assert curves[0] == curves[1]
    first, later = _weights(alone), _weights(run)
    assert all(torch.equal(first[name], later[name]) for name in first)


def test_a_checkpoint_that_an_earlier_version_left_at_a_point_of_the_curve_is_gone_on_from(
    shards: Shards, short: Path, alone: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(alone, tmp_path / "run")
    job = stopped_at(10, shards, short, run)
    checkpoint = torch.load(job.folder.checkpoint, weights_only=True)
    del checkpoint["losses"]
    write_whole(job.folder.checkpoint, lambda path: torch.save(checkpoint, path))
    do(job)
    first, later = _weights(alone), _weights(run)
    assert all(torch.equal(first[name], later[name]) for name in first)


def test_a_network_that_has_flattened_stops_early_and_says_how_many_steps_that_saved(
    folder: Path, short: Path, tmp_path: Path
) -> None:
    eager = tmp_path / "eager.toml"
    text = short.read_text().replace("\niterations = 20", "\niterations = 400")
    eager.write_text(
        text.replace("patience = 0", "patience = 2").replace("least_gain = 0.01", "least_gain = 0.5"), "utf-8"
    )
    train(folder, tmp_path / "run", eager)
    network = json.loads((tmp_path / "run" / "photo" / "gender" / "network.json").read_text())
    assert network["validation_images"] > 0
    assert 0 < network["steps"] < 400
    assert network["steps"] + network["steps_saved"] == 400
    assert network["curve"]["step"][-1] == network["steps"]
