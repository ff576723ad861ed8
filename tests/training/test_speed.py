"""What makes training quick, and still the same training: cache, plateaus, time limits, several processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from training_shards import coloured_rows, write_shards

from training import TrainingError, train_all
from training.data.images import image_jobs, open_images
from training.data.protocols import validation_part
from training.data.shards import Shards, read_shards
from training.learn.flops import step_flops
from training.learn.networks import as_input, make_network
from training.learn.plateau import stage_at, stage_lengths
from training.learn.stepper import Stepper
from training.machine.budget import Budget, parse_time
from training.plan.jobs import NetworkJob, Setting
from training.plan.networks_and_heads import task_networks
from training.presets import load_preset

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "data" / "training_tiny.toml"
PRESET = load_preset(str(TINY))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in a worker; and several threads would only wait for each other on images as small as these."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"), coloured_rows())


@pytest.fixture(scope="module")
def shards(folder: Path) -> Shards:
    return read_shards(folder)


# The network


def test_a_step_counts_the_operations_of_each_layer() -> None:
    forward = [
        2 * 16 * 16 * 25 * 3 * 8,
        2 * 8 * 8 * 25 * 8 * 16,
        2 * 4 * 4 * 9 * 16 * 16,
        2 * 2 * 2 * 16 * 16,
        2 * 16 * 6,
    ]
    assert step_flops(PRESET, 16, 6) == 3 * sum(forward) - forward[0]


def test_the_first_layer_is_the_convolution_one_would_do_by_hand() -> None:
    network = make_network(PRESET, 16, 6, seed=0)
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    values, weight = (
        (image[0].astype(np.float64) - 127.5) / 64,
        network.convolutions[0].weight.detach().double().numpy(),
    )
    padded = np.pad(values, ((2, 2), (2, 2), (0, 0)))
    full = np.array(
        [
            [(weight * padded[y : y + 5, x : x + 5].transpose(2, 0, 1)).sum((1, 2, 3)) for x in range(16)]
            for y in range(16)
        ]
    )
    pooled = np.maximum(full.reshape(8, 2, 8, 2, 8).max(axis=(1, 3)), 0)
    found = network.layers(as_input(image, "cpu"))[0][0].permute(1, 2, 0).detach().numpy()
    assert np.allclose(found, pooled, atol=1e-4)


def test_gradients_are_what_finite_differences_say() -> None:
    network = make_network(PRESET, 16, 6, seed=0).double()
    images = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 3, 5])
    F.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
    for weight in network.parameters():
        grad = weight.grad
        assert grad is not None
        place = np.unravel_index(int(grad.abs().argmax()), grad.shape)
        losses = []
        for change in (1e-6, -2e-6):
            with torch.no_grad():
                weight[place] += change
                losses.append(float(F.cross_entropy(network(images), labels)))
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(float(grad[place]), rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kernels", ["auto", "torch"])
def test_a_network_learns_fifty_images_by_heart(dtype: str, kernels: str) -> None:
    preset = replace(PRESET, kernels=kernels)
    random = np.random.default_rng(0)
    images = as_input(random.integers(0, 256, (50, 16, 16, 3), dtype=np.uint8), "cpu")
    labels = torch.from_numpy(random.integers(0, 6, (50, 1)))
    stepper = Stepper(make_network(preset, 16, 6, seed=0), preset, "cpu", dtype, (6,))
    for _ in range(250):
        stepper.step(images, labels, 0.01)
    assert (stepper.look(images)[1].argmax(1) == labels[:, 0]).all()


def test_a_gradient_longer_than_the_preset_allows_is_shortened_and_no_other() -> None:
    images = as_input(np.random.default_rng(0).integers(0, 256, (10, 16, 16, 3), dtype=np.uint8), "cpu")
    labels = torch.arange(10)[:, None] % 6
    moved = []
    for longest in (1e6, 1e-2):
        preset = replace(PRESET, largest_gradient=longest, weight_decay=0.0)
        stepper = Stepper(make_network(preset, 16, 6, seed=0), preset, "cpu", "float32", (6,))
        before = [weight.detach().clone() for weight in stepper.network.parameters()]
        stepper.step(images, labels, 0.1)
        after = stepper.network.parameters()
        moved.append(torch.cat([(one - other).detach().flatten() for one, other in zip(after, before, strict=True)]))
    assert float(moved[0].norm()) > 0.01
    assert float(moved[1].norm()) == pytest.approx(0.1 * 1e-2, rel=1e-3)
    assert float(torch.cosine_similarity(moved[0], moved[1], dim=0)) == pytest.approx(1, abs=1e-5)


# The cache of images


def _make(path: Path, shards: Shards) -> int:
    jobs = [job for job in image_jobs(path, shards, PRESET, 0) if not job.done.is_file()]
    for job in jobs:
        job.run(lambda progress: None)
    return len(jobs)


@pytest.mark.parametrize("harm", ["flip a byte", "cut off", "empty mark"])
def test_damaged_images_are_made_again(shards: Shards, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "images.npy"
    assert _make(path, shards) == 1
    sound = path.read_bytes()
    assert _make(path, shards) == 0
    if harm == "flip a byte":
        path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    elif harm == "cut off":
        path.write_bytes(sound[:-1000])
    else:
        next(path.with_suffix(".made").iterdir()).write_text("")
    assert _make(path, shards) == 1
    assert path.read_bytes() == sound


def test_parts_made_apart_are_the_whole(shards: Shards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(tmp_path / "whole.npy", shards)
    monkeypatch.setattr("training.data.images._FACES_A_PART", 7)
    assert _make(tmp_path / "parts.npy", shards) == 7
    assert (open_images(tmp_path / "parts.npy") == open_images(tmp_path / "whole.npy")).all()


# Plateaus

CHECKS = st.lists(st.floats(0.01, 5), max_size=40).map(lambda losses: [(10 * n, x) for n, x in enumerate(losses, 1)])


@settings(max_examples=60, deadline=None)
@given(checks=CHECKS, patience=st.integers(0, 6))
def test_stages_only_go_forward_and_never_last_longer_than_the_schedule(
    checks: list[tuple[int, float]], patience: int
) -> None:
    lengths = (150, 60, 40)
    stages = [stage_at(step, [c for c in checks if c[0] <= step], lengths, patience, 0.01) for step in range(0, 251, 5)]
    assert stages == sorted(stages)
    assert stages[-1] == 3
    for stage, length in enumerate(lengths):
        assert 5 * stages.count(stage) <= length


@settings(max_examples=30, deadline=None)
@given(checks=CHECKS)
def test_the_full_schedule_does_not_look_at_the_loss(checks: list[tuple[int, float]]) -> None:
    lengths = stage_lengths(PRESET)
    for step in range(PRESET.iterations):
        before = [check for check in checks if check[0] <= step]
        rate = PRESET.learning_rate * PRESET.lower_by ** stage_at(step, before, lengths, 0, 0.01)
        assert rate == pytest.approx(PRESET.rate(PRESET.learning_rate, step, PRESET.iterations))


def test_a_flat_loss_lowers_the_rate_and_then_ends_training() -> None:
    flat = [(10 * n, 1.0) for n in range(1, 20)]
    stages = [stage_at(step, flat[: step // 10], (1000, 1000, 1000), 3, 0.01) for step in (30, 40, 60, 70, 90, 100)]
    assert stages == [0, 1, 1, 2, 2, 3]


def test_a_loss_that_falls_is_left_alone() -> None:
    falling = [(10 * n, 0.9**n) for n in range(1, 90)]
    assert stage_at(890, falling, (1000, 1000, 1000), 3, 0.01) == 0


@settings(max_examples=40, deadline=None)
@given(people=st.integers(2, 6), groups=st.integers(2, 40), share=st.floats(0, 0.5), seed=st.integers(0, 99))
def test_validation_takes_whole_groups_and_leaves_every_class_something(
    people: int, groups: int, share: float, seed: int
) -> None:
    group = np.repeat(np.arange(groups), 3)
    labels = (group % people)[:, None]
    kept = validation_part(group, labels, share, seed)
    assert kept.sum() <= share * len(group)
    assert not set(group[kept]) & set(group[~kept])
    assert set(labels[~kept, 0]) == set(labels[:, 0])


# Time


def test_times_are_read_as_people_write_them() -> None:
    assert [parse_time(text) for text in ("2h", "90m", "1h30m", "45s")] == [7200, 5400, 5400, 45]
    for text in ("", "2", "h", "2 days", "-1h"):
        with pytest.raises(TrainingError, match="is not a time: write it as 2h, 90m"):
            parse_time(text)


def test_a_run_that_cannot_finish_names_the_preset_that_can() -> None:
    paper = load_preset("paper")
    said = Budget(3600).warning(paper, classes=77, networks=8, workers=2, seconds_an_image=0.003)
    assert said is not None
    assert (
        "take up to 13 h 20 min here and may not be finished in the 1 h 00 min of --max-time: preset quick can" in said
    )
    assert Budget(3600 * 14).warning(paper, 77, 8, 2, 0.003) is None
    hopeless = Budget(1).warning(paper, 77, 8, 2, 0.003)
    assert hopeless is not None
    assert "no preset can, the shortest is quick" in hopeless


# Whole runs


def train(folder: Path, run: Path, preset: Path, workers: int = 1) -> Path:
    return train_all(
        folder, run, preset=str(preset), protocols=["photo"], workers=workers, device="cpu", deterministic=True
    ).parent


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset of few steps and no controls."""
    path = tmp_path_factory.mktemp("preset") / "short.toml"
    text = TINY.read_text(encoding="utf-8")
    changes = {
        "\niterations = 100": "\niterations = 20",
        "out_of_fold = 2": "out_of_fold = 0",
        'control_protocols = ["photo"]': "control_protocols = []",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


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


def test_a_network_out_of_time_stops_at_a_checkpoint_and_ends_the_same_later(
    shards: Shards, short: Path, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(alone, tmp_path / "run")
    shutil.rmtree(run / "photo" / "gender")
    shutil.rmtree(run / "events")
    preset = load_preset(str(short))
    classes = {target: len(names) for target, names in shards.targets.items()}
    setting = Setting(run, next((run / "data").glob("*.npy")), classes, preset, 0, "cpu", "float32")
    job = NetworkJob(setting, "photo", task_networks(("gender",), preset)[0])
    with monkeypatch.context() as patch:
        patch.setattr("training.learn.train._has_time", lambda deadline, state: state.step < 10)
        job.run(lambda progress: None)
    assert (job.folder / "checkpoint.pt").is_file()
    assert not job.done.exists()
    job.run(lambda progress: None)
    assert job.done.is_file()
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
